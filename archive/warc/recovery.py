"""Recovery: what a dead writer left behind, cut to its last whole group, adopted and closed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import BinaryIO

from archive.durable import PART, lock, put, storage, sync_directory, write
from archive.errors import DamagedRecord
from archive.warc.again import Again
from archive.warc.group import Group
from archive.warc.patched import Edit, edited
from archive.warc.paths import OPEN, open_files
from archive.warc.quarantine import set_aside
from archive.warc.ranges import checksum
from archive.warc.scan import Gap, Piece, scan
from archive.warc.stored import Record, date_of
from archive.warc.vouching import vouched

_STEP = 2**20
_UNENDED = "the last group is not whole: its metadata record is missing"
_HOLE = "nothing whole; what lies behind it is whole, and was kept"


@dataclass(frozen=True, slots=True)
class Recovery:
    """A file that was adopted from a dead writer: closed under its final name, with what was cut off kept aside.

    ``cut`` counts the bytes that now lie in the quarantine, described by ``report`` (JSON). A file of which nothing
    was whole is gone: its ``size`` is 0.
    """

    file: str
    size: int
    sha256: str
    cut: int
    report: Path | None


Committed = Callable[[str], int | None]  # how many bytes of a file are known to be committed; None: that is not known


def recover(directory: Path, quarantine: Path, committed: Committed = lambda file: None) -> tuple[Recovery, ...]:
    """Adopts every ``.open`` file below ``directory`` (an archive's ``warc/``) whose lock nobody holds.

    Each is cut behind its last whole group, made durable and given its final name; the bytes that were cut off go to
    ``quarantine`` first. A loss of power can also leave holes: the file has grown, but some of its blocks were never
    written. Behind what is ``committed`` nothing was acknowledged, so holes are closed there, and whole groups behind
    them kept. Killed anywhere, it can be run again. Raises StorageFull where the storage takes no more bytes; the file
    is then as it was.
    """
    found = []
    for file in open_files(directory):
        with _adopted(directory, file) as descriptor:
            if descriptor is not None:
                found.append(_recovered(directory, quarantine, file, descriptor, committed(file)))
    return tuple(found)


@contextmanager
def _adopted(directory: Path, file: str) -> Iterator[int | None]:
    """The descriptor of a file whose lock is ours now; None where somebody writes it, or has closed it just now."""
    path = directory / f"{file}{OPEN}"
    try:
        descriptor = os.open(path, os.O_RDWR | os.O_CLOEXEC | os.O_NOFOLLOW)
    except FileNotFoundError:
        yield None
        return
    try:
        yield descriptor if lock(descriptor, path) else None
    finally:
        os.close(descriptor)


def _recovered(directory: Path, quarantine: Path, file: str, descriptor: int, committed: int | None) -> Recovery:
    path = directory / f"{file}{OPEN}"
    with ExitStack() as stack, storage(file):
        stream = stack.enter_context(path.open("rb", buffering=_STEP))
        size = os.fstat(descriptor).st_size
        kept = _kept(stream, size, file, committed)
        cuts = [(hole.start, hole.end, _HOLE) for hole in kept.holes]
        if kept.end < size:
            cuts.append((kept.end, size, kept.reason))
        reports = [set_aside(stream, quarantine, file, *cut, once=True) for cut in cuts]
        if kept.holes:
            descriptor = _closed_up(path, edited(stream, kept.end, kept.holes))
            stack.callback(os.close, descriptor)
            stream = stack.enter_context(path.open("rb", buffering=_STEP))
        elif 0 < kept.end < size:
            os.ftruncate(descriptor, kept.end)
        left = os.fstat(descriptor).st_size if kept.end else 0
        sha256 = checksum(stream, 0, left)
        if left:
            os.fsync(descriptor)
            final = directory / file
            if final.exists():
                raise DamagedRecord(f"both {file} and {path.name} exist: move one of them out of warc/", file=file)
            put(path, final)
        else:
            path.unlink()
            sync_directory(path.parent)
    return Recovery(file, left, sha256, sum(end - start for start, end, _ in cuts), reports[-1] if reports else None)


@dataclass(slots=True)
class _Kept:
    """What is kept of a file: all up to ``end`` but its ``holes``; ``reason`` tells of what lies behind the end."""

    end: int = 0
    reason: str = _UNENDED
    begun: bool = False  # with its warcinfo record
    holes: list[Edit] = field(default_factory=list)


def _kept(stream: BinaryIO, size: int, file: str, committed: int | None) -> _Kept:
    """What is whole in a file; gaps in what is committed stay, since what lies in them may have been acknowledged."""
    kept = _Kept()
    waiting: list[Edit] = []  # holes, if anything whole lies behind them
    first: Group | None = None

    def heard() -> Iterator[Piece]:
        for piece in scan(stream, 0, size, file):
            if isinstance(piece, Record) and piece.offset == 0 and piece.kind == "warcinfo":
                kept.end, kept.begun = piece.length, True
            yield piece

    for one in vouched(heard(), file):
        if isinstance(one, Gap) or not one.own:
            if not waiting:
                kept.reason = one.reason if isinstance(one, Gap) else _UNENDED
            waiting.append(Edit(one.offset, one.end) if isinstance(one, Gap) else Edit(one.start, one.end))
            continue
        first = first or one
        if committed is not None:
            kept.holes += [hole for hole in waiting if hole.start >= committed]
        kept.end, kept.reason, waiting = one.end, _UNENDED, []
    kept.holes = _merged(kept.holes, kept.end)
    if kept.holes and not kept.begun and kept.holes[0].start == 0 and first is not None:
        again = Again(file).warcinfo(file, date_of(first.records[0]), first.metadata.first("presskeep-run"))
        kept.holes[0] = replace(kept.holes[0], content=again)
    return kept


def _merged(holes: list[Edit], end: int) -> list[Edit]:
    """Holes before ``end`` that do not overlap, sorted."""
    found: list[Edit] = []
    for hole in sorted(holes, key=lambda one: one.start):
        last = min(hole.end, end)
        if found and hole.start <= found[-1].end:
            found[-1] = Edit(found[-1].start, max(found[-1].end, last))
        elif hole.start < last:
            found.append(Edit(hole.start, last))
    return found


def _closed_up(path: Path, content: Iterable[bytes]) -> int:
    """Puts other content in the place of a file whose lock is ours; returns a descriptor that holds the new one's."""
    partial = path.with_name(f"{path.name}{PART}")
    descriptor = os.open(partial, os.O_RDWR | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        lock(descriptor, partial)  # nobody else knows it: who takes the old file's lock finds that it was replaced
        for part in content:
            write(descriptor, part)
        os.fsync(descriptor)
        put(partial, path)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        os.close(descriptor)
        raise
    return descriptor
