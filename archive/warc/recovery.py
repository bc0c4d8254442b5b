"""Recovery: what a dead writer left behind, cut to its last whole group, adopted and closed."""

from __future__ import annotations

import os
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.errors import DamagedRecord
from archive.warc.openfile import lock, storage, sync_directory
from archive.warc.paths import OPEN, open_files
from archive.warc.quarantine import checksum, set_aside
from archive.warc.scan import Gap, Piece, scan
from archive.warc.stored import Record
from archive.warc.vouching import vouched

_STEP = 2**20


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


def recover(directory: Path, quarantine: Path) -> tuple[Recovery, ...]:
    """Adopts every ``.open`` file below ``directory`` (an archive's ``warc/``) whose lock nobody holds.

    Each is cut behind its last whole group, made durable and given its final name; the bytes that were cut off go to
    ``quarantine`` first. Killed anywhere, it can be run again. Raises StorageFull where the quarantine takes no more
    bytes; the file is then as it was.
    """
    found = []
    for file in open_files(directory):
        with _adopted(directory, file) as descriptor:
            if descriptor is not None:
                found.append(_recovered(directory, quarantine, file, descriptor))
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


def _recovered(directory: Path, quarantine: Path, file: str, descriptor: int) -> Recovery:
    path = directory / f"{file}{OPEN}"
    with path.open("rb", buffering=_STEP) as stream, storage(file):
        size = os.fstat(descriptor).st_size
        end, gap = _last_whole(stream, size, file)
        report = None
        if end < size:
            reason = gap.reason if gap else "the last group is not whole: its metadata record is missing"
            report = set_aside(stream, quarantine, file, end, size, reason, once=True)
            if end:
                os.ftruncate(descriptor, end)
        sha256 = checksum(stream, 0, end)
        if end:
            os.fsync(descriptor)
            final = directory / file
            if final.exists():
                raise DamagedRecord(f"both {file} and {path.name} exist: move one of them out of warc/", file=file)
            path.rename(final)
        else:
            path.unlink()
        sync_directory(path.parent)
    return Recovery(file, end, sha256, size - end, report)


def _last_whole(stream: BinaryIO, size: int, file: str) -> tuple[int, Gap | None]:
    """Where the last whole group ends, and the gap behind it, if there is one.

    A gap before it stays in the file: what lies behind it may have been acknowledged.
    """
    end = 0
    gap: Gap | None = None

    def heard() -> Iterator[Piece]:
        nonlocal end
        for piece in scan(stream, 0, size, file):
            if isinstance(piece, Record) and piece.offset == 0 and piece.kind == "warcinfo":
                end = piece.length
            yield piece

    for one in vouched(heard(), file):
        if not isinstance(one, Gap):
            end, gap = (one.end, None) if one.own else (end, gap)
        elif gap is None:
            gap = one
    return end, gap
