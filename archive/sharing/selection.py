"""Which captures are handed on, and the one way by which they are taken out of the catalogue.

What is taken down is never among them (`archive.blocking`); nor is a revisit of which the payload is.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import Column, ColumnElement, Select, func, or_, select, true

from archive import blocking, revisits, tables
from archive.capture import Capture
from archive.holdings import FETCH
from archive.rows import capture_of_row

if TYPE_CHECKING:
    from archive.store import Archive

_captures = tables.captures.c


@dataclass(frozen=True, slots=True)
class Selection:
    """What to hand on: empty tuples and None mean no restriction.

    ``since`` is the first instant, ``until`` the first one after the last, both in microseconds since 1970, UTC.
    ``keys`` are normalised URLs (`archive.url.normalise`).
    """

    sites: tuple[str, ...] = ()
    since: int | None = None
    until: int | None = None
    keys: tuple[str, ...] = ()

    @property
    def is_everything(self) -> bool:
        """Whether nothing is left out."""
        return self == Selection()

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
        return condition


@dataclass(frozen=True, slots=True)
class Share:
    """The captures that are handed on: those of the selection, and what its revisits refer to."""

    archive: Archive
    selection: Selection
    brought: tuple[str, ...] = ()  # ids of captures outside the selection that its revisits refer to

    @classmethod
    def of(cls, archive: Archive, selection: Selection) -> Share:
        """The share of an archive that a selection is."""
        if selection.is_everything:
            return cls(archive, selection)
        brought: set[str] = set()
        alone = cls(archive, selection)
        for one in alone._read(_captures.kind == "revisit", order=(_captures.file, _captures.offset)):
            if one.referent is not None and not selection.takes(one.referent):
                brought.add(one.referent.id)
        return cls(archive, selection, tuple(sorted(brought)))

    def count(self) -> int:
        """How many captures are handed on."""
        with self.archive.catalog.reading() as connection:
            return connection.scalar(select(func.count()).select_from(tables.captures).where(self._which())) or 0

    def by_place(self) -> Iterator[Capture]:
        """The captures by file and offset, revisits with their referents, of one state of the catalogue."""
        return self._read(order=(_captures.file, _captures.offset))

    def by_url(self) -> Iterator[tuple[Capture, str | None]]:
        """The captures by key, time and id, each with the text that the installed cleaner made of it, or None."""
        from archive.cleaning.version import CLEANER  # noqa: PLC0415 - brings the extraction library

        made = tables.texts.c
        question = (
            select(tables.captures, made.canonical)
            .join_from(
                tables.captures,
                tables.texts,
                (made.cleaner == CLEANER) & (made.capture == _captures.id),
                isouter=True,
            )
            .where(self._which())
            .order_by(_captures.key, _captures.at, _captures.id)
        )
        yield from self._stream(question)

    def _read(self, *conditions: ColumnElement[bool], order: tuple[Any, ...]) -> Iterator[Capture]:
        question = select(tables.captures).where(self._which(), *conditions).order_by(*order)
        for capture, _ in self._stream(question):
            yield capture

    def _stream(self, question: Select[Any]) -> Iterator[tuple[Capture, str | None]]:
        directory = self.archive.warc_path
        with self.archive.catalog.reading() as connection:
            taken = blocking.rules(connection)
            rows = connection.execution_options(yield_per=FETCH).execute(question).mappings()
            for some in rows.partitions():
                found = revisits.bound(connection, directory, [capture_of_row(row, directory) for row in some])
                for row, capture in zip(some, found, strict=True):
                    if capture.referent is None or not taken.covers(capture.referent.key):
                        yield capture, row.get("canonical")

    def _which(self) -> ColumnElement[bool]:
        chosen = self.selection.condition()
        if self.brought:
            chosen = or_(chosen, _among(_captures.id, self.brought))
        return chosen & blocking.allowed(_captures.id)


def _among(column: Column[str], values: tuple[str, ...]) -> ColumnElement[bool]:
    """Whether a column has one of the values; as JSON, since SQLite takes so many parameters only."""
    return column.in_(select(func.json_each(json.dumps(values)).table_valued("value").c.value))


def is_blocked(archive: Archive) -> bool:
    """Whether anything of the archive may not be handed out."""
    with archive.catalog.reading() as connection:
        return connection.scalar(select(tables.blocked.c.id).limit(1)) is not None
