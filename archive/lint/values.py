"""The values of fields: ids, dates, addresses, URIs, media types, reasons."""

from __future__ import annotations

import ipaddress
import re
from datetime import date

from archive.lint.finding import Faults, Rule, error, note, shown, warc, warning
from archive.lint.record import Record, bare

_SCHEME = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:", re.ASCII)
_URI = re.compile(r"[A-Za-z0-9\-._~:/?#\[\]@!$&'()*+,;=%]*", re.ASCII)  # RFC 3986, section 2
_BROKEN_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_SPACE = re.compile(r"\s")
_WORD = r"[!#$%&'*+.^_`|~0-9A-Za-z-]+"
# No two parts of it can take the same spaces: hostile values cost their length, not more.
_MEDIA = re.compile(rf'{_WORD}/{_WORD}[ \t]*(?:;[ \t]*(?:{_WORD}=(?:{_WORD}|"(?:[^"\\]|\\.)*")[ \t]*)?)*', re.ASCII)
_DATE = re.compile(r"(\d{4})(?:-(\d\d)(?:-(\d\d)(?:T(\d\d):(\d\d)(?::(\d\d)(\.\d{1,9})?)?Z)?)?)?", re.ASCII)
_REASONS = ("length", "time", "disconnect", "unspecified")
_LONG_HEADERS = "long-headers"  # Heritrix
IDS = ("WARC-Record-ID", "WARC-Concurrent-To", "WARC-Refers-To", "WARC-Warcinfo-ID", "WARC-Segment-Origin-ID")
_MEDIA_LIMIT = 1000

ID_FORMAT = error(
    "record-id-format",
    warc("5.2"),
    "A record id is a URI with a scheme, without white space; so are the ids that refer to records.",
    "Readers that parse it as a URI fail, and ids without a scheme are not unique in the world.",
)
ID_BRACKETS = warning(
    "record-id-brackets",
    warc("5.2"),
    "Ids of records stand in angle brackets.",
    "Not all readers take an id with and without them for the same.",
)
DATE_FORMAT = error(
    "date-format",
    warc("5.4"),
    "A WARC-Date is UTC in the W3C's profile of ISO 8601, with Z at its end, and a day that exists.",
    "Readers fail, or take a local time for UTC.",
)
DATE_PRECISION = warning(
    "date-precision",
    "WARC/1.0, 5.4",
    "A WARC-Date of a record before 1.1 has whole seconds: YYYY-MM-DDThh:mm:ssZ.",
    "Fractions and shorter dates came with 1.1.",
)
REFERS_TO_DATE = error(
    "refers-to-date-format",
    warc("5.13"),
    "A WARC-Refers-To-Date is written like a WARC-Date.",
    "The record that it means is not found.",
)
IP_FORMAT = error(
    "ip-address-format",
    warc("5.10"),
    "A WARC-IP-Address is a dotted quad or an IPv6 address, without brackets, port or zone.",
    "It is the evidence of who answered.",
)
TARGET_BRACKETS = error(
    "target-uri-brackets",
    warc("5.14"),
    "In WARC/1.1 a WARC-Target-URI, WARC-Refers-To-Target-URI or WARC-Profile stands without angle brackets.",
    "The grammar of 1.0 had them; readers of 1.1 take them for a part of the URI.",
)
TARGET_FORMAT = error(
    "target-uri-format",
    warc("5.14"),
    "A WARC-Target-URI is a URI with a scheme, without white space.",
    "It is found by no look-up.",
)
TARGET_CHARACTERS = note(
    "target-uri-characters",
    warc("5.14"),
    "A WARC-Target-URI holds characters that RFC 3986 wants escaped.",
    "Crawlers keep URIs as pages wrote them; readers normalise them differently.",
)
CONTENT_TYPE_MISSING = warning(
    "content-type-missing",
    warc("5.6"),
    "A record with a block, other than a continuation, should have a Content-Type.",
    "Readers have to guess.",
)
CONTENT_TYPE_FORMAT = warning(
    "content-type-format",
    warc("5.6"),
    "A Content-Type is a media type.",
    "Readers have to guess.",
)
PAYLOAD_TYPE_FORMAT = warning(
    "identified-payload-type-format",
    warc("5.19"),
    "A WARC-Identified-Payload-Type is a media type.",
    "Readers have to guess.",
)
TRUNCATED_REASON = warning(
    "truncated-reason",
    warc("5.15"),
    "The reason in WARC-Truncated is length, time, disconnect or unspecified.",
    "Extensions may define others, which nobody knows.",
)
TRUNCATED_HERITRIX = note(
    "truncated-long-headers",
    warc("5.15"),
    "WARC-Truncated gives Heritrix's own reason, long-headers.",
    "An extension of the standard's list.",
)


