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
        held = [(one.archive.configuration.name, *await service.read(one.archive.count)) for one in service.each]
        said = {
            "status": "ok",
            "archive": ", ".join(name for name, _, _ in held),
            "captures": sum(captures for _, captures, _ in held),
            "attempts": sum(attempts for _, _, attempts in held),
            "software": f"presskeep {version('presskeep')}",
        }
        return JSONResponse(said)

    return [Route("/health", health)]
