"""Mending: the one bit that makes a member fit its checksums again, and nothing that only seems to."""

from __future__ import annotations

import random
import struct
import zlib

import pytest

from archive.warc import record as records
from archive.warc.member import compress
from archive.warc.mending import Mended, is_sound, mend

from .samples import exchange


@pytest.fixture(scope="module")
def member() -> bytes:
    answer = records.exchange_records(exchange(), records.new_id(), None)[0]
    return b"".join(records.members(answer))


def flipped(content: bytes, bit: int) -> bytes:
    changed = bytearray(content)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def test_each_bit_of_a_member_is_found_again(member: bytes) -> None:
    bits = range(len(member) * 8)
    for bit in [*random.Random(3).sample(bits, 60), *range(80), *range(len(bits) - 64, len(bits))]:
        harmed = flipped(member, bit)
        found = mend(harmed, [member[:10]])
        # Some bits of a header mean nothing to those who read: such a member is whole as it is.
        assert found is not None
        assert found.content == member


def test_two_bits_are_not_guessed(member: bytes) -> None:
    assert mend(flipped(flipped(member, 900), 1200), [member[:10]]) is None


def test_a_checksum_is_not_made_to_fit_a_head_that_has_changed() -> None:
    """A record's digest does not cover its head: only the checksum behind the member does."""
    head = (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: %s\r\nWARC-Block-Digest: sha256:%s\r\nContent-Length: 0\r\n\r\n"
    )
    digest = b"4OYMIQUY7QOBJGX36TEJS35ZEQT24QPEMSNZGTFESWMRW6CSXBKQ===="
    whole = b"".join(compress(head % (b"2026-11-25T00:00:00Z", digest) + b"\r\n\r\n"))
    other = b"".join(compress(head % (b"2026-11-26T11:11:11Z", digest) + b"\r\n\r\n"))
    assert is_sound(whole)
    assert mend(other[:-8] + whole[-8:], [whole[:10]]) is None
    crc, length = struct.unpack("<II", whole[-8:])
    assert mend(whole[:-8] + struct.pack("<II", crc, length + 5), [whole[:10]]) == Mended(
        whole, "the checksum behind its gzip member"
    )


@pytest.mark.parametrize("damaged", [b"", bytes(18), bytes(5000), random.Random(1).randbytes(3000)])
def test_what_holds_no_record_is_not_mended(damaged: bytes, member: bytes) -> None:
    assert mend(damaged, [member[:10]], effort=2**20) is None


def test_the_search_is_bounded() -> None:
    bomb = zlib.compress(bytes(2**20), 9)[2:-4]
    damaged = b"\x1f\x8b\x08" + bytes(6) + b"\xff" + bomb + struct.pack("<II", 1, 2**20)
    assert mend(damaged, [], effort=2**24) is None
