"""The HTTP messages in records: whether what their heads say is what lies in the record."""

from __future__ import annotations

import re
from dataclasses import dataclass

from archive.errors import DamagedRecord, PayloadRefused, PayloadTooLarge
from archive.http import HttpMessage
from archive.lint.finding import Faults, error, note, shown, warc, warning
from archive.lint.record import Record

_REQUEST_LINE = re.compile(rb"[!#$%&'*+.^_`|~0-9A-Za-z-]+ [^\r\n]+ HTTP/\d(?:\.\d)?[ \t]*\r?\n")
_REQUEST_LENGTH = re.compile(rb"\r\ncontent-length:[ \t]*(\d{1,15})[ \t]*(?=\r\n|\Z)", re.IGNORECASE)
_RESPONSE_HEAD = re.compile(rb"HTTP/([23])(?:\.\d)?[ \t]", re.IGNORECASE)
_CHUNK = re.compile(rb"[ \t]*([0-9A-Fa-f]{1,15})[ \t]*(?:;[^\n]*)?\r?\n")
_RENAMED = re.compile(r"x-(?:crawler|orig|archive-orig)-(content-encoding|transfer-encoding|content-length)")
_MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}
_ENOUGH = 2**16  # decoded bytes that show that a coding is what it says

RESPONSE_TYPE = warning(
    "response-content-type",
    warc("6.3.2"),
    "A response to an http or https URI should have the Content-Type application/http;msgtype=response.",
    "Readers take the block for the page itself.",
)
REQUEST_TYPE = warning(
    "request-content-type",
    warc("6.5.2"),
    "A request to an http or https URI should have the Content-Type application/http;msgtype=request.",
    "Readers take the block for something else.",
)
STATUS_LINE = warning(
    "http-status-line",
    warc("6.3.2"),
    "The block of an HTTP response does not begin with a status line.",
    "Allowed where a server answered so; readers find no head and no body.",
)
REQUEST_LINE = warning(
    "http-request-line",
    warc("6.5.2"),
    "The block of an HTTP request does not begin with a request line.",
    "Readers find neither method nor target.",
)
NO_TEXT = note(
    "http-2",
    warc("6.3.2"),
    "The head says HTTP/2 or HTTP/3, which have no such text: somebody wrote it.",
    "Browser-based crawlers do. What crossed the wire is not in the record.",
)
HEAD_CUT = warning(
    "http-head-cut",
    warc("6.3.2"),
    "The head of the HTTP message has no end, and WARC-Truncated is not set.",
    "A shortened record shall say so.",
)
NOT_CHUNKED = warning(
    "http-not-chunked",
    warc("6.3.2"),
    "Transfer-Encoding says chunked, but the stored body has no chunks.",
    "The body was decoded and the field left. Readers that trust it lose the beginning of the body, or fail.",
)
CHUNKS_CUT = warning(
    "http-chunks-cut",
    warc("6.3.2"),
    "The chunks of the body have no end, and WARC-Truncated is not set.",
    "A shortened record shall say so.",
)
BEYOND = warning(
    "http-bytes-beyond",
    warc("6.3.2"),
    "Bytes stand behind the end of the HTTP message.",
    "Readers disagree on whether they belong to the page.",
)
LENGTH = warning(
    "http-content-length",
    warc("6.3.2"),
    "The Content-Length of the HTTP message is not the length of the stored body.",
    "The body was decoded, or cut without WARC-Truncated; or the server was wrong.",
)
NO_BODY = note(
    "http-no-body",
    warc("6.3.2"),
    "The HTTP message states a length, but has no body.",
    "So it is for an answer to HEAD; otherwise the body was lost.",
)
NOT_CODED = warning(
    "http-not-encoded",
    warc("6.3.2"),
    "Content-Encoding names a coding that the stored body does not have.",
    "The body was decoded and the field left. Readers that trust it fail.",
)
CODING_UNKNOWN = note(
    "http-coding-unknown",
    warc("6.3.2"),
    "Content-Encoding names a coding that is not known, so that it is not checked.",
    "Servers send charsets and other things there.",
)
DECODED = note(
    "http-decoded",
    warc("6.3.2"),
    "Bodies were decoded, and the fields that said how they came were renamed (told once a file).",
    "Common Crawl (X-Crawler-…), Browsertrix (x-orig-…) and pywb (X-Archive-Orig-…) store them so.",
)
DNS_TYPE = error(
    "dns-content-type",
    warc("6.4.4"),
    "A resource record of a DNS look-up has the Content-Type text/dns.",
    "Readers do not know what it is.",
)
DNS = note(
    "dns-response",
    warc("6.4.4"),
    "A DNS look-up is stored as a response record; the standard names resource records for it.",
    "Heritrix writes it so.",
)


