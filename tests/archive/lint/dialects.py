"""Good files, written as the writers in use write them: field by field, after their source code.

What is looked up where: Heritrix 3 `WARCWriterProcessor`, warcprox `warc.py`, browsertrix-crawler `recorder.ts` and
warcio.js, GNU wget and wget-AT `warc.c`, Common Crawl's Nutch `WarcWriter`, pywb's recorder.
"""

from __future__ import annotations

import gzip
import zlib
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
    frames,
    members,
    message,
    record,
    sha1,
    uid,
)

LATER = "2026-11-25T09:30:00Z"
CAPTURED = {"WARC-Date": DATE, "WARC-Target-URI": URL}
ANSWER = "application/http;msgtype=response"
QUESTION = "application/http;msgtype=request"


@dataclass(frozen=True)
class Good:
    """A file without errors or warnings, and the notes that its dialect gives."""

    name: str
    make: Callable[[], bytes]
    notes: frozenset[str]
    file: str


def heritrix() -> bytes:
    """WARC/1.0; DNS as a response, the request and the metadata behind the response, ANVL metadata."""
    info = (
        b"software: Heritrix/3.4.0 http://crawler.archive.org\r\nip: 192.0.2.9\r\nformat: WARC File Format 1.0\r\n\r\n"
    )
    dns = b"20261124093000\nexample-news.org.\t3600\tIN\tA\t192.0.2.7\n"
    fields = (
        b"via: https://example-news.org/\r\nhopsFromSeed: L\r\nfetchTimeMs: 81\r\noutlink: https://a.example/ L a\r\n"
    )
    body = chunked(BODY)
    answered = message(body, "Content-Type: text/html", "Transfer-Encoding: chunked")
    return members(
        record(
            {"WARC-Type": "warcinfo", "WARC-Date": DATE, "WARC-Filename": "NEWS-20261124-00001.warc.gz",
             "WARC-Record-ID": uid(1), "Content-Type": "application/warc-fields"}, info, version="1.0"),
        record(
            {"WARC-Type": "response", "WARC-Target-URI": "dns:example-news.org", "WARC-Date": DATE,
             "WARC-IP-Address": "192.0.2.1", "WARC-Record-ID": uid(2), "Content-Type": "text/dns"},
            dns, version="1.0"),
        record(
            {"WARC-Type": "response", **CAPTURED, "WARC-Payload-Digest": sha1(body), "WARC-IP-Address": "192.0.2.7",
             "WARC-Record-ID": uid(3), "Content-Type": "application/http; msgtype=response"}, answered, version="1.0"),
        record(
            {"WARC-Type": "request", **CAPTURED, "WARC-Concurrent-To": uid(3), "WARC-Record-ID": uid(4),
             "Content-Type": "application/http; msgtype=request"}, ASKED, version="1.0"),
        record(
            {"WARC-Type": "metadata", **CAPTURED, "WARC-Concurrent-To": uid(3), "WARC-Record-ID": uid(5),
             "Content-Type": "application/warc-fields"}, fields, version="1.0"),
        record(
            {"WARC-Type": "response", **CAPTURED, "WARC-Truncated": "long-headers", "WARC-Record-ID": uid(6),
             "WARC-Date": LATER, "Content-Type": "application/http; msgtype=response"}, HEAD[:40], version="1.0"),
    )  # fmt: skip


def heritrix_revisits() -> bytes:
    """Both profiles, with the head and without, with and without a reference."""
    return members(
        record({"WARC-Type": "warcinfo", "WARC-Date": DATE, "WARC-Record-ID": uid(1)}, version="1.0"),
        record(
            {"WARC-Type": "revisit", **CAPTURED, "WARC-Payload-Digest": sha1(BODY), "WARC-IP-Address": "192.0.2.7",
             "WARC-Profile": IDENTICAL % "1.0", "WARC-Truncated": "length", "WARC-Refers-To": uid(77),
             "WARC-Refers-To-Target-URI": URL, "WARC-Refers-To-Date": DATE, "WARC-Record-ID": uid(2),
             "Content-Type": "application/http; msgtype=response"}, HEAD, version="1.0"),
        record(
            {"WARC-Type": "revisit", **CAPTURED, "WARC-Profile": NOT_MODIFIED % "1.0", "WARC-Truncated": "length",
             "WARC-Etag": '"4078134-aed6"', "WARC-Last-Modified": "Mon, 23 Nov 2026 09:00:00 GMT",
             "WARC-Record-ID": uid(3)}, version="1.0"),
    )  # fmt: skip


