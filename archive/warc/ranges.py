"""Ranges of the bytes of an open file: in pieces, in pieces that must be there, and their checksum."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from archive import digest
from archive.warc.member import Tear

_STEP = 2**20


def pieces(stream: BinaryIO, start: int, end: int) -> Iterator[bytes]:
    """A range's bytes, up to the end of the file where that comes first."""
    while start < end:
        stream.seek(start)  # each time: whoever takes the pieces may read the stream, too
        piece = stream.read(min(_STEP, end - start))
        if not piece:
            return
        start += len(piece)
        yield piece


def whole(stream: BinaryIO, start: int, end: int, file: str) -> Iterator[bytes]:
    """A range's bytes; raises Tear where the file ends before."""
    for piece in pieces(stream, start, end):
        start += len(piece)
        yield piece
    if start < end:
        raise Tear("the file became shorter while it was read", file=file, offset=start)


def checksum(stream: BinaryIO, start: int, end: int) -> str:
    """The labelled SHA-256 of a range, up to the end of the file where that comes first."""
    return digest.sha256_of(pieces(stream, start, end))
