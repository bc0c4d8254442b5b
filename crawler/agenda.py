"""The agenda: which sources of a site are asked when, by what their polls showed. Kept in ``state.sqlite``."""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from hashlib import blake2b
from heapq import nlargest

from crawler.frontier import Frontier
from crawler.requisites.memory import when
from crawler.scheduling.durations import DAY, HOUR, MINUTE, WEEK
from crawler.scheduling.jitter import around
from crawler.scheduling.memory import SourceMemory, read_memory
from crawler.scheduling.pattern import Every, Pattern
from crawler.scheduling.polling import CLOCK_SLACK, Outcome, Polled, after_poll, may_ask_conditionally, next_poll
from crawler.sites import Keep, Site
from crawler.state import State

# Items of a source that are told apart from one poll to the next, the newest: feeds show 20 to 100, and of a sitemap
# of 50,000 the newest thousand are those of the last weeks.
MOST_SEEN = 1_000
_DIGEST = 8  # bytes
# A site without declared sources is searched for them again so often.
SEARCH = Every(WEEK)
# A spider of the user's own runs so often, unless the site says otherwise.
SPIDER = Every(DAY)
# A visit that failed as a whole is followed by a rest: nothing that is due there could be had.
FIRST_REST, LONGEST_REST = 5 * MINUTE, HOUR
# Between two visits of a site at the least, whatever is due there.
GAP = MINUTE


class Task(StrEnum):
    """What is polled that is no source: the search for sources, and a user's own spider."""

    SEARCH = "search"
    SPIDER = "spider"


@dataclass(frozen=True, slots=True)
class Root:
    """Something that is polled as a whole, an index with what it names: its kind, URL, and how it was found."""

    kind: str
    url: str
    found: str
    via: str | None = None
    hops: str = ""
    whole: bool = False  # whether to ask without conditions


@dataclass(frozen=True, slots=True)
class Item:
    """What a source announced: its key, its place in the order of the newest, its date, whether nobody knew it."""

    key: str
    rank: int
    date: int | None
    new: bool


@dataclass(frozen=True, slots=True)
class Poll:
    """How a poll of a root went; times in microseconds since 1970, UTC."""

    root: Root
    at: int
    outcome: Outcome
    items: Sequence[Item] = ()
    problem: str = ""
    not_before: int | None = None


@dataclass(frozen=True, slots=True)
class Remembered:
    """A root with what is remembered of it."""

    root: Root
    asked: int
    next: int
    every: str | None
    memory: SourceMemory