def heritrix_ftp() -> bytes:
    """The control conversation as metadata, the file as a resource."""
    talk = b"220 ready\r\nUSER anonymous\r\n331 password\r\n"
    target = {"WARC-Date": DATE, "WARC-Target-URI": "ftp://ftp.example-news.org/archive.txt"}
    return members(
        record({"WARC-Type": "warcinfo", "WARC-Date": DATE, "WARC-Record-ID": uid(1)}, version="1.0"),
        record(
            {"WARC-Type": "metadata", **target, "WARC-IP-Address": "192.0.2.7", "WARC-Record-ID": uid(2),
             "Content-Type": "text/x-ftp-control-conversation"}, talk, version="1.0"),
        record(
            {"WARC-Type": "resource", **target, "WARC-Concurrent-To": uid(2), "WARC-Payload-Digest": sha1(b"file"),
             "WARC-Record-ID": uid(3), "Content-Type": "text/plain"}, b"file", version="1.0"),
    )  # fmt: skip


def warcprox() -> bytes:
    """WARC/1.0; a payload digest in every record, over the whole block of requests and of what was posted to it."""
    info = b"software: warcprox 2.6\r\nhostname: crawler\r\nip: 192.0.2.9\r\nformat: WARC File Format 1.0\r\n"
    body = chunked(BODY)
    answered = message(body, "Content-Type: text/html", "Transfer-Encoding: chunked")
    shot = b"\x89PNG\r\n\x1a\n"
    return members(
        record(
            {"WARC-Record-ID": uid(1), "WARC-Type": "warcinfo", "WARC-Filename": "case.warc.gz", "WARC-Date": DATE,
             "Content-Type": "application/warc-fields"}, info, version="1.0"),
        record(
            {"WARC-Type": "response", "WARC-Record-ID": uid(2), **CAPTURED, "WARC-IP-Address": "192.0.2.7",
             "Content-Type": ANSWER, "WARC-Block-Digest": sha1(answered), "WARC-Payload-Digest": sha1(body)},
            answered, version="1.0"),
        record(
            {"WARC-Type": "request", "WARC-Record-ID": uid(3), **CAPTURED, "WARC-Concurrent-To": uid(2),
             "Content-Type": QUESTION, "WARC-Block-Digest": sha1(ASKED), "WARC-Payload-Digest": sha1(ASKED)},
            ASKED, version="1.0"),
        record(
            {"WARC-Type": "revisit", "WARC-Record-ID": uid(4), "WARC-Date": LATER, "WARC-Target-URI": URL,
             "WARC-Profile": IDENTICAL % "1.0", "WARC-Refers-To-Target-URI": URL, "WARC-Refers-To-Date": DATE,
             "Content-Type": ANSWER, "WARC-Payload-Digest": sha1(body), "WARC-Block-Digest": sha1(HEAD)},
            HEAD, version="1.0"),
        record(
            {"WARC-Type": "resource", "WARC-Record-ID": uid(5), "WARC-Date": DATE,
             "WARC-Target-URI": f"screenshot:{URL}", "Content-Type": "image/png", "WARC-Block-Digest": sha1(shot),
             "WARC-Payload-Digest": sha1(shot)}, shot, version="1.0"),
        record(
            {"WARC-Type": "metadata", "WARC-Record-ID": uid(6), "WARC-Date": DATE,
             "WARC-Target-URI": f"youtube-dl:{URL}", "Content-Type": "application/json",
             "WARC-Block-Digest": sha1(b"{}"), "WARC-Payload-Digest": sha1(b"{}")}, b"{}", version="1.0"),
    )  # fmt: skip


