"""The catalogue: one SQLite file, several processes that write it in short transactions, many that read."""

from __future__ import annotations

import contextlib
import functools
import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

from sqlalchemy import Connection, Dialect, Engine, create_engine, create_mock_engine, event, insert, select
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import QueuePool
from sqlalchemy.util import LRUCache

from archive.catalogue import unwritable
from archive.catalogue.filesystem import require_local
from archive.catalogue.tables import SCHEMA, about, metadata
from archive.durable import is_read_only, put, real, storage, written
from archive.errors import ArchiveBusy, ConfigurationError, DamagedCatalogue, NotAnArchive, PresskeepError, StorageFull

BUSY = 30.0  # seconds to wait for another process' transaction; an ordinary one takes milliseconds
SIDE_FILES = ("-wal", "-shm", "-journal")
_REBUILD = "run 'presskeep rebuild' to make it again from the WARC files"
_IMMEDIATE = "presskeep_immediate"

# Connections must not be carried across a fork, "do not even call sqlite3_close()" on them in the child
# (https://www.sqlite.org/howtocorrupt.html, section 2.6): they are kept from being collected.
_INHERITED: list[Engine] = []

# Statements are compiled once for a process, not again for each archive that it opens: that takes longer than to run
# them. There are some two hundred.
_COMPILED: LRUCache[object, object] = LRUCache(500)


class Catalog:
    """The catalogue's file, opened when it is first asked for.

    Safe for threads: each transaction has a connection of its own. After a fork, connections are opened anew. Where the
    storage takes no more bytes, it can still be read (`archive.catalogue.unwritable`).
    """

    def __init__(self, path: Path, archive: str) -> None:
        self.path = path
        self._archive = archive  # the archive's URN
        self._engine: Engine | None = None
        self._writable = False  # whether its connections may write
        self._process = 0

    def create(self) -> None:
        """Make the catalogue, empty; one that is there already stays as it is.

        Raises ConfigurationError on a network file system.
        """
        require_local(real(self.path).parent)
        engine = _engine(lambda: _connect(self.path, create=True))
        try:
            with _translated(self.path), engine.connect() as connection:
                connection.execution_options(**{_IMMEDIATE: True})
                with connection.begin():
                    if not connection.dialect.has_table(connection, about.name):
                        for statement in _making():
                            connection.exec_driver_sql(statement)
                        rows = [{"name": "schema", "value": str(SCHEMA)}, {"name": "archive", "value": self._archive}]
                        connection.execute(insert(about), rows)
        finally:
            engine.dispose()

    def damage(self) -> str | None:
        """What SQLite finds wrong with the file, in its words; None where it is sound.

        Raises DamagedRecord where it cannot even be read.
        """
        with self.reading() as connection:
            said = connection.exec_driver_sql("PRAGMA quick_check(1)").scalar()
        return None if said == "ok" else str(said)

    @contextlib.contextmanager
    def reading(self) -> Iterator[Connection]:
        """A connection that sees one state of the catalogue from its first question on, whatever others write.

        Raises DamagedRecord where the catalogue is missing, broken or of an older schema, NotAnArchive where it is of
        a newer one.
        """
        with _translated(self.path), self._readable().connect() as connection, connection.begin():
            yield connection

    def holds(self, question: str, values: Mapping[str, str]) -> bool:
        """Whether a question in SQL has an answer, for one that is asked of each answer of a crawl: a fifth of the cost
        of `reading`, as which it raises.
        """
        with _translated(self.path):
            connection = self._readable().raw_connection()
            try:
                with contextlib.closing(connection.cursor()) as cursor:
                    cursor.execute(question, values)
                    return cursor.fetchone() is not None
            finally:
                connection.close()

    def rows(self, question: str, values: Mapping[str, object]) -> list[dict[str, Any]]:
        """The rows of a question in SQL, by their columns, at the same cost; raises as `reading`."""
        with _translated(self.path):
            connection = self._readable().raw_connection()
            try:
                with contextlib.closing(connection.cursor()) as cursor:
                    cursor.execute(question, values)
                    names = [one[0] for one in cursor.description]
                    return [dict(zip(names, row, strict=True)) for row in cursor.fetchall()]
            finally:
                connection.close()

    @contextlib.contextmanager
    def salvaging(self) -> Iterator[Connection]:
        """The same for taking over what can be read: bytes that are no UTF-8 come as lone surrogates, row by row."""
        with self.reading() as connection:
            driver = connection.connection.driver_connection
            assert isinstance(driver, sqlite3.Connection)
            driver.text_factory = _with_surrogates
            try:
                yield connection
            finally:
                driver.text_factory = str

    @contextlib.contextmanager
    def writing(self) -> Iterator[Connection]:
        """A transaction that holds the catalogue's write lock from its beginning, and is durable when it ends.

        Raises as `reading` does; ArchiveBusy where the lock cannot be had, StorageFull where the disk takes no more:
        then nothing of it was written.
        """
        with _translated(self.path), self._opened().connect() as connection:
            connection.execution_options(**{_IMMEDIATE: True})
            with connection.begin():
                yield connection

    def close(self) -> None:
        """Close the connections that are not in use."""
        engine, self._engine, self._writable = self._engine, None, False
        if engine is None:
            return
        if self._process == os.getpid():
            engine.dispose()
        else:
            _INHERITED.append(engine)

    def _readable(self) -> Engine:
        """The engine there is, or a new one: one that can only read where the storage takes no more bytes."""
        if self._engine is not None and self._process == os.getpid():
            return self._engine
        try:
            return self._opened()
        except (DBAPIError, sqlite3.Error) as error:
            said = error.orig if isinstance(error, DBAPIError) else error
            if not isinstance(said, sqlite3.Error) or not unwritable.may_be_why(said):
                raise
            try:
                return self._open(lambda: unwritable.connect(self.path), writable=False)
            except (DBAPIError, sqlite3.Error):
                raise error from None

    def _opened(self) -> Engine:
        if self._engine is not None and self._writable and self._process == os.getpid():
            return self._engine
        return self._open(lambda: _connect(self.path), writable=True)

    def _open(self, creator: Callable[[], sqlite3.Connection], *, writable: bool) -> Engine:
        self.close()
        require_file(self.path)
        if not self.path.is_file():
            raise DamagedCatalogue(f"the catalogue is missing: {_REBUILD}", file=str(self.path))
        require_local(real(self.path).parent)
        engine = _engine(creator)
        try:
            with engine.connect() as connection:
                self._check(dict(connection.execute(select(about.c.name, about.c.value)).all()))
        except BaseException:
            engine.dispose()
            raise
        self._engine, self._writable, self._process = engine, writable, os.getpid()
        return engine

    def _check(self, said: dict[str, str]) -> None:
        schema = int(said.get("schema", "0"))
        if schema > SCHEMA:
            raise NotAnArchive(
                f"the catalogue is of schema {schema}, this program knows {SCHEMA}: install a newer Presskeep",
                file=str(self.path),
            )
        if schema < SCHEMA:
            raise DamagedCatalogue(f"the catalogue was made by an older Presskeep: {_REBUILD}", file=str(self.path))
        if said.get("archive") != self._archive:
            raise ConfigurationError(
                "the catalogue belongs to another archive: give each archive a state_dir of its own, or, if this is "
                "a copy, run 'presskeep rebuild'",
                file=str(self.path),
            )


