"""Gzip members: one WARC record each (WARC/1.1, annex D), so that a record is read by its offset alone."""

from __future__ import annotations

from typing import BinaryIO, cast

from isal import igzip_lib, isal_zlib

from archive.errors import DamagedRecord

# Level 2 of ISA-L: eight times as fast as zlib 9 for 16 % more space.
LEVEL = 2
MAGIC = b"\x1f\x8b\x08"
_ISAL_ERROR = cast("type[Exception]", igzip_lib.IsalError)  # the library's stub says that it is an instance
_GZIP = 31  # zlib's window bits for the gzip format
_SMALL = 32 * 1024  # joined and compressed in one call, at half the cost of a stream
# File bytes read at a time: small members first. What is read beyond a member's end is copied twice for nothing.
FIRST_STEP, _STEP = 2 * 1024, 32 * 1024
# ISA-L takes room for all that it may give before it begins: a MiB of it costs four times a small record's unpacking.
_INFLATED_STEP = 64 * 1024


class Tear(DamagedRecord):
    """The place where a file stops being readable: its offset, and why.

    ``cost`` counts the bytes that were read or unpacked until that was known.
    """

    cost = 0

    def __init__(self, reason: str, *, file: str, offset: int) -> None:
        super().__init__(f"{file} is damaged at offset {offset}: {reason}; run 'presskeep verify'", file=file)
        self.offset = offset
        self.reason = reason


def compress(*parts: bytes, level: int = LEVEL) -> list[bytes]:
    """One gzip member over the parts, in pieces that are to be written one after the other; ``level`` is 0 to 3."""
    if sum(map(len, parts)) <= _SMALL:
        return [isal_zlib.compress(b"".join(parts), level, _GZIP)]
    stream = isal_zlib.compressobj(level, isal_zlib.DEFLATED, _GZIP)
    pieces = [stream.compress(part) for part in parts]
    pieces.append(stream.flush())
    return [piece for piece in pieces if piece]


def _plain(error: Exception) -> str:
    """What ISA-L's error means."""
    said = str(error).lower()
    return "its checksum differs" if "checksum" in said or "crc" in said else "they cannot be unpacked"


class Member:
    """One gzip member being read: its content by and by, and its length once the end is reached.

    The checksum and the length in the member's trailer are checked. Raises Tear where the file ends within the
    member, or holds what is none, or more content than ``most`` bytes. ``begun`` is what was read of it already: the
    stream stands behind that.
    """

    def __init__(self, stream: BinaryIO, offset: int, file: str, most: int | None = None, begun: bytes = b"") -> None:
        self.offset = offset
        self.length = 0  # bytes in the file; known when `read` has returned nothing
        self.inflated = 0  # bytes of content so far
        self._most = most
        self._file = file
        self._stream = stream
        self._inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)
        self._fed = 0
        self._begun = begun
        if not begun:
            stream.seek(offset)

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes of content; nothing at the member's end."""
        inflate = self._inflate
        while not inflate.eof:
            given = b""
            if inflate.needs_input:
                given = self._begun or self._more()
                self._begun = b""
                self._fed += len(given)
            try:
                content: bytes = inflate.decompress(given, min(size, _INFLATED_STEP))
            except _ISAL_ERROR as error:
                raise Tear(f"its bytes have changed ({_plain(error)})", file=self._file, offset=self.offset) from error
            if content:
                self.inflated += len(content)
                if self._most is not None and self.inflated > self._most:
                    raise Tear("a gzip member of too much content", file=self._file, offset=self.offset)
                return content
            if not (given or inflate.eof or inflate.needs_input):
                raise Tear("a gzip member that leads nowhere", file=self._file, offset=self.offset)
        self.length = self._fed - len(inflate.unused_data)
        return b""

    def _more(self) -> bytes:
        given = self._stream.read(_STEP if self._fed else FIRST_STEP)
        if not given:
            raise Tear("the file ends within a record", file=self._file, offset=self.offset)
        return given
