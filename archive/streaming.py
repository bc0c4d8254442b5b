"""Streaming: a stored HTTP message in pieces, so that a film takes no more memory than a page.

The same as `archive.http` makes of a whole message, piece by piece: head, entity, payload.
"""

from __future__ import annotations

import io
import re
import zlib
from collections.abc import Iterator
from itertools import chain
from typing import TYPE_CHECKING

import brotli
import zstandard

from archive.errors import PayloadRefused
from archive.http import (
    CHUNK_SIZE,
    GZIP_MAGIC,
    MAX_CODINGS,
    MAX_MEMBERS,
    STEP,
    SWITCHING,
    ZSTD_MAGIC,
    ZSTD_WINDOW,
    HttpMessage,
)

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

MAX_HEAD = 1_000_000  # bytes; what goes on without an empty line is all head
_LINE = 65_536  # bytes of a chunk size with its extensions
_END = re.compile(rb"\n\r?\n")
_GZIP, _ZLIB, _RAW = 31, 15, -15
_CODINGS = frozenset({"identity", "gzip", "x-gzip", "deflate", "br", "zstd"})


def split(pieces: Iterator[bytes]) -> tuple[HttpMessage, Iterator[bytes]]:
    """The head of a message, as a message without a body, and its body as it is stored; raises NotHttp."""
    buffer = b""
    for piece in pieces:
        buffer += piece
        if len(buffer) >= MAX_HEAD:
            break
        if _END.search(buffer):
            begun = HttpMessage.parse(buffer)
            is_whole = buffer[: begun.body_offset].endswith((b"\n\r\n", b"\n\n"))
            if is_whole and (not 100 <= begun.status < 200 or begun.status == SWITCHING):
                break  # else the final head is still to come
    message = HttpMessage.parse(buffer)
    head = HttpMessage.parse(buffer[: message.body_offset])
    return head, chain([buffer[message.body_offset :]], pieces)


def entity(head: HttpMessage, body: Iterator[bytes]) -> Iterator[bytes]:
    """The entity body: transfer coding removed, content coding kept (`HttpMessage.entity`)."""
    body = filter(None, body)
    codings = _tokens(head, "transfer-encoding")
    if codings == ["chunked"]:
        return _dechunked(body)
    if codings:  # no browser asks for any other: as a whole
        return iter([HttpMessage.parse(head.raw + b"".join(body)).entity()])
    lengths = {value.strip() for given in head.all("content-length") for value in given.split(",")}
    if len(lengths) == 1 and (length := lengths.pop()).isascii() and length.isdigit() and len(length) < 16:
        return _first(body, int(length))
    return body


def decoded(head: HttpMessage, body: Iterator[bytes]) -> Iterator[bytes]:
    """The payload of an entity: content coding removed (`HttpMessage.decoded`), without a limit of its size.

    Raises PayloadRefused, before the first piece for an unknown coding, and where the bytes are not what it says.
    """
    codings = _tokens(head, "content-encoding")
    if len(codings) > MAX_CODINGS:
        raise PayloadRefused(f"{len(codings)} codings one over the other; {MAX_CODINGS} are decoded")
    for coding in reversed(codings):
        body = _undone(body, coding)
    return body


def _undone(body: Iterator[bytes], coding: str) -> Iterator[bytes]:
    begun, body = _begun(filter(None, body), 4)
    if not begun:
        return iter(())
    if coding not in _CODINGS:
        raise PayloadRefused(f"the content coding {coding[:40]!r} is not known")
    if coding in {"gzip", "x-gzip"}:
        return _told(_members(body), coding) if begun.startswith(GZIP_MAGIC) else body
    if coding == "zstd":
        return _told(_unframed(body), coding) if begun.startswith(ZSTD_MAGIC) else body
    if coding == "deflate":
        wrapped = len(begun) > 1 and begun[0] & 0x0F == 8 and (begun[0] << 8 | begun[1]) % 31 == 0
        return _told(_inflated(body, _ZLIB if wrapped else _RAW), coding)
    return _told(_brotli(body), coding) if coding == "br" else body


def _told(pieces: Iterator[bytes], coding: str) -> Iterator[bytes]:
    try:
        yield from pieces
    except (zlib.error, brotli.error, zstandard.ZstdError) as error:
        raise PayloadRefused(f"the body is not valid {coding}: {error}") from error


