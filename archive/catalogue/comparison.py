"""Comparisons: what a WARC file tells against what the catalogue says of it, and derived tables against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from itertools import groupby
from pathlib import Path

from sqlalchemy import RowMapping, Table, select

from archive.article import identity
from archive.capture import Capture
from archive.catalogue import rows, tables
from archive.catalogue.database import Catalog
from archive.catalogue.foreign_ids import same
from archive.catalogue.holdings import FETCH
from archive.catalogue.texts import editions_made_anew, editions_of
from archive.errors import DamagedCatalogue
from archive.event import Act, Event, SiteConfigured, StoredAttempt
from archive.warc.finding import Finding, Rule
from archive.warc.places import is_foreign
from archive.warc.reader import Gap

CATALOG = "catalog.sqlite"  # what findings about the catalogue alone are said of


def of_file(
    catalog: Catalog, warc: Path, file: str, events: Iterable[Event | Gap], end: int | None = None, *, start: int = 0
) -> Iterator[Finding]:
    """What a file, read as ``events``, and the catalogue say differently.

    From ``start`` up to ``end``, where only a stretch of it is read, or it is being written.
    """
    known = entered(catalog, warc, file, start, end)
    for event in events:
        if isinstance(event, Gap):
            continue  # `Check` tells of it; what the catalogue has in it is lost, as said below
        place = event.location
        if place is None or (end is not None and place.offset >= end):
            continue
        said = known.pop(place.offset, None)
        if said is None:
            yield _unknown(catalog, warc, file, place.offset, event)
        elif said != event and not _renamed(file, said, event):
            yield _repairable(file, place.offset, f"the catalogue says something else of {_named(event)}")
    for offset, event in sorted(known.items(), key=lambda item: item[0]):
        gone = f"the catalogue has {_named(event)}, which cannot be read from the file any more"
        yield Finding(file, offset, Rule.GONE, gone)


def entered(
    catalog: Catalog,
    warc: Path,
    file: str,
    start: int = 0,
    end: int | None = None,
    *,
    left_out: list[str] | None = None,
) -> dict[int, Event]:
    """What the catalogue has of a file, or a range of it, by offset; raises DamagedCatalogue for a row that cannot be.

    With ``left_out`` such a row is left out, and why goes there.
    """
    found: dict[int, Event] = {}
    readers: tuple[tuple[Table, Callable[[RowMapping], Event]], ...] = (
        (tables.captures, lambda row: rows.capture_of_row(row, warc)),
        (tables.attempts, rows.attempt_of_row),
        (tables.marks, rows.mark_of_row),
        (tables.sites, rows.site_of_row),
        (tables.acts, rows.act_of_row),
    )
    with catalog.reading() if left_out is None else catalog.salvaging() as connection:
        for table, read in readers:
            asked = select(table).where(table.c.file == file, table.c.offset >= start)
            if end is not None:
                asked = asked.where(table.c.offset < end)
            for row in connection.execute(asked).mappings():
                try:
                    event = read(row)
                    if left_out is not None:
                        rows.require_utf8(row)
                except DamagedCatalogue as error:
                    if left_out is None:
                        raise
                    left_out.append(str(error.__cause__))
                else:
                    if event.location is not None:
                        found[event.location.offset] = event
    return found


def of_texts(catalog: Catalog, advanced: Callable[[int], None] | None = None) -> Iterator[Finding]:
    """What in the tables of texts is not what it follows from: identities, captures, editions."""
    texts = tables.texts
    question = (
        select(texts, tables.captures.c.id)
        .join_from(texts, tables.captures, tables.captures.c.id == texts.c.capture, isouter=True)
        .order_by(texts.c.cleaner, texts.c.site, texts.c.key, texts.c.at, texts.c.capture)
    )
    done = 0
    with catalog.reading() as connection:
        streamed = connection.execution_options(yield_per=FETCH).execute(question).mappings()
        for key, group in groupby(streamed, key=lambda row: (row["cleaner"], row["site"], row["key"])):
            for row in group:
                done += 1
                canonical = row["canonical"]
                if not isinstance(canonical, str) or identity(canonical.encode()) != row["identity"]:
                    yield Finding(CATALOG, 0, Rule.TEXT, f"the text of {row['capture']} is not that of its identity")
                if row["id"] is None:
                    yield Finding(CATALOG, 0, Rule.TEXT, f"there is a text of {row['capture']}, but no such capture")
            if editions_of(connection, key) != editions_made_anew(connection, key):
                yield Finding(CATALOG, 0, Rule.TEXT, f"the editions of {key[2]} do not follow from its texts")
            if advanced is not None:
                advanced(done)


def _unknown(catalog: Catalog, warc: Path, file: str, offset: int, event: Event) -> Finding:
    """What it means that the catalogue does not have an event at its place: another record may have its id."""
    if isinstance(event, Capture):
        with catalog.reading() as connection:
            question = select(tables.captures)
            if is_foreign(file):
                at = tables.copies.c
                question = question.join(tables.copies, at.id == tables.captures.c.id)
                question = question.where(at.file == file, at.offset == offset)
            else:
                question = question.where(tables.captures.c.id == event.id)
            row = connection.execute(question).mappings().first()
        if row is not None and is_foreign(file):
            if same(event, row["url"], row["at"], row["kind"], row["payload_digest"]):
                said = f"{_named(event)} is in {row['file']}, too: that one is in the catalogue"
                return Finding(file, offset, Rule.HELD_TWICE, said)
        elif row is not None and row["file"] != file:
            other = rows.capture_of_row(row, warc)
            if replace(other, location=None) == replace(event, location=None):
                said = f"{_named(event)} is in {row['file']}, too: that one is in the catalogue"
                return Finding(file, offset, Rule.HELD_TWICE, said)
            said = f"{_named(event)} has the id of another record, in {row['file']}, and so cannot be entered"
            return Finding(file, offset, Rule.SAME_ID, said)
    return _repairable(file, offset, f"the catalogue lacks {_named(event)}")


def _renamed(file: str, said: Event, event: Event) -> bool:
    """Whether a foreign capture only has another id in the catalogue, because its own is that of another capture."""
    if not (isinstance(said, Capture) and isinstance(event, Capture) and is_foreign(file) and said.id != event.id):
        return False
    return replace(event, id=said.id) == said


def _repairable(file: str, offset: int, message: str) -> Finding:
    return Finding(file, offset, Rule.CATALOGUE, message)


def _named(event: Event) -> str:
    match event:
        case Capture():
            return f"the capture of {event.url}"
        case StoredAttempt():
            return f"the attempt at {event.attempt.url}"
        case SiteConfigured():
            return f"the configuration of {event.site}"
        case Act():
            return f"the {event.act} of the run {event.run}"
        case _:
            return f"a mark of the run {event.run}"
