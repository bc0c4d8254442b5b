"""The kinds of exchanges that the tap must record byte for byte."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import brotli
import zstandard
from rawserver import End, Reply

from archive.exchange import NoAnswer, Truncation

PAGE = b"<!doctype html><title>t</title><p>" + b"The ferry was late again. " * 40 + b"</p>"
OK = b"HTTP/1.1 200 OK\r\n"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"


@dataclass(frozen=True)
class Kind:
    """One kind: what the server answers to each of its requests, and what must be recorded.

    ``outcome`` is None for whole exchanges. ``status`` and ``body`` are what Scrapy must see; None where it must
    see a failure.
    """

    name: str
    replies: tuple[Reply, ...]
    outcome: Truncation | NoAnswer | None = None
    status: int | None = 200
    body: bytes | None = PAGE
    method: str = "GET"
    headers: Mapping[str, str] = field(default_factory=dict)
    meta: Mapping[str, Any] = field(default_factory=dict)
    connections: int = 1

    def path(self, number: int) -> str:
        return f"/{self.name}/{number}"


def _length(body: bytes = PAGE) -> bytes:
    return b"Content-Length: %d\r\n" % len(body)


def _plain(head: bytes = OK + HTML, body: bytes = PAGE) -> bytes:
    return head + _length(body) + b"\r\n" + body


def _chunked(body: bytes, size: int = 100, extension: bytes = b"", trailers: bytes = b"") -> bytes:
    chunks = [body[at : at + size] for at in range(0, len(body), size)]
    framed = b"".join(b"%X%s\r\n%s\r\n" % (len(one), extension, one) for one in chunks)
    return framed + b"0\r\n" + trailers + b"\r\n"


def _kind(name: str, *pieces: bytes, end: End = End.KEEP, **given: Any) -> Kind:
    return Kind(name, (Reply(pieces, end),), **given)


CHUNKED = b"Transfer-Encoding: chunked\r\n"
ZIPPED = gzip.compress(PAGE, mtime=0)
SHORT = OK + HTML + b"Content-Length: 5000\r\n\r\n" + PAGE
LONG_VALUE = b"default-src " + b"https://assets.example/ " * 4000
QUICK = {"download_timeout": 1.0}

KINDS: tuple[Kind, ...] = (
    _kind("plain", _plain()),
    _kind("odd-header-case", OK + b"cOnTeNt-tYpE: text/html\r\nCONTENT-LENGTH: 2\r\nx-lower: 1\r\n\r\nhi", body=b"hi"),
    _kind("duplicate-headers", _plain(OK + HTML + b"X-Twice: one\r\nX-Twice: two\r\nx-twice: one\r\n")),
    _kind("header-order", _plain(OK + b"Zeta: 1\r\nAlpha: 2\r\nMid: 3\r\n" + HTML + b"Alpha: 4\r\n")),
    _kind("odd-white-space", OK + b"A:no space\r\nB:   three\t\r\nC: \r\nContent-Length:2 \r\n\r\nhi", body=b"hi"),
    _kind("empty-reason", _plain(b"HTTP/1.1 200 \r\n" + HTML)),
    _kind("no-reason", _plain(b"HTTP/1.1 200\r\n" + HTML)),
    _kind("odd-reason", _plain(b"HTTP/1.1 200 Tr\xe8s bien:  merci\r\n" + HTML)),
    _kind("unknown-status", _plain(b"HTTP/1.1 299 Odd\r\n" + HTML), status=299),
    _kind("chunked", OK + HTML + CHUNKED + b"\r\n" + _chunked(PAGE)),
    _kind("chunked-gzip", OK + HTML + CHUNKED + b"Content-Encoding: gzip\r\n\r\n" + _chunked(ZIPPED, 7)),
    _kind(
        "chunk-extensions-and-trailers",
        OK + HTML + CHUNKED + b"Trailer: X-Sum\r\n\r\n" + _chunked(PAGE, 64, b';a=1;b="x"', b"X-Sum: 1\r\nY: 2\r\n"),
    ),
    _kind(
        "lower-case-chunk-sizes",
        OK + HTML + CHUNKED + b"\r\n" + b"00f\r\n" + b"x" * 15 + b"\r\n0\r\n\r\n",
        body=b"x" * 15,
    ),
    _kind(
        "padded-chunk-sizes",
        OK + HTML + CHUNKED + b"\r\n5   \r\nhello\r\n",
        b"6 ; a=b \r\n world\r\n0 \r\n\r\n",
        body=b"hello world",
    ),
    _kind("gzip", _plain(OK + HTML + b"Content-Encoding: gzip\r\n", ZIPPED)),
    _kind("brotli", _plain(OK + HTML + b"Content-Encoding: br\r\n", brotli.compress(PAGE))),
    _kind("deflate", _plain(OK + HTML + b"Content-Encoding: deflate\r\n", zlib.compress(PAGE))),
    _kind("zstd", _plain(OK + HTML + b"Content-Encoding: zstd\r\n", zstandard.compress(PAGE))),
    _kind("empty-body", OK + HTML + b"Content-Length: 0\r\n\r\n", body=b""),
    _kind("304", b'HTTP/1.1 304 Not Modified\r\nETag: "a"\r\nContent-Length: 50\r\n\r\n', status=304, body=b""),
    _kind("204", b"HTTP/1.1 204 No Content\r\nX-A: 1\r\n\r\n", status=204, body=b""),
    _kind("head", OK + HTML + b"Content-Length: 5000\r\n\r\n", method="HEAD", body=b""),
    _kind("post", _plain(), method="POST"),
    _kind("lf-only-head", b"HTTP/1.1 200 OK\nContent-Type: text/html\nContent-Length: 2\n\nhi", body=b"hi"),
    _kind("folded-headers", _plain(OK + HTML + b"X-Long: first\r\n\tsecond\r\n   third\r\n")),
    _kind("line-without-colon", _plain(OK + b"this is no field\r\nX Y: 1\r\n: 2\r\nX-Space : 3\r\n" + HTML)),
    _kind("http-1.0-until-close", b"HTTP/1.0 200 OK\r\n" + HTML + b"\r\n" + PAGE, end=End.CLOSE),
    _kind("http-1.0-with-length", _plain(b"HTTP/1.0 200 OK\r\n" + HTML), end=End.CLOSE),
    _kind("close-without-length", OK + HTML + b"Connection: close\r\n\r\n" + PAGE, end=End.CLOSE),
    _kind("connection-close", _plain(OK + HTML + b"Connection: Close\r\n"), end=End.CLOSE),
    _kind("short-body", SHORT, end=End.CLOSE, outcome=Truncation.DISCONNECT, status=None),
    _kind("extra-bytes", _plain() + b"and some more that nobody announced"),
    _kind("early-response", _plain() + _plain(body=b"unasked")),
    _kind("extra-bytes-after-204", b"HTTP/1.1 204 No Content\r\n\r\nstray", status=204, body=b""),
    _kind(
        "cut-chunked",
        OK + HTML + CHUNKED + b"\r\n" + _chunked(PAGE)[:300],
        end=End.CLOSE,
        outcome=Truncation.DISCONNECT,
        status=None,
    ),
    _kind(
        "malformed-chunk",
        OK + HTML + CHUNKED + b"\r\n5\r\nhello\r\nNOTHEX\r\nworld\r\n0\r\n\r\n",
        outcome=Truncation.UNSPECIFIED,
        status=None,
    ),
    _kind("reset-in-body", SHORT, end=End.RESET, outcome=Truncation.DISCONNECT, status=None),
    _kind("empty-reply", end=End.CLOSE, outcome=NoAnswer.DISCONNECT, status=None),
    _kind("reset-before-head", end=End.RESET, outcome=NoAnswer.DISCONNECT, status=None),
    _kind("cut-head", OK + b"Content-Ty", end=End.CLOSE, outcome=Truncation.DISCONNECT, status=None),
    _kind("garbage", b"\x00\x01\x02 this is not HTTP at all\r\n\r\n", outcome=Truncation.UNSPECIFIED, status=None),
    _kind("time-out-before-head", end=End.HANG, outcome=NoAnswer.TIMEOUT, status=None, meta=QUICK),
    _kind("time-out-in-head", OK + b"Conte", end=End.HANG, outcome=Truncation.TIME, status=None, meta=QUICK),
    _kind("time-out-in-body", SHORT, end=End.HANG, outcome=Truncation.TIME, status=None, meta=QUICK),
    _kind(
        "time-out-until-close",
        OK + HTML + b"\r\n" + PAGE,
        end=End.HANG,
        outcome=Truncation.TIME,
        status=None,
        meta=QUICK,
    ),
    _kind(
        "size-limit-announced",
        SHORT,
        end=End.HANG,
        outcome=Truncation.LENGTH,
        status=None,
        meta={"download_maxsize": 4000},
    ),
    _kind(
        "size-limit-reached",
        OK + HTML + b"\r\n" + PAGE,
        end=End.HANG,
        outcome=Truncation.LENGTH,
        status=None,
        meta={"download_maxsize": 500},
    ),
    Kind(
        "redirect",
        (
            Reply((b"HTTP/1.1 301 Moved\r\nLocation: /redirect/1\r\nContent-Length: 0\r\n\r\n",)),
            Reply((_plain(),)),
        ),
    ),
    _kind("404", _plain(b"HTTP/1.1 404 Not Found\r\n" + HTML), status=404),
    _kind("500", _plain(b"HTTP/1.1 500 Broken\r\n" + HTML), status=500),
    _kind("interim-100", b"HTTP/1.1 100 Continue\r\n\r\n" + _plain()),
    _kind(
        "interim-103",
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n",
        b"HTTP/1.1 103 Early Hints\r\n\r\n",
        _plain(),
    ),
    _kind("long-header-line", _plain(OK + HTML + b"Content-Security-Policy: " + LONG_VALUE + b"\r\n")),
    _kind("set-cookies", _plain(OK + HTML + b"Set-Cookie: a=1; Path=/\r\nSet-Cookie: b=2\r\nSet-Cookie: a=3\r\n")),
    _kind("non-ascii-headers", _plain(OK + HTML + b"X-Name: Z\xc3\xbcrich \xff\xfe\r\nX-\xe9: 1\r\n")),
    Kind("keep-alive-17", tuple(Reply((_plain(body=b"page %d" % n),)) for n in range(17)), body=b"page 16"),
    _kind("many-segments", *(bytes([one]) for one in _plain()[:400]), _plain()[400:]),
    Kind(
        "closed-instead-of-an-answer",
        (Reply((_plain(),)), Reply(end=End.CLOSE)),
        outcome=NoAnswer.DISCONNECT,
        status=None,
    ),
    Kind(
        "closed-between-requests",
        (Reply((_plain(),), End.CLOSE), Reply((_plain(),))),
        connections=2,
    ),
    _kind(
        "credentials",
        _plain(),
        headers={"Authorization": "Basic c2VjcmV0", "X-Api-Key": "my-secret-key", "X-Open": "seen"},
        meta={"presskeep_mask": ["x-api-key"]},
    ),
    _kind(
        "credentials-kept",
        _plain(),
        headers={"Authorization": "Basic c2VjcmV0", "Cookie": "session=1"},
        meta={"presskeep_mask": ["x-api-key"], "presskeep_keep_secrets": True},
    ),
)

BY_NAME = {kind.name: kind for kind in KINDS}


def answer(path: str) -> Reply:
    """What the server says for a path."""
    _, name, number = path.split("/")
    return BY_NAME[name].replies[int(number)]
