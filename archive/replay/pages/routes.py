"""The pages as they are mounted: each view at its path, the static files, and what went wrong as a page."""

from __future__ import annotations

from collections.abc import Callable

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route

from archive.replay.addresses import archived
from archive.replay.answers import Problem
from archive.replay.captured.targets import Use, address
from archive.replay.pages import statics
from archive.replay.pages.asked import Asked
from archive.replay.pages.examiner import Examiner
from archive.replay.pages.places import Places
from archive.replay.pages.views import EXAMINED, VIEWS, Answer, Count, Shelf, message
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service


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
                service.root,
                statics.version(),
                captured=_captured(service.captured(request)),
                viewer=service.viewer(request),
            ),
            service.mementos.withheld,
            service.mementos.reserved,
            service.elsewhere.covers,
        )

    def viewing(view: Callable[[Shelf, Asked], Answer]) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            asked, about = Asked(dict(request.query_params)), request.query_params.get("url")

            def made(shelf: Shelf) -> Answer:
                if about is not None:
                    service.elsewhere.refuse(about)
                return view(shelf, asked)

            answered = await (service.in_turn if view in EXAMINED else service.read)(made, shelf(request))
            if answered.location is not None:
                return RedirectResponse(answered.location, answered.status)
            return HTMLResponse(answered.page, answered.status)

        return endpoint

    def failed(request: Request, problem: Problem) -> Response:
        return HTMLResponse(message(shelf(request), problem, request.query_params.get("url", "")))

    async def of_an_address(_: Request, url: str) -> Response:
        """``/article/URL``, for whoever writes addresses by hand or from a program."""
        return RedirectResponse(Places(service.root).article(archived(url)), 302)

    service.error_page = failed
    service.view = lambda url, capture: Places(service.root).view("captured", url, capture=capture)
    return [
        *(Route(f"/{name}", viewing(view)) for name, view in VIEWS.items()),
        RawRoute("/article/", of_an_address),
        *statics.routes(),
    ]
