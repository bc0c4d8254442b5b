"""Ranges of the bytes of an open file: whole, cut short, and read by two at once."""

from __future__ import annotations

import io

import pytest

from archive.digest import sha256
from archive.warc import ranges
from archive.warc.member import Tear

RAW = bytes(range(256)) * 10_000  # more than two pieces


def test_a_range_comes_in_pieces_whoever_else_reads_the_stream() -> None:
    stream = io.BytesIO(RAW)
    found = []
    for piece in ranges.pieces(stream, 3, len(RAW) - 5):
        stream.seek(0)
        found.append(piece)
    assert len(found) > 2
    assert b"".join(found) == RAW[3:-5]
    assert ranges.checksum(stream, 3, len(RAW) - 5) == sha256(RAW[3:-5])


def test_what_the_file_does_not_have_is_left_out_or_a_tear_where_it_ends() -> None:
    stream = io.BytesIO(RAW)
    assert b"".join(ranges.pieces(stream, 10, 10**9)) == RAW[10:]
    assert list(ranges.pieces(stream, 10, 10)) == []
    assert b"".join(ranges.whole(stream, 10, len(RAW), "x.warc.gz")) == RAW[10:]
    with pytest.raises(Tear, match=r"x\.warc\.gz is damaged at offset 2560000: the file became shorter"):
        list(ranges.whole(stream, 10, len(RAW) + 1, "x.warc.gz"))
