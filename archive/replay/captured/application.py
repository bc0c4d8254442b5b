"""The application of captured pages: one route, behind a guard of its own, on a port of its own."""

from __future__ import annotations

import logging
import re

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp

from archive.capture import Capture
from archive.errors import NotFound, PresskeepError, TakenDown
from archive.replay.addresses import archived
from archive.replay.answers import Problem, answer, problem_of
from archive.replay.captured.guard import CapturedGuard
from archive.replay.captured.showing import Shown, drawn, shown
from archive.replay.captured.targets import PREFIX, Use, address
from archive.replay.memento import span
from archive.replay.ranges import Version, wanted
from archive.replay.rawpath import RawRoute
from archive.replay.service import Service
from archive.url import normalise

logger = logging.getLogger(__name__)

_ANY = Version('""', "")  # nothing here is kept by anybody, so no condition is about it
_ASKED = re.compile(r"([0-9]{4,20})(mp_|im_|cs_|fo_|md_)?/(.+)", re.DOTALL)


def captured_application(service: Service) -> ASGIApp:
    """The ASGI application of captured pages. It closes nothing: the archive is the application's."""
    own = service.plain()  # what goes wrong is told without the application's pages

    async def failed(request: Request, error: Exception) -> Response:
        problem = problem_of(error)
        if problem.status >= 500:
            logger.error("%s: %s", request.scope["raw_path"][:500], error, exc_info=error)
        return answer(own, request, problem)

    async def show(request: Request, rest: str) -> Response:
        asked = _ASKED.fullmatch(rest)
        if asked is None:
            raise Problem(404, f"captured pages are at {PREFIX}TIMESTAMPmp_/URL")
        at, _ = span(asked[1])
        use, url = Use(asked[2] or Use.PAGE), archived(asked[3])
        made = await own.read(_made, own, url, at, use)
        if made.target is not None:
            return Response(status_code=302, headers={"Location": address(made.target, at, use)})
        if use is Use.MEDIA:
            return _played(request, made)
        return Response(made.body, made.status, media_type=made.media_type)

    inner = Starlette(
        routes=[RawRoute(PREFIX, show)],
        exception_handlers={Problem: failed, PresskeepError: failed, HTTPException: failed, Exception: failed},
        max_body_size=0,
    )
    return CapturedGuard(inner, service)


def _played(request: Request, made: Shown) -> Response:
    """Sound or film, or the part of it that a player asks for."""
    size = len(made.body)
    parts = wanted(request.headers, size, _ANY)
    if parts is not None and not parts:
        return Response(status_code=416, headers={"Content-Range": f"bytes */{size}"})
    if parts is None or len(parts) > 1:
        return Response(made.body, made.status, {"Accept-Ranges": "bytes"}, made.media_type)
    body = made.body[parts[0].start : parts[0].end]
    return Response(body, 206, {"Content-Range": parts[0].said(size)}, made.media_type)


def _made(service: Service, url: str, at: int, use: Use) -> Shown:
    """What is shown of a URL as of a time; raises Problem where nothing is."""
    capture = _capture(service, url, at)
    made = shown(capture, use, at)
    if made.target is not None and normalise(made.target) == capture.key:
        # From http to https: one address here, whose redirect would lead to itself for ever.
        behind = service.across.behind_redirect(capture)
        if behind is None:
            raise Problem(404, "it led to another spelling of its address, which was not archived")
        made = shown(_capture(service, behind.url, behind.at), use, at)
        if made.target is not None:
            raise Problem(404, "what it led to was not archived")
    if use is Use.PAGE and made.target is None and capture.kind != "conversion":
        instead = drawn(capture, service.across.within(capture.url, capture.at, capture.at + _WITHIN))
        if instead is not capture:
            return shown(instead, use, at)
    return made


# A page is drawn within so many microseconds after it was asked for (`[browser]` in archive.toml allows less).
_WITHIN = 600 * 1_000_000


def _capture(service: Service, url: str, at: int) -> Capture:
    try:
        return service.across.exact(url, at, 1, around=False).capture
    except TakenDown:
        raise
    except NotFound as error:
        raise Problem(404, f"{url[:500]} was not archived") from error
