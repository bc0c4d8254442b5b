"""What only the old catalogue has: rows whose records cannot be read any more, and texts that cannot be made here.

A rebuild takes them over, so that damage to a WARC file takes nothing away that was there before.
"""

from __future__ import annotations

import logging
from collections.abc import Collection, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import ColumnElement, Select, delete, select
from sqlalchemy.dialects.sqlite import insert

from archive.article import identity
from archive.capture import Capture
from archive.catalogue import comparison, holdings, losses, tables, texts
from archive.catalogue.holdings import FETCH, FileState
from archive.cleaning.version import CLEANER
from archive.errors import DamagedRecord
from archive.event import Act, Event, SiteConfigured, StoredAttempt
from archive.warc.places import ATTACHED

if TYPE_CHECKING:
    from archive.store import Archive

logger = logging.getLogger(__name__)

_BY_ID = (
    (Capture, tables.captures),
    (StoredAttempt, tables.attempts),
    (SiteConfigured, tables.sites),
    (Act, tables.acts),
)
_IDENTIFIED = (Capture, StoredAttempt, SiteConfigured, Act)


def keep_lost(old: Archive, new: Archive, damaged: Collection[str]) -> int:
    """Take over what the old catalogue has of records that no file holds any more, with their texts; its number.

    Of ``damaged`` files it takes over what they were when they were whole, too. So `verify` goes on to name what is
    lost, and a file that comes back from a backup agrees with the catalogue again. Nothing is taken from a catalogue
    that is not intact.
    """
    found = 0
    bad: list[str] = []
    try:
        if old.catalog.damage() is not None:
            return 0
        with old.catalog.reading() as connection:
            states = holdings.file_states(connection)
        for state in states.values():
            lost = _lost(old, new, state.file, bad)
            if lost or state.file in damaged:
                _enter(new, lost, state)
                ids = [event.id for event in lost if isinstance(event, Capture)]
                for some in tables.in_parts(ids):
                    _take_texts(old, new, _made_of(some))
                if not state.file.startswith(f"{ATTACHED}/"):  # what lies elsewhere may come back: it is not lost
                    found += len(lost)
        with new.catalog.reading() as connection:
            cut_out = losses.lost_ids(connection)
        for some in tables.in_parts(cut_out):
            _take_texts(old, new, _made_of(some))
    except (DamagedRecord, ValueError) as error:  # ValueError: a value that no program of ours wrote
        logger.warning("%s: of what only the old catalogue has, %d rows were kept", error, found)
    if bad:
        logger.warning("of the old catalogue %d rows could not be read, and all others were: %s", len(bad), bad[0])
    return found


def keep_unreached(old: Archive, new: Archive, file: str) -> None:
    """Take over all that the old catalogue has of an attached file that is out of reach now, with its texts."""
    try:
        if old.catalog.damage() is not None:
            return
        with old.catalog.reading() as connection:
            state = holdings.file_states(connection, file).get(file)
            copies = [dict(row) for row in connection.execute(_copies_in(file)).mappings()]
        if state is None:
            return
        bad: list[str] = []
        events = list(comparison.entered(old.catalog, old.warc_path, file, left_out=bad).values())
        if bad:
            logger.warning("%s: %d rows of the old catalogue could not be read: %s", file, len(bad), bad[0])
        _enter(new, events, state)
        with new.catalog.writing() as connection:
            for part in tables.in_parts(copies):
                connection.execute(insert(tables.copies).on_conflict_do_nothing(), part)
        for some in tables.in_parts([event.id for event in events if isinstance(event, Capture)]):
            _take_texts(old, new, _made_of(some))
    except (DamagedRecord, ValueError) as error:
        logger.warning("%s: of %s not all was kept", error, file)


