"""A WARC file while it is written: locked, appended to in whole groups, and cut back where a group did not fit."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from archive import digest
from archive.durable import lock, put, storage, sync_directory
from archive.warc.paths import OPEN

_PIECES = 1000  # pieces in one write call; Linux takes 1024 (IOV_MAX)


@dataclass(frozen=True, slots=True)
class ClosedFile:
    """A finished WARC file: its name relative to ``warc/``, its bytes, and their SHA-256 as a labelled digest."""

    file: str
    size: int
    sha256: str


class OpenFile:
    """One file under its ``.open`` name, with the lock that tells recovery that its writer lives.

    ``size`` counts the whole groups, ``synced`` those that are known to be durable.
    """

    def __init__(self, directory: Path, file: str, descriptor: int, opened_at: int) -> None:
        self.file = file
        self.opened_at = opened_at
        self.size = 0
        self.synced = 0
        self._directory = directory
        self._path = directory / f"{file}{OPEN}"
        self._descriptor = descriptor
        self._digest = hashlib.sha256()
        self._digest_synced = self._digest.copy()
        self._torn = False  # bytes of no whole group may lie behind `size`
        self._cut = False  # bytes were cut off since the last fsync: after a loss of power they may be there again
        self._entered = False  # the directory entries are durable

    @classmethod
    def create(cls, directory: Path, file: str, at: int) -> OpenFile | None:
        """A new, empty, locked file; None where the name is taken."""
        path = directory / f"{file}{OPEN}"
        with storage(file):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_APPEND | os.O_CLOEXEC, 0o644)
            except FileExistsError:
                return None
        # A final file of this name can only have come from an open one: looked for after ours was made, it is seen.
        mine = lock(descriptor, path)
        if not mine or (directory / file).exists():
            if mine:  # else a recovery took the empty file, and removes it
                path.unlink()
            os.close(descriptor)
            return None
        return cls(directory, file, descriptor, at)

    def append(self, pieces: Sequence[bytes]) -> None:
        """Writes one group with one call. On any error the file is cut back to its whole groups.

        Raises StorageFull where the storage takes no more bytes.
        """
        with storage(self.file):
            self._cut_torn()
            self._torn = True
            try:
                _write(self._descriptor, pieces)
            except BaseException:
                self._cut_torn()
                raise
        running = self._digest.copy()
        for piece in pieces:
            running.update(piece)
        # Together, so that Ctrl-C finds either the group or none of it.
        self._digest, self.size, self._torn = running, self.size + sum(map(len, pieces)), False

    def sync(self) -> None:
        """Makes everything appended durable, the file's name too.

        After a failed fsync nobody knows which bytes are on the disk, and a second one may succeed without having
        written them: so the file is cut back to what was durable before, and StorageFull is raised.
        """
        if self.synced == self.size and self._entered and not self._cut:
            return
        with storage(self.file):
            try:
                os.fsync(self._descriptor)
                if not self._entered:
                    self._sync_entries()
            except OSError:
                self.size = self.synced
                self._digest = self._digest_synced.copy()
                self._torn = True
                self._cut_torn()
                raise
        self.synced, self._cut = self.size, False
        self._digest_synced = self._digest.copy()

    def close(self) -> ClosedFile:
        """Makes the file durable and gives it its final name; the lock is released in any case."""
        try:
            with storage(self.file):
                self._cut_torn()
                self.sync()
                put(self._path, self._directory / self.file)
        finally:
            os.close(self._descriptor)
        return ClosedFile(self.file, self.size, digest.label("sha256", self._digest.digest()))

    def discard(self) -> None:
        """Removes a file in which nothing whole was ever written."""
        with suppress(FileNotFoundError):
            self._path.unlink()
        os.close(self._descriptor)

    def _cut_torn(self) -> None:
        if self._torn:
            os.ftruncate(self._descriptor, self.size)
            self._torn, self._cut = False, True

    def _sync_entries(self) -> None:
        path = self._path.parent
        while True:
            sync_directory(path)
            if path == self._directory:
                break
            path = path.parent
        # ``warc/`` and the archive may be as new as the file; what we may not read we have not made.
        for path in (self._directory.parent, self._directory.parent.parent):
            with suppress(PermissionError):
                sync_directory(path)
        self._entered = True


def _write(descriptor: int, pieces: Sequence[bytes]) -> None:
    """All pieces in one write call; further calls only for what the system left over."""
    views = [memoryview(piece) for piece in pieces if piece]
    while views:
        written = os.writev(descriptor, views[:_PIECES])
        while views and written >= len(views[0]):
            written -= len(views.pop(0))
        if views:
            views[0] = views[0][written:]
