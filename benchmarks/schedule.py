"""How many items are found, how late, and for how many requests: Presskeep's schedule beside others.

    python benchmarks/schedule.py [--seeds 1 2 3] [--each] [--plot schedule.svg] [--json]
    python benchmarks/schedule.py --worlds [--sites 60]

Simulates 200 publishers over 60 days (`benchmarks/publishing.py`, with its sources), each with one feed, and polls them
on a virtual clock: `adaptive` (`crawler.scheduling`, which begins without any knowledge), every 15 minutes, every hour,
every six hours, and by Media Cloud's rule. An article is captured after the poll that finds it, the newest first, five
seconds apart. The delay runs from publication to capture; items of the last day are not counted, since they may be
found later. Each poll is a request, also one that is answered 304 or not at all.

`--worlds` compares the adaptive schedule with the fifteen minutes in worlds that differ from the one above.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from benchmarks.curves import bars, curve, shares, svg  # noqa: E402
from benchmarks.publishing import DAY, HOUR, MINUTE, NEWS, OTHERS, SECOND, START, Publisher, World, publishers  # noqa: E402
from crawler.scheduling.jitter import jitter  # noqa: E402
from crawler.scheduling.memory import SourceMemory  # noqa: E402
from crawler.scheduling.polling import Outcome, Polled, after_poll, may_ask_conditionally, next_poll  # noqa: E402

FETCH = 5 * SECOND  # between two articles of one site
NIGHT = 8 * HOUR  # from midnight, where the machine is suspended


class Policy(Protocol):
    """When one source is polled. ``dated`` says whether it wants the dates of what is new."""

    dated: bool

    def conditional(self, at: int) -> bool:
        """Whether to ask with validators."""

    def after(self, polled: Polled) -> int:
        """When to poll again."""


class Adaptive:
    """Presskeep's."""

    dated = True

    def __init__(self, publisher: Publisher) -> None:
        self.memory = SourceMemory()
        self._key = publisher.key

    def conditional(self, at: int) -> bool:
        return may_ask_conditionally(self.memory, at)

    def after(self, polled: Polled) -> int:
        self.memory = after_poll(self.memory, polled)
        return next_poll(self.memory, polled.at, self._key)


class Fixed:
    """The same interval always; everything is asked for whole."""

    dated = False

    def __init__(self, interval: int) -> None:
        self._interval = interval

    def conditional(self, at: int) -> bool:
        return False

    def after(self, polled: Polled) -> int:
        return polled.at + self._interval


class MediaCloud:
    """Media Cloud's rule as its code has it (rss-fetcher, fetcher/tasks.py and the defaults of fetcher/config.py).

    Every 6 hours, or as often as the feed claims (sy:updatePeriod). Where of two polls in a row a third or less was
    known, an hour sooner (or at once down to 6 hours), but at least 10 minutes apart; where two thirds or more were, 10
    minutes later, an hour where nothing new came for a month, at most 24 hours. After failures, which count half, so
    many times later, at most a day. Feeds are asked for whole.
    """

    dated = False

    def __init__(self, publisher: Publisher) -> None:
        self._minutes = 60 if publisher.hinted else 360
        self._least = 60 if publisher.hinted else 10
        self._failures = 0.0
        self._succeeded: int | None = None
        self._new: int | None = None

    def conditional(self, at: int) -> bool:
        return False

    def after(self, polled: Polled) -> int:
        if polled.outcome is Outcome.FAILED:
            self._failures += 0.5
            limit = 1440 if self._failures <= 30 else 30 * 1440
            minutes = min(self._minutes * max(1.0, self._failures), max(limit, self._minutes))
            return polled.at + round(minutes * MINUTE)
        self._failures = 0
        if self._succeeded is not None:
            late = (polled.at - self._succeeded) / MINUTE - self._minutes
            known = 100 * (polled.seen - polled.new) / polled.seen if polled.seen else 102.0
            if known >= 67 and late >= -20:
                quiet = polled.at - (self._new if self._new is not None else START) > 31 * DAY and not polled.new
                self._minutes = min(1440, self._minutes + (60 if quiet else 10))
            elif known < 33 and late <= 20:
                self._minutes = max(self._least, 360 if self._minutes > 360 else self._minutes - 60)
        self._succeeded = polled.at
        self._new = polled.at if polled.new else self._new
        return polled.at + self._minutes * MINUTE


POLICIES: dict[str, Callable[[Publisher], Policy]] = {
    "adaptive": Adaptive,
    "every_15m": lambda publisher: Fixed(15 * MINUTE),
    "every_1h": lambda publisher: Fixed(HOUR),
    "every_6h": lambda publisher: Fixed(6 * HOUR),
    "media_cloud": MediaCloud,
}


@dataclass(slots=True)
class Result:
    """What a policy found: ``items`` there were, each ``delay`` in microseconds is of one that was found."""

    items: int = 0
    requests: int = 0
    delays: list[int] = field(default_factory=list)

    def add(self, other: Result) -> None:
        """Take in another one."""
        self.items += other.items
        self.requests += other.requests
        self.delays += other.delays

    def figures(self) -> dict[str, float]:
        """Share found, requests, and the delays in seconds."""
        ordered = sorted(self.delays)
        at = [ordered[int(len(ordered) * share)] / SECOND if ordered else 0.0 for share in (0.5, 0.95)]
        found = len(ordered) / self.items if self.items else 1.0
        return {
            "found": round(found, 6),
            "requests": self.requests,
            "median_delay_s": round(at[0], 1),
            "p95_delay_s": round(at[1], 1),
        }


