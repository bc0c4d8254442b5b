"""WARC records as they lie in files: gzipped one by one, in Zstandard frames, or not compressed at all."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO, Protocol

from archive.clock import parse_warc_date
from archive.warc import frame, zstd
from archive.warc.answer import Answer
from archive.warc.fields import NamedFields, parse_fields, parse_lines
from archive.warc.frame import Frame
from archive.warc.member import FIRST_STEP, MAGIC, Member, Tear

_date = lru_cache(maxsize=8)(parse_warc_date)  # the records of a group share theirs
# Blocks beyond this are walked over but not kept: no page, feed or sitemap is as large, and readers have memory limits.
BLOCK_LIMIT = 256 * 2**20
# No head of ours or of any other writer comes near; it bounds what a file without line ends can cost.
HEAD_LIMIT = 4 * 2**20
_FIRST_DATE = -30_610_224_000_000_000  # 1000-01-01: before it years are not written with four digits everywhere
_LAST_DATE = 253_370_764_800_000_000  # 9999-01-01: a month later no calendar of Python's goes on
_STEP = 2**20
_JOINED = 4 * 2**20  # blocks up to this are joined from their parts, which is quicker but takes their size twice
_HEAD_STEP = 16 * 1024  # bytes read at a time until a head is whole
_SHARED_MEMBER = "several records in one member, which can be read from its start only: recompress the file first"
_VERSION = re.compile(rb"WARC/(?:1\.[01]|0\.1[78])[ \t]*\r?\n")
_USUAL = b"WARC/1.1\r\n"
_BEGINNING = b"WARC/"
_TRAILER = b"\r\n\r\n"
_TRAILER_LIMIT = 64  # of which more than the line ends show that another record follows in the same member


@dataclass(slots=True)  # not frozen: that would cost each record a microsecond, and what it shows is read once
class Record:
    """One record: where it lies, its head, and its block. It is not changed once it is read.

    ``length`` counts the bytes in the file, with the line ends behind the block. ``declared`` is its Content-Length;
    ``block`` is cut at the reader's limit, and ``whole`` tells whether it was. ``trailer`` is what stands behind the
    block: ``\\r\\n\\r\\n`` by the standard.
    """

    offset: int
    length: int
    fields: NamedFields
    block: bytes
    declared: int
    trailer: bytes = _TRAILER
    kind: str = field(init=False, repr=False, compare=False)  # the WARC-Type, in lower case
    id: str | None = field(init=False, repr=False, compare=False)  # its URN without angle brackets; None without one
    _named: NamedFields = field(init=False, repr=False, compare=False)  # both are not there until they are asked for
    _answer: Answer = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        # Once: both are asked for a dozen times while a record is read and checked.
        self.kind = (self.fields.first("WARC-Type") or "").lower()
        self.id = bare(self.fields.first("WARC-Record-ID"))

    @property
    def whole(self) -> bool:
        """Whether ``block`` holds all that the record declares."""
        return len(self.block) == self.declared

    @property
    def named(self) -> NamedFields:
        """The fields of its block, where that is ``application/warc-fields``; read once."""
        try:
            return self._named
        except AttributeError:
            self._named = parse_fields(self.block)
            return self._named

    @property
    def answer(self) -> Answer:
        """What its block shows, where that is an answer; read once."""
        try:
            return self._answer
        except AttributeError:
            self._answer = Answer.of(self.block)
            return self._answer


class Readable(Protocol):
    """What a record is parsed from: ``read`` returns up to so many bytes, and nothing at the end."""

    def read(self, size: int) -> bytes: ...


def bare(value: str | None) -> str | None:
    """A URI without the angle brackets that WARC/1.0 and some writers put around it; None for nothing."""
    if value is None:
        return None
    if value.startswith("<") and value.endswith(">"):
        value = value[1:-1]
    return value or None


def date_of(record: Record) -> int:
    """A record's WARC-Date, in microseconds since 1970; raises ValueError for none, or one outside of 1000 to 9998.

    One before 1970 is that of a clock that was set wrong: what was fetched is kept all the same.
    """
    at = _date(record.fields.first("WARC-Date") or "")
    if not _FIRST_DATE <= at < _LAST_DATE:
        raise ValueError("no time at which anything was fetched")
    return at


def read_records(path: Path, start: int = 0, *, limit: int = BLOCK_LIMIT, file: str | None = None) -> Iterator[Record]:
    """The records of a WARC file from an offset on, which must be that of a record.

    Raises Tear (a DamagedRecord with file and offset) where the file stops being readable: nothing behind that place
    is ever read silently. ``file`` is the name to use in messages.
    """
    name = file or path.name
    with path.open("rb", buffering=_STEP) as stream:
        end = stream.seek(0, io.SEEK_END)
        if not 0 <= start <= end:
            raise Tear("the file is shorter than it was", file=name, offset=start)
        while (start := frame.skip(stream, start, end)) < end:
            record = read_record(stream, start, limit=limit, file=name)
            yield record
            start += record.length


def read_record(
    stream: BinaryIO, offset: int, *, limit: int = BLOCK_LIMIT, file: str, most: int | None = None
) -> Record:
    """The record at an offset of an open file; raises Tear where there is no whole one.

    Compressed or not is told by its first bytes. At most ``limit`` bytes of its block are kept; a member or frame that
    unpacks to more than ``most`` bytes is a tear.
    """
    stream.seek(offset)
    begun = stream.read(FIRST_STEP)
    member: Member | Frame | None = None
    try:
        if begun.startswith(MAGIC):
            member = Member(stream, offset, file, most, begun)
        elif begun.startswith(zstd.MAGIC):
            member = Frame(stream, offset, file, most)
        else:
            return _unpacked(stream, begun[:4], offset, limit, file)
        # A whole record at once, but for the largest; where one is only looked for, no more than shows that it is none.
        return _packed(member, _STEP if most is None else _HEAD_STEP, offset, limit, file)
    except Tear as tear:
        tear.cost = max(tear.cost, stream.tell() - offset, member.inflated if member else 0)
        raise


def content_at(stream: BinaryIO, offset: int, file: str) -> Readable:
    """What lies unpacked at the offset of a record, from its first byte on."""
    stream.seek(offset)
    begun = stream.read(FIRST_STEP)
    if begun.startswith(MAGIC):
        return Member(stream, offset, file, None, begun)
    if begun.startswith(zstd.MAGIC):
        return Frame(stream, offset, file)
    stream.seek(offset)
    return stream


def _packed(member: Member | Frame, step: int, offset: int, limit: int, file: str) -> Record:
    fields, block, declared, _, trailer = _parsed(member, step, offset, limit, file)
    while not trailer.strip(b"\r\n") and (part := member.read(_STEP)):
        trailer = (trailer + part)[:_TRAILER_LIMIT]
    if trailer.strip(b"\r\n"):
        raise Tear(_SHARED_MEMBER, file=file, offset=offset)
    return Record(offset, member.length, fields, block, declared, trailer)


def _unpacked(stream: BinaryIO, magic: bytes, offset: int, limit: int, file: str) -> Record:
    if not magic.startswith(b"WAR"):
        reason = "zeros, as after a loss of power" if not magic.strip(b"\0") else "no WARC record begins here"
        raise Tear(reason, file=file, offset=offset)
    stream.seek(offset)
    fields, block, declared, head_length, _ = _parsed(stream, _HEAD_STEP, offset, limit, file)
    end = offset + head_length + declared
    stream.seek(end)
    behind = bytearray()  # of which there may be megabytes, where somebody means harm
    while (one := stream.read(1)) and one in b"\r\n":
        behind += one
    return Record(offset, end + len(behind) - offset, fields, block, declared, bytes(behind[:_TRAILER_LIMIT]))


def _parsed(
    stream: Readable, step: int, offset: int, limit: int, file: str
) -> tuple[NamedFields, bytes, int, int, bytes]:
    """Fields, block, declared length of the block, length of the head with its empty line, and what was read beyond."""
    buffer, end = _head(stream, step, offset, file)
    if buffer.startswith(_USUAL):
        begin = len(_USUAL)
    elif version := _VERSION.match(buffer):
        begin = version.end()
    else:
        raise Tear("no WARC record begins here", file=file, offset=offset)
    # Without the empty line, which is no field.
    fields = NamedFields(tuple(parse_lines(buffer[begin : end - 2])))
    length = fields.first("Content-Length") or ""
    if not (length.isascii() and length.isdigit() and len(length) < 16):
        raise Tear("a record without a Content-Length", file=file, offset=offset)
    declared = int(length)
    behind = end + declared
    beyond = buffer[behind : behind + _TRAILER_LIMIT]
    if behind <= len(buffer) and declared <= limit:
        return fields, buffer[end:behind], declared, end, beyond
    return fields, _block(stream, memoryview(buffer)[end:], declared, limit, offset, file), declared, end, beyond


def _head(stream: Readable, step: int, offset: int, file: str) -> tuple[bytes, int]:
    """What was read, and where in it the head with its empty line ends."""
    buffer = stream.read(step)
    end = head_end(buffer, 0)
    while not (end and buffer.startswith(_BEGINNING)):
        if not buffer.startswith(_BEGINNING[: len(buffer)]):
            raise Tear("no WARC record begins here", file=file, offset=offset)
        part = stream.read(step)
        if not part or len(buffer) + len(part) > HEAD_LIMIT:
            raise Tear("a record whose head has no end", file=file, offset=offset)
        # The empty line may have begun in the part before.
        begun = max(0, len(buffer) - 3)
        buffer += part
        end = head_end(buffer, begun)
    return buffer, end


def head_end(buffer: bytes, start: int) -> int:
    """Behind the first empty line, whether its line ends have a carriage return or not; 0 where there is none."""
    long = buffer.find(b"\n\r\n", start)
    # The two may share a line feed, where a block begins with a line end.
    short = buffer.find(b"\n\n", start, long + 1 if long >= 0 else len(buffer))
    return short + 2 if short >= 0 else long + 3 if long >= 0 else 0


def _block(stream: Readable, rest: memoryview, declared: int, limit: int, offset: int, file: str) -> bytes:
    """Exactly the declared bytes, of which at most ``limit`` are kept."""
    missing = declared - len(rest)
    if declared <= min(limit, _JOINED):
        parts: list[bytes | memoryview] = [rest]
        while missing > 0:
            parts.append(_part(stream, missing, offset, file))
            missing -= len(parts[-1])
        return b"".join(parts)
    kept = io.BytesIO()  # gives what it holds without another copy
    kept.write(rest[: min(declared, limit)])
    while missing > 0:
        part = _part(stream, missing, offset, file)
        missing -= len(part)
        if kept.tell() < limit:
            kept.write(part[: limit - kept.tell()])
    return kept.getvalue()


def _part(stream: Readable, missing: int, offset: int, file: str) -> bytes:
    part = stream.read(min(missing, _STEP))
    if not part:
        raise Tear("a record shorter than its Content-Length", file=file, offset=offset)
    return part
