"""Rewrites: closed files of an archive replaced for good reason, told by an act before it happens.

The act names the file's digest before and after, so that whoever finds the one or the other knows which: a kill between
the file's new name and the catalogue's new places is put right by the next writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select

from archive import holdings, locking, tables
from archive.adoption import enter_foreign, measure
from archive.catalog import Catalog
from archive.cleaning.version import CLEANER
from archive.errors import DamagedRecord
from archive.event import Act
from archive.reentry import forget, reenter
from archive.rows import act_of_row
from archive.terms import REWRITE, in_force
from archive.warc.paths import resolve
from archive.warc.places import is_foreign
from archive.warc.rewriting import PART, Part, Rewritten, clear, prepare, put_in_place

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store import Archive
    from archive.writing import ArchiveWriter


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file that was to be replaced: its labelled SHA-256 before and after, and the act it serves."""

    file: str
    was: str
    becomes: str
    serves: str


@contextmanager
def alone(archive: Archive) -> Iterator[Archive]:
    """The archive for one process that nobody writes beside, its writers among them; raises ArchiveBusy."""
    archive.close()
    with locking.alone(archive.catalog.path.parent):
        own = type(archive)(archive.path, archive.configuration, catalog=archive.catalog.path)
        try:
            own.adopt()
            yield own
        finally:
            own.close()


def replace_file(
    archive: Archive,
    writer: ArchiveWriter,
    file: str,
    parts: Iterable[Part],
    serves: str,
    facts: Sequence[tuple[str, str]],
) -> Rewritten:
    """Replace a file by its parts: made beside it, told, put in its place, and entered anew.

    ``archive`` is had alone, and ``writer`` is of it. Killed anywhere, either file is there whole, and nothing of the
    catalogue is lost. Raises StorageFull with the old file in its place.
    """
    warc = archive.warc_path
    done = prepare(warc, file, parts)
    try:
        if done.sha256 == done.was_sha256:  # another one before has done it
            clear(warc)
            _enter(archive.catalog, warc, file)
            return done
        told = [("file", file), ("was", done.was_sha256), ("is", done.sha256), ("size", str(done.size))]
        writer.add_act(REWRITE, [*told, ("serves", serves), *facts])
        writer.commit()
        put_in_place(warc, done)
    except BaseException:
        path = resolve(warc, file)
        with suppress(OSError):
            path.with_name(path.name + PART).unlink(missing_ok=True)
        raise
    _enter(archive.catalog, warc, file)
    return done


def _enter(catalog: Catalog, warc: Path, file: str) -> None:
    """Let the catalogue have of a file what it holds now; texts stay."""
    if not is_foreign(file):
        reenter(catalog, warc, file)
        return
    forget(catalog, file)
    enter_foreign(catalog, warc, in_force(catalog)[file])
    waiting, texts = tables.pending.c, tables.texts.c
    done = select(texts.capture).where(texts.cleaner == CLEANER, texts.capture == waiting.capture).exists()
    with catalog.writing() as connection:
        connection.execute(delete(tables.pending).where(waiting.file == file, done))


def pending(connection: Connection) -> dict[str, Rewrite]:
    """Files whose last rewrite the catalogue does not have: it knows them as they were before, or not whole."""
    table = tables.acts
    question = select(table).where(table.c.act == REWRITE).order_by(table.c.at, table.c.id)
    last = {one.file: one for row in connection.execute(question).mappings() if (one := _of(act_of_row(row)))}
    if not last:
        return {}
    states = holdings.file_states(connection)
    return {file: one for file, one in last.items() if file not in states or states[file].sha256 == one.was}


def settle(catalog: Catalog, warc: Path) -> tuple[str, ...]:
    """Enter the files that were replaced just before a kill, as they lie there now; their names."""
    with catalog.reading() as connection:
        waiting = pending(connection)
    found = [file for file, one in waiting.items() if is_done(warc, one)]
    for file in found:
        _enter(catalog, warc, file)
    return tuple(found)


def is_done(warc: Path, rewrite: Rewrite) -> bool:
    """Whether a file is already what its rewrite makes of it."""
    return _sha256(warc, rewrite.file) == rewrite.becomes


def is_to_come(warc: Path, rewrite: Rewrite) -> bool:
    """Whether a file is still what it was before its rewrite."""
    return _sha256(warc, rewrite.file) == rewrite.was


def _sha256(warc: Path, file: str) -> str | None:
    try:
        return measure(resolve(warc, file))[1]
    except DamagedRecord:
        return None


def _of(act: Act) -> Rewrite | None:
    file, was, becomes = (act.first(name) or "" for name in ("file", "was", "is"))
    return Rewrite(file, was, becomes, act.first("serves") or "") if file and was and becomes else None
