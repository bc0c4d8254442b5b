"""Mending: the exact bytes of a damaged gzip member, where its checksums tell what they were.

A disk or a memory that fails most often turns one bit. A member holds one record, whose block has a SHA-256 in its head
and whose content has a CRC: of all members that differ from the damaged one by one bit only those fit both that unpack
to what it held. Mostly that is one; where the content repeats itself, several may say the same in other bits. Which of
them it was, the digest of the whole file tells.
"""

from __future__ import annotations

import io
import struct
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from isal import isal_zlib

from archive.warc.digests import matches
from archive.warc.member import Tear
from archive.warc.stored import read_record

EFFORT = 2**33  # bytes that may be unpacked in the search for one bit: some ten seconds
HEADER, TRAILER = 10, 8  # bytes of a member before and behind its packed content (RFC 1952), without optional fields
LARGEST = 16 * 2**20  # bytes of a member that is searched
_MOST_CONTENT = 64 * 2**20  # bytes that it may unpack to
_ATTEMPT = 2**10  # what one attempt costs in any case, in the same unit as unpacked bytes
_MARKS = 256  # states that are kept on the way through a member, 40 KB each
_LEAST_MARK = 512  # bytes between two of them


@dataclass(frozen=True, slots=True)
class Mended:
    """A whole member again, and what was wrong with it."""

    content: bytes
    how: str


def mend(damaged: bytes, headers: Sequence[bytes], effort: int = EFFORT) -> Mended | None:
    """The first of `mends`; None where there is none."""
    return next(mends(damaged, headers, effort), None)


def mends(damaged: bytes, headers: Sequence[bytes], effort: int = EFFORT) -> Iterator[Mended]:
    """The members that the bytes may have been before a bit, the header or the checksum changed, the likeliest first.

    ``headers`` are those that members of the file begin with. Each member holds one record whose block is that of its
    digest; a record without a digest cannot be mended.
    """
    if not HEADER + TRAILER < len(damaged) <= LARGEST:
        return
    for header in headers:
        if damaged[:HEADER] != header and is_sound(candidate := header + damaged[HEADER:]):
            yield Mended(candidate, "the header of its gzip member")
    closed = _with_trailer(damaged)
    if closed is not None and is_sound(closed):
        yield Mended(closed, "the checksum behind its gzip member")
    yield from _with_bit(damaged, effort)


def is_sound(member: bytes) -> bool:
    """Whether these bytes are exactly one member with one whole record, whose block is that of its digest."""
    try:
        record = read_record(io.BytesIO(member), 0, file="")
    except Tear:
        return False
    stated = record.fields.first("WARC-Block-Digest")
    return (
        record.length == len(member) and record.whole and stated is not None and matches(stated, [record.block]) is True
    )


def with_padding_cleared(member: bytes) -> bytes:
    """The member without the bits that only fill its last packed byte; unchanged where there are none.

    Writers leave them empty (RFC 1951 asks for nothing), and no checksum covers them. A member beyond `LARGEST` is left
    as it is.
    """
    at = len(member) - TRAILER - 1
    while HEADER < at < LARGEST and member[at]:
        highest = 1 << member[at].bit_length() - 1
        candidate = member[:at] + bytes([member[at] ^ highest]) + member[at + 1 :]
        if not _unpacks(candidate):
            break
        member = candidate
    return member


def _unpacks(member: bytes) -> bool:
    inflate = zlib.decompressobj(zlib.MAX_WBITS + 16)
    rest = member
    try:
        while not inflate.eof:
            given = inflate.decompress(rest, 2**20)
            rest = inflate.unconsumed_tail
            if not (given or rest or inflate.eof):
                return False
    except zlib.error:
        return False
    return not inflate.unused_data


def _with_trailer(damaged: bytes) -> bytes | None:
    """The member with the checksum and length that its content has, if one of them is right but for a bit.

    More would prove nothing: a record's head, which its digest does not cover, may be what has changed.
    """
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    packed = damaged[HEADER:-TRAILER]
    crc = length = 0
    try:
        while not inflate.eof:
            content = inflate.decompress(packed, 2**20)
            packed = inflate.unconsumed_tail
            crc, length = isal_zlib.crc32(content, crc), length + len(content)
            if not (content or packed):
                return None
    except zlib.error:
        return None
    stated_crc, stated_length = struct.unpack("<II", damaged[-TRAILER:])
    length %= 2**32
    if (crc ^ stated_crc).bit_count() + (length ^ stated_length).bit_count() != 1 and crc != stated_crc:
        return None
    return damaged[:-TRAILER] + struct.pack("<II", crc, length)


def _with_bit(damaged: bytes, effort: int) -> Iterator[Mended]:
    """The members with one other bit in their packed content.

    Where unpacking fails the bit lies before that place, mostly not far: so the search goes backwards from there.
    """
    crc, length = struct.unpack("<II", damaged[-TRAILER:])
    if length > _MOST_CONTENT:
        return
    marks = list(_marks(damaged))
    for mark, end in zip(
        reversed(marks), [len(damaged) - TRAILER, *(mark.at for mark in reversed(marks))], strict=False
    ):
        for at in range(mark.at, end):
            most = length - mark.length
            if most < 0:  # more content than the whole member has
                break
            for bit in range(8):
                flipped = bytes([damaged[at] ^ 1 << bit])
                attempt = mark.inflate.copy()
                effort -= _ATTEMPT
                try:
                    found = attempt.decompress(flipped, most + 1)
                    found += attempt.decompress(attempt.unconsumed_tail + damaged[at + 1 :], most + 1)
                except zlib.error:
                    continue
                effort -= len(found)
                if attempt.eof and len(attempt.unused_data) == TRAILER and isal_zlib.crc32(found, mark.crc) == crc:
                    candidate = damaged[:at] + flipped + damaged[at + 1 :]
                    if is_sound(candidate):
                        yield Mended(candidate, f"bit {bit} of byte {at}")
            if effort <= 0:
                return
            if not mark.feed(damaged[at : at + 1]):
                break


@dataclass(slots=True)
class _Mark:
    """Where unpacking has come to: the next byte, and the state, checksum and length until there."""

    at: int
    inflate: zlib._Decompress
    crc: int = 0
    length: int = 0

    def feed(self, packed: bytes) -> bool:
        """Unpack on; whether that was possible, and the content has not ended."""
        try:
            content = self.inflate.decompress(packed)
        except zlib.error:
            return False
        self.at += len(packed)
        self.crc, self.length = isal_zlib.crc32(content, self.crc), self.length + len(content)
        return not self.inflate.eof

    def copy(self) -> _Mark:
        return _Mark(self.at, self.inflate.copy(), self.crc, self.length)


def _marks(damaged: bytes) -> Iterator[_Mark]:
    """States on the way through the packed content, up to where it cannot be unpacked any more."""
    step = max(_LEAST_MARK, len(damaged) // _MARKS)
    end = len(damaged) - TRAILER
    mark = _Mark(HEADER, zlib.decompressobj(-zlib.MAX_WBITS))
    while mark.at < end:
        yield mark.copy()
        if not mark.feed(damaged[mark.at : min(mark.at + step, end)]):
            return
