"""ARC files, the Internet Archive's format before WARC (1996 to 2009), read as WARC records.

A record is a line (URL, IP address, date, media type, length; in version 2 further fields between the last two),
then so many bytes of what the server sent. The first record of a file, ``filedesc://``, says what the file is.
https://archive.org/web/researcher/ArcFileFormat.php
"""

from __future__ import annotations

import io
import ipaddress
import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.warc.fields import NamedFields
from archive.warc.member import MAGIC, Member, Tear
from archive.warc.stored import BLOCK_LIMIT, Readable, Record

LINE_LIMIT = 64 * 1024  # bytes of a URL-record line; crawlers cut URLs at a few thousand
_STEP = 2**20
_SEARCH = 64 * 2**20  # how far the next record is looked for where a length is wrong
_PATTERN = (
    rb"(?P<url>[A-Za-z][A-Za-z0-9+.\-]{0,20}:[^\r\n]{1,20000}?) "
    rb"(?P<ip>[0-9]{1,3}(?:\.[0-9]{1,3}){3}|[0-9A-Fa-f:]{2,45}|-) "
    rb"(?P<date>[0-9]{8,17}) (?P<rest>(?:[^ \r\n]* ){0,16}?)(?P<length>[0-9]{1,15})[ \t]*\r?\n"
)
_LINE = re.compile(_PATTERN)
_NEXT = re.compile(rb"\n" + _PATTERN)
_DATES = {17: 14, 14: 14, 12: 12, 8: 8}  # digits that are given, and how many of them are used


@dataclass(frozen=True, slots=True)
class _Line:
    """A URL-record line: what it says, and its length in bytes."""

    fields: tuple[tuple[str, str], ...]
    declared: int
    length: int


def begins(content: bytes) -> bool:
    """Whether bytes are the beginning of an ARC file or of a record in one."""
    return content.startswith(b"filedesc:") or _LINE.match(content) is not None


def length(content: bytes) -> int | None:
    """Bytes of the record that begins here, with its line, by what it says; None where none begins."""
    found = _LINE.match(content)
    return None if found is None else found.end() + int(found["length"])


def read_arc(stream: BinaryIO, offset: int, *, limit: int = BLOCK_LIMIT, file: str, most: int | None = None) -> Record:
    """The record at an offset of an ARC file, as the WARC record it would be; raises Tear where there is none.

    In a gzip member of its own, or one after the other without compression. Lengths that are wrong, as crawlers of
    the time wrote them, are put right where the next record shows the end.
    """
    stream.seek(offset)
    magic = stream.read(len(MAGIC))
    member = Member(stream, offset, file, most) if magic == MAGIC else None
    try:
        if member is not None:
            return _in_member(member, offset, limit, file)
        stream.seek(offset)
        return _in_line(stream, offset, limit, file)
    except Tear as tear:
        tear.cost = max(stream.tell() - offset, member.inflated if member else 0)
        raise


def heads(stream: BinaryIO, start: int, end: int) -> Iterator[int]:
    """The offsets in a file without compression at which a record seems to begin, from ``start`` on."""
    yield from (at + 1 for at in _found(stream, start - 1, end))


def _found(stream: BinaryIO, start: int, end: int) -> Iterator[int]:
    """The offsets of line ends that a URL-record line follows."""
    start = max(0, start)
    step = 2 * LINE_LIMIT  # the next record is near, as a rule
    while start < end:
        stream.seek(start)
        part = stream.read(min(step, end - start))
        step = _STEP
        last = -1
        for found in _NEXT.finditer(part):
            last = found.start()
            yield start + last
        if len(part) <= LINE_LIMIT:
            return
        # A line may be cut by the end of the part.
        start += max(last + 1, len(part) - LINE_LIMIT)


def _in_member(member: Member, offset: int, limit: int, file: str) -> Record:
    head = b""
    while b"\n" not in head and (part := member.read(LINE_LIMIT)):
        head += part
        if len(head) > LINE_LIMIT:
            break
    line = _parsed(head, offset, file)
    kept = io.BytesIO()
    size, last = 0, b""
    rest = head[line.length :]
    while rest:
        last = rest[-1:]
        if kept.tell() < limit + LINE_LIMIT:  # what stands behind the block is looked at
            kept.write(rest[: limit + LINE_LIMIT - kept.tell()])
        size += len(rest)
        rest = member.read(_STEP)
    content = kept.getvalue()
    beyond = content[line.declared :]
    if _LINE.match(beyond.lstrip(b"\r\n")):
        raise Tear("several records in one gzip member, in a file of members by record", file=file, offset=offset)
    # A length that is too large, or too small for what stands there: the member's end is the record's.
    held = line.declared
    if size < line.declared or beyond.strip(b"\r\n"):
        held = size - 1 if last == b"\n" else size  # a line end stands behind each record
    return _record(offset, member.length, line, content[: min(held, limit)], held)


