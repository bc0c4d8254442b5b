"""Promotion: what becomes of revisits when the capture that holds their payload is removed.

The first that stays becomes the response that it was on the wire, and the others refer to it. In files of other writers
too, where their records can be replaced.
"""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache
from typing import TYPE_CHECKING, BinaryIO

from sqlalchemy import select

from archive.capture import Capture
from archive.catalogue import tables
from archive.catalogue.copies import payload_digests
from archive.catalogue.revisits import referring_to
from archive.catalogue.rows import capture_of_row
from archive.clock import warc_date
from archive.entering.rewrites import can_be_rewritten
from archive.errors import DamagedRecord, PayloadRefused
from archive.http import HttpMessage
from archive.warc.answer import Answer
from archive.warc.fields import target_uri
from archive.warc.foreign.source import open_source
from archive.warc.member import MAGIC
from archive.warc.places import is_foreign
from archive.warc.quarantine import is_kept
from archive.warc.rewriting import Kept, Part, Put
from archive.warc.stored import BLOCK_LIMIT, Record
from archive.warc.tombstone import promoted, referred

if TYPE_CHECKING:
    from archive.store import Archive

_SOME = 500  # ids in one question


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
    can = cache(lambda file: can_be_rewritten(archive, file))
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
        movable = [one for one in found if can(_place(one)[0])]
        orphans += [one for one in found if one not in movable]
        # Ours refer to captures of their own site alone, and so to ours first.
        movable.sort(key=lambda one: is_foreign(_place(one)[0]))
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
        for one in movable:
            if one.site == instead.site or is_foreign(_place(one)[0]):
                heirs.append(Heir(one, capture, instead))
            else:
                orphans.append(one)
    return Inheritance(tuple(heirs), tuple(orphans))


def parts(archive: Archive, file: str, heirs: Sequence[Heir]) -> Iterator[Part]:
    """The file as it is once its revisits are what they have to be."""
    end = 0
    with open_source(archive.warc_path, file) as source:
        for heir in _where_they_lie_now(archive, heirs):
            offset = _place(heir.revisit)[1]
            record = source.read(offset, limit=BLOCK_LIMIT)
            if record.kind != "revisit" or record.id != heir.revisit.id:
                raise DamagedRecord(
                    "another record lies here than the catalogue says: run 'presskeep repair'", file=file
                )
            yield Kept(end, offset)
            yield Put(_written(heir, record, packed=starts_packed(source.stream, offset)))
            end = offset + record.length
        yield Kept(end, source.end)


def starts_packed(stream: BinaryIO, offset: int) -> bool:
    """Whether the record at an offset is gzipped: what takes its place is to be so, too."""
    stream.seek(offset)
    return stream.read(len(MAGIC)) == MAGIC


def _where_they_lie_now(archive: Archive, heirs: Sequence[Heir]) -> list[Heir]:
    """The same heirs: the files in which they and their referents lie may have been replaced since."""
    table = tables.captures
    ids = sorted({one.id for heir in heirs for one in (heir.revisit, heir.referent)})
    found: dict[str, Capture] = {}
    with archive.catalog.reading() as connection:
        for start in range(0, len(ids), _SOME):
            question = select(table).where(table.c.id.in_(ids[start : start + _SOME]))
            for row in connection.execute(question).mappings():
                found[row["id"]] = capture_of_row(row, archive.warc_path)
    now = []
    for heir in heirs:
        revisit, referent = (found.get(one.id, one) for one in (heir.revisit, heir.referent))
        now.append(Heir(revisit, referent, heir.instead))
    return sorted(now, key=lambda one: _place(one.revisit)[1])


def _written(heir: Heir, record: Record, *, packed: bool) -> list[bytes]:
    if heir.instead is None:
        block = _message(heir.revisit, heir.referent).raw
        return promoted(record, block, heir.referent.payload_digest, packed=packed)
    new = heir.instead
    return referred(record, new.id, target_uri(new.url), warc_date(new.at), packed=packed)


def _message(revisit: Capture, referent: Capture) -> HttpMessage:
    return replace(revisit, referent=referent).message()


def _had_a_body(revisit: Capture) -> bool:
    return revisit.status is not None and revisit.status != 304


def _is_readable(revisit: Capture, referent: Capture) -> bool:
    """Whether its message can be had, and gives the payload when it is read back.

    Other writers do not say how its body was framed: it then stands behind the head without, as some archives store it.
    """
    try:
        message = _message(revisit, referent)
        return HttpMessage.parse(message.raw).entity() == message.entity()
    except (DamagedRecord, PayloadRefused, OSError):
        return False


def _other_copy(archive: Archive, capture: Capture, gone: Collection[str]) -> Capture | None:
    """Another capture of the same site that holds the same payload, and stays; the earliest."""
    table = tables.captures
    with archive.catalog.reading() as connection:
        digests = sorted(payload_digests(connection, archive.warc_path, [capture]))
    if not digests:
        return None
    question = (
        select(table)
        .where(
            table.c.payload_digest.in_(digests),
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
