"""A closed WARC file replaced by a rewritten one, whole or not at all: what stays as byte ranges, what comes instead.

Closed files are never appended to; a repair and a removal are the only ones to replace one. The new file is made beside
the old one and is durable before it takes its name, so that a kill, a loss of power or a full disk leaves either.
"""

from __future__ import annotations

import hashlib
import os
import shutil
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive import digest
from archive.durable import storage, sync_directory
from archive.errors import DamagedRecord
from archive.warc.paths import OPEN, SUFFIXES, resolve

PART = ".part"  # appended to the name until the new file is whole; no reader takes such a file for a WARC file
_STEP = 2**20


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of the old file that stay as they are, from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Put:
    """New bytes, in pieces; ``instead`` is the offset of the old record whose place they take, if of any."""

    pieces: Sequence[bytes]
    instead: int | None = None


Part = Kept | Put


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file as it is once it is rewritten: its size and its SHA-256 as a labelled digest, and those of the old one.

    ``places`` holds old start, old end and new start of each part; that of a `Put` is one byte long.
    """

    file: str
    size: int
    sha256: str
    was_size: int
    was_sha256: str
    places: tuple[tuple[int, int, int], ...] = ()

    def moved(self, offset: int) -> int | None:
        """Where what lay at an offset of the old file lies now; None where it is gone."""
        for start, end, new in self.places:
            if start <= offset < end:
                return new + offset - start
        return None


def prepare(directory: Path, file: str, parts: Iterable[Part]) -> Rewritten:
    """Make the new file beside the old one, durably; nothing refers to it before `put_in_place`.

    ``file`` is the name of a closed file relative to ``directory`` (an archive's ``warc/``). The parts are written in
    their order; ranges must follow each other in the old file. Raises StorageFull, and leaves nothing behind then;
    ValueError for ranges that cannot be; DamagedRecord for a file that is being written.
    """
    path = resolve(directory, file)
    if path.name.endswith(OPEN):
        raise DamagedRecord("the file is being written: wait until its writer has ended", file=file)
    beside = _beside(path)
    running = hashlib.sha256()
    places: list[tuple[int, int, int]] = []
    size = last = 0
    try:
        with storage(file), path.open("rb") as old, beside.open("wb") as new:
            was_size = old.seek(0, os.SEEK_END)
            for part in parts:
                if isinstance(part, Kept):
                    if not last <= part.start <= part.end <= was_size:
                        raise ValueError(f"{file} has no bytes from {part.start} to {part.end} behind {last}")
                    last = part.end
                    places.append((part.start, part.end, size))
                    pieces: Iterable[bytes] = _range(old, part, file)
                else:
                    if part.instead is not None:
                        places.append((part.instead, part.instead + 1, size))
                    pieces = part.pieces
                for piece in pieces:
                    new.write(piece)
                    running.update(piece)
                    size += len(piece)
            new.flush()
            os.fsync(new.fileno())
            old.seek(0)
            was = hashlib.file_digest(old, "sha256")
            shutil.copymode(path, beside)
    except BaseException:
        with suppress(OSError):
            beside.unlink()
        raise
    sha256, was_sha256 = digest.label("sha256", running.digest()), digest.label("sha256", was.digest())
    return Rewritten(file, size, sha256, was_size, was_sha256, tuple(places))


def put_in_place(directory: Path, rewritten: Rewritten) -> None:
    """Give the new file the old one's name, durably. Whoever reads the old one reads it to its end.

    Raises FileNotFoundError where no new file lies beside.
    """
    path = resolve(directory, rewritten.file)
    with storage(rewritten.file):
        _beside(path).replace(path)
        sync_directory(path.parent)


def rewrite(directory: Path, file: str, parts: Iterable[Part]) -> Rewritten:
    """Both at once; see `prepare` and `put_in_place`."""
    rewritten = prepare(directory, file, parts)
    put_in_place(directory, rewritten)
    return rewritten


def clear(directory: Path) -> tuple[Path, ...]:
    """Remove what killed rewritings left beside their files; for who has the archive alone."""
    found = []
    for path in sorted(directory.rglob(f"*{PART}")):
        if path.name.removesuffix(PART).endswith(SUFFIXES) and path.is_file():
            path.unlink()
            found.append(path)
    return tuple(found)


def _beside(path: Path) -> Path:
    return path.with_name(path.name + PART)


def _range(old: BinaryIO, kept: Kept, file: str) -> Iterator[bytes]:
    old.seek(kept.start)
    missing = kept.end - kept.start
    while missing:
        piece = old.read(min(_STEP, missing))
        if not piece:
            raise DamagedRecord("the file became shorter while it was read: run `presskeep verify`", file=file)
        missing -= len(piece)
        yield piece
