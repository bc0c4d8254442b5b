"""Files that pages need, as they lie in the package: read once, and told apart by a digest in their addresses."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from functools import cache
from importlib.resources import files

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

_TYPES = {"css": "text/css; charset=utf-8", "svg": "image/svg+xml", "js": "text/javascript; charset=utf-8"}
_DIGITS = 12
_KEPT = "public, max-age=31536000, immutable"  # their addresses change with them


@dataclass(frozen=True, slots=True)
class Static:
    """One file."""

    body: bytes
    media_type: str


@cache
def statics() -> dict[str, Static]:
    """All of them, by name."""
    folder = files("archive.replay.pages").joinpath("static")
    return {
        one.name: Static(one.read_bytes(), _TYPES[one.name.rpartition(".")[2]])
        for one in sorted(folder.iterdir(), key=lambda one: one.name)
        if one.name.rpartition(".")[2] in _TYPES
    }


def routes() -> list[BaseRoute]:
    """Where they are."""

    async def static(request: Request) -> Response:
        found = statics().get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        keep = _KEPT if request.path_params["version"] == version() else "no-cache"
        return Response(found.body, media_type=found.media_type, headers={"Cache-Control": keep})

    return [Route("/static/{version}/{name}", static)]


@cache
def version() -> str:
    """What changes with any of them."""
    digest = hashlib.sha256()
    for name, one in statics().items():
        digest.update(name.encode() + b"\0" + one.body)
    return digest.hexdigest()[:_DIGITS]
