"""Stored HTTP messages: any head that clients accept, exact entities and payloads, hostile bytes within bounds."""

from __future__ import annotations

import contextlib
import gzip
import random
import zlib

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.errors import DamagedRecord, PayloadRefused, PayloadTooLarge
from archive.http import MAX_MEMBERS, HttpMessage


def message(head: str, body: bytes = b"") -> HttpMessage:
    return HttpMessage.parse(head.replace("\n", "\r\n").encode("latin-1") + b"\r\n\r\n" + body)


def test_the_head_is_read_as_it_stands() -> None:
    raw = b"HTTP/1.1 200 Tutto bene\r\nX-oDD: 1\r\nSet-Cookie: a=1\r\nSet-Cookie: b=2\r\nX-Name: K\xf6ln\r\n\r\nbody"
    found = HttpMessage.parse(raw)
    assert (found.version, found.status, found.reason) == ("1.1", 200, "Tutto bene")
    assert found.fields == (("X-oDD", "1"), ("Set-Cookie", "a=1"), ("Set-Cookie", "b=2"), ("X-Name", "Köln"))
    assert found.all("set-cookie") == ("a=1", "b=2")
    assert raw[found.body_offset :] == b"body"
    assert found.field("x-missing") is None


@pytest.mark.parametrize(
    ("raw", "status", "reason", "body"),
    [
        (b"HTTP/1.1 204\r\n\r\n", 204, "", b""),
        (b"HTTP/1.0 200 OK\nA: b\n\nrest", 200, "OK", b"rest"),
        (b"HTTP/1.1 200 OK\r\n\r\nrest", 200, "OK", b"rest"),
        (b"HTTP/1.1 200 OK\r\nA: b", 200, "OK", b""),
        (b"HTTP/1.1 200", 200, "", b""),
        (b"HTTP/2 200\r\nA: b\r\n\r\nx", 200, "", b"x"),
        (
            b"HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 103 E\r\nLink: x\r\n\r\nHTTP/1.1 404 No\r\n\r\nx",
            404,
            "No",
            b"x",
        ),
        (b"HTTP/1.1 101 Switching Protocols\r\n\r\nHTTP/1.1 200 OK\r\n\r\n", 101, "Switching Protocols", None),
        (b"HTTP/1.1 100 Continue\r\n\r\n", 100, "Continue", b""),
    ],
)
def test_heads_that_clients_accept(raw: bytes, status: int, reason: str, body: bytes | None) -> None:
    found = HttpMessage.parse(raw)
    assert (found.status, found.reason) == (status, reason)
    if body is not None:
        assert found.entity() == body


@pytest.mark.parametrize("raw", [b"", b"<html>", b"HTTP/1.1 abc\r\n\r\n", b"\r\nHTTP/1.1 200 OK\r\n\r\n", b"HTTP/1.1"])
def test_what_has_no_status_line_is_damage(raw: bytes) -> None:
    with pytest.raises(DamagedRecord):
        HttpMessage.parse(raw)


def test_folded_fields_are_joined_and_lines_without_a_colon_passed_over() -> None:
    found = message("HTTP/1.1 200 OK\nA: one\n  two\n\tthree\nnonsense\n: nameless\nB:four")
    assert found.fields == (("A", "one two three"), ("B", "four"))


@pytest.mark.parametrize(
    ("given", "mime", "charset"),
    [
        ("text/HTML; Charset=UTF-8", "text/html", "UTF-8"),
        ('text/html; charset="iso-8859-1"; x=y', "text/html", "iso-8859-1"),
        ("text/html", "text/html", None),
        ("text/html; charset=", "text/html", None),
        ("", None, None),
    ],
)
def test_media_type_and_charset(given: str, mime: str | None, charset: str | None) -> None:
    found = message(f"HTTP/1.1 200 OK\nContent-Type: {given}")
    assert (found.mime, found.charset) == (mime, charset)


@pytest.mark.parametrize(
    ("body", "entity"),
    [
        (b"4\r\nWiki\r\n6\r\npedia \r\n0\r\n\r\n", b"Wikipedia "),
        (b"4;name=value\r\nWiki\r\n0\r\nTrailer: x\r\n\r\n", b"Wiki"),
        (b"4\nWiki\n0\n\n", b"Wiki"),
        (b"4\r\nWiki\r\n6\r\nped", b"Wikiped"),
        (b"4\r\nWiki\r\nnot a size\r\n", b"Wiki"),
        (b"4\r\nWikiXX", b"Wiki"),
        (b"0\r\n\r\n", b""),
        (b"", b""),
        (b"<html>stored without its chunks</html>", b"<html>stored without its chunks</html>"),
    ],
)
def test_chunks_are_removed(body: bytes, entity: bytes) -> None:
    assert message("HTTP/1.1 200 OK\nTransfer-Encoding: chunked\nContent-Length: 3", body).entity() == entity


