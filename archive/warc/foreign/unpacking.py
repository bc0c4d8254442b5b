"""Unpacking files that were compressed as a whole, from end to end, with their checksums.

What can be unpacked before a damaged place is given before the damage is told of.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO, cast

import zstandard
from isal import igzip_lib, isal_zlib

from archive.warc import zstd
from archive.warc.member import Tear

_ISAL_ERROR = cast("type[Exception]", igzip_lib.IsalError)  # the library's stub says that it is an instance
_STEP = 2**20
_GIVEN = 32 * 1024  # unpacked bytes asked for at once: what an error within them takes along
_HEAD = b"\x1f\x8b\x08"
_EXTRA, _NAME, _COMMENT, _CHECKED, _RESERVED = 4, 8, 16, 2, 0xE0  # flags of a gzip member (RFC 1952, section 2.3.1)
_LONGEST_HEAD = 2**20
_PIECE = 4 * 1024  # bytes; zstd packs 128 KiB of one byte into 4 bytes, so that a piece gives 128 MiB at most


class Input:
    """The bytes of a file, of which some can be put back."""

    def __init__(self, raw: BinaryIO, offset: int = 0, step: int = _STEP) -> None:
        raw.seek(offset)
        self._raw = raw
        self._step = step
        self._rest = b""
        self.at = offset  # of what comes next

    def more(self) -> bytes:
        """The bytes that are at hand, or the next ones; they count as read."""
        part = self._rest or self._raw.read(self._step)
        self._rest = b""
        self.at += len(part)
        return part

    def back(self, part: bytes) -> None:
        """Put back what was read last, or its end; all that was at hand must have been taken."""
        self._rest = part
        self.at -= len(part)

    def exactly(self, size: int) -> bytes:
        """So many bytes; fewer at the file's end."""
        found = b""
        while len(found) < size and (part := self.more()):
            found += part
        if len(found) > size:
            self.back(found[size:])
        return found[:size]

    def line(self) -> bytes:
        """The bytes up to a zero, with it; all that is left where there is none."""
        found = b""
        while part := self.more():
            text, zero, behind = part.partition(b"\0")
            found += text + zero
            if zero or len(found) > _LONGEST_HEAD:
                self.back(behind)
                break
        return found


def gunzipped(raw: BinaryIO) -> Iterator[bytes]:
    """The content of all gzip members of a file; raises Tear at damage."""
    source = Input(raw)
    while True:
        begin = source.at
        head = source.exactly(10)
        if not head:
            return
        if begin and not head.strip(b"\0") and _only_zeros(source):
            return  # padding, as tapes and block devices leave it
        yield from _content(head, source, begin)


def member(source: Input) -> Iterator[bytes]:
    """The content of the gzip member that begins here; raises Tear at damage."""
    begin = source.at
    return _content(source.exactly(10), source, begin)


def _only_zeros(source: Input) -> bool:
    while part := source.more():
        if part.strip(b"\0"):
            return False
    return True


def _skip_head(head: bytes, source: Input) -> bool:
    """Step over what a member's head has beside its first ten bytes; False where it is none."""
    if len(head) < 10 or not head.startswith(_HEAD) or head[3] & _RESERVED:
        return False
    flags = head[3]
    if flags & _EXTRA:
        source.exactly(int.from_bytes(source.exactly(2), "little"))
    for flag in (_NAME, _COMMENT):
        if flags & flag and len(source.line()) > _LONGEST_HEAD:
            return False
    if flags & _CHECKED:
        source.exactly(2)
    return True


def _content(head: bytes, source: Input, begin: int) -> Iterator[bytes]:
    if not _skip_head(head, source):
        raise Tear("bytes that are no gzip member", file="", offset=begin)
    inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_DEFLATE)
    checksum = size = 0
    while not inflate.eof:
        given = source.more() if inflate.needs_input else b""
        if inflate.needs_input and not given:
            raise Tear("the file ends within its compressed stream", file="", offset=begin)
        try:
            content: bytes = inflate.decompress(given, _GIVEN)
        except _ISAL_ERROR as error:
            raise Tear("its compressed stream is damaged", file="", offset=begin) from error
        if not (content or given or inflate.eof or inflate.needs_input):
            raise Tear("a compressed stream that leads nowhere", file="", offset=begin)
        if content:
            checksum = isal_zlib.crc32(content, checksum)
            size += len(content)
            yield content
    source.back(bytes(inflate.unused_data))
    if source.exactly(8) != checksum.to_bytes(4, "little") + (size & 0xFFFFFFFF).to_bytes(4, "little"):
        raise Tear("the checksum of its compressed stream differs: some of it has changed", file="", offset=begin)


def unzstd(raw: BinaryIO) -> Iterator[bytes]:
    """The content of all zstd frames, with the dictionary that a .warc.zst may begin with; raises Tear at damage."""
    try:
        dictionary = zstd.dictionary_of(raw)
    except ValueError as error:
        raise Tear(f"its dictionary cannot be used: {error}", file="", offset=0) from error
    context = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=zstd.WINDOW_LIMIT)
    rest = b""
    at = raw.tell()
    while True:
        rest = rest or raw.read(_STEP)
        if not rest:
            return
        frame = context.decompressobj(write_size=_STEP)
        given = rest
        while not frame.eof:
            if not given and not (given := raw.read(_STEP)):
                raise Tear("the file ends within its compressed stream", file="", offset=at)
            # One call gives all that a piece unpacks to: small pieces bound what a bomb takes of memory.
            piece, given = given[:_PIECE], given[_PIECE:]
            try:
                content = frame.decompress(piece)
            except (zstandard.ZstdError, MemoryError) as error:
                raise Tear(f"its compressed stream is damaged ({error})", file="", offset=at) from error
            if content:
                yield content
        rest = frame.unused_data + given
        at = raw.tell() - len(rest)
