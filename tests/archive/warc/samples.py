"""Exchanges and attempts for the tests: plain ones, and all that hypothesis can think of."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from hypothesis import strategies as st

from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role, Truncation
from archive.warc.check import Check
from archive.warc.finding import Finding
from archive.warc.paths import OPEN
from archive.warc.scan import scan
from archive.warc.stored import BLOCK_LIMIT
from archive.warc.writer import WarcWriter

AT = 1_795_600_000_123_456  # 2026-11-25T09:46:40.123456Z
RUN = "urn:uuid:5bd0f2a5-8f0f-4f52-b1a2-5cf3f6a1a111"
REQUEST = b"GET /harbour HTTP/1.1\r\nHost: courier.example\r\nAccept-Encoding: gzip\r\n\r\n"
RESPONSE = b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML; charset=utf-8\r\nContent-Length: 5\r\n\r\nquay\n"
CHUNKED = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nqua\r\n2\r\ny\n\r\n0\r\n\r\n"
URL = "https://courier.example/harbour"
ORIGIN = Origin(site="courier", run=RUN, role=Role.ARTICLE, via="https://courier.example/", source="front", hops="L")


def exchange(response: bytes = RESPONSE, url: str = URL, request: bytes = REQUEST) -> Exchange:
    return Exchange(url, AT, request, response, duration=81_234, ip="192.0.2.7", origin=ORIGIN)


def writer(directory: Path, max_bytes: int = 10**9, max_age: int = 10**6) -> WarcWriter:
    return WarcWriter(directory, "NEWS", {"software": "presskeep/test"}, max_bytes=max_bytes, max_age=max_age)


def findings_of(path: Path, file: str | None = None, *, limit: int = BLOCK_LIMIT) -> Iterator[Finding]:
    """The findings about the records of a file, which may carry ``.open``, in the order of its bytes."""
    with path.open("rb") as stream:
        end = stream.seek(0, 2)
        check = Check(file or path.name.removesuffix(OPEN), end, being_written=path.name.endswith(OPEN))
        for piece in scan(stream, 0, end, check.file, limit=limit):
            yield from check.piece(piece)
        yield from check.ended()


# Lone surrogates too: a URL out of a broken page is a Python string like any other.
texts = st.one_of(
    st.text(st.characters(codec=None), max_size=60), st.sampled_from(['"', '"x"', " ", "\r\n", "a\r\nb: c", "\x85"])
)
optional = st.none() | texts
urls = st.one_of(texts, texts.map("https://courier.example/{}".format))
times = st.integers(min_value=0, max_value=4_102_444_800_000_000 - 1)
durations = st.integers(min_value=0, max_value=10**12)
origins = st.builds(
    Origin,
    site=optional,
    run=optional,
    role=st.sampled_from(Role),
    via=optional,
    source=optional,
    hops=texts,
    retry=st.integers(min_value=0, max_value=99),
    announced=optional,
)
heads = st.sampled_from(
    [
        b"",
        RESPONSE,
        CHUNKED,
        b"HTTP/1.0 404 \n\n",
        b"HTTP/1.1 100 Continue\r\n\r\n" + RESPONSE,
        b"HTTP/1.1 304 Not Modified\r\n\r\n",
    ]
)
responses = st.builds(bytes.__add__, heads, st.binary(max_size=300)).filter(bool)
exchanges = st.builds(
    Exchange,
    url=urls,
    at=times,
    request=st.binary(max_size=300),
    response=responses,
    method=st.sampled_from(["GET", "HEAD", "POST"]) | texts,
    duration=durations,
    truncated=st.none() | st.sampled_from(Truncation),
    ip=st.sampled_from([None, "192.0.2.1", "2001:db8::1"]) | optional,
    protocols=st.lists(st.sampled_from(["http/1.1", "tls/1.3"]) | texts, max_size=3).map(tuple),
    cipher=optional,
    masked=st.lists(texts, max_size=3).map(tuple),
    reservations=st.lists(texts, max_size=3).map(tuple),
    origin=origins,
)
attempts = st.builds(
    Attempt,
    url=urls,
    at=times,
    reason=st.sampled_from(NoAnswer),
    detail=texts,
    method=st.sampled_from(["GET", "HEAD"]) | texts,
    duration=durations,
    request=st.binary(max_size=300),
    ip=optional,
    protocols=st.lists(st.sampled_from(["http/1.1", "tls/1.3"]) | texts, max_size=3).map(tuple),
    cipher=optional,
    masked=st.lists(texts, max_size=3).map(tuple),
    origin=origins,
)
