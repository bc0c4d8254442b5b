"""Zstandard frames: one WARC record each, as `.warc.zst` files hold them ("Zstandard Compression for WARC Files 1.0").

Such a file may begin with a dictionary in a skippable frame, without which none of its records can be read. Between
frames there may be skippable ones that mean nothing to a reader.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import BinaryIO, cast
from weakref import WeakKeyDictionary

import zstandard

from archive.warc import zstd
from archive.warc.member import Tear

_LOOK = 64 * 1024  # file bytes looked at together while the end of a frame is found
_STEP = 2**20
_MOST_BLOCKS = 2**17  # of one frame; a block holds 128 KiB of content but where a writer flushed
_BLOCK_COST = 2**12  # what a block costs at least, counted in bytes: hostile ones have three
_RLE, _RESERVED = 1, 3  # types of blocks (RFC 8878, section 3.1.1.2)


@dataclass(frozen=True, slots=True)
class _Opened:
    """What is known of an open file: how its frames are unpacked."""

    unpacking: zstandard.ZstdDecompressor
    has_dictionary: bool


_opened: WeakKeyDictionary[BinaryIO, _Opened] = WeakKeyDictionary()


class Frame:
    """One Zstandard frame being read, as `archive.warc.member.Member` reads a gzip member.

    Where the frame has a checksum it is checked. Raises Tear where the file ends within the frame, or holds what is
    none, or more content than ``most`` bytes.
    """

    def __init__(self, stream: BinaryIO, offset: int, file: str, most: int | None = None) -> None:
        self.offset = offset
        self.inflated = 0  # bytes of content so far
        self._most = most
        self._file = file
        self._blocks = 0  # whose heads were read
        self._has_dictionary = False
        try:
            opened = _opened_of(stream, file)
            self._has_dictionary = opened.has_dictionary
            self.length = self._length(stream)
            stream.seek(offset)
            self._content = opened.unpacking.stream_reader(cast("BinaryIO", _Range(stream, self.length)), closefd=False)
        except zstandard.ZstdError as error:
            raise self._changed() from error

    def read(self, size: int) -> bytes:
        """Up to ``size`` bytes of content; nothing at the frame's end."""
        try:
            content: bytes = self._content.read(min(size, _STEP))
        except (zstandard.ZstdError, MemoryError) as error:
            raise self._changed() from error
        self.inflated += len(content)
        if self._most is not None and self.inflated > self._most:
            raise self._tear("a zstd frame of too much content")
        return content

    def _length(self, stream: BinaryIO) -> int:
        """The frame's bytes in the file, from the heads of its blocks: nothing has to be unpacked for it."""
        stream.seek(self.offset)
        buffer = stream.read(_LOOK)
        parameters = zstandard.get_frame_parameters(buffer)
        at, begin = zstandard.frame_header_size(buffer), 0  # `begin`: where in the frame `buffer` begins
        while self._blocks < _MOST_BLOCKS:
            self._blocks += 1
            if at + 3 > begin + len(buffer):
                stream.seek(self.offset + at)
                buffer, begin = stream.read(_LOOK), at
            head = int.from_bytes(buffer[at - begin : at - begin + 3], "little")
            if at + 3 > begin + len(buffer):
                raise self._tear("the file ends within a record")
            last, kind, size = head & 1, head >> 1 & 3, head >> 3
            if kind == _RESERVED:
                raise self._changed()
            at += 3 + (1 if kind == _RLE else size)
            if last:
                end = at + (4 if parameters.has_checksum else 0)
                # Seeking beyond the end is no error: whether the last byte is there is asked.
                stream.seek(self.offset + end - 1)
                if not stream.read(1):
                    raise self._tear("the file ends within a record")
                return end
        raise self._tear("a zstd frame of too many blocks")

    def _changed(self) -> Tear:
        without = "" if self._has_dictionary else "; the file has no dictionary, which they may need"
        return self._tear(f"its bytes have changed (they cannot be unpacked{without})")

    def _tear(self, reason: str) -> Tear:
        tear = Tear(reason, file=self._file, offset=self.offset)
        tear.cost = self._blocks * _BLOCK_COST
        return tear


class _Range:
    """The bytes of one frame, for a decoder that would read on."""

    def __init__(self, stream: BinaryIO, length: int) -> None:
        self._stream = stream
        self._left = length

    def read(self, size: int = -1) -> bytes:
        part = self._stream.read(self._left if size < 0 else min(size, self._left))
        self._left -= len(part)
        return part


def skip(stream: BinaryIO, at: int, end: int) -> int:
    """The offset behind skippable frames at a place, a dictionary among them; the place itself where there are none.

    A skippable frame that would end behind ``end`` is none.
    """
    while at + 8 <= end:
        stream.seek(at)
        head = stream.read(8)
        if not zstd.SKIPPABLE.match(head) or len(head) < 8:
            break
        behind = at + 8 + int.from_bytes(head[4:], "little")
        if behind > end:
            break
        at = behind
    return at


def _opened_of(stream: BinaryIO, file: str) -> _Opened:
    found = _opened.get(stream)
    if found is None:
        dictionary = _dictionary(stream, file)
        unpacking = zstandard.ZstdDecompressor(dict_data=dictionary, max_window_size=zstd.WINDOW_LIMIT)
        found = _opened[stream] = _Opened(unpacking, dictionary is not None)
    return found


def _dictionary(stream: BinaryIO, file: str) -> zstandard.ZstdCompressionDict | None:
    try:
        return zstd.dictionary_of(stream)
    except ValueError as error:
        raise Tear(f"a dictionary that cannot be used: {error}", file=file, offset=0) from error