def require_file(path: Path) -> None:
    """Raise ConfigurationError where something else than a file is in a catalogue's place, or a link to nowhere."""
    there = real(path).parent
    if path.is_symlink() and not there.is_dir():
        raise ConfigurationError(
            f"the catalogue is a link into {there}, which is not there: bring its disk back, or remove the link and "
            "run 'presskeep rebuild'",
            file=str(path),
        )
    if path.exists() and not path.is_file():
        raise ConfigurationError("no catalogue can be here: move this directory away", file=str(path))


def remove(path: Path) -> None:
    """Remove a catalogue that nobody has open, with the files that SQLite keeps beside it."""
    path.unlink(missing_ok=True)
    _remove_side_files(path)


def _remove_side_files(path: Path) -> None:
    for suffix in SIDE_FILES:
        path.with_name(path.name + suffix).unlink(missing_ok=True)


def replace(old: Path, new: Path) -> None:
    """Put the content of the catalogue ``new``, closed and whole, in the place of ``old``, in one step.

    The content is copied within one transaction of the old file (SQLite's backup): readers that have it open go on,
    and a crash leaves the old content. To rename one file over the other would let SQLite play the old one's log into
    the new one. Only what is no database any more, and so can be in nobody's use, is removed and renamed over: what a
    symbolic link names, not the link.
    """
    source = sqlite3.connect(f"file:{quote(str(new))}?mode=ro", uri=True, timeout=BUSY)
    try:
        if old.is_file():
            try:
                target = _connect(old)
            except sqlite3.DatabaseError as error:
                if not _is_garbage(error):
                    raise _said(error, old) from error
            else:
                try:
                    source.backup(target)
                    target.execute("PRAGMA wal_checkpoint(PASSIVE)")  # waits for no reader
                    return
                except sqlite3.DatabaseError as error:
                    if not _is_garbage(error):
                        raise _said(error, old) from error
                finally:
                    target.close()
    finally:
        source.close()
    if old.is_symlink():  # perhaps to another file system, where nothing can be renamed to
        with storage(str(old)), new.open("rb") as content:
            _remove_side_files(real(old))
            written(old, iter(lambda: content.read(2**20), b""))
        return
    _remove_side_files(old)
    put(new, old)


