"""Damage to one WARC file: what of it can be restored, what is lost, and the edits that make the file whole again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from itertools import islice, product
from pathlib import Path
from typing import BinaryIO

from archive.capture import Capture, Kind
from archive.catalogue.holdings import FileState
from archive.digest import sha256_of
from archive.event import Event, RunEnded, RunStarted, SiteConfigured, StoredAttempt
from archive.url import normalise
from archive.warc.again import Again, described
from archive.warc.digests import matches
from archive.warc.fields import parse_fields
from archive.warc.group import CAPTURED, Group
from archive.warc.member import MAGIC
from archive.warc.mending import EFFORT, HEADER, LARGEST, TRAILER, mend, mends, with_padding_cleared
from archive.warc.patched import Edit, Patch, edited, patched
from archive.warc.paths import resolve
from archive.warc.ranges import checksum
from archive.warc.scan import Gap, Piece, scan
from archive.warc.stored import Record, bare, date_of
from archive.warc.vouching import vouched

_COMMON = 4  # headers of members that are tried: a file of one writer has one or two
_FEW = 100  # places that no checksum covers, and that are unlike the others; where there are more, programs differ
_ALIKE = 8  # ways to pack one content that are looked at, where the first is not the one that was there
_KINDS: dict[str, Kind] = {"revisit": "revisit", "conversion": "conversion"}
_LOST = "the bytes from here on are gone"

Advanced = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Range:
    """Damaged bytes that cannot be restored, up to ``end``, and why nothing can be read in them."""

    offset: int
    end: int
    reason: str

    def __contains__(self, offset: int) -> bool:
        return self.offset <= offset < self.end


@dataclass(frozen=True, slots=True)
class Plan:
    """What is to be done to a file: digests are labelled, ``state`` is what the catalogue knows of it.

    ``patches`` restore bytes, ``cuts`` take out what cannot be restored, ``again`` names records that are made again
    in its place, ``lost`` are the captures that the catalogue has of what is cut. ``edits`` do all of it to the patched
    file.
    """

    file: str
    state: FileState | None
    size: int
    damaged: str
    after: str
    patches: tuple[Patch, ...] = ()
    cuts: tuple[Range, ...] = ()
    again: tuple[str, ...] = ()
    lost: tuple[Capture, ...] = ()
    edits: tuple[Edit, ...] = ()

    @property
    def changes(self) -> bool:
        """Whether it does anything to the file."""
        return bool(self.patches or self.edits)

    @property
    def exact(self) -> bool:
        """Whether the file becomes what it was when it was closed."""
        return self.state is not None and self.state.sha256 == self.after


def plan(
    warc: Path,
    file: str,
    state: FileState | None,
    known: Mapping[int, Event],
    *,
    whole_only: bool = False,
    effort: int = EFFORT,
    advanced: Advanced | None = None,
) -> Plan:
    """Look through a damaged file; ``known`` is what the catalogue has of it, by offset.

    ``effort`` bounds the search for what damaged bytes were. With ``whole_only`` nothing is cut, and so nothing done
    unless the file becomes again what it was. Raises OSError.
    """
    with resolve(warc, file).open("rb") as raw:
        size = raw.seek(0, 2)
        damaged = checksum(raw, 0, size)
        shape = _Shape(raw, size, file)
        shape.read(advanced)
        headers = [one for one, _ in shape.headers.most_common(_COMMON)] or [MAGIC + bytes(6) + b"\xff"]
        patches = tuple(_restored(raw, shape, headers, effort))
        now = patched(raw, patches)
        closed = state.sha256 if state is not None else None

        def result(edits: tuple[Edit, ...] = (), more: tuple[Patch, ...] = ()) -> str:
            return sha256_of(edited(patched(raw, (*patches, *more)), size, edits))

        after = result()
        if patches and after == closed:
            return Plan(file, state, size, damaged, after, patches)
        if patches and closed is not None and state is not None and state.size == size:
            for others in _packed_otherwise(raw, shape, headers, effort):
                if checksum(patched(raw, others), 0, size) == closed:
                    return Plan(file, state, size, damaged, closed, others)
        if closed is not None and damaged != closed:
            unlike = tuple(islice(_unlike(now, shape.members, headers[0]), _FEW + 1))
            if 0 < len(unlike) <= _FEW and result(more=unlike) == closed:
                return Plan(file, state, size, damaged, closed, (*patches, *unlike))
            if state is not None and state.size < size:
                tail = (Edit(state.size, size),)
                if result(tail) == closed:
                    cut = Range(state.size, size, "bytes behind the end of the file as it was closed")
                    return Plan(file, state, size, damaged, closed, patches, (cut,), edits=tail)
        if whole_only:
            return Plan(file, state, size, damaged, damaged)
        if patches:
            shape = _Shape(now, size, file)
            shape.read()
        made = _Mending(shape, known, state, damaged)
        edits = made.edits()
        after = result(edits)
        return Plan(file, state, size, damaged, after, patches, tuple(made.cuts), tuple(made.again), made.lost, edits)


def _restored(stream: BinaryIO, shape: _Shape, headers: list[bytes], effort: int) -> Iterator[Patch]:
    for gap in shape.gaps:
        if gap.length > LARGEST:
            continue
        stream.seek(gap.offset)
        found = mend(stream.read(gap.end - gap.offset), headers, effort)
        if found is not None:
            yield Patch(gap.offset, found.content, f"{found.how} had changed")


def _packed_otherwise(
    stream: BinaryIO, shape: _Shape, headers: list[bytes], effort: int
) -> Iterator[tuple[Patch, ...]]:
    """All that the damaged members may have been: the same content may be packed in other bits, too."""
    if any(gap.length > LARGEST for gap in shape.gaps):
        return
    found: list[list[Patch]] = []
    for gap in shape.gaps:
        stream.seek(gap.offset)
        some = islice(mends(stream.read(gap.end - gap.offset), headers, effort), _ALIKE)
        found.append([Patch(gap.offset, one.content, f"{one.how} had changed") for one in some])
    yield from islice(product(*found), 1, _ALIKE**2)  # without the first: that is what was tried before


def _unlike(stream: BinaryIO, members: Collection[tuple[int, int]], header: bytes) -> Iterator[Patch]:
    """What no checksum covers, where it is otherwise than a writer makes it: headers, and bits that fill a byte."""
    for start, end in members:
        stream.seek(start)
        given = stream.read(HEADER)
        if given != header and given.startswith(MAGIC):
            yield Patch(start, header, "the header of its gzip member had changed")
        if end - start > LARGEST:
            continue
        member = given + stream.read(end - start - len(given))
        if (cleared := with_padding_cleared(member)) != member:
            yield Patch(end - TRAILER - 1, cleared[-TRAILER - 1 : -TRAILER], "a bit that fills a byte had changed")


@dataclass(slots=True)
class _Shape:
    """A file as it is read behind damage: its gaps, its groups that lack a record, what it has at which offset."""

    stream: BinaryIO
    size: int
    file: str
    own: bool = False
    run: str | None = None
    gaps: list[Gap] = field(default_factory=list)  # nothing in them can be read
    strange: list[Gap] = field(default_factory=list)  # whole records that are not the file's own
    members: list[tuple[int, int]] = field(default_factory=list)  # where gzip members begin and end
    headers: Counter[bytes] = field(default_factory=Counter)
    offsets: set[int] = field(default_factory=set)  # of the file's own records
    ids: set[str] = field(default_factory=set)
    unended: list[Group] = field(default_factory=list)  # without their metadata record; their blocks are not kept
    alone: list[int] = field(default_factory=list)  # groups of one metadata record, by its offset
    first: Record | None = None

    def read(self, advanced: Advanced | None = None) -> None:
        for one in vouched(self._pieces(advanced), self.file):
            if isinstance(one, Gap):
                if one.records:
                    self.strange.append(one)
                continue
            self.own = self.own or one.own
            self.offsets.update(record.offset for record in one.records)
            self.ids.update(record.id for record in one.records if record.id is not None)
            if one.own:
                self.run = self.run or one.metadata.first("presskeep-run")
                if len(one.records) == 1:
                    self.alone.append(one.start)
            elif self.own or len(self.unended) < _COMMON:  # in files of other writers no group has our metadata
                self.unended.append(one)

    def _pieces(self, advanced: Advanced | None) -> Iterator[Piece]:
        for piece in scan(self.stream, 0, self.size, self.file):
            if advanced is not None:
                advanced(piece.offset)
            if isinstance(piece, Record):
                self._note(piece)
                if not (self.own and _is_bent(piece)):
                    yield piece
                    continue
                end = piece.offset + piece.length
                gap = Gap(self.file, piece.offset, end, "its block is not that of its digest")
            else:
                gap = piece
            self.gaps.append(gap)
            yield gap

    def _note(self, record: Record) -> None:
        self.stream.seek(record.offset)
        if (header := self.stream.read(HEADER)).startswith(MAGIC):
            self.members.append((record.offset, record.offset + record.length))
            self.headers[header] += 1
        if record.offset == 0:
            self.first = record
            if record.kind == "warcinfo":
                fields = parse_fields(record.block)
                self.own = fields.first("presskeep-schema") is not None
                self.run = fields.first("presskeep-run")


def _is_bent(record: Record) -> bool:
    stated = record.fields.first("WARC-Block-Digest")
    return stated is not None and record.whole and matches(stated, [record.block]) is False


class _Mending:
    """What is cut out of a file that cannot be restored, and what is put in."""

    def __init__(self, shape: _Shape, known: Mapping[int, Event], state: FileState | None, damaged: str) -> None:
        self._shape = shape
        self._known = known
        self._make = Again(damaged)
        self.again: list[str] = []
        self.cuts = _merged([*shape.gaps, *shape.strange])
        reached = self.cuts[-1].end if self.cuts else 0
        if state is not None and reached < shape.size < state.size:
            self.cuts.append(Range(shape.size, shape.size, _LOST))
        # Where nothing is damaged the file is another one than the catalogue knows, and it is not for us to say which.
        gone = [known[offset] for offset in sorted(known) if self._is_gone(offset, known[offset])] if self.cuts else []
        self.lost = tuple(event for event in gone if isinstance(event, Capture))
        self._gone = [event for event in gone if not isinstance(event, Capture)]
        if any(self._place(one) is None for one in self.lost) and self.cuts[-1].offset < shape.size:
            self.cuts.append(Range(shape.size, shape.size, _LOST))

    def _is_gone(self, offset: int, event: Event) -> bool:
        if offset in self._shape.offsets:
            return False
        return isinstance(event, RunStarted | RunEnded) or event.id not in self._shape.ids

    def edits(self) -> tuple[Edit, ...]:
        """The edits, sorted."""
        filled: dict[int, bytes] = dict.fromkeys(range(len(self.cuts)), b"")
        put_in: list[Edit] = []
        if self._shape.own:
            if self._shape.first is None and self.cuts:
                filled[0] += self._warcinfo()
            put_in += self._completed()
            for event in self._gone:
                filled_at = self._place(event)
                content = self._event(event)
                if filled_at is None:
                    put_in.append(Edit(self._shape.size, self._shape.size, content))
                else:
                    filled[filled_at] += content
        cut = [Edit(one.offset, one.end, filled[number]) for number, one in enumerate(self.cuts)]
        edits = [one for one in (*put_in, *cut) if one.content or one.start < one.end]
        return tuple(sorted(edits, key=lambda one: (one.start, one.end)))

    def _place(self, event: Event) -> int | None:
        offset = event.location.offset if event.location else 0
        return next((number for number, one in enumerate(self.cuts) if offset in one), None)

    def _warcinfo(self) -> bytes:
        at = min((_at(event) for event in self._known.values()), default=0)
        self.again.append("the warcinfo record")
        return self._make.warcinfo(self._shape.file, at, self._shape.run)

    def _completed(self) -> Iterator[Edit]:
        """The records that are missing in groups of which others are whole."""
        for group in self._shape.unended:
            content = self._end_of(group)
            if content:
                yield Edit(group.end, group.end, content)
        for offset in self._shape.alone:
            event = self._known.get(offset)
            if isinstance(event, StoredAttempt) and event.attempt.request and self._is_behind_cut(offset):
                self.again.append(f"the request of {described(event)}")
                yield Edit(offset, offset, self._make.request(event))

    def _is_behind_cut(self, offset: int) -> bool:
        return any(one.end == offset for one in self.cuts)

    def _end_of(self, group: Group) -> bytes:
        answer, resource = group.find(*CAPTURED), group.find("resource")
        if resource is not None:
            known = self._known.get(resource.offset)
            if isinstance(known, SiteConfigured):
                return self._event(known, last=True)
            return b""
        record = answer or group.find("request")
        if record is None:
            return b""
        linked = bare(record.fields.first("WARC-Concurrent-To")) if answer is None else record.id
        attempt = next((one for one in self._gone if isinstance(one, StoredAttempt) and one.id == linked), None)
        if attempt is not None:
            self._gone.remove(attempt)
            return self._event(attempt, last=True)
        capture = self._capture(record, linked)
        if capture is None:
            return b""
        self.again.append(described(capture))
        return self._make.metadata(capture)

    def _capture(self, record: Record, capture_id: str | None) -> Capture | None:
        """The capture to which a record belongs, as the catalogue knows it; or else what the record says."""
        for event in self._known.values():
            if isinstance(event, Capture) and event.id == capture_id:
                return event
        url = bare(record.fields.first("WARC-Target-URI"))
        if url is None or capture_id is None:
            return None
        with suppress(ValueError):
            at, run = date_of(record), self._shape.run
            kind = _KINDS.get(record.kind, "response")
            return Capture(capture_id, url, normalise(url), at, kind=kind, run=run)
        return None

    def _event(self, event: Event, *, last: bool = False) -> bytes:
        self.again.append(described(event))
        return self._make.event(event, last=last)


def _at(event: Event) -> int:
    return event.attempt.at if isinstance(event, StoredAttempt) else event.at


def _merged(gaps: list[Gap]) -> list[Range]:
    """Ranges that neither overlap nor touch, sorted."""
    found: list[Range] = []
    for gap in sorted(gaps, key=lambda one: (one.offset, one.end)):
        if found and gap.offset <= found[-1].end:
            last = found.pop()
            reason = last.reason if gap.reason == last.reason else f"{last.reason}; {gap.reason}"
            found.append(Range(last.offset, max(last.end, gap.end), reason))
        else:
            found.append(Range(gap.offset, gap.end, gap.reason))
    return found
