"""Rewrites: closed files of an archive replaced for good reason, each told by an act before it happens.

Whatever replaces a closed file does it here, in one order: the new file is made beside the old one and is durable, then
an act with the digests of both is durable, then the new file takes the old one's name, then the catalogue learns its
new places. So whoever finds the one or the other file knows which it is, and a kill between any two steps is put right:
before the new name by whoever wanted it, behind it by the next writer.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select

from archive import locking
from archive.catalogue import holdings, tables
from archive.catalogue.chains import REWRITE, in_order
from archive.catalogue.database import Catalog
from archive.catalogue.rows import act_of_row
from archive.catalogue.terms import in_force
from archive.cleaning.version import CLEANER
from archive.entering.adoption import enter_foreign, laid, measure
from archive.entering.reentry import forget, reenter
from archive.entering.standing import kept
from archive.errors import DamagedRecord
from archive.event import Act
from archive.warc.foreign.form import Coding, FormRefused
from archive.warc.foreign.source import open_source
from archive.warc.paths import resolve
from archive.warc.places import IMPORTED, is_foreign
from archive.warc.rewriting import Part, Rewritten, clear, discard, prepare, put_in_place
from archive.warc.scan import Gap

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.writing import ArchiveWriter


class Reason(StrEnum):
    """Why a file is replaced."""

    REPAIR = "repair"  # of damage
    PURGE = "purge"  # something is removed from it
    PROMOTION = "promotion"  # revisits in it inherit the payload of what is removed elsewhere


@dataclass(frozen=True, slots=True)
class Rewrite:
    """A file that was to be replaced: its size and labelled SHA-256 before and after, and the id of the act it serves.

    ``facts`` are what else is to be known of it.
    """

    file: str
    reason: str
    was: str
    was_size: int
    becomes: str
    size: int
    serves: str
    facts: tuple[tuple[str, str], ...] = ()

    def told(self) -> list[tuple[str, str]]:
        """The facts of the act that tells of it."""
        return [
            ("file", self.file),
            ("reason", self.reason),
            ("serves", self.serves),
            ("was", self.was),
            ("was-size", str(self.was_size)),
            ("is", self.becomes),
            ("is-size", str(self.size)),
            *self.facts,
        ]

    @classmethod
    def of(cls, act: Act) -> Rewrite | None:
        """What an act tells of; None for any other act, and for one that cannot be followed."""
        names = ("file", "reason", "was", "was-size", "is", "is-size", "serves")
        given = [act.first(name) or "" for name in names]
        file, reason, was, was_size, becomes, size, serves = given
        if act.act != REWRITE or not all(given) or not (was_size.isdecimal() and size.isdecimal()):
            return None
        others = tuple(one for one in act.facts if one[0] not in names)
        return cls(file, reason, was, int(was_size), becomes, int(size), serves, others)


def can_be_rewritten(archive: Archive, file: str) -> bool:
    """Whether a file's records can be replaced, and all others keep their ids.

    Attached files are not the archive's. Of imported ones they cannot in ARC and WACZ files, in those that were
    compressed as a whole or by Zstandard, and where ids are made from the digest of the file, because records have none
    or that of another one.
    """
    if not is_foreign(file):
        return True
    if not file.startswith(f"{IMPORTED}/"):
        return False
    table = tables.captures.c
    with archive.catalog.reading() as connection:
        if connection.scalar(select(table.id).where(table.file == file, table.record.is_not(None)).limit(1)):
            return False
    try:
        with open_source(archive.warc_path, file) as source:
            if source.form.arc or source.form.coding not in {Coding.PLAIN, Coding.MEMBERS}:
                return False
            return all(isinstance(one, Gap) or one.id is not None for one in source.scan(0, limit=0))
    except (DamagedRecord, FormRefused):
        return False


@contextmanager
def alone(archive: Archive) -> Iterator[Archive]:
    """The archive for one process that nobody writes beside, its writers among them; raises ArchiveBusy.

    What killed rewritings left beside their files is removed first.
    """
    archive.close()
    with locking.alone(archive.catalog.path.parent):
        own = type(archive)(archive.path, archive.configuration, catalog=archive.catalog.path)
        try:
            clear(own.warc_path)
            yield own
        finally:
            own.close()


def replace_file(
    archive: Archive,
    writer: ArchiveWriter,
    file: str,
    parts: Iterable[Part],
    *,
    reason: Reason,
    serves: str,
    facts: Sequence[tuple[str, str]] = (),
    expected: str | None = None,
) -> Rewritten:
    """Replace a file by its parts, and let the catalogue have what it holds then.

    ``archive`` is had alone, and ``writer`` is of it. ``serves`` is the id of the act that says what is done and why,
    durable with the next commit at the latest; ``expected`` the digest that the new file must have. Killed anywhere,
    either file is there whole, and nothing of the catalogue is lost. Raises StorageFull with the old file in its place.
    """
    warc = archive.warc_path
    done = prepare(warc, file, parts)
    try:
        if expected is not None and done.sha256 != expected:
            raise DamagedRecord("the file changed while it was read: run the same command again", file=file)
        if done.sha256 != done.was_sha256:  # another one before may have done it
            sizes = (done.was_sha256, done.was_size, done.sha256, done.size)
            tell(archive, writer, Rewrite(file, reason, *sizes, serves, tuple(facts)))
            put_in_place(warc, done)
    finally:
        discard(warc, file)
    enter(archive.catalog, warc, file)
    return done


def tell(archive: Archive, writer: ArchiveWriter, rewrite: Rewrite) -> None:
    """Write the act, durably; the last one about the file is not written again where it says the same."""
    with archive.catalog.reading() as connection:
        before = list(of_file(connection, rewrite.file))[-1:]
    if before != [rewrite]:
        writer.add_act(REWRITE, rewrite.told())
    writer.commit()


def enter(catalog: Catalog, warc: Path, file: str) -> None:
    """Let the catalogue have of a file what it holds now; texts stay, and what other files hold of what is gone."""
    with kept(warc, catalog, file):
        _enter(catalog, warc, file)


def _enter(catalog: Catalog, warc: Path, file: str) -> None:
    if not is_foreign(file):
        reenter(catalog, warc, file)
        return
    now = laid(warc, file)
    agreed = in_force(catalog).get(file, now)
    forget(catalog, file)
    enter_foreign(catalog, warc, replace(agreed, size=now.size, identity=now.identity))
    waiting, texts = tables.pending.c, tables.texts.c
    done = select(texts.capture).where(texts.cleaner == CLEANER, texts.capture == waiting.capture).exists()
    with catalog.writing() as connection:
        connection.execute(delete(tables.pending).where(waiting.file == file, done))


def all_of_them(connection: Connection) -> Iterator[Rewrite]:
    """All rewrites, in the order of time; of each file as they build upon each other, whatever the clock said."""
    table = tables.acts
    question = select(table).where(table.c.act == REWRITE).order_by(table.c.at, table.c.id)
    for act in in_order(act_of_row(row) for row in connection.execute(question).mappings()):
        rewrite = Rewrite.of(act)
        if rewrite is not None:
            yield rewrite


def of_file(connection: Connection, file: str) -> Iterator[Rewrite]:
    """The rewrites of one file, in their order."""
    return (one for one in all_of_them(connection) if one.file == file)


def pending(connection: Connection) -> dict[str, Rewrite]:
    """Files that the catalogue does not know as their last rewrite makes them: before it, or not whole."""
    last = {one.file: one for one in all_of_them(connection)}
    if not last:
        return {}
    states = holdings.file_states(connection)
    return {file: one for file, one in last.items() if file not in states or states[file].sha256 != one.becomes}


def settle(catalog: Catalog, warc: Path) -> tuple[str, ...]:
    """Enter the files that were replaced just before a kill, as they lie there now; their names."""
    with catalog.reading() as connection:
        waiting = pending(connection)
    found = [file for file, one in waiting.items() if is_done(warc, one)]
    for file in found:
        enter(catalog, warc, file)
    return tuple(found)


def is_done(warc: Path, rewrite: Rewrite) -> bool:
    """Whether a file is already what its rewrite makes of it."""
    return is_now(warc, rewrite.file, rewrite.size, rewrite.becomes)


def is_to_come(warc: Path, rewrite: Rewrite) -> bool:
    """Whether a file is still what it was before its rewrite."""
    return is_now(warc, rewrite.file, rewrite.was_size, rewrite.was)


def is_now(warc: Path, file: str, size: int, sha256: str) -> bool:
    """Whether a file has this size, and only then is read: this digest."""
    try:
        path = resolve(warc, file)
        return path.stat().st_size == size and measure(path)[1] == sha256
    except (DamagedRecord, FileNotFoundError):
        return False
