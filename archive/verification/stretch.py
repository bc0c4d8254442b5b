"""Stretches: ranges of one long WARC file that several processes inspect side by side.

A closed file is cut where the catalogue says that a capture's group begins. All that is ever learned of a stretch is
that nothing is to be said of it. Where something is, or where the cut was not between two groups, the file is inspected
as a whole: so what is found never depends on how it was cut.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive.catalogue import comparison, tables
from archive.catalogue.database import Catalog
from archive.digest import sha256_of_file
from archive.errors import PresskeepError
from archive.event import Event
from archive.verification.inspection import Advanced, Inspection, removed_by
from archive.warc.check import Check
from archive.warc.foreign.source import open_source
from archive.warc.paths import OPEN, resolve
from archive.warc.reader import Gap, Piece, events_of
from archive.warc.scan import scan

if TYPE_CHECKING:
    from archive.warc.foreign.source import Source

LENGTH = 8 * 2**20  # bytes of one stretch, about: several for each core, and few beside what it costs to begin one


class _Unclean(Exception):
    """Something is to be said of a stretch."""


@dataclass(frozen=True, slots=True)
class Stretch:
    """A range of a file that is to be inspected."""

    inspection: Inspection
    start: int
    end: int

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.end - self.start

    def ids(self, advanced: Advanced) -> frozenset[str] | None:
        """The ids of its records, where nothing is to be said of it; None where the file is to be inspected whole."""
        one = self.inspection
        assert one.catalog is not None
        catalog = Catalog(one.catalog, one.archive)
        try:
            with open_source(one.warc, one.file) as source:
                check = Check(one.file, source.end, being_written=False, own=_is_own(source))
                events = _sound(events_of(one.warc, one.file, self._pieces(source, check, advanced)))
                found = comparison.of_file(catalog, one.warc, one.file, events, self.end, start=self.start)
                if not check.own or any(True for _ in found) or check.begun is not None:
                    return None
                return frozenset(check.ids)
        except (PresskeepError, OSError, _Unclean):
            return None
        finally:
            catalog.close()

    def _pieces(self, source: Source, check: Check, advanced: Advanced) -> Iterator[Piece]:
        if self.start:
            yield source.read(0)  # by which the others are known for the file's own
        at = self.start
        for piece in scan(source.stream, self.start, self.end, check.file):
            if isinstance(piece, Gap) or check.piece(piece) or removed_by(piece, self.inspection.purges) is not None:
                raise _Unclean
            at = piece.offset + piece.length
            advanced(at - self.start)
            yield piece
        if at != self.end:
            raise _Unclean


@dataclass(frozen=True, slots=True)
class Checksum:
    """The digest of a whole file, which is to be that with which it was closed."""

    inspection: Inspection
    length: int = 0  # it counts for nothing, beside what is read of the same bytes

    def ids(self, advanced: Advanced) -> frozenset[str] | None:
        """Of no record; None where the digest is another one."""
        one = self.inspection
        try:
            with resolve(one.warc, one.file).open("rb", buffering=0) as stream:
                same = one.state is not None and sha256_of_file(stream) == one.state.sha256
        except (PresskeepError, OSError):
            return None
        advanced(0)
        return frozenset() if same else None


def _sound(events: Iterator[Event | Gap]) -> Iterator[Event]:
    for event in events:
        if isinstance(event, Gap):
            raise _Unclean
        yield event


def _is_own(source: Source) -> bool:
    first = source.read(0)
    return first.kind == "warcinfo" and first.named.first("presskeep-schema") is not None


def cut(inspection: Inspection, size: int) -> tuple[Stretch | Checksum, ...]:
    """The parts in which a closed file of this size can be inspected; none where it is to be inspected as a whole."""
    state, path = inspection.state, inspection.catalog
    if path is None or state is None or state.sha256 is None or state.size != size or size < 2 * LENGTH:
        return ()
    if (inspection.warc / f"{inspection.file}{OPEN}").exists():
        return ()
    catalog = Catalog(path, inspection.archive)
    table = tables.captures.c
    starts = [0]
    try:
        with catalog.reading() as connection:
            begun: int | None = 0
            while begun is not None and begun < size - LENGTH:
                asked = select(func.min(table.offset)).where(
                    table.file == inspection.file, table.offset >= begun + LENGTH, table.offset < size
                )
                begun = connection.scalar(asked)
                starts += [begun] if begun is not None else []
    finally:
        catalog.close()
    stretches = [Stretch(inspection, start, end) for start, end in pairwise([*starts, size])]
    return (Checksum(inspection), *stretches) if len(stretches) > 1 else ()
