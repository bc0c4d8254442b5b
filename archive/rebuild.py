"""Rebuilding: catalogue and texts again from the WARC files alone, in the old ones' place in one step."""

from __future__ import annotations

import contextlib
import logging
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive import adoption, catalog, locking, tables, texts
from archive.article import identity
from archive.cleaning.version import CLEANER
from archive.crew import Crew
from archive.dataset.compaction import Compaction
from archive.errors import ConfigurationError, DamagedRecord
from archive.filesystem import require_local
from archive.holdings import FETCH
from archive.textjob import TextSummary
from archive.warc.paths import resolve
from archive.warc.recovery import Recovery, recover

if TYPE_CHECKING:
    from archive.store import Archive

Progress = Callable[[int, int, str], None]  # done, total, of what

logger = logging.getLogger(__name__)

SUFFIX = ".rebuild"  # of the new catalogue's name until it is whole


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild has found and made."""

    files: int
    bytes: int
    captures: int
    attempts: int
    runs: int
    texts: TextSummary
    compaction: Compaction
    recovered: tuple[Recovery, ...] = ()
    kept: int = 0  # texts of other versions of the cleaner, taken over from the old catalogue
    damaged: tuple[DamagedRecord, ...] = ()  # where the reading of a file ended before its end


def rebuild(archive: Archive, progress: Progress | None = None) -> Rebuilt:
    """Make an archive's catalogue and texts anew; ``progress`` hears bytes of ``records``, then ``texts``.

    Nobody else may write: raises ArchiveBusy. Whoever reads goes on with the old catalogue until the new one is whole.
    Killed anywhere before, it leaves the old one; the half-made new one is removed by the next rebuild. The old
    catalogue may be missing, broken or of an older schema; NotAnArchive is raised for one of a newer. All that is taken
    from it, where it can be read, are texts of other versions of the cleaner, which cannot be made here. Raises
    StorageFull.
    """
    directory = archive.catalog.path.parent
    directory.mkdir(parents=True, exist_ok=True)
    require_local(directory)
    with locking.alone(directory):
        beside = archive.catalog.path.with_name(archive.catalog.path.name + SUFFIX)
        catalog.remove(beside)
        readable = _readable(archive)
        try:
            recovered = recover(archive.warc_path, archive.quarantine_path)
            with _private(archive, beside) as new:
                total, damaged = _enter_files(new, progress)
                with Crew(new) as crew:
                    summary = TextSummary()
                    while (more := crew.clean(progress)).done:
                        summary += more  # what failed is tried again
                kept = _keep_others(archive, new) if readable else 0
                made = (len(new.files()), new.count(), len(new.runs()))
            archive.catalog.close()
            catalog.replace(archive.catalog.path, beside)
        finally:
            catalog.remove(beside)
    files, (captures, attempts), runs = made
    return Rebuilt(
        files=files,
        bytes=total,
        captures=captures,
        attempts=attempts,
        runs=runs,
        texts=summary,
        compaction=archive.compact(),
        recovered=recovered,
        kept=kept,
        damaged=damaged,
    )


@contextlib.contextmanager
def _private(archive: Archive, beside: Path) -> Iterator[Archive]:
    new = type(archive)(archive.path, archive.configuration, catalog=beside)
    new.catalog.create()
    try:
        yield new
    finally:
        new.close()


def _readable(archive: Archive) -> bool:
    """Whether the old catalogue can be read; raises NotAnArchive where it is of a newer schema."""
    try:
        with archive.catalog.reading():
            return True
    except (DamagedRecord, ConfigurationError):
        return False


def _keep_others(old: Archive, new: Archive) -> int:
    """Take over the texts of other cleaners that are what their identity says and have their capture; their number."""
    table = tables.texts
    question = select(table).where(table.c.cleaner != CLEANER).order_by(table.c.cleaner, table.c.capture)
    kept = 0
    try:
        with old.catalog.reading() as reading:
            rows = reading.execution_options(yield_per=FETCH).execute(question).mappings()
            while some := [dict(row) for row in islice(rows, FETCH)]:
                with new.catalog.writing() as connection:
                    ids = [row["capture"] for row in some]
                    known = set(connection.scalars(select(tables.captures.c.id).where(tables.captures.c.id.in_(ids))))
                    sound = [
                        row
                        for row in some
                        if row["capture"] in known and identity(row["canonical"].encode()) == row["identity"]
                    ]
                    texts.add(connection, sound)
                kept += len(sound)
    except DamagedRecord as error:
        logger.warning("%s: of the texts of other cleaners, %d were kept", error, kept)
    return kept


def _enter_files(new: Archive, progress: Progress | None) -> tuple[int, tuple[DamagedRecord, ...]]:
    """Enter all files; their bytes, and the damage that was met."""
    warc = new.warc_path
    files = adoption.closed_files(warc)
    sizes = {file: resolve(warc, file).stat().st_size for file in files}
    total, before = sum(sizes.values()), 0
    damaged = []
    for file in files:

        def advanced(offset: int, before: int = before) -> None:
            if progress is not None:
                progress(before + offset, total, "records")

        damage = adoption.enter_file(new.catalog, warc, file, advanced=advanced)
        if damage is not None:
            damaged.append(damage)
        before += sizes[file]
        advanced(0, before)
    return total, tuple(damaged)
