"""Which captures are handed on, and the one way by which they are taken out of the catalogue.

What is taken down is never among them (`archive.catalogue.blocking`); nor is a revisit of which the payload is. What is
withheld (`archive.catalogue.withholding`) is among them only where that is asked for. What was lost to damage
(`archive.catalogue.losses`) has no record that could be handed on.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, RowMapping, Select, case, false, func, null, or_, select, true

from archive.capture import Capture
from archive.catalogue import blocking, losses, revisits, tables, withholding
from archive.catalogue.holdings import FETCH
from archive.catalogue.rows import capture_of_row
from archive.catalogue.terms import Filter, Terms, in_force_of
from archive.errors import ALL_LOST, ALL_WITHHELD, NOTHING, NotFound
from archive.reservation import Reserved, reserved
from archive.warc.places import is_foreign

_captures = tables.captures.c


@dataclass(frozen=True, slots=True)
class Selection:
    """What to hand on: empty tuples and None mean no restriction.

    ``since`` is the first instant, ``until`` the first one after the last, both in microseconds since 1970, UTC.
    ``keys`` are normalised URLs (`archive.url.normalise`), ``beside`` those of what belongs to their pages
    (`archive.sharing.belonging`), which come along from whichever site and time. What is captured with a reservation
    among ``withheld`` is left out, and with it the revisits that could not be read without its payload; so is what is
    taken down in other archives, ``without`` which this one is handed on.
    """

    sites: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    keys: tuple[str, ...] = ()
    beside: tuple[str, ...] = ()
    withheld: frozenset[Reserved] = frozenset()
    without: tuple[blocking.Target, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out, unless it is withheld."""
        return replace(self, withheld=frozenset(), without=()) == Selection()

    def takes(self, capture: Capture) -> bool:
        """Whether a capture is selected for itself."""
        return (
            (not self.sites or capture.site in self.sites)
            and (self.since is None or capture.at >= self.since)
            and (self.until is None or capture.at < self.until)
            and (not self.keys or capture.key in self.keys)
        )

    def condition(self) -> ColumnElement[bool]:
        """The same as a condition on the table of captures."""
        condition: ColumnElement[bool] = true()
        if self.sites:
            condition &= _captures.site.in_(self.sites)
        if self.since is not None:
            condition &= _captures.at >= self.since
        if self.until is not None:
            condition &= _captures.at < self.until
        if self.keys:
            condition &= _among(_captures.key, self.keys)
        return or_(condition, _among(_captures.key, self.beside)) if self.beside else condition


