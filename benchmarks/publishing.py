"""Publishers that exist in a program only: what they publish when, and what their feeds show. For `schedule.py`.

What is known of real ones, and how it is used here:

- Few publishers bring most of the news: 17 % of 8,155 feeds gave 97 % of their items (Travers et al. 2014, "RSS feeds
  behavior analysis"); a quarter of 100,000 feeds brought nothing for days, while half changed within the hour (Liu et
  al. 2005, "Client behavior and feed characteristics of RSS"). Newsrooms publish from a dozen stories a day to 150
  (New York Times), 160 (Manchester Evening News), 500 (Washington Post), 980 (Mirror) and 1,640 (Mail) on a weekday
  (The Atlantic, May 2016; Press Gazette, September 2021). So: a lognormal rate, median 12 a day, sigma 1.8, at most
  1,000.
- By the hour: hardly anything at night, the first stories from six to seven, most of them after nine, a peak from four
  to five in the afternoon (azernis and Medieninsider 2023, eleven German publishers); on weekends two thirds of a
  weekday (Press Gazette: 1,114 to 1,640). Trade papers and blogs rest outside of office hours, agencies never do.
- Feeds show 10 items where nobody changed WordPress's default, and rarely more than 100. Half of them claim to be
  updated hourly, as WordPress makes them do.
- Active feeds fail for hours and come back, some die; some give one ETag for ever, and some dates are in no or in a
  wrong time zone (seen by Media Cloud, github.com/mediacloud/rss-fetcher, fetcher/config.py and fetcher/tasks.py).

The rest is a guess, and said here: the shares of such servers, how often stories break and how much that adds (twice to
five times the usual rate, fading within hours, for many publishers at once), batches of a content system (a sixth of
the items come with up to four others), the print edition put online at night (a tenth of the publishers).
"""

from __future__ import annotations

from bisect import bisect_right
from dataclasses import dataclass, field, replace
from math import exp, sqrt
from random import Random

SECOND = 1_000_000
MINUTE = 60 * SECOND
HOUR = 60 * MINUTE
DAY = 24 * HOUR
START = 1_799_625_600 * SECOND  # Monday, 11 January 2027, 00:00 UTC
HISTORY = 14  # days before the start, so that feeds are full

# Relative rates by local hour.
_DAILY = (15, 10, 8, 8, 15, 35, 70, 100, 110, 130, 140, 140, 130, 130, 140, 150, 165, 150, 130, 110, 90, 70, 50, 30)
_OFFICE = (1, 1, 1, 1, 1, 2, 15, 70, 150, 200, 220, 200, 140, 160, 200, 200, 180, 120, 50, 20, 10, 5, 2, 1)
_ZONES = (-8, -6, -5, -5, -3, 0, 0, 1, 1, 1, 2, 3, 5.5, 8, 9, 10)


@dataclass(frozen=True, slots=True)
class World:
    """What publishers there are, and what befalls them."""

    sites: int = 200
    days: int = 60
    median: float = 12.0  # items a day
    sigma: float = 1.8
    most: float = 1000.0
    windows: tuple[int, ...] = (10, 10, 10, 15, 20, 20, 25, 30, 50, 100)
    large_windows: tuple[int, ...] = (20, 25, 30, 50, 100)  # of those with more than 150 items a day
    rhythm: bool = True  # hours, weekends, days of different weight
    bursts: float = 1.0  # how many stories break, one in five days being 1
    batches: float = 0.15
    print_edition: float = 0.1
    slow: float = 0.1  # feeds that are made anew every ten to sixty minutes only
    failing: float = 0.1  # servers that fail for hours, now and then
    dead: float = 0.06  # half of them from the beginning
    untrue: float = 0.04  # servers that answer 304 after changes
    undated: float = 0.08
    wrong_clock: float = 0.06
    relaunched: float = 0.05
    clocks_put_forward: bool = True  # in half of the world, on day 30
    edited: float = 0.0  # items that jump to the top of their feed again, once to three times
    asleep: bool = False  # the machine of whoever polls is suspended for eight hours each night


