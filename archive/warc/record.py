"""Exchanges, attempts, runs and site configurations as groups of WARC records (docs/warc-profile.md).

The records of a group are warcio's record types without a parsed HTTP head, so that a block is the bytes that were
given. The last record of every group is its metadata: what ends otherwise is not whole.
"""

from __future__ import annotations

import io
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING
from urllib.parse import quote

from archive.clock import warc_date as warc_date_of
from archive.exchange import Attempt, Drawn, Exchange, Origin
from archive.warc.digests import labelled
from archive.warc.fields import format_fields, is_plain, target_uri
from archive.warc.member import LEVEL, compress

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

SCHEMA = 1  # of the presskeep- fields; written as presskeep-schema
HTTP_RESPONSE = "application/http;msgtype=response"
HTTP_REQUEST = "application/http;msgtype=request"
WARC_FIELDS = "application/warc-fields"
JSON = "application/json"
PAGE = "text/html; charset=utf-8"
IDENTICAL_PAYLOAD = "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest"
NOT_MODIFIED = "http://netpreserve.org/warc/1.1/revisit/server-not-modified"
FORMAT = {
    "format": "WARC File Format 1.1",
    "conformsTo": "https://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
}

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Form:
    """How records are written: the level of their compression, 0 to 3, and the algorithm of their digests."""

    level: int = LEVEL
    digest: str = "sha256"  # or "sha1"


FORM = Form()
# The records of a group share their date.
warc_date = lru_cache(maxsize=4)(warc_date_of)


def new_id() -> str:
    """A fresh record id: a URN, as it stands in the catalogue; heads carry it in angle brackets."""
    given = bytearray(os.urandom(16))
    given[6] = given[6] & 0x0F | 0x40  # version 4 (RFC 9562, section 5.4): `uuid.uuid4` takes three times as long
    given[8] = given[8] & 0x3F | 0x80
    text = given.hex()
    return f"urn:uuid:{text[:8]}-{text[8:12]}-{text[12:16]}-{text[16:20]}-{text[20:]}"


def warcinfo_record(name: str, at: int, fields: Mapping[str, str | Sequence[str]]) -> ArcWarcRecord:
    """The first record of a file; a sequence of values gives one field for each."""
    pairs = [("presskeep-schema", str(SCHEMA))]
    for field, given in {**FORMAT, **fields}.items():
        pairs += [(field, value) for value in ((given,) if isinstance(given, str) else given)]
    return _record("warcinfo", new_id(), at, [("WARC-Filename", name)], WARC_FIELDS, format_fields(pairs))


def exchange_records(exchange: Exchange, record_id: str, payload_digest: str | None) -> list[ArcWarcRecord]:
    """Response, request and metadata of an exchange; ``record_id`` becomes that of the response."""
    target = ("WARC-Target-URI", target_uri(exchange.url))
    together = ("WARC-Concurrent-To", f"<{record_id}>")
    wire, unplain = _wire(exchange)
    head = [target, *wire]
    if exchange.truncated:
        head.append(("WARC-Truncated", exchange.truncated.value))
    if payload_digest:
        head.append(("WARC-Payload-Digest", payload_digest))
    answer = _record("response", record_id, exchange.at, head, HTTP_RESPONSE, exchange.response)
    return [answer, *_beside(exchange, together, wire, unplain)]


@dataclass(frozen=True, slots=True)
class Revisited:
    """What a revisit record says: to which capture it refers, and what stands in its place.

    ``digest`` is that of the payload, ``block`` the head of the answer or a whole 304. ``framing`` is how the body
    stood on the wire (`archive.http.HttpMessage.framing`); None for a 304, which says that there is none.
    """

    id: str
    url: str
    at: int
    digest: str
    block: bytes
    framing: str | None


def revisit_records(exchange: Exchange, record_id: str, revisited: Revisited) -> list[ArcWarcRecord]:
    """Revisit, request and metadata of an exchange whose payload is stored (WARC/1.1, section 6.7)."""
    target = ("WARC-Target-URI", target_uri(exchange.url))
    together = ("WARC-Concurrent-To", f"<{record_id}>")
    wire, unplain = _wire(exchange)
    not_modified = revisited.framing is None
    head = [
        target,
        *wire,
        ("WARC-Profile", NOT_MODIFIED if not_modified else IDENTICAL_PAYLOAD),
        ("WARC-Refers-To", f"<{revisited.id}>"),
        ("WARC-Refers-To-Target-URI", target_uri(revisited.url)),
        ("WARC-Refers-To-Date", warc_date_of(revisited.at)),
        ("WARC-Payload-Digest", revisited.digest),
    ]
    if revisited.framing is not None:
        head.append(("WARC-Truncated", "length"))  # section 6.7.2 wants it where a body is left out
    if revisited.framing:
        unplain = [*unplain, ("presskeep-framing", revisited.framing)]
    answer = _record("revisit", record_id, exchange.at, head, HTTP_RESPONSE, revisited.block)
    return [answer, *_beside(exchange, together, wire, unplain)]


