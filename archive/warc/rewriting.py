"""A closed WARC file replaced by a rewritten one, whole or not at all: what stays as byte ranges, what comes instead.

Closed files are never appended to. The new file is made beside the old one and is durable before it takes its name, so
that a kill, a loss of power or a full disk leaves either. `archive.entering.rewrites` is the one that does both, with
the act that tells of it between.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive import digest
from archive.durable import PART, made, put, real, storage
from archive.errors import DamagedRecord, PresskeepError
from archive.warc.folders import below
from archive.warc.paths import OPEN, SUFFIXES, resolve
from archive.warc.ranges import whole


@dataclass(frozen=True, slots=True)
class Kept:
    """Bytes of the old file that stay as they are, from ``start`` up to ``end``."""

    start: int
    end: int


@dataclass(frozen=True, slots=True)
class Put:
    """New bytes, in pieces."""

    pieces: Sequence[bytes]


Part = Kept | Put


@dataclass(frozen=True, slots=True)
class Rewritten:
    """A file as it is once it is rewritten: its size and its SHA-256 as a labelled digest, and those of the old one."""

    file: str
    size: int
    sha256: str
    was_size: int
    was_sha256: str


def prepare(directory: Path, file: str, parts: Iterable[Part]) -> Rewritten:
    """Make the new file beside the old one, durably; nothing refers to it before `put_in_place`.

    ``file`` is the name of a closed file relative to ``directory`` (an archive's ``warc/``). The parts are written in
    their order; ranges must follow each other in the old file. Of a link the file is replaced that it names. Raises
    StorageFull, and leaves nothing behind then; ValueError for ranges that cannot be; DamagedRecord for a file that is
    being written; PresskeepError where the folder in which the file lies takes no new one.
    """
    path = _lies(directory, file)
    if path.name.endswith(OPEN):
        raise DamagedRecord("the file is being written: wait until its writer has ended", file=file)
    running = hashlib.sha256()
    size = 0
    with storage(file), _behind_links(directory, file, path), path.open("rb") as old:
        was_size = old.seek(0, os.SEEK_END)
        with made(_beside(path), path) as new:
            for piece in _content(old, was_size, parts, file):
                new.write(piece)
                running.update(piece)
                size += len(piece)
            old.seek(0)
            was = digest.sha256_of_file(old)
    return Rewritten(file, size, digest.label("sha256", running.digest()), was_size, was)


def put_in_place(directory: Path, rewritten: Rewritten) -> None:
    """Give the new file the old one's name, durably. Whoever reads the old one reads it to its end.

    Raises FileNotFoundError where no new file lies beside.
    """
    path = _lies(directory, rewritten.file)
    with storage(rewritten.file):
        put(_beside(path), path)


def discard(directory: Path, file: str) -> None:
    """Remove the new file beside the old one, if there is any."""
    with suppress(OSError, DamagedRecord):
        _beside(_lies(directory, file)).unlink()


def clear(directory: Path) -> tuple[Path, ...]:
    """Remove what killed rewritings left beside their files; for who has the archive alone."""
    found = []
    for path in sorted(below(directory)):
        if path.name.endswith(PART) and path.name.removesuffix(PART).endswith(SUFFIXES):
            path.unlink(missing_ok=True)
            found.append(path)
        elif path.is_symlink() and path.name.endswith(SUFFIXES) and (left := _beside(real(path))).is_file():
            left.unlink()
            found.append(left)
    return tuple(found)


def _lies(directory: Path, file: str) -> Path:
    """Where a file lies itself: what a link to it is replaced by would leave its bytes there."""
    return real(resolve(directory, file))


@contextmanager
def _behind_links(directory: Path, file: str, path: Path) -> Iterator[None]:
    """Says what to do where nothing can be written beside a file."""
    try:
        yield
    except PermissionError as error:
        said = f"the folder of {path} takes no new file ({error.strerror}): "
        if (directory / file).is_symlink():
            said += "make it writable, or put the file itself in the place of the link to it; "
        else:
            said += "make it writable; "
        raise PresskeepError(f"{said}then run the command again", file=file) from error


def _beside(path: Path) -> Path:
    return path.with_name(path.name + PART)


def _content(old: BinaryIO, end: int, parts: Iterable[Part], file: str) -> Iterator[bytes]:
    last = 0
    for part in parts:
        if isinstance(part, Put):
            yield from part.pieces
            continue
        if not last <= part.start <= part.end <= end:
            raise ValueError(f"{file} has no bytes from {part.start} to {part.end} behind {last}")
        last = part.end
        yield from whole(old, part.start, part.end, file)
