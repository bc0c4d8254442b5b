"""What records say of each other, over all files that are given: ids, references, segments of one record."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

from archive.lint.digests import parse
from archive.lint.finding import Fault, error, note, shown, warc, warning
from archive.lint.record import TYPES, Record, bare

_DIGEST_BITS = 64
_PLACE_BITS = 64  # 20 of them for the file, 44 for the offset
_IDS = 2_000_000  # ids that are remembered: some 400 MB
_MOST = 200_000  # references that lead nowhere yet, and segments, that are remembered: some 100 MB

DUPLICATE = error(
    "record-id-duplicate",
    warc("5.2"),
    "A record id is that of one record, in all the files given (told once for each id and file).",
    "Indexes and references hit the wrong record. (A copy of a file beside it is told here too.)",
)
CONCURRENT_DANGLING = warning(
    "concurrent-to-dangling",
    warc("5.7"),
    "WARC-Concurrent-To names a record that is in none of the files given.",
    "Records of one capture are written together. Give all files of the collection at once.",
)
REFERS_DANGLING = warning(
    "refers-to-dangling",
    warc("5.11"),
    "WARC-Refers-To names a record that is in none of the files given.",
    "The record describes, converts or repeats something that is not there. Give all files of the collection at once.",
)
REFERS_ELSEWHERE = note(
    "refers-to-elsewhere",
    warc("5.11"),
    "A revisit names an original that is in none of the files given, with its URI and date.",
    "Revisits often refer to earlier files; the original can be found by URI and date.",
)
REFERS_TO_REVISIT = warning(
    "refers-to-revisit",
    warc("6.7.2"),
    "A revisit refers to another revisit.",
    "WARC-Refers-To is to lead to a record from which the content can be retrieved.",
)
REVISIT_DIFFERS = error(
    "revisit-digest-differs",
    warc("6.7.2"),
    "A revisit for an identical payload has another payload digest than the record that it refers to.",
    "Then the payload is not identical.",
)
WARCINFO_ELSEWHERE = note(
    "warcinfo-id-elsewhere",
    warc("5.16"),
    "WARC-Warcinfo-ID names a record that is in none of the files given (told once for each id).",
    "So it is where records were taken out of their files.",
)
WARCINFO_WRONG = error(
    "warcinfo-id-wrong",
    warc("5.16"),
    "WARC-Warcinfo-ID names a record that is no warcinfo record.",
    "It says who wrote the record, and how.",
)
CONCURRENT_DATE = note(
    "concurrent-date",
    warc("5.4"),
    "Records of one capture have the same WARC-Date.",
    "Some writers give each record the time at which it was written.",
)
SEGMENT_NUMBER = error(
    "segment-number",
    warc("5.20"),
    "A continuation has a WARC-Segment-Number of 2 or more; any other record with one has 1.",
    "The segments cannot be put in order.",
)
SEGMENT_ORIGIN = error(
    "segment-origin-id-missing",
    warc("5.21"),
    "A continuation has a WARC-Segment-Origin-ID.",
    "Nobody can say what it continues.",
)
SEGMENT_LENGTH = error(
    "segment-total-length",
    warc("5.22"),
    "WARC-Segment-Total-Length stands in the last segment, and is the length of all segments' blocks.",
    "A reader cannot tell whether the record is whole.",
)
SEGMENT_SERIES = warning(
    "segment-series",
    warc("7"),
    "The segments of a record are all there: the first, each number once, and a last one with the total length.",
    "The record cannot be put together from the files given.",
)
SEGMENT_TARGET = error(
    "segment-target-uri",
    warc("7"),
    "All segments of a record have the same WARC-Target-URI.",
    "They belong to one record.",
)
UNCHECKED = note(
    "references-unchecked",
    warc("5.11"),
    f"More than {_IDS:,} records, or {_MOST:,} references to later or absent ones: the others are not checked.",
    "Each costs memory. Give fewer files at once.",
)


@dataclass(frozen=True, slots=True)
class Linked:
    """A fault of a reference, and the place of the record that has it: number of the file, and offset."""

    file: int
    offset: int
    fault: Fault
    record: str | None
    uri: str | None


@dataclass(slots=True)
class _Reference:
    file: int
    offset: int
    field: str
    target: bytes
    text: str
    record: str | None
    uri: str | None
    kind: str
    resolvable: bool
    digest: int
    at: int


@dataclass(slots=True)
class _Segment:
    file: int
    offset: int
    number: int
    total: int | None
    length: int
    uri: str | None
    record: str | None


@dataclass(slots=True)
class _Repeat:
    """The first record of a file that has the id of an earlier one."""

    file: int
    offset: int
    record: str
    uri: str | None
    message: str
    others: int = 0  # of the same id and file, behind it

    def told(self) -> Linked:
        more = f"; {self.others:,} more in this file have it" if self.others else ""
        return Linked(self.file, self.offset, (DUPLICATE, self.message + more), self.record, self.uri)


class Links:
    """The ids of all records, and what refers to them. Some 200 bytes a record."""

    def __init__(self) -> None:
        # Packed into one number each: type, hash of the payload digest, hash of the date, file and offset.
        self._ids: dict[bytes, int] = {}
        self._references: list[_Reference] = []
        self._segments: dict[bytes, list[_Segment]] = {}
        self._repeats: dict[tuple[int, bytes], _Repeat] = {}
        self._remembered = 0
        self.left_out = 0  # ids and references that were not remembered, and so are not checked

    def add(self, record: Record, file: int, names: list[str]) -> Iterator[Fault]:
        """Takes a record in; yields what can be said at once. ``names`` are the files' names, by their numbers."""
        own = record.field("WARC-Record-ID")
        if own:
            key = _key(own)
            before = self._ids.get(key)
            if before is not None:
                self._repeat(record, file, own, before, names)
            elif len(self._ids) < _IDS:
                self._ids[key] = _packed(record, file)
            else:
                self.left_out += 1
        yield from self._segment(record, file)
        for name in ("WARC-Concurrent-To", "WARC-Refers-To", "WARC-Warcinfo-ID"):
            for value in dict.fromkeys(record.head.fields.all(name)):
                self._refer(record, file, name, value)

    def ended(self) -> Iterator[Linked]:
        """What can be said once all files are read."""
        for repeat in self._repeats.values():
            yield repeat.told()
        told: set[bytes] = set()
        full = len(self._ids) >= _IDS  # then what is not found may still be there
        for one in self._references:
            found = self._ids.get(one.target)
            if one.field == "WARC-Warcinfo-ID":
                if found is not None and _kind(found) != "warcinfo":
                    yield _linked(one, (WARCINFO_WRONG, f"it is of type {_kind(found)}: {shown(one.text)}"))
                elif found is None and not full and one.target not in told:
                    told.add(one.target)
                    yield _linked(one, (WARCINFO_ELSEWHERE, shown(one.text)))
            elif found is None:
                if not full:
                    yield _linked(one, self._dangling(one))
            else:
                yield from self._found(one, found)
        for key, segments in self._segments.items():
            yield from self._series(key, segments)

    def _repeat(self, record: Record, file: int, own: str, before: int, names: list[str]) -> None:
        key = (file, _key(own))
        if (known := self._repeats.get(key)) is not None:
            known.others += 1
        elif len(self._repeats) >= _MOST:
            self.left_out += 1
        else:
            place = before & ((1 << _PLACE_BITS) - 1)
            message = f"{shown(own)} is also in {names[place >> 44]} at {place & ((1 << 44) - 1)}"
            self._repeats[key] = _Repeat(file, record.offset, _cut(own) or "", _cut(record.target), message)

    def _refer(self, record: Record, file: int, name: str, value: str) -> None:
        target = _key(value)
        # Most references lead to a record close by, and are settled at once: only the others are kept.
        found = self._ids.get(target)
        if not value or (found is not None and name == "WARC-Warcinfo-ID" and _kind(found) == "warcinfo"):
            return
        if found is not None and name == "WARC-Concurrent-To" and _date(found) == _hash(record.field("WARC-Date"), 32):
            return
        if self._remembered >= _MOST:
            self.left_out += 1
            return
        self._remembered += 1
        resolvable = bool(record.field("WARC-Refers-To-Target-URI") and record.field("WARC-Refers-To-Date"))
        digest = _digest(record.field("WARC-Payload-Digest"))
        at = _hash(record.field("WARC-Date"), 32)
        id_, uri = _cut(record.field("WARC-Record-ID")), _cut(record.target)
        self._references.append(
            _Reference(
                file, record.offset, name, target, _cut(value) or "", id_, uri, record.kind, resolvable, digest, at
            )
        )

    def _found(self, one: _Reference, found: int) -> Iterator[Linked]:
        """A reference whose record is there."""
        if one.field == "WARC-Concurrent-To":
            if _date(found) != one.at:
                yield _linked(one, (CONCURRENT_DATE, f"{shown(one.text)} has another"))
        elif one.kind == "revisit":
            if _kind(found) == "revisit":
                yield _linked(one, (REFERS_TO_REVISIT, shown(one.text)))
            elif _differ(one.digest, _payload(found)):
                yield _linked(one, (REVISIT_DIFFERS, shown(one.text)))

    def _segment(self, record: Record, file: int) -> Iterator[Fault]:
        number = record.field("WARC-Segment-Number")
        if record.kind == "continuation":
            origin = record.field("WARC-Segment-Origin-ID")
            if not origin:
                yield SEGMENT_ORIGIN, ""
        elif number is None:
            return
        else:
            origin = record.field("WARC-Record-ID")
        value = int(number) if number and number.isascii() and number.isdigit() and len(number) < 10 else 0
        if value < 2 if record.kind == "continuation" else value != 1:
            yield SEGMENT_NUMBER, f"{shown(number or 'none')} in a record of type {record.kind}"
            return
        if not origin:
            return
        if self._remembered >= _MOST:
            self.left_out += 1
            return
        self._remembered += 1
        stated = record.field("WARC-Segment-Total-Length")
        total = None
        if stated is not None and record.kind == "continuation":
            if not (stated.isascii() and stated.isdigit() and len(stated) < 19):
                yield SEGMENT_LENGTH, shown(stated)
                return
            total = int(stated)
        segment = _Segment(
            file, record.offset, value, total, record.found, _cut(record.target), _cut(record.field("WARC-Record-ID"))
        )
        self._segments.setdefault(_key(origin), []).append(segment)

    def _series(self, key: bytes, segments: list[_Segment]) -> Iterator[Linked]:
        """One record's segments."""
        ordered = sorted(segments, key=lambda one: one.number)
        first, last = ordered[0], ordered[-1]
        for one in ordered[:-1]:
            if one.total is not None:
                yield _of(one, (SEGMENT_LENGTH, f"segment {one.number} has it, segment {last.number} is the last"))
        for one in ordered[1:]:
            if one.uri != first.uri:
                yield _of(one, (SEGMENT_TARGET, f"{shown(one.uri or '')}; the first has {shown(first.uri or '')}"))
        numbers = [one.number for one in ordered]
        if numbers != list(range(1, len(numbers) + 1)):
            have = ", ".join(map(str, numbers[:20]))
            what = "of a record that is not there" if key not in self._ids else "of it"
            yield _of(last, (SEGMENT_SERIES, f"the segments {what} are numbered {have}"))
        elif last.total is None:
            yield _of(last, (SEGMENT_SERIES, f"segment {last.number} is the last one, without the total length"))
        elif last.total != sum(one.length for one in ordered):
            there = sum(one.length for one in ordered)
            yield _of(last, (SEGMENT_LENGTH, f"{last.total:,} stated, {there:,} are there"))

    @staticmethod
    def _dangling(one: _Reference) -> Fault:
        if one.field == "WARC-Concurrent-To":
            return CONCURRENT_DANGLING, shown(one.text)
        elsewhere = one.kind == "revisit" and one.resolvable
        return (REFERS_ELSEWHERE if elsewhere else REFERS_DANGLING), shown(one.text)


