"""Records as they lie in files: where a head ends and the block begins."""

from __future__ import annotations

import io

import pytest

from archive.warc.member import compress
from archive.warc.stored import read_record

HEAD = b"WARC/1.0\nWARC-Type: resource\nContent-Length: 6\n"


@pytest.mark.parametrize("packed", [False, True])
@pytest.mark.parametrize("block", [b"\r\nabcd", b"\nabcde", b"\r\n\r\n\r\n", b"abcdef"])
@pytest.mark.parametrize("head", [HEAD, HEAD.replace(b"\n", b"\r\n")])
def test_a_block_may_begin_with_a_line_end(head: bytes, block: bytes, packed: bool) -> None:
    end = b"\r\n" if b"\r" in head else b"\n"
    raw = head + end + block + b"\r\n\r\n"
    record = read_record(io.BytesIO(b"".join(compress(raw)) if packed else raw), 0, file="x.warc")
    assert (record.block, record.trailer, record.declared) == (block, b"\r\n\r\n", 6)


@pytest.mark.parametrize("size", [100, 2**11, 2**16, 2**18, 2**21 + 1])
@pytest.mark.parametrize("limit", [0, 2**17, 2**30])
def test_blocks_of_any_size_are_read_whole_or_up_to_the_limit(size: int, limit: int) -> None:
    block = bytes(range(256)) * (size // 256) + b"." * (size % 256)
    raw = b"WARC/1.1\r\nWARC-Type: resource\r\nContent-Length: %d\r\n\r\n" % size + block + b"\r\n\r\n"
    for stored in (raw, b"".join(compress(raw))):
        record = read_record(io.BytesIO(b"##" + stored + stored), 2, limit=limit, file="x.warc")
        assert (record.block, record.declared, record.length) == (block[:limit], size, len(stored))
        assert record.whole == (size <= limit)