def attempt_records(attempt: Attempt, record_id: str) -> list[ArcWarcRecord]:
    """The request, where bytes were sent, and the metadata of an attempt; ``record_id`` is the metadata's."""
    target = ("WARC-Target-URI", target_uri(attempt.url))
    wire, unplain = _wire(attempt)
    records = []
    if attempt.request:
        head = [target, ("WARC-Concurrent-To", f"<{record_id}>"), *wire]
        records.append(_record("request", new_id(), attempt.at, head, HTTP_REQUEST, attempt.request))
    facts = [("presskeep-attempt", attempt.reason.value)]
    if attempt.detail:
        facts.append(("presskeep-detail", attempt.detail))
    facts += [*_facts(attempt), *unplain]
    records.append(_record("metadata", record_id, attempt.at, [target, *wire], WARC_FIELDS, format_fields(facts)))
    return records


def drawn_records(drawn: Drawn, record_id: str, payload_digest: str) -> list[ArcWarcRecord]:
    """A page as a browser drew it, as a conversion of the page's own answer, and its metadata (WARC/1.1, section 6.8).

    ``record_id`` becomes that of the conversion.
    """
    target = ("WARC-Target-URI", target_uri(drawn.url))
    head = [target, *(("WARC-Refers-To", f"<{one}>") for one in drawn.made_from[:1])]
    head.append(("WARC-Payload-Digest", payload_digest))
    facts = [*_facts(drawn), *([("presskeep-drawn-by", drawn.by)] if drawn.by else [])]
    facts += [("presskeep-drawn-from", one) for one in drawn.made_from]
    facts += [("presskeep-drawn-without", one) for one in drawn.without]
    if drawn.cut:
        facts.append(("presskeep-drawn-cut", drawn.cut))
    together = ("WARC-Concurrent-To", f"<{record_id}>")
    return [
        _record("conversion", record_id, drawn.at, head, PAGE, drawn.page),
        _record("metadata", new_id(), drawn.at, [target, together], WARC_FIELDS, format_fields(facts)),
    ]


def run_started_records(run: str, at: int, command: str, sites: Sequence[str], software: str) -> list[ArcWarcRecord]:
    """The one metadata record that says that a run began."""
    facts = [("presskeep-run-started", command), *(("presskeep-site", site) for site in sites), ("software", software)]
    return [_run_record(run, at, facts)]


def run_ended_records(run: str, at: int, outcome: str) -> list[ArcWarcRecord]:
    """The one metadata record that says how a run ended."""
    return [_run_record(run, at, [("presskeep-run-ended", outcome)])]


def site_records(
    site: str, run: str | None, at: int, body: bytes, record_id: str, form: Form = FORM
) -> list[ArcWarcRecord]:
    """A site's configuration as a resource, whose id becomes ``record_id``, and the metadata that names the site."""
    target = ("WARC-Target-URI", f"urn:presskeep:site:{quote(site, safe='', errors='surrogatepass')}")
    facts = [("presskeep-schema", str(SCHEMA)), ("presskeep-site", site)]
    if run is not None:
        facts.append(("presskeep-run", run))
    together = ("WARC-Concurrent-To", f"<{record_id}>")
    payload = ("WARC-Payload-Digest", labelled(form.digest, body))
    return [
        _record("resource", record_id, at, [target, payload], JSON, body),
        _record("metadata", new_id(), at, [target, together], WARC_FIELDS, format_fields(facts)),
    ]


def act_records(act: str, run: str | None, at: int, facts: Sequence[Pair], record_id: str) -> list[ArcWarcRecord]:
    """The one metadata record of an act, whose id becomes ``record_id``; each fact is a presskeep- field."""
    pairs = [("presskeep-schema", str(SCHEMA)), ("presskeep-act", act)]
    if run is not None:
        pairs.append(("presskeep-run", run))
    pairs += [(f"presskeep-{name}", value) for name, value in facts]
    target = ("WARC-Target-URI", target_uri(f"urn:presskeep:act:{act}"))
    return [_record("metadata", record_id, at, [target], WARC_FIELDS, format_fields(pairs))]


