"""The check of one WARC file, record by record: what is damaged, cut off, or another writer's convention."""

from __future__ import annotations

from dataclasses import dataclass, field

from archive.errors import DamagedRecord
from archive.http import HttpMessage
from archive.warc.digests import matches
from archive.warc.finding import Finding, Rule
from archive.warc.group import CAPTURED, completes
from archive.warc.scan import Gap, Piece
from archive.warc.stored import Record, date_of


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
        rule = Rule.TAIL if self.being_written else Rule.GROUP
        return [Finding(self.file, self.begun, rule, "the last group has no metadata record")]

    def _gap(self, gap: Gap) -> Finding:
        if gap.end == self.end:
            rule = Rule.TAIL if self.being_written else Rule.READABLE
            rest = f"nothing of the {gap.length} bytes from here to the end can be read"
        else:
            rule = Rule.READABLE
            rest = f"{gap.length} bytes cannot be read; the next whole record is at {gap.end}"
        return Finding(self.file, gap.offset, rule, f"{gap.reason}: {rest}")

    def _record(self, record: Record, found: list[Finding]) -> None:
        at = record.offset
        if at == 0:
            self._first(record, found)
        self._head(record, found)
        if record.trailer != b"\r\n\r\n":
            found.append(self._finding(at, Rule.TRAILER, "the block is not followed by exactly two line ends"))
        if record.whole:
            self._digests(record, found)
        else:
            found.append(
                self._finding(at, Rule.SIZE, f"a block of {record.declared} bytes: too large to check its digests")
            )
        if self.own:
            if completes(record):
                self.begun = None
            elif record.kind in CAPTURED and self.begun is not None:
                found.append(self._finding(self.begun, Rule.GROUP, "a group without its metadata record"))
                self.begun = at
            elif self.begun is None:
                self.begun = at

    def _first(self, record: Record, found: list[Finding]) -> None:
        if record.kind != "warcinfo":
            found.append(self._finding(0, Rule.WARCINFO, "the file does not begin with a warcinfo record"))
            return
        self.own = record.named.first("presskeep-schema") is not None
        given = record.fields.first("WARC-Filename")
        if given is not None and given != self.file.rpartition("/")[2]:
            found.append(self._finding(0, Rule.WARCINFO, f"the file was once named {given}"))

    def _head(self, record: Record, found: list[Finding]) -> None:
        at = record.offset
        if record.id is None:
            found.append(self._finding(at, Rule.RECORD_ID, "the record has no id"))
        elif record.id in self.ids:
            found.append(self._finding(at, Rule.RECORD_ID, f"another record of this file has the id {record.id}"))
        else:
            self.ids.add(record.id)
        try:
            date_of(record)
        except ValueError:
            found.append(self._finding(at, Rule.DATE, "the record has no date that can be read"))

    def _digests(self, record: Record, found: list[Finding]) -> None:
        stated = record.fields.first("WARC-Block-Digest")
        if stated is not None:
            right = matches(stated, [record.block])
            if right is False:
                found.append(self._finding(record.offset, Rule.BLOCK_DIGEST, f"the block is not that of {stated}"))
            elif right is None:
                found.append(
                    self._finding(record.offset, Rule.UNKNOWN_DIGEST, f"{stated[:80]!r} is a digest not known here")
                )
        elif self.own:
            found.append(self._finding(record.offset, Rule.BLOCK_DIGEST, "the record states no digest of its block"))
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
                    self._finding(record.offset, Rule.UNKNOWN_DIGEST, f"{stated[:80]!r} is a digest not known here")
                )
            return
        # Over what stands behind the head, with its framing, where that is not the entity.
        right = matches(stated, [_framed(record)])
        if right is None:
            found.append(
                self._finding(record.offset, Rule.UNKNOWN_DIGEST, f"{stated[:80]!r} is a digest not known here")
            )
        elif not right:
            found.append(self._finding(record.offset, Rule.PAYLOAD_DIGEST, f"the payload is not that of {stated}"))
        elif entity is not None:
            framing = "the payload digest is over the chunk framing (warcio, wget and others), not over the entity"
            found.append(self._finding(record.offset, Rule.FRAMED_DIGEST, framing))

    def _finding(self, offset: int, rule: Rule, message: str) -> Finding:
        return Finding(self.file, offset, rule, message)


def _framed(record: Record) -> memoryview:
    """What stands behind the head of an answer, its transfer coding included; all of a block that is no answer."""
    block = memoryview(record.block)
    if record.kind != "response":
        return block
    try:
        return block[HttpMessage.parse(record.block).body_offset :]
    except DamagedRecord:
        return block