def follow(publisher: Publisher, policy: Policy, world: World) -> Result:
    """Poll one publisher to the end of the world."""
    end, counted = START + world.days * DAY, START + (world.days - 1) * DAY
    shown, published, window = publisher.shown, publisher.published, publisher.window
    first, last = bisect_left(published, START), bisect_left(published, counted)
    never = publisher.never_shown()
    result = Result(items=last - first - (bisect_left(never, last) - bisect_left(never, first)))
    delays = result.delays
    known = 0  # items from the beginning of the feed to here have come and were seen, or never will
    seen_ids: set[int] = set()  # with edits, where the order of a feed is not that of publication
    answered = -1  # items in the last whole answer
    at = START + jitter(publisher.key, 0, 15 * MINUTE)
    while at < end:
        if world.asleep and (night := (at - START) % DAY) < NIGHT:
            at += NIGHT - night
        result.requests += 1
        if publisher.fails(at):
            at = policy.after(Polled(at, Outcome.FAILED, problem="it answers 503"))
            continue
        count = bisect_right(shown, at)
        if answered >= 0 and policy.conditional(at) and (publisher.untrue or _same(publisher, answered, count, at)):
            at = policy.after(Polled(at, Outcome.UNCHANGED))
            continue
        answered = count
        new: Sequence[int]
        if publisher.order is None:
            new = range(max(known, count - window), count)
            seen = min(window, count)
        else:
            there = publisher.top(at)
            new = sorted(there - seen_ids)
            seen_ids |= there
            seen = len(there)
        known = count
        for place, item in enumerate(reversed(new), 1):
            if first <= item < last:
                delays.append(at + place * FETCH - published[item])
        dates = publisher.dates
        said = [dates[item] for item in new] if dates is not None and policy.dated else ()
        at = policy.after(Polled(at, Outcome.WHOLE, seen, len(new), said))
    return result


def _same(publisher: Publisher, before: int, count: int, at: int) -> bool:
    """Whether a feed is what it was; where edits reorder it, it counts as changed always."""
    return publisher.order is None and before == count


def simulate(world: World, seeds: Sequence[int], names: Sequence[str]) -> dict[str, Result]:
    """The results of policies in a world, over all seeds together."""
    results = {name: Result() for name in names}
    for seed in seeds:
        for publisher in publishers(world, seed):
            for name in names:
                results[name].add(follow(publisher, POLICIES[name](publisher), world))
    return results


def main() -> None:
    """Simulate, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--sites", type=int, default=NEWS.sites)
    parser.add_argument("--days", type=int, default=NEWS.days)
    parser.add_argument("--worlds", action="store_true", help="compare in other worlds")
    parser.add_argument("--each", action="store_true", help="each seed by itself, too")
    parser.add_argument("--plot", type=Path, help="an SVG file to write")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    begun = time.process_time()
    sized = {"sites": given.sites, "days": given.days}
    if given.worlds:
        _compare({name: replace(world, **sized) for name, world in {"news": NEWS, **OTHERS}.items()}, given)
        return
    world = replace(NEWS, **sized)
    results = {name: Result() for name in POLICIES}
    for seed in given.seeds:
        of_seed = simulate(world, [seed], list(POLICIES))
        if given.each and not given.json:
            print(f"seed {seed}: {of_seed['adaptive'].items:,} items")
            _table({name: result.figures() for name, result in of_seed.items()})
            print(flush=True)
        for name, result in of_seed.items():
            results[name].add(result)
    figures = {name: result.figures() for name, result in results.items()}
    if given.json:
        print(json.dumps(figures, indent=1))
    else:
        items = results["adaptive"].items
        print(f"{items:,} items of {world.sites} sites in {world.days} days, seeds {given.seeds}")
        _table(figures)
        print()
        print(bars({name: shares(result.delays, result.items) for name, result in results.items()}))
        print(f"\nCPU {time.process_time() - begun:.0f} s")
    if given.plot:
        curves = {name: curve(result.delays, result.items) for name, result in results.items()}
        given.plot.write_text(svg(curves), encoding="utf-8")


def _table(figures: dict[str, dict[str, float]]) -> None:
    most = figures["every_15m"]["requests"]
    print(f"{'':14}{'found':>10}{'median':>10}{'p95':>10}{'requests':>12}{'of 15 min':>11}")
    for name, one in figures.items():
        print(
            f"{name:14}{one['found']:>10.3%}{_shown(one['median_delay_s']):>10}{_shown(one['p95_delay_s']):>10}"
            f"{one['requests']:>12,}{one['requests'] / most:>11.3f}"
        )


def _shown(seconds: float) -> str:
    if seconds < 5400:
        return f"{seconds / 60:.1f} min"
    return f"{seconds / 3600:.1f} h"


def _compare(worlds: dict[str, World], given: argparse.Namespace) -> None:
    said = {}
    for name, world in worlds.items():
        results = simulate(world, given.seeds, ["adaptive", "every_15m"])
        said[name] = {policy: result.figures() for policy, result in results.items()}
        if not given.json:
            print(f"\n{name}: {results['adaptive'].items:,} items")
            _table(said[name])
    if given.json:
        print(json.dumps(said, indent=1))


if __name__ == "__main__":
    main()
