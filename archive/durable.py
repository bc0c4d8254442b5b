"""Durable files: whole or not at all, whatever ends the program; and what storage says that takes no more bytes.

A symbolic link stays one: what is replaced or removed is the file that it names, or the old bytes would stay there.
"""

from __future__ import annotations

import errno
import fcntl
import os
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import IO

from archive.errors import ArchiveBusy, FileTooLarge, StorageFull

PART = ".part"  # behind the name of a file until it is whole: no reader takes it for the file
FULL = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})  # a disk, a quota, a limit of one file's size
STORAGE_ERRORS = FULL | {errno.EIO, errno.EROFS}  # and a broken device, and a file system gone read-only for it


@contextmanager
def storage(file: str) -> Iterator[None]:
    """Turns the errors of storage that is full or failing into StorageFull; any other OSError passes.

    It is FileTooLarge where this file alone may not grow.
    """
    try:
        yield
    except OSError as error:
        if error.errno not in STORAGE_ERRORS:
            raise
        kind = FileTooLarge if error.errno == errno.EFBIG else StorageFull
        todo = "free space" if kind is StorageFull else "let files be larger (ulimit -f, or the file system's limit)"
        raise kind(
            f"the storage took no more bytes ({error.strerror}): {todo}, then run the command again; "
            "what was committed is safe",
            file=file,
        ) from error


def is_read_only(directory: Path) -> bool:
    """Whether a file system takes no bytes at all for now, as one does after an error of its device."""
    try:
        return bool(os.statvfs(directory).f_flag & os.ST_RDONLY)
    except OSError:
        return False


def sync_directory(path: Path) -> None:
    """Makes the entries of a directory durable: without it, a loss of power may undo a new name or a rename."""
    descriptor = os.open(path, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno != errno.EINVAL:  # file systems whose directories need no fsync say so
            raise
    finally:
        os.close(descriptor)


def lock(descriptor: int, path: Path) -> bool:
    """Takes the lock on an open file, if nobody holds it and ``path`` still leads to this file."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return leads_to(path, descriptor)


def is_locked(path: Path) -> bool:
    """Whether somebody, this process or another, holds a file's lock alone at this moment."""
    try:
        descriptor = os.open(path, os.O_RDONLY | os.O_CLOEXEC)
    except FileNotFoundError:
        return False
    try:
        fcntl.flock(descriptor, fcntl.LOCK_SH | fcntl.LOCK_NB)
    except BlockingIOError:
        return True
    finally:
        os.close(descriptor)
    return False


def leads_to(path: Path, descriptor: int) -> bool:
    """Whether a path leads to an open file: between open and lock, another process may have renamed or removed it."""
    try:
        return os.path.samestat(path.stat(), os.fstat(descriptor))
    except FileNotFoundError:
        return False


def real(path: Path) -> Path:
    """The file that a path means, behind all links; beside it lies what takes its place."""
    return Path(os.path.realpath(path))


def remove(path: Path) -> None:
    """Removes a file, and a link with the file that it names, if they are there; not durably."""
    for one in (real(path), path):
        one.unlink(missing_ok=True)


@contextmanager
def replacing(path: Path) -> Iterator[IO[bytes]]:
    """A stream whose bytes become the regular file ``path`` in one step, durably, when the block ends well.

    When it does not, ``path`` is as it was and nothing else remains. The bytes wait in ``.NAME.part`` beside it, with
    the permissions of the old file; raises ArchiveBusy while another process writes that.
    """
    path = real(path)
    part = path.with_name(f".{path.name}{PART}")
    # The name is given while the lock is held: nobody takes the file over.
    with _filled(part, path, lambda: put(part, path)) as out:
        yield out


@contextmanager
def made(part: Path, like: Path | None = None) -> Iterator[IO[bytes]]:
    """A stream into a new file that is durable when the block ends well, and gone when it does not.

    Its name is not durable, until it is `put` in its place. It has the permissions of the file ``like``, where there
    is one. Raises ArchiveBusy while another process writes it.
    """
    with _filled(part, like, lambda: None) as out:
        yield out


def put(part: Path, path: Path) -> None:
    """Gives a durable file its name, durably, in the place of the file that has it."""
    part.replace(path)
    sync_directory(path.parent)


def written(path: Path, parts: Iterable[bytes]) -> None:
    """Writes a file's content, in the place of what it had before; its directory is there. See `replacing`."""
    with replacing(path) as out:
        for part in parts:
            write(out.fileno(), part)


def write(descriptor: int, part: bytes) -> None:
    """All of the bytes, in as many calls as it takes."""
    rest = memoryview(part)
    while rest:
        rest = rest[os.write(descriptor, rest) :]


@contextmanager
def _filled(part: Path, like: Path | None, then: Callable[[], None]) -> Iterator[IO[bytes]]:
    with _locked(part) as out:
        try:
            if like is not None:
                with suppress(FileNotFoundError, PermissionError):  # not every file system can hold them
                    os.fchmod(out.fileno(), like.stat().st_mode & 0o7777)
            yield out
            out.flush()
            os.fsync(out.fileno())
            then()
        except BaseException:  # an interrupt as much as an error: the half-written file must go
            with suppress(OSError):
                part.unlink()
            raise


@contextmanager
def _locked(part: Path) -> Iterator[IO[bytes]]:
    """The part file, empty and ours alone; one that a killed process left is taken over."""
    while True:
        # Not for appending: who writes a ZIP file goes back to say how long a member became.
        descriptor = os.open(part, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC | os.O_NOFOLLOW, 0o666)
        with os.fdopen(descriptor, "r+b") as out:
            try:
                fcntl.flock(out, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError as error:
                raise ArchiveBusy("another process is writing this file: wait until it ends", file=str(part)) from error
            if leads_to(part, out.fileno()):
                out.truncate(0)
                yield out
                return
