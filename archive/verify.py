"""Verification: every byte of an archive accounted for, the catalogue and the WARC files held against each other."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from archive import comparison, holdings, losses
from archive.comparison import CATALOG
from archive.dangling import of_revisits
from archive.digest import label
from archive.errors import DamagedRecord
from archive.event import Event
from archive.foreign_check import missing, of_foreign, unknown
from archive.holdings import FileState
from archive.recleaning import Recleaned, reclean
from archive.terms import in_force
from archive.warc.check import Check, Finding, Severity
from archive.warc.paths import OPEN, resolve, warc_files
from archive.warc.places import ATTACHED, is_foreign
from archive.warc.reader import Gap, Piece, read_on

if TYPE_CHECKING:
    from archive.store import Archive

_STEP = 2**20

Progress = Callable[[int, int, str], None]  # done, total, of what


@dataclass(frozen=True, slots=True)
class Verification:
    """What there is, and what is not as it should be.

    ``waiting`` counts captures that have no text by the installed cleaner, ``failed`` those among them that it could
    not do; neither is a fault. ``deep`` is None where texts were not made again.
    """

    findings: tuple[Finding, ...]
    files: int
    bytes: int
    captures: int = 0
    attempts: int = 0
    texts: int = 0
    waiting: int = 0
    failed: int = 0
    deep: Recleaned | None = None

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    @property
    def damaged(self) -> bool:
        """Whether stored bytes are gone, or not what they were."""
        return any(finding.severity is Severity.DAMAGED for finding in self.findings)

    @property
    def repairable(self) -> bool:
        """Whether there is something for the next writer, or a rebuild, to put right."""
        return any(finding.severity is Severity.REPAIRABLE for finding in self.findings)

    @property
    def elsewhere(self) -> bool:
        """Whether attached files, which are not the archive's own, are gone or not what they were."""
        return any(finding.severity is Severity.ELSEWHERE for finding in self.findings)


def verify(archive: Archive, *, deep: bool = False, progress: Progress | None = None) -> Verification:
    """Account for an archive, while others may write. Nothing is changed.

    ``progress`` hears bytes of ``records``, then ``texts``; with ``deep`` each text is made again and compared. Raises
    NotAnArchive where the catalogue is of a newer schema, OSError where files cannot be read at all.
    """
    warc = archive.warc_path
    findings: list[Finding] = []
    states = _states(archive, findings)
    terms = in_force(archive.catalog) if states is not None else {}
    names = warc_files(warc)
    sizes = {name: resolve(warc, name).stat().st_size for name in names}
    total, before = sum(sizes.values()), 0
    for name in names:

        def advanced(offset: int, before: int = before) -> None:
            if progress is not None:
                progress(before + offset, total, "records")

        if is_foreign(name):
            findings += of_foreign(archive, terms, name, advanced, compared=states is not None)
            if states is not None and name not in states:
                findings.append(unknown(name))
        else:
            findings += _of_file(archive, name, states, advanced)
        before += sizes[name]
        advanced(0, before)
    if states is None:
        return Verification(tuple(findings), len(names), total)
    findings += missing(terms, {*names, *states})
    for name, state in states.items():
        if name.startswith(f"{ATTACHED}/"):
            findings += of_foreign(archive, terms, name)
            continue
        # Looked for again: a writer may have begun the file meanwhile, but no file ever ends.
        if name not in sizes and not _is_there(warc, name):
            said = f"the file is missing, with {state.size:,} bytes of records"
            findings.append(Finding(name, 0, "file", Severity.DAMAGED, said))
    with archive.catalog.reading() as connection:
        findings += losses.told(connection, states)
    number = archive.count_texts()

    def cleaned(done: int) -> None:
        if progress is not None:
            progress(done, number, "texts made again" if deep else "texts")

    findings += of_revisits(archive.catalog)
    findings += comparison.of_texts(archive.catalog, None if deep else cleaned)
    shown: Recleaned | None = None
    if deep:
        shown, different = reclean(archive, cleaned)
        findings += different
    captures, attempts = archive.count()
    waiting, failed = archive.count_waiting()
    return Verification(tuple(findings), len(names), total, captures, attempts, number, waiting, failed, shown)


def _states(archive: Archive, findings: list[Finding]) -> dict[str, FileState] | None:
    """What the catalogue knows of the files; None, with a finding, where it cannot be read."""
    try:
        with archive.catalog.reading() as connection:
            said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
            if said != "ok":
                raise DamagedRecord(f"the catalogue is damaged ({said}): run `presskeep rebuild`")
            return holdings.file_states(connection)
    except DamagedRecord as error:
        findings.append(Finding(CATALOG, 0, "catalogue", Severity.REPAIRABLE, error.message))
        return None


def _of_file(
    archive: Archive, name: str, states: dict[str, FileState] | None, advanced: Callable[[int], None]
) -> Iterator[Finding]:
    warc = archive.warc_path
    # The catalogue is asked first: what it knows then must be in the file, whatever is written meanwhile.
    state = states.get(name) if states is not None else None
    alive = _is_written(warc / f"{name}{OPEN}")
    path = resolve(warc, name)
    reading = _Reading(warc, name, path, state, advanced)
    if state is None:
        for _ in reading.events():
            pass
    else:
        yield from comparison.of_file(archive.catalog, warc, name, reading.events(), state.size if alive else None)
    for finding in reading.findings():
        # A living writer may be in the midst of its next group.
        if not alive or (state is not None and finding.offset < state.size):
            yield finding
    if path.name.endswith(OPEN) and not alive:
        said = "its writer was killed: the next `presskeep crawl` or `presskeep rebuild` closes it"
        yield Finding(name, 0, "file", Severity.REPAIRABLE, said)
    if states is not None and state is None and not alive:
        yield Finding(name, 0, "catalogue", Severity.REPAIRABLE, "the catalogue does not know this file")


class _Reading:
    """One file, read once: for its events, what they give rise to, and its checksum."""

    def __init__(
        self, warc: Path, name: str, path: Path, state: FileState | None, advanced: Callable[[int], None]
    ) -> None:
        self._warc = warc
        self._name = name
        self._state = state
        self._advanced = advanced
        self._check = Check(name, path.stat().st_size, being_written=path.name.endswith(OPEN))
        self._findings: list[Finding] = []
        self._digest = hashlib.sha256()
        self._size = 0

    def events(self) -> Iterator[Event | Gap]:
        for event in read_on(self._warc, self._name, watch=self._watch):
            if isinstance(event, Gap) and event.records:
                self._findings.append(
                    Finding(self._name, event.offset, "readable", Severity.DAMAGED, f"{event.reason}: passed over")
                )
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
        yield Finding(self._name, 0, "file", Severity.DAMAGED, said)

    def _watch(self, piece: Piece, stream: BinaryIO) -> None:
        self._findings += self._check.piece(piece)
        self._advanced(piece.offset)
        self._size = piece.offset + piece.length
        if self._state is not None and self._state.sha256 is not None:
            # Read a second time, but only now, while the system has it in memory.
            stream.seek(piece.offset)
            missing = piece.length
            while missing and (part := stream.read(min(missing, _STEP))):
                self._digest.update(part)
                missing -= len(part)


def _is_there(warc: Path, name: str) -> bool:
    try:
        resolve(warc, name)
    except DamagedRecord:
        return False
    return True


def _is_written(path: Path) -> bool:
    """Whether a living process holds a file that is not closed."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(handle, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(handle)
    return False
