"""Lines of the CDX API: which captures are meant, read piece by piece from the catalogue.

A piece is a short question of its own, which goes on where the last one ended: no connection is held while a client
takes its time.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import ColumnElement, Connection, Select, and_, func, select, tuple_

from archive.capture import Capture
from archive.catalogue import revisits, tables
from archive.catalogue.rows import capture_of_row
from archive.replay.answers import Problem
from archive.replay.cdxfilters import Filters
from archive.replay.mementos import Mementos
from archive.sharing.cdxj import entry
from archive.surt import surt
from archive.url import host, normalise

PIECE = 500  # rows of one question
_BEHIND = "\U0010ffff"
_captures = tables.captures.c
_EMPTY = 50  # ranges without captures that are passed over at once
_HOSTS = 100_000  # hosts that are looked through for a domain

Line = dict[str, str]
Place = tuple[str, int, str, int, str]  # where a capture stands among lines, of several archives, too
# The order of lines, of one address and of several.
_ORDERS = {True: (_captures.at, _captures.id), False: (_captures.key, _captures.at, _captures.id)}


@dataclass(frozen=True, slots=True)
class Wanted:
    """What is asked for: ``match`` is ``exact``, ``prefix``, ``host`` or ``domain``; times in microseconds.

    ``most`` lines are given, of ``rows`` rows of the catalogue from the ``first`` on. ``closest`` is a time: the
    captures nearest to it come first.
    """

    url: str
    match: str = "exact"
    since: int | None = None
    until: int | None = None
    most: int = 100_000
    first: int = 0
    rows: int | None = None
    backwards: bool = False
    closest: int | None = None
    origin: bool = False
    collapse: int | None = None
    filters: Sequence[str] = field(default=())


@dataclass(frozen=True, slots=True)
class Range:
    """Captures that lie side by side in the index: of some keys exactly, or of all from ``begin`` to before ``end``.

    ``rank`` is where it stands among others, in whichever archive.
    """

    begin: str = ""
    end: str = ""
    keys: tuple[str, ...] = ()
    rank: str = ""

    @classmethod
    def beginning(cls, begin: str, rank: str) -> Range:
        """All keys that begin so."""
        return cls(begin, begin + _BEHIND, rank=rank)

    def condition(self, behind: tuple[object, ...] | None = None, *, backwards: bool = False) -> ColumnElement[bool]:
        """The condition for its captures, or for those behind a place: one step into the index leads there."""
        if self.keys:
            key = _captures.key
            # Other methods have a key of their own in indexes, which begins with that of the address.
            which = (key == self.keys[0] if len(self.keys) == 1 else key.in_(self.keys)) & (_captures.method == "GET")
            columns = tuple_(*_ORDERS[True])
            return which if behind is None else which & (columns < behind if backwards else columns > behind)
        columns = tuple_(*_ORDERS[False])
        first = _captures.key >= self.begin if behind is None or backwards else columns > behind
        last = _captures.key < self.end if behind is None or not backwards else columns < behind
        return and_(first, last)


class Sieve:
    """What is left out of the lines that there are, one after the other."""

    def __init__(self, wanted: Wanted) -> None:
        self._filters = Filters.of(wanted.filters)
        self._collapse = wanted.collapse
        self._last: tuple[str, str] | None = None
        self.left = wanted.most  # lines that may still be given

    def of(self, lines: Iterable[Line]) -> list[Line]:
        """Those that are given. Raises Problem for a filter that takes too long."""
        found = []
        for line in lines:
            if self.left > 0 and self._filters.hold(line) and not self._is_collapsed(line):
                found.append(line)
                self.left -= 1
        return found

    def _is_collapsed(self, line: Line) -> bool:
        if self._collapse is None:
            return False
        said = (line["timestamp"][: self._collapse], line.get("status", ""))
        same, self._last = said == self._last, said
        return same


class Lines:
    """The lines of a request. `piece` is to be called in a thread until it gives None."""

    def __init__(self, mementos: Mementos, wanted: Wanted) -> None:
        self._archive = mementos.archive
        self._mementos = mementos
        self._wanted = wanted
        self._sieve = Sieve(wanted)
        self._ranges: list[Range] | None = None  # those that are not yet at their end
        self._offset = 0  # rows of the first of them that are passed over
        self._behind: tuple[object, ...] | None = None  # where its last piece ended
        self._rows = wanted.rows

    def piece(self) -> list[Line] | None:
        """The next lines, perhaps none; None at the end. Raises Problem for a filter that takes too long."""
        if self._sieve.left <= 0:
            return None
        captures = self.captures()
        return None if captures is None else self._sieve.of(line(one, self._wanted) for _, one in captures)

    def captures(self) -> list[tuple[Place, Capture]] | None:
        """The next captures, perhaps none, each with its place in the order of lines; None at the end."""
        if self._rows == 0 or self._ranges == []:
            return None
        with self._archive.catalog.reading() as connection:
            if self._ranges is None:
                self._begin(connection)
            for _ in range(_EMPTY):
                if not self._ranges:
                    break
                within = self._ranges[0]
                if captures := self._next(connection):
                    return [(self._place(within, one), one) for one in captures]
        return []

    def _place(self, within: Range, capture: Capture) -> Place:
        closest = self._wanted.closest
        distance = 0 if closest is None else abs(capture.at - closest)
        return within.rank, distance, "" if within.keys else capture.key, capture.at, capture.id

    def count(self) -> int:
        """How many captures there are, before filters."""
        with self._archive.catalog.reading() as connection:
            return sum(self._size(connection, one) for one in ranges(connection, self._wanted.url, self._wanted.match))

    def _begin(self, connection: Connection) -> None:
        self._ranges = ranges(connection, self._wanted.url, self._wanted.match)
        if self._wanted.backwards and self._wanted.closest is None:
            self._ranges.reverse()
        self._offset = self._wanted.first
        while self._offset and self._ranges and self._offset >= (size := self._size(connection, self._ranges[0])):
            self._offset -= size
            self._ranges.pop(0)

    def _size(self, connection: Connection, within: Range) -> int:
        question = (
            select(func.count()).select_from(tables.captures).where(within.condition(), *self._conditions(connection))
        )
        return connection.scalar(question) or 0

    def _next(self, connection: Connection) -> list[Capture]:
        """The captures of the next rows, without those whose payload may not be handed out."""
        assert self._ranges
        size = PIECE if self._rows is None else min(PIECE, self._rows)
        question = self._question(connection, self._ranges[0]).offset(self._offset).limit(size)
        rows = connection.execute(question).mappings().all()
        if len(rows) < size:
            self._ranges.pop(0)
            self._offset, self._behind = 0, None
        elif self._wanted.closest is not None:
            self._offset += size  # by distance there is no place from which an index goes on
        else:
            self._offset, self._behind = 0, tuple(rows[-1][one.name] for one in _ORDERS[self._wanted.match == "exact"])
        if self._rows is not None:
            self._rows -= len(rows)
        directory = self._archive.warc_path
        captures = revisits.bound(connection, directory, [capture_of_row(row, directory) for row in rows])
        return self._mementos.with_payload(connection, captures)

    def _question(self, connection: Connection, within: Range) -> Select[Any]:
        backwards, columns = self._wanted.backwards, _ORDERS[bool(within.keys)]
        which = within.condition(self._behind, backwards=backwards)
        question = select(tables.captures).where(which, *self._conditions(connection))
        if self._wanted.closest is not None:
            return question.order_by(func.abs(_captures.at - self._wanted.closest), *columns)
        return question.order_by(*(one.desc() if backwards else one for one in columns))

    def _conditions(self, connection: Connection) -> list[ColumnElement[bool]]:
        given = self._wanted
        times = [
            *([_captures.at >= given.since] if given.since is not None else []),
            *([_captures.at < given.until] if given.until is not None else []),
        ]
        return [self._mementos.handed_out(connection), *times]


def line(capture: Capture, wanted: Wanted) -> Line:
    """The line of a capture."""
    assert capture.location is not None
    told = entry(capture, capture.location, origin=wanted.origin)
    return {"urlkey": told.key, "timestamp": told.at, **told.fields}


def ranges(connection: Connection, url: str, match: str) -> list[Range]:
    """Where in the index the captures that are meant lie; in the order of SURT keys.

    As in the indexes of all replay tools, ``www.`` before a host does not count.
    """
    given, name = normalise(url), host(url)
    bare = name.removeprefix("www.")
    both = {name: given, **{one: given.replace(f"//{name}", f"//{one}", 1) for one in (bare, f"www.{bare}")}}
    if match == "exact":
        # One key alone is read in the order of the index; several have to be sorted.
        key = _captures.key
        known = sorted(connection.scalars(select(key).where(key.in_(both.values())).distinct()))
        return [Range(keys=tuple(known) or (given,))]
    if match == "prefix":
        return _ranked(sorted(both.values()))
    if match == "host":
        return _ranked([f"{scheme}{one}{end}" for one in sorted(both) for scheme, end in _ORIGINS])
    return [Range.beginning(one, surt(one)) for one in sorted(_origins(connection, name), key=surt)]


def _ranked(beginnings: Sequence[str]) -> list[Range]:
    return [Range.beginning(one, f"{number:02d}") for number, one in enumerate(beginnings)]


# How the keys of a host begin: http on its default port has the key of https (`archive.url.normalise`).
_ORIGINS = (("https://", "/"), ("https://", ":"), ("http://", ":"))


def _origins(connection: Connection, domain: str) -> list[str]:
    """The origins of a domain's hosts: one step into the index for each origin that there is."""
    found: list[str] = []
    question = select(func.min(_captures.key))
    for begin in ("http://", "https://"):
        at = begin
        for _ in range(_HOSTS):
            key = connection.scalar(question.where(_captures.key >= at, _captures.key < begin + _BEHIND))
            if key is None:
                break
            name, origin = host(key), key[: key.find("/", len(begin)) + 1]
            if name == domain or name.endswith(f".{domain}"):
                found.append(origin)
            at = origin + _BEHIND
        else:
            raise Problem(503, "the archive has too many hosts to look for those of a domain: ask for each")
    return found
