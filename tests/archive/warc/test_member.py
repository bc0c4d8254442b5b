"""Gzip members: read back, and torn at every byte."""

from __future__ import annotations

import gzip
import io

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.warc.member import Member, Tear, compress


def read(raw: bytes, offset: int = 0) -> tuple[bytes, int]:
    member = Member(io.BytesIO(raw), offset, "x.warc.gz")
    content = b"".join(iter(lambda: member.read(1000), b""))
    return content, member.length


@given(st.lists(st.binary(max_size=500), max_size=4), st.binary(max_size=50))
def test_a_member_ends_where_it_ends(parts: list[bytes], behind: bytes) -> None:
    raw = b"".join(compress(*parts))
    assert gzip.decompress(raw) == b"".join(parts)
    assert read(b"##" + raw + behind, 2) == (b"".join(parts), len(raw))


@pytest.mark.parametrize("size", [32 * 1024, 32 * 1024 + 1, 3 * 2**20])
def test_small_and_large_members_are_alike(size: int) -> None:
    content = bytes(range(256)) * (size // 256 + 1)
    raw = b"".join(compress(content[:size], b"\r\n\r\n"))
    assert read(raw + raw) == (content[:size] + b"\r\n\r\n", len(raw))


def test_a_member_torn_at_any_byte_is_seen() -> None:
    raw = b"".join(compress(b"WARC/1.1\r\n" + bytes(range(256)) * 3))
    for end in range(len(raw)):
        with pytest.raises(Tear) as caught:
            read(b"####" + raw[:end], 4)
        assert caught.value.offset == 4
        assert "x.warc.gz" in str(caught.value)
        assert "offset 4" in str(caught.value)


def test_a_changed_byte_of_content_or_trailer_is_seen() -> None:
    raw = b"".join(compress(bytes(range(256)) * 3))
    for at in range(10, len(raw)):  # the ten bytes before are the head, whose time and system mean nothing
        changed = bytearray(raw)
        changed[at] ^= 0x10
        with pytest.raises(Tear):
            read(bytes(changed))
