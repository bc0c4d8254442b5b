"""Forms: how the records of a file lie in its bytes. Told by the bytes alone; a file's name proves nothing."""

from __future__ import annotations

import io
import re
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import BinaryIO

from archive.errors import PresskeepError
from archive.warc import frame, zstd
from archive.warc.fields import parse_lines
from archive.warc.foreign import arc, empty
from archive.warc.foreign.unpacking import Input, member
from archive.warc.member import MAGIC, Tear
from archive.warc.stored import read_record

_ZIP = (b"PK\x03\x04", b"PK\x05\x06")
_LOOK = 64 * 1024  # bytes of content by which the kind of records is told
_HEAD_END = re.compile(rb"\r?\n\r?\n")
_FIRST = 256 * 2**20  # of content of the first two members that is looked through for a second record


class FormRefused(PresskeepError):
    """The file is none whose records could be read: of another kind, or of a form that is refused."""

    exit_code = 2


class Coding(StrEnum):
    """How the records of a file are packed."""

    PLAIN = "plain"
    MEMBERS = "gzip by record"
    GZIP = "gzip as a whole"
    FRAMES = "zstd by record"
    ZSTD = "zstd as a whole"
    WACZ = "wacz"


@dataclass(frozen=True, slots=True)
class Form:
    """How a file's records are packed, and whether they are those of ARC."""

    coding: Coding
    arc: bool = False

    def __str__(self) -> str:
        return f"{'ARC' if self.arc else 'WARC'}, {self.coding}" if self.coding != Coding.WACZ else "WACZ"


def detect(stream: BinaryIO, file: str) -> Form:
    """The form of an open file; raises FormRefused where it is none that is known."""
    stream.seek(0)
    head = stream.read(_LOOK)
    if head.startswith(_ZIP):
        return Form(Coding.WACZ)
    if head.startswith(MAGIC):
        return _gzip(stream, file)
    if zstd.is_packed(head[:4]):
        return Form(Coding.FRAMES) if _in_frames(stream, file) else Form(Coding.ZSTD)
    return Form(Coding.PLAIN, arc=_is_arc(head, file))


def _is_arc(content: bytes, file: str) -> bool:
    """Whether content is that of ARC records; raises FormRefused where it is neither ARC nor WARC."""
    if content.startswith(b"WARC/"):
        return False
    if arc.begins(content):
        return True
    said = "it is empty" if not content else "it begins with no record of WARC or ARC, and is no WACZ"
    raise FormRefused(f"{file}: {said}", file=file)


def _in_frames(stream: BinaryIO, file: str) -> bool:
    """Whether the first two zstd frames hold one WARC record each."""
    end = stream.seek(0, io.SEEK_END)
    offset = 0
    try:
        for _ in range(2):
            offset = frame.skip(stream, offset, end)
            if offset < end:
                offset += read_record(stream, offset, limit=0, file=file, most=_FIRST).length
    except Tear:
        return False
    return True


def _gzip(stream: BinaryIO, file: str) -> Form:
    """Whether the first two gzip members hold one record each, or more: then the file was packed as a whole."""
    end = stream.seek(0, io.SEEK_END)
    offset = 0
    holds_arc = False
    for number in range(2):
        offset = empty.skip(stream, offset, end)
        packed = _Lenient(stream, offset)
        content = packed.read(_LOOK)
        if number == 0:
            holds_arc = _is_arc(content, file)
        if _shared(packed, content):
            return Form(Coding.GZIP, holds_arc)
        while packed.read(_LOOK):
            pass
        if packed.length == 0:
            break  # damage is for the reading to tell of, which goes on behind it
        offset += packed.length
    return Form(Coding.MEMBERS, holds_arc)


class _Lenient:
    """A gzip member whose content ends at its first damage; ``length`` is known at its end, and then 0 for such."""

    def __init__(self, stream: BinaryIO, offset: int) -> None:
        self._offset = offset
        self._source = Input(stream, offset, _LOOK)
        self._parts = member(self._source)
        self._rest = b""
        self._read = 0
        self.length = 0

    def read(self, size: int) -> bytes:
        """So many bytes of content, fewer only at its end."""
        content, self._rest = self._rest, b""
        with suppress(Tear):
            while len(content) < size:
                part = next(self._parts, None)
                if part is None:
                    self.length = self._source.at - self._offset
                    break
                content += part
        content, self._rest = content[:size], content[size:]
        self._read += len(content)
        return content if self._read <= _FIRST else b""


def _shared(packed: _Lenient, content: bytes) -> bool:
    """Whether behind the record that begins with ``content`` another one begins in the same member."""
    if content.startswith(b"WARC/"):
        end = _HEAD_END.search(content)
        head = content[: end.start()] if end else b""
        given = next((value for name, value in parse_lines(head) if name.lower() == "content-length"), "")
        beyond = end.end() + int(given) if end and given.isascii() and given.isdigit() and len(given) < 16 else None
    else:
        beyond = arc.length(content)
    if beyond is None:
        return False
    read = len(content)
    while read < beyond + 64:
        part = packed.read(_LOOK)
        if not part:
            break
        # Only what stands behind the record is looked at.
        content = (content + part)[-2 * _LOOK :]
        read += len(part)
    following = content[len(content) - (read - beyond) :] if read > beyond else b""
    following = following.lstrip(b"\r\n")
    return following.startswith(b"WARC/") or arc.begins(following)