def _members(body: Iterator[bytes]) -> Iterator[bytes]:
    """RFC 1952: one or several members; what follows the last one is ignored."""
    rest = b""
    for number in range(MAX_MEMBERS):
        stream = zlib.decompressobj(_GZIP)
        for piece in chain([rest], body):
            data = piece
            while data and not stream.eof:
                if made := stream.decompress(data, STEP):
                    yield made
                data = stream.unconsumed_tail
            if stream.eof:
                break
        rest = stream.unused_data
        while stream.eof and len(rest) < len(GZIP_MAGIC) and (more := next(body, b"")):
            rest += more
        if not stream.eof and (made := stream.flush()):
            yield made
        if not rest.startswith(GZIP_MAGIC) or number == MAX_MEMBERS - 1:
            if rest.startswith(GZIP_MAGIC):
                raise PayloadRefused(f"more than {MAX_MEMBERS} gzip members")
            return


def _inflated(body: Iterator[bytes], bits: int) -> Iterator[bytes]:
    stream = zlib.decompressobj(bits)
    for piece in body:
        data = piece
        while data and not stream.eof:
            if made := stream.decompress(data, STEP):
                yield made
            data = stream.unconsumed_tail
        if stream.eof:
            return
    while made := stream.decompress(b"", STEP):
        yield made


def _brotli(body: Iterator[bytes]) -> Iterator[bytes]:
    stream = brotli.Decompressor()
    for piece in body:
        if stream.is_finished():
            return
        made = stream.process(piece, output_buffer_limit=STEP)
        while made:
            yield made
            made = b"" if stream.is_finished() else stream.process(b"", output_buffer_limit=STEP)


def _unframed(body: Iterator[bytes]) -> Iterator[bytes]:
    decompressor = zstandard.ZstdDecompressor(max_window_size=ZSTD_WINDOW)
    reader = decompressor.stream_reader(io.BufferedReader(_Reader(body), STEP), read_across_frames=True)
    while made := reader.read(STEP):
        yield made


class _Reader(io.RawIOBase):
    """Pieces as a file."""

    def __init__(self, pieces: Iterator[bytes]) -> None:
        self._pieces = pieces
        self._rest = b""

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        while not self._rest:
            piece = next(self._pieces, None)
            if piece is None:
                return 0
            self._rest = piece
        view = memoryview(buffer).cast("B")
        size = min(len(view), len(self._rest))
        view[:size] = self._rest[:size]
        self._rest = self._rest[size:]
        return size


def _dechunked(body: Iterator[bytes]) -> Iterator[bytes]:
    """The chunks' data, as far as they go; the body as it is where not even the first chunk size is there."""
    buffer, first = b"", True
    while True:
        size = CHUNK_SIZE.match(buffer)
        while size is None and len(buffer) < _LINE and (more := next(body, b"")):
            buffer += more
            size = CHUNK_SIZE.match(buffer)
        if size is None:
            if first:
                yield from chain([buffer], body)
            return
        first = False
        left, buffer = int(size[1], 16), buffer[size.end() :]
        if not left:
            return
        while left:
            if not buffer and not (buffer := next(body, b"")):
                return
            yield buffer[:left]
            taken = min(left, len(buffer))
            left, buffer = left - taken, buffer[taken:]
        while len(buffer) < 2 and (more := next(body, b"")):
            buffer += more
        if not buffer.startswith((b"\r\n", b"\n")):
            return  # the body was cut here, or is no longer chunked
        buffer = buffer[2 if buffer.startswith(b"\r\n") else 1 :]


def _first(body: Iterator[bytes], size: int) -> Iterator[bytes]:
    for piece in body:
        yield piece[:size]
        size -= len(piece)
        if size <= 0:
            return


def _begun(body: Iterator[bytes], size: int) -> tuple[bytes, Iterator[bytes]]:
    """The first bytes, and all of them."""
    buffer = b""
    while len(buffer) < size and (more := next(body, None)) is not None:
        buffer += more
    return buffer[:size], chain([buffer], body)


def _tokens(head: HttpMessage, name: str) -> list[str]:
    found = (one.partition(";")[0].strip().lower() for value in head.all(name) for one in value.split(","))
    return [one for one in found if one]
