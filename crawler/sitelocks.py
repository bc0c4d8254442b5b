"""Locks on sites: two crawls of one archive may go on at once, but never on the same site."""

from __future__ import annotations

import fcntl
import hashlib
import os
from collections.abc import Iterable
from pathlib import Path
from types import TracebackType
from typing import Self

NAME = "sites.lock"


class SiteLocks:
    """The sites that this process crawls, locked byte by byte in one file of the archive (fcntl(2), POSIX locks).

    A site's byte is at a place made from its name. The kernel ends the locks with the process, however that ends, so
    that a killed crawl is taken up at once. A context manager; for one object a process, since closing any descriptor
    of the file would end all its locks.
    """

    def __init__(self, directory: Path) -> None:
        self._file = os.open(directory / NAME, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)

    def take(self, names: Iterable[str]) -> frozenset[str]:
        """Lock these sites; gives those that another crawl holds."""
        return frozenset(name for name in names if not self._take(name))

    def release(self, names: Iterable[str]) -> None:
        """Let others have these sites."""
        for name in names:
            fcntl.lockf(self._file, fcntl.LOCK_UN, 1, _place(name))

    def _take(self, name: str) -> bool:
        try:
            fcntl.lockf(self._file, fcntl.LOCK_EX | fcntl.LOCK_NB, 1, _place(name))
        except (BlockingIOError, PermissionError):  # POSIX allows both
            return False
        return True

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        os.close(self._file)


def _place(name: str) -> int:
    return int.from_bytes(hashlib.sha256(name.encode()).digest()[:7], "big")
