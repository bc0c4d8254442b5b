"""Reading on behind damage: whole records, and the gaps between them, each told with its extent and its reason."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import BinaryIO

from archive.warc import frame, zstd
from archive.warc.member import Tear
from archive.warc.stored import BLOCK_LIMIT, Record, read_record

_STEP = 2**20
# The head of a gzip member: its magic, and flags of which three bits must be 0 (RFC 1952, section 2.3.1).
_HEAD = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]", re.DOTALL)
_FRAME = re.compile(re.escape(zstd.MAGIC))
_HEAD_LENGTH = 4
# What may be read and unpacked in vain, in bytes: so much for any file, and so often its size. Damage costs one record
# and chance heads next to nothing; a file made of nested heads would cost its size squared.
_EFFORT, _EFFORT_BY_SIZE = 2**30, 8
_LEAST = 2**12  # what an attempt costs in any case
_GIVEN_UP = "; too much in it looks like records, the search for whole ones was given up"


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of a file, from ``offset`` up to ``end``, of which nothing can be read, and why.

    ``records`` counts whole records among them that are not to be taken for the file's own (`archive.warc.vouching`).
    """

    file: str
    offset: int
    end: int
    reason: str
    records: int = 0

    @property
    def length(self) -> int:
        """How many bytes it has."""
        return self.end - self.offset

    def __str__(self) -> str:
        return f"{self.file}: {self.length:,} bytes, from {self.offset} to {self.end}: {self.reason}"


Piece = Record | Gap


def scan(
    stream: BinaryIO,
    start: int,
    end: int,
    file: str,
    *,
    limit: int = BLOCK_LIMIT,
    reader: Callable[..., Record] = read_record,
    heads: Callable[[BinaryIO, int, int], Iterator[int]] | None = None,
    skip: Callable[[BinaryIO, int, int], int] = frame.skip,
) -> Iterator[Piece]:
    """The whole records in a range of a file, and the gaps between them: every byte is in one of them.

    ``start`` is the offset of a record. Behind damage the next gzip member or Zstandard frame that holds a whole
    record is looked for; in a file without compression there is none. What hostile bytes can cost is bounded (then the
    last gap says so). Skippable frames, which stand between those of Zstandard and mean nothing, are stepped over.
    ``reader`` reads a record of another format, ``heads`` gives the offsets at which one could begin,
    ``skip`` the offset behind what means nothing.
    """
    effort = _EFFORT + _EFFORT_BY_SIZE * (end - start)
    at = start
    while at < end:
        found: Record | None = None
        reason = ""
        try:
            found = reader(stream, at, limit=limit, file=file)
        except Tear as tear:
            reason = tear.reason
            effort -= max(tear.cost, _LEAST)
        if found is None and (behind := skip(stream, at, end)) > at:
            at = behind  # what stands between Zstandard frames means nothing
            continue
        if found is None:
            for candidate in (heads or _heads)(stream, at + 1, end):
                if effort <= 0:
                    reason += _GIVEN_UP
                    break
                try:
                    found = reader(stream, candidate, limit=limit, file=file, most=effort)
                except Tear as tear:
                    effort -= max(tear.cost, _LEAST)
                else:
                    break
            yield Gap(file, at, end if found is None else found.offset, reason)
        if found is None:
            return
        yield found
        at = found.offset + found.length


def _heads(stream: BinaryIO, start: int, end: int) -> Iterator[int]:
    """The offsets at which bytes stand that could be the head of a gzip member, or that of a Zstandard frame.

    They may stand there by chance. Frames are looked for in a file that begins with one.
    """
    stream.seek(0)
    head = _FRAME if zstd.is_packed(stream.read(4)) else _HEAD
    while start < end:
        stream.seek(start)
        part = stream.read(min(_STEP, end - start))
        for one in head.finditer(part):
            yield start + one.start()
        if len(part) < _HEAD_LENGTH:
            return
        start += len(part) - (_HEAD_LENGTH - 1)