def check(record: Record) -> Faults:
    """What is wrong with the values of a record's fields."""
    yield from _ids(record)
    yield from _dates(record)
    address = record.field("WARC-IP-Address")
    if address is not None and not _is_address(address):
        yield IP_FORMAT, shown(address)
    yield from _uris(record)
    yield from _types(record)
    reason = record.field("WARC-Truncated")
    if reason is not None and reason not in _REASONS:
        yield (TRUNCATED_HERITRIX, "") if reason == _LONG_HEADERS else (TRUNCATED_REASON, shown(reason))


def is_date(text: str) -> bool:
    """Whether a text is a date of the W3C's profile, in UTC, that exists."""
    found = _DATE.fullmatch(text)
    if not found:
        return False
    year, month, day, hour, minute, second = (
        int(one or low) for one, low in zip(found.groups(), "011000", strict=False)
    )
    try:
        date(year, month, day)
    except ValueError:
        return False
    return hour < 24 and minute < 60 and second <= 60  # a leap second is one


def is_media_type(text: str) -> bool:
    """Whether a text is a media type, with spaces around its semicolons or not."""
    return len(text) <= _MEDIA_LIMIT and _MEDIA.fullmatch(text) is not None


def _ids(record: Record) -> Faults:
    for name in IDS:
        for value in record.head.fields.all(name):
            if not value:
                continue
            inner = bare(value)
            if not _SCHEME.match(inner) or _SPACE.search(inner) or not _URI.fullmatch(inner):
                yield ID_FORMAT, f"{name}: {shown(value)}"
            elif inner == value.strip():
                yield ID_BRACKETS, f"{name}: {shown(value)}"


def _dates(record: Record) -> Faults:
    value = record.field("WARC-Date")
    if value:
        if not is_date(value):
            yield DATE_FORMAT, shown(value)
        elif record.version not in {"1.1", ""} and not (len(value) == 20 and value.endswith("Z")):
            yield DATE_PRECISION, f"{shown(value)} in a record of WARC/{record.version}"
    value = record.field("WARC-Refers-To-Date")
    if value is not None and not is_date(value):
        yield REFERS_TO_DATE, shown(value)


def _is_address(text: str) -> bool:
    if "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _uris(record: Record) -> Faults:
    for name in ("WARC-Target-URI", "WARC-Refers-To-Target-URI", "WARC-Profile"):
        value = record.field(name)
        if not value:
            continue
        inner = bare(value)
        if inner != value and record.version == "1.1":
            yield TARGET_BRACKETS, f"{name}: {shown(value)}"
        if not _SCHEME.match(inner) or _SPACE.search(inner):
            yield TARGET_FORMAT, f"{name}: {shown(value)}"
        elif not _URI.fullmatch(inner) or _BROKEN_ESCAPE.search(inner):
            yield TARGET_CHARACTERS, f"{name}: {shown(value)}"


def _types(record: Record) -> Faults:
    checked: tuple[tuple[str, Rule], ...] = (
        ("Content-Type", CONTENT_TYPE_FORMAT),
        ("WARC-Identified-Payload-Type", PAYLOAD_TYPE_FORMAT),
    )
    for name, rule in checked:
        value = record.field(name)
        if value and not is_media_type(value):
            yield rule, f"{name}: {shown(value)}"
    if not record.field("Content-Type") and record.declared and record.kind != "continuation":
        yield CONTENT_TYPE_MISSING, record.kind


RULES = (
    ID_FORMAT, ID_BRACKETS, DATE_FORMAT, DATE_PRECISION, REFERS_TO_DATE, IP_FORMAT, TARGET_BRACKETS, TARGET_FORMAT,
    TARGET_CHARACTERS, CONTENT_TYPE_MISSING, CONTENT_TYPE_FORMAT, PAYLOAD_TYPE_FORMAT, TRUNCATED_REASON,
    TRUNCATED_HERITRIX,
)  # fmt: skip