def members(record: ArcWarcRecord, form: Form = FORM) -> list[bytes]:
    """The gzip member of a record, in pieces. The block is read as one and never copied."""
    block = record.raw_stream.read()
    fields = record.rec_headers.headers
    fields.insert(len(fields) - 2, ("WARC-Block-Digest", labelled(form.digest, block)))
    head = "".join([f"{name}: {value}\r\n" for name, value in fields])
    return compress(f"WARC/1.1\r\n{head}\r\n".encode(), block, b"\r\n\r\n", level=form.level)


def _beside(exchange: Exchange, together: Pair, wire: list[Pair], unplain: list[Pair]) -> list[ArcWarcRecord]:
    """Request and metadata of an exchange, which stand beside its answer."""
    target = ("WARC-Target-URI", target_uri(exchange.url))
    block = format_fields([*_facts(exchange), *unplain])
    return [
        _record("request", new_id(), exchange.at, [target, together, *wire], HTTP_REQUEST, exchange.request),
        _record("metadata", new_id(), exchange.at, [target, together], WARC_FIELDS, block),
    ]


def _record(kind: str, record_id: str, at: int, head: list[Pair], content_type: str, block: bytes) -> ArcWarcRecord:
    # Not where this module is: warcio brings fsspec, which takes 0.05 s to import, and who reads needs neither.
    from warcio.recordloader import ArcWarcRecord  # noqa: PLC0415
    from warcio.statusandheaders import StatusAndHeaders  # noqa: PLC0415

    headers = StatusAndHeaders(
        "",
        [
            ("WARC-Type", kind),
            ("WARC-Record-ID", f"<{record_id}>"),
            ("WARC-Date", warc_date(at)),
            *head,
            ("Content-Type", content_type),  # before it comes the digest of the block, as the record is written
            ("Content-Length", str(len(block))),
        ],
        protocol="WARC/1.1",
    )
    return ArcWarcRecord("warc", kind, headers, io.BytesIO(block), None, content_type, len(block))


def _run_record(run: str, at: int, facts: list[Pair]) -> ArcWarcRecord:
    pairs = [("presskeep-schema", str(SCHEMA)), ("presskeep-run", run), *facts]
    return _record("metadata", new_id(), at, [("WARC-Target-URI", target_uri(run))], WARC_FIELDS, format_fields(pairs))


def _wire(fetch: Exchange | Attempt) -> tuple[list[Pair], list[Pair]]:
    """What is known of the connection: as fields of a head, and what no head can hold as fields of the metadata."""
    heads: list[Pair] = []
    unplain: list[Pair] = []
    if fetch.ip is not None:
        (heads if is_plain(fetch.ip) else unplain).append(("WARC-IP-Address", fetch.ip))
    protocols = [("WARC-Protocol", protocol) for protocol in fetch.protocols]
    (heads if all(map(is_plain, fetch.protocols)) else unplain).extend(protocols)
    if fetch.cipher is not None:
        (heads if is_plain(fetch.cipher) else unplain).append(("WARC-Cipher-Suite", fetch.cipher))
    return heads, unplain


def _facts(fetch: Exchange | Attempt | Drawn) -> list[Pair]:
    """What the bytes do not show. Fields of Heritrix's under their own names, the rest as presskeep- fields."""
    origin = fetch.origin
    facts = [("presskeep-schema", str(SCHEMA))]
    if fetch.url != target_uri(fetch.url):
        facts.append(("presskeep-url", fetch.url))
    if not isinstance(fetch, Drawn) and fetch.method != "GET":
        facts.append(("presskeep-method", fetch.method))
    facts += _origin(origin)
    if not isinstance(fetch, Drawn):
        facts += [("presskeep-masked", name) for name in fetch.masked]
    if not isinstance(fetch, Attempt):
        facts += [("presskeep-reservation", said) for said in fetch.reservations]
    return [*facts, ("fetchTimeMs", str(fetch.duration // 1000)), ("presskeep-duration", str(fetch.duration))]


def _origin(origin: Origin) -> list[Pair]:
    given = (
        ("via", origin.via),
        ("hopsFromSeed", origin.hops or None),
        ("presskeep-role", origin.role.value),
        ("presskeep-site", origin.site),
        ("presskeep-run", origin.run),
        ("presskeep-source", origin.source),
        ("presskeep-retry", str(origin.retry) if origin.retry else None),
        ("presskeep-announced", origin.announced),
    )
    return [(name, value) for name, value in given if value is not None]
