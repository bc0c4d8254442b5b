"""The files of lines in a WACZ: lists of pages, and indexes, whose entries must lead to records."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from archive.lint.finding import Fault, Faults, error, note, shown, wacz, warning
from archive.lint.package import is_rfc3339, parsed

LINE_LIMIT = 16 * 2**20  # pages carry their text
_TIMESTAMP = re.compile(rb"\d{14}(?:\d{3})?")
_CDXJ = "CDXJ 0.1.0"

PAGES_HEADER = warning(
    "wacz-pages-header",
    wacz("pages.jsonl"),
    "A list of pages begins with a line that states the format json-pages-1.0.",
    "Readers take the first line for it, and pass it over.",
)
PAGES_LINE = error(
    "wacz-pages-line",
    wacz("pages.jsonl"),
    "Each line of a list of pages is a JSON object.",
    "The page is lost, or the whole list.",
)
PAGE_FIELDS = error(
    "wacz-page-fields",
    wacz("pages.jsonl"),
    "Each page has `url` and `ts`.",
    "It cannot be opened.",
)
PAGE_DATE = error(
    "wacz-page-date",
    wacz("pages.jsonl"),
    "The `ts` of a page is an RFC 3339 time.",
    "It cannot be opened at its time.",
)
NO_PAGES = note(
    "wacz-pages-empty",
    wacz("pages.jsonl"),
    "The list of pages holds none.",
    "Readers have nothing to begin with.",
)
CDXJ_LINE = error(
    "cdxj-line",
    f"{_CDXJ}, Introduction",
    "Each line of an index is a searchable URL, a time of 14 or 17 digits, and a JSON object, with single spaces.",
    "The record is not found.",
)
CDXJ_FIELDS = error(
    "cdxj-fields",
    f"{_CDXJ}, JSON Block",
    "Each entry has url, filename, offset and length.",
    "The record is not found.",
)
CDXJ_DETAILS = note(
    "cdxj-details",
    f"{_CDXJ}, JSON Block",
    "Each entry has digest, mime and status too (told once a file).",
    "Records that are no answers have no status; indexers leave it out.",
)
CDXJ_UNSORTED = error(
    "cdxj-unsorted",
    f"{_CDXJ}, Sorting",
    "The lines of an index are sorted by their bytes.",
    "Readers search by halving: what is out of order is not found.",
)
CDXJ_NOWHERE = error(
    "cdxj-offset",
    f"{_CDXJ}, JSON Block",
    "Each entry leads to a record: filename, offset and length are those of one.",
    "The record is not found.",
)
CDXJ_INCOMPLETE = warning(
    "cdxj-incomplete",
    wacz("indexes"),
    "The indexes lead to each response and revisit of an http or https URI.",
    "What no index leads to is in the archive, but is not found.",
)
CDXJ_BROKEN = error(
    "cdxj-broken",
    wacz("indexes"),
    "An index can be unpacked to its end.",
    "Bytes have changed, or were cut off.",
)


@dataclass(frozen=True, slots=True)
class Target:
    """A file that entries may lead into: its size, and the offsets of its records where they are known.

    ``captures`` are those that an index is to lead to; ``seen`` takes the offsets that one does lead to.
    """

    size: int
    offsets: set[int] | None
    captures: set[int] = field(default_factory=set)
    seen: set[int] = field(default_factory=set)


def check_pages(lines: Iterator[bytes]) -> Faults:
    """A list of pages."""
    pages = 0
    for number, raw in enumerate(lines, 1):
        line = raw.strip()
        if not line:
            continue
        try:
            given = parsed(line)
        except ValueError:
            given = None
        if not isinstance(given, dict):
            yield PAGES_LINE, f"line {number}: {shown(line[:60].decode('utf-8', 'replace'))}"
            continue
        if number == 1:
            if given.get("format") != "json-pages-1.0":
                yield PAGES_HEADER, shown(line[:60].decode("utf-8", "replace"))
            if "format" in given or "url" not in given:
                continue
        pages += 1
        missing = [name for name in ("url", "ts") if not given.get(name)]
        if missing:
            yield PAGE_FIELDS, f"line {number} has no {' and no '.join(missing)}"
        if given.get("ts") and not is_rfc3339(given["ts"]):
            yield PAGE_DATE, f"line {number}: {shown(str(given['ts']))}"
    if not pages:
        yield NO_PAGES, ""


def check_index(lines: Iterator[bytes], targets: Mapping[str, Target], *, secondary: bool) -> Faults:
    """An index. ``secondary``: its entries lead to blocks of another index, not to records."""
    before = b""
    unsorted = 0
    first_unsorted = 0
    told = False
    about: dict[str, object] = {}
    for number, raw in enumerate(lines, 1):
        line = raw.rstrip(b"\r\n")
        # cdxj-indexer and py-wacz put a line about the index in front of it, which may name the file for all lines.
        if not line or line.startswith((b"!meta", b" CDX")):
            about = about or _entry(line, secondary=True) or {}
            continue
        if line < before:
            unsorted += 1
            first_unsorted = first_unsorted or number
        before = line
        entry = _entry(line, secondary=secondary)
        if entry is None:
            yield CDXJ_LINE, f"line {number}: {shown(line[:80].decode('utf-8', 'replace'))}"
            continue
        if (
            not secondary
            and not told
            and (missing := [one for one in ("digest", "mime", "status") if one not in entry])
        ):
            told = True
            yield CDXJ_DETAILS, f"line {number} has no {', '.join(missing)}"
        if secondary and about.get("filename") is not None:
            entry.setdefault("filename", about["filename"])
        yield from _leads(entry, number, targets, secondary=secondary)
    if unsorted:
        yield CDXJ_UNSORTED, f"{unsorted:,} lines come too late, the first is line {first_unsorted:,}"


def check_complete(target: Target) -> Iterator[tuple[int, Fault]]:
    """What no index leads to in one WARC file, told once: the first offset, and the fault."""
    missing = target.captures - target.seen
    if missing:
        yield min(missing), (CDXJ_INCOMPLETE, f"{len(missing):,} of {len(target.captures):,} are in none")


def _entry(line: bytes, *, secondary: bool) -> dict[str, object] | None:
    parts = line.split(b" ", 2)
    if len(parts) < 3:
        return None
    key, timestamp, block = parts
    if not key or not (_TIMESTAMP.fullmatch(timestamp) or (secondary and timestamp.isdigit())):
        return None
    try:
        given = parsed(block)
    except ValueError:
        return None
    return given if isinstance(given, dict) else None


def _leads(entry: dict[str, object], number: int, targets: Mapping[str, Target], *, secondary: bool) -> Iterator[Fault]:
    wanted = ("filename", "offset", "length") if secondary else ("url", "filename", "offset", "length")
    missing = [name for name in wanted if entry.get(name) is None]
    if missing:
        yield CDXJ_FIELDS, f"line {number} has no {', '.join(missing)}"
        return
    offset, length = _number(entry["offset"]), _number(entry["length"])
    name = str(entry["filename"])
    if offset is None or length is None:
        yield CDXJ_FIELDS, f"line {number}: offset or length is no number"
        return
    target = targets.get(name.removeprefix("archive/"))
    where = f"line {number}: {shown(name)} at {offset:,}"
    if target is None:
        yield CDXJ_NOWHERE, f"{where}: there is no such file"
    elif offset + length > target.size:
        yield CDXJ_NOWHERE, f"{where}: behind the file's end"
    elif target.offsets is not None and offset not in target.offsets:
        yield CDXJ_NOWHERE, f"{where}: no record begins there"
    else:
        target.seen.add(offset)


def _number(value: object) -> int | None:
    if isinstance(value, int) and not isinstance(value, bool):
        return value if value >= 0 else None
    text = str(value)
    return int(text) if text.isascii() and text.isdigit() and len(text) < 19 else None


RULES = (
    PAGES_HEADER, PAGES_LINE, PAGE_FIELDS, PAGE_DATE, NO_PAGES, CDXJ_LINE, CDXJ_FIELDS, CDXJ_DETAILS, CDXJ_UNSORTED,
    CDXJ_NOWHERE, CDXJ_INCOMPLETE, CDXJ_BROKEN,
)  # fmt: skip
