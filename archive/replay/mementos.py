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
from archive.catalogue.blocking import Target
from archive.catalogue.rows import capture_of_row
from archive.configuration import FILE_NAME, reread
from archive.errors import NotFound, TakenDown
from archive.replay.addresses import stamp
from archive.replay.answers import Problem
from archive.replay.elsewhere import Elsewhere
from archive.replay.moments import Found, Moment, Neighbours, Row, paged, placed
from archive.reservation import Reserved, reserved
from archive.store import Archive
from archive.url import normalise

_captures = tables.captures.c
_others = tables.captures.alias("referents").c
_NOT_MODIFIED = 304
_AGAIN = 2.0  # seconds after which archive.toml is read again
_NEWS = 60.0  # seconds after which it is asked again what captures reserve: until then, what is new counts as withheld


@dataclass(frozen=True, slots=True)
class _Questions:
    """What is asked of the catalogue again and again, made once."""

    kinds: frozenset[Reserved]
    elsewhere: tuple[Target, ...]
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
    def of(cls, kinds: frozenset[Reserved], elsewhere: tuple[Target, ...], withheld: ColumnElement[bool]) -> _Questions:
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
            elsewhere,
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
    """The mementos of an archive. Safe for threads; every question is of one state of the catalogue.

    What is taken down ``elsewhere``, in an archive that is served beside this one, is not among them, either.
    """

    def __init__(self, archive: Archive, elsewhere: Elsewhere | None = None) -> None:
        self._archive = archive
        self._elsewhere = elsewhere or Elsewhere()
        self._lock = Lock()
        self._known: _Questions | None = None
        self._read = float("-inf")

    @property
    def elsewhere(self) -> Elsewhere:
        """What is taken down in the archives beside it."""
        return self._elsewhere

    @property
    def archive(self) -> Archive:
        """Whose they are."""
        return self._archive

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
        return [
            one
            for one in captures
            if one.referent is None
            or not (_is_held_back(one.referent, down, kinds) or self._elsewhere.covers(one.referent.url))
        ]

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
        found = paged(lambda begin, end, number: self.times(url, begin, end, number), since, most)
        if found is None:
            raise self._none(url, normalise(url))
        return found

    def times(self, url: str, begin: int, end: int | None, most: int) -> list[Row]:
        """Times of mementos from one on, in their order, and before another one; -1 are all."""
        with self._archive.catalog.reading() as connection:
            listed = self._questions(connection).listed
            asked = listed if end is None else listed.where(_captures.at < end)
            rows = connection.execute(asked, {"key": normalise(url), "at": begin, "most": most}).all()
            return [(row.at, row.url) for row in rows]

    def within(self, url: str, since: int, until: int) -> list[Capture]:
        """The captures of a URL of whichever kind that may be handed out, between two times."""
        if self._elsewhere.covers(url):
            return []
        kinds = self.reserved()
        found = self._archive.captures(url=url, since=since, until=until)
        return [one for one in found if not kinds & reserved(one.reservations)]

    def holds(self, capture: str) -> bool:
        """Whether it is the archive of a capture."""
        with self._archive.catalog.reading() as connection:
            return connection.scalar(select(_captures.id).where(_captures.id == capture)) is not None

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
        return placed(capture, self._around(connection, questions, capture.key, capture.at))

    def neighbours(self, key: str, at: int) -> Neighbours:
        """Which mementos of a key are the first, the last, before and behind a time."""
        with self._archive.catalog.reading() as connection:
            return self._around(connection, self._questions(connection), key, at)

    def _around(self, connection: Connection, questions: _Questions, key: str, at: int) -> Neighbours:
        parts: Neighbours = ([], [], [], [])
        for one in connection.execute(questions.around, {"key": key, "at": at}).all():
            parts[one.part].append((one.at, one.url))
        return parts

    def _refuse_payload(self, connection: Connection, kinds: frozenset[Reserved], capture: Capture) -> None:
        """Raise where the payload is that of a capture which may not be handed out, however that is referred to."""
        referent = capture.referent
        if referent is None:
            return
        blocked = select(tables.blocked.c.id).where(tables.blocked.c.id == referent.id)
        if connection.execute(blocked).first() is not None:
            raise TakenDown("the capture that this one revisits was taken down", url=capture.url)
        self._elsewhere.refuse(referent.url)
        if kinds & reserved(referent.reservations):
            raise withheld_problem()

    def _none(self, url: str, key: str) -> Exception:
        """Why there is no memento of a URL."""
        self._elsewhere.refuse(url)
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
                elsewhere = self._elsewhere.targets()
                self._read = now
                if (
                    self._known is None
                    or (kinds, elsewhere) != (self._known.kinds, self._known.elsewhere)
                    or (kinds and now - self._known.made > _NEWS)
                ):
                    condition = withheld(connection, kinds) | self._elsewhere.condition()
                    self._known = _Questions.of(kinds, elsewhere, condition)
            return self._known


_END = 2**62


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