@dataclass(slots=True)
class Told:
    """What was told once about a file, and need not be told again."""

    decoded: bool = False


def check(record: Record, told: Told) -> Faults:
    """What is wrong with the HTTP message of a record, or with how it is declared."""
    target = (record.target or "").lower()
    if record.kind == "response" and target.startswith("dns:"):
        yield DNS, shown(target)
    if record.kind == "resource" and target.startswith("dns:") and record.media_type != "text/dns":
        yield DNS_TYPE, shown(record.field("Content-Type") or "none")
    if target.startswith(("http:", "https:")) and record.declared:
        yield from _declared(record)
    if not (record.is_http and record.kept and record.complete and record.block):
        return
    # A segment is a part of a message: its end is elsewhere.
    if record.kind == "request":
        yield from _request(record)
    elif record.field("WARC-Segment-Number") is None:
        yield from _response(record, told)


def _declared(record: Record) -> Faults:
    given = record.field("Content-Type") or ""
    if record.kind not in {"response", "request"} or not given:
        return
    rule = RESPONSE_TYPE if record.kind == "response" else REQUEST_TYPE
    kind = given.lower().replace(" ", "").replace("\t", "")
    message = re.search(r";msgtype=\"?([a-z]+)", kind)
    if record.media_type != "application/http" or (message and message[1] != record.kind):
        yield rule, shown(given)


def _request(record: Record) -> Faults:
    if not _REQUEST_LINE.match(record.block):
        yield REQUEST_LINE, shown(record.block[:60].decode("latin-1"))
    elif b"\n\r\n" not in record.block and b"\n\n" not in record.block and not record.field("WARC-Truncated"):
        yield HEAD_CUT, "no empty line"
    else:
        yield from _request_length(record)


def _request_length(record: Record) -> Faults:
    head, empty, body = record.block.partition(b"\r\n\r\n")
    stated = _REQUEST_LENGTH.findall(head)
    if empty and stated and int(stated[0]) != len(body) and not record.field("WARC-Truncated"):
        yield LENGTH, f"{int(stated[0]):,} stated, {len(body):,} are there"


def _response(record: Record, told: Told) -> Faults:
    block = record.block
    if version := _RESPONSE_HEAD.match(block):
        yield NO_TEXT, f"HTTP/{version[1].decode('ascii')}"
    try:
        message = HttpMessage.parse(block)
    except DamagedRecord:
        yield STATUS_LINE, shown(block[:60].decode("latin-1"))
        return
    cut = record.field("WARC-Truncated") is not None
    if not told.decoded and any(_RENAMED.fullmatch(name.lower()) for name, _ in message.fields):
        told.decoded = True
        yield DECODED, ", ".join(name for name, _ in message.fields if _RENAMED.fullmatch(name.lower()))
    if record.kind == "revisit":
        return  # its body is left out
    if message.body_offset == len(block) and not block.endswith((b"\n\r\n", b"\n\n")):
        if not cut:
            yield HEAD_CUT, "no empty line"
        return
    yield from _framing(message, cut)
    if message.body_offset < len(block):
        yield from _coding(message, cut)


