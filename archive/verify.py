"""Verification: every byte of an archive accounted for, the catalogue and the WARC files held against each other."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive import blocking, comparison, holdings, losses, removals, withdrawn
from archive.comparison import CATALOG
from archive.dangling import of_revisits
from archive.errors import DamagedCatalogue, DamagedRecord
from archive.foreign_check import missing, of_foreign, unknown
from archive.holdings import FileState
from archive.inspection import Inspection
from archive.inspectors import inspect
from archive.progress import Progress
from archive.recleaning import WHOLE, Recleaned, Sample, reclean
from archive.terms import in_force
from archive.warc.finding import Finding, Rule, Severity
from archive.warc.paths import resolve, warc_files
from archive.warc.places import ATTACHED, is_foreign

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Verification:
    """What there is, and what is not as it should be.

    ``waiting`` counts captures that have no text by the installed cleaner, ``failed`` those among them that it could
    not do; neither is a fault. ``captures`` and ``attempts`` count what may be handed out. ``deep`` is None where texts
    were not made again.
    """

    findings: tuple[Finding, ...]
    files: int
    bytes: int
    captures: int = 0
    attempts: int = 0
    texts: int = 0
    waiting: int = 0
    failed: int = 0
    deep: Recleaned | None = None
    taken_down: int = 0  # captures and attempts that are accounted for and may not be handed out
    lost: int = 0  # captures among them whose bytes were lost to damage, as repairs say

    def of(self, severity: Severity) -> tuple[Finding, ...]:
        """The findings of one severity."""
        return tuple(finding for finding in self.findings if finding.severity is severity)

    @property
    def damaged(self) -> bool:
        """Whether stored bytes are gone, or not what they were."""
        return any(finding.severity is Severity.DAMAGED for finding in self.findings)

    @property
    def repairable(self) -> bool:
        """Whether there is something for the next writer, or a rebuild, to put right."""
        return any(finding.severity is Severity.REPAIRABLE for finding in self.findings)

    @property
    def elsewhere(self) -> bool:
        """Whether attached files, which are not the archive's own, are gone or not what they were."""
        return any(finding.severity is Severity.ELSEWHERE for finding in self.findings)


def verify(archive: Archive, *, deep: bool | Sample = False, progress: Progress | None = None) -> Verification:
    """Account for an archive, while others may write. Nothing is changed.

    ``progress`` hears bytes of ``records``, then ``texts``; with ``deep`` each text, or a
    sample of them, is made again and compared. Raises
    NotAnArchive where the catalogue is of a newer schema, OSError where files cannot be read at all, NotReadable where
    a folder cannot.
    """
    findings: list[Finding] = []
    states = _states(archive, findings)
    try:
        return _verified(archive, findings, states, deep, progress)
    except DamagedCatalogue as error:
        # A value that SQLite finds nothing wrong with. The files are to be accounted for all the same.
        told = [Finding(CATALOG, 0, Rule.CATALOGUE, error.message)]
        return _verified(archive, told, None, deep, progress)


