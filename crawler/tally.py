"""What is counted of one day: items announced, and what became of them; polls, and what they may have missed."""

from __future__ import annotations

import datetime
from collections import Counter
from dataclasses import dataclass, field
from enum import StrEnum
from statistics import median

from archive import clock


class Fate(StrEnum):
    """What became of an item that a source announced."""

    CAPTURED = "captured"
    REFUSED = "refused"  # by a rule: robots.txt, a takedown, scope
    FAILED = "failed"  # asked for, without a page in the archive
    MISSED = "missed"  # announced, and never asked for


@dataclass(slots=True)
class Day:
    """The counts of one day (UTC). ``cleaned`` are captured items with an article as text.

    ``reasons`` says why others were refused or failed, and what captures without an article are. ``polls`` are those
    of the sources, ``silent`` how many of them gave nothing; ``lost`` estimates items that came and went between two.
    ``delays`` are from the announced time to the capture, in microseconds.
    """

    announced: int = 0
    captured: int = 0
    cleaned: int = 0
    refused: int = 0
    failed: int = 0
    missed: int = 0
    polls: int = 0
    silent: int = 0
    lost: int = 0
    reasons: Counter[str] = field(default_factory=Counter)
    delays: list[int] = field(default_factory=list)

    @property
    def outage(self) -> bool:
        """Whether the sources were asked on that day, and none answered."""
        return 0 < self.polls == self.silent

    @property
    def delay(self) -> int | None:
        """The median of the delays in microseconds; None where none is known."""
        return round(median(self.delays)) if self.delays else None

    def count(self, fate: Fate, reason: str, *, cleaned: bool) -> None:
        """One announced item more."""
        self.announced += 1
        setattr(self, fate, getattr(self, fate) + 1)
        self.cleaned += cleaned
        if reason:
            self.reasons[reason] += 1

    def add(self, other: Day) -> None:
        """All of another day."""
        for name in ("announced", "captured", "cleaned", "refused", "failed", "missed", "polls", "silent", "lost"):
            setattr(self, name, getattr(self, name) + getattr(other, name))
        self.reasons.update(other.reasons)
        self.delays += other.delays


Days = dict[datetime.date, Day]


@dataclass(frozen=True, slots=True)
class SourceCoverage:
    """A source of a site, by day."""

    kind: str
    url: str
    days: Days


@dataclass(frozen=True, slots=True)
class SiteCoverage:
    """A site by day, each item once however many sources announced it; and each of its sources."""

    site: str
    days: Days
    sources: tuple[SourceCoverage, ...]


def day_of(at: int) -> datetime.date:
    """The day of a time, UTC."""
    return clock.to_datetime(at).date()


def total(days: Days) -> Day:
    """The sum of days. An outage is told of single days only."""
    found = Day()
    for one in days.values():
        found.add(one)
    return found


def outages(days: Days) -> int:
    """How many days the sources were asked without any answer."""
    return sum(one.outage for one in days.values())


def in_words(delay: int | None) -> str:
    """A delay in microseconds in the unit that suits it: ``40 s``, ``12 min``, ``5 h``, ``3 d``; a dash for None."""
    if delay is None:
        return "–"
    seconds = delay / 1_000_000
    for size, unit, until in ((1, "s", 90), (60, "min", 5_400), (3_600, "h", 172_800)):
        if seconds < until:
            return f"{seconds / size:.0f} {unit}"
    return f"{seconds / 86_400:.0f} d"