def browsertrix() -> bytes:
    """WARC/1.1 by warcio.js: bodies decoded, renamed fields, extension fields, the revisit profile of 1.0."""
    answered = message(
        BODY, "Content-Type: text/html", "x-orig-content-encoding: br", f"Content-Length: {len(BODY)}",
        "x-orig-transfer-encoding: chunked", status="HTTP/1.1 200 OK",
    )  # fmt: skip
    extras = {"WARC-Page-ID": "2f7e", "WARC-Resource-Type": "document", "WARC-JSON-Metadata": '{"rewritten":1}'}
    info = b"software: Browsertrix-Crawler 1.4.0 (with warcio.js 2.3.0)\r\nformat: WARC File Format 1.1\r\n"
    pageinfo = b'{"pageid":"2f7e","urls":{}}'
    fraction = "2026-11-24T09:30:00.123Z"
    return members(
        record(
            {"WARC-Filename": "case.warc.gz", "WARC-Date": fraction, "WARC-Type": "warcinfo", "WARC-Record-ID": uid(1),
             "Content-Type": "application/warc-fields"}, info),
        record(
            {**extras, "WARC-Record-ID": uid(2), "WARC-Target-URI": URL, "WARC-Date": fraction,
             "WARC-Type": "response", "Content-Type": "application/http; msgtype=response",
             "WARC-Payload-Digest": sha1(BODY), "WARC-Block-Digest": sha1(answered)}, answered,
            {"WARC-Protocol": ["h2", "tls/1.3"], "WARC-Cipher-Suite": "TLS_AES_128_GCM_SHA256"}),
        record(
            {"WARC-Concurrent-To": uid(2), "WARC-Page-ID": "2f7e", "WARC-Record-ID": uid(3), "WARC-Target-URI": URL,
             "WARC-Date": fraction, "WARC-Type": "request", "Content-Type": "application/http; msgtype=request",
             "WARC-Payload-Digest": sha1(b""), "WARC-Block-Digest": sha1(ASKED)}, ASKED),
        record(
            {"WARC-Page-ID": "2f7e", "WARC-Record-ID": uid(4), "WARC-Target-URI": f"urn:pageinfo:{URL}",
             "WARC-Date": fraction, "WARC-Type": "resource", "Content-Type": "application/json",
             "WARC-Payload-Digest": sha1(pageinfo), "WARC-Block-Digest": sha1(pageinfo)}, pageinfo),
        record(
            {**extras, "WARC-Refers-To-Target-URI": URL, "WARC-Refers-To-Date": fraction,
             "WARC-Profile": IDENTICAL % "1.0", "WARC-Record-ID": uid(5), "WARC-Target-URI": URL + "?again",
             "WARC-Date": LATER, "WARC-Type": "revisit", "Content-Type": "application/http; msgtype=response",
             "WARC-Payload-Digest": sha1(BODY)}, HEAD),
    )  # fmt: skip


def pywb() -> bytes:
    """WARC/1.0, bodies decoded, renamed fields; the request in front of the response."""
    answered = message(BODY, "Content-Type: text/html", "X-Archive-Orig-Content-Encoding: gzip")
    return members(
        record({"WARC-Type": "warcinfo", "WARC-Record-ID": uid(1), "WARC-Date": DATE}, version="1.0"),
        record(
            {"WARC-Type": "request", "WARC-Record-ID": uid(2), **CAPTURED, "WARC-Concurrent-To": uid(3),
             "Content-Type": "application/http; msgtype=request"}, ASKED, version="1.0"),
        record(
            {"WARC-Type": "response", "WARC-Record-ID": uid(3), **CAPTURED,
             "Content-Type": "application/http; msgtype=response", "WARC-Payload-Digest": sha1(BODY)},
            answered, version="1.0"),
    )  # fmt: skip


def wget(version: str = "1.0", target: str = f"<{URL}>", profile: str = IDENTICAL % "1.0") -> bytes:
    """Target URIs in angle brackets (1.0), the request in front of the response, logs as resources."""
    bodied = chunked(BODY)
    answered = message(bodied, "Content-Type: text/html", "Transfer-Encoding: chunked")
    common = {"WARC-Date": DATE, "WARC-Warcinfo-ID": uid(1)}
    captured = {**common, "WARC-Target-URI": target, "WARC-IP-Address": "2001:db8::7"}
    plain = "metadata://gnu.org/software/wget/warc/"
    logs = "<%s>" if version == "1.0" else "%s"
    info = b'software: Wget/1.24.5 (linux-gnu)\r\nrobots: classic\r\nwget-arguments: "--warc-file" "case"\r\n\r\n'
    made = [
        record(
            {"WARC-Type": "warcinfo", "Content-Type": "application/warc-fields", "WARC-Date": DATE,
             "WARC-Record-ID": uid(1), "WARC-Filename": "case.warc.gz", "WARC-Block-Digest": sha1(info)}, info,
            version=version),
        record(
            {"WARC-Type": "request", **captured, "Content-Type": QUESTION, "WARC-Record-ID": uid(2),
             "WARC-Block-Digest": sha1(ASKED)}, ASKED, version=version),
        record(
            {"WARC-Type": "response", "WARC-Record-ID": uid(3), **captured, "WARC-Concurrent-To": uid(2),
             "WARC-Block-Digest": sha1(answered), "WARC-Payload-Digest": sha1(bodied), "Content-Type": ANSWER},
            answered, version=version),
        record(
            {"WARC-Type": "revisit", "WARC-Record-ID": uid(4), **captured, "WARC-Concurrent-To": uid(2),
             "WARC-Refers-To": uid(3), "WARC-Profile": profile, "WARC-Truncated": "length",
             "WARC-Block-Digest": sha1(HEAD), "WARC-Payload-Digest": sha1(bodied), "Content-Type": ANSWER}, HEAD,
            version=version),
        record(
            {"WARC-Type": "metadata", "WARC-Record-ID": uid(5), **common,
             "WARC-Target-URI": logs % f"{plain}MANIFEST.txt", "Content-Type": "text/plain",
             "WARC-Block-Digest": sha1(b"manifest\n")}, b"manifest\n", version=version),
        record(
            {"WARC-Type": "resource", "WARC-Record-ID": uid(6), **common, "WARC-Concurrent-To": uid(5),
             "WARC-Target-URI": logs % f"{plain}wget.log", "Content-Type": "text/plain",
             "WARC-Block-Digest": sha1(b"log\n")}, b"log\n", version=version),
    ]  # fmt: skip
    return members(*made) if version == "1.0" else frames(*made)