@dataclass(slots=True)
class Publisher:
    """One of them: when items were published, and when its feed showed them, in the order of the feed."""

    key: str
    published: list[int]
    shown: list[int]
    window: int
    hinted: bool
    dates: list[int] | None  # as the feed gives them
    untrue: bool = False
    dead_from: int | None = None
    outages: list[tuple[int, int]] = field(default_factory=list)
    order: list[tuple[int, int]] | None = None  # with edits: (time, item) whenever an item comes to the top

    def fails(self, at: int) -> bool:
        """Whether its server gives no answer."""
        if self.dead_from is not None and at >= self.dead_from:
            return True
        place = bisect_right(self.outages, (at, at)) - 1
        return place >= 0 and self.outages[place][0] <= at < self.outages[place][1]

    def top(self, at: int) -> set[int]:
        """The items in a feed that edits reorder."""
        assert self.order is not None
        place = bisect_right(self.order, (at, len(self.published)))
        found: set[int] = set()
        while place and len(found) < self.window:
            place -= 1
            found.add(self.order[place][1])
        return found

    def never_shown(self) -> list[int]:
        """Items that no state of the feed had: more came at once than it shows."""
        if self.order is not None:
            return []
        later = self.shown[self.window :]
        return [item for item, (one, after) in enumerate(zip(self.shown, later, strict=False)) if one == after]


def publishers(world: World, seed: int) -> list[Publisher]:
    """All publishers of a world."""
    stories = _stories(world, Random(f"{seed} stories"))
    return [_publisher(world, Random(f"{seed} {number}"), number, stories) for number in range(world.sites)]


def _stories(world: World, rng: Random) -> list[tuple[int, float, float]]:
    """When a story breaks for many at once, what it adds at first, and within how many hours that fades."""
    number = round(world.bursts * (world.days + HISTORY) / 5)
    start, end = START - HISTORY * DAY, START + world.days * DAY
    return sorted((rng.randrange(start, end), rng.uniform(1, 4), rng.uniform(1, 5)) for _ in range(number))


def _publisher(world: World, rng: Random, number: int, stories: list[tuple[int, float, float]]) -> Publisher:
    rate = min(max(world.median * exp(rng.gauss(0, world.sigma)), 0.1), world.most)
    window = rng.choice(world.large_windows if rate > 150 else world.windows)
    published = _published(world, rng, rate, window, stories)
    start, end = START - HISTORY * DAY, START + world.days * DAY
    dead_from = None
    if rng.random() < world.dead:
        dead_from = rng.choice((START, rng.randrange(START, end)))
        published = [at for at in published if at < dead_from]
    shown = published
    if rng.random() < world.slow:
        every, phase = rng.randrange(10, 60) * MINUTE, rng.randrange(HOUR)
        shown = [at + (phase - at) % every for at in published]
    outages: list[tuple[int, int]] = []
    if rng.random() < world.failing:
        begins = sorted(rng.randrange(start, end) for _ in range(rng.randrange(2, 12)))
        outages = [(begun, begun + round(rng.uniform(0.1, 8) * HOUR)) for begun in begins]
        outages = [one for one, after in zip(outages, [*outages[1:], (end, end)], strict=True) if one[1] < after[0]]
    order = None
    if world.edited:
        order = [(at, item) for item, at in enumerate(shown)]
        for item, at in enumerate(shown):
            if rng.random() < world.edited:
                order += [(at + round(rng.expovariate(1 / 4) * HOUR), item) for _ in range(rng.randrange(1, 4))]
        order.sort()
    return Publisher(
        key=f"site-{number}.example https://site-{number}.example/feed",
        published=published,
        shown=shown,
        window=window,
        hinted=rng.random() < 0.5,
        dates=_dates(world, rng, published),
        untrue=rng.random() < world.untrue,
        dead_from=dead_from,
        outages=outages,
        order=order,
    )


