"""Mending: the one bit that makes a member fit its checksums again, and nothing that only seems to."""

from __future__ import annotations

import base64
import random
import struct
import zlib
from pathlib import Path

import pytest

from archive.catalogue.holdings import FileState
from archive.digest import sha256
from archive.repairing.plan import plan
from archive.warc import record as records
from archive.warc.member import compress
from archive.warc.mending import Mended, is_sound, mend, mends, with_padding_cleared

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
        # Some bits of a header mean nothing to those who read: such a member is whole as it is. And some content is the
        # same in other bits: mostly the first is the one that was there.
        assert any(found.content == member for found in mends(harmed, [member[:10]]))


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


def test_bits_that_only_fill_a_byte_are_cleared() -> None:
    seen = set()
    for number in range(40):
        whole = b"".join(compress(bytes(range(number))))
        assert with_padding_cleared(whole) == whole
        last = len(whole) * 8 - 64
        for bit in range(last - 8, last):
            changed = flipped(whole, bit)
            if zlib_reads(changed, bytes(range(number))):
                assert with_padding_cleared(changed) == whole
                seen.add(bit % 8)
            else:
                assert with_padding_cleared(changed) in {changed, whole}
    assert seen >= {5, 6, 7}
    for odd in (b"", bytes(18), bytes(19), bytes(18) + b"\xff" * 20):
        assert with_padding_cleared(odd) == odd


def zlib_reads(member: bytes, content: bytes) -> bool:
    try:
        return zlib.decompress(member, 31) == content
    except zlib.error:
        return False


@pytest.mark.parametrize("damaged", [b"", bytes(18), bytes(5000), random.Random(1).randbytes(3000)])
def test_what_holds_no_record_is_not_mended(damaged: bytes, member: bytes) -> None:
    assert mend(damaged, [member[:10]], effort=2**20) is None


def test_the_search_is_bounded() -> None:
    bomb = zlib.compress(bytes(2**20), 9)[2:-4]
    damaged = b"\x1f\x8b\x08" + bytes(6) + b"\xff" + bomb + struct.pack("<II", 1, 2**20)
    assert mend(damaged, [], effort=2**24) is None


# A sentence over and over, as it was packed once: with bit 3251 turned, two other bits than that make it whole.
REPEATED = base64.b64decode(
    "H4sIAAAAAAAA/+2c3YqbUBhF7wO+w/cANdWTaEBqIdH0h9ZJm0mZ6dw5OR9ROnNO0WPbvH3JkMte9AGWiIgclvebvdfdel+9Tudp"
    "NLu8xYfzTy1k0NFPw1GvH/d69IONP9aFvJkGV0xTb4vkesX/eFw+JY/J6u0VULdBCzGJyeM0jU12SJLi5X64Htg8+eOPuO5POoZC"
    "xq41WV4025tmmW9Wpnn/4VDdm91uky++Lr99qXar2ny/3Tc32919bbJPS1Nn+cM7c7cuy7KMZpV3QV2IP6s7he7y5yxdRLNoduhU"
    "jkPrVJ79L7Uy9n/CWZ41DDpK8BI6FW3HIN7J7eRse34lrbPi/KO3Z+ndywn/ZCX43046bQcrfZCTnwts2LBhw4YNGzZs2LBhw4YN"
    "GzZZAVkBWQFZAVkBWQFZAVkBWQFZAVkBWQFZAVkBWQFZAb0CegX0CugV0CugV0CvgF4BvQJ6BfQK6BXQK6BXQK+AXgEbBDYIbBDY"
    "ILBBYIPABoENAhsENghsENggsEFgg8AGgQ0CvgJ8BfgK8BXgK8BXgK8AXwG+AnwF+ArwFeArwFeAr+A/fQUXSeBfpcCYohNRAAA="
)


def test_of_several_ways_to_pack_one_content_the_digest_of_the_file_tells_which_was_there(tmp_path: Path) -> None:
    """Where a text repeats itself, a match may reach back to any of its like: another bit then says the same."""
    path = tmp_path / "a.warc.gz"
    path.write_bytes(flipped(REPEATED, 3251))
    first, *others = (one.content for one in mends(path.read_bytes(), [REPEATED[:10]], 2**26))
    assert is_sound(first)
    assert first != REPEATED
    assert REPEATED in others
    state = FileState(path.name, len(REPEATED), sha256(REPEATED))
    done = plan(tmp_path, path.name, state, {}, effort=2**26)
    assert (done.exact, [one.content for one in done.patches]) == (True, [REPEATED])
