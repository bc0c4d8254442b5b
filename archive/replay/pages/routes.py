"""The pages as they are mounted: each view at its path, the static files, and what went wrong as a page."""

from __future__ import annotations

from collections.abc import Callable

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from archive.replay.addresses import archived
from archive.replay.answers import Problem
from archive.replay.captured.targets import Use, address
from archive.replay.pages.asked import Asked
from archive.replay.pages.examiner import Examiner
from archive.replay.pages.places import Places
from archive.replay.pages.statics import statics, version
from archive.replay.pages.views import VIEWS, Answer, Count, Shelf, message
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service

_KEPT = "public, max-age=31536000, immutable"  # their addresses change with them


def _captured(origin: str | None) -> Callable[[str, int, str], str] | None:
    """How the address of an archived file is made in the origin of captured pages."""
    return None if origin is None else lambda url, at, use: f"{origin}{address(url, at, Use(use))}"


def routes(service: Service) -> list[BaseRoute]:
    """The routes of all pages. The service learns how to draw what went wrong."""
    count, examiner = Count(service.archive), Examiner()
    service.at_end.append(examiner.close)

    def shelf(request: Request) -> Shelf:
        return Shelf(
            service.archive,
            count,
            examiner,
            Places(
                version=version(),
                captured=_captured(service.captured(request)),
                viewer=service.viewer(request),
            ),
            service.mementos.withheld,
            service.mementos.reserved,
        )

    def viewing(view: Callable[[Shelf, Asked], Answer]) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            asked = Asked(dict(request.query_params))
            answered = await service.read(view, shelf(request), asked)
            if answered.location is not None:
                return RedirectResponse(answered.location, answered.status)
            return HTMLResponse(answered.page, answered.status)

        return endpoint

    def failed(request: Request, problem: Problem) -> Response:
        return HTMLResponse(message(shelf(request), problem, request.query_params.get("url", "")))

    async def of_an_address(_: Request, url: str) -> Response:
        """``/article/URL``, for whoever writes addresses by hand or from a program."""
        return RedirectResponse(Places().article(archived(url)), 302)

    async def static(request: Request) -> Response:
        found = statics().get(request.path_params["name"])
        if found is None:
            raise HTTPException(404)
        keep = _KEPT if request.path_params["version"] == version() else "no-cache"
        return Response(found.body, media_type=found.media_type, headers={"Cache-Control": keep})

    service.error_page = failed
    service.view = lambda url, capture: Places().view("captured", url, capture=capture)
    return [
        *(Route(f"/{name}", viewing(view)) for name, view in VIEWS.items()),
        RawRoute("/article/", of_an_address),
        Route("/static/{version}/{name}", static),
    ]