def _published(
    world: World, rng: Random, rate: float, window: int, stories: list[tuple[int, float, float]]
) -> list[int]:
    shape, weekend, zone = _shape(world, rng)
    summer = world.clocks_put_forward and rng.random() < 0.5
    relaunch = START + rng.randrange(10, max(11, world.days - 10)) * DAY if rng.random() < world.relaunched else None
    changed = rng.uniform(0.3, 3), rng.choice((-6, -3, 0, 3, 6))
    own = [
        (START + round(rng.uniform(-HISTORY, world.days) * DAY), rng.uniform(1, 3), rng.uniform(1, 3))
        for _ in range(round(world.bursts * (world.days + HISTORY) / 10))
    ]
    met = sorted([one for one in stories if rng.random() < 0.4] + own) if world.bursts else []
    printing = world.rhythm and rate > 20 and rng.random() < world.print_edition
    items: list[int] = []
    weight = 1.0
    for hour in range(-HISTORY * 24, world.days * 24):
        begun = START + hour * HOUR
        offset = zone + (summer and begun >= START + 30 * DAY)
        usual = rate / 24
        if relaunch is not None and begun >= relaunch:
            usual *= changed[0]
            offset += changed[1]
        local = begun + round(offset * HOUR)
        place = local // HOUR % 24
        day = (local - START) // DAY % 7
        if world.rhythm:
            if place == 0 or hour == -HISTORY * 24:
                weight = rng.gammavariate(12, 1 / 12)  # a heavy and a thin day
            usual *= shape[place] * weight * (weekend[day - 5] if day >= 5 else 1)
        for at, gain, fading in met:
            if at <= begun < at + 12 * HOUR:
                usual *= 1 + gain * exp(-(begun - at) / HOUR / fading)
        if printing:
            usual *= 0.7
            if place == 4:
                batch = min(window - 2, _poisson(rng, 0.3 * rate))
                items += [begun + rng.randrange(10 * MINUTE) for _ in range(batch)]
        # A batch is up to five items within two minutes; the number of occasions is less by as much.
        number = _poisson(rng, usual / (1 + 2 * world.batches))
        for _ in range(number):
            at = begun + rng.randrange(HOUR)
            items.append(at)
            if rng.random() < world.batches:
                items += [at + rng.randrange(2 * MINUTE) for _ in range(rng.randrange(0, 5))]
    items.sort()
    return items


def _shape(world: World, rng: Random) -> tuple[list[float], tuple[float, float], float]:
    """Relative rates by local hour, Saturday's and Sunday's share, and the time zone."""
    kind = rng.random()
    hours = [float(one) for one in (_OFFICE if kind < 0.25 else _DAILY)]
    if kind > 0.85:
        hours = [one + 90 for one in hours]  # around the clock
    shift = rng.choice((-1, 0, 0, 1))
    hours = [max(0.5, hours[(place - shift) % 24] * exp(rng.gauss(0, 0.3))) for place in range(24)]
    mean = sum(hours) / 24
    low, high = (0.02, 0.15) if kind < 0.25 else (0.45, 0.85)
    return [one / mean for one in hours], (rng.uniform(low, high), rng.uniform(low, high)), rng.choice(_ZONES)


def _dates(world: World, rng: Random, published: list[int]) -> list[int] | None:
    kind = rng.random()
    if kind < world.undated:
        return None
    if kind < world.undated + world.wrong_clock:
        if rng.random() < 0.3:
            return [at - at % DAY for at in published]  # the day alone
        offset = rng.choice((-9, -5, -1, 1, 2, 8)) * HOUR
        return [at + offset for at in published]
    return published


def _poisson(rng: Random, mean: float) -> int:
    if mean > 50:
        return max(0, round(rng.gauss(mean, sqrt(mean))))
    limit, number, product = exp(-mean), 0, rng.random()
    while product > limit:
        number += 1
        product *= rng.random()
    return number


NEWS = World()
# Worlds that the schedule was not made for.
OTHERS = {
    "small": replace(NEWS, median=2, sigma=0.8),
    "large": replace(NEWS, median=200, sigma=0.6),
    "steady": replace(NEWS, rhythm=False, bursts=0, batches=0, print_edition=0),
    "bursts": replace(NEWS, bursts=5, batches=0.5, print_edition=0.5),
    "relaunched": replace(NEWS, relaunched=1),
    "wrong_clocks": replace(NEWS, wrong_clock=0.92),
    "undated": replace(NEWS, undated=1),
    "reordered": replace(NEWS, edited=0.4),
    "untrue_304": replace(NEWS, untrue=0.5),
    "failing": replace(NEWS, failing=1, slow=0.5),
    "short_windows": replace(NEWS, windows=(10,), large_windows=(10, 20)),
    "asleep": replace(NEWS, asleep=True),
}
