"""``/health``: whether the archive can be read, for whoever watches over it."""

from __future__ import annotations

from importlib.metadata import version

from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import BaseRoute, Route

from archive.replay.service import Service


def routes(service: Service) -> list[BaseRoute]:
    """The route of health."""

    async def health(_: Request) -> JSONResponse:
        captures, attempts = await service.read(service.archive.count)
        said = {
            "status": "ok",
            "archive": service.archive.configuration.name,
            "captures": captures,
            "attempts": attempts,
            "software": f"presskeep {version('presskeep')}",
        }
        return JSONResponse(said)

    return [Route("/health", health)]
