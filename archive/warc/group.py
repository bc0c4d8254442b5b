"""Groups: the records that one fetch, attempt, run or site configuration left in a file, side by side."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field

from archive.warc.fields import NamedFields
from archive.warc.scan import Gap, Piece
from archive.warc.stored import Record, bare

ANSWERS = frozenset({"response", "revisit"})
CAPTURED = ANSWERS | {"conversion"}  # the records by whose ids captures are known
_AS_OURS = b"presskeep-schema: "  # how our metadata blocks begin, so that none has to be parsed for it
_GROUPED = CAPTURED | {"request", "metadata", "resource"}
_FIELDS = frozenset({"application/warc-fields", "text/warc-fields"})
# Ours have three; no writer is known with more than five. It bounds what a hostile file makes a reader hold.
_MOST = 16


@dataclass(slots=True)
class Group:
    """Records that belong together; ``metadata`` holds the fields of all their metadata records.

    ``own`` tells whether a writer of Presskeep made it: its metadata says so, and it is whole. ``torn`` tells whether
    damage lies within it or ended it.
    """

    records: list[Record] = field(default_factory=list)
    metadata: NamedFields = field(default_factory=NamedFields)
    own: bool = False
    torn: bool = False
    ids: set[str | None] = field(default_factory=set)
    links: set[str] = field(default_factory=set)  # the ids that its records name

    @property
    def start(self) -> int:
        """The offset of its first record."""
        return self.records[0].offset

    @property
    def end(self) -> int:
        """The offset behind its last record."""
        return self.records[-1].offset + self.records[-1].length

    def find(self, *kinds: str) -> Record | None:
        """The first record of these types."""
        for one in self.records:
            if one.kind in kinds:
                return one
        return None

    def add(self, record: Record, links: frozenset[str]) -> None:
        """Takes a record in, and the ids that it names."""
        self.records.append(record)
        self.ids.add(record.id)
        self.links |= links
        if record.kind == "metadata" and _is_fields(record):
            found = record.named
            self.metadata = NamedFields(self.metadata.pairs + found.pairs) if self.metadata.pairs else found
            self.own = self.own or found.first("presskeep-schema") is not None


def groups(pieces: Iterable[Piece]) -> Iterator[Group | Gap]:
    """The groups of a file's records, in their order, and the gaps between and within them, each when it is met.

    Linked by WARC-Concurrent-To in either direction, as writers differ in which record names which and in their order;
    neighbours without any link by their target URI. A group of our own ends with its metadata record. Across a gap
    only what is linked belongs together.
    """
    pending = Group()
    for piece in pieces:
        if isinstance(piece, Gap):
            pending.torn = True
            yield piece
            continue
        grouped = piece.kind in _GROUPED
        links = _links(piece)
        if pending.records and not (grouped and _belongs(piece, links, pending)):
            yield pending
            pending = Group()
        if not grouped:
            continue
        if not pending.records:
            pending.torn = False
        pending.add(piece, links)
        if pending.own or len(pending.records) >= _MOST:
            yield pending
            pending = Group()
    if pending.records:
        yield pending


def completes(record: Record) -> bool:
    """Whether a record ends a group of our own; a file that ends with any other was cut within a group."""
    if record.kind == "metadata":
        return _is_fields(record) and (
            record.block.startswith(_AS_OURS) or record.named.first("presskeep-schema") is not None
        )
    return record.kind == "warcinfo"


def _belongs(record: Record, links: frozenset[str], group: Group) -> bool:
    if record.kind in CAPTURED and group.find(*CAPTURED):
        return False
    if record.id in group.links or not links.isdisjoint(group.ids) or not links.isdisjoint(group.links):
        return True
    if links or group.links or group.torn:
        return False
    same_target = bare(record.fields.first("WARC-Target-URI")) == bare(group.records[0].fields.first("WARC-Target-URI"))
    return same_target and group.find(record.kind) is None


def _links(record: Record) -> frozenset[str]:
    """The ids that a record names as belonging to it."""
    given = record.fields.all("WARC-Concurrent-To")
    if record.kind == "metadata":  # a revisit's WARC-Refers-To names another, older capture
        given += record.fields.all("WARC-Refers-To")
    return frozenset([one for value in given if (one := bare(value)) is not None])


def _is_fields(record: Record) -> bool:
    kind = record.fields.first("Content-Type") or ""
    if kind not in _FIELDS and kind.partition(";")[0].strip().lower() not in _FIELDS:
        return False
    return record.whole
