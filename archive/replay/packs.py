"""``/files/pack.wacz``: a part of the archive as one WACZ, made when it is asked for, without what is kept back."""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import replace
from pathlib import Path

from anyio import Lock, to_thread
from sqlalchemy import func, select
from starlette.datastructures import QueryParams
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from archive.catalogue import tables
from archive.catalogue.blocking import Target
from archive.replay.addresses import archived
from archive.replay.answers import Problem
from archive.replay.filed import Files, State
from archive.replay.files import Opened, answered
from archive.replay.memento import behind, span
from archive.replay.service import Service
from archive.replay.workroom import Workroom
from archive.reservation import Reserved
from archive.sharing.belonging import belonging, editions
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.url import normalise

MOST = 2**30  # bytes of records in one: larger ones are for `presskeep pack`, which a person waits for
KEPT = 8  # of those made last, for as long as the archive stays as it is
URLS = 100
_TRIES = 3
NAME = "pack.wacz"

Key = tuple[Selection, State]


class Packs:
    """The packages that were made for requests. One is made at a time."""

    def __init__(self, service: Service) -> None:
        self._service = service
        self._archive = service.archive
        self._files = Files(service.archive, service.mementos)
        self._room: Workroom | None = None
        self._made: OrderedDict[Key, Path] = OrderedDict()
        self._lock: Lock | None = None

    async def of(self, selection: Selection) -> Opened:
        """The package of a selection, open. Raises NotFound, and Problem for one that would be too large."""
        if self._lock is None:
            self._lock = Lock()
        async with self._lock:
            return await to_thread.run_sync(self._open, selection)

    def close(self) -> None:
        """Remove them."""
        if self._room is not None:
            self._room.close()

    def _open(self, selection: Selection) -> Opened:
        for _ in range(_TRIES):
            state = self._files.now().state
            path = self._made.get((selection, state)) or self._make(selection, state)
            if self._files.now().state == state:  # else something may have been taken down while it was made
                self._made.move_to_end((selection, state))
                return Opened.of(path, NAME, f"{hash((selection, state)) & 0xFFFF_FFFF:x}")
        raise Problem(503, "the archive changes all the time: try again in a moment", {"Retry-After": "10"})

    def _make(self, asked: Selection, state: State) -> Path:
        table, selection = tables.captures, self._with_parts(asked)
        with self._archive.catalog.reading() as connection:
            size = connection.scalar(select(func.sum(table.c.length)).where(selection.condition())) or 0
        if size > MOST:
            raise Problem(
                400,
                f"that is {size / 2**30:.1f} GiB of records: ask for less with url, site, from and to, or write it "
                "to a file with 'presskeep pack'",
            )
        if self._room is None:
            self._room = Workroom()
        for key in [one for one in self._made if one[1] != state]:
            self._made.pop(key).unlink(missing_ok=True)
        while len(self._made) >= KEPT:
            self._made.popitem(last=False)[1].unlink(missing_ok=True)
        path = self._room.path / f"{len(self._made)}-{abs(hash((asked, state))):x}.wacz"
        pack(self._archive, str(path), selection)
        self._made[asked, state] = path
        return path

    def _with_parts(self, asked: Selection) -> Selection:
        """With what the pages of its addresses draw."""
        if not asked.keys:
            return asked
        pages = editions(self._archive, asked.keys, asked.since, asked.until)
        if not pages:
            return asked
        return replace(asked, beside=belonging(self._archive, pages, self._service.mementos.handed_out))


def routes(service: Service) -> list[BaseRoute]:
    """The one route."""
    packs = Packs(service)
    service.at_end.append(packs.close)

    async def packed(request: Request) -> Response:
        kinds = await service.read(service.mementos.reserved)
        selection = _selection(request.query_params, kinds, await service.read(service.elsewhere.targets))
        return answered(service, request, await packs.of(selection))

    return [Route(f"/files/{NAME}", packed)]


def _selection(asked: QueryParams, kinds: frozenset[Reserved], elsewhere: tuple[Target, ...]) -> Selection:
    urls, sites = asked.getlist("url"), asked.getlist("site")
    if len(urls) > URLS or len(sites) > URLS:
        raise Problem(400, f"at most {URLS} addresses and sites go into one package")
    since, until = asked.get("from", ""), asked.get("to", "")
    for given in filter(None, (since, until)):
        if not (given.isascii() and given.isdigit() and 4 <= len(given) <= 14):
            raise Problem(400, "from and to are timestamps of 4 to 14 digits")
    return Selection(
        sites=tuple(sorted(set(sites))),
        since=span(since)[0] if since else None,
        until=behind(until) if until else None,
        keys=tuple(sorted({normalise(archived(one)) for one in urls})),
        withheld=kinds,
        without=elsewhere,
    )
