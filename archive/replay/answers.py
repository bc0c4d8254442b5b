"""What went wrong, told in the form that was asked for: JSON for machines (RFC 9457), a page for people."""

from __future__ import annotations

import json
from collections.abc import Mapping
from html import escape
from typing import TYPE_CHECKING

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from archive.errors import ArchiveBusy, DamagedRecord, NotFound, PresskeepError, StorageFull, TakenDown, UsageError

if TYPE_CHECKING:
    from archive.replay.service import Service

TITLES = {
    400: "That is not understood",
    401: "A token is needed",
    403: "That is not handed out",
    404: "Not in the archive",
    405: "The archive is read only",
    406: "Not in that form",
    414: "That address is too long",
    416: "There are no such bytes",
    421: "Not a name of this archive",
    451: "Taken down",
    500: "Something is broken",
    503: "The archive is busy",
}


class Problem(Exception):
    """An answer that is none: its status, and in one sentence what is wrong and what to do next.

    ``headers`` are sent with it.
    """

    def __init__(self, status: int, detail: str, headers: Mapping[str, str] | None = None) -> None:
        super().__init__(status, detail)
        self.status = status
        self.detail = detail
        self.headers = dict(headers or {})

    @property
    def title(self) -> str:
        """The status in words."""
        return TITLES.get(self.status, "That did not work")


def problem_of(error: Exception) -> Problem:
    """What an exception means to who asked. Paths of the machine and reasons of takedowns are not told."""
    match error:
        case Problem():
            return error
        case HTTPException():
            told = "there is no such page" if error.status_code == 404 else error.detail
            return Problem(error.status_code, told, dict(error.headers or {}))
        case TakenDown():
            return Problem(451, "this was taken down and is not handed out")
        case NotFound() | UsageError():
            return Problem(404 if isinstance(error, NotFound) else 400, error.message)
        case ArchiveBusy() | StorageFull():
            return Problem(503, "the archive is busy: try again in a moment", {"Retry-After": "5"})
        case DamagedRecord():
            return Problem(500, "stored bytes cannot be read: 'presskeep verify' says what is damaged")
        case PresskeepError():
            return Problem(500, "the archive cannot be read: the server's log says why")
        case _:
            return Problem(500, "an unexpected error: the server's log has it")


def answer(service: Service, request: Request, problem: Problem) -> Response:
    """A problem as it is sent: a page where one was asked for, else JSON."""
    if wants_page(request):
        drawn = service.error_page(request, problem) if service.error_page is not None else _page(problem)
        drawn.status_code = problem.status
        drawn.headers.update(problem.headers)
        return drawn
    said = {"type": "about:blank", "title": problem.title, "status": problem.status, "detail": problem.detail}
    return Response(
        json.dumps(said),
        problem.status,
        problem.headers,
        media_type="application/problem+json",
    )


def wants_page(request: Request) -> bool:
    """Whether a person asks, with a browser: machines do not name HTML, or name JSON before it."""
    accepted = request.headers.get("accept", "")[:1000].lower()
    html, said = accepted.find("text/html"), accepted.find("json")
    return html >= 0 and (said < 0 or html < said)


def _page(problem: Problem) -> Response:
    title = escape(problem.title)
    body = (
        f'<!doctype html><html lang="en"><meta charset="utf-8"><title>{title}</title>'
        f"<h1>{title}</h1><p>{escape(problem.detail)}</p>"
    )
    return Response(body, problem.status, media_type="text/html")
