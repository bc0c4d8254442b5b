"""``state.sqlite``: what the crawler remembers between runs. Not derived, but a loss costs only politeness.

Frontier, sources, reservations and robots.txt live here, never in the catalogue: a rebuild does not touch it, and after
a loss the frontier is seeded again from the captures.
"""

from __future__ import annotations

import contextlib
import sqlite3
import time
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from archive.durable import is_read_only
from archive.errors import ArchiveBusy, DamagedRecord, NotAnArchive, StorageFull
from crawler.schema import SCHEMA, TABLES, UPGRADES

_STEP = 0.02  # seconds
BUSY = 30.0  # seconds to wait for another process's transaction, which take milliseconds


class State:
    """One process's connection to ``state.sqlite``, for one thread; made where it is missing.

    ``fresh`` says that the file was made just now, so that the frontier must be seeded. Raises NotAnArchive for a
    newer schema, DamagedRecord for a file that is no database, ArchiveBusy and StorageFull.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        with translated(path):
            self._db = _opened(path)
            try:
                self._prepare()
            except BaseException:
                self._db.close()
                raise

    def _prepare(self) -> None:
        with self.write() as db:
            known = db.execute("SELECT 1 FROM sqlite_master WHERE name = 'meta'").fetchone()
            version = db.execute("SELECT value FROM meta WHERE name = 'schema'").fetchone() if known else None
            if version is not None and int(version[0]) > SCHEMA:
                raise NotAnArchive(
                    f"state.sqlite is of schema {version[0]}, this program knows {SCHEMA}: install a newer Presskeep",
                    file=str(self.path),
                )
            for step in UPGRADES[int(version[0]) :] if version is not None else ():
                _run(db, step)
            _run(db, TABLES)
            if version is None or int(version[0]) != SCHEMA:  # else nothing is written, and a full disk is no matter
                db.execute("INSERT OR REPLACE INTO meta VALUES ('schema', ?)", (str(SCHEMA),))

    @property
    def seeded(self) -> bool:
        """Whether the frontier was seeded from the captures, as it must be once after the file was made."""
        return self._db.execute("SELECT 1 FROM meta WHERE name = 'seeded'").fetchone() is not None

    def read(self, query: str, values: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
        """The rows of a query."""
        with translated(self.path):
            return self._db.execute(query, values).fetchall()

    @contextlib.contextmanager
    def write(self) -> Iterator[sqlite3.Connection]:
        """One short transaction, alone among all processes from its first statement on; undone by an exception."""
        with translated(self.path):
            self._db.execute("BEGIN IMMEDIATE")
            try:
                yield self._db
                self._db.execute("COMMIT")
            except BaseException:
                if self._db.in_transaction:
                    self._db.execute("ROLLBACK")
                raise

    def close(self) -> None:
        """Close the connection."""
        self._db.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()


def _run(db: sqlite3.Connection, script: str) -> None:
    # Not `executescript`, which commits what came before. A trigger has semicolons within.
    statement = ""
    for part in script.split(";"):
        statement += f"{part};"
        if sqlite3.complete_statement(statement):
            db.execute(statement)
            statement = ""


def _opened(path: Path) -> sqlite3.Connection:
    """A connection in WAL mode. Where two make the file at once, SQLite lets one fail at that mode without waiting."""
    until = time.monotonic() + BUSY
    while True:
        db = sqlite3.connect(path, timeout=BUSY, isolation_level=None)
        try:
            db.execute("PRAGMA journal_mode = WAL")
            # After a power loss the last transactions may be missing: some pages are then fetched again, and that is
            # cheaper than an fsync for each reservation.
            db.execute("PRAGMA synchronous = NORMAL")
        except sqlite3.OperationalError as error:
            db.close()
            busy = getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED}
            if not busy or time.monotonic() > until:
                raise
            time.sleep(_STEP)
        except BaseException:
            db.close()
            raise
        else:
            return db


@contextlib.contextmanager
def translated(path: Path) -> Iterator[None]:
    """SQLite's errors as ours, with what to do next."""
    try:
        yield
    except sqlite3.Error as error:
        match getattr(error, "sqlite_errorcode", 0) & 0xFF:
            case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR:
                raise StorageFull("no room for the crawler's state: free some space", file=str(path)) from error
            case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN if is_read_only(path.parent):
                raise StorageFull("the file system of the crawler's state is read-only", file=str(path)) from error
            case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
                raise ArchiveBusy("another process keeps the crawler's state locked", file=str(path)) from error
            case sqlite3.SQLITE_CORRUPT | sqlite3.SQLITE_NOTADB:
                raise DamagedRecord(
                    "the crawler's state is damaged: delete the file, the next crawl makes it again from the captures",
                    file=str(path),
                ) from error
        raise
