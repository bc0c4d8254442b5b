"""What is known of requisites: values, and the times by which they are fetched."""

from __future__ import annotations

from dataclasses import dataclass

from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY, WEEK

# Publishers change a stylesheet or a logo under its address now and then; pictures hardly ever.
FRESH = WEEK
# Visits in which a requisite may fail: no article is lost with it, and a page may refer to a hundred that are dead.
MAX_TRIES = 3
# What was never to be had is given up, so that a host which is gone is not asked for ever.
LONGEST = WEEK
# What is settled is forgotten then: it would be fetched again in any case.
REMEMBERED = 2 * WEEK
# A page is remembered beyond the last look at it, 30 days after it came: else it would be read again without need.
PAGE_REMEMBERED = 45 * DAY
# A page's sheet may import one that imports one …; real ones do so twice.
MAX_DEPTH = 5

# Whether a stylesheet (or page) is read for what it refers to: it is no more; it is to be; it would be, did a page that
# is kept refer to it.
READ, UNREAD, UNWANTED = 0, 1, 2


@dataclass(frozen=True, slots=True)
class Unread:
    """A capture that refers to others: a page, or a stylesheet that belongs to one. ``page`` is that page's key."""

    key: str
    capture: str
    page: str
    hops: str
    rank: int
    is_page: bool


@dataclass(frozen=True, slots=True)
class Requisite:
    """Something to be fetched, and how it was found: what becomes the `crawler.walk.Want`."""

    key: str
    url: str
    host: str
    via: str
    hops: str

    @property
    def source(self) -> str:
        """Where it was found, in the words of `archive.exchange.Origin`."""
        if self.hops.endswith("R"):
            return "redirect"
        return "page" if self.hops.count("E") == 1 else "stylesheet"


@dataclass(frozen=True, slots=True)
class LeftOut:
    """Requisites that a limit leaves out: their number, the first of them, and the limit in words."""

    number: int
    url: str
    via: str
    hops: str
    why: str


@dataclass(frozen=True, slots=True)
class Known:
    """A requisite as it is remembered; times in microseconds since 1970, UTC, 0 for never."""

    site: str
    state: Phase
    kind: str
    page: str
    via: str
    tries: int
    reason: str
    at: int
    next: int
