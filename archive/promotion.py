"""Promotion: what becomes of revisits when the capture that holds their payload is removed.

The first that stays becomes the response that it was on the wire, and the others refer to it.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from sqlalchemy import select

from archive import tables
from archive.capture import Capture
from archive.clock import warc_date
from archive.errors import DamagedRecord
from archive.revisits import referring_to
from archive.rows import capture_of_row
from archive.warc.answer import Answer
from archive.warc.fields import target_uri
from archive.warc.paths import resolve
from archive.warc.places import is_foreign
from archive.warc.quarantine import is_kept
from archive.warc.rewriting import Kept, Part, Put
from archive.warc.stored import Record, read_record
from archive.warc.tombstone import promoted, referred

if TYPE_CHECKING:
    from pathlib import Path

    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Heir:
    """A revisit that stays when its referent is removed: it becomes the response, or refers to another capture."""

    revisit: Capture
    referent: Capture  # what is removed
    instead: Capture | None  # None: it becomes the response itself


@dataclass(frozen=True, slots=True)
class Inheritance:
    """What is to be done before captures are removed; ``orphans`` are revisits whose payload goes with them."""

    heirs: tuple[Heir, ...] = ()
    orphans: tuple[Capture, ...] = ()

    @property
    def promoted(self) -> tuple[Heir, ...]:
        """Those that become responses."""
        return tuple(one for one in self.heirs if one.instead is None)

    def of_file(self, file: str) -> list[Heir]:
        """Those whose record lies in a file, in its order."""
        found = [one for one in self.heirs if one.revisit.location is not None and one.revisit.location.file == file]
        return sorted(found, key=lambda one: _place(one.revisit)[1])

    @property
    def files(self) -> tuple[str, ...]:
        """The files in which they lie; those of what becomes a response first."""
        return tuple(dict.fromkeys(_place(one.revisit)[0] for one in (*self.promoted, *self.heirs)))


def inheritance(archive: Archive, removed: Sequence[Capture]) -> Inheritance:
    """What the revisits of captures need that are to be removed, and are not to be removed themselves."""
    gone = {one.id for one in removed}
    heirs: list[Heir] = []
    orphans: list[Capture] = []
    for capture in removed:
        if capture.kind != "response":
            continue
        # Of a revisit that was lost to damage nothing is left that could be an heir.
        found = [
            one
            for one in referring_to(archive.catalog, archive.warc_path, capture)
            if one.id not in gone and not is_kept(_place(one)[0])
        ]
        if not found:
            continue
        movable = [one for one in found if not is_foreign(_place(one)[0])]
        orphans += [one for one in found if one not in movable]
        instead = _other_copy(archive, capture, gone)
        if instead is None:
            # A 304 had no body on the wire: it cannot hold one.
            first = next((one for one in movable if _had_a_body(one) and _is_readable(one, capture)), None)
            if first is None:
                orphans += movable
                continue
            heirs.append(Heir(first, capture, None))
            movable.remove(first)
            instead = first
        heirs += [Heir(one, capture, instead) for one in movable]
    return Inheritance(tuple(heirs), tuple(orphans))


def parts(warc: Path, file: str, heirs: Sequence[Heir]) -> Iterator[Part]:
    """The file as it is once its revisits are what they have to be."""
    path = resolve(warc, file)
    end = 0
    with path.open("rb") as stream:
        for heir in heirs:
            offset = _place(heir.revisit)[1]
            record = read_record(stream, offset, file=file)
            if record.kind != "revisit" or record.id != heir.revisit.id:
                raise DamagedRecord(
                    "another record lies here than the catalogue says: run `presskeep repair`", file=file
                )
            yield Kept(end, offset)
            yield Put(_written(heir, record), instead=offset)
            end = offset + record.length
    yield Kept(end, path.stat().st_size)


def _written(heir: Heir, record: Record) -> list[bytes]:
    if heir.instead is None:
        return promoted(record, _message(heir.revisit, heir.referent), heir.referent.payload_digest)
    new = heir.instead
    return referred(record, new.id, target_uri(new.url), warc_date(new.at))


def _message(revisit: Capture, referent: Capture) -> bytes:
    return replace(revisit, referent=referent).message().raw


def _had_a_body(revisit: Capture) -> bool:
    return revisit.status is not None and revisit.status != 304


def _is_readable(revisit: Capture, referent: Capture) -> bool:
    try:
        _message(revisit, referent)
    except (DamagedRecord, OSError):
        return False
    return True


def _other_copy(archive: Archive, capture: Capture, gone: Collection[str]) -> Capture | None:
    """Another capture of the same site that holds the same payload, and stays; the earliest."""
    table = tables.captures
    if capture.payload_digest is None:
        return None
    question = (
        select(table)
        .where(
            table.c.payload_digest == capture.payload_digest,
            table.c.kind == "response",
            table.c.truncated.is_(None),
            table.c.site.is_(None) if capture.site is None else table.c.site == capture.site,
        )
        .order_by(table.c.at, table.c.id)
    )
    with archive.catalog.reading() as connection:
        for row in connection.execute(question).mappings():
            if row["id"] not in gone and not is_foreign(row["file"]) and not is_kept(row["file"]):
                copy = capture_of_row(row, archive.warc_path)
                if _is_whole(copy):
                    return copy
    return None


def _is_whole(copy: Capture) -> bool:
    """Whether a capture's payload can be read, and is the one that its digest says."""
    stated = copy.payload_digest or ""
    try:
        return Answer.of(copy.block()).digest(stated.partition(":")[0]) == stated
    except (DamagedRecord, OSError):
        return False


def _place(capture: Capture) -> tuple[str, int]:
    place = capture.location
    if place is None:
        raise ValueError(f"{capture.id} has no location")
    return place.file, place.offset