def common_crawl() -> bytes:
    """WARC/1.0 with dates of seconds, decoded bodies, truncated ones, UUIDs of version 7, profiles of 1.1."""
    answered = message(
        BODY, "Content-Type: text/html", "X-Crawler-Content-Encoding: gzip", "X-Crawler-Content-Length: 61",
        "X-Crawler-Transfer-Encoding: chunked", f"Content-Length: {len(BODY)}",
    )  # fmt: skip
    cut = message(BODY[:30], "Content-Type: text/html", f"Content-Length: {len(BODY)}")
    info = (
        b"isPartOf: CC-MAIN-2026-48\r\nsoftware: Apache Nutch 1.20\r\nrobots: checked via crawler-commons\r\n"
        b"format: WARC File Format 1.1\r\n\r\n"
    )
    known = {"WARC-Warcinfo-ID": uid(1), "WARC-IP-Address": "192.0.2.7", "WARC-Target-URI": URL}
    space = "application/http; msgtype="
    made = [
        record(
            {"WARC-Type": "warcinfo", "WARC-Date": DATE, "WARC-Record-ID": uid(1),
             "Content-Type": "application/warc-fields", "WARC-Filename": "case.warc.gz"}, info, version="1.0"),
        record(
            {"WARC-Type": "request", "WARC-Date": DATE, "WARC-Record-ID": uid(2), "Content-Type": f"{space}request",
             **known}, ASKED + b"\r\n", version="1.0"),
        record(
            {"WARC-Type": "response", "WARC-Date": DATE, "WARC-Record-ID": uid(3), "Content-Type": f"{space}response",
             **known, "WARC-Concurrent-To": uid(2), "WARC-Payload-Digest": sha1(BODY),
             "WARC-Block-Digest": sha1(answered), "WARC-Identified-Payload-Type": "application/xhtml+xml"},
            answered, {"WARC-Protocol": ["h2", "tls/1.3"], "WARC-Cipher-Suite": "TLS_AES_128_GCM_SHA256"},
            version="1.0"),
        record(
            {"WARC-Type": "metadata", "WARC-Date": DATE, "WARC-Record-ID": uid(4),
             "Content-Type": "application/warc-fields", "WARC-Warcinfo-ID": uid(1), "WARC-Concurrent-To": uid(3),
             "WARC-Target-URI": URL}, b"fetchTimeMs: 71\r\ncharset-detected: UTF-8\r\n\r\n", version="1.0"),
        record(
            {"WARC-Type": "revisit", "WARC-Date": LATER, "WARC-Record-ID": uid(5), "Content-Type": f"{space}response",
             **known, "WARC-Refers-To": uid(3), "WARC-Refers-To-Target-URI": URL, "WARC-Refers-To-Date": DATE,
             "WARC-Profile": NOT_MODIFIED % "1.1", "WARC-Payload-Digest": sha1(BODY)},
            message(b"", "ETag: x", status="HTTP/1.1 304 Not Modified"), version="1.0"),
        record(
            {"WARC-Type": "conversion", "WARC-Date": DATE, "WARC-Record-ID": uid(6), "Content-Type": "text/plain",
             "WARC-Warcinfo-ID": uid(1), "WARC-Refers-To": uid(3), "WARC-Target-URI": URL}, b"text", version="1.0"),
    ]  # fmt: skip
    for number, reason in enumerate(("length", "time", "disconnect", "unspecified"), 10):
        made.append(
            record(
                {"WARC-Type": "response", "WARC-Date": DATE, "WARC-Record-ID": uid(number),
                 "Content-Type": f"{space}response", **known, "WARC-Payload-Digest": sha1(BODY[:30]),
                 "WARC-Truncated": reason}, cut, version="1.0"))  # fmt: skip
    return members(*made)


