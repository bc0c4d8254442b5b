"""When a source is polled: often where much is expected, rarely where nothing can come.

Items wait in a source until it is polled; a poll costs the publisher a request. A request is taken to be worth so many
item-hours of waiting (`WORTH`), and a source is polled when that much is expected to have gathered since the last poll,
by its rhythm and by what the last hours brought. At a steady rate r that is an interval of sqrt(2 WORTH / r), and of
all ways to share requests among sources it is the one with the least waiting: the square root of the rate (Sia, Cho and
Cho 2007, "Efficient monitoring algorithm for fast news alerts", section 4). At night the sum hardly grows, and reaches
its threshold in the morning.

The first minutes weigh more than the tenth hour does, and a reader of a busy hour's news more than one of a quiet
night's: so an item is weighed with the square root of the rate at which its like come, and the interval goes with
r^(-3/4) instead of r^(-1/2).

Limits shorten that: no more items may be expected than a fraction of the source's window, since what falls out of it
is lost, and no source rests for longer than a fraction of the time for which it is known.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from math import sqrt

from crawler.scheduling.durations import DAY, HOUR, MINUTE
from crawler.scheduling.jitter import around
from crawler.scheduling.memory import MANY, MAX_PROBLEM, SourceMemory
from crawler.scheduling.pattern import Pattern
from crawler.scheduling.rhythm import UNIT, believable

SHORTEST = 5 * MINUTE
LONGEST = DAY
# Item-hours of waiting that one request is worth at an item an hour: it is polled every 42 minutes, and at one in ten
# hours every 4 hours.
WORTH = 0.25
BUSY = 1.5  # the rate counts to the power of this in the waiting
# For freshness alone nobody is asked more often; only where items may be lost.
CALM = 12 * MINUTE
# Of a window so much may be expected to be new: what comes in bursts is several times that.
WINDOW_SHARE = 0.25
# Where this share of a window was new at once, the limit above begins to shrink.
THIN = 0.5
# A source that is known for three days may be left alone for a day.
FIRST_REST = 30 * MINUTE
REST_SHARE = 3
# What the last hours brought tells of the next ones: a breaking story, or a public holiday.
SURGE_HALF = 3 * HOUR
SURGE_WEIGHT = 2.0  # items that the rhythm weighs against it
SURGE_LEAST, SURGE_MOST = 0.25, 8.0
FILL_HALF = 7 * DAY
# Dates in a source's first answer tell its rate, but only roughly its hours: clocks may be wrong.
FIRST_WEIGHT = 0.25
FIRST_SPAN = 7 * DAY
# A 304 is believed until so many items were expected since the last whole answer, and for a day at most.
UNPROVED = 3.0
UNPROVED_TIME = DAY
# Items with dates from before a 304 show that it was untrue; but some feeds are made anew once an hour only. So what is
# a little older is a suspicion, and three in a row are enough.
FEED_LAG, LONGEST_FEED_LAG = 10 * MINUTE, HOUR
SUSPICIONS = 3
DOUBT = 30 * DAY
# A failed poll is tried again after so long, then twice as long, up to a limit that grows with the failure's age.
FIRST_RETRY = 10 * MINUTE
RETRY_LIMITS = ((2 * DAY, 6 * HOUR), (14 * DAY, DAY), (60 * DAY, 3 * DAY))
LAST_RETRY_LIMIT = 7 * DAY
# In the first two days it is also so many of the usual intervals: when a busy source comes back, its window runs on.
RETRY_INTERVALS = 4
# Longer than any server may send us away: its clock may be wrong (as in crawler/politeness.py).
LONGEST_SENT_AWAY = DAY
# A last poll that lies further ahead than this was noted by a clock that has been set back.
CLOCK_SLACK = MINUTE


class Outcome(StrEnum):
    """What a poll came to."""

    WHOLE = "whole"  # the source was read: everything in it was seen
    UNCHANGED = "unchanged"  # a 304 to a conditional request
    FAILED = "failed"  # no answer, an error, or nothing that can be read
    UNASKED = "unasked"  # nothing was asked of it, or nothing says that the fault is its own: our network was away


@dataclass(frozen=True, slots=True)
class Polled:
    """One poll at a time (microseconds since 1970, UTC): ``seen`` items, of which ``new`` ones no poll knew before.

    ``dates`` are those of the new ones as far as they carry any that can be read, in microseconds. ``problem`` is the
    reason of a failure, ``not_before`` the time before which the server wants no other request.
    """

    at: int
    outcome: Outcome
    seen: int = 0
    new: int = 0
    dates: Sequence[int] = ()
    problem: str = ""
    not_before: int | None = None


def after_poll(memory: SourceMemory, polled: Polled) -> SourceMemory:
    """What is remembered after a poll."""
    if polled.outcome is Outcome.UNASKED:
        return replace(memory, asked=polled.at, not_before=_not_before(polled))
    if polled.outcome is Outcome.FAILED:
        since = memory.failing_since
        return replace(
            memory,
            first=memory.first if memory.first is not None else polled.at,
            asked=polled.at,
            failures=min(memory.failures + 1, MANY),
            failing_since=polled.at if since is None or since > polled.at else since,
            problem=polled.problem[:MAX_PROBLEM] or "it could not be read",
            not_before=_not_before(polled),
        )
    memory = _set_back(memory, polled.at)
    memory = _first_answer(memory, polled) if memory.known is None else _next_answer(memory, memory.known, polled)
    whole = polled.outcome is Outcome.WHOLE
    return replace(
        memory,
        first=memory.first if memory.first is not None else polled.at,
        asked=polled.at,
        known=polled.at,
        whole=polled.at if whole else memory.whole,
        unchanged=None if whole else polled.at,
        news=polled.at if polled.new else memory.news,
        window=polled.seen if whole and polled.seen else memory.window,
        unproved=0 if whole else memory.unproved,
        failures=0,
        failing_since=None,
        problem="",
        not_before=_not_before(polled),
    )


def next_poll(memory: SourceMemory, now: int, key: str, pattern: Pattern | None = None) -> int:
    """When a source is due: now if it was never polled, and perhaps a time that has gone by.

    ``key`` tells sources apart (site and URL), so that they do not march in step. A ``pattern`` takes the place of the
    adaptive schedule, but neither of the back-off of a source that fails, nor of what its server asked for.
    """
    asked = memory.asked
    if asked is None or asked > now + CLOCK_SLACK:
        return now
    if memory.failures:
        due = asked + around(key, asked, _retry(memory, asked))
        if pattern is not None:
            due = max(due, pattern.after(asked, key))
    elif pattern is not None:
        due = pattern.after(asked, key)
    elif memory.known is None or memory.known != asked:
        due = asked + SHORTEST  # nothing was asked
    else:
        due = asked + max(SHORTEST, around(key, asked, _interval(memory, asked)))
    return due if memory.not_before is None else max(due, min(memory.not_before, asked + LONGEST_SENT_AWAY))


def may_ask_conditionally(memory: SourceMemory, now: int) -> bool:
    """Whether a 304 would be believed now. Where not, the source is to be asked for whole, without validators.

    Some servers say for ever that nothing has changed. One that was found out is not asked so for a month.
    """
    if memory.first is None or now < memory.first + DAY:
        return False  # its rate is not known yet
    if memory.whole is None or not memory.whole <= now < memory.whole + UNPROVED_TIME:
        return False
    if memory.doubted is not None and memory.doubted <= now < memory.doubted + DOUBT:
        return False
    return memory.unproved < UNPROVED * UNIT


def estimated_loss(memory: SourceMemory, polled: Polled) -> int:
    """How many items may have come and gone between two polls; 0 where some that were known are still there.

    By the dates of what was seen, else by the rhythm. At least 1 where nothing was known any more.
    """
    known = memory.known
    if known is None or polled.outcome is not Outcome.WHOLE or not polled.seen or polled.new < polled.seen:
        return 0
    if polled.at <= known or 2 * polled.seen < memory.window:
        return 0  # it was emptied, as some are at midnight: nothing was pushed out
    dates = believable(polled.dates, known, polled.at)
    if len(dates) >= max(2, polled.new // 2):
        spacing = max(1, (dates[-1] - dates[0]) // (len(dates) - 1))
        return min(MANY, max(1, (dates[0] - known) // spacing))
    return min(MANY, max(1, round(memory.rhythm.expected(known, polled.at) - polled.new)))


def _set_back(memory: SourceMemory, at: int) -> SourceMemory:
    """Where the clock was set back, nothing has happened later than now, and the time in between is unknown."""
    if memory.known is None or memory.known <= at:
        return memory
    times = ("first", "whole", "unchanged", "news", "lost_at", "doubted")
    known = {name: min(value, at) for name in times if (value := getattr(memory, name)) is not None}
    return replace(memory, known=at, **known)


def _first_answer(memory: SourceMemory, polled: Polled) -> SourceMemory:
    """Everything is new, and nothing says since when, unless the items are dated."""
    dates = believable(polled.dates, polled.at - FIRST_SPAN, polled.at)
    older = believable(polled.dates, 0, polled.at)
    if len(older) < 2:
        return memory
    start = max(older[0], polled.at - FIRST_SPAN)
    rhythm = memory.rhythm.learned(start, polled.at, len(dates), dates, FIRST_WEIGHT)
    late = max(start, polled.at - SURGE_HALF)
    recent = len(believable(dates, late, polled.at))
    awaited = round(rhythm.expected(late, polled.at) * UNIT)
    return replace(memory, rhythm=rhythm, recent=min(MANY, recent * UNIT), awaited=awaited)


def _next_answer(memory: SourceMemory, known: int, polled: Polled) -> SourceMemory:
    at, new = polled.at, min(polled.new, MANY)
    lost = estimated_loss(memory, polled)
    suspected = _suspicions(memory, polled)
    doubted = suspected >= SUSPICIONS
    # Untrue answers told nothing: what is new came since the last true one.
    since = memory.whole if suspected > memory.suspected and memory.whole is not None else known
    dates = believable(polled.dates, since, at)
    expected = memory.rhythm.expected(since, at)
    start = since
    if lost and len(dates) >= 2 and len(dates) == new:
        start = dates[0]  # what came before is unknown
    fading = 0.5 ** ((at - known) / SURGE_HALF)
    fill = memory.fill * 0.5 ** ((at - known) / FILL_HALF)
    share = new * UNIT / polled.seen if polled.seen else 0
    return replace(
        memory,
        rhythm=memory.rhythm.learned(start, at, new, dates),
        fill=round(max(fill, min(share, UNIT))),
        recent=min(MANY, round((memory.recent + new * UNIT) * fading)),
        awaited=min(MANY, round((memory.awaited + expected * UNIT) * fading)),
        silence=0 if new else min(MANY, memory.silence + round(expected * UNIT)),
        unproved=min(MANY, memory.unproved + round(expected * UNIT)),
        losses=min(MANY, memory.losses + (1 if lost else 0)),
        lost=min(MANY, memory.lost + lost),
        lost_at=at if lost else memory.lost_at,
        hurried=lost > 0,
        suspected=0 if doubted else suspected,
        doubted=at if doubted else memory.doubted,
    )


def _suspicions(memory: SourceMemory, polled: Polled) -> int:
    """How often in a row a whole answer has shown that the 304 before it was untrue: it has items from before."""
    unchanged = memory.unchanged
    if unchanged is None or memory.whole is None or polled.outcome is not Outcome.WHOLE or not polled.new:
        return memory.suspected
    dates = believable(polled.dates, memory.whole, polled.at)
    if dates and dates[0] < unchanged - LONGEST_FEED_LAG:
        return SUSPICIONS
    suspicious = (
        dates[0] < unchanged - FEED_LAG
        if dates
        else polled.new > UNPROVED + 4 * memory.rhythm.expected(unchanged, polled.at)
    )
    return memory.suspected + 1 if suspicious else 0


def _interval(memory: SourceMemory, start: int) -> int:
    """How long a source may be left alone after a poll."""
    surge = _surge(memory)
    most = _most_expected(memory)
    watched = start - memory.first if memory.first is not None else 0
    longest = min(LONGEST, FIRST_REST + max(0, watched) // REST_SHARE)
    items = ahead = waiting = 0.0  # expected items, the same as they are weighed, and their item-hours
    length = longest
    for begun, stop, usual in memory.rhythm.pieces(start, start + longest):
        rate = usual * (1 + (surge - 1) * 0.5 ** ((begun - start) / SURGE_HALF))
        weighed = rate**BUSY
        hours = (stop - begun) / HOUR
        enough = (sqrt(ahead * ahead + 2 * weighed * (WORTH - waiting)) - ahead) / weighed
        full = (most - items) / rate
        if min(enough, full) < hours:
            length = begun - start + round(min(max(enough, CALM / HOUR), full) * HOUR)
            break
        waiting += ahead * hours + weighed * hours * hours / 2
        ahead += weighed * hours
        items += rate * hours
    return max(SHORTEST, length // 2 if memory.hurried else length)


def _surge(memory: SourceMemory) -> float:
    """How much more is coming than the rhythm says."""
    surge = (memory.recent / UNIT + SURGE_WEIGHT) / (memory.awaited / UNIT + SURGE_WEIGHT)
    return min(max(surge, SURGE_LEAST), SURGE_MOST)


def _most_expected(memory: SourceMemory) -> float:
    """How many new items may be expected at the next poll, for the window's sake."""
    fill = memory.fill / UNIT
    share = WINDOW_SHARE if fill <= THIN else WINDOW_SHARE * THIN / fill
    return max(memory.window, 1) * share


def _retry(memory: SourceMemory, asked: int) -> int:
    failing = asked - (memory.failing_since if memory.failing_since is not None else asked)
    limit = next((limit for age, limit in RETRY_LIMITS if failing < age), LAST_RETRY_LIMIT)
    if failing < RETRY_LIMITS[0][0] and memory.known is not None:
        limit = min(limit, max(FIRST_RETRY, RETRY_INTERVALS * _interval(memory, asked)))
    return min(FIRST_RETRY << min(memory.failures - 1, 20), limit)


def _not_before(polled: Polled) -> int | None:
    return polled.not_before if polled.not_before is not None and polled.not_before > polled.at else None