def _linked(one: _Reference, fault: Fault) -> Linked:
    return Linked(one.file, one.offset, fault, one.record, one.uri)


def _of(one: _Segment, fault: Fault) -> Linked:
    return Linked(one.file, one.offset, fault, one.record, one.uri)


def _key(value: str) -> bytes:
    """What stands for an id: its brackets do not matter."""
    return hashlib.blake2b(bare(value).encode("utf-8", "surrogatepass"), digest_size=12).digest()


def _hash(value: str | None, bits: int) -> int:
    """What stands for a value; 0 for none."""
    if not value:
        return 0
    raw = hashlib.blake2b(value.strip().encode("utf-8", "surrogatepass"), digest_size=bits // 8).digest()
    return int.from_bytes(raw, "big")


def _digest(text: str | None) -> int:
    """What stands for a digest, in whatever form it is written: 8 bits for its algorithm, 56 for its value."""
    stated = parse(text) if text else None
    if stated is None or stated.algorithm is None:
        return 0
    return _hash(stated.algorithm, 8) << 56 | _hash(stated.value.hex(), 56)


def _differ(one: int, other: int) -> bool:
    """Whether two digests by the same algorithm are of different bytes."""
    return bool(one and other) and one >> 56 == other >> 56 and one != other


def _packed(record: Record, file: int) -> int:
    kind = TYPES.index(record.kind) if record.kind in TYPES else len(TYPES)
    digest = _digest(record.field("WARC-Payload-Digest"))
    packed: int = kind << 32 | _hash(record.field("WARC-Date"), 32)
    packed = packed << _DIGEST_BITS | digest
    return packed << _PLACE_BITS | (file & (1 << 20) - 1) << 44 | (record.offset & (1 << 44) - 1)


def _payload(packed: int) -> int:
    return packed >> _PLACE_BITS & (1 << _DIGEST_BITS) - 1


def _date(packed: int) -> int:
    return packed >> (_PLACE_BITS + _DIGEST_BITS) & (1 << 32) - 1


def _kind(packed: int) -> str:
    index = packed >> (_PLACE_BITS + _DIGEST_BITS + 32)
    return TYPES[index] if index < len(TYPES) else "unknown"


def _cut(value: str | None) -> str | None:
    return value if value is None else value[:1000]


RULES = (
    DUPLICATE, CONCURRENT_DANGLING, REFERS_DANGLING, REFERS_ELSEWHERE, REFERS_TO_REVISIT, REVISIT_DIFFERS,
    WARCINFO_ELSEWHERE, WARCINFO_WRONG, CONCURRENT_DATE, SEGMENT_NUMBER, SEGMENT_ORIGIN, SEGMENT_LENGTH,
    SEGMENT_SERIES, SEGMENT_TARGET, UNCHECKED,
)  # fmt: skip
