"""The archive's locks: many writers at once, or one rebuild; and one foreign file after the other."""

from __future__ import annotations

import contextlib
import fcntl
import os
from collections.abc import Iterator
from pathlib import Path

from archive.durable import is_locked, storage
from archive.errors import ArchiveBusy

NAME = "archive.lock"
FOREIGN = "foreign.lock"
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
    must have come the first time.
    """
    descriptor = _open(directory / FOREIGN)
    try:
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
