"""The application: routes of small modules, behind one guard."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncIterator, Callable

from anyio import to_thread
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute
from starlette.types import ASGIApp

from archive.errors import PresskeepError
from archive.replay import cdx, editfeeds, files, health, memento, openapi, packs, timemap, together
from archive.replay.answers import Problem, answer, problem_of
from archive.replay.guard import Guard
from archive.replay.pages import routes as pages
from archive.replay.service import Service

logger = logging.getLogger(__name__)

# Each module has ``routes(service)``. The first route that matches answers.
PARTS: tuple[Callable[[Service], list[BaseRoute]], ...] = (
    health.routes,
    openapi.routes,
    memento.routes,
    timemap.routes,
    cdx.routes,
    editfeeds.routes,
    files.routes,
    packs.routes,
    pages.routes,
)
# The same where several archives are served as one.
TOGETHER: tuple[Callable[[Service], list[BaseRoute]], ...] = (
    health.routes,
    openapi.routes,
    memento.routes,
    timemap.routes,
    cdx.routes,
    together.routes,
)


def application(service: Service) -> ASGIApp:
    """The ASGI application of what is served; when it ends, the archives are closed."""

    async def failed(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500 and isinstance(error, PresskeepError):  # of what nobody foresaw, the server tells
            logger.error("%s: %s", request.scope["raw_path"][:500], error, exc_info=error)
        return answer(service, request, problem)

    @contextlib.asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        try:
            yield
        finally:
            for end in [end for one in (service, *service.parts) for end in one.at_end]:
                await to_thread.run_sync(end)
            for one in service.each:
                one.archive.close()

    inner = Starlette(
        routes=[route for part in (TOGETHER if service.parts else PARTS) for route in part(service)],
        exception_handlers={
            Problem: failed,
            PresskeepError: failed,
            HTTPException: failed,
            Exception: failed,
        },
        lifespan=lifespan,
        max_body_size=0,  # nothing here takes a body
    )
    guarded = Guard(inner, service)  # outside of all: no answer leaves without its headers
    if not service.parts:
        return guarded
    return together.Below({one.root: application(one) for one in service.parts}, guarded)
