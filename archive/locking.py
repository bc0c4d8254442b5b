"""The archive's locks: many writers at once, or one rebuild; and one foreign file after the other."""

from __future__ import annotations

import contextlib
import fcntl
import logging
import os
import time
from collections.abc import Iterator
from pathlib import Path

from archive.durable import is_locked, storage
from archive.errors import ArchiveBusy

logger = logging.getLogger(__name__)

NAME = "archive.lock"
FOREIGN = "foreign.lock"
_SILENT, _LOOK = 1.0, 0.05  # seconds: of a wait that nobody need hear of, and between two looks in it
_ALL_LOCKS = Path("/proc/locks")


@contextlib.contextmanager
def writing(directory: Path) -> Iterator[None]:
    """Hold the archive's lock with any number of others that write; raises ArchiveBusy while it is rebuilt.

    The lock is the kernel's (flock(2)): it ends with the process that holds it, however that ends.
    """
    with _held(directory, fcntl.LOCK_SH, "the archive is being rebuilt: wait until 'presskeep rebuild' has ended"):
        yield


@contextlib.contextmanager
def alone(directory: Path) -> Iterator[None]:
    """Hold the archive's lock alone; raises ArchiveBusy while anyone writes, in this process or another."""
    said = "a crawl or a cleaning is writing into the archive: wait until it has ended, or stop it"
    with _held(directory, fcntl.LOCK_EX, said):
        yield


@contextlib.contextmanager
def one_by_one(directory: Path) -> Iterator[None]:
    """Hold the lock under which foreign files come and go, one after the other; waits for whoever holds it.

    What a foreign file gives depends on those before it: in a rebuild they come in the order of their acts, and so they
    must have come the first time. A wait of more than a second is told, with the process that is waited for.
    """
    path = directory / FOREIGN
    descriptor = _open(path)
    try:
        if not _had_within(descriptor, _SILENT):
            logger.warning("waiting for another import, attach or detach to end%s", _holder(path))
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)


@contextlib.contextmanager
def if_free(directory: Path) -> Iterator[bool]:
    """The same where nobody holds it, told by True; what holds it may be this very process."""
    descriptor = _open(directory / FOREIGN)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            yield False
        else:
            yield True
    finally:
        os.close(descriptor)


def _had_within(descriptor: int, seconds: float) -> bool:
    """Takes the lock where that can be done in time."""
    until = time.monotonic() + seconds
    while True:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            if time.monotonic() > until:
                return False
            time.sleep(_LOOK)
        else:
            return True


def _holder(path: Path) -> str:
    """Which process holds a lock, in words, as far as the system tells."""
    try:
        inode = path.stat().st_ino
        lines = _ALL_LOCKS.read_text(encoding="ascii").splitlines()
    except OSError:
        return ""
    for line in lines:
        parts = line.split()
        if len(parts) > 5 and parts[1] == "FLOCK" and parts[5].endswith(f":{inode}") and parts[4].isdecimal():
            return f" (process {parts[4]})"
    return ""


def may_be_held(directory: Path) -> bool:
    """Whether somebody may hold the archive's lock, as a writer does; without taking it, which could refuse another.

    Linux lists all locks with the inodes of their files (proc(5)); elsewhere nobody knows.
    """
    try:
        inode = (directory / NAME).stat().st_ino
    except FileNotFoundError:
        return False  # nobody ever wrote
    try:
        locks = _ALL_LOCKS.read_text(encoding="ascii")
    except OSError:
        return True
    return any(f":{inode} " in line for line in locks.splitlines())


def is_alone(directory: Path) -> bool:
    """Whether somebody, this process or another, holds the archive's lock alone at this moment."""
    return is_locked(directory / NAME)


def _open(path: Path) -> int:
    with storage(str(path)):
        return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)


@contextlib.contextmanager
def _held(directory: Path, kind: int, said: str) -> Iterator[None]:
    path = directory / NAME
    # Never removed: whoever waits for a lock file that was unlinked holds nothing.
    lock = _open(path)
    try:
        try:
            fcntl.flock(lock, kind | fcntl.LOCK_NB)
        except BlockingIOError as error:
            raise ArchiveBusy(said, file=str(path)) from error
        yield
    finally:
        os.close(lock)
