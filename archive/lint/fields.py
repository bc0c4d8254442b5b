"""Which fields a record must have, may have once, and must not have, by its type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass

from archive.lint.finding import Faults, Rule, error, note, shown, warc, warning
from archive.lint.record import TYPES, Record

TYPE_MISSING = error(
    "type-missing",
    warc("5.5"),
    "All records have a WARC-Type.",
    "Nobody can say what the block is.",
)
TYPE_UNKNOWN = warning(
    "type-unknown",
    warc("5.5"),
    "The WARC-Type is none of the eight of the standard, which are written in lower case.",
    "Extensions may define others; readers skip them.",
)
ID_MISSING = error(
    "record-id-missing",
    warc("5.2"),
    "All records have a WARC-Record-ID.",
    "Nothing can refer to the record.",
)
DATE_MISSING = error(
    "date-missing",
    warc("5.4"),
    "All records have a WARC-Date, metadata too.",
    "Nobody can say when it was captured.",
)
TARGET_MISSING = error(
    "target-uri-missing",
    warc("5.14"),
    "Records of all types but warcinfo and metadata have a WARC-Target-URI.",
    "Nobody can say what was captured.",
)
REPEATED = error(
    "field-repeated",
    warc("5.1"),
    "No field of the standard but WARC-Concurrent-To is repeated in a record.",
    "Some readers take the first, some the last.",
)
UNREGISTERED = note(
    "field-unregistered",
    warc("4"),
    "A field `WARC-…` that is neither in the standard nor a known extension (told once a file).",
    "Readers ignore it; it may be a misspelling.",
)

# Fields of the standard; those that came with 1.1 are extensions in older records.
STANDARD = {
    name.lower()
    for name in (
        *("WARC-Type", "WARC-Record-ID", "WARC-Date", "Content-Length", "Content-Type", "WARC-Concurrent-To"),
        *("WARC-Block-Digest", "WARC-Payload-Digest", "WARC-IP-Address", "WARC-Refers-To", "WARC-Target-URI"),
        *("WARC-Truncated", "WARC-Warcinfo-ID", "WARC-Filename", "WARC-Profile", "WARC-Identified-Payload-Type"),
        *("WARC-Segment-Number", "WARC-Segment-Origin-ID", "WARC-Segment-Total-Length"),
        *("WARC-Refers-To-Target-URI", "WARC-Refers-To-Date"),
    )
}
# The IIPC's list of fields, its proposals, and what Heritrix, Browsertrix and wget add.
EXTENSIONS = {
    name.lower()
    for name in (
        *("WARC-Protocol", "WARC-Cipher-Suite", "WARC-Created-Date", "WARC-Source-URI", "WARC-Previous-Record-ID"),
        *("WARC-Push-Promised-From", "WARC-Transcluded-By", "WARC-Conversion-Software", "WARC-Refers-To-Container"),
        *("WARC-JSON-Metadata", "WARC-Page-ID", "WARC-Resource-Type", "WARC-Etag", "WARC-Last-Modified"),
        *("WARC-Refers-To-Filename", "WARC-Refers-To-File-Offset", "WARC-Dependency-Of"),
    )
}


@dataclass(frozen=True, slots=True)
class Place:
    """Where a field may stand: its name, the types of records that may have it, and the rule against the others."""

    name: str
    allowed: tuple[str, ...]
    rule: Rule
    since: str = "0.17"


def _place(name: str, rule: str, number: str, title: str, allowed: tuple[str, ...], since: str = "0.17") -> Place:
    why = "The standard gives it no meaning there."
    return Place(name, allowed, error(rule, warc(number), title, why), since)


_ALL = TYPES
_CAPTURED = ("request", "response", "resource", "metadata", "revisit")
_PLACES = (
    _place(
        "WARC-Concurrent-To", "concurrent-to-forbidden", "5.7",
        "WARC-Concurrent-To does not stand in warcinfo, conversion and continuation records.", _CAPTURED,
    ),
    _place(
        "WARC-IP-Address", "ip-address-forbidden", "5.10",
        "WARC-IP-Address does not stand in warcinfo, conversion and continuation records.", _CAPTURED,
    ),
    _place(
        "WARC-Refers-To", "refers-to-forbidden", "5.11",
        "WARC-Refers-To stands in metadata, revisit and conversion records only.",
        ("metadata", "revisit", "conversion"),
    ),
    _place(
        "WARC-Refers-To-Target-URI", "refers-to-target-uri-forbidden", "5.12",
        "WARC-Refers-To-Target-URI stands in revisit records only.", ("revisit",), "1.1",
    ),
    _place(
        "WARC-Refers-To-Date", "refers-to-date-forbidden", "5.13",
        "WARC-Refers-To-Date stands in revisit records only.", ("revisit",), "1.1",
    ),
    _place(
        "WARC-Target-URI", "target-uri-forbidden", "5.14",
        "A warcinfo record has no WARC-Target-URI.", tuple(one for one in _ALL if one != "warcinfo"),
    ),
    _place(
        "WARC-Warcinfo-ID", "warcinfo-id-forbidden", "5.16",
        "A warcinfo record has no WARC-Warcinfo-ID.", tuple(one for one in _ALL if one != "warcinfo"),
    ),
    _place(
        "WARC-Filename", "filename-forbidden", "5.17", "WARC-Filename stands in warcinfo records only.", ("warcinfo",),
    ),
    _place("WARC-Profile", "profile-forbidden", "5.18", "WARC-Profile stands in revisit records only.", ("revisit",)),
    _place(
        "WARC-Identified-Payload-Type", "identified-payload-type-forbidden", "5.19",
        "WARC-Identified-Payload-Type does not stand in records without a payload: warcinfo and metadata.",
        tuple(one for one in _ALL if one not in {"warcinfo", "metadata"}),
    ),
    _place(
        "WARC-Segment-Origin-ID", "segment-origin-id-forbidden", "5.21",
        "WARC-Segment-Origin-ID stands in continuation records only.", ("continuation",),
    ),
    _place(
        "WARC-Segment-Total-Length", "segment-total-length-forbidden", "5.22",
        "WARC-Segment-Total-Length stands in continuation records only.", ("continuation",),
    ),
)  # fmt: skip

PLACES = {place.name.lower(): place for place in _PLACES}


def check(record: Record) -> Faults:
    """What is missing, forbidden or repeated among the fields of a record."""
    kind = record.kind
    if not kind:
        yield TYPE_MISSING, ""
    elif kind not in TYPES:
        yield TYPE_UNKNOWN, shown(kind)
    if not record.field("WARC-Record-ID"):
        yield ID_MISSING, ""
    if not record.field("WARC-Date"):
        yield DATE_MISSING, kind
    if not record.field("WARC-Target-URI") and kind in TYPES and kind not in {"warcinfo", "metadata"}:
        yield TARGET_MISSING, kind
    seen = Counter(name.lower() for name, _ in record.head.fields.pairs)
    for low in seen:
        place = PLACES.get(low)
        if place is None or kind not in TYPES or kind in place.allowed:
            continue
        if place.since != "1.1" or record.version == "1.1":
            yield place.rule, f"the record is of type {kind}"
    for low, times in seen.items():
        if times > 1 and low in STANDARD and low != "warc-concurrent-to":
            yield REPEATED, f"{low} stands {times} times"


def unregistered(record: Record, told: set[str]) -> Faults:
    """Fields that nobody knows; ``told`` holds those of the file that were told already."""
    for name, _ in record.head.fields.pairs:
        low = name.lower()
        if low.startswith("warc-") and low not in STANDARD and low not in EXTENSIONS and low not in told:
            if len(told) >= 100:
                return
            told.add(low)
            yield UNREGISTERED, shown(name)


RULES = (
    TYPE_MISSING, TYPE_UNKNOWN, ID_MISSING, DATE_MISSING, TARGET_MISSING, REPEATED, UNREGISTERED,
    *(place.rule for place in _PLACES),
)  # fmt: skip
