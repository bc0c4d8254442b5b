"""A source's rhythm: how many new items an hour it brings, learned for each hour of the week (168 bins, UTC).

News comes by day and by working week: sources differ by a factor of ten between their nights and their afternoons.
An hour's rate is estimated from little (one observation a week), so it is drawn towards what the same hour of other
days and the same day at other hours say, and these towards the source's mean (a gamma-Poisson estimate with the
strengths below). Older weeks count less, since sites are relaunched and clocks are put forward. Nobody has to know the
site's time zone.
"""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from crawler.scheduling.durations import HOUR, WEEK

BINS = 168
UNIT = 1000  # items and hours are kept in thousandths
# Of what was learned a week ago four fifths count: half after three weeks, a tenth after ten.
KEPT = 0.8
# Before anything is known: one item in two hours, which a few hours of watching outweigh.
PRIOR_RATE = 0.5
PRIOR_HOURS = 4.0
# How many hours of watching the mean weighs beside an hour of the day (seven a week) and a day (24 a week).
DAY_STRENGTH = 6.0
# … and what these say of an hour of the week, beside its own single observation a week.
BIN_STRENGTH = 6.0
# No hour is given up: an hour in which nothing ever came may come to life.
FLOOR = 0.04
# 1 January 1970 was a Thursday; weeks are counted from a Monday.
_MONDAY = 4 * 24 * HOUR


def bin_of(at: int) -> int:
    """The hour of the week, 0 for the first of a Monday, UTC."""
    return (at - _MONDAY) // HOUR % BINS


@dataclass(frozen=True, slots=True)
class Rhythm:
    """What was learned: thousandths of items, and of hours watched, by hour of the week."""

    items: tuple[int, ...] = (0,) * BINS
    hours: tuple[int, ...] = (0,) * BINS

    def mean(self) -> float:
        """Items an hour over the whole week."""
        return (sum(self.items) / UNIT + PRIOR_RATE * PRIOR_HOURS) / (sum(self.hours) / UNIT + PRIOR_HOURS)

    def rate(self, at: int, mean: float | None = None) -> float:
        """Items an hour that are expected at a time; ``mean`` where the caller has it already."""
        items, hours = self.items, self.hours
        mean = self.mean() if mean is None else mean
        place = bin_of(at)
        hour = place % 24
        day = place - hour
        before, behind = (hour - 1) % 24, (hour + 1) % 24
        # The hours beside it count half: a rhythm does not jump, and the clocks may have been put forward.
        came = sum(items[hour::24]) + (sum(items[before::24]) + sum(items[behind::24])) / 2
        watched = sum(hours[hour::24]) + (sum(hours[before::24]) + sum(hours[behind::24])) / 2
        by_hour = (came / UNIT + DAY_STRENGTH * mean) / (watched / UNIT + DAY_STRENGTH)
        by_day = (sum(items[day : day + 24]) / UNIT + DAY_STRENGTH * mean) / (
            sum(hours[day : day + 24]) / UNIT + DAY_STRENGTH
        )
        drawn = by_hour * by_day / mean
        rate = (items[place] / UNIT + BIN_STRENGTH * drawn) / (hours[place] / UNIT + BIN_STRENGTH)
        return max(rate, FLOOR * mean)

    def pieces(self, start: int, end: int) -> Iterator[tuple[int, int, float]]:
        """A stretch of time, cut at full hours, with the rate in each piece. At most a week, the last one."""
        start = max(start, end - WEEK)
        mean = self.mean()
        while start < end:
            stop = min(end, start - start % HOUR + HOUR)
            yield start, stop, self.rate(start, mean)
            start = stop

    def expected(self, start: int, end: int) -> float:
        """Items that are expected between two times."""
        return sum((stop - begun) / HOUR * rate for begun, stop, rate in self.pieces(start, end))

    def learned(self, start: int, end: int, new: int, dates: Sequence[int] = (), weight: float = 1.0) -> Rhythm:
        """The rhythm after a stretch in which so many new items came, at these dates, in order, as far as known.

        Items without a date are spread over the stretch as the rhythm expects them. Where less than its ``weight`` is
        believed, items and hours count for that share. Of a stretch of more than a week only the last week is learned.
        """
        pieces = list(self.pieces(start, end))
        undated = max(0, new - len(dates))
        total = sum((stop - begun) * rate for begun, stop, rate in pieces) if undated else 0.0
        items, hours = list(self.items), list(self.hours)
        for begun, stop, rate in pieces:
            place = bin_of(begun)
            share = (stop - begun) / HOUR * weight
            kept = KEPT**share
            came = float(bisect_left(dates, stop) - bisect_left(dates, begun)) if dates else 0.0
            if undated:
                came += undated * (stop - begun) * rate / total
            items[place] = round(items[place] * kept + came * weight * UNIT)
            hours[place] = round(hours[place] * kept + share * UNIT)
        return Rhythm(tuple(items), tuple(hours))


def believable(dates: Sequence[int], after: int, until: int) -> list[int]:
    """The dates that can be true, in order: what was new at ``until`` and was not there at ``after`` came between.

    So no clock but ours is trusted: a site whose clock or time zone is wrong gives dates outside, and they are not
    used. The first microsecond is left out, the last belongs to the hour before.
    """
    ordered = sorted(dates)
    return [min(at, until - 1) for at in ordered[bisect_right(ordered, after) : bisect_right(ordered, until)]]
