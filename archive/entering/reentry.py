"""Entering a WARC file anew, after its bytes were put right: the catalogue's places in it, in one transaction."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from itertools import islice
from pathlib import Path

from sqlalchemy import Connection, delete, select
from sqlalchemy.dialects.sqlite import insert

from archive.catalogue import holdings, losses, tables
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FileState
from archive.cleaning.version import CLEANER
from archive.entering.adoption import BATCH, measure
from archive.event import Act, Event
from archive.warc.paths import resolve
from archive.warc.reader import Gap, read_on

_PLACED = (tables.captures, tables.copies, tables.attempts, tables.marks, tables.sites, tables.acts, tables.pending)


def reenter(catalog: Catalog, warc: Path, file: str) -> None:
    """Let the catalogue have of a closed file what it holds now, and of its lost captures what the acts tell.

    Texts stay; nothing is to be cleaned again. Raises StorageFull; killed anywhere, the catalogue is as it was.
    """
    size, sha256 = measure(resolve(warc, file))
    with catalog.writing() as connection:
        repairs = [act for act, _ in losses.repairs(connection, file)]
        _remove(connection, file)
        events = _events(warc, file)
        while batch := list(islice(events, BATCH)):
            holdings.enter(connection, batch)
        holdings.enter(connection, (), [FileState(file, size, sha256)])
        _lose(connection, repairs)
        pending, texts = tables.pending.c, tables.texts.c
        done = select(texts.capture).where(texts.cleaner == CLEANER, texts.capture == pending.capture).exists()
        connection.execute(delete(tables.pending).where(pending.file == file, done))


def forget(catalog: Catalog, file: str) -> None:
    """Let the catalogue have nothing of a file that is gone but its lost captures, as the acts tell them."""
    with catalog.writing() as connection:
        repairs = [act for act, _ in losses.repairs(connection, file)]
        _remove(connection, file)
        _lose(connection, repairs)


def _remove(connection: Connection, file: str) -> None:
    for table in (*_PLACED, tables.files):
        connection.execute(delete(table).where(table.c.file == file))


def _lose(connection: Connection, repairs: Iterable[Act]) -> None:
    if lost := losses.rows_of(repairs):
        connection.execute(insert(tables.captures).on_conflict_do_nothing(), lost)


def _events(warc: Path, file: str) -> Iterator[Event]:
    return (one for one in read_on(warc, file) if not isinstance(one, Gap))
