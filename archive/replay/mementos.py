"""Mementos: the captures of a URL that can be shown as what it was, by time.

Those are GET captures with an answer of their own. A 304 only confirms another one, and a page as a browser drew it is
drawn again in replay. What is taken down, lost, or withheld because of what it reserves is not among them, nor is a
revisit whose payload is.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass
from threading import Lock
from typing import Any

from sqlalchemy import (
    BindParameter,
    ColumnElement,
    CompoundSelect,
    Connection,
    RowMapping,
    Select,
    bindparam,
    false,
    func,
    literal,
    select,
    union_all,
)

from archive.capture import Capture
from archive.catalogue import blocking, losses, revisits, tables, withholding
from archive.catalogue.rows import capture_of_row
from archive.configuration import FILE_NAME, reread
from archive.errors import NotFound, TakenDown
from archive.replay.addresses import SECOND, stamp
from archive.replay.answers import Problem
from archive.reservation import Reserved, reserved
from archive.store import Archive
from archive.url import normalise

_captures = tables.captures.c
_others = tables.captures.alias("referents").c
_NOT_MODIFIED = 304
_AGAIN = 2.0  # seconds after which archive.toml is read again
_NEWS = 60.0  # seconds after which it is asked again what captures reserve: until then, what is new counts as withheld


@dataclass(frozen=True, slots=True)
class Moment:
    """A memento by its time: ``at`` in microseconds since 1970, ``name`` as it stands in its address."""

    at: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Around:
    """The neighbours of a memento: the first and the last of its URL, and those before and behind it."""

    first: Moment
    last: Moment
    prev: Moment | None
    next: Moment | None


@dataclass(frozen=True, slots=True)
class Found:
    """A memento that was looked for: its capture, bound to its bytes, and its name."""

    capture: Capture
    moment: Moment
    around: Around | None = None


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is asked of the catalogue again and again, made once."""

    kinds: frozenset[Reserved]
    withheld: ColumnElement[bool]
    condition: ColumnElement[bool]
    handed_out: ColumnElement[bool]
    within: Select[Any]
    before: Select[Any]
    after: Select[Any]
    around: CompoundSelect[Any]
    listed: Select[Any]
    made: float

    @classmethod
    def of(cls, kinds: frozenset[Reserved], withheld: ColumnElement[bool]) -> _Questions:
        condition = shown(withheld)
        key: BindParameter[str] = bindparam("key")
        at: BindParameter[int] = bindparam("at")
        of_key = select(tables.captures).where(_captures.key == key, condition).limit(1)
        url = func.max(_captures.url).label("url")  # captures of one time have one address, that of https
        light = select(_captures.at, url).where(_captures.key == key, condition).group_by(_captures.at)
        parts = (
            light.order_by(_captures.at).limit(1),
            light.order_by(_captures.at.desc()).limit(2),
            light.where(_captures.at < at).order_by(_captures.at.desc()).limit(2),
            light.where(_captures.at > at).order_by(_captures.at).limit(1),
        )
        each = (part.subquery() for part in parts)
        numbered = [select(literal(number).label("part"), one.c.at, one.c.url) for number, one in enumerate(each)]
        return cls(
            kinds,
            withheld,
            condition,
            handed_out(withheld),
            of_key.where(_captures.at >= at, _captures.at < bindparam("until")).order_by(
                # Of others' captures, whose times are whole seconds, a page and the redirect that led to it may be of
                # one time: then it is the page.
                _captures.at,
                func.coalesce(_captures.status, 0).between(300, 399),
                _captures.id,
            ),
            of_key.where(_captures.at <= at).order_by(_captures.at.desc(), _captures.id.desc()),
            of_key.where(_captures.at > at).order_by(_captures.at, _captures.id),
            union_all(*numbered),
            light.where(_captures.at >= at).order_by(_captures.at).limit(bindparam("most")),
            time.monotonic(),
        )


def handed_out(withheld: ColumnElement[bool]) -> ColumnElement[bool]:
    """The condition on the table of captures for what may be handed out at all, and is an answer of its own.

    ``withheld`` is the condition for what is kept back.
    """
    return (
        (_captures.kind != "conversion")
        & (func.coalesce(_captures.status, 0) != _NOT_MODIFIED)
        & ~losses.is_lost(_captures.file)
        & blocking.allowed(_captures.id)
        & blocking.allowed(_captures.refers_to)  # one step into an index, however much is taken down
        & ~withheld
    )


def shown(withheld: ColumnElement[bool]) -> ColumnElement[bool]:
    """The same for mementos."""
    return (_captures.method == "GET") & handed_out(withheld)


