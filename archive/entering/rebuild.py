"""Rebuilding: catalogue and texts again from the WARC files alone, in the old ones' place in one step."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from archive import locking
from archive.catalogue import database, holdings
from archive.catalogue.filesystem import require_local
from archive.catalogue.terms import in_force
from archive.crew import Crew
from archive.dataset.compaction import Compaction
from archive.durable import real
from archive.entering import adoption
from archive.entering.attaching import note
from archive.entering.remainder import keep_lost, keep_others, keep_unreached
from archive.errors import ConfigurationError, DamagedRecord, NotReadable
from archive.progress import Progress
from archive.textjob import TextSummary
from archive.warc.folders import dead_links
from archive.warc.foreign.form import FormRefused
from archive.warc.paths import closed_files, resolve
from archive.warc.places import is_foreign
from archive.warc.recovery import Recovery, recover
from archive.warc.scan import Gap

if TYPE_CHECKING:
    from archive.store import Archive


SUFFIX = ".rebuild"  # of the new catalogue's name until it is whole


@dataclass(frozen=True, slots=True)
class Rebuilt:
    """What a rebuild has found and made."""

    files: int
    bytes: int
    captures: int
    attempts: int
    runs: int  # that fetched something, or were to
    texts: TextSummary
    compaction: Compaction
    recovered: tuple[Recovery, ...] = ()
    kept: int = 0  # texts of other versions of the cleaner, taken over from the old catalogue
    damaged: tuple[Gap, ...] = ()  # bytes that were passed over, because nothing in them can be read
    unreached: tuple[str, ...] = ()  # imported and attached files that cannot be had, and why
    lost: int = 0  # rows taken over from the old catalogue of records that no file holds any more


def rebuild(archive: Archive, progress: Progress | None = None) -> Rebuilt:
    """Make an archive's catalogue and texts anew; ``progress`` hears bytes of ``records``, then ``texts``.

    Nobody else may write: raises ArchiveBusy. Whoever reads goes on with the old catalogue until the new one is whole.
    Killed anywhere before, it leaves the old one; the half-made new one is removed by the next rebuild. The old
    catalogue may be missing, broken or of an older schema; NotAnArchive is raised for one of a newer. All that is taken
    from it, where it can be read, is what cannot be made here (`archive.entering.remainder`): texts of other versions
    of the cleaner, and rows and texts of records that are damaged or missing. Raises StorageFull; NotReadable where a
    folder cannot be read or a link leads nowhere, for what was removed may be known by a file behind it alone.
    """
    directory = archive.catalog.path.parent
    directory.mkdir(parents=True, exist_ok=True)
    database.require_file(archive.catalog.path)
    for one in (directory, real(archive.catalog.path).parent):
        require_local(one)
    with locking.alone(directory):
        _require_all(archive.warc_path)
        beside = archive.catalog.path.with_name(archive.catalog.path.name + SUFFIX)
        database.remove(beside)
        readable = _readable(archive)
        try:
            known = adoption.committed_in(archive.catalog) if readable else lambda file: None
            recovered = recover(archive.warc_path, archive.quarantine_path, known)
            with _private(archive, beside) as new:
                total, damaged, unreached = _enter_files(new, archive if readable else None, progress)
                lost = keep_lost(archive, new, {gap.file for gap in damaged}) if readable else 0
                with Crew(new) as crew:
                    summary = TextSummary()
                    while (more := crew.clean(progress)).done:
                        summary += more  # what failed is tried again
                summary = replace(summary, failed=new.count_waiting()[1])  # captures, not tries
                kept = keep_others(archive, new) if readable else 0
                acted = {act.run for act in holdings.acts(new.catalog)}  # a takedown or an import fetched nothing
                made = (len(new.files()), new.count(), sum(run.id not in acted for run in new.runs()))
            archive.catalog.close()
            database.replace(archive.catalog.path, beside)
        finally:
            database.remove(beside)
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
        lost=lost,
        unreached=unreached,
    )


def _require_all(warc: Path) -> None:
    dead = dead_links(warc)
    if dead:
        raise NotReadable(
            f"{dead[0]} leads nowhere: bring its disk back, or remove the link where what lay there is gone for good, "
            "then run 'presskeep rebuild' again"
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


def _enter_files(
    new: Archive, old: Archive | None, progress: Progress | None
) -> tuple[int, tuple[Gap, ...], tuple[str, ...]]:
    """Enter all files, the archive's own first; their bytes, the gaps passed over, and what cannot be reached."""
    warc = new.warc_path
    files = closed_files(warc)
    foreign = tuple(file for file in files if is_foreign(file))
    files = tuple(file for file in files if not is_foreign(file))
    sizes = {file: resolve(warc, file).stat().st_size for file in files}
    total, before = sum(sizes.values()), 0
    damaged: list[Gap] = []
    for file in files:

        def advanced(offset: int, before: int = before) -> None:
            if progress is not None:
                progress(before + offset, total, "records")

        damaged += adoption.enter_file(new.catalog, warc, file, advanced=advanced)
        before += sizes[file]
        advanced(0, before)
    unreached = _enter_foreign(new, old, foreign, progress)
    foreign = tuple(file for file in closed_files(warc) if is_foreign(file))
    return total + sum(resolve(warc, file).stat().st_size for file in foreign), tuple(damaged), unreached


def _enter_foreign(
    new: Archive, old: Archive | None, files: tuple[str, ...], progress: Progress | None
) -> tuple[str, ...]:
    """Enter imported and attached files, in the order of their acts; those that cannot be had, and why.

    Of an attached file that cannot be had, what the ``old`` catalogue has is taken over in its turn: so it is the first
    to have what others hold as well, as it was. What is broken in the others was told when they came, and `verify`
    tells it.
    """
    warc = new.warc_path
    terms = in_force(new.catalog)
    note(new)
    # A file without an act is one whose act is lost: it is entered as it is.
    order = [*terms.values(), *(adoption.laid(warc, file) for file in files if file not in terms)]
    unreached: list[str] = []
    for number, agreed in enumerate(order):
        if progress is not None:
            progress(number, len(order), "foreign files")
        try:
            adoption.put_in_place(warc, agreed)
            adoption.enter_foreign(new.catalog, warc, agreed)
        except (DamagedRecord, FormRefused, ConfigurationError, OSError) as error:
            unreached.append(getattr(error, "message", f"{agreed.file}: {error}"))
            if old is not None and agreed.attached:
                keep_unreached(old, new, agreed.file)
    return tuple(unreached)
