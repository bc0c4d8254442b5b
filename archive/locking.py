"""The archive's lock: many writers at once, or one rebuild."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from archive.errors import ArchiveBusy
from archive.warc.openfile import storage

NAME = "archive.lock"


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Hold the archive's lock with any number of others that write; raises ArchiveBusy while it is rebuilt.

    The lock is the kernel's (flock(2)): it ends with the process that holds it, however that ends.
    """
    with _held(directory, fcntl.LOCK_SH, "the archive is being rebuilt: wait until `presskeep rebuild` has ended"):
        yield


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the archive's lock alone; raises ArchiveBusy while anyone writes, in this process or another."""
    said = "a crawl or a cleaning is writing into the archive: wait until it has ended, or stop it"
    with _held(directory, fcntl.LOCK_EX, said):
        yield


@contextlib.contextmanager
def _held(directory: Path, kind: int, said: str) -> Iterator[None]:
    path = directory / NAME
    # Never removed: whoever waits for a lock file that was unlinked holds nothing.
    with storage(str(path)):
        lock = os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveBusy(said, file=str(path)) from error
        yield
    finally:
        os.close(lock)
