"""An archive that is handed on: two sites, two runs, and whatever an index may stumble over."""

from __future__ import annotations

import contextlib
import gzip
import resource
import signal
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import START, attempt, exchange, page

from archive.crew import clean_pending
from archive.exchange import Exchange, Role
from archive.store import Archive

MINUTE = 60_000_000
FRONT = (
    b'HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nETag: "1"\r\n\r\n<title>The Harbour\n&amp; Courier'
    b"</title>" + b"<p>One of many teasers that stand on a front page.</p>" * 40
)
NOT_MODIFIED = b'HTTP/1.1 304 Not Modified\r\nETag: "1"\r\n\r\n'
CHUNKED = b"HTTP/1.1 200 OK\r\nContent-Type: Text/HTML\r\nTransfer-Encoding: chunked\r\n\r\n%x\r\n%b\r\n0\r\n\r\n"
ODD = (
    "http://courier.example:8080/Port/",
    "https://www2.courier.example/A/../B//c/?b=2&a=1&&c",
    "http://courier.example/?sid=0123456789abcdef0123456789abcdef&x=%41%2541",
    "http://xn--mnchen-3ya.example/stra%C3%9Fe",
    "http://münchen.example/straße",
    "http://[2001:db8::7]:8080/harbour",
    "http://courier.example/a b<c>\"d'{e}|f^g`h\\i",
    "http://courier.example/%E4%FC%2F%3F%23",
    "http://user:secret@courier.example/private",
)


def at(minute: int, url: str, response: bytes, **changes: object) -> Exchange:
    """One exchange of the Courier so many minutes after the start."""
    plain = replace(exchange("", minute), url=url, response=response)
    return replace(plain, **changes)  # type: ignore[arg-type]


def first_run() -> Iterator[Exchange]:
    """What the first run fetches."""
    for minute, url in enumerate(ODD):
        yield at(minute, url, b"HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n\r\n" + url.encode())
    yield exchange("crane", 20)
    packed = gzip.compress(page("Bridge"), mtime=0)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\n\r\n"
    yield at(21, "https://courier.example/bridge", head + packed)
    body = page("Ferry")
    yield at(22, "https://courier.example/ferry", CHUNKED % (len(body), body))
    moved = b"HTTP/1.1 301 Moved\r\nLocation: https://courier.example/crane\r\nContent-Length: 0\r\n\r\n"
    yield at(23, "https://courier.example/old", moved)
    yield exchange("gone", 24, status=404)
    yield exchange("search", 25, method="POST")
    yield exchange("feed", 26, role=Role.FEED, body=b"<rss/>")
    yield at(27, "https://courier.example/", FRONT, origin=exchange("", role=Role.FRONT).origin)
    yield exchange("snow", 28, site="talblatt")
    yield at(29, "https://courier.example/no-http", b"what is no answer at all")


def second_run(confirmed: str) -> Iterator[Exchange]:
    """What the second one fetches: an edit, the same front page again, and an answer that it has not changed."""
    front = exchange("", role=Role.FRONT).origin
    yield exchange("crane", 60, sentence="A second crane came on Monday, and the whole town stood at the quay. ")
    yield at(61, "https://courier.example/", FRONT, origin=front)
    yield at(62, "https://courier.example/", NOT_MODIFIED, origin=front, confirms=confirmed)
    section = exchange("", role=Role.SECTION).origin
    yield at(63, "https://courier.example/index.html", FRONT, origin=section)


def fill(archive: Archive) -> None:
    """Both runs, and the texts."""
    with archive.writer("crawl", {"courier": b"{}"}) as writer:
        captures = [writer.add(one) for one in first_run()]
        writer.add_attempt(attempt())
    confirmed = next(one.id for one in captures if one.url == "https://courier.example/")
    with archive.writer("crawl", {"courier": b"{}"}) as writer:
        for one in second_run(confirmed):
            writer.add(one)
    clean_pending(archive)


@pytest.fixture(scope="package")
def news(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive that tests only read."""
    with Archive.create(tmp_path_factory.mktemp("sharing") / "NEWS", contact="tests@example.org") as made:
        fill(made)
        yield made


def second_begins() -> int:
    """The time before the second run's exchanges."""
    return START + 60 * MINUTE


def warcs(archive: Archive) -> list[Path]:
    """The archive's WARC files."""
    return [archive.warc_path / state.file for state in archive.files()]


@contextlib.contextmanager
def full_beyond(size: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes: a full disk, as far as a test can have one."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
