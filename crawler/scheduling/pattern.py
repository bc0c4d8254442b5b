"""Patterns: fixed schedules that a person writes, ``every = "15m"`` or a cron expression in UTC."""

from __future__ import annotations

from dataclasses import dataclass

from cronsim import CronSim, CronSimError

from archive import clock
from crawler.scheduling.durations import MINUTE, SECOND, parse_duration, written
from crawler.scheduling.jitter import around, jitter

# Sources with one cron expression are asked within a minute, not within a second.
SPREAD = MINUTE
# The longest expression that anybody writes; a list of all minutes has 170 characters.
_LONGEST_CRON = 300


@dataclass(frozen=True, slots=True)
class Every:
    """At equal distances of so many microseconds, each moved by up to a tenth, so that hosts see no drumbeat."""

    length: int

    def after(self, last: int, key: str) -> int:
        """The time that follows the last one."""
        return last + around(key, last, self.length)

    def __str__(self) -> str:
        return written(self.length)


@dataclass(frozen=True, slots=True)
class Cron:
    """At the minutes that a cron expression of five fields names, in UTC: a change of the clocks moves nothing."""

    expression: str

    def after(self, last: int, key: str) -> int:
        """The first such minute after the last time, and up to a minute more, always the same for a key."""
        # What is asked within the spread of a minute belongs to that minute: `last` may be 12:00:40 of 12:00.
        return _next(self.expression, last) + jitter(key, 0, SPREAD - SECOND)

    def __str__(self) -> str:
        return self.expression


Pattern = Every | Cron


def parse_pattern(text: str) -> Pattern:
    """The pattern that a text means: with blanks in it a cron expression, else a duration; raises ValueError."""
    text = " ".join(text.split())
    if " " not in text:
        return Every(parse_duration(text))
    if len(text.split(" ")) != 5 or len(text) > _LONGEST_CRON:
        raise ValueError('write five fields (minute, hour, day, month, weekday), such as "0 6-22 * * *"')
    try:
        _next(text, 0)
    except CronSimError as error:
        raise ValueError(f"{_said(error)} in this cron expression: it is read as cron does, in UTC") from None
    return Cron(text)


def _next(expression: str, last: int) -> int:
    try:
        return clock.from_datetime(next(CronSim(expression, clock.to_datetime(last))))
    except StopIteration:
        raise CronSimError("a day that never comes") from None


def _said(error: CronSimError) -> str:
    said = str(error)
    return said[:1].lower() + said[1:]