def exact() -> bytes:
    """WARC/1.1, everything as the standard has it: codings and their bodies, interim heads, answers without a body."""
    zipped = gzip.compress(BODY, mtime=0)
    blocks = [
        message(chunked(BODY), "Transfer-Encoding: chunked"),
        message(chunked(zipped), "Transfer-Encoding: chunked", "Content-Encoding: gzip"),
        message(zipped, "Content-Encoding: gzip", f"Content-Length: {len(zipped)}"),
        message(zlib.compress(BODY), "Content-Encoding: deflate"),
        message(zipped[:20], "Content-Encoding: gzip", f"Content-Length: {len(zipped)}"),
        b"HTTP/1.1 103 Early Hints\r\nLink: </a.css>\r\n\r\n" + HTTP,
        message(b"", status="HTTP/1.1 204 No Content"),
        message(b"", f"Content-Length: {len(BODY)}", status="HTTP/1.1 304 Not Modified"),
        message(b"", "Content-Length: 0", "Location: /elsewhere", status="HTTP/1.1 302 Found"),
        b"HTTP/1.0 200 \r\n\r\n" + BODY,
        message(chunked(BODY)[:-2] + b"X-Sum: 1\r\n\r\n", "Transfer-Encoding: chunked", "Trailer: X-Sum"),
    ]
    made = [
        record(
            {"WARC-Type": "response", "WARC-Record-ID": uid(number), "WARC-Date": "2026-11-24T09:30:00.123456Z",
             "WARC-Target-URI": f"{URL}?{number}", "Content-Type": ANSWER, "WARC-Block-Digest": sha1(block)}, block,
            {"WARC-Truncated": "disconnect"} if block[-20:] == zipped[:20] else None)
        for number, block in enumerate(blocks, 2)
    ]  # fmt: skip
    info = record({"WARC-Type": "warcinfo", "WARC-Record-ID": uid(1), "WARC-Date": "2026-11"})
    return members(info, *made)


def segmented() -> bytes:
    """A response in two segments."""
    from .making import continuation, first_segment, warcinfo

    return members(warcinfo(), first_segment(), continuation())


def old() -> bytes:
    """WARC/0.18, plain."""
    return record(
        {"WARC-Type": "warcinfo", "WARC-Record-ID": uid(1), "WARC-Date": DATE}, version="0.18"
    ) + record(
        {"WARC-Type": "response", "WARC-Record-ID": uid(2), **CAPTURED, "Content-Type": ANSWER,
         "WARC-Payload-Digest": sha1(BODY)}, HTTP, version="0.18"
    )  # fmt: skip


GOOD = [
    Good("heritrix", heritrix, frozenset({"dns-response", "payload-digest-framing", "truncated-long-headers"}),
         "NEWS-20261124-00001.warc.gz"),
    Good("heritrix revisits", heritrix_revisits, frozenset({"refers-to-elsewhere", "revisit-unresolved"}),
         "case.warc.gz"),
    Good("heritrix ftp", heritrix_ftp, frozenset(), "case.warc.gz"),
    Good("warcprox", warcprox, frozenset({"payload-digest-framing", "payload-digest-block", "revisit-not-truncated",
                                          "payload-digest-no-payload"}), "case.warc.gz"),
    Good("browsertrix", browsertrix, frozenset({"http-decoded", "profile-version", "revisit-not-truncated"}),
         "case.warc.gz"),
    Good("pywb", pywb, frozenset({"http-decoded"}), "case.warc.gz"),
    Good("wget", wget, frozenset({"payload-digest-framing"}), "case.warc.gz"),
    Good("wget-at", lambda: wget("1.1", URL, IDENTICAL % "1.1"), frozenset({"payload-digest-framing",
                                                                           "filename-differs"}), "case.warc.zst"),
    Good("common crawl", common_crawl, frozenset({"http-decoded", "profile-version"}), "case.warc.gz"),
    Good("exact", exact, frozenset(), "case.warc.gz"),
    Good("segmented", segmented, frozenset(), "case.warc.gz"),
    Good("0.18", old, frozenset(), "case.warc"),
    Good("while it is written", heritrix, frozenset({"dns-response", "payload-digest-framing",
                                                     "truncated-long-headers"}), "NEWS-20261124-00001.warc.gz.open"),
]  # fmt: skip
