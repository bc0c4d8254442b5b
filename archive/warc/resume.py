"""Whole records behind a damaged place: for reports only, never for reading on as if nothing had happened."""

from __future__ import annotations

from collections.abc import Iterator
from typing import BinaryIO

from archive.warc.member import MAGIC, Tear
from archive.warc.stored import Record, read_record

_STEP = 2**20


def whole_records(stream: BinaryIO, start: int, end: int, file: str) -> Iterator[Record]:
    """The whole gzipped records in a range of a file, wherever in it they begin."""
    at: int | None = start
    while at is not None and at < end:
        try:
            record = read_record(stream, at, limit=0, file=file)
        except Tear:
            at = next_member(stream, at + 1, end)
        else:
            yield record
            at += record.length


def next_member(stream: BinaryIO, start: int, end: int) -> int | None:
    """The next offset at which the bytes of a gzip head stand; they may stand there by chance."""
    while start < end:
        stream.seek(start)
        part = stream.read(min(_STEP, end - start))
        found = part.find(MAGIC)
        if found >= 0:
            return start + found
        if len(part) < len(MAGIC):
            return None
        start += len(part) - (len(MAGIC) - 1)
    return None
