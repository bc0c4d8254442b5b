"""Messages in pieces are what they are as a whole, whatever their coding, and however they are cut."""

from __future__ import annotations

import gzip
import tracemalloc
import zlib
from collections.abc import Iterator
from itertools import pairwise
from pathlib import Path

import brotli
import pytest
import zstandard
from exchanges import START, exchange
from foreign_files import warc_record
from hypothesis import given
from hypothesis import strategies as st

from archive import streaming
from archive.entering.importing import import_files
from archive.errors import DamagedRecord, NotHttp, PayloadRefused
from archive.exchange import Exchange, Origin
from archive.http import HttpMessage
from archive.store import Archive

PACKED = {
    "": lambda data: data,
    "gzip": lambda data: gzip.compress(data, mtime=0),
    "gzip ": lambda data: gzip.compress(data[:9], mtime=0) + gzip.compress(data[9:], mtime=0) + b"behind",
    "x-gzip": lambda data: data,  # a server that lies
    "deflate": zlib.compress,
    "deflate ": lambda data: zlib.compress(data)[2:-4],
    "br": brotli.compress,
    "zstd": zstandard.compress,
    "br, gzip": lambda data: gzip.compress(brotli.compress(data), mtime=0),
}


def chunks(data: bytes, size: int) -> bytes:
    parts = [data[at : at + size] for at in range(0, len(data), size)]
    return b"".join(b"%x;a=b\r\n%s\r\n" % (len(part), part) for part in parts) + b"0\r\nTrailer: x\r\n\r\n"


@st.composite
def messages(draw: st.DrawFn) -> bytes:
    """Answers in every framing and coding, some of them cut."""
    coding = draw(st.sampled_from(sorted(PACKED)))
    data = draw(st.binary(max_size=400)) * draw(st.sampled_from([1, 1, 40]))
    body = PACKED[coding](data)
    fields = f"Content-Encoding: {coding}\r\n" if coding.strip() else ""
    match draw(st.sampled_from(["", "length", "short", "chunks", "no chunks"])):
        case "length":
            fields += f"Content-Length: {len(body)}\r\n"
        case "short":
            fields += f"Content-Length: {len(body) // 2}\r\n"
        case "chunks":
            fields += "Transfer-Encoding: chunked\r\n"
            body = chunks(body, draw(st.integers(1, 300)))
        case "no chunks":
            fields += "Transfer-Encoding: chunked\r\n"
    head = draw(st.sampled_from(["", "HTTP/1.1 103 Early Hints\r\nLink: <a>\r\n\r\n"])) + "HTTP/1.1 200 OK\r\n"
    raw: bytes = f"{head}{fields}\r\n".encode() + body
    return raw[: draw(st.integers(0, len(raw)))] if draw(st.booleans()) else raw


def cut(raw: bytes, places: list[int]) -> Iterator[bytes]:
    ends = [0, *sorted(place % (len(raw) + 1) for place in places), len(raw)]
    return iter([raw[begin:end] for begin, end in pairwise(ends)])


def told(act: object) -> object:
    try:
        return act()  # type: ignore[operator]
    except (PayloadRefused, NotHttp) as error:
        return type(error)


@given(messages(), st.lists(st.integers(0, 10_000), max_size=8))
def test_pieces_are_the_whole(raw: bytes, places: list[int]) -> None:
    whole = told(lambda: HttpMessage.parse(raw))
    if not isinstance(whole, HttpMessage):
        assert told(lambda: streaming.split(cut(raw, places))) is whole
        return
    head, body = streaming.split(cut(raw, places))
    assert (head.fields, head.status, head.raw) == (whole.fields, whole.status, raw[: whole.body_offset])
    assert b"".join(streaming.entity(head, body)) == whole.entity()
    head, body = streaming.split(cut(raw, places))
    payload = told(lambda: b"".join(streaming.decoded(head, streaming.entity(head, body))))
    assert payload == told(whole.decoded)


@pytest.mark.parametrize("coding", ["gzip", "br", "zstd", "deflate"])
def test_a_bomb_costs_no_memory(coding: str) -> None:
    zeros = bytes(64 * 2**20)
    packed = zstandard.compress(zeros) if coding == "zstd" else PACKED[coding](zeros)
    del zeros
    head = HttpMessage.parse(f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode())
    tracemalloc.start()
    size = sum(len(piece) for piece in streaming.decoded(head, iter([packed])))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert size == 64 * 2**20
    assert peak < 12 * 2**20


def test_captures_give_their_bytes_in_pieces(archive: Archive) -> None:
    large = bytes(range(256)) * 4096 * 5
    with archive.writer("crawl") as writer:
        writer.add(exchange("crane"))
        writer.add(exchange("film", body=large))
        writer.commit()
        writer.add(exchange("film", 20, body=large))  # a revisit
        asked = b"GET / HTTP/1.1\r\nHost: courier.example\r\n\r\n"
        url, origin = "https://courier.example/chunks", Origin(site="courier")
        answer = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n" + chunks(large, 70_000)
        writer.add(Exchange(url, START, asked, answer, origin=origin))  # one that came in chunks
    kinds = set()
    for capture in archive.captures():
        kinds.add(capture.kind)
        assert b"".join(capture.raw_pieces()) == capture.message().raw
        assert b"".join(capture.entity_pieces()) == capture.representation().entity()
        assert b"".join(capture.payload_pieces()) == capture.payload()
        assert max(map(len, capture.payload_pieces())) <= 2**20
    assert kinds == {"response", "revisit"}


def test_a_large_record_of_another_writer_takes_no_memory(archive: Archive, tmp_path: Path) -> None:
    body = bytes(40 * 2**20)
    block = b"HTTP/1.1 200 OK\r\nContent-Type: video/mp4\r\n\r\n" + body
    for name, data in (("plain.warc", warc_record("film", block=block)), ("crane.warc.gz", b"")):
        file = tmp_path / name
        file.write_bytes(data or gzip.compress(warc_record("film", 1, block=block), 1))
        list(import_files(archive, [file]))
    del block
    captures = archive.timeline("http://herald.example/film")
    assert len(captures) == 2
    tracemalloc.start()
    for capture in captures:
        assert sum(len(piece) for piece in capture.payload_pieces()) == len(body)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 16 * 2**20


def test_a_damaged_record_is_told_before_the_first_piece(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange("film", body=bytes(range(256)) * 8192))
    (capture,) = archive.captures()
    assert capture.location is not None
    file = archive.warc_path / capture.location.file
    raw = bytearray(file.read_bytes())
    raw[capture.location.offset + capture.location.length - 6] ^= 0xFF
    file.write_bytes(raw)
    with pytest.raises(DamagedRecord):
        capture.raw_pieces()
