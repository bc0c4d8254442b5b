"""Publication dates: as the page writes them, never later than the capture, never taken from a clock."""

from __future__ import annotations

import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

from htmldate import find_date

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked
from archive.cleaning.written import date_in
from archive.clock import to_datetime

_ISO = re.compile(
    r"((?:19|20)\d\d)-?(\d\d)-?(\d\d)"
    r"(?:[T ]+(\d\d):?(\d\d)(?::?(\d\d)(?:[.,]\d+)?)?\s*(Z|UTC|GMT|[+-]\d\d(?::?\d\d)?)?)?(?![\d:])",
    re.IGNORECASE | re.ASCII,
)
_SLASHES = re.compile(r"((?:19|20)\d\d)[/.](\d\d?)[/.](\d\d?)(?!\d)", re.ASCII)
_RFC_2822 = re.compile(r"(?:\w{3}, )?\d{1,2} \w{3} \d{4} \d\d:\d\d", re.ASCII)
_IN_URL = re.compile(r"/((?:19|20)\d\d)[/-]?(0[1-9]|1[0-2])[/-]?(0[1-9]|[12]\d|3[01])(?:/|-|_|\.|$)", re.ASCII)
_OLDEST = 1995  # the first news sites: an earlier date is that of a subject, or an empty field's (1970)
_SAME = 2  # days between an address and a byline that mean one day: time zones, and a story written the night before
_BEFORE = 12  # characters before a date in a statement: a weekday
_NEW_YEAR = re.compile(r"\d{4}-01-01(?:T00:00(?::00)?(?:Z|[+-]00:00)?)?")
_WESTERN_MOST = timedelta(hours=14)  # where a local date without an offset may be ahead of UTC

_PUBLISHED = (
    "article:published_time", "og:article:published_time", "article:published", "datepublished", "og:published_time",
    "parsely-pub-date", "sailthru.date", "cxenseparse:recs:publishtime", "dc.date.issued", "dcterms.created",
    "dc.date.created", "publish-date", "publishdate", "pubdate", "publication_date", "date", "dc.date", "dcterms.date",
    "rbpubdate", "citation_publication_date", "article.published", "displaydate",
)  # fmt: skip
_MODIFIED = ("article:modified_time", "og:article:modified_time", "datemodified", "og:updated_time", "dcterms.modified",
             "last-modified", "lastmod", "article.updated")  # fmt: skip


# A day and a month in figures, neither of which tells which it is.
_EITHER_WAY = re.compile(r"\s*(?:0?[1-9]|1[0-2])[/.](?:0?[1-9]|1[0-2])[/.](?:19|20)\d\d\b")


def iso(text: str) -> str | None:
    """A date as ISO 8601, with the precision and the offset that are given: ``2026-11-24T09:30+01:00``.

    Reads ISO 8601 (basic form too), ``2026/11/24`` and RFC 2822; fractions of a second are dropped. None for anything
    else, and for what is no day.
    """
    text = text.strip()
    if found := _ISO.match(text):
        year, month, day, hour, minute, second, zone = found.groups()
        written = f"{year}-{month}-{day}"
        if hour is not None:
            written += f"T{hour}:{minute}" + (f":{second}" if second else "") + _offset(zone)
    elif found := _SLASHES.match(text):
        year, month, day = found.groups()
        written = f"{year}-{int(month):02}-{int(day):02}"
    elif _RFC_2822.match(text):
        try:
            written = parsedate_to_datetime(text).isoformat()
        except (ValueError, TypeError, OverflowError):
            return None
    else:
        return None
    try:
        when = datetime.fromisoformat(written)
    except ValueError:
        return None
    return written if when.year >= _OLDEST else None


def _offset(zone: str | None) -> str:
    if not zone:
        return ""
    if zone.upper() in {"Z", "UTC", "GMT"}:
        return "Z"
    digits = zone[1:].replace(":", "").ljust(4, "0")
    return f"{zone[0]}{digits[:2]}:{digits[2:]}"


def not_after(written: str, at: int) -> bool:
    """Whether an ISO date can have been written by the time ``at`` (microseconds), wherever the writer's clock was."""
    when = datetime.fromisoformat(written)
    latest = to_datetime(at)
    if when.tzinfo is not None:
        try:
            return when.astimezone(UTC) <= latest
        except OverflowError:
            return False
    return when <= (latest + _WESTERN_MOST).replace(tzinfo=None)


