"""Which texts an export takes: filters over entries, and the choice among the editions of one URL."""

from __future__ import annotations

import datetime
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from enum import StrEnum
from itertools import groupby

from archive.article import Article, Verdict
from archive.clock import from_datetime
from archive.dataset.rows import Entry, reserved_by
from archive.reservation import Reserved, reserved

_LENGTH = re.compile(r"(?a)(\d{1,5})\s*([smhdw])")  # as in sites.toml
_UNITS = {"s": 1, "m": 60, "h": 3_600, "d": 86_400, "w": 604_800}


class Editions(StrEnum):
    """Which editions of a URL are taken."""

    FIRST = "first"
    LAST = "last"
    ALL = "all"


@dataclass(frozen=True, slots=True)
class Selection:
    """What to take. Empty tuples and None mean no restriction; times are microseconds since 1970, UTC.

    ``published_since`` is an ISO 8601 day or time. ``languages`` match by prefix (RFC 4647, basic filtering): ``de``
    takes ``de-AT``. ``withheld`` leaves out what is captured with such a reservation, ``reserved`` takes only that, and
    ``unreserved`` only what reserves nothing at all.
    """

    published_since: str | None = None
    captured_since: int | None = None
    sites: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()
    editions: Editions = Editions.LAST
    verdicts: tuple[Verdict, ...] = (Verdict.ARTICLE,)
    withheld: frozenset[Reserved] = frozenset()
    reserved: frozenset[Reserved] = frozenset()
    unreserved: bool = False


def choose(entries: Iterable[Entry], selection: Selection) -> Iterator[Entry]:
    """The entries to take, in their order; they come ordered by site, key, time and id.

    The filters come first, then the choice of edition: the last edition captured since a day is the last of those.
    A refusal is no edition; where its verdict is asked for, it is chosen by its time like one.
    """
    taken = (entry for entry in entries if matches(entry, selection))
    if selection.editions is Editions.ALL:
        yield from taken
        return
    for _, group in groupby(taken, key=lambda entry: (entry.capture.site, entry.capture.key)):
        chosen = next(group)
        if selection.editions is Editions.LAST:
            for chosen in group:  # noqa: B007 - the last one is what is wanted, without holding the others
                pass
        yield chosen


def matches(entry: Entry, selection: Selection) -> bool:
    """Whether one entry passes the filters."""
    text, capture = entry.text, entry.capture
    if selection.verdicts and text.verdict not in selection.verdicts:
        return False
    if selection.sites and capture.site not in selection.sites:
        return False
    if selection.captured_since is not None and capture.at < selection.captured_since:
        return False
    if not _takes(selection, entry):
        return False
    article = text if isinstance(text, Article) else None
    if selection.languages and not (article and _speaks(article.language, selection.languages)):
        return False
    if selection.published_since is None:
        return True
    return article is not None and not_before(article.published, selection.published_since)


def is_withheld(entry: Entry, kinds: frozenset[Reserved]) -> bool:
    """Whether an entry is captured with such a reservation."""
    return bool(kinds and kinds & reserved(reserved_by(entry)))


def _takes(selection: Selection, entry: Entry) -> bool:
    if not (selection.withheld or selection.reserved or selection.unreserved):
        return True
    found = reserved(reserved_by(entry))
    if selection.withheld & found or (selection.unreserved and found):
        return False
    return not selection.reserved or bool(selection.reserved & found)


def not_before(date: str | None, since: str) -> bool:
    """Whether a page's date is at or after ``since``; a missing or impossible date is not.

    Where one of the two is only a day, the days are compared as they are written: the page's day is the publisher's,
    whatever its offset. Two times are compared as instants, read as UTC where they have no offset.
    """
    if date is None:
        return False
    try:
        if "T" not in date or "T" not in since:
            return datetime.date.fromisoformat(date[:10]) >= datetime.date.fromisoformat(since[:10])
        return instant(date) >= instant(since)
    except ValueError:
        return False


def instant(text: str) -> int:
    """Microseconds since 1970 of an ISO 8601 day or time; UTC where it has no offset; raises ValueError."""
    return from_datetime(datetime.datetime.fromisoformat(text))


def back_to(text: str, now: int) -> int:
    """The same, or the point in time that lies as long before now as ``7d``, ``12h`` or ``2w`` say."""
    match = _LENGTH.fullmatch(text.strip().lower())
    return instant(text) if match is None else now - int(match[1]) * _UNITS[match[2]] * 1_000_000


def _speaks(language: str | None, wanted: tuple[str, ...]) -> bool:
    tag = (language or "").lower()
    return any(tag == one.lower() or tag.startswith(f"{one.lower()}-") for one in wanted)
