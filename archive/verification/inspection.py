"""The inspection of one WARC file of the archive's own: its bytes, and what the catalogue says of them."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.catalogue import comparison
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FileState
from archive.digest import label
from archive.durable import is_locked
from archive.event import Event
from archive.warc.check import Check
from archive.warc.finding import Finding, Rule, Severity
from archive.warc.paths import OPEN, resolve
from archive.warc.ranges import pieces
from archive.warc.reader import Gap, Piece, Record, read_on
from archive.warc.tombstone import Tombstone, tombstone_of

Advanced = Callable[[int], None]  # hears the offset that was reached


@dataclass(frozen=True, slots=True)
class Inspection:
    """What is to be inspected: a file below ``warc``, and what the catalogue knows of it.

    ``catalog`` is None where the catalogue cannot be read, ``state`` where it does not know the file. The state was
    asked for first: what the catalogue knew then must be in the file, whatever is written meanwhile.
    """

    warc: Path
    file: str
    state: FileState | None
    catalog: Path | None
    archive: str  # its URN
    purges: frozenset[str] | None = None  # the ids of the acts that removed records; None where they are not known

    def findings(self, advanced: Advanced) -> Iterator[Finding]:
        """The findings about the file; raises OSError where it cannot be read at all."""
        name, state = self.file, self.state
        alive = is_locked(self.warc / f"{name}{OPEN}")
        path = resolve(self.warc, name)
        reading = _Reading(self.warc, name, path, state, advanced, self.purges)
        if state is None or self.catalog is None:
            for _ in reading.events():
                pass
        else:
            catalog = Catalog(self.catalog, self.archive)
            try:
                end = state.size if alive else None
                yield from comparison.of_file(catalog, self.warc, name, reading.events(), end)
            finally:
                catalog.close()
        for finding in reading.findings():
            # A living writer may be in the midst of its next group.
            if not alive or (state is not None and finding.offset < state.size):
                yield finding
        if path.name.endswith(OPEN) and not alive:
            yield Finding(name, 0, Rule.OPEN_FILE, "its writer was killed before it closed the file")
        if self.catalog is not None and state is None and not alive:
            yield Finding(name, 0, Rule.UNKNOWN_FILE, "the catalogue does not know this file")


class _Reading:
    """One file, read once: for its events, what they give rise to, and its checksum."""

    def __init__(
        self,
        warc: Path,
        name: str,
        path: Path,
        state: FileState | None,
        advanced: Callable[[int], None],
        purges: frozenset[str] | None,
    ) -> None:
        self._warc = warc
        self._name = name
        self._state = state
        self._advanced = advanced
        self._purges = purges
        self._check = Check(name, path.stat().st_size, being_written=path.name.endswith(OPEN))
        self._findings: list[Finding] = []
        self._digest = hashlib.sha256()
        self._size = 0

    def events(self) -> Iterator[Event | Gap]:
        for event in read_on(self._warc, self._name, watch=self._watch):
            if isinstance(event, Gap) and event.records:
                self._findings.append(Finding(self._name, event.offset, Rule.READABLE, f"{event.reason}: passed over"))
            yield event
        self._findings += self._check.ended()

    def findings(self) -> Iterator[Finding]:
        """The findings about the file, once its events have been read."""
        yield from self._findings
        state = self._state
        if state is None:
            return
        if self._size < state.size:
            said = f"the file is shorter than what was committed: {self._size:,} bytes, were {state.size:,}"
        elif state.sha256 is None or label("sha256", self._digest.digest()) == state.sha256:
            return
        elif self._size > state.size:
            said = f"the file has grown since it was closed: {self._size:,} bytes, were {state.size:,}"
        else:
            said = "the file has changed since it was closed: its size is the same, its checksum differs"
            if not any(finding.severity is Severity.DAMAGED for finding in self._findings):
                said += "; all records are whole, so the bytes are such that no checksum of a record covers"
        yield Finding(self._name, 0, Rule.FILE, said)

    def _watch(self, piece: Piece, stream: BinaryIO) -> None:
        self._findings += self._check.piece(piece)
        self._look_for_a_tombstone(piece)
        self._advanced(piece.offset)
        self._size = piece.offset + piece.length
        if self._state is not None and self._state.sha256 is not None:
            # Read a second time, but only now, while the system has it in memory.
            for part in pieces(stream, piece.offset, piece.offset + piece.length):
                self._digest.update(part)

    def _look_for_a_tombstone(self, piece: Piece) -> None:
        removed = None if isinstance(piece, Gap) else removed_by(piece, self._purges)
        if removed is not None:
            said = f"a {removed.of} was removed here, by no purge that the archive knows of"
            self._findings.append(Finding(self._name, piece.offset, Rule.TOMBSTONE, said))


def removed_by(record: Record, purges: frozenset[str] | None) -> Tombstone | None:
    """The tombstone that a record is, where none of these purges made it; None for any other record."""
    tombstone = tombstone_of(record) if purges is not None else None
    return tombstone if tombstone is not None and tombstone.purge not in (purges or ()) else None
