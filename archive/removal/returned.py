"""What has come back: files, and records in them, from before a purge, as a backup brings them.

Two things tell. A file that has the digest which an act of rewriting gives as the one before is that older copy. And
what the archive's own files have of a target from before its purge can only have come back, since that left nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from archive.catalogue import holdings, losses, tables
from archive.catalogue.blocking import Target
from archive.entering.adoption import measure
from archive.entering.rewrites import Reason, Rewrite, all_of_them
from archive.errors import DamagedRecord
from archive.removal import purges
from archive.removal.purges import Told
from archive.warc.paths import resolve
from archive.warc.places import is_foreign
from archive.warc.quarantine import is_kept

if TYPE_CHECKING:
    from archive.store import Archive

_REMOVING = frozenset({Reason.PURGE, Reason.PROMOTION})


@dataclass(frozen=True, slots=True)
class Returned:
    """A file that is as it was before purges, and those purges.

    ``entered`` tells whether the catalogue knows it as it lies there. Without ``content`` nothing that was removed is
    in it: it only lacks payloads that its revisits inherited.
    """

    file: str
    purges: tuple[Told, ...]
    entered: bool
    content: bool


def returned(connection: Connection, warc: Path) -> Iterator[Returned]:
    """The files of which an older copy lies in ``warc``; those are not read whose size only their last state has."""
    rewrites = list(all_of_them(connection))
    known = {one.begun.id: one for one in purges.told(connection)}
    states = holdings.file_states(connection)
    for file in sorted({one.file for one in rewrites if one.reason in _REMOVING}):
        of_file = [one for one in rewrites if one.file == file]
        now = _digest_of_another(warc, of_file)
        if now is None:
            continue
        undone = undone_by(connection, file, now, of_file)
        entered = file in states and states[file].sha256 == now
        those = tuple({one.serves: known[one.serves] for one in undone if one.serves in known}.values())
        # A purge that has not ended may not have come to a file yet.
        if those and not (entered and all(one.ended is None for one in those)):
            yield Returned(file, those, entered, any(one.reason == Reason.PURGE for one in undone))


def undone_by(
    connection: Connection, file: str, sha256: str, rewrites: Sequence[Rewrite] | None = None
) -> tuple[Rewrite, ...]:
    """The rewrites by purges that a copy of a file with this digest has not seen, in the order of time."""
    if rewrites is None:
        rewrites = [one for one in all_of_them(connection) if one.file == file]
    # A repair is told with what the file was before its damage, too.
    closed = {act.id: mend.closed for act, mend in losses.repairs(connection, file)}
    reached, found = {sha256}, set[int]()
    grown = True
    while grown:
        grown = False
        for number, one in enumerate(rewrites):
            if number not in found and reached & {one.was, closed.get(one.serves)}:
                found.add(number)
                reached.add(one.becomes)
                grown = True
    return tuple(rewrites[number] for number in sorted(found) if rewrites[number].reason in _REMOVING)


def again_there(connection: Connection) -> dict[str, tuple[Told, ...]]:
    """The archive's own files that have something of a target from before its purge, and those purges.

    What was imported since is not meant: it came otherwise.
    """
    found: dict[str, dict[str, Told]] = {}
    for one in purges.told(connection):
        if one.ended is None:
            continue
        for table in (tables.captures, tables.attempts):
            question = select(table.c.key, table.c.file).distinct()
            question = question.where(one.target.among(table.c.key), table.c.at < one.begun.at)
            for key, file in connection.execute(question):
                if one.target.covers(key) and not is_foreign(file) and not is_kept(file):
                    found.setdefault(file, {})[one.begun.id] = one
    return {file: tuple(those.values()) for file, those in found.items()}


def _digest_of_another(warc: Path, rewrites: Sequence[Rewrite]) -> str | None:
    """The digest of a file that may not be as its last rewrite left it; None where its size says so, or it is gone."""
    last = rewrites[-1]
    try:
        path = resolve(warc, last.file)
        size = path.stat().st_size
        if size == last.size and all(one.was_size != size for one in rewrites):
            return None
        return measure(path)[1]
    except (DamagedRecord, FileNotFoundError):
        return None


def to_purge_again(archive: Archive) -> list[tuple[Told, tuple[str, ...]]]:
    """The purges whose content is there again, one of each target, with the files that have it."""
    with archive.catalog.reading() as connection:
        found = [(one.file, one.purges) for one in returned(connection, archive.warc_path) if one.content]
        found += list(again_there(connection).items())
    files: dict[tuple[Target, bool], dict[str, None]] = {}
    last: dict[tuple[Target, bool], Told] = {}
    for file, those in found:
        for one in those:
            what = (one.target, one.payload)
            files.setdefault(what, {})[file] = None
            last[what] = one
    return [(last[what], tuple(sorted(names))) for what, names in files.items()]