def test_what_follows_the_length_is_not_the_entity() -> None:
    assert message("HTTP/1.1 200 OK\nContent-Length: 4", b"bodyJUNK").entity() == b"body"
    assert message("HTTP/1.1 200 OK\nContent-Length: 9", b"short").entity() == b"short"
    assert message("HTTP/1.1 200 OK\nContent-Length: 4\nContent-Length: 5", b"unclear").entity() == b"unclear"
    assert message("HTTP/1.1 200 OK\nContent-Length: -4", b"unclear").entity() == b"unclear"


TEXT = b"The harbour has waited for this morning since the flood of 2017. " * 5000


def _raw_deflate(data: bytes) -> bytes:
    stream = zlib.compressobj(wbits=-15)
    return stream.compress(data) + stream.flush()


ENCODERS = {
    "gzip": gzip.compress,
    "x-gzip": lambda data: gzip.compress(data[:1000]) + gzip.compress(data[1000:]) + b"\0\0 padding",
    "deflate": zlib.compress,
    "Deflate": _raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.ZstdCompressor().compress,
    "identity": bytes,
}


@pytest.mark.parametrize("coding", ENCODERS)
def test_content_codings_are_removed(coding: str) -> None:
    body = ENCODERS[coding](TEXT)
    found = message(f"HTTP/1.1 200 OK\nContent-Encoding: {coding}", body)
    assert found.entity() == body
    assert found.decoded() == TEXT
    with pytest.raises(PayloadRefused):
        found.decoded(limit=len(TEXT) - 1)


