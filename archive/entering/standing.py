"""Standing: foreign files entered again where something about them has changed, and those that depend on them.

What a foreign file gives depends on those before it: of a capture that several hold one has the row. So where one of
them goes, or its terms are others, the catalogue must come to what a rebuild would make of the acts. Files that wait to
be entered again have no state in the catalogue until they are: so a kill anywhere leaves work that `finish` finds.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Collection, Iterable, Iterator
from pathlib import Path

from sqlalchemy import Connection, delete, select

from archive.catalogue import foreign_ids, holdings, tables, texts
from archive.catalogue.database import Catalog
from archive.catalogue.terms import Terms, in_force
from archive.entering import adoption, reentry
from archive.entering.adoption import Entered
from archive.errors import ConfigurationError, DamagedRecord
from archive.warc.foreign.form import FormRefused
from archive.warc.places import ATTACHED

logger = logging.getLogger(__name__)


def finish(warc: Path, catalog: Catalog) -> dict[str, Entered]:
    """Bring to its end what was killed behind its act: imports, attachments, other terms, detachments.

    The answer is what came of the files that were entered. To be called under the lock of `locking.one_by_one`. What
    cannot be had now, or lies behind a URL, is left for another time.
    """
    terms = in_force(catalog)
    states = _states(catalog)
    gone = [file for file in states if file.startswith(f"{ATTACHED}/") and file not in terms]
    if gone:
        leave(warc, catalog, gone)
        states = _states(catalog)
    waiting = [file for file, one in terms.items() if file not in states and not (one.attached and one.place.remote)]
    done, unreached = _enter_all(warc, catalog, waiting)
    for reason in unreached:
        logger.warning("not finished: %s", reason)
    return done


def leave(warc: Path, catalog: Catalog, files: Collection[str]) -> tuple[str, ...]:
    """Take out of the catalogue what it has of files that are let go of, and enter those that hold some of it as well.

    What was made from it goes, too. The answer is why some of the others could not be entered, which wait then.
    """
    others: set[str] = set()
    for file in files:
        for some in tables.in_parts(_sites(catalog, file)):
            with catalog.reading() as connection:
                others |= foreign_ids.depending(connection, some)
        with catalog.reading() as connection:
            for some in tables.in_parts(foreign_ids.contested(connection, file)):
                others |= foreign_ids.depending(connection, some) | foreign_ids.holding(connection, some)
    others -= set(files)
    unsettle(catalog, others)
    for file in files:
        _forget(catalog, file)
    return tuple(_enter_all(warc, catalog, others)[1])


@contextlib.contextmanager
def kept(warc: Path, catalog: Catalog, file: str) -> Iterator[None]:
    """Time in which a file is entered anew, maybe with fewer captures: what others hold of those stays, from there.

    It may be a file of the archive's own.
    """
    before = _sites(catalog, file)
    yield
    now = _sites(catalog, file)
    others: set[str] = set()
    for some in tables.in_parts([one for one in before if one not in now]):
        with catalog.writing() as connection:
            others |= foreign_ids.depending(connection, some)
            _unblock(connection, some)
    _enter_all(warc, catalog, others - {file})


def enter(warc: Path, catalog: Catalog, terms: Terms, advanced: Callable[[int], None] | None = None) -> Entered:
    """Enter a file on its terms, whatever the catalogue has of it on others; texts of captures that stay, stay."""
    before = _sites(catalog, terms.file)
    _make_room(catalog, terms.file, before)
    entered = adoption.enter_foreign(catalog, warc, terms, advanced)
    _free(catalog, terms.file, before)
    return entered


def unsettle(catalog: Catalog, files: Iterable[str]) -> None:
    """Say that files wait to be entered again."""
    with catalog.writing() as connection:
        for some in tables.in_parts(files):
            connection.execute(delete(tables.files).where(tables.files.c.file.in_(some)))


def _enter_all(warc: Path, catalog: Catalog, files: Collection[str]) -> tuple[dict[str, Entered], list[str]]:
    """Enter files again, in the order of their acts; what came of them, and why some could not be had."""
    waiting = [one for file, one in in_force(catalog).items() if file in files]
    before = {one.file: _sites(catalog, one.file) for one in waiting}
    for one in waiting:  # all of them: none shall have what another one is to have
        _make_room(catalog, one.file, before[one.file])
    done: dict[str, Entered] = {}
    unreached: list[str] = []
    for one in waiting:
        try:
            adoption.put_in_place(warc, one)
            done[one.file] = adoption.enter_foreign(catalog, warc, one)
        except (DamagedRecord, FormRefused, ConfigurationError, OSError) as error:
            unreached.append(f"{one.source}: {getattr(error, 'message', error)}")
        _free(catalog, one.file, before[one.file])
    return done, unreached


def _make_room(catalog: Catalog, file: str, ids: Iterable[str]) -> None:
    """Take a file's rows out of the catalogue, to be entered again; what is blocked of it is decided then."""
    reentry.forget(catalog, file)
    with catalog.writing() as connection:
        for some in tables.in_parts(ids):
            _unblock(connection, some)


def _states(catalog: Catalog) -> set[str]:
    """The files that the catalogue has to their end."""
    with catalog.reading() as connection:
        return {file for file, one in holdings.file_states(connection).items() if one.sha256 is not None}


def _sites(catalog: Catalog, file: str) -> dict[str, str | None]:
    """The sites of the captures that the catalogue has of a file, by id."""
    table = tables.captures.c
    with catalog.reading() as connection:
        rows = connection.execute(select(table.id, table.site).where(table.file == file))
        return {row.id: row.site for row in rows}


def _free(catalog: Catalog, file: str, before: dict[str, str | None]) -> None:
    """Let go of what was made from captures that are gone, or of another site now."""
    now = _sites(catalog, file) if before else {}
    table = tables.captures.c
    for some in tables.in_parts([one for one, site in before.items() if one not in now or now[one] != site]):
        with catalog.writing() as connection:
            rows = connection.execute(select(table.id, table.site).where(table.id.in_(some)))
            held = {row.id: row.site for row in rows}
            texts.forget(connection, [one for one in some if one not in held or held[one] != before[one]])


def _forget(catalog: Catalog, file: str) -> None:
    """Take out of the catalogue all that it has of a file: in steps, since it may be much."""
    captures = tables.captures.c
    while True:
        with catalog.writing() as connection:
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
