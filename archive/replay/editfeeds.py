"""``/edits.atom`` and ``/edits.jsonl``: what publishers changed, for feed readers and programs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterable, Iterator

from sqlalchemy import select
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from archive.catalogue import tables
from archive.cleaning.version import CLEANER
from archive.clock import now
from archive.configuration import FILE_NAME, reread
from archive.dataset.selection import back_to
from archive.editing import feed as atom
from archive.editing.archived import Asked, edits
from archive.editing.choosing import WORDS, Choice
from archive.editing.document import document
from archive.editing.edit import Edit
from archive.replay.answers import Problem
from archive.replay.elsewhere import Elsewhere
from archive.replay.pages.places import Places
from archive.replay.pages.subject import cleaner_in_use
from archive.replay.service import Service
from archive.store import Archive

_LIMIT, _MOST = 100, 1_000
_LOOKED_AT = 20_000  # captures: no answer costs more
_SITES = 50

Write = Callable[[Request, Iterable[Edit]], Iterator[str]]


def routes(service: Service) -> list[BaseRoute]:
    """Both forms, which take the same parameters."""
    places = Places()

    def link(base: str, edit: Edit) -> str:
        old, new = edit.old.edition, edit.new.edition
        where = places.changes(edit.url, old, new) if old and new and old != new else places.article(edit.url)
        return f"{base}{where}"

    def as_feed(request: Request, found: Iterable[Edit]) -> Iterator[str]:
        base, configuration = service.base(request), service.archive.configuration
        query = request.url.query
        return atom.feed(
            found,
            archive=configuration.id,
            name=configuration.name,
            about=_about(request),
            self_url=f"{base}/edits.atom{'?' if query else ''}{query}" if "token=" not in query else None,
            link=lambda edit: link(base, edit),
        )

    def as_lines(_: Request, found: Iterable[Edit]) -> Iterator[str]:
        return (json.dumps(document(edit), ensure_ascii=False) + "\n" for edit in found)

    def at(path: str, media_type: str, write: Write) -> Route:
        async def endpoint(request: Request) -> Response:
            asked, choice, limit = _asked(request)

            def made() -> bytes:
                found = chosen(service.archive, asked, choice, limit, service.elsewhere)
                return "".join(write(request, found)).encode("utf-8", "replace")

            return Response(await service.read(made), media_type=media_type)

        return Route(path, endpoint)

    return [
        at("/edits.atom", atom.MEDIA_TYPE, as_feed),
        at("/edits.jsonl", "application/jsonl", as_lines),
    ]


def chosen(
    archive: Archive, asked: Callable[[Archive], Asked], choice: Choice, limit: int, elsewhere: Elsewhere
) -> Iterator[Edit]:
    """The newest edits that are wanted, but for those of pages that are taken down ``elsewhere``."""
    number = 0
    for edit in edits(archive, asked(archive)):
        if choice.takes(edit) and not elsewhere.covers(edit.url):
            yield edit
            number += 1
            if number == limit:
                return


def _asked(request: Request) -> tuple[Callable[[Archive], Asked], Choice, int]:
    """What the parameters of a request mean; raises Problem."""
    given = request.query_params
    begin, end = (_point(given.get(name, ""), name) for name in ("since", "until"))
    words = tuple(given.getlist("kind"))
    if unknown := [word for word in words if word not in WORDS]:
        raise Problem(400, f"kind is one of {', '.join(WORDS)}, and not {unknown[0][:40]!r}")
    choice = Choice.of(words, silent=given.get("silent") == "1", tests=given.get("tests") == "1")
    limit = given.get("limit", str(_LIMIT))
    if not (limit.isascii() and limit.isdigit() and len(limit) < 6 and 1 <= int(limit) <= _MOST):
        raise Problem(400, f"limit is a number from 1 to {_MOST:,}, and not {limit[:40]!r}")
    sites = tuple(given.getlist("site")[:_SITES])

    def asked(archive: Archive) -> Asked:
        withheld = reread(archive.path / FILE_NAME, archive.configuration).reservations.withheld
        return Asked(
            since=begin,
            until=end,
            sites=sites,
            cleaner=cleaner_of(archive),
            beside=choice.beside,
            withheld=withheld,
            looked_at=_LOOKED_AT,
        )

    return asked, choice, int(limit)


def cleaner_of(archive: Archive) -> str:
    """The installed cleaner, where it made any text; else the one whose texts the pages show."""
    question = select(tables.texts.c.capture).where(tables.texts.c.cleaner == CLEANER).limit(1)
    with archive.catalog.reading() as connection:
        there = connection.scalar(question)
    return CLEANER if there is not None else cleaner_in_use(archive)


def _point(given: str, name: str) -> int | None:
    if not given:
        return None
    try:
        return back_to(given, now())
    except (ValueError, OverflowError) as error:
        raise Problem(400, f"{name} takes 7d, 12h or 2w, a day or a time, and not {given[:40]!r}") from error


def _about(request: Request) -> str:
    """What a feed is about: the parameters that choose among edits, but not how many or since when."""
    given = request.query_params
    words = [*given.getlist("site")[:_SITES], *given.getlist("kind")]
    return " · ".join([*words, *(name for name in ("silent", "tests") if given.get(name) == "1")])
