"""Verification: every byte of an archive accounted for, the catalogue and the WARC files held against each other."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.catalogue import blocking, comparison, holdings, losses
from archive.catalogue.comparison import CATALOG
from archive.catalogue.holdings import FileState
from archive.catalogue.terms import Terms, in_force
from archive.errors import DamagedCatalogue, DamagedRecord
from archive.progress import Progress
from archive.verification import removals, withdrawn
from archive.verification.dangling import of_revisits
from archive.verification.foreign_check import missing, of_foreign, unknown
from archive.verification.inspection import Inspection
from archive.verification.inspectors import StandingBy, inspect
from archive.verification.settled import Mark, Settling, without_what_is_under_way
from archive.warc.finding import Finding, Rule, Severity
from archive.warc.paths import resolve, warc_files
from archive.warc.places import ATTACHED, is_foreign

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.verification.recleaning import Recleaned, Sample


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


def verify(
    archive: Archive,
    *,
    deep: bool | Sample = False,
    progress: Progress | None = None,
    held: bool = False,
    standing_by: StandingBy | None = None,
) -> Verification:
    """Account for an archive, while others may write. Nothing is changed.

    ``held`` says that the caller holds the archive's lock alone, as a repair does, and is no purge that goes on.
    ``standing_by`` are children that wait for work; without them, such as are needed are started.
    ``progress`` hears bytes of ``records``, then ``texts``; with ``deep`` each text, or a
    sample of them, is made again and compared. Raises
    NotAnArchive where the catalogue is of a newer schema, OSError where files cannot be read at all, NotReadable where
    a folder cannot.
    """
    findings: list[Finding] = []
    states = _states(archive, findings)
    try:
        return _verified(archive, findings, states, deep, progress, standing_by, held=held)
    except DamagedCatalogue as error:
        # A value that SQLite finds nothing wrong with. The files are to be accounted for all the same.
        told = [Finding(CATALOG, 0, Rule.CATALOGUE, error.message)]
        return _verified(archive, told, None, deep, progress, None, held=held)


def _verified(
    archive: Archive,
    findings: list[Finding],
    states: dict[str, FileState] | None,
    deep: bool | Sample,
    progress: Progress | None,
    standing_by: StandingBy | None,
    *,
    held: bool,
) -> Verification:
    """The same; without ``states`` the catalogue is not asked."""
    warc = archive.warc_path
    settling = Settling(archive)
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

    own = {name: size for name, size in sizes.items() if not is_foreign(name)}
    findings += _of_own(archive, settling, own, states, advanced, standing_by)
    before = sum(own.values())
    for name in (name for name in names if is_foreign(name)):
        if states is None:
            findings += of_foreign(archive, terms, name, advanced, compared=False)
        else:
            findings += _of_foreign(archive, settling, terms, name, states.get(name), advanced)
        before += sizes[name]
        advanced(0)
    if states is None:
        return Verification(tuple(findings), len(names), total)
    findings += missing(archive, terms, {*names, *states})
    for name, state in states.items():
        if name.startswith(f"{ATTACHED}/"):
            findings += _of_foreign(archive, settling, terms, name, state)
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
        from archive.verification.recleaning import WHOLE, reclean  # noqa: PLC0415 - it brings the cleaner's libraries

        shown, different = reclean(archive, WHOLE if deep is True else deep, cleaned)
        findings += different
    so_far = tuple(findings)
    findings = without_what_is_under_way(archive, lambda: removals.considered(archive, so_far), held=held)
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


def _of_own(
    archive: Archive,
    settling: Settling,
    sizes: dict[str, int],
    states: dict[str, FileState] | None,
    advanced: Callable[[int], None],
    standing_by: StandingBy | None,
) -> Iterator[Finding]:
    """The findings about files of these sizes, which lie in the archive and are not another writer's."""
    look = inspect if standing_by is None else standing_by.inspect
    if states is None:
        blind = [Inspection(archive.warc_path, name, None, None, archive.configuration.id) for name in sizes]
        yield from look(blind, list(sizes.values()), advanced)
        return

    def inspection(name: str, state: FileState | None, purges: frozenset[str]) -> Inspection:
        return Inspection(archive.warc_path, name, state, archive.catalog.path, archive.configuration.id, purges)

    purges = _purges(archive)
    marks = {name: Mark.known(archive.warc_path, name, states.get(name)) for name in sizes}
    found: dict[str, list[Finding]] = {name: [] for name in sizes}
    inspections = [inspection(name, states.get(name), purges) for name in sizes]
    for one in look(inspections, list(sizes.values()), advanced):
        found[one.file].append(one)

    for name, of_file in found.items():

        def again(mark: Mark, name: str = name) -> list[Finding]:
            return list(inspection(name, mark.state, _purges(archive)).findings(lambda _: None))

        yield from settling.settled(name, marks[name], of_file, again)


def _of_foreign(
    archive: Archive,
    settling: Settling,
    terms: Mapping[str, Terms],
    name: str,
    state: FileState | None,
    advanced: Callable[[int], None] | None = None,
) -> Sequence[Finding]:
    """The findings about a foreign file, held against the catalogue."""

    def look(mark: Mark, terms: Mapping[str, Terms], advanced: Callable[[int], None] | None) -> list[Finding]:
        told = list(of_foreign(archive, terms, name, advanced, compared=mark.state is not None))
        return told if mark.state is not None else [*told, unknown(name)]

    mark = Mark.known(archive.warc_path, name, state)
    found = look(mark, terms, advanced)
    return settling.settled(name, mark, found, lambda now: look(now, in_force(archive.catalog), None))


def _is_there(warc: Path, name: str) -> bool:
    try:
        resolve(warc, name)
    except DamagedRecord:
        return False
    return True