def _verified(
    archive: Archive,
    findings: list[Finding],
    states: dict[str, FileState] | None,
    deep: bool | Sample,
    progress: Progress | None,
) -> Verification:
    """The same; without ``states`` the catalogue is not asked."""
    warc = archive.warc_path
    terms = in_force(archive.catalog) if states is not None else {}
    names = warc_files(warc)
    # What the catalogue names is looked at where it lies, also where a folder has two names.
    entered = (name for name in states or () if not name.startswith(f"{ATTACHED}/"))
    names += tuple(name for name in entered if name not in set(names) and _is_there(warc, name))
    sizes = {name: resolve(warc, name).stat().st_size for name in names}
    total, before = sum(sizes.values()), 0

    def advanced(offset: int) -> None:
        if progress is not None:
            progress(before + offset, total, "records")

    own = [name for name in names if not is_foreign(name)]
    known = _purges(archive) if states is not None else None
    findings += inspect(
        [_inspection(archive, name, states, known) for name in own], [sizes[name] for name in own], advanced
    )
    before = sum(sizes[name] for name in own)
    for name in (name for name in names if is_foreign(name)):
        findings += of_foreign(archive, terms, name, advanced, compared=states is not None and name in states)
        if states is not None and name not in states:
            findings.append(unknown(name))
        before += sizes[name]
        advanced(0)
    if states is None:
        return Verification(tuple(findings), len(names), total)
    inspected = len(findings)
    findings += missing(archive, terms, {*names, *states})
    for name, state in states.items():
        if name.startswith(f"{ATTACHED}/"):
            findings += of_foreign(archive, terms, name)
            continue
        # Looked for again: a writer may have begun the file meanwhile, but no file ever ends.
        if name not in sizes and not _is_there(warc, name):
            said = f"the file is missing, with {state.size:,} bytes of records"
            findings.append(Finding(name, 0, Rule.FILE, said))
    with archive.catalog.reading() as connection:
        findings += losses.told(connection, states)
    number = archive.count_texts()

    def cleaned(done: int) -> None:
        if progress is not None:
            progress(done, number, "texts made again" if deep else "texts")

    findings += of_revisits(archive.catalog)
    findings += comparison.of_texts(archive.catalog, None if deep else cleaned)
    findings += withdrawn.of_files(archive)
    shown: Recleaned | None = None
    if deep:
        shown, different = reclean(archive, deep if isinstance(deep, Sample) else WHOLE, cleaned)
        findings += different
    findings[:inspected] = _looked_at_again(archive, findings[:inspected], states, known)
    findings = removals.considered(archive, findings)
    captures, attempts = archive.count()
    waiting, failed = archive.count_waiting()
    with archive.catalog.reading() as connection:
        down, lost = blocking.count(connection), len(losses.lost_ids(connection))
    all_of_them = tuple(findings)
    return Verification(all_of_them, len(names), total, captures, attempts, number, waiting, failed, shown, down, lost)


def _states(archive: Archive, findings: list[Finding]) -> dict[str, FileState] | None:
    """What the catalogue knows of the files; None, with a finding, where it cannot be read."""
    try:
        if (said := archive.catalog.damage()) is not None:
            raise DamagedCatalogue(f"the catalogue is damaged ({said}): run 'presskeep rebuild'")
        with archive.catalog.reading() as connection:
            return holdings.file_states(connection)
    except DamagedRecord as error:
        findings.append(Finding(CATALOG, 0, Rule.CATALOGUE, error.message))
        return None


def _purges(archive: Archive) -> frozenset[str]:
    with archive.catalog.reading() as connection:
        return removals.purges(connection)


def _looked_at_again(
    archive: Archive, findings: list[Finding], states: dict[str, FileState], purges: frozenset[str] | None
) -> list[Finding]:
    """The findings about files; of what looks damaged, and was replaced by a purge or a repair meanwhile, as it is now.

    Else the user would be told to bring back from a backup what was purged.
    """
    damaged = dict.fromkeys(one.file for one in findings if one.severity is Severity.DAMAGED)
    if not damaged:
        return findings
    known = _purges(archive)
    with archive.catalog.reading() as connection:
        now = holdings.file_states(connection)
    changed = [
        one
        for one in damaged
        if (now.get(one) != states.get(one) or known != purges) and _is_there(archive.warc_path, one)
    ]
    found = [one for one in findings if one.file not in changed]
    for name in changed:
        if is_foreign(name):
            found += of_foreign(archive, in_force(archive.catalog), name, compared=name in now)
        else:
            size = resolve(archive.warc_path, name).stat().st_size
            found += inspect([_inspection(archive, name, now, known)], [size], lambda _: None)
    return found


def _inspection(
    archive: Archive, name: str, states: dict[str, FileState] | None, purges: frozenset[str] | None
) -> Inspection:
    state = states.get(name) if states is not None else None
    catalog = archive.catalog.path if states is not None else None
    return Inspection(archive.warc_path, name, state, catalog, archive.configuration.id, purges)


def _is_there(warc: Path, name: str) -> bool:
    try:
        resolve(warc, name)
    except DamagedRecord:
        return False
    return True
