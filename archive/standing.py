"""Standing: foreign files entered again where something about them has changed, and those that depend on them.

What a foreign file gives depends on those before it: of a capture that several hold one has the row. So where one of
them goes, or its terms are others, the catalogue must come to what a rebuild would make of the acts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select

from archive import adoption, foreign_ids, holdings, reentry, tables, texts
from archive.adoption import Entered
from archive.errors import ConfigurationError, DamagedRecord
from archive.terms import Terms, in_force
from archive.warc.foreign.form import FormRefused

if TYPE_CHECKING:
    from archive.store import Archive


def leave(archive: Archive, files: Iterable[str]) -> tuple[str, ...]:
    """Take out of the catalogue what it has of files that are let go of, and enter those that hold some of it as well.

    What was made from it goes, too. The answer is why some of the others could not be entered: for a rebuild, then.
    """
    gone = set(files)
    others: set[str] = set()
    for file in gone:
        with archive.catalog.reading() as connection:
            others |= foreign_ids.depending(connection, file)
        _forget(archive, file)
    terms = in_force(archive.catalog)
    waiting = [one for file, one in terms.items() if file in others - gone]
    before = {one.file: _sites(archive, one.file) for one in waiting}
    for one in waiting:
        reentry.forget(archive.catalog, one.file)
    unreached: list[str] = []
    for one in waiting:
        try:
            adoption.enter_foreign(archive.catalog, archive.warc_path, one)
        except (DamagedRecord, FormRefused, ConfigurationError, OSError) as error:
            unreached.append(f"{one.source}: {getattr(error, 'message', error)}")
        _free(archive, one.file, before[one.file])
    return tuple(unreached)


def enter(archive: Archive, terms: Terms, advanced: Callable[[int], None] | None = None) -> Entered:
    """Enter a file on its terms, whatever the catalogue has of it on others; texts of captures that stay, stay."""
    before = _sites(archive, terms.file)
    if before:
        reentry.forget(archive.catalog, terms.file)
    entered = adoption.enter_foreign(archive.catalog, archive.warc_path, terms, advanced)
    _free(archive, terms.file, before)
    return entered


def _sites(archive: Archive, file: str) -> dict[str, str | None]:
    """The sites of the captures that the catalogue has of a file, by id."""
    table = tables.captures.c
    with archive.catalog.reading() as connection:
        rows = connection.execute(select(table.id, table.site).where(table.file == file))
        return {row.id: row.site for row in rows}


def _free(archive: Archive, file: str, before: dict[str, str | None]) -> None:
    """Let go of what was made from captures that are gone, or of another site now."""
    if not before:
        return
    now = _sites(archive, file)
    for some in tables.in_parts([one for one, site in before.items() if one not in now or now[one] != site]):
        with archive.catalog.writing() as connection:
            table = tables.captures.c
            rows = connection.execute(select(table.id, table.site).where(table.id.in_(some)))
            held = {row.id: row.site for row in rows}
            texts.forget(connection, [one for one in some if one not in held or held[one] != before[one]])
            _unblock(connection, [one for one in some if one not in held])


def _forget(archive: Archive, file: str) -> None:
    """Take out of the catalogue all that it has of a file: in steps, since it may be much."""
    captures = tables.captures.c
    while True:
        with archive.catalog.writing() as connection:
            some = list(connection.scalars(select(captures.id).where(captures.file == file).limit(holdings.FETCH)))
            if not some:
                for table in (tables.copies, tables.pending, tables.files):
                    connection.execute(delete(table).where(table.c.file == file))
                return
            texts.forget(connection, some)
            connection.execute(delete(tables.pending).where(tables.pending.c.file == file))
            _unblock(connection, some)
            connection.execute(delete(tables.captures).where(captures.id.in_(some)))


def _unblock(connection: Connection, ids: Iterable[str]) -> None:
    connection.execute(delete(tables.blocked).where(tables.blocked.c.id.in_(list(ids))))