class Mementos:
    """The mementos of an archive. Safe for threads; every question is of one state of the catalogue."""

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._lock = Lock()
        self._known: _Questions | None = None
        self._read = float("-inf")

    def handed_out(self, connection: Connection) -> ColumnElement[bool]:
        """Which rows of the table of captures may be handed out, of any method."""
        return self._questions(connection).handed_out

    def kinds(self, connection: Connection) -> frozenset[Reserved]:
        """With which reservations nothing is handed out by now."""
        return self._questions(connection).kinds

    def with_payload(self, connection: Connection, captures: Sequence[Capture]) -> list[Capture]:
        """Captures without the revisits whose payload may not be handed out, however that is referred to."""
        kinds = self._questions(connection).kinds
        blocked = tables.blocked.c.id
        down: set[str] = set()
        for some in tables.in_parts([one.referent.id for one in captures if one.referent is not None]):
            down.update(connection.scalars(select(blocked).where(blocked.in_(some))))
        return [one for one in captures if one.referent is None or not _is_held_back(one.referent, down, kinds)]

    def none(self, url: str) -> Exception:
        """Why nothing of a URL can be handed out: NotFound, TakenDown, or Problem for what is withheld."""
        return self._none(url, normalise(url))

    def reserved(self) -> frozenset[Reserved]:
        """The reservations for which pages are kept back by now."""
        with self._archive.catalog.reading() as connection:
            return self._questions(connection).kinds

    def withheld(self, connection: Connection) -> ColumnElement[bool]:
        """Which rows of the table of captures are kept back because of what they reserve, and may not be shown."""
        return self._questions(connection).withheld

    def nearest(self, url: str, at: int | None) -> Found:
        """The memento nearest to a time, the earlier of two as near, with its neighbours; the latest without a time.

        Raises NotFound, TakenDown, and Problem where what there is is withheld.
        """
        key = normalise(url)
        with self._archive.catalog.reading() as connection:
            questions = self._questions(connection)
            row = self._nearest(connection, questions, key, at)
            if row is not None:
                return self._found(connection, questions, row, around=True)
        raise self._none(url, key)

    def exact(self, url: str, at: int, width: int, *, around: bool) -> Found:
        """The first memento within so many microseconds from a time on, or else the nearest; raises the same."""
        key = normalise(url)
        with self._archive.catalog.reading() as connection:
            questions = self._questions(connection)
            values = {"key": key, "at": at, "until": at + width}
            row = connection.execute(questions.within, values).mappings().first()
            if row is None:
                row, around = self._nearest(connection, questions, key, at), True
            if row is not None:
                return self._found(connection, questions, row, around=around)
        raise self._none(url, key)

    def listed(self, url: str, since: int, most: int) -> tuple[list[Moment], Moment | None]:
        """Mementos from a time on, at most so many, and the one with which the next page begins.

        A page ends where a second does, so that each page can be named by the time of its first memento. Raises the
        same where there is none at all from the beginning of time.
        """
        key = normalise(url)
        with self._archive.catalog.reading() as connection:
            questions = self._questions(connection)
            values = {"key": key, "at": since, "most": most + 1}
            rows = connection.execute(questions.listed, values).all()
            if len(rows) > most:
                last = rows[-1].at // SECOND
                kept = [row for row in rows if row.at // SECOND < last]
                if not kept:  # all in one second: the page is as long as that
                    begin = last * SECOND
                    every = questions.listed.where(_captures.at < begin + SECOND)
                    kept = list(connection.execute(every, values | {"most": -1}).all())
                    values |= {"at": begin + SECOND, "most": 1}
                    rows = connection.execute(questions.listed, values).all()
                    further = rows[0] if rows else None
                else:
                    further = next(row for row in rows if row.at // SECOND == last)
            else:
                kept, further = list(rows), None
            if kept:
                following = None if further is None else Moment(further.at, stamp(further.at), further.url)
                return list(_named(kept)), following
            known = connection.execute(questions.listed, values | {"at": _BEGINNING, "most": 1}).first()
        if known is not None:
            raise Problem(404, "no memento of this URL is as late as that")
        raise self._none(url, key)

    def behind_redirect(self, capture: Capture) -> Moment | None:
        """The memento of the same URL nearest in time that is no redirect."""
        table = tables.captures.c
        with self._archive.catalog.reading() as connection:
            shown_now = self._questions(connection).condition
            question = (
                select(table.at, table.url)
                .where(table.key == capture.key, ~func.coalesce(table.status, 0).between(300, 399), shown_now)
                .order_by(func.abs(table.at - capture.at), table.at.desc())  # of two as near the one it led to
                .limit(1)
            )
            row = connection.execute(question).first()
            if row is None:
                return None
            before = select(func.max(table.at)).where(table.key == capture.key, table.at < row.at, shown_now)
            return Moment(row.at, stamp(row.at, connection.scalar(before)), row.url)

    def _nearest(self, connection: Connection, questions: _Questions, key: str, at: int | None) -> RowMapping | None:
        values = {"key": key, "at": _END if at is None else at}
        earlier = connection.execute(questions.before, values).mappings().first()
        if at is None or (earlier is not None and earlier["at"] == at):
            return earlier
        later = connection.execute(questions.after, values).mappings().first()
        if earlier is not None and (later is None or at - earlier["at"] <= later["at"] - at):
            return earlier
        return later

    def _found(self, connection: Connection, questions: _Questions, row: RowMapping, *, around: bool) -> Found:
        directory = self._archive.warc_path
        (capture,) = revisits.bound(connection, directory, [capture_of_row(row, directory)])
        self._refuse_payload(connection, questions.kinds, capture)
        if not around:
            return Found(capture, Moment(capture.at, stamp(capture.at), capture.url))
        parts: list[list[Any]] = [[], [], [], []]
        for one in connection.execute(questions.around, {"key": capture.key, "at": capture.at}).all():
            parts[one.part].append(one)
        first, last, prev, following = parts
        moments = [_moment(some) for some in (first, last, prev)]
        assert moments[0] is not None, "a memento is one of its URL's"
        assert moments[1] is not None, "the same"
        moment = Moment(capture.at, stamp(capture.at, prev[0].at if prev else None), capture.url)
        after = following[0] if following else None
        behind = None if after is None else Moment(after.at, stamp(after.at, capture.at), after.url)
        return Found(capture, moment, Around(moments[0], moments[1], moments[2], behind))

    def _refuse_payload(self, connection: Connection, kinds: frozenset[Reserved], capture: Capture) -> None:
        """Raise where the payload is that of a capture which may not be handed out, however that is referred to."""
        referent = capture.referent
        if referent is None:
            return
        blocked = select(tables.blocked.c.id).where(tables.blocked.c.id == referent.id)
        if connection.execute(blocked).first() is not None:
            raise TakenDown("the capture that this one revisits was taken down", url=capture.url)
        if kinds & reserved(referent.reservations):
            raise withheld_problem()

    def _none(self, url: str, key: str) -> Exception:
        """Why there is no memento of a URL."""
        blocking.refuse(self._archive.catalog, url=url)
        with self._archive.catalog.reading() as connection:
            questions = self._questions(connection)
            if questions.kinds:
                free = select(_captures.id).where(_captures.key == key, shown(false())).limit(1)
                if connection.execute(free).first() is not None:
                    return withheld_problem()
        return NotFound("the archive has no capture of this URL")

    def _questions(self, connection: Connection) -> _Questions:
        with self._lock:
            now = time.monotonic()
            if self._known is None or now - self._read > _AGAIN:
                given = reread(self._archive.path / FILE_NAME, self._archive.configuration)
                kinds = given.reservations.withheld
                self._read = now
                if self._known is None or kinds != self._known.kinds or (kinds and now - self._known.made > _NEWS):
                    self._known = _Questions.of(kinds, withheld(connection, kinds))
            return self._known


_BEGINNING, _END = -(2**62), 2**62


def withheld(connection: Connection, kinds: frozenset[Reserved]) -> ColumnElement[bool]:
    """A condition on the table of captures: what is kept back, and the revisits whose payload is."""
    if not kinds:
        return false()
    speaks = withholding.speaking(connection, kinds)
    referent = select(_others.id).where(_others.id == _captures.refers_to, speaks(_others.reservations))
    return speaks(_captures.reservations) | referent.exists()


def _is_held_back(referent: Capture, down: set[str], kinds: frozenset[Reserved]) -> bool:
    return referent.id in down or bool(kinds and kinds & reserved(referent.reservations))


def withheld_problem() -> Problem:
    """What is said of a capture that is kept back."""
    return Problem(403, "this is withheld because of what its publisher reserves ([reservations] in archive.toml)")


def _named(rows: Sequence[Any]) -> list[Moment]:
    found: list[Moment] = []
    before: int | None = None
    for row in rows:
        if row.at != before:  # two at one time have one address
            found.append(Moment(row.at, stamp(row.at, before), row.url))
        before = row.at
    return found


def _moment(latest_first: Sequence[Any]) -> Moment | None:
    """The first of some rows, the second of which is the capture before it."""
    if not latest_first:
        return None
    one = latest_first[0]
    return Moment(one.at, stamp(one.at, latest_first[1].at if len(latest_first) > 1 else None), one.url)