@pytest.mark.parametrize("coding", [one for one in ENCODERS if one != "identity"])
def test_a_cut_stream_gives_what_is_there(coding: str) -> None:
    noise = random.Random(7).randbytes(300_000).hex().encode()
    body = ENCODERS[coding](noise)
    cut = message(f"HTTP/1.1 200 OK\nContent-Encoding: {coding}", body[: len(body) // 2]).decoded()
    assert noise.startswith(cut)
    assert len(cut) > (900 if coding == "x-gzip" else 100_000)


def test_codings_one_over_the_other() -> None:
    body = gzip.compress(brotli.compress(TEXT))
    assert message("HTTP/1.1 200 OK\nContent-Encoding: br, gzip", body).decoded() == TEXT
    with pytest.raises(PayloadRefused):
        message("HTTP/1.1 200 OK\nContent-Encoding: " + "gzip, " * 5, gzip.compress(b"x")).decoded()


def test_a_body_that_is_not_packed_as_declared_is_taken_as_it_stands() -> None:
    assert message("HTTP/1.1 200 OK\nContent-Encoding: gzip", b"<html>").decoded() == b"<html>"
    assert message("HTTP/1.1 304 Not Modified\nContent-Encoding: br").decoded() == b""


@pytest.mark.parametrize("coding", ["br", "deflate", "compress", "sdch"])
def test_garbage_and_unknown_codings_are_refused(coding: str) -> None:
    with pytest.raises(PayloadRefused):
        message(f"HTTP/1.1 200 OK\nContent-Encoding: {coding}", b"\xff\xfe garbage").decoded()


def test_bombs_are_refused() -> None:
    zeros = bytes(2**23)
    for coding, body in (
        ("br", brotli.compress(zeros, quality=5)),
        ("gzip", gzip.compress(zeros)),
        ("zstd", zstandard.ZstdCompressor().compress(zeros)),
    ):
        with pytest.raises(PayloadTooLarge):
            message(f"HTTP/1.1 200 OK\nContent-Encoding: {coding}", body).decoded(limit=2**20)
    with pytest.raises(PayloadRefused):
        message("HTTP/1.1 200 OK\nContent-Encoding: gzip", gzip.compress(b"") * (MAX_MEMBERS + 1)).decoded()


@given(st.binary(max_size=400), st.sampled_from(["gzip", "deflate", "br", "zstd", "chunked, gzip", ""]))
@settings(max_examples=300)
def test_no_bytes_break_the_reader(body: bytes, coding: str) -> None:
    for raw in (body, b"HTTP/1.1 200 OK\r\n" + body):
        try:
            found = HttpMessage.parse(raw)
            _ = found.entity(), found.mime, found.charset, found.decoded()
        except (DamagedRecord, PayloadRefused):
            pass
    for name in ("Content-Encoding", "Transfer-Encoding"):
        found = message(f"HTTP/1.1 200 OK\n{name}: {coding}", body)
        try:
            found.decoded()
        except PayloadRefused:
            assert coding


@given(st.lists(st.binary(min_size=1, max_size=50)), st.binary(max_size=20))
def test_chunking_is_undone_exactly(parts: list[bytes], junk: bytes) -> None:
    body = b"".join(b"%x\r\n%b\r\n" % (len(part), part) for part in parts) + b"0\r\n\r\n" + junk
    assert message("HTTP/1.1 200 OK\nTransfer-Encoding: chunked", body).entity() == b"".join(parts)


HEAD = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"


@given(st.lists(st.binary(min_size=1, max_size=40), max_size=20), st.sampled_from([b"%x", b"%X", b"%08x"]))
def test_a_framing_makes_the_same_message_again(parts: list[bytes], size: bytes) -> None:
    framed = b"".join(size % len(part) + b"\r\n" + part + b"\r\n" for part in parts)
    whole = HttpMessage.parse(HEAD + framed + size % 0 + b"\r\n\r\n")
    framing = whole.framing()
    assert framing is not None
    head = HttpMessage.parse(HEAD)
    assert head.with_entity(whole.entity(), framing).raw == whole.raw


@pytest.mark.parametrize(
    "body",
    [
        b"2;a=b\r\nhi\r\n0\r\n\r\n",
        b"2\r\nhi\r\n0\r\nA: b\r\n\r\n",
        b"2\r\nhi\r\n0\r\n\r\nx",
        b"2\r\nhi\r\n",
        b"hi",
        b"2\nhi\n0\n\n",
        b"2 \r\nhi\r\n0\r\n\r\n",
        b"1\r\nx\r\n" * 3000 + b"0\r\n\r\n",
        b"",
    ],
)
def test_what_sizes_do_not_tell_has_no_framing(body: bytes) -> None:
    assert HttpMessage.parse(HEAD + body).framing() is None


def test_a_body_without_chunks_is_framed_by_nothing() -> None:
    assert HttpMessage.parse(b"HTTP/1.1 200 OK\r\n\r\nall of it").framing() == ""
    assert HttpMessage.parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi").framing() == ""
    assert HttpMessage.parse(b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nhi!").framing() is None


@pytest.mark.parametrize("framing", ["2", "2 0 0", "3 0", "0 2 0", "x 0", "2  0", "ffffffffffffffff 0"])
def test_a_framing_of_another_entity_is_refused(framing: str) -> None:
    with pytest.raises(DamagedRecord, match="framing"):
        HttpMessage.parse(HEAD).with_entity(b"hi", framing)


@given(st.binary(max_size=200), st.text(max_size=20))
def test_no_framing_breaks_it(body: bytes, framing: str) -> None:
    message = HttpMessage.parse(HEAD + body)
    assert message.framing() is None or message.with_entity(message.entity(), message.framing()).raw == message.raw
    with contextlib.suppress(DamagedRecord):
        message.with_entity(body, framing)


@pytest.mark.parametrize("coding", ["identity", "gzip", "deflate", "br", "zstd"])
@pytest.mark.parametrize("size", [0, 1, 70_000, 299_999, 300_000, 400_000])
def test_the_beginning_is_that_of_the_payload(coding: str, size: int) -> None:
    body = bytes(range(256)) * 1_200  # 307,200 bytes
    packed: dict[str, bytes] = {
        "identity": body,
        "gzip": gzip.compress(body),
        "deflate": zlib.compress(body),
        "br": brotli.compress(body),
        "zstd": zstandard.compress(body),
    }
    head = f"HTTP/1.1 200 OK\r\nContent-Encoding: {coding}\r\n\r\n".encode()
    assert HttpMessage.parse(head + packed[coding]).beginning(size) == body[:size]
    twice = b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip, gzip\r\n\r\n" + gzip.compress(gzip.compress(body))
    assert HttpMessage.parse(twice).beginning(size) == body[:size]
    with pytest.raises(PayloadRefused):
        HttpMessage.parse(b"HTTP/1.1 200 OK\r\nContent-Encoding: rot13\r\n\r\nx").beginning(size)
