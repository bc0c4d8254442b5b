"""Purge: the bytes of what was taken down removed from the archive, with tombstones in their place.

The order of the steps is what makes it safe. The takedown comes first: nothing is handed out any more. Then an act says
that a purge begins; what must stay, and has its payload from what goes, gets that payload; then file by file is made
anew with tombstones; then catalogue, texts and quarantine are freed of what is left; then an act says that it is done.
Killed anywhere, it is run again and goes on from there. What a backup has brought back is entered first.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, delete, select

from archive.capture import Capture
from archive.catalogue import blocking, database, tables, texts
from archive.catalogue.blocking import Target
from archive.catalogue.copies import payload_digests
from archive.catalogue.rows import capture_of_row
from archive.entering.rebuild import SUFFIX
from archive.entering.rewrites import Reason, alone, can_be_rewritten, enter, replace_file
from archive.errors import ConfigurationError, DamagedRecord
from archive.event import Act
from archive.progress import Progress
from archive.removal.promotion import Inheritance, inheritance, parts, starts_packed
from archive.removal.purges import PURGE, PURGED, Told, unfinished
from archive.removal.remnants import IsMeant, clear_parts, clear_quarantine
from archive.removal.returned import again_there, returned
from archive.removal.takedown import is_down, take_down
from archive.url import normalise
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import open_source
from archive.warc.group import Group
from archive.warc.paths import imported_files, second_names
from archive.warc.places import is_foreign
from archive.warc.quarantine import is_kept
from archive.warc.rewriting import Kept, Part, Put
from archive.warc.scan import Gap, Piece
from archive.warc.stored import bare
from archive.warc.tombstone import bury, main_record, target_of, tombstone_of
from archive.warc.vouching import vouched

if TYPE_CHECKING:
    from archive.store import Archive
    from archive.writing import ArchiveWriter

_OK = 200


@dataclass(frozen=True, slots=True)
class Plan:
    """What a purge would remove: captures and attempts, the files in which they lie, and what stays by inheritance.

    ``foreign`` are attached files that hold some of it, and imported ones whose records cannot be replaced
    (`archive.entering.rewrites.can_be_rewritten`): there it is only blocked. ``returned`` are files from before another
    purge, as a backup brings them: what they hold is known only once they are entered, which `purge` does first.
    """

    captures: tuple[Capture, ...]
    attempts: int
    files: tuple[str, ...]
    foreign: tuple[str, ...]
    inheritance: Inheritance
    returned: tuple[str, ...] = ()
    bytes: int = 0  # of their records, as far as the catalogue has them: requests and metadata come on top

    @property
    def ids(self) -> frozenset[str]:
        """The ids of the captures."""
        return frozenset(one.id for one in self.captures)


@dataclass(frozen=True, slots=True)
class Purged:
    """What a purge has removed.

    ``records`` counts those that are gone from the WARC files and ``bytes`` how much smaller those became.
    ``damaged`` names places whose bytes cannot be read, and so may hold what was to go. ``again`` are other purges
    whose content has come back. ``waiting`` is True where readers kept the catalogue from being freed of old pages.
    """

    plan: Plan
    files: tuple[str, ...] = ()
    records: int = 0
    bytes: int = 0
    quarantined: tuple[str, ...] = ()
    damaged: tuple[Gap, ...] = ()
    again: tuple[Told, ...] = ()
    waiting: bool = False


def plan(archive: Archive, target: Target, *, payload: bool = False) -> Plan:
    """What a purge would do. With ``payload`` other captures of the same pages go, too, whatever their address."""
    with archive.catalog.reading() as connection:
        captures = _captures(connection, archive, target, payload=payload)
        table = tables.attempts.c
        question = select(table.key, table.file, table.length).where(target.among(table.key))
        attempts = [(file, length) for key, file, length in connection.execute(question) if target.covers(key)]
        # A capture that came twice is in the catalogue once.
        twice: set[str] = set()
        for some in tables.in_parts([one.id for one in captures]):
            twice.update(
                connection.scalars(select(tables.copies.c.file).where(tables.copies.c.id.in_(some)).distinct())
            )
        older = tuple(one.file for one in returned(connection, archive.warc_path) if not one.entered)
    placed = [(place.file, place.length) for one in captures if (place := one.location) is not None]
    known = {file for file, _ in placed + attempts}
    meant = _meant(target, frozenset(one.id for one in captures))
    also = {one for one in imported_files(archive.warc_path) if one not in known and _holds(archive, one, meant)}
    files = sorted(known | also | twice)
    fixed = [file for file in files if is_foreign(file) and not can_be_rewritten(archive, file)]
    return Plan(
        captures=tuple(captures),
        attempts=len(attempts),
        files=tuple(file for file in files if file not in fixed and not is_kept(file)),
        foreign=tuple(fixed),
        inheritance=inheritance(archive, [one for one in captures if one.location is not None]),
        returned=older,
        bytes=sum(length for _, length in placed + attempts),
    )


def purge(
    archive: Archive,
    target: Target,
    *,
    given: str,
    reason: str,
    by: str = "",
    payload: bool = False,
    progress: Progress | None = None,
) -> Purged:
    """Take a target down and remove its bytes; ``progress`` hears ``files``.

    Raises ArchiveBusy while anyone writes, StorageFull: nothing is lost then, and it is run again once there is room;
    ConfigurationError where a file has two names below ``warc/``: then the target is blocked, and nothing removed.
    """
    if is_down(archive, target):
        archive.compact()
    else:
        take_down(archive, target, given=given, reason=reason, by=by)
    with alone(archive) as own:
        _require_single_names(own)
        own.adopt()
        database.remove(own.catalog.path.with_name(own.catalog.path.name + SUFFIX))  # of a rebuild that was killed
        with own.writer("takedown", worker="purge") as writer:
            begun = _begun(own, target, payload=payload) or writer.add_act(
                PURGE, [*blocking.facts(target, given, reason, by), ("payload", "yes" if payload else "no")]
            )
            writer.commit()
            done = _Purge(own, writer, target, begun, progress).done(payload=payload)
            facts = [("purge", begun.id), ("records", str(done.records)), ("bytes", str(done.bytes))]
            facts += [("quarantine", name) for name in done.quarantined]
            own.compact()  # killed behind the act, nobody would know that it is still to be done
            writer.add_act(PURGED, facts)
    return done


def _require_single_names(archive: Archive) -> None:
    """What is removed under one name of a file would stay under the other, or the catalogue be wrong about that."""
    for second, first in second_names(archive.warc_path):
        raise ConfigurationError(
            f"blocked, but nothing is removed yet: warc/{second} and warc/{first} are one file. Remove one of the two "
            "names, which leaves the file under the other, run 'presskeep rebuild', then the same command again",
            file=second,
        )


def _singly(pieces: Iterable[Piece]) -> Iterator[Group | Gap]:
    """The records of a foreign file one by one: some writers leave what belongs together far apart."""
    for piece in pieces:
        yield piece if isinstance(piece, Gap) else Group([piece])


def _begun(archive: Archive, target: Target, *, payload: bool) -> Act | None:
    """A purge of the same that was killed: it is taken up, so that its tombstones name one act."""
    same = (one.begun for one in unfinished(archive) if (one.target, one.payload) == (target, payload))
    return next(same, None)


def _captures(connection: Connection, archive: Archive, target: Target, *, payload: bool) -> list[Capture]:
    table = tables.captures
    rows = connection.execute(select(table).where(target.among(table.c.key)).order_by(table.c.at, table.c.id))
    found = [capture_of_row(row, archive.warc_path) for row in rows.mappings() if target.covers(row["key"])]
    if payload:
        # Of pages alone: the body of a redirect or an error is that of many others, too.
        pages = [one for one in found if one.status == _OK and one.payload_length != 0]
        known = {one.id for one in found}
        for digest in sorted(payload_digests(connection, archive.warc_path, pages)):
            same = select(table).where(table.c.payload_digest == digest).order_by(table.c.at, table.c.id)
            rows = connection.execute(same)
            found += [capture_of_row(row, archive.warc_path) for row in rows.mappings() if row["id"] not in known]
    return found


class _Purge:
    """One purge of an archive that nobody else writes."""

    def __init__(
        self, archive: Archive, writer: ArchiveWriter, target: Target, begun: Act, progress: Progress | None
    ) -> None:
        self._archive = archive
        self._writer = writer
        self._target = target
        self._begun = begun
        self._progress = progress
        self._counts = Counter[str]()
        self._damaged: list[Gap] = []
        self._done = 0

    def done(self, *, payload: bool) -> Purged:
        """Do it."""
        archive = self._archive
        with archive.catalog.reading() as connection:
            older = [one for one in returned(connection, archive.warc_path) if not one.entered]
        for one in older:
            enter(archive.catalog, archive.warc_path, one.file)
        planned = plan(archive, self._target, payload=payload)
        ids, heirs = planned.ids, planned.inheritance
        dependent = [one.revisit.id for one in heirs.heirs] + [one.id for one in heirs.orphans]
        with archive.catalog.writing() as connection:
            texts.forget(connection, [*ids, *dependent, *texts.told_from(connection, ids)])
        for directory in (archive.quarantine_path, archive.text_path):
            clear_parts(directory)
        quarantined = clear_quarantine(archive.quarantine_path, _meant(self._target, ids))
        # Last the captures of the target itself: as long as they are there, a purge that was killed finds all others.
        copies = frozenset(one.id for one in planned.captures if not self._target.covers(one.key))
        also = [file for file in _files(one for one in planned.captures if one.id in copies) if file in planned.files]
        total = len(heirs.files) + len(also) + len(planned.files)
        for file in heirs.files:
            inherit = heirs.of_file(file)
            facts = [("promoted", one.revisit.id) for one in inherit if one.instead is None]
            self._replace(file, parts(archive, file, inherit), Reason.PROMOTION, total, facts)
        for file in also:
            self._replace(file, self._without(file, lambda record_id, _: record_id in copies), Reason.PURGE, total)
        for file in planned.files:
            self._replace(file, self._without(file, _meant(self._target, ids)), Reason.PURGE, total)
        with archive.catalog.writing() as connection:
            _forget_what_is_gone(connection)
            back = {told.begun.id: told for those in again_there(connection).values() for told in those}
        waiting = not database.shrink(archive.catalog.path)
        files = tuple(sorted({*heirs.files, *planned.files}))
        return Purged(
            planned,
            files,
            self._counts["records"],
            self._counts["bytes"],
            quarantined,
            tuple(self._damaged),
            tuple(back.values()),
            waiting,
        )

    def _replace(
        self, file: str, pieces: Iterator[Part], reason: Reason, total: int, facts: Sequence[tuple[str, str]] = ()
    ) -> None:
        if self._progress is not None:
            self._progress(self._done, total, "files")
        done = replace_file(
            self._archive, self._writer, file, pieces, reason=reason, serves=self._begun.id, facts=facts
        )
        self._counts["bytes"] += done.was_size - done.size
        self._done += 1
        if self._progress is not None:
            self._progress(self._done, total, "files")

    def _without(self, file: str, is_meant: IsMeant) -> Iterator[Part]:
        """A file with tombstones in the place of what is to go."""
        end = 0
        with open_source(self._archive.warc_path, file) as source:
            for group in _singly(source.scan(0)) if is_foreign(file) else vouched(source.scan(0), file):
                if isinstance(group, Gap):
                    self._damaged.append(group)
                    continue
                main = main_record(group)
                if tombstone_of(main) is None and is_meant(main.id, target_of(main.fields, group.metadata)):
                    yield Kept(end, group.start)
                    packed = starts_packed(source.stream, group.start)
                    yield Put(bury(group, self._begun.id, packed=packed))
                    end = group.end
                    self._counts["records"] += len(group.records)
            yield Kept(end, source.end)


def _meant(target: Target, ids: Collection[str]) -> IsMeant:
    return lambda record_id, url: record_id in ids or (bool(url) and target.covers(normalise(url)))


def _holds(archive: Archive, file: str, meant: IsMeant) -> bool:
    """Whether an imported file has a record that is to go."""
    try:
        with open_source(archive.warc_path, file) as source:
            found = (one for one in source.scan(0, limit=0) if not isinstance(one, Gap))
            return any(meant(one.id, bare(one.fields.first("WARC-Target-URI")) or "") for one in found)
    except (DamagedRecord, FormRefused):
        return False


def _files(captures: Iterable[Capture]) -> tuple[str, ...]:
    """The WARC files in which captures lie, sorted."""
    found = {one.location.file for one in captures if one.location is not None}
    return tuple(file for file in sorted(found) if not is_kept(file))


def _forget_what_is_gone(connection: Connection) -> None:
    """Rows about captures and attempts that the catalogue has no more."""
    for table in (tables.blocked, tables.failures):
        column = table.c.id if table is tables.blocked else table.c.capture
        held = [select(one.c.id).where(one.c.id == column).exists() for one in (tables.captures, tables.attempts)]
        connection.execute(delete(table).where(~held[0], ~held[1]))