def _in_line(stream: BinaryIO, offset: int, limit: int, file: str) -> Record:
    line = _parsed(_first_line(stream, offset, file), offset, file)
    begin = offset + line.length
    end = _end(stream, begin, line.declared, offset, file)
    stream.seek(begin)
    held = end - begin
    block = _exactly(stream, min(held, limit))
    if len(block) < min(held, limit):
        raise Tear("a record shorter than its length", file=file, offset=offset)
    stream.seek(end)
    trailer = 0
    while (one := stream.read(1)) and one in b"\r\n":
        trailer += 1
    return _record(offset, end + trailer - offset, line, block, held)


def _first_line(stream: Readable, offset: int, file: str) -> bytes:
    head = b""
    while b"\n" not in head:
        part = stream.read(4096)
        head += part
        if not part or len(head) > LINE_LIMIT:
            raise Tear("no ARC record begins here", file=file, offset=offset)
    return head


def _end(stream: BinaryIO, begin: int, declared: int, offset: int, file: str) -> int:
    """Where a record's block ends: by its length, if the next record or the file's end follows; else by those."""
    whole = stream.seek(0, io.SEEK_END)
    if begin + declared <= whole:
        stream.seek(begin + declared)
        following = stream.read(LINE_LIMIT)
        # Where a line ends but no record begins, what follows is damaged, and the length right.
        if not following or following[:1] in b"\r\n" or _LINE.match(following):
            return begin + declared
    limit = min(whole, begin + _SEARCH)
    for found in _found(stream, begin - 1, limit):
        return max(found, begin)
    if begin + declared >= whole and whole <= limit:
        raise Tear("a record shorter than its length", file=file, offset=offset)
    raise Tear("a length behind which no record follows", file=file, offset=offset)


def _exactly(stream: Readable, size: int) -> bytes:
    kept = io.BytesIO()
    while size > 0 and (part := stream.read(min(size, _STEP))):
        kept.write(part)
        size -= len(part)
    return kept.getvalue()


def _parsed(head: bytes, offset: int, file: str) -> _Line:
    found = _LINE.match(head)
    if found is None:
        raise Tear("no ARC record begins here", file=file, offset=offset)
    url = found["url"].decode("utf-8", "replace").strip()
    length = int(found["length"])
    given = found["rest"].decode("latin-1").split()
    # Version 2: media type, status, checksum, location, offset, name of the file; then the length.
    mime = " ".join(given[:-5] if len(given) > 5 and given[-2].isdigit() else given) or "application/octet-stream"
    fields = [("WARC-Type", _kind(url)), ("WARC-Target-URI", url)]
    date = found["date"].decode("ascii")
    if (used := _DATES.get(len(date))) is not None:
        full = date[:used].ljust(14, "0")
        day, clock = full[:8], full[8:]
        fields.append(("WARC-Date", f"{day[:4]}-{day[4:6]}-{day[6:]}T{clock[:2]}:{clock[2:4]}:{clock[4:]}Z"))
    if (ip := _address(found["ip"].decode("ascii"))) is not None:
        fields.append(("WARC-IP-Address", ip))
    http = _kind(url) == "response"
    fields.append(("Content-Type", "application/http;msgtype=response" if http else mime))
    return _Line(tuple(fields), length, found.end())


def _kind(url: str) -> str:
    """The type of WARC record that holds what such a URL gives."""
    scheme = url.partition(":")[0].lower()
    return {"filedesc": "warcinfo", "http": "response", "https": "response"}.get(scheme, "resource")


def _address(text: str) -> str | None:
    try:
        address = ipaddress.ip_address(text)
    except ValueError:
        return None
    return None if address.is_unspecified else str(address)


def _record(offset: int, length: int, line: _Line, block: bytes, held: int) -> Record:
    fields = (*line.fields, ("Content-Length", str(held)))
    return Record(offset, length, NamedFields(fields), block, held)
