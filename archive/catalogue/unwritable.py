"""A catalogue where no byte can be written: on a full disk, a read-only file system, a disk with an error.

SQLite's readers write, too: an index of the log, in memory that they share by a file beside the catalogue (-shm).
Where that file cannot be made or grow, a reader can have such an index of its own, if the file is there, be it empty
(https://www.sqlite.org/wal.html, section 5); and where the file system itself says that nobody writes, it needs none.
"""

from __future__ import annotations

import sqlite3
from pathlib import Path
from urllib.parse import quote

from archive.durable import is_read_only
from archive.errors import StorageFull

# What the file of shared memory fails with.
SHARED_MEMORY = frozenset({sqlite3.SQLITE_IOERR_SHMOPEN, sqlite3.SQLITE_IOERR_SHMSIZE, sqlite3.SQLITE_IOERR_SHMMAP})
_STORAGE = frozenset({sqlite3.SQLITE_IOERR, sqlite3.SQLITE_FULL, sqlite3.SQLITE_READONLY, sqlite3.SQLITE_CANTOPEN})


def may_be_why(error: sqlite3.Error) -> bool:
    """Whether a catalogue could not be opened for want of what its readers write."""
    return getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR) & 0xFF in _STORAGE


def connect(path: Path) -> sqlite3.Connection:
    """A connection that writes nothing; sees what was committed, and what others commit meanwhile.

    Raises StorageFull where the log holds what is not in the catalogue yet, and cannot be read there; sqlite3.Error.
    """
    # Of whoever failed before a file is left that is too small, and is enough here.
    query = "mode=ro&readonly_shm=1"
    # SQLite looks for its files beside the catalogue itself, not beside a symbolic link to it.
    real = path.resolve()
    log, shared = (real.with_name(real.name + suffix) for suffix in ("-wal", "-shm"))
    if is_read_only(real.parent) and not (log.exists() and shared.exists()):
        if log.exists() and log.stat().st_size:
            raise StorageFull(
                f"the catalogue's file system is read-only, and {log.name} holds what the catalogue was told last: "
                "mount it writable once and run 'presskeep list', or copy the archive to where it can be written",
                file=str(path),
            )
        # Nobody can write here, so nothing can change while it is read: SQLite need not look out for it.
        query = "mode=ro&immutable=1"
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?{query}", uri=True, isolation_level=None, check_same_thread=False
    )
    connection.execute("PRAGMA cache_size = -16384")  # KiB
    return connection