class Share:
    """The captures that are handed on: those of the selection, and what its revisits refer to.

    All of it is of the one state of the catalogue that its connection sees.
    """

    def __init__(self, connection: Connection, directory: Path, selection: Selection) -> None:
        """``directory`` is the archive's ``warc/``."""
        self.connection = connection
        self.directory = directory
        self.selection = selection
        self._taken_down = blocking.rules(connection)
        self._brought: tuple[str, ...] = ()
        self._withheld: ColumnElement[bool] = false()
        self._withheld = self._held_back(selection.withheld)
        if not selection.is_everything:
            revisits_of_it = self._captures(_captures.kind == "revisit")
            referents = (one.referent for one in revisits_of_it if one.referent is not None)
            brought = {one.id for one in referents if not selection.takes(one)} | self._further_pages()
            self._brought = tuple(sorted(brought))

    def takes_whole(self, file: str) -> bool:
        """Whether all that a file holds is handed on: nothing of it is taken down, or left out by its terms.

        A foreign file may hold what the catalogue does not have, and so does not know as taken down.
        """
        if not self._is_everything:
            return False
        if not is_foreign(file):
            return True
        agreed = self._terms.get(file, Terms(file))
        return (
            not self._taken_down.active
            and not self.selection.without
            and agreed.filter == Filter()
            and agreed.listed is None
        )

    @cached_property
    def _is_everything(self) -> bool:
        blocked = select(tables.blocked.c.id).limit(1)
        without = self._withheld | blocking.covered(self.selection.without, _captures.key)
        held_back = select(tables.captures.c.id).where(without).limit(1)
        return (
            self.selection.is_everything
            and self.connection.scalar(blocked) is None
            and self.connection.scalar(held_back) is None
        )

    @cached_property
    def _terms(self) -> dict[str, Terms]:
        return in_force_of(self.connection)

    def sum_up(self) -> tuple[int, int]:
        """How many captures are handed on, and the time of the latest one."""
        question = select(func.count(), func.max(_captures.at)).where(self._which())
        number, latest = self.connection.execute(question).one()
        return number, latest or 0

    def count_lost(self) -> int:
        """How many captures of the selection were lost to damage."""
        lost = self.selection.condition() & losses.is_lost(_captures.file) & blocking.allowed(_captures.id)
        return self.connection.scalar(select(func.count()).select_from(tables.captures).where(lost)) or 0

    def nothing(self) -> NotFound:
        """Why nothing is handed on."""
        if self.count_withheld():
            return NotFound(ALL_WITHHELD)
        return NotFound(ALL_LOST if self.count_lost() else NOTHING)

    def count_withheld(self) -> int:
        """How many captures of the selection are kept back because of what they reserve."""
        kept_back = self.selection.condition() & self._withheld & blocking.allowed(_captures.id)
        return self.connection.scalar(select(func.count()).select_from(tables.captures).where(kept_back)) or 0

    def by_place(self) -> Iterator[Capture]:
        """The captures by file and offset, revisits with their referents."""
        return self._captures()

    def by_url(self) -> Iterator[tuple[Capture, str | None]]:
        """The captures by key, time and id, each with the text that the installed cleaner made of it, or None."""
        from archive.cleaning.version import CLEANER  # noqa: PLC0415 - brings the extraction library

        made = tables.texts.c
        kept_back = withholding.texts_withheld(self.connection, self.selection.withheld)
        question = (
            select(tables.captures, case((kept_back, null()), else_=made.canonical).label("canonical"))
            .join_from(
                tables.captures,
                tables.texts,
                (made.cleaner == CLEANER) & (made.capture == _captures.id),
                isouter=True,
            )
            .where(self._which())
            .order_by(_captures.key, _captures.at, _captures.id)
        )
        for row, capture in self._stream(question):
            yield capture, row["canonical"]

    def _further_pages(self) -> set[str]:
        """The further pages of the selection's stories, and what they refer to; of texts of whichever cleaner."""
        further = tables.further.c
        named = select(further.companion).where(
            further.companion.is_not(None),
            further.capture.in_(select(_captures.id).where(self.selection.condition())),
        )
        payloads = select(_captures.refers_to).where(_captures.id.in_(named), _captures.refers_to.is_not(None))
        return {one for question in (named, payloads) for one in self.connection.scalars(question) if one is not None}

    def _captures(self, *conditions: ColumnElement[bool]) -> Iterator[Capture]:
        question = select(tables.captures).where(self._which(), *conditions)
        for _, capture in self._stream(question.order_by(_captures.file, _captures.offset)):
            yield capture

    def _stream(self, question: Select[Any]) -> Iterator[tuple[RowMapping, Capture]]:
        rows = self.connection.execute(question, execution_options={"yield_per": FETCH}).mappings()
        for some in rows.partitions():
            captures = [capture_of_row(row, self.directory) for row in some]
            bound = revisits.bound(self.connection, self.directory, captures)
            for row, capture in zip(some, bound, strict=True):
                if capture.referent is None or not self._is_down(capture.referent.key):
                    yield row, capture

    def _is_down(self, key: str) -> bool:
        return self._taken_down.covers(key) or any(one.covers(key) for one in self.selection.without)

    def _which(self) -> ColumnElement[bool]:
        chosen = self.selection.condition()
        if self._brought:
            chosen = or_(chosen, _among(_captures.id, self._brought))
        kept = (
            ~losses.is_lost(_captures.file) & ~self._withheld & ~blocking.covered(self.selection.without, _captures.key)
        )
        return chosen & blocking.allowed(_captures.id) & kept

    def _held_back(self, kinds: frozenset[Reserved]) -> ColumnElement[bool]:
        """What is withheld: captures with such a reservation, and the revisits whose payload lies in one of them."""
        said = withholding.withheld(self.connection, kinds)
        if self.connection.scalar(select(_captures.id).where(said).limit(1)) is None:
            return false()
        self._withheld = said
        without = [
            one.id
            for one in self._captures(_captures.kind == "revisit")
            if one.referent is not None and kinds & reserved(one.referent.reservations)
        ]
        return said | _among(_captures.id, tuple(without)) if without else said


def _among(column: Column[str], values: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a column has one of the values; as JSON, since SQLite takes so many parameters only."""
    return column.in_(select(func.json_each(json.dumps(values)).table_valued("value").c.value))
