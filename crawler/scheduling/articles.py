"""When an article is due: pure decisions over what is known of it and what a source says of it now."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from archive.exchange import NoAnswer, Truncation
from crawler.discovery.announcement import Announcement, parse_date
from crawler.scheduling.durations import DAY, HOUR, MINUTE
from crawler.scheduling.jitter import around

# Crawls in which a URL may fail before it is left alone: with the times between them, a server may be away for a day.
MAX_TRIES = 8
FIRST_RETRY, LONGEST_RETRY = 10 * MINUTE, 6 * HOUR
# robots.txt may change its mind, and a takedown end; asking each time would fill the archive with the same refusal.
ROBOTS_PAUSE = 7 * DAY
# A date further ahead is a wrong time zone or a wrong clock, and must not push real news out of a bounded crawl.
AHEAD = DAY
# Of so many items or more, all with one date, the date is that of the listing: some generators write the present.
SUSPICIOUS = 4

RETRIED_STATUS = frozenset({408, 425, 429, 500, 502, 503, 504, 520, 521, 522, 523, 524, 525, 527, 530})
OVERLOADED = frozenset({429, 503})
GONE = frozenset({404, 410})
# Failures that another attempt may cure. A name that does not resolve, or a broken certificate, is none.
RETRIED_FAILURES = frozenset({NoAnswer.TIMEOUT, NoAnswer.DISCONNECT, NoAnswer.REFUSED, NoAnswer.UNREACHABLE})
# Nothing was asked of the publisher: such an end does not count as a try.
_UNASKED = frozenset({NoAnswer.BUDGET, NoAnswer.STORAGE, NoAnswer.NOT_CAPTURED, NoAnswer.TAKEDOWN})


class Phase(StrEnum):
    """What the frontier knows of a URL."""

    DUE = "due"  # to be fetched by the next crawl
    DONE = "done"  # a capture of it is committed
    GONE = "gone"  # it answered 404 or 410
    DISALLOWED = "disallowed"  # by robots.txt or a takedown, for now
    REFUSED = "refused"  # not to be fetched at all: out of scope, a forbidden address
    FAILED = "failed"  # it failed in too many crawls
    BACKFILL = "backfill"  # to be fetched by the backfill of its site


WAITING = frozenset({Phase.DUE, Phase.BACKFILL})


@dataclass(frozen=True, slots=True)
class Known:
    """A URL's row: its phase, the newest update that a source announced, when it last changed, how often it failed."""

    phase: Phase
    updated: int | None
    at: int
    tries: int = 0


def after_status(status: int, truncated: Truncation | None, tries: int) -> Phase:
    """The phase after an answer; ``tries`` counts the crawls in which it failed, this one included."""
    if status in GONE:
        return Phase.GONE
    cut = truncated in {Truncation.TIME, Truncation.DISCONNECT}
    if status < 400 and not cut:
        return Phase.DONE
    return Phase.DUE if tries < MAX_TRIES else Phase.FAILED


def after_failure(reason: NoAnswer, tries: int) -> Phase:
    """The phase after an attempt without an answer."""
    if reason in {NoAnswer.ROBOTS, NoAnswer.TAKEDOWN}:
        return Phase.DISALLOWED
    if reason in {NoAnswer.SCOPE, NoAnswer.ADDRESS, NoAnswer.OTHER}:
        return Phase.REFUSED
    return Phase.DUE if tries < MAX_TRIES or reason in _UNASKED else Phase.FAILED


def next_try(failed: int, tries: int, key: str) -> int:
    """When what failed is tried again: after some minutes, then ever more rarely; ``tries`` counts the failures."""
    return failed + around(key, failed, min(FIRST_RETRY << min(max(tries, 1) - 1, 16), LONGEST_RETRY))


def counts(reason: NoAnswer) -> bool:
    """Whether such a failure counts as a try."""
    return reason not in _UNASKED


def is_due(known: Known | None, updated: int | None, now: int) -> bool:
    """Whether an announced URL is to be fetched: a new one, or one that changed since our last capture.

    ``updated`` is the date of the last change that the source gives. It is compared with the one that was announced
    when we captured the page, since the publisher's clock and ours need not agree; where none was, with the capture.
    """
    if known is None or known.phase in WAITING:
        return True
    if known.phase is Phase.DISALLOWED:
        return now - known.at > ROBOTS_PAUSE
    if updated is None or known.phase is Phase.REFUSED:
        return False
    return updated > (known.updated if known.updated is not None else known.at)


def updates(announcements: Sequence[Announcement]) -> list[int | None]:
    """The date of the last change of each announcement, None where it has none or the listing's dates mean nothing."""
    found = [parse_date(one.updated) for one in announcements]
    dated = [at for at in found if at is not None]
    return [None] * len(found) if len(dated) >= SUSPICIOUS and len(set(dated)) == 1 else found


def rank(at: int | None, place: int, now: int, *, fresh: bool) -> int:
    """Where a URL stands in the order of a crawl, the highest first: its date in microseconds.

    An undated one counts as new where it stands on a front page or in a feed (``fresh``), in the source's order
    (``place``), and as old in a sitemap.
    """
    if at is not None:
        return min(at, now + AHEAD)
    return now - place if fresh else -place
