"""Adoption: what lies under ``warc/`` and the catalogue does not know is recovered and entered."""

from __future__ import annotations

import logging
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path

from sqlalchemy import delete, select

from archive import locking
from archive.capture import Capture
from archive.catalogue import foreign_ids, holdings, tables
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FileState
from archive.catalogue.terms import Terms, in_force, told
from archive.cleaning.version import CLEANER
from archive.digest import sha256_of_file
from archive.errors import DamagedRecord
from archive.event import Event
from archive.warc import incoming
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import identity
from archive.warc.paths import closed_files, resolve
from archive.warc.places import is_foreign
from archive.warc.reader import Gap, read_on
from archive.warc.recovery import Recovery, recover

TOLD = 1000  # gaps of one foreign file that are told one by one
BATCH = 500  # events entered in one transaction: other writers must not wait long

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True)
class Adopted:
    """What was found: dead writers' files, files that were entered, and gaps in them, of which nothing can be read."""

    recovered: tuple[Recovery, ...] = ()
    files: tuple[str, ...] = ()
    damaged: tuple[Gap, ...] = ()


@dataclass(frozen=True, slots=True)
class Entered:
    """What came of a foreign file: captures entered, captures known before, captures that its terms leave out, gaps.

    ``broken`` counts the gaps, of which the first ``TOLD`` are kept: a megabyte may have ten million.
    """

    captures: int = 0
    known: int = 0
    left_out: int = 0
    gaps: tuple[Gap, ...] = ()
    broken: int = 0


def adopt(warc: Path, quarantine: Path, catalog: Catalog) -> Adopted:
    """Close the files of dead writers, and enter all closed files that the catalogue does not know to their end.

    Imports and attachments that were killed are brought to their end, too.

    Files of living writers are left to them. Two processes that do this at once do no harm: what is entered already
    stays as it is.
    """
    recovered = recover(warc, quarantine, committed_in(catalog))
    for one in recovered:
        if one.cut:
            logger.warning("%s: a writer was killed: %d bytes of no whole record were put aside", one.file, one.cut)
    entered: list[str] = []
    damaged: list[Gap] = []
    for file in closed_files(warc):
        with catalog.reading() as connection:
            state = holdings.file_states(connection, file).get(file)
        if state is not None and state.sha256 is not None:
            continue
        if is_foreign(file):
            gaps = _enter_laid(catalog, warc, file)
            if gaps is None:
                continue
        else:
            gaps = enter_file(catalog, warc, file, start=state.size if state else 0)
        entered.append(file)
        for gap in gaps:
            logger.warning("damaged: %s; run 'presskeep verify'", gap)
        damaged += gaps
    from archive.entering.standing import finish  # noqa: PLC0415 - it stands on what enters files here

    with locking.if_free(catalog.path.parent) as free:
        if free:  # else whoever holds it does so himself
            entered += finish(warc, catalog)
    return Adopted(tuple(recovered), tuple(entered), tuple(damaged))


def _enter_laid(catalog: Catalog, warc: Path, file: str) -> tuple[Gap, ...] | None:
    """Enter a file that somebody laid below ``imported/``; None for one that an import is about to enter."""
    if file in in_force(catalog):
        return None
    try:
        return enter_foreign(catalog, warc, laid(warc, file)).gaps
    except (DamagedRecord, FormRefused) as error:
        logger.warning("not entered: %s", error)
        return None


def put_in_place(warc: Path, terms: Terms) -> None:
    """Give an imported file its name, where a kill has left it without."""
    if not terms.attached and not (warc / terms.file).exists():
        incoming.finish(warc, terms.file, terms.identity, terms.size)


def laid(warc: Path, file: str) -> Terms:
    """The terms of a foreign file that no act is about."""
    size, sha256 = measure(warc / file)
    return Terms(file, size=size, identity=sha256)


def committed_in(catalog: Catalog) -> Callable[[str], int]:
    """How many bytes of a file a catalogue knows, asked when the file's lock is held."""

    def committed(file: str) -> int:
        with catalog.reading() as connection:
            state = holdings.file_states(connection, file).get(file)
        return state.size if state is not None else 0

    return committed


def enter_file(
    catalog: Catalog, warc: Path, file: str, *, start: int = 0, advanced: Callable[[int], None] | None = None
) -> tuple[Gap, ...]:
    """Enter what a closed file holds from an offset on, then its size and digest; the gaps that were passed over.

    ``advanced`` hears the offsets that were reached.
    """
    gaps: list[Gap] = []

    def whole() -> Iterator[Event]:
        for one in read_on(warc, file, start):
            if isinstance(one, Gap):
                gaps.append(one)
            else:
                yield one

    events = whole()
    while batch := list(islice(events, BATCH)):
        with catalog.writing() as connection:
            holdings.enter(connection, batch)
        if advanced is not None and batch[-1].location is not None:
            advanced(batch[-1].location.offset)
    size, digest = measure(resolve(warc, file))
    with catalog.writing() as connection:
        holdings.enter(connection, (), [FileState(file, size, digest)])
    return tuple(gaps)


def enter_foreign(catalog: Catalog, warc: Path, terms: Terms, advanced: Callable[[int], None] | None = None) -> Entered:
    """Enter what a foreign file holds, on its terms, then its size and identity.

    A capture that the archive has already is counted, not entered again; another one with the same id gets one of its
    own. Done again after it was stopped, it makes the same. Raises DamagedRecord where the file cannot be had, and
    FormRefused.
    """
    gaps: list[Gap] = []
    counts = Counter[str]()

    def out() -> None:
        counts["left_out"] += 1

    def captures() -> Iterator[Capture]:
        for one in told(warc, terms.file, {terms.file: terms}, left_out=out):
            if isinstance(one, Gap):
                counts["broken"] += 1
                if len(gaps) < TOLD:
                    gaps.append(one)
            elif isinstance(one, Capture):
                yield one

    found = captures()
    while batch := list(islice(found, BATCH)):
        with catalog.writing() as connection:
            fresh, known = foreign_ids.settled(connection, batch, lambda: terms.identity or identity(warc, terms.file))
            holdings.enter(connection, fresh)
        counts["known"] += known
        counts["captures"] += len(fresh)
        if advanced is not None and batch[-1].location is not None:
            advanced(batch[-1].location.offset)
    pending, texts = tables.pending.c, tables.texts.c
    cleaned = select(texts.capture).where(texts.cleaner == CLEANER, texts.capture == pending.capture).exists()
    with catalog.writing() as connection:
        # Entered again, or from another file than before, a capture may have its text already.
        connection.execute(delete(tables.pending).where(pending.file == terms.file, cleaned))
        holdings.enter(connection, (), [FileState(terms.file, terms.size, terms.identity)])
    return Entered(counts["captures"], counts["known"], counts["left_out"], tuple(gaps), counts["broken"])


def measure(path: Path) -> tuple[int, str]:
    """Size and SHA-256, as a labelled digest, of a file."""
    with path.open("rb") as source:
        sha256 = sha256_of_file(source)
        return source.tell(), sha256
