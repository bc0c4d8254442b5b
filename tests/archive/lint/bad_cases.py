"""WARC files, each with one thing that is not as the standard wants it, and the rules that say so."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from dataclasses import dataclass

from .making import (
    ASKED,
    BODY,
    DATE,
    HEAD,
    HTTP,
    IDENTICAL,
    NOT_MODIFIED,
    URL,
    chunked,
    continuation,
    conversion,
    first_segment,
    frames,
    members,
    message,
    metadata,
    record,
    request,
    resource,
    response,
    revisit,
    sha1,
    uid,
    warcinfo,
)


@dataclass(frozen=True)
class Case:
    """A file, and exactly the rules that do not hold in it."""

    name: str
    make: Callable[[], bytes]
    rules: frozenset[str]
    file: str = "case.warc.gz"


CASES: list[Case] = []


def case(name: str, rules: str, data: Callable[[], bytes], file: str = "case.warc.gz") -> None:
    """Adds a case; ``rules`` are ids with spaces between."""
    CASES.append(Case(name, data, frozenset(rules.split()), file))


def one(rules: str, name: str, *records: Callable[[], bytes]) -> None:
    """A case of records behind a warcinfo record, each a gzip member."""
    case(name, rules, lambda: members(warcinfo(), *(make() for make in records)))


def changed(rules: str, name: str, field: str, value: str | list[str] | None) -> None:
    """A case of one response with one field changed."""
    one(rules, name, lambda: response({field: value}))


FLIPPED = len(members(warcinfo())) + 60


def flipped(data: bytes, at: int) -> bytes:
    return data[:at] + bytes([data[at] ^ 0x10]) + data[at + 1 :]


# Framing
GOOD = members(warcinfo(), response(), request())
case("torn in the last member", "member-torn", lambda: GOOD[:-30])
case("torn within a head", "member-torn", lambda: members(warcinfo()) + members(response())[:40])
case("wrong checksum", "member-checksum", lambda: flipped(GOOD, len(GOOD) - 6))
case("wrong length in a gzip trailer", "member-checksum", lambda: flipped(GOOD, len(GOOD) - 2))
case(
    "changed bytes, and it goes on behind them",
    "member-broken concurrent-to-dangling",
    lambda: members(warcinfo()) + broken(members(response())) + members(request()),
)
case("garbage between members", "garbage", lambda: members(warcinfo()) + b"garbage!" + members(response()))
case("zeros at the end", "garbage", lambda: GOOD + b"\0" * 512)
case("garbage before the first record", "garbage", lambda: b"#!\n" + warcinfo() + response(), "case.warc")
case("an empty member", "member-empty", lambda: members(warcinfo(), b"", response()))
case("two records in a member", "member-shared", lambda: members(warcinfo(), response() + request()))
case("the whole file in a member", "member-whole-file", lambda: members(warcinfo() + response() + request()))
case(
    "a record in two members",
    "member-split",
    lambda: members(warcinfo()) + gzip.compress(response()[:300]) + gzip.compress(response()[300:]),
)
case(
    "two records in a zstd frame", "member-shared", lambda: frames(warcinfo(), response() + request()), "case.warc.zst"
)
case("a zstd checksum", "member-checksum", lambda: flipped(frames(warcinfo(), response()), -2), "case.warc.zst")
case("a torn zstd frame", "member-torn", lambda: frames(warcinfo(), response())[:-9], "case.warc.zst")
case(
    "a zstd dictionary that is none",
    "zstd-dictionary",
    lambda: b"\x5d\x2a\x4d\x18\x08\0\0\0\x28\xb5\x2f\xfd1234" + frames(warcinfo(), response()),
    "case.warc.zst",
)
case("a plain file that is cut", "record-cut", lambda: (warcinfo() + response())[:-40], "case.warc")
case("a plain file cut in a head", "head-cut", lambda: warcinfo() + response()[:60], "case.warc")
case("no line ends at the end", "trailer", lambda: (warcinfo() + response())[:-4], "case.warc")
one("trailer", "one line end behind a block", lambda: response(trailer=b"\r\n"))
one("trailer", "line feeds behind a block", lambda: response(trailer=b"\n\n"))
one("trailer", "three line ends behind a block", lambda: response(trailer=b"\r\n\r\n\r\n"))
changed("content-length-missing", "no Content-Length", "Content-Length", None)
changed("content-length-format", "a Content-Length with a sign", "Content-Length", f"+{len(HTTP)}")
changed("content-length-wrong", "a Content-Length too small", "Content-Length", str(len(HTTP) - 10))
changed("content-length-wrong", "a Content-Length of the head alone", "Content-Length", str(len(HEAD)))
changed("content-length-wrong", "a Content-Length too large", "Content-Length", str(len(HTTP) + 4000))
changed("content-length-wrong", "a Content-Length of exabytes", "Content-Length", str(2**62))
case(
    "a Content-Length too small in a plain file",
    "content-length-wrong",
    lambda: warcinfo() + response({"Content-Length": "90"}) + request(),
    "case.warc",
)
case(
    "a Content-Length that swallows the next record in a plain file",
    "content-length-wrong",
    lambda: warcinfo() + response({"Content-Length": "9999"}) + request(),
    "case.warc",
)
case("an empty file", "file-empty", lambda: b"", "case.warc")
case("something else", "not-a-warc", lambda: b"%PDF-1.7\n" + b"x" * 100, "case.warc")
case("gzip of something else", "garbage not-a-warc", lambda: members(b"<html>\n" * 9))
case("an ARC file", "arc", lambda: b"filedesc://IA-000.arc 0.0.0.0 20261124 text/plain 76\n", "case.arc")
case(
    "a gzipped ARC file",
    "arc",
    lambda: members(b"filedesc://IA-000.arc 0.0.0.0 20261124 text/plain 76\n"),
    "case.arc.gz",
)
case("plain under the name of gzip", "file-extension", lambda: warcinfo() + response())


def broken(member: bytes) -> bytes:
    """A member whose deflate stream cannot be unpacked."""
    return member[:10] + b"\xff" * 40 + member[50:]


# Heads
one("version-unknown", "a version that is none", lambda: response(version="2.0"))
case(
    "a version line that goes on",
    "version-line",
    lambda: members(warcinfo(), response().replace(b"WARC/1.1\r", b"WARC/1.1 x\r", 1)),
)
one("head-line-end", "line feeds in a head", lambda: response().replace(b"\r\nWARC-", b"\nWARC-"))
changed("head-not-utf8", "a head in latin-1", "X-Editor", "Fran\udce7ois")
one("head-folded", "a folded field", lambda: response().replace(b"msgtype=response", b"\r\n msgtype=response", 1))
one("field-malformed", "a line without a colon", lambda: response({"X-One": "1"}).replace(b"X-One: 1", b"X-One 1"))
one("field-malformed", "a space before the colon", lambda: response({"X-One": "1"}).replace(b"X-One:", b"X-One :"))
changed("field-control", "a control character in a value", "X-One", "a\x1b[31mb")
case("a head without an end", "head-too-long", lambda: members(warcinfo(), b"WARC/1.1\r\n" + b"A: b\r\n" * 300_000))

# Fields by type
changed("type-missing", "no type", "WARC-Type", None)
changed("type-unknown", "a type that nobody knows", "WARC-Type", "screenshot")
changed("type-unknown", "a type in capitals", "WARC-Type", "Response")
changed("record-id-missing", "no id", "WARC-Record-ID", None)
changed("date-missing", "no date", "WARC-Date", None)
one("date-missing", "metadata without a date", response, lambda: metadata({"WARC-Date": None}))
for kind, make in (("response", response), ("request", request), ("resource", resource), ("revisit", revisit)):
    one("target-uri-missing", f"a {kind} without a target", *([] if kind in {"response", "resource"} else [response]),
        lambda make=make: make({"WARC-Target-URI": None}))  # type: ignore[misc]  # fmt: skip
one("target-uri-missing", "a conversion without a target", response, lambda: conversion({"WARC-Target-URI": None}))
changed("field-repeated", "two dates", "WARC-Date", [DATE, DATE])
changed("field-repeated", "two targets", "WARC-Target-URI", [URL, URL + "2"])
changed("field-unregistered", "a misspelt field", "WARC-Targt-URI", URL)
for field, value, rule in (
    ("WARC-Concurrent-To", uid(2), "concurrent-to-forbidden"),
    ("WARC-IP-Address", "192.0.2.7", "ip-address-forbidden"),
    ("WARC-Refers-To", uid(2), "refers-to-forbidden"),
    ("WARC-Target-URI", URL, "target-uri-forbidden"),
    ("WARC-Profile", IDENTICAL % "1.1", "profile-forbidden"),
    ("WARC-Identified-Payload-Type", "text/html", "identified-payload-type-forbidden"),
    ("WARC-Segment-Origin-ID", uid(2), "segment-origin-id-forbidden"),
    ("WARC-Segment-Total-Length", "12", "segment-total-length-forbidden"),
    ("WARC-Refers-To-Date", DATE, "refers-to-date-forbidden"),
):
    case(
        f"{field} in a warcinfo record",
        rule,
        lambda field=field, value=value: members(warcinfo({field: value}), response()),  # type: ignore[misc]
    )
case(
    "WARC-Warcinfo-ID in a warcinfo record",
    "warcinfo-id-forbidden",
    lambda: members(warcinfo({"WARC-Warcinfo-ID": uid(1)}), response()),
)
changed("refers-to-forbidden", "WARC-Refers-To in a response", "WARC-Refers-To", uid(1))
changed("filename-forbidden", "WARC-Filename in a response", "WARC-Filename", "case.warc.gz")
changed("profile-forbidden", "WARC-Profile in a response", "WARC-Profile", IDENTICAL % "1.1")
changed("refers-to-target-uri-forbidden", "WARC-Refers-To-Target-URI in a response", "WARC-Refers-To-Target-URI", URL)
one(
    "concurrent-to-forbidden",
    "WARC-Concurrent-To in a conversion",
    response,
    lambda: conversion({"WARC-Concurrent-To": uid(2)}),
)
one(
    "ip-address-forbidden",
    "WARC-IP-Address in a conversion",
    response,
    lambda: conversion({"WARC-IP-Address": "192.0.2.7"}),
)
one(
    "concurrent-to-forbidden",
    "WARC-Concurrent-To in a continuation",
    first_segment,
    lambda: continuation({"WARC-Concurrent-To": uid(2)}),
)

# Values
changed("record-id-format", "an id that is no URI", "WARC-Record-ID", "<0123456789>")
changed("record-id-format", "an id with a space", "WARC-Record-ID", "<urn:uuid:00 00>")
changed("record-id-brackets", "an id without brackets", "WARC-Record-ID", uid(2)[1:-1])
for name, value in (
    ("with an offset", "2026-11-24T10:30:00+01:00"),
    ("without Z", "2026-11-24T09:30:00"),
    ("of a day that is none", "2026-02-30T09:30:00Z"),
    ("of an hour that is none", "2026-11-24T25:30:00Z"),
    ("of 14 digits", "20261124093000"),
    ("with ten decimals", "2026-11-24T09:30:00.0123456789Z"),
    ("in words", "Tue, 24 Nov 2026 09:30:00 GMT"),
):
    changed("date-format", f"a date {name}", "WARC-Date", value)
case(
    "a fraction in WARC/1.0",
    "date-precision",
    lambda: members(warcinfo(version="1.0"), response({"WARC-Date": "2026-11-24T09:30:00.5Z"}, version="1.0")),
)
for name, value in (
    ("a host name", "example-news.org"),
    ("an IPv4 address beyond 255", "192.0.2.256"),
    ("an address with a port", "192.0.2.7:443"),
    ("an IPv6 address in brackets", "[2001:db8::7]"),
    ("an IPv6 address with a zone", "fe80::1%eth0"),
):
    changed("ip-address-format", f"{name} for an address", "WARC-IP-Address", value)
changed("target-uri-brackets", "angle brackets around a target in 1.1", "WARC-Target-URI", f"<{URL}>")
changed("target-uri-format", "a target without a scheme", "WARC-Target-URI", "example-news.org/")
changed("target-uri-format", "a target with a space", "WARC-Target-URI", "https://example-news.org/a b")
changed(
    "target-uri-characters", "a target with a letter beyond ASCII", "WARC-Target-URI", "https://example-news.org/brücke"
)
changed("content-type-missing", "no Content-Type", "Content-Type", None)
one("content-type-format", "a Content-Type that is none", lambda: resource({"Content-Type": "json!"}))
changed("identified-payload-type-format", "a payload type that is none", "WARC-Identified-Payload-Type", "html")
changed("truncated-reason", "a reason that nobody knows", "WARC-Truncated", "bored")
changed("truncated-long-headers", "Heritrix's own reason", "WARC-Truncated", "long-headers")
one(
    "refers-to-date-format",
    "a date that a revisit refers to",
    response,
    lambda: revisit({"WARC-Refers-To-Date": "20261124"}),
)

# Descriptions
case("no warcinfo record first", "warcinfo-first", lambda: members(response()))
case("another file name", "filename-differs", lambda: members(warcinfo({"WARC-Filename": "other.warc.gz"}), response()))
one("warc-fields", "fields that are none", response, lambda: metadata(block=b"fetched quickly\r\n"))

# Digests
changed("block-digest", "a wrong block digest", "WARC-Block-Digest", sha1(b"other"))
changed("payload-digest", "a wrong payload digest", "WARC-Payload-Digest", sha1(b"other"))
one("payload-digest", "a wrong digest of a resource", lambda: resource({"WARC-Payload-Digest": sha1(b"other")}))
changed("digest-format", "a digest without a label", "WARC-Block-Digest", sha1(HTTP)[5:])
changed("digest-format", "a digest of another length", "WARC-Payload-Digest", "sha1:ABC")
changed("digest-unknown", "a digest that nobody here knows", "WARC-Block-Digest", "xxh128:0123456789abcdef")
one(
    "payload-digest-block",
    "a payload digest over the whole request",
    response,
    lambda: request({"WARC-Payload-Digest": sha1(ASKED)}),
)


def framed() -> bytes:
    block = message(chunked(BODY), "Transfer-Encoding: chunked")
    return response({"WARC-Payload-Digest": sha1(chunked(BODY))}, block)


one("payload-digest-framing", "a payload digest over the chunks", framed)

# HTTP


def http(rules: str, name: str, block: bytes, entity: bytes | None = None, **fields: str) -> None:
    """A case of one response with another message; its payload digest is left out unless ``entity`` is given."""
    digest = None if entity is None else sha1(entity)
    changes = {"WARC-Payload-Digest": digest, **{name.replace("_", "-"): value for name, value in fields.items()}}
    one(rules, name, lambda: response(changes, block))


changed("response-content-type", "a response that is a page", "Content-Type", "text/html")
changed("response-content-type", "a response that says request", "Content-Type", "application/http;msgtype=request")
one(
    "request-content-type",
    "a request that says response",
    response,
    lambda: request({"Content-Type": "application/http;msgtype=response"}),
)
one("http-request-line", "a request without a request line", response, lambda: request(block=b"\x16\x03\x01\r\n\r\n"))
http("http-status-line", "a response without a status line", b"<html>hello</html>")
http("http-head-cut", "a head without its end", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n")
http("http-not-chunked", "says chunked, but is not", message(BODY, "Transfer-Encoding: chunked"))
http("http-chunks-cut", "chunks without their end", message(chunked(BODY)[:-5], "Transfer-Encoding: chunked"))
http("http-chunks-cut", "a cut chunk", message(chunked(BODY)[:30], "Transfer-Encoding: chunked"))
http("http-bytes-beyond", "bytes behind the last chunk", message(chunked(BODY) + b"more", "Transfer-Encoding: chunked"))
http("http-content-length", "a body shorter than stated", message(BODY[:9], f"Content-Length: {len(BODY)}"))
http("http-content-length", "a body longer than stated", message(BODY, "Content-Length: 9"))
http("http-content-length", "two lengths", message(BODY, "Content-Length: 9", f"Content-Length: {len(BODY)}"))
http("http-content-length", "a length in words", message(BODY, "Content-Length: many"))
http("http-no-body", "a length without a body", message(b"", "Content-Length: 9"))
http(
    "http-not-encoded", "says gzip, but is not", message(BODY, "Content-Encoding: gzip", f"Content-Length: {len(BODY)}")
)
http("http-not-encoded", "says br, but is not", message(BODY, "Content-Encoding: br", f"Content-Length: {len(BODY)}"))
http("http-not-encoded", "says deflate, but is not", message(BODY, "Content-Encoding: deflate"))
http("http-not-encoded", "says zstd, but is not", message(BODY, "Content-Encoding: zstd"))
http("http-coding-unknown", "a coding that nobody knows", message(BODY, "Content-Encoding: rot13"))
http(
    "http-not-encoded http-content-length",
    "decoded, and the fields left",
    message(BODY, "Content-Encoding: gzip", "Content-Length: 61"),
)
http("http-2", "an answer of HTTP/2", message(BODY, status="HTTP/2 200"))

one(
    "http-content-length",
    "a request whose body is not as long as stated",
    response,
    lambda: request(block=b"POST /a HTTP/1.1\r\nContent-Length: 9\r\n\r\na=1"),
)
one(
    "dns-content-type",
    "a DNS look-up that is a text",
    lambda: resource({"WARC-Target-URI": "dns:example-news.org", "Content-Type": "text/plain"}),
)

# Revisits
one("profile-missing", "a revisit without a profile", response, lambda: revisit({"WARC-Profile": None}))
one(
    "profile-unknown",
    "a profile that nobody knows",
    response,
    lambda: revisit({"WARC-Profile": "https://example.org/same"}),
)
one("profile-version", "the profile of 1.0", response, lambda: revisit({"WARC-Profile": IDENTICAL % "1.0"}))
one(
    "revisit-payload-digest-missing",
    "a revisit without a digest",
    response,
    lambda: revisit({"WARC-Payload-Digest": None}),
)
one(
    "revisit-unresolved",
    "a revisit that names no original",
    lambda: revisit({"WARC-Refers-To": None, "WARC-Refers-To-Target-URI": None}),
)
one("revisit-not-truncated", "a revisit that is not truncated", response, lambda: revisit({"WARC-Truncated": None}))
one("revisit-with-body", "a revisit with its body", response, lambda: revisit(block=HTTP))
one(
    "revisit-digest-differs",
    "a revisit of other bytes",
    response,
    lambda: revisit({"WARC-Payload-Digest": sha1(b"other")}),
)
one(
    "refers-to-revisit",
    "a revisit of a revisit",
    response,
    revisit,
    lambda: revisit({"WARC-Refers-To": uid(6)}, number=9),
)
one("refers-to-elsewhere", "a revisit of another file", revisit)
one(
    "refers-to-dangling",
    "a revisit of another file, without its URI",
    lambda: revisit({"WARC-Refers-To-Target-URI": None, "WARC-Profile": NOT_MODIFIED % "1.1"}),
)

# References
one("record-id-duplicate", "an id twice", response, lambda: resource({"WARC-Record-ID": uid(2)}))
one(
    "record-id-duplicate record-id-brackets",
    "an id twice, once without brackets",
    response,
    lambda: resource({"WARC-Record-ID": uid(2)[1:-1]}),
)
one("concurrent-to-dangling", "a request without its response", request)
one("refers-to-dangling", "metadata of nothing", metadata)
one("refers-to-dangling", "a conversion of nothing", conversion)
changed("warcinfo-id-elsewhere", "another file's warcinfo", "WARC-Warcinfo-ID", uid(99))
one("warcinfo-id-wrong", "a warcinfo id that is a response's", response, lambda: resource({"WARC-Warcinfo-ID": uid(2)}))
one("concurrent-date", "two dates in one capture", response, lambda: request({"WARC-Date": "2026-11-24T09:30:09Z"}))

# Segments
one(
    "segment-number segment-series",
    "a continuation without a number",
    first_segment,
    lambda: continuation({"WARC-Segment-Number": None}),
)
one(
    "segment-number segment-series",
    "a continuation numbered 1",
    first_segment,
    lambda: continuation({"WARC-Segment-Number": "1"}),
)
changed("segment-number", "a response numbered 2", "WARC-Segment-Number", "2")
one(
    "segment-origin-id-missing segment-series",
    "a continuation of nothing",
    first_segment,
    lambda: continuation({"WARC-Segment-Origin-ID": None}),
)
one("segment-series", "a segment is missing", first_segment, lambda: continuation({"WARC-Segment-Number": "3"}))
one(
    "segment-series",
    "the last segment has no total length",
    first_segment,
    lambda: continuation({"WARC-Segment-Total-Length": None}),
)
one("segment-series", "a continuation whose first segment is not there", continuation)
one(
    "segment-total-length",
    "another total length",
    first_segment,
    lambda: continuation({"WARC-Segment-Total-Length": "7"}),
)
one(
    "segment-total-length",
    "a total length in the middle",
    first_segment,
    lambda: continuation(block=BODY[20:30]),
    lambda: continuation({"WARC-Segment-Number": "3"}, BODY[30:], number=9),
)
one(
    "segment-target-uri",
    "segments of different targets",
    first_segment,
    lambda: continuation({"WARC-Target-URI": URL + "2"}),
)
one("dns-response target-uri-characters", "a DNS look-up as a response", lambda: record(
    {"WARC-Type": "response", "WARC-Record-ID": uid(9), "WARC-Date": DATE, "WARC-Target-URI": "dns:exämple.org",
     "Content-Type": "text/dns"}, b"20261124093000\n"))  # fmt: skip
