"""A file as it would be: ranges replaced by others of the same length, then some cut out and others put in."""

from __future__ import annotations

import io
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import BinaryIO

from archive.warc.ranges import pieces
from archive.warc.rewriting import Kept, Part, Put

_BUFFER = 2**20


@dataclass(frozen=True, slots=True)
class Patch:
    """Other bytes of the same length from an offset on, and what they put right."""

    offset: int
    content: bytes
    how: str


@dataclass(frozen=True, slots=True)
class Edit:
    """A range from ``start`` to ``end`` that gives way to ``content``; where the range is empty it is put in there."""

    start: int
    end: int
    content: bytes = b""


def patched(stream: BinaryIO, patches: Sequence[Patch]) -> BinaryIO:
    """An open file, read as if the patches were written into it."""
    return io.BufferedReader(_Patched(stream, patches), _BUFFER)


def edited(stream: BinaryIO, end: int, edits: Sequence[Edit]) -> Iterator[bytes]:
    """The content of a file up to ``end``, with the edits made; they are sorted and do not overlap."""
    at = 0
    for edit in edits:
        yield from pieces(stream, at, edit.start)
        if edit.content:
            yield edit.content
        at = edit.end
    yield from pieces(stream, at, end)


def parts_of(patches: Sequence[Patch], edits: Sequence[Edit], end: int) -> Iterator[Part]:
    """The same as parts of which a file is written anew: its own ranges, and what comes in the place of others."""
    at = 0
    for edit in edits:
        yield from _patched_range(patches, at, edit.start)
        if edit.content:
            yield Put([edit.content])
        at = edit.end
    yield from _patched_range(patches, at, end)


def _patched_range(patches: Sequence[Patch], start: int, end: int) -> Iterator[Part]:
    for patch in sorted(patches, key=lambda one: one.offset):
        first, last = max(patch.offset, start), min(patch.offset + len(patch.content), end)
        if first < last:
            yield Kept(start, first)
            yield Put([patch.content[first - patch.offset : last - patch.offset]])
            start = last
    if start < end:
        yield Kept(start, end)


class _Patched(io.RawIOBase):
    def __init__(self, stream: BinaryIO, patches: Sequence[Patch]) -> None:
        self._stream = stream
        self._patches = patches
        self._at = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._at = self._stream.seek(offset, whence) if whence != io.SEEK_CUR else self._at + offset
        return self._at

    def tell(self) -> int:
        return self._at

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override] # typeshed's WriteableBuffer has no slices
        self._stream.seek(self._at)
        found = bytearray(self._stream.read(len(buffer)))
        end = self._at + len(found)
        for patch in self._patches:
            first, last = max(patch.offset, self._at), min(patch.offset + len(patch.content), end)
            if first < last:
                found[first - self._at : last - self._at] = patch.content[first - patch.offset : last - patch.offset]
        buffer[: len(found)] = found
        self._at = end
        return len(found)
