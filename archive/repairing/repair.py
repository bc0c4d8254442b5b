"""Repair: what damage has changed is put right where that can be proved, and cut out and kept where it cannot.

The order of the steps is what makes it safe. Damaged bytes are copied into the quarantine first, then an act in the
WARC files tells what is restored, what is cut and which captures are lost, then the file is replaced
(`archive.entering.rewrites`). Killed between any two, it is done again from where it came.
"""

from __future__ import annotations

import contextlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from archive.capture import Capture
from archive.catalogue import comparison, holdings, losses
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FileState
from archive.catalogue.losses import Cut, Mend
from archive.durable import storage
from archive.entering import rewrites
from archive.entering.adoption import measure
from archive.entering.reentry import forget, reenter
from archive.entering.rewrites import Reason, alone, replace_file
from archive.errors import DamagedCatalogue, DamagedRecord, NotFound
from archive.progress import Progress
from archive.removal.returned import undone_by
from archive.repairing.plan import Plan, plan
from archive.verification.verify import verify
from archive.warc.finding import Remedy, Rule, Severity
from archive.warc.mending import EFFORT
from archive.warc.patched import parts_of
from archive.warc.paths import resolve, warc_files
from archive.warc.places import is_foreign
from archive.warc.quarantine import name_of, set_aside
from archive.warc.ranges import checksum
from archive.warc.recovery import Recovery

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.verification.verify import Verification
    from archive.writing import ArchiveWriter

_MISSING = "the file is missing"


__all__ = ["Action", "Outcome", "Repaired", "repair"]


class Outcome(StrEnum):
    """What became of a place in a file."""

    RESTORED = "restored"  # its bytes are again what they were
    CUT = "cut"  # out of the file, kept in the quarantine
    AGAIN = "made again"  # a record, from what the catalogue knows
    ENTERED = "entered"  # a file that the catalogue did not know as it is now
    LEFT = "left"  # nothing can be done here
    RETURNED = "came back"  # what a purge had removed


@dataclass(frozen=True, slots=True)
class Action:
    """One thing that was done, or would be: where, to how many bytes, and in words what and why."""

    file: str
    offset: int
    length: int
    outcome: Outcome
    said: str
    kept: str | None = None  # the name in the quarantine


@dataclass(frozen=True, slots=True)
class Repaired:
    """What a repair has done, or would do: its actions, the URLs of captures that are lost, and what else it took.

    ``rebuilt`` tells whether the catalogue was, or is to be, made again. ``recovered`` are files of dead writers.
    """

    actions: tuple[Action, ...] = ()
    lost: tuple[str, ...] = ()
    recovered: tuple[Recovery, ...] = ()
    rebuilt: bool = False

    @property
    def whole(self) -> bool:
        """Whether nothing was lost, and nothing damaged left as it is."""
        return not self.lost and not any(one.outcome in {Outcome.LEFT, Outcome.CUT} for one in self.actions)

    @property
    def returned(self) -> bool:
        """Whether something has come back that is to be purged again."""
        return any(one.outcome is Outcome.RETURNED for one in self.actions)


def repair(
    archive: Archive,
    files: Sequence[str] = (),
    *,
    dry_run: bool = False,
    effort: int = EFFORT,
    progress: Progress | None = None,
) -> Repaired:
    """Put right all that can be put right: in some ``files`` of ``warc/``, or in all.

    Nobody else may write: raises ArchiveBusy; StorageFull, and then it can be run again. ``effort`` bounds the search
    for what a damaged record was, in bytes that are unpacked for it. A file that is missing is only given up for lost
    where it is named. With ``dry_run`` nothing is changed.
    """
    if dry_run:
        return _Repair(archive, files, effort, progress).planned()
    rebuilt = not _is_readable(archive)
    if rebuilt:
        archive.rebuild(progress)
    try:
        disagrees, result = _repaired(archive, files, effort, progress)
    except DamagedCatalogue:  # a value that SQLite finds nothing wrong with
        if rebuilt:
            raise
        rebuilt = True
        archive.rebuild(progress)
        disagrees, result = _repaired(archive, files, effort, progress)
    if disagrees:
        rebuilt = True
        archive.rebuild(progress)
    return Repaired(result.actions, result.lost, result.recovered, rebuilt)


def _repaired(archive: Archive, files: Sequence[str], effort: int, progress: Progress | None) -> tuple[bool, Repaired]:
    """What was done, and whether the catalogue is to be made again behind it."""
    with alone(archive) as own:
        done = _Repair(own, files, effort, progress)
        result = done.done()
    return done.disagrees, result


def _is_readable(archive: Archive) -> bool:
    """Whether the catalogue can be read; raises ConfigurationError for that of another archive: it may be in use."""
    try:
        return archive.catalog.damage() is None
    except DamagedRecord:
        return False