def published(
    page: Page, linked: Linked, at: int, near: Sequence[Candidate] = ()
) -> tuple[str | None, list[Candidate]]:
    """The date of publication and every candidate, in the order in which they are believed.

    The page's statements about itself come first: a header shows the day of the visit, and lists of other articles
    show theirs. Then ``near``, what stands near the headline, unless the address says another day; then the address,
    and a guess.
    """
    found = [linked.text(page, key, f"json-ld {key}") for key in ("datePublished", "dateCreated", "uploadDate")]
    candidates = [one for one in found if one] + page.meta(*_PUBLISHED)
    marked = [
        one
        for one in page.kinds["time"]
        if one.get("datetime")
        and (one.get("pubdate") is not None or "datepublished" in one.get("itemprop", "").lower())
    ]
    candidates += [page.attribute(one, "datetime", "time marked as published") for one in marked[:3]]
    chosen = _kept_offset(_first(_no_new_year(candidates), at), candidates)
    address = _IN_URL.search(page.url)
    if address is not None:
        stated = Candidate("-".join(address.groups()), "url")
        near = [one for one in near if _days_apart(one.value, stated.value) <= _SAME]
        near = [*sorted(near, key=lambda one: _days_apart(one.value, stated.value)), stated]
    candidates += near
    chosen = _told_apart(chosen, near, at) or _first(near, at)
    if chosen is None and (guess := _guess(page, at)):
        candidates.append(guess)
        chosen = guess
    return (read(chosen.value) if chosen else None), candidates


def modified(page: Page, linked: Linked, at: int, near: Sequence[Candidate] = ()) -> tuple[str | None, list[Candidate]]:
    """The date of the last change, where the page says so, and every candidate."""
    stated = linked.text(page, "dateModified", "json-ld dateModified")
    candidates = ([stated] if stated else []) + page.meta(*_MODIFIED)
    chosen = _kept_offset(_first(candidates, at), candidates) or _first(near, at)
    return (read(chosen.value) if chosen else None), [*candidates, *near]


def _first(candidates: Sequence[Candidate], at: int) -> Candidate | None:
    for one in candidates:
        written = read(one.value)
        if written is not None and not_after(written, at):
            return one
    return None


def read(text: str) -> str | None:
    """A statement's date: as machines write it, else as people do, if nothing else stands there."""
    if written := iso(text):
        return written
    found = date_in(text)
    return found[0] if found and found[1] <= _BEFORE and int(found[0][:4]) >= _OLDEST else None


def _no_new_year(candidates: list[Candidate]) -> list[Candidate]:
    """The candidates with a bare first of January last: where only a year is known, programs write that."""
    return sorted(candidates, key=lambda one: _NEW_YEAR.fullmatch(read(one.value) or "") is not None)


def _kept_offset(chosen: Candidate | None, candidates: list[Candidate]) -> Candidate | None:
    """The candidate that names the same moment in the publisher's own time, if the chosen one is in UTC."""
    when = _moment(chosen)
    if when is None or when.utcoffset():
        return chosen
    local = (one for one in candidates if (other := _moment(one)) == when and other is not None and other.utcoffset())
    return next(local, chosen)


def _told_apart(chosen: Candidate | None, near: Sequence[Candidate], at: int) -> Candidate | None:
    """The candidate, or what stands near the headline where that is the same date with day and month exchanged.

    Of ``11/01/2023`` nobody knows which is the month; of what readers see beside it, mostly everybody does.
    """
    parts = _EITHER_WAY.match(chosen.value) if chosen is not None else None
    written = read(chosen.value) if chosen is not None else None
    if parts is None or written is None:
        return chosen
    said = [(one, read(one.value) or "") for one in near if not _EITHER_WAY.match(one.value)]
    if any(day[:10] == written[:10] for _, day in said):
        return chosen
    exchanged = f"{written[:4]}-{written[8:10]}-{written[5:7]}"
    return next((one for one, day in said if day[:10] == exchanged and not_after(day, at)), chosen)


def _moment(candidate: Candidate | None) -> datetime | None:
    written = read(candidate.value) if candidate is not None else None
    when = datetime.fromisoformat(written) if written else None
    return when.replace(second=0) if when is not None and when.tzinfo is not None else None


def _days_apart(one: str, other: str) -> int:
    written, against = read(one), read(other)
    if written is None or against is None:
        return _SAME + 1
    return abs((datetime.fromisoformat(written[:10]) - datetime.fromisoformat(against[:10])).days)


def _guess(page: Page, at: int) -> Candidate | None:
    """htmldate's opinion, without its extensive search, which asks dateparser, and dateparser may ask a clock."""
    # Naive bounds would be compared in the machine's own zone; two days of grace, and the test below is ours.
    latest = to_datetime(at) + timedelta(days=2)
    try:
        written = find_date(
            page.root,
            extensive_search=False,
            original_date=True,
            url=page.url,
            min_date=datetime(_OLDEST, 1, 1, tzinfo=UTC).replace(tzinfo=None),
            max_date=latest.replace(tzinfo=None),
        )
    except (ValueError, TypeError, OverflowError, AttributeError, IndexError, KeyError):
        return None
    # Where it finds a year alone, it says the first of January.
    sound = written and not written.endswith("-01-01") and iso(written) and not_after(written, at)
    return Candidate(str(written), "htmldate") if sound else None