class Agenda:
    """The sources of all sites, by site and URL."""

    def __init__(self, state: State) -> None:
        self._state = state

    def sources(self, site: str) -> list[Remembered]:
        """What is remembered of a site's sources, in the order of their URLs."""
        rows = self._state.read(
            "SELECT kind, url, found, via, hops, asked, next, every, memory FROM sources WHERE site = ? ORDER BY url",
            (site,),
        )
        return [Remembered(Root(*row[:5]), row[5], row[6], row[7], _memory(row[8])) for row in rows]

    def due(self, site: Site, now: int) -> tuple[Root, ...] | None:
        """The sources of a site that are to be polled now, perhaps none; None where they are to be searched for."""
        known = {one.root.url: one for one in self.sources(site.host)}
        if not site.sources and site.discover:
            search = known.pop(Task.SEARCH, None)
            if search is None or _when(search, site, now) <= now:
                return None
            roots = [one.root for one in known.values()]
        else:
            roots = declared(site)
        due: list[Root] = []
        for root in roots:
            one = known.get(root.url)
            if one is None or _when(one, site, now) <= now:
                whole = one is None or not may_ask_conditionally(one.memory, now)
                due.append(Root(root.kind, root.url, root.found, root.via, root.hops, whole))
        return tuple(due)

    def when(self, site: Site, frontier: Frontier, now: int, *, requisites: bool = True) -> int | None:
        """When there is something to do for a site, perhaps a time that has gone by; None for never.

        What pages refer to can be left out of it.
        """
        known = {one.root.url: one for one in self.sources(site.host)}
        times = [_when(known[one], site, now) if one in known else 0 for one in _tasks(site, known)]
        if site.spider is None:  # else what its spider fetches is its own business
            if frontier.unwatched(site.host, {one.url: one.every for one in site.watch}):
                times.append(0)
            following = frontier.next(site.host)
            if following is not None:
                times.append(following)
            gathering = when(self._state, site.host, now) if requisites and site.keep is Keep.PAGE else None
            if gathering is not None:
                times.append(gathering)
        if not times:
            return None
        due = min(times)
        for last, rest in self._state.read("SELECT at, rest FROM visits WHERE site = ?", (site.host,)):
            if last <= now + CLOCK_SLACK:
                due = max(due, int(rest), int(last) + GAP)
        return due

    def is_visited(self, site: str) -> bool:
        """Whether a site was ever visited."""
        return bool(self._state.read("SELECT 1 FROM visits WHERE site = ?", (site,)))

    def note(self, site: Site, poll: Poll) -> None:
        """Remember how a poll went, and decide when the next one is."""
        with self._state.write() as db:
            row = db.execute(
                "SELECT memory, seen FROM sources WHERE site = ? AND url = ?", (site.host, poll.root.url)
            ).fetchone()
            before = _memory(row[0]) if row else SourceMemory()
            seen: bytes = row[1] if row else b""
            known = {seen[start : start + _DIGEST] for start in range(0, len(seen), _DIGEST)}
            newest = nlargest(MOST_SEEN, poll.items, key=lambda one: one.rank)
            new = [one for one in newest if one.new and _digest(one.key) not in known]
            dates = [one.date for one in new if one.date is not None]
            polled = Polled(poll.at, poll.outcome, len(newest), len(new), dates, poll.problem, poll.not_before)
            memory = after_poll(before, polled)
            if poll.outcome is Outcome.WHOLE:
                seen = b"".join(_digest(one.key) for one in newest)
            pattern = pattern_of(site, poll.root.url, memory)
            root = poll.root
            following = next_poll(memory, poll.at, f"{site.host} {root.url}", pattern)
            db.execute(
                "INSERT OR REPLACE INTO sources VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                (
                    *(site.host, root.url, root.kind, root.found, root.via, root.hops, poll.at, following),
                    *(None if pattern is None else str(pattern), memory.to_json(), seen),
                ),
            )

    def keep(self, site: str, urls: Iterable[str]) -> None:
        """Forget the sources of a site that are not among these."""
        kept = {*urls, *Task}
        gone = [(site, one.root.url) for one in self.sources(site) if one.root.url not in kept]
        if gone:
            with self._state.write() as db:
                db.executemany("DELETE FROM sources WHERE site = ? AND url = ?", gone)

    def visited(self, site: str, at: int, problem: str | None, rest: int | None = None) -> None:
        """A visit is over; one that came to nothing is followed by a rest, at least until ``rest``."""
        with self._state.write() as db:
            _note_visit(db, site, at, problem, rest)


def _note_visit(db: sqlite3.Connection, site: str, at: int, problem: str | None, rest: int | None) -> None:
    row = db.execute("SELECT failures FROM visits WHERE site = ?", (site,)).fetchone()
    failures = (int(row[0]) if row else 0) + 1 if problem is not None else 0
    until = at
    if failures:
        until = at + around(site, at, min(FIRST_REST << min(failures - 1, 16), LONGEST_REST))
        until = max(until, min(rest or 0, at + DAY))
    db.execute("INSERT OR REPLACE INTO visits VALUES (?, ?, ?, ?, ?)", (site, at, problem, failures, until))


def declared(site: Site) -> list[Root]:
    """The roots that a site declares."""
    return [Root(str(one.kind), one.url, "declared") for one in site.sources]


def pattern_of(site: Site, url: str, memory: SourceMemory) -> Pattern | None:
    """The fixed times at which something is polled; None for the adaptive schedule."""
    if url == Task.SPIDER:
        return site.pattern() or SPIDER
    if url == Task.SEARCH:  # a search that found nothing is worth another one soon
        return None if memory.failures else SEARCH
    return site.pattern(url)


def _tasks(site: Site, known: Iterable[str]) -> Iterable[str]:
    """What is polled of a site."""
    if site.spider is not None:
        return (Task.SPIDER,)
    if site.sources:
        return (one.url for one in site.sources)
    return (Task.SEARCH, *(url for url in known if url not in set(Task))) if site.discover else ()


def _when(one: Remembered, site: Site, now: int) -> int:
    """When a root is due; anew where somebody has changed its pattern, or the clock."""
    pattern = pattern_of(site, one.root.url, one.memory)
    if one.every == (None if pattern is None else str(pattern)) and one.asked <= now + CLOCK_SLACK:
        return one.next
    return next_poll(one.memory, now, f"{site.host} {one.root.url}", pattern)


def _memory(text: str) -> SourceMemory:
    try:
        return read_memory(text)
    except ValueError:  # damaged, or of a newer program: it costs the source some polls
        return SourceMemory()


def _digest(key: str) -> bytes:
    return blake2b(key.encode("utf-8", "surrogatepass"), digest_size=_DIGEST).digest()
