"""Incoming: copies on their way into ``warc/imported/``, under names that nobody takes for those of WARC files.

A copy is durable before the act that names it, and gets its name after that. So what a kill leaves between the two is a
whole copy without its name, which its digest tells from a half-made one. Whoever makes a copy holds a lock on it: one
that nobody holds is of a dead process.
"""

from __future__ import annotations

import contextlib
import hashlib
import os
import stat
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

from archive.digest import label, sha256_of_file
from archive.durable import PART, lock, storage, sync_directory
from archive.errors import DamagedRecord
from archive.warc.places import IMPORTED

_STEP = 2**20


@dataclass(slots=True)
class Incoming:
    """A durable copy of a file, its labelled SHA-256 and size; ``told`` once an act names it, and it must not go."""

    path: Path
    sha256: str
    size: int
    told: bool = False

    def put(self, warc: Path, file: str) -> None:
        """Give it its name below ``warc/``, durably; raises StorageFull, with the copy where it was."""
        _put(self.path, warc, file)


@contextlib.contextmanager
def copied(source: Path, warc: Path, name: str, advanced: Callable[[int], None]) -> Iterator[Incoming]:
    """A copy below ``warc/imported/`` for as long as the block lasts, and longer where it was told of.

    ``advanced`` hears the bytes that were copied. Raises DamagedRecord where the source cannot be read, StorageFull.
    """
    directory = warc / IMPORTED
    with storage(str(directory)):
        directory.mkdir(parents=True, exist_ok=True)
        part, out = _begun(directory, name)
    made: Incoming | None = None
    try:
        with os.fdopen(out, "wb") as target, opened(source) as stream:
            digest = hashlib.sha256()
            size = 0
            with storage(str(part)):
                while piece := _read(stream, source):
                    digest.update(piece)
                    target.write(piece)
                    size += len(piece)
                    advanced(size)
                target.flush()
                os.fsync(target.fileno())
            made = Incoming(part, label("sha256", digest.digest()), size)
            yield made  # with its lock
    finally:
        if made is None or not made.told:
            part.unlink(missing_ok=True)


def opened(source: Path) -> BinaryIO:
    """A file that somebody gave, opened; raises DamagedRecord where it cannot be, or is no regular file any more."""
    try:
        # Without waiting for whoever writes into a pipe.
        descriptor = os.open(source, os.O_RDONLY | os.O_CLOEXEC | os.O_NONBLOCK)
    except OSError as error:
        raise DamagedRecord(f"it cannot be read: {error.strerror or error}") from error
    if not stat.S_ISREG(os.fstat(descriptor).st_mode):
        os.close(descriptor)
        raise DamagedRecord("it is no regular file")
    return os.fdopen(descriptor, "rb", buffering=_STEP)


def _read(stream: BinaryIO, source: Path) -> bytes:
    """The next bytes of a file that is copied: where they cannot be read, it is this file that fails, not our disk."""
    try:
        return stream.read(_STEP)
    except OSError as error:
        raise DamagedRecord(f"it cannot be read: {error.strerror or error}", file=str(source)) from error


def _begun(directory: Path, name: str) -> tuple[Path, int]:
    """A new file of ours alone, and locked."""
    while True:
        part = directory / f"{name}.{uuid.uuid4().hex[:12]}{PART}"
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o644)
        if lock(descriptor, part):
            return part, descriptor
        os.close(descriptor)  # somebody has swept it away before it was locked


def finish(warc: Path, file: str, sha256: str, size: int) -> bool:
    """Give a copy that a dead process left, and an act names, its name; whether there was one."""
    for part in _left(warc):
        with _of_the_dead(part) as stream:
            if stream is None or os.fstat(stream.fileno()).st_size != size or sha256_of_file(stream) != sha256:
                continue
            _put(part, warc, file)
            return True
    return False


def is_left(warc: Path, sha256: str, size: int) -> bool:
    """Whether a dead process has left the copy that an act names."""
    for part in _left(warc):
        with contextlib.suppress(OSError), part.open("rb") as stream:
            if os.fstat(stream.fileno()).st_size == size and sha256_of_file(stream) == sha256:
                return True
    return False


def sweep(warc: Path) -> None:
    """Remove what dead processes left half-copied; call it once what can be finished is."""
    for part in _left(warc):
        with _of_the_dead(part) as stream:
            if stream is not None:
                part.unlink(missing_ok=True)


def _left(warc: Path) -> list[Path]:
    return sorted(part for part in (warc / IMPORTED).glob(f"*{PART}") if part.is_file())


@contextlib.contextmanager
def _of_the_dead(part: Path) -> Iterator[BinaryIO | None]:
    """A copy, opened and locked, whose maker has died; None for a living one's, or one that is gone."""
    try:
        stream = part.open("rb")
    except OSError:
        yield None
        return
    with stream:
        yield stream if lock(stream.fileno(), part) else None


def _put(part: Path, warc: Path, file: str) -> None:
    final = warc / file
    with storage(file):
        final.parent.mkdir(parents=True, exist_ok=True)
        part.replace(final)
        for directory in (final.parent, final.parent.parent, final.parent.parent.parent):
            sync_directory(directory)
