"""Several archives, served as one: what is asked for by address and time comes from all of them.

Each is there as a whole, too, below ``/in/NAME/``, with its pages and files, as if it were served alone, but for what
one of the others has taken down.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Mapping, Sequence
from typing import TYPE_CHECKING, Any
from urllib.parse import unquote

from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Route
from starlette.types import ASGIApp, Receive, Scope, Send

from archive.errors import NotFound
from archive.replay.addresses import archived
from archive.replay.answers import Problem
from archive.replay.elsewhere import Elsewhere
from archive.replay.merged import Merged
from archive.replay.pages import statics
from archive.replay.pages.asked import Asked
from archive.replay.pages.places import Places
from archive.replay.pages.rendering import render
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service
from archive.replay.settings import Settings

if TYPE_CHECKING:
    from archive.store import Archive

PREFIX = "/in/"
# Pages about one address: they are shown by the archive that has it.
ABOUT = ("article", "captured", "changes", "removed", "proof", "captures")


def joined(archives: Sequence[Archive], settings: Settings) -> Service:
    """What is served of some archives: of a single one itself."""
    if len(archives) == 1:
        return Service(archives[0], settings)
    parts = tuple(
        Service(one, settings, root=f"{PREFIX}{name}", elsewhere=Elsewhere([two for two in archives if two is not one]))
        for one, name in zip(archives, _names(archives), strict=True)
    )
    return Service(archives[0], settings, merged=Merged([one.mementos for one in parts]), parts=parts)


def _names(archives: Sequence[Archive]) -> list[str]:
    """What they are called in paths: as they are named, with a number where two have one name."""
    found: list[str] = []
    for one in archives:
        name, number = one.configuration.name, 1
        while name.lower() in {other.lower() for other in found}:
            number += 1
            name = f"{one.configuration.name}-{number}"
        found.append(name)
    return found


def title(service: Service) -> str:
    """What they are called together."""
    return ", ".join(one.root.removeprefix(PREFIX) for one in service.parts)


class Below:
    """ASGI: the application of each archive below its path, and the one of all for the rest, and for their life."""

    def __init__(self, below: Mapping[str, ASGIApp], app: ASGIApp) -> None:
        self._below = {f"{root}/".encode(): one for root, one in below.items()}
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the archive that its path names."""
        if scope["type"] == "http":
            raw: bytes = scope["raw_path"]
            for root, app in self._below.items():
                if raw.startswith(root):
                    rest = raw[len(root) - 1 :]
                    path = unquote(rest.decode("latin-1"), errors="replace")
                    await app({**scope, "raw_path": rest, "path": path}, receive, send)
                    return
        await self._app(scope, receive, send)


def routes(service: Service) -> list[BaseRoute]:
    """The pages that lead on to those of the archives. The service learns how to draw what went wrong."""
    merged = service.merged
    assert merged is not None, "of several archives"
    places = Places(version=statics.version(), together=True)

    def page(template: str, **values: Any) -> str:  # noqa: ANN401 - what templates take
        return render(template, to=places, archive=title(service), **{"q": "", **values})

    def glance(q: str) -> Response:
        held = [
            (Places(one.root, together=True), one.root.removeprefix(PREFIX), one.archive.count()[0])
            for one in service.parts
        ]
        return HTMLResponse(page("together.html", held=held, q=q))

    async def first(request: Request) -> Response:
        return await service.read(glance, "")

    def found(q: str) -> Response:
        if "." in q and " " not in q:
            with contextlib.suppress(NotFound, Problem):
                return RedirectResponse(places.article(merged.nearest(archived(q), None).capture.url), 303)
        return glance(q)

    async def search(request: Request) -> Response:
        return await service.read(found, Asked(dict(request.query_params)).search())

    def holder(asked: Asked) -> str:
        url = asked.url()
        capture = asked.text("capture")
        if not capture:
            capture = merged.nearest(url, asked.moment("at")).capture.id
        number = merged.holder(capture)
        if number is None:
            raise NotFound("this address has no such capture", url=url)
        return service.parts[number].root

    def about(name: str) -> Callable[[Request], object]:
        async def endpoint(request: Request) -> Response:
            root = await service.read(holder, Asked(dict(request.query_params)))
            return RedirectResponse(f"{root}/{name}?{request.scope['query_string'].decode('latin-1')}", 303)

        return endpoint

    async def of_an_address(_: Request, url: str) -> Response:
        return RedirectResponse(places.article(archived(url)), 302)

    async def whole(request: Request) -> Response:
        root = f"{PREFIX}{request.path_params['name']}"
        if root not in {one.root for one in service.parts}:
            raise NotFound(f"no archive of that name is served: there are {title(service)}")
        return RedirectResponse(f"{root}/", 303)

    async def of_each(_: Request) -> Response:
        return RedirectResponse(places.glance(), 303)

    async def files(request: Request) -> Response:
        base = service.base(request)
        told = [{"name": one.root.removeprefix(PREFIX), "url": f"{base}{one.root}/files/"} for one in service.parts]
        return JSONResponse({"archives": told})

    def failed(request: Request, problem: Problem) -> Response:
        url = request.query_params.get("url", "").strip()
        values = {"status": problem.status, "what": problem.title, "text": problem.detail, "url": url}
        return HTMLResponse(page("message.html", **values))

    service.error_page = failed
    service.view = lambda url, capture: places.view("captured", url, capture=capture)
    return [
        Route("/", first),
        Route("/search", search),
        Route(f"{PREFIX}{{name}}", whole),
        Route("/edits", of_each),
        Route("/sites", of_each),
        *(Route(f"/{name}", about(name)) for name in ABOUT),
        RawRoute("/article/", of_an_address),
        Route("/files/", files),
        *statics.routes(),
    ]
