"""Where a file is written: it appears whole or not at all; or it is standard output."""

from __future__ import annotations

import contextlib
import errno
import fcntl
import os
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from archive.errors import ArchiveBusy, StorageFull, UsageError

FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
STDOUT = "-"


@contextlib.contextmanager
def open_target(target: str) -> Iterator[IO[bytes]]:
    """A binary stream to write the target through.

    A regular file is written beside itself (``.NAME.part``), synced and renamed when the block ends well; when it
    does not, nothing of it remains. A pipe or a device is written directly. Raises UsageError where no file can be,
    ArchiveBusy while another process writes the same target, StorageFull when the disk takes no more.
    """
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = Path(os.path.realpath(target))  # a symbolic link stays one: what it names is replaced
    if path.is_dir():
        raise UsageError(f"{target} is a directory: name a file in it, such as {Path(target) / 'articles.jsonl'}")
    if not path.parent.is_dir():
        raise UsageError(f"the directory {path.parent} does not exist: make it first, or name another file")
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            with path.open("wb") as out:
                yield out
            return
        with replacing(path) as out:
            yield out
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(
                f"no room for {target}: free some space and run it again; nothing was left there"
            ) from error
        raise


@contextlib.contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose bytes become the regular file ``path`` in one step, durably, when the block ends well."""
    part = path.with_name(f".{path.name}.part")
    with _locked(part) as out:
        try:
            yield out
            out.flush()
            os.fsync(out.fileno())
            part.replace(path)
        except BaseException:  # an interrupt as much as an error: the half-written file must go
            part.unlink(missing_ok=True)
            raise
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)  # else a power loss may undo the rename
    finally:
        os.close(directory)


@contextlib.contextmanager
def _locked(part: Path) -> Iterator[IO[bytes]]:
    """The part file, empty and ours alone; one that a killed process left is taken over."""
    while True:
        # Not for appending: who writes a ZIP file goes back to say how long a member became.
        with os.fdopen(os.open(part, os.O_RDWR | os.O_CREAT, 0o666), "r+b") as out:
            try:
                fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveBusy("another process is writing this file: wait until it ends", file=str(part)) from error
            # Between open and lock its owner may have renamed it into place: then this is the finished file.
            if _same(part, out):
                out.truncate(0)
                yield out
                return


def _same(path: Path, out: IO[bytes]) -> bool:
    try:
        return os.path.samestat(path.stat(), os.fstat(out.fileno()))
    except FileNotFoundError:
        return False