class _Repair:
    """One repair of an archive that nobody else writes."""

    def __init__(self, archive: Archive, files: Sequence[str], effort: int, progress: Progress | None) -> None:
        self._archive = archive
        self._effort = effort
        self._progress = progress
        self._named = self._names(files)
        self.disagrees = False  # the catalogue is to be made again

    def planned(self) -> Repaired:
        """What would be done; of an archive without a catalogue that can be read, a rebuild comes first."""
        if not _is_readable(self._archive):
            return Repaired(rebuilt=True)
        try:
            return self._planned()
        except DamagedCatalogue:
            return Repaired(rebuilt=True)

    def _planned(self) -> Repaired:
        actions: list[Action] = []
        lost: list[Capture] = []
        for name, state, known in self._damaged(verify(self._archive, progress=self._progress)):
            if known is not None:
                actions.append(known)
                lost += self._given_up(known)
                continue
            there = self._plan(name, state)
            actions += _actions(there, self._kept(there))
            lost += there.lost
        return Repaired(tuple(actions), tuple(one.url for one in lost), rebuilt=self.disagrees)

    def done(self) -> Repaired:
        """Do it."""
        archive = self._archive
        recovered = archive.adopt().recovered
        actions: list[Action] = []
        lost: list[Capture] = []
        found = list(self._damaged(verify(archive, progress=self._progress, held=True)))
        with contextlib.ExitStack() as stack:
            writer: ArchiveWriter | None = None
            for name, state, known in found:
                there = self._plan(name, state) if known is None else None
                gone = there.lost if there is not None else self._given_up(known)
                if known is not None:
                    tells = known.outcome is Outcome.CUT
                else:
                    tells = there is not None and (there.changes or bool(there.cuts))
                if tells:
                    writer = writer or stack.enter_context(archive.writer("repair", worker="repair"))
                if there is not None:
                    actions += self._put_right(there, writer)
                elif known is not None:
                    self._take(name, known, gone, state, writer)
                    actions.append(known)
                lost += gone
        return Repaired(tuple(actions), tuple(one.url for one in lost), recovered)

    def _given_up(self, known: Action | None) -> tuple[Capture, ...]:
        """The captures of a missing file that was named."""
        if known is None or known.outcome is not Outcome.CUT:
            return ()
        events = comparison.entered(self._archive.catalog, self._archive.warc_path, known.file).values()
        return tuple(one for one in events if isinstance(one, Capture))

    def _take(
        self, name: str, known: Action, gone: Sequence[Capture], state: FileState | None, writer: ArchiveWriter | None
    ) -> None:
        """Enter a file as it is known by an earlier repair, or as lost."""
        archive = self._archive
        if known.outcome is Outcome.ENTERED:
            reenter(archive.catalog, archive.warc_path, name)
        elif known.outcome is Outcome.CUT and writer is not None:
            closed = state.sha256 if state is not None else None
            cut = Cut(0, 0, losses.nothing_kept(name, 0), known.said)
            self._tell(writer, Mend(name, closed, cuts=(cut,), lost=tuple(gone)))
            writer.commit()
            forget(archive.catalog, name)

    def _put_right(self, there: Plan, writer: ArchiveWriter | None) -> Iterator[Action]:
        kept = self._put_aside(there)
        if writer is not None and (there.changes or there.cuts):
            closed = there.state.sha256 if there.state is not None else None
            cuts = tuple(Cut(one.offset, one.end - one.offset, kept[one.offset], one.reason) for one in there.cuts)
            act = self._tell(writer, Mend(there.file, closed, there.patches, cuts, there.lost, there.again))
            if there.changes:
                parts = parts_of(there.patches, there.edits, there.size)
                replace_file(
                    self._archive, writer, there.file, parts, reason=Reason.REPAIR, serves=act, expected=there.after
                )
            else:
                writer.commit()
                rewrites.enter(self._archive.catalog, self._archive.warc_path, there.file)
        yield from _actions(there, kept)

    def _names(self, files: Sequence[str]) -> frozenset[str]:
        """The files that were named, as the archive knows them; raises NotFound."""
        found = set()
        known = {*warc_files(self._archive.warc_path), *_states(self._archive.catalog)} if files else set()
        for given in files:
            matching = [one for one in known if given == one or given.endswith(f"/{one}") or one.endswith(f"/{given}")]
            if len(matching) != 1:
                raise NotFound(f"the archive has no WARC file {given}: name it as 'presskeep verify' does")
            found.add(matching[0])
        return frozenset(found)

    def _damaged(self, found: Verification) -> Iterator[tuple[str, FileState | None, Action | None]]:
        """The damaged files; an action where it is known without looking into them."""
        damaged = dict.fromkeys(one.file for one in found.of(Severity.DAMAGED))
        self.disagrees = any(
            one.file not in damaged and (one.remedy is Remedy.REBUILD or one.rule is Rule.UNKNOWN_IMPORT)
            for one in found.findings
        )
        states = _states(self._archive.catalog)
        for name in damaged:
            if self._named and name not in self._named:
                continue
            state = states.get(name)
            if not _is_there(self._archive.warc_path, name):
                if name not in states:
                    continue
                yield name, state, self._missing(name, state, given_up=name in self._named)
            else:
                yield name, state, self._known(name, state)
        for one in found.findings:
            if one.rule is Rule.RETURNED and (not self._named or one.file in self._named):
                said = f"{one.message}: {one.remedy}"
                yield one.file, states.get(one.file), Action(one.file, 0, 0, Outcome.RETURNED, said)

    def _missing(self, name: str, state: FileState | None, *, given_up: bool) -> Action:
        size = state.size if state is not None else 0
        if given_up:
            return Action(name, 0, 0, Outcome.CUT, _MISSING)
        said = f"{_MISSING}: copy it from a backup into warc/, or name it here to give it up for lost"
        return Action(name, 0, size, Outcome.LEFT, said)

    def _known(self, name: str, state: FileState | None) -> Action | None:
        """What an earlier repair tells of a file as it lies there now."""
        if state is None or is_foreign(name):
            return None
        size, sha256 = measure(resolve(self._archive.warc_path, name))
        if sha256 == state.sha256:
            return None
        with self._archive.catalog.reading() as connection:
            undone = undone_by(connection, name, sha256)
            closed = {mend.closed for _, mend in losses.repairs(connection, name)}
            made = {one.becomes for one in rewrites.of_file(connection, name)}
        if undone:  # what a purge removed must not come back with an older copy
            said = f"the file is as it was before a purge: {Remedy.NEWER}"
            return Action(name, 0, size, Outcome.LEFT, said)
        if sha256 in closed:
            return Action(name, 0, size, Outcome.ENTERED, "the file is again what it was before its damage")
        if sha256 in made:
            return Action(name, 0, size, Outcome.ENTERED, "the file is again what it was when it was rewritten")
        return None

    def _plan(self, name: str, state: FileState | None) -> Plan:
        catalog, warc = self._archive.catalog, self._archive.warc_path
        size = resolve(warc, name).stat().st_size
        known = {} if is_foreign(name) else comparison.entered(catalog, warc, name)

        def advanced(offset: int) -> None:
            if self._progress is not None:
                self._progress(offset, size, "damaged files")

        return plan(warc, name, state, known, whole_only=is_foreign(name), effort=self._effort, advanced=advanced)

    def _kept(self, there: Plan) -> dict[int, str]:
        """The names that the cut ranges have in the quarantine, by offset."""
        with resolve(self._archive.warc_path, there.file).open("rb") as stream:
            return {
                one.offset: name_of(there.file, one.offset, checksum(stream, one.offset, one.end)) for one in there.cuts
            }

    def _put_aside(self, there: Plan) -> dict[int, str]:
        quarantine = self._archive.quarantine_path
        with resolve(self._archive.warc_path, there.file).open("rb") as stream, storage(there.file):
            for one in there.cuts:
                if one.offset < one.end:
                    set_aside(stream, quarantine, there.file, one.offset, one.end, one.reason)
        return self._kept(there)

    def _tell(self, writer: ArchiveWriter, mend: Mend) -> str:
        """Write the act, unless a repair that was killed has said as much; its id.

        After a rebuild in between, what was lost is known to be lost, and not told again.
        """
        facts = losses.facts(mend)
        with self._archive.catalog.reading() as connection:
            told = [act.id for act, _ in losses.repairs(connection, mend.file) if set(facts) <= set(act.facts)]
        return told[-1] if told else writer.add_act(losses.REPAIR, facts).id


def _states(catalog: Catalog) -> dict[str, FileState]:
    with catalog.reading() as connection:
        return holdings.file_states(connection)


def _is_there(warc: Path, name: str) -> bool:
    try:
        resolve(warc, name)
    except DamagedRecord:
        return False
    return True


def _actions(there: Plan, kept: Mapping[int, str]) -> Iterator[Action]:
    for patch in there.patches:
        yield Action(there.file, patch.offset, len(patch.content), Outcome.RESTORED, patch.how)
    outcome = Outcome.RESTORED if there.exact else Outcome.CUT
    for cut in there.cuts:
        length = cut.end - cut.offset
        yield Action(there.file, cut.offset, length, outcome, cut.reason, kept[cut.offset] if length else None)
    for one in there.again:
        yield Action(there.file, 0, 0, Outcome.AGAIN, one)
    if not (there.patches or there.cuts or there.again or there.changes):
        said = "what has changed cannot be told: copy the file from a backup"
        yield Action(there.file, 0, there.size, Outcome.LEFT, said)
