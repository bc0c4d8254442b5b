"""Findings about one WARC file: what is damaged, what can be repaired, what is another writer's convention."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path

from archive.errors import DamagedRecord
from archive.http import HttpMessage
from archive.warc.digests import matches
from archive.warc.group import ANSWERS, completes
from archive.warc.paths import OPEN
from archive.warc.scan import Gap, Piece, scan
from archive.warc.stored import BLOCK_LIMIT, Record, date_of

_STEP = 2**20


class Severity(StrEnum):
    """What a finding means for whoever relies on the file."""

    DAMAGED = "damaged"  # stored bytes are gone or not what they were
    REPAIRABLE = "repairable"  # a writer was killed: the next one's start cuts the file to what is whole
    ELSEWHERE = "elsewhere"  # an attached file, which is not the archive's own, is gone or not what it was
    CONVENTION = "convention"  # another reading of the standard than ours; nothing to do


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing that is not as it should be: in which file, at which offset, against which rule.

    Rules: ``readable``, ``date``, ``block-digest``, ``payload-digest``, ``group``, ``trailer``, ``record-id``,
    ``warcinfo``, ``size``, ``tombstone``, ``purge`` (docs/warc-profile.md).
    """

    file: str
    offset: int
    rule: str
    severity: Severity
    message: str


def check_file(path: Path, file: str | None = None) -> Iterator[Finding]:
    """The findings about a WARC file, in the order of its bytes; none where every byte is accounted for.

    After a damaged place it goes on with the next whole record, and says how many bytes lie between. ``file`` is the
    name to use in findings; ``path`` may carry ``.open``.
    """
    with path.open("rb", buffering=_STEP) as stream:
        end = stream.seek(0, 2)
        check = Check(file or path.name.removesuffix(OPEN), end, being_written=path.name.endswith(OPEN))
        for piece in scan(stream, 0, end, check.file, limit=BLOCK_LIMIT):
            yield from check.piece(piece)
        yield from check.ended()


@dataclass(slots=True)
class Check:
    """One file being checked, piece by piece, by whoever reads it: what its findings share.

    Checks each record's digests, date, id and place in its group; the reading has seen to checksums and lengths.
    """

    file: str
    end: int  # its bytes
    being_written: bool
    own: bool = False
    ids: set[str] = field(default_factory=set)
    begun: int | None = None  # where the group began that is not ended yet

    def piece(self, piece: Piece) -> list[Finding]:
        """The findings about the next record or gap."""
        if isinstance(piece, Gap):
            self.begun = None
            return [self._gap(piece)]
        found: list[Finding] = []
        self._record(piece, found)
        return found

    def ended(self) -> list[Finding]:
        """The findings at the file's end."""
        if self.begun is None:
            return []
        severity = Severity.REPAIRABLE if self.being_written else Severity.DAMAGED
        return [Finding(self.file, self.begun, "group", severity, "the last group has no metadata record")]

    def _gap(self, gap: Gap) -> Finding:
        if gap.end == self.end:
            severity = Severity.REPAIRABLE if self.being_written else Severity.DAMAGED
            rest = f"nothing of the {gap.length} bytes from here to the end can be read"
        else:
            severity = Severity.DAMAGED
            rest = f"{gap.length} bytes cannot be read; the next whole record is at {gap.end}"
        return Finding(self.file, gap.offset, "readable", severity, f"{gap.reason}: {rest}")

    def _record(self, record: Record, found: list[Finding]) -> None:
        at = record.offset
        if at == 0:
            self._first(record, found)
        self._head(record, found)
        if record.trailer != b"\r\n\r\n":
            found.append(self._convention(at, "trailer", "the block is not followed by exactly two line ends"))
        if record.whole:
            self._digests(record, found)
        else:
            found.append(
                self._convention(at, "size", f"a block of {record.declared} bytes: too large to check its digests")
            )
        if self.own:
            if completes(record):
                self.begun = None
            elif record.kind in ANSWERS and self.begun is not None:
                found.append(self._damaged(self.begun, "group", "a group without its metadata record"))
                self.begun = at
            elif self.begun is None:
                self.begun = at

    def _first(self, record: Record, found: list[Finding]) -> None:
        if record.kind != "warcinfo":
            found.append(self._convention(0, "warcinfo", "the file does not begin with a warcinfo record"))
            return
        self.own = record.named.first("presskeep-schema") is not None
        given = record.fields.first("WARC-Filename")
        if given is not None and given != self.file.rpartition("/")[2]:
            found.append(self._convention(0, "warcinfo", f"the file was once named {given}"))

    def _head(self, record: Record, found: list[Finding]) -> None:
        at = record.offset
        if record.id is None:
            found.append(self._convention(at, "record-id", "the record has no id"))
        elif record.id in self.ids:
            found.append(self._convention(at, "record-id", f"another record of this file has the id {record.id}"))
        else:
            self.ids.add(record.id)
        try:
            date_of(record)
        except ValueError:
            found.append(self._damaged(at, "date", "the record has no date that can be read"))

    def _digests(self, record: Record, found: list[Finding]) -> None:
        stated = record.fields.first("WARC-Block-Digest")
        if stated is not None:
            right = matches(stated, [record.block])
            if right is False:
                found.append(self._damaged(record.offset, "block-digest", f"the block is not that of {stated}"))
            elif right is None:
                found.append(
                    self._convention(record.offset, "block-digest", f"{stated[:80]!r} is a digest not known here")
                )
        elif self.own:
            found.append(self._damaged(record.offset, "block-digest", "the record states no digest of its block"))
        stated = record.fields.first("WARC-Payload-Digest")
        # The digest of a revisit is that of the record it refers to.
        if stated is not None and record.kind != "revisit":
            self._payload(record, stated, found)

    def _payload(self, record: Record, stated: str, found: list[Finding]) -> None:
        if record.kind == "request":
            return  # requests of other writers; their bodies are no payload of ours
        entity: bytes | memoryview | None = record.answer.entity if record.kind == "response" else record.block
        if entity is not None and (right := matches(stated, [entity])) is not False:
            if right is None:
                found.append(
                    self._convention(record.offset, "payload-digest", f"{stated[:80]!r} is a digest not known here")
                )
            return
        # Over what stands behind the head, with its framing, where that is not the entity.
        right = matches(stated, [_framed(record)])
        if right is None:
            found.append(
                self._convention(record.offset, "payload-digest", f"{stated[:80]!r} is a digest not known here")
            )
        elif not right:
            found.append(self._damaged(record.offset, "payload-digest", f"the payload is not that of {stated}"))
        elif entity is not None:
            framing = "the payload digest is over the chunk framing (warcio, wget and others), not over the entity"
            found.append(self._convention(record.offset, "payload-digest", framing))

    def _damaged(self, offset: int, rule: str, message: str) -> Finding:
        return Finding(self.file, offset, rule, Severity.DAMAGED, message)

    def _convention(self, offset: int, rule: str, message: str) -> Finding:
        return Finding(self.file, offset, rule, Severity.CONVENTION, message)


def _framed(record: Record) -> memoryview:
    """What stands behind the head of an answer, its transfer coding included; all of a block that is no answer."""
    block = memoryview(record.block)
    if record.kind != "response":
        return block
    try:
        return block[HttpMessage.parse(record.block).body_offset :]
    except DamagedRecord:
        return block
