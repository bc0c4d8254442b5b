"""A queue of a million URLs of one site: what the calls of a crawl cost with it, beside a short one.

    python benchmarks/frontier.py [--urls 1000000] [--json]

For each call, CPU milliseconds with a queue of a thousand URLs and with the long one, the better of several rounds.
`visit` fetches 5,000 articles of the queue, in memory and in windows. The same for the backlog of a backfill: `began`
is from opening the state to the first thing to ask, `backfill` asks for 5,000 articles, `took` notes a sitemap of
50,000 that are known, `anew` gives the whole up. `peak` is what the process has grown by since the queue was there.
"""

from __future__ import annotations

import argparse
import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.exchange import Role  # noqa: E402
from crawler.agenda import Agenda  # noqa: E402
from crawler.backfill import Backfill  # noqa: E402
from crawler.backlog import Backlog, Shelf, ShelfKind, Walked  # noqa: E402
from crawler.frontier import Found, Frontier  # noqa: E402
from crawler.scheduling.articles import Phase  # noqa: E402
from crawler.sites import Site, Source, SourceKind  # noqa: E402
from crawler.state import State  # noqa: E402
from crawler.visit import Visit  # noqa: E402
from crawler.walk import Answer  # noqa: E402

NAME = "a.example"
NOW = 1_796_083_200_000_000
ROUNDS = 5
PART = 10_000
SITE = Site(
    host=NAME, max_articles=5000, delay=0.0, sources=(Source(kind=SourceKind.FEED, url="https://a.example/feed"),)
)
OLD = Site(host="old.example", delay=0.0)
MAP = b"<urlset></urlset>"
FEED = b"<rss version='2.0'><channel><title>F</title></channel></rss>"


def found(numbers: range) -> Iterator[Found]:
    """Articles of an archive, ten a day."""
    for number in numbers:
        url = f"https://a.example/archive/{number // 10:06}/a-story-of-some-words-{number}"
        yield Found(url, url, number, None, None, "https://a.example/sitemap.xml", "sitemap", "L")


def fill(frontier: Frontier, urls: int) -> None:
    """A queue of so many."""
    for start in range(0, urls, PART):
        frontier.plan(NAME, found(range(start, min(urls, start + PART))), NOW)


def visit(frontier: Frontier) -> None:
    """A visit that fetches what it may; nothing is committed, so that it stays due."""
    made = Visit(SITE, frontier, lambda _: None, lambda: NOW)
    waiting = made.begin()
    while waiting:
        ask = waiting.pop()
        body = FEED if ask.want.role is Role.FEED else b""
        waiting += made.answered_by(ask.number, Answer(ask.want.url, 200, body))
    if made.answered != SITE.max_articles and made.answered != frontier.count(NAME)[Phase.DUE]:
        raise AssertionError(f"{made.answered} articles were asked for")


def shelve(backlog: Backlog, urls: int) -> None:
    """A backlog of so many, on a thousand sitemaps of which none is walked."""
    backlog.begin(OLD.host, 0, None, NOW)
    maps = [
        Shelf(url, url, ShelfKind.SITEMAP, place)
        for place in range(1000)
        for url in (f"https://{OLD.host}/sitemap-{place}.xml",)
    ]
    backlog.start(OLD.host, Walked(onward=maps), NOW)
    for start in range(0, urls, PART):
        backlog.took(OLD.host, maps[0], Walked(list(old(range(start, min(urls, start + PART)))), named=PART), NOW)


def old(numbers: range) -> Iterator[Found]:
    """The same articles on another site."""
    for one in found(numbers):
        url = one.url.replace(NAME, OLD.host)
        yield replace(one, key=url, url=url, source="backfill")


def walk(state: State, most: int) -> None:
    """Ask for so many things of a backfill; nothing is committed."""
    made = Backfill(OLD, Frontier(state), Backlog(state), lambda _: None, lambda: NOW)
    waiting = made.begin()
    for _ in range(most):
        if not waiting:
            break
        ask = waiting.pop()
        waiting += made.answered_by(
            ask.number, Answer(ask.want.url, 200, MAP if ask.want.role is Role.SITEMAP else b"")
        )


def begin(path: Path) -> None:
    """What a process does before it asks."""
    with State(path) as state:
        walk(state, 0)


def cost(call: Callable[[], object], rounds: int = ROUNDS) -> float:
    """CPU milliseconds, the least of some rounds."""
    least = float("inf")
    for _ in range(rounds):
        began = time.process_time()
        call()
        least = min(least, time.process_time() - began)
    return round(1000 * least, 3)


def measured(path: Path, urls: int) -> dict[str, float]:
    """What the calls cost with a queue of so many."""
    with State(path) as state:
        fill(Frontier(state), urls)
    before = peak()
    with State(path) as state:
        frontier, agenda = Frontier(state), Agenda(state)
        calls: dict[str, Callable[[], object]] = {
            "open": lambda: State(path).close(),
            "when": lambda: agenda.when(SITE, frontier, NOW),
            "plan 100": lambda: frontier.plan(NAME, found(range(100)), NOW),
            "due 1000": lambda: frontier.due(NAME, 1000, NOW),
            "looks": lambda: frontier.looks(NAME, 100, NOW),
            "count": lambda: frontier.count(NAME),
            "visit": lambda: visit(frontier),
        }
        costs = {name: cost(call) for name, call in calls.items()}
    path = path.with_name(f"old {path.name}")
    with State(path) as state:
        backlog = Backlog(state)
        shelve(backlog, urls)
        known = Walked(list(old(range(min(urls, 50_000)))), named=min(urls, 50_000))
        calls = {
            "began": lambda: begin(path),
            "lanes": lambda: backlog.lanes(OLD.host),
            "take 200": lambda: backlog.take(OLD.host, OLD.host, 200, NOW),
            "took": lambda: backlog.took(OLD.host, Shelf("x", "x", ShelfKind.SITEMAP, 0), known, NOW),
            "stands": lambda: backlog.of(OLD.host),
            "backfill": lambda: walk(state, 5000),
        }
        costs |= {name: cost(call) for name, call in calls.items()}
        costs["anew"] = cost(lambda: backlog.begin(OLD.host, 1, None, NOW), rounds=1)
    return {**costs, "peak MB": round((peak() - before) / 2**20, 1)}


def peak() -> int:
    """The largest memory of this process so far, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=1_000_000)
    parser.add_argument("--json", action="store_true")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        short = measured(Path(folder) / "short.sqlite", 1000)
        long = measured(Path(folder) / "long.sqlite", options.urls)
    if options.json:
        print(json.dumps({"urls": options.urls, "short": short, "long": long}))
        return
    print(f"{'':12} {1000:>12,} {options.urls:>12,}")
    for name, value in short.items():
        print(f"{name:12} {value:12,.2f} {long[name]:12,.2f}")


if __name__ == "__main__":
    main()
