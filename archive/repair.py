"""Repair: what damage has changed is put right where that can be proved, and cut out and kept where it cannot.

The order of the steps is what makes it safe. Damaged bytes are copied into the quarantine first, then an act in the
WARC files tells what is cut and which captures are lost, then the file is written anew beside itself and renamed over
the old one, then the catalogue learns the new places. Killed between any two, it is done again from where it came.
"""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from archive import comparison, digest, holdings, locking, losses, tables
from archive.adoption import measure
from archive.capture import Capture
from archive.catalog import Catalog
from archive.damage import Plan, plan
from archive.durable import storage, written
from archive.errors import ConfigurationError, DamagedRecord, NotFound
from archive.holdings import FileState
from archive.losses import Cut, Mend
from archive.progress import Progress
from archive.reentry import forget, reenter
from archive.rows import act_of_row
from archive.terms import REWRITE
from archive.verify import verify
from archive.warc.finding import Remedy, Rule, Severity
from archive.warc.mending import EFFORT
from archive.warc.paths import resolve, warc_files
from archive.warc.places import is_foreign
from archive.warc.quarantine import name_of, set_aside
from archive.warc.ranges import checksum
from archive.warc.recovery import Recovery
from archive.warc.rewriting import clear

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.verify import Verification
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
        """Whether nothing was lost, and nothing left as it is."""
        return not self.lost and not any(one.outcome in {Outcome.LEFT, Outcome.CUT} for one in self.actions)


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
    with locking.alone(archive.catalog.path.parent), _private(archive) as own:
        done = _Repair(own, files, effort, progress)
        result = done.done()
    if done.disagrees:
        rebuilt = True
        archive.rebuild(progress)
    return Repaired(result.actions, result.lost, result.recovered, rebuilt)


@contextlib.contextmanager
def _private(archive: Archive) -> Iterator[Archive]:
    """The archive for whoever holds its lock alone."""
    archive.close()
    own = type(archive)(archive.path, archive.configuration, catalog=archive.catalog.path)
    try:
        yield own
    finally:
        own.close()


def _is_readable(archive: Archive) -> bool:
    try:
        return archive.catalog.damage() is None
    except (DamagedRecord, ConfigurationError):
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
        """What would be done."""
        if not _is_readable(self._archive):
            return Repaired(rebuilt=True)
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
        clear(archive.warc_path)
        recovered = archive.adopt().recovered
        actions: list[Action] = []
        lost: list[Capture] = []
        found = list(self._damaged(verify(archive, progress=self._progress)))
        with contextlib.ExitStack() as stack:
            writer: ArchiveWriter | None = None
            for name, state, known in found:
                there = self._plan(name, state) if known is None else None
                gone = there.lost if there is not None else self._given_up(known)
                if known is not None:
                    tells = known.outcome is Outcome.CUT
                else:
                    tells = there is not None and (there.changes or bool(there.cuts)) and not there.exact
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
        elif known.outcome is Outcome.CUT and known.kept is not None and writer is not None:
            with storage(name):
                set_aside(io.BytesIO(), archive.quarantine_path, name, 0, 0, known.said)
            before = state.sha256 if state is not None else None
            nothing, cut = digest.sha256(b""), Cut(0, 0, known.kept, known.said)
            writer.add_act(losses.REPAIR, losses.facts(Mend(name, before, nothing, nothing, (cut,), tuple(gone))))
            writer.commit()
            forget(archive.catalog, name)

    def _put_right(self, there: Plan, writer: ArchiveWriter | None) -> Iterator[Action]:
        kept = self._put_aside(there) if there.cuts else {}
        if there.changes or there.cuts:
            if writer is not None and (there.lost or not there.exact):
                self._tell(writer, there, kept)
            self._write(there)
        yield from _actions(there, kept)

    def _names(self, files: Sequence[str]) -> frozenset[str]:
        """The files that were named, as the archive knows them; raises NotFound."""
        found = set()
        known = {*warc_files(self._archive.warc_path), *_states(self._archive.catalog)} if files else set()
        for given in files:
            matching = [one for one in known if given == one or given.endswith(f"/{one}") or one.endswith(f"/{given}")]
            if len(matching) != 1:
                raise NotFound(f"the archive has no WARC file {given}: name it as `presskeep verify` does")
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

    def _missing(self, name: str, state: FileState | None, *, given_up: bool) -> Action:
        size = state.size if state is not None else 0
        if given_up:
            return Action(name, 0, 0, Outcome.CUT, _MISSING, name_of(name, 0, digest.sha256(b"")))
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
            for act, mend in losses.repairs(connection, name):
                if _is_replaced_since(connection, name, act.at):
                    continue  # by a purge: what it removed must not come back with an older copy
                if sha256 == mend.before:
                    return Action(name, 0, size, Outcome.ENTERED, "the file is again what it was before its damage")
                if sha256 == mend.after:
                    return Action(name, 0, size, Outcome.ENTERED, "a repair of this file was interrupted")
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
                set_aside(stream, quarantine, there.file, one.offset, one.end, one.reason)
        return self._kept(there)

    def _tell(self, writer: ArchiveWriter, there: Plan, kept: Mapping[int, str]) -> None:
        """Write the act, durably, unless a repair that was killed has done so."""
        before = there.state.sha256 if there.state is not None else None
        cuts = tuple(Cut(one.offset, one.end - one.offset, kept[one.offset], one.reason) for one in there.cuts)
        with self._archive.catalog.reading() as connection:
            told = [mend for _, mend in losses.repairs(connection, there.file)]
        if any((one.damaged, one.after) == (there.damaged, there.after) for one in told):
            return
        mend = Mend(there.file, before, there.damaged, there.after, cuts, there.lost, there.again)
        writer.add_act(losses.REPAIR, losses.facts(mend))
        writer.commit()

    def _write(self, there: Plan) -> None:
        warc = self._archive.warc_path
        if there.changes:
            with there.content(warc) as content, storage(there.file):
                written(resolve(warc, there.file), content)
        if not is_foreign(there.file):
            reenter(self._archive.catalog, warc, there.file)


def _states(catalog: Catalog) -> dict[str, FileState]:
    with catalog.reading() as connection:
        return holdings.file_states(connection)


def _is_replaced_since(connection: Connection, name: str, at: int) -> bool:
    table = tables.acts
    question = select(table).where(table.c.act == REWRITE, table.c.at > at)
    return any(act_of_row(row).first("file") == name for row in connection.execute(question).mappings())


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
        yield Action(there.file, cut.offset, cut.end - cut.offset, outcome, cut.reason, kept[cut.offset])
    for one in there.again:
        yield Action(there.file, 0, 0, Outcome.AGAIN, one)
    if not (there.patches or there.cuts or there.again or there.changes):
        said = "what has changed cannot be told: copy the file from a backup"
        yield Action(there.file, 0, there.size, Outcome.LEFT, said)