def _framing(message: HttpMessage, cut: bool) -> Faults:
    """Chunks, or the Content-Length, against the body."""
    length = len(message.raw) - message.body_offset
    codings = [one.strip().lower() for value in message.all("transfer-encoding") for one in value.split(",")]
    bodiless = message.status in {204, 304} or 100 <= message.status < 200
    if "chunked" in codings:
        if not length:
            if not bodiless:
                yield NO_BODY, "Transfer-Encoding: chunked"
            return
        first, end = _chunks(message.raw, message.body_offset)
        if not first:
            yield NOT_CHUNKED, shown(message.raw[message.body_offset :][:40].decode("latin-1"))
        elif end is None:
            if not cut:
                yield CHUNKS_CUT, f"{length:,} bytes of body"
        elif end < len(message.raw):
            yield BEYOND, f"{len(message.raw) - end:,} bytes behind the last chunk"
        return
    stated = {one.strip() for value in message.all("content-length") for one in value.split(",")}
    if not stated or codings:
        return
    said = ", ".join(sorted(stated))
    if len(stated) > 1 or not (said.isascii() and said.isdigit() and len(said) < 16):
        yield LENGTH, f"Content-Length: {shown(said)}"
    elif length == 0 and int(said):
        if not bodiless and not cut:
            yield NO_BODY, f"Content-Length: {said}"
    elif length != int(said) and not (cut and length < int(said)):
        yield LENGTH, f"{int(said):,} stated, {length:,} are there"


def _chunks(raw: bytes, at: int) -> tuple[bool, int | None]:
    """Whether there is a chunk at all, and where the message ends behind the last one and its trailers."""
    first = False
    while (size := _CHUNK.match(raw, at)) is not None:
        length = int(size[1], 16)
        at = size.end() + length
        if length == 0:
            return True, _trailers(raw, at)
        if at > len(raw):
            return True, None
        first = True
        if raw[at : at + 2] == b"\r\n":
            at += 2
        elif raw[at : at + 1] == b"\n":
            at += 1
        else:
            break
    return first, None


def _trailers(raw: bytes, at: int) -> int | None:
    """Where the trailers behind the last chunk end; None where they do not."""
    while True:
        end = raw.find(b"\n", at)
        if end < 0:
            # The last empty line is missing: every client takes such a body for whole.
            return len(raw) if not raw[at:].strip() else None
        if not raw[at:end].strip(b"\r"):
            return end + 1
        at = end + 1


def _coding(message: HttpMessage, cut: bool) -> Faults:
    codings = [
        named
        for value in message.all("content-encoding")
        for one in value.split(",")
        if (named := one.partition(";")[0].strip().lower()) not in {"", "identity"}
    ]
    if not codings:
        return
    said = shown(", ".join(codings))
    entity = message.entity()
    magic = _MAGIC.get(codings[-1])
    if not entity:
        return
    if magic is not None and not entity.startswith(magic[: len(entity)]):
        yield NOT_CODED, f"{said}; the body begins with {shown(entity[:12].decode('latin-1'))}"
        return
    try:
        message.decoded(_ENOUGH)
    except PayloadTooLarge:
        return
    except PayloadRefused as problem:
        if "not known" in str(problem) or "one over the other" in str(problem):
            yield CODING_UNKNOWN, said
        elif not cut:
            yield NOT_CODED, f"{said}; {str(problem)[:120]}"


RULES = (
    RESPONSE_TYPE, REQUEST_TYPE, STATUS_LINE, REQUEST_LINE, NO_TEXT, HEAD_CUT, NOT_CHUNKED, CHUNKS_CUT, BEYOND, LENGTH,
    NO_BODY, NOT_CODED, CODING_UNKNOWN, DECODED, DNS, DNS_TYPE,
)  # fmt: skip