def shrink(path: Path) -> bool:
    """Write a catalogue anew without its free pages, so that nothing deleted is left in the file or its log.

    False where a reader kept the log from being emptied: it is, once that one has ended and this is called again.
    Raises StorageFull: there must be room for the whole catalogue once more.
    """
    with _translated(path), contextlib.closing(_connect(path)) as connection:
        connection.execute("VACUUM")
        busy, _, _ = connection.execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchone()
    return not busy


def _with_surrogates(raw: bytes) -> str:
    return raw.decode("utf-8", "surrogateescape")


def _is_garbage(error: sqlite3.Error) -> bool:
    return getattr(error, "sqlite_errorcode", 0) & 0xFF in {sqlite3.SQLITE_CORRUPT, sqlite3.SQLITE_NOTADB}


def _connect(path: Path, *, create: bool = False) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"file:{quote(str(path))}?mode={'rwc' if create else 'rw'}",
        uri=True,
        timeout=BUSY,
        isolation_level=None,  # transactions begin where we say, not where the driver guesses
        check_same_thread=False,  # the pool hands a connection to one thread at a time
    )
    try:
        mode = connection.execute("PRAGMA journal_mode = WAL").fetchone()[0]
        if mode != "wal":
            raise ConfigurationError(
                f"SQLite cannot share memory on this file system (journal mode {mode}): write state_dir = "
                '"/a/local/directory" into archive.toml',
                file=str(path),
            )
        connection.execute("PRAGMA synchronous = FULL")  # a commit is durable, not only atomic
        connection.execute("PRAGMA cache_size = -16384")  # KiB
    except BaseException:
        connection.close()
        raise
    return connection


@functools.cache
def _dialect() -> Dialect:
    """SQLite's, as it is once it has met the library: compiled statements are a dialect's own."""
    engine = create_engine("sqlite+pysqlite://")
    with contextlib.closing(engine.connect()):
        return engine.dialect


@functools.cache
def _making() -> tuple[str, ...]:
    """What makes the tables and their indexes."""
    made: list[str] = []
    engine = create_mock_engine("sqlite://", lambda one, *_, **__: made.append(str(one.compile(dialect=_dialect()))))
    metadata.create_all(engine, checkfirst=False)
    return tuple(made)


def _engine(creator: Callable[[], sqlite3.Connection]) -> Engine:
    # Readers that stream hold their connection for as long as they are read from: no upper bound.
    engine = create_engine(
        "sqlite+pysqlite://",
        creator=creator,
        poolclass=QueuePool,
        pool_size=2,
        max_overflow=-1,
    )
    engine.dialect = _dialect()

    @event.listens_for(engine, "begin")
    def _(connection: Connection) -> None:
        immediate = connection.get_execution_options().get(_IMMEDIATE)
        connection.exec_driver_sql("BEGIN IMMEDIATE" if immediate else "BEGIN")

    return engine.execution_options(compiled_cache=_COMPILED)


@contextlib.contextmanager
def _translated(path: Path) -> Iterator[None]:
    try:
        yield
    except DBAPIError as error:
        if isinstance(error.orig, sqlite3.Error):
            raise _said(error.orig, path) from error
        raise
    except sqlite3.Error as error:  # while a connection is made
        raise _said(error, path) from error


def _said(error: sqlite3.Error, path: Path) -> PresskeepError:
    """What an error of SQLite's means for a person."""
    file = str(path)
    code = getattr(error, "sqlite_errorcode", sqlite3.SQLITE_ERROR)
    if code in unwritable.SHARED_MEMORY:
        return StorageFull(
            f"the catalogue cannot be opened ({error}): SQLite keeps some 32 KiB beside it, "
            "and there is no room for that: free some space, then run the command again",
            file=file,
        )
    match code & 0xFF:
        case sqlite3.SQLITE_BUSY | sqlite3.SQLITE_LOCKED:
            return ArchiveBusy(f"another process held the catalogue for {BUSY:.0f} s: try again", file=file)
        case sqlite3.SQLITE_FULL | sqlite3.SQLITE_IOERR | sqlite3.SQLITE_TOOBIG:
            return StorageFull(
                f"the catalogue could not be written ({error}): free some space; what was stored in the WARC files "
                "is kept and entered at the next start",
                file=file,
            )
        case sqlite3.SQLITE_CANTOPEN if not os.path.lexists(path):
            return DamagedCatalogue(f"the catalogue is gone: bring it back, or {_REBUILD}", file=file)
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_CANTOPEN if is_read_only(path.parent):
            return StorageFull(
                "the catalogue's file system is read-only: see to its device, then mount it anew", file=file
            )
        case sqlite3.SQLITE_READONLY | sqlite3.SQLITE_PERM | sqlite3.SQLITE_CANTOPEN | sqlite3.SQLITE_AUTH:
            return ConfigurationError(f"the catalogue cannot be opened ({error}): see to its permissions", file=file)
        case _:
            return DamagedCatalogue(f"the catalogue cannot be read ({error}): {_REBUILD}", file=file)