def _made_of(captures: Sequence[str]) -> ColumnElement[bool]:
    """The texts of the installed cleaner that have words of these captures, be it as further pages."""
    texts, further = tables.texts.c, tables.further.c
    with_pages = select(further.capture).where(further.cleaner == CLEANER, further.companion.in_(captures))
    return (texts.cleaner == CLEANER) & (texts.capture.in_(captures) | texts.capture.in_(with_pages))


def _copies_in(file: str) -> Select[tuple[str, int, str]]:
    table = tables.copies.c
    return select(table.file, table.offset, table.id).where(table.file == file)


def keep_others(old: Archive, new: Archive) -> int:
    """Take over the texts of other cleaners that are what their identity says and have their capture; their number."""
    try:
        return _take_texts(old, new, tables.texts.c.cleaner != CLEANER)
    except DamagedRecord as error:
        logger.warning("%s: not all texts of other cleaners were kept", error)
        return 0


def _lost(old: Archive, new: Archive, file: str, bad: list[str]) -> list[Event]:
    """What the old catalogue has of a file and the new one has not, neither there nor elsewhere."""
    before = comparison.entered(old.catalog, old.warc_path, file, left_out=bad)
    now = comparison.entered(new.catalog, new.warc_path, file)
    missing = [event for offset, event in before.items() if offset not in now]
    torn = [event for offset, event in before.items() if offset in now and _torn(event, now[offset])]
    # The file may only have another name now.
    elsewhere = _known(new, missing) if missing else set()
    return [*(event for event in missing if _key(event) not in elsewhere), *torn]


def _torn(before: Event, now: Event) -> bool:
    """Whether a capture has lost its metadata record: what that said is known to the old catalogue only."""
    return (
        isinstance(before, Capture)
        and isinstance(now, Capture)
        and before.id == now.id
        and now.run is None
        and before.run is not None
    )


def _key(event: Event) -> Event | str:
    """What an event is known by, wherever it lies."""
    return event.id if isinstance(event, _IDENTIFIED) else replace(event, location=None)


def _known(new: Archive, events: Sequence[Event]) -> set[Event | str]:
    """Of some events, the keys of those that the new catalogue has."""
    with new.catalog.reading() as connection:
        known: set[Event | str] = {_key(mark) for mark in holdings.marks(connection)}
        for kind, table in _BY_ID:
            for some in tables.in_parts([event.id for event in events if isinstance(event, kind)]):
                known.update(connection.scalars(select(table.c.id).where(table.c.id.in_(some))))
    return known


def _enter(new: Archive, lost: Sequence[Event], state: FileState) -> None:
    files = tables.files
    with new.catalog.writing() as connection:
        for some in tables.in_parts([event.id for event in lost if isinstance(event, Capture)]):
            connection.execute(delete(tables.captures).where(tables.captures.c.id.in_(some)))  # those that are torn
        if state.sha256 is not None:
            connection.execute(delete(files).where(files.c.file == state.file))
        holdings.enter(connection, lost, [state])


def _is_whole(row: dict[str, Any]) -> bool:
    """Whether a text is that of its identity, and no value beside it is broken."""
    values = [value for value in row.values() if value is not None]
    if not all(isinstance(value, str | int) for value in values):
        return False
    try:
        for value in values:
            str(value).encode()
    except UnicodeEncodeError:
        return False
    return identity(str(row["canonical"]).encode()) == str(row["identity"])


def _take_texts(old: Archive, new: Archive, which: ColumnElement[bool]) -> int:
    table = tables.texts
    question = select(table).where(which).order_by(table.c.cleaner, table.c.capture)
    kept = 0
    with old.catalog.salvaging() as reading:
        rows = reading.execution_options(yield_per=FETCH).execute(question).mappings()
        for some in tables.in_parts(map(dict, rows)):
            with new.catalog.writing() as connection:
                ids = [row["capture"] for row in some]
                known = set(connection.scalars(select(tables.captures.c.id).where(tables.captures.c.id.in_(ids))))
                sound = [row for row in some if row["capture"] in known and _is_whole(row)]
                texts.add(connection, sound)
            kept += len(sound)
    return kept
