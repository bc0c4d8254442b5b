"""The backlog: what the backfill of a site has still to walk and to fetch. Kept in ``state.sqlite``.

Articles are rows of the frontier in a phase of their own (`Phase.BACKFILL`), which ordinary visits do not see;
*shelves* are the sitemaps and archive pages on which they are found. Both wait in lanes, one for each host.
"""

from __future__ import annotations

import sqlite3
from collections import Counter
from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any, TypeVar

from archive.url import host as host_of
from crawler.discovery.archives import Span
from crawler.frontier import Found
from crawler.scheduling.articles import MAX_TRIES, ROBOTS_PAUSE, Phase, next_try
from crawler.state import State

# Of one host, however much more it names: one that makes up addresses without end leaves room for the others. A paper
# of thirty years has 11,000 days, each with some pages, and publishes a hundred articles on each.
MAX_SHELVES = 100_000
MAX_URLS = 5_000_000
# Rows of one transaction: others that wait for the state meanwhile wait some ten milliseconds.
PART = 5_000
_FAR = 1 << 62  # after every time

T = TypeVar("T")


class ShelfKind(StrEnum):
    """What lists old articles."""

    SITEMAP = "sitemap"
    PAGE = "page"


@dataclass(frozen=True, slots=True)
class Shelf:
    """A listing of the archive: a sitemap, or an archive or section page.

    ``rank`` is its place in the order of the walk, the highest first: the time that it is of, in microseconds since
    1970, UTC. ``depth`` counts the listings that led to it. Of the next page of a list, ``oldest`` is the oldest date
    on the page before, ``shown`` a digest of what that page showed; ``gap`` counts the pages before that led no
    further back.
    """

    key: str
    url: str
    kind: ShelfKind
    rank: int
    depth: int = 0
    via: str | None = None
    hops: str = ""
    oldest: int | None = None
    shown: str = ""
    gap: int = 0
    tries: int = 0

    @property
    def lane(self) -> str:
        """The host that it waits for."""
        return host_of(self.url)


@dataclass(frozen=True, slots=True)
class Walked:
    """What a shelf led to: articles and further shelves.

    ``named`` counts the articles that it names in all, ``passed`` those that were passed over, by reason, and ``apart``
    the shelves.
    """

    found: Sequence[Found] = ()
    onward: Sequence[Shelf] = ()
    named: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)
    apart: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Backfilled:
    """How the backfill of a site stands; ``since``, ``until`` and ``begun`` in microseconds since 1970, UTC.

    ``found`` counts the addresses that its shelves named, ``known`` those of them that the frontier had already;
    ``passed`` were passed over, by reason; ``queued`` went into the queue, those that redirects led to among them. Of
    these ``captured`` are in the archive, ``redirected`` led elsewhere, ``settled`` are done with otherwise, by reason,
    ``taken`` were announced afresh and left to ordinary visits, and ``left`` wait. ``shelves`` were walked, ``unread``
    could not be, by reason, and ``unwalked`` wait.
    """

    site: str
    since: int
    until: int | None
    begun: int
    found: int = 0
    known: int = 0
    queued: int = 0
    captured: int = 0
    redirected: int = 0
    taken: int = 0
    left: int = 0
    shelves: int = 0
    unwalked: int = 0
    passed: Mapping[str, int] = field(default_factory=dict)
    settled: Mapping[str, int] = field(default_factory=dict)
    unread: Mapping[str, int] = field(default_factory=dict)

    @property
    def done(self) -> bool:
        """Whether nothing is left of it."""
        return not self.left and not self.unwalked and self.shelves > 0


class Backlog:
    """The backlogs of all sites."""

    def __init__(self, state: State) -> None:
        self._state = state

    def begin(self, site: str, since: int, until: int | None, now: int) -> bool:
        """Begin a backfill of what was published since a time, and before ``until``; go on, where that is under way.

        Gives whether it is begun anew: that of another time is given up. Killed meanwhile, it is begun by the next.
        """
        if self.span(site) == Span(since, _FAR if until is None else until):
            return False
        with self._state.write() as db:
            db.execute("DELETE FROM backfills WHERE site = ?", (site,))
        for table in ("urls", "shelves"):
            state = " AND state = 'backfill'" if table == "urls" else ""
            drop = (
                f"DELETE FROM {table} WHERE site = ? AND key IN"  # noqa: S608 - constants
                f" (SELECT key FROM {table} WHERE site = ?{state} LIMIT {PART})"
            )
            while True:
                with self._state.write() as db:
                    if not db.execute(drop, (site, site)).rowcount:
                        break
        with self._state.write() as db:
            db.execute("DELETE FROM lanes WHERE site = ?", (site,))
            db.execute("DELETE FROM backfilled WHERE site = ?", (site,))
            db.execute(
                "INSERT INTO backfills (site, since, until, begun) VALUES (?, ?, ?, ?)", (site, since, until, now)
            )
        return True

    def span(self, site: str) -> Span | None:
        """The time that the backfill of a site is about; None where none was begun."""
        rows = self._state.read("SELECT since, until FROM backfills WHERE site = ?", (site,))
        return Span(rows[0][0], _FAR if rows[0][1] is None else rows[0][1]) if rows else None

    def started(self, site: str) -> bool:
        """Whether the places to start from are known."""
        rows = self._state.read("SELECT started FROM backfills WHERE site = ?", (site,))
        return bool(rows) and bool(rows[0][0])

    def start(self, site: str, walked: Walked, now: int) -> None:
        """Note the places to start from, and what the first of them led to."""
        self._add(site, walked)
        with self._state.write() as db:
            self._count(db, site, walked)
            db.execute("UPDATE backfills SET started = ? WHERE site = ?", (now, site))

    def revive(self, site: str, now: int) -> None:
        """What was not allowed a week ago waits again: robots.txt may have changed its mind."""
        with self._state.write() as db:
            reasons = db.execute(
                "UPDATE urls INDEXED BY urls_shut SET state = 'backfill'"
                " WHERE site = ? AND state = 'disallowed' AND lane IS NOT NULL AND at < ? RETURNING reason",
                (site, now - ROBOTS_PAUSE),
            ).fetchall()
            for reason, number in Counter(str(row[0]).partition(":")[0] for row in reasons).items():
                _tally(db, site, Phase.DISALLOWED, reason, -number)

    def lanes(self, site: str) -> list[str]:
        """The hosts for which something waits."""
        found: set[str] = set()
        for table, state in (("urls", Phase.BACKFILL), ("shelves", "due")):
            # Each step is one look into an index, however much waits in a lane.
            rows = self._state.read(
                f"WITH RECURSIVE known (lane) AS (SELECT min(lane) FROM {table}"  # noqa: S608 - constants
                f" WHERE site = ? AND state = '{state}'"
                f" UNION ALL SELECT (SELECT min(lane) FROM {table} WHERE site = ? AND state = '{state}'"
                f" AND {table}.lane > known.lane) FROM known WHERE lane IS NOT NULL)"
                " SELECT lane FROM known WHERE lane IS NOT NULL",
                (site, site),
            )
            found.update(lane for (lane,) in rows)
        return sorted(found)

    def shelf(self, site: str, lane: str, now: int, skip: Collection[str] = ()) -> Shelf | None:
        """The next shelf to walk on a host, the newest first; those that failed come last, not before their time."""
        rows = self._state.read(
            "SELECT key, url, kind, rank, depth, via, hops, oldest, shown, gap, tries, at FROM shelves"
            " WHERE site = ? AND lane = ? AND state = 'due' ORDER BY tries, rank DESC LIMIT ?",
            (site, lane, len(skip) + 1),
        )
        for *row, tries, at in rows:
            if row[0] not in skip and (not tries or next_try(at, tries, row[0]) <= now):
                return _shelf(row, tries)
        return None

    def take(self, site: str, lane: str, number: int, now: int, skip: Collection[str] = ()) -> list[Found]:
        """The next articles to fetch from a host, the newest first; those that failed come last, not before their time.

        ``skip`` are keys that were asked for already, and are not settled yet.
        """
        found: list[Found] = []
        for failed in ("= 0", "> 0"):
            rows = self._state.read(
                "SELECT key, url, rank, announced, updated, via, source, hops, tries, at FROM urls"  # noqa: S608
                f" WHERE site = ? AND state = 'backfill' AND lane = ? AND tries {failed}"
                " ORDER BY tries, rank DESC LIMIT ?",
                (site, lane, number - len(found) + len(skip)),
            )
            for *row, tries, at in rows:
                if row[0] not in skip and len(found) < number and (not tries or next_try(at, tries, row[0]) <= now):
                    found.append(Found(*row))
            if len(found) == number:
                break
        return found

    def waiting(self, site: str, keys: Collection[str]) -> set[str]:
        """Which of these keys are not settled yet."""
        found: set[str] = set()
        for part in _parts(list(keys), 500):
            marks = ",".join("?" * len(part))
            rows = self._state.read(
                f"SELECT key FROM urls WHERE site = ? AND state = 'backfill' AND key IN ({marks})",  # noqa: S608
                (site, *part),
            )
            found.update(key for (key,) in rows)
        return found

    def took(self, site: str, shelf: Shelf, walked: Walked, now: int) -> None:
        """Note what a shelf led to; killed before the end of it, the shelf is walked once more, and nothing doubled."""
        self._add(site, walked)
        with self._state.write() as db:
            self._count(db, site, walked)
            self._settle(db, site, shelf, "walked", now, "")

    def failed(self, site: str, shelf: Shelf, why: str, now: int, *, final: bool, onward: Sequence[Shelf] = ()) -> None:
        """A shelf could not be read: it is tried again, unless that is ``final`` or happened too often."""
        self._add(site, Walked(onward=onward))
        with self._state.write() as db:
            over = final or shelf.tries + 1 >= MAX_TRIES
            self._settle(db, site, shelf, "failed" if over else "due", now, why)

    def left(self, site: str) -> int:
        """How many articles wait."""
        rows = self._state.read("SELECT number FROM phases WHERE site = ? AND state = ?", (site, Phase.BACKFILL))
        return int(rows[0][0]) if rows else 0

    def of(self, site: str) -> Backfilled | None:
        """How the backfill of a site stands; None where none was begun."""
        rows = self._state.read("SELECT since, until, begun FROM backfills WHERE site = ?", (site,))
        if not rows:
            return None
        since, until, begun = rows[0]
        counted: dict[str, Counter[str]] = {}
        for outcome, reason, number in self._state.read(
            "SELECT outcome, reason, number FROM backfilled WHERE site = ?", (site,)
        ):
            counted.setdefault(outcome, Counter())[reason] = number
        unwalked = self._state.read("SELECT count(*) FROM shelves WHERE site = ? AND state = 'due'", (site,))

        def all_of(outcome: str) -> int:
            return counted.get(outcome, Counter()).total()

        settled: Counter[str] = Counter()
        for phase in (Phase.GONE, Phase.DISALLOWED, Phase.REFUSED, Phase.FAILED):
            settled.update({reason or str(phase): number for reason, number in counted.get(phase, {}).items()})
        done = counted.get(Phase.DONE, Counter())
        return Backfilled(
            site,
            since,
            until,
            begun,
            found=all_of("found"),
            known=all_of("found") - all_of("passed") - counted.get("queued", Counter())[""],
            queued=all_of("queued"),
            captured=done[""],
            redirected=done.total() - done[""],
            taken=all_of(Phase.DUE),
            left=self.left(site),
            shelves=all_of("walked"),
            unwalked=unwalked[0][0],
            passed=counted.get("passed", Counter()),
            settled=+settled,
            unread={reason: number for reason, number in counted.get("unread", {}).items() if number},
        )

    def _add(self, site: str, walked: Walked) -> None:
        for part in _parts(walked.found, PART):
            with self._state.write() as db:
                room = _Room(db, site, "urls", MAX_URLS)
                for one in part:
                    room.put(
                        host_of(one.url),
                        "INSERT INTO urls (site, key, url, state, rank, announced, updated, via, source, hops, lane)"
                        " VALUES (?, ?, ?, 'backfill', ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        (site, one.key, one.url, one.rank, one.announced, one.updated, one.via, one.source, one.hops),
                    )
                room.close("passed")
        for shelves in _parts(walked.onward, PART):
            with self._state.write() as db:
                room = _Room(db, site, "shelves", MAX_SHELVES)
                for shelf in shelves:
                    room.put(
                        shelf.lane,
                        "INSERT INTO shelves (site, key, url, kind, rank, depth, via, hops, oldest, shown, gap, lane)"
                        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING",
                        (
                            *(site, shelf.key, shelf.url, shelf.kind, shelf.rank, shelf.depth, shelf.via),
                            *(shelf.hops, shelf.oldest, shelf.shown, shelf.gap),
                        ),
                    )
                room.close("unread")

    def _count(self, db: sqlite3.Connection, site: str, walked: Walked) -> None:
        if walked.named:
            _tally(db, site, "found", "", walked.named)
        for reason, number in walked.passed.items():
            _tally(db, site, "passed", reason, number)
        for reason, number in walked.apart.items():
            _tally(db, site, "unread", reason, number)

    def _settle(self, db: sqlite3.Connection, site: str, shelf: Shelf, state: str, now: int, why: str) -> None:
        changed = db.execute(
            "UPDATE shelves SET state = ?, at = ?, tries = ?, reason = ? WHERE site = ? AND key = ? AND state = 'due'",
            (state, now, shelf.tries + (state == "due"), why[:300], site, shelf.key),
        )
        if changed.rowcount and state != "due":
            _tally(db, site, "walked" if state == "walked" else "unread", why[:100], 1)


def _shelf(row: Sequence[Any], tries: int) -> Shelf:
    key, url, kind, rank, depth, via, hops, oldest, shown, gap = row
    return Shelf(key, url, ShelfKind(kind), rank, depth, via, hops, oldest, shown, gap, tries)


class _Room:
    """The room that a site's hosts have left, within one transaction."""

    def __init__(self, db: sqlite3.Connection, site: str, column: str, most: int) -> None:
        self._db, self._site, self._column, self._most = db, site, column, most
        self._taken: dict[str, int] = {}
        self._new: Counter[str] = Counter()
        self._over = 0

    def put(self, lane: str, insert: str, row: tuple[object, ...]) -> None:
        """Add a row to a lane, unless it is there, or the lane is full."""
        if lane not in self._taken:
            question = f"SELECT {self._column} FROM lanes WHERE site = ? AND lane = ?"  # noqa: S608 - a constant
            known = self._db.execute(question, (self._site, lane)).fetchone()
            self._taken[lane] = known[0] if known else 0
        if self._taken[lane] + self._new[lane] >= self._most:
            self._over += 1
        elif self._db.execute(insert, (*row, lane)).rowcount:
            self._new[lane] += 1

    def close(self, outcome: str) -> None:
        """Note how much is taken now, and what found no room."""
        for lane, number in self._new.items():
            self._db.execute(
                f"INSERT INTO lanes (site, lane, {self._column}) VALUES (?, ?, ?)"  # noqa: S608 - a constant
                f" ON CONFLICT (site, lane) DO UPDATE SET {self._column} = {self._column} + excluded.{self._column}",
                (self._site, lane, number),
            )
        if self._over:
            _tally(self._db, self._site, outcome, "more than one host may have", self._over)


def _tally(db: sqlite3.Connection, site: str, outcome: str, reason: str, number: int) -> None:
    db.execute(
        "INSERT INTO backfilled VALUES (?, ?, ?, ?)"
        " ON CONFLICT (site, outcome, reason) DO UPDATE SET number = number + excluded.number",
        (site, outcome, reason, number),
    )


def _parts(rows: Sequence[T], size: int) -> Iterator[Sequence[T]]:
    for start in range(0, len(rows), size):
        yield rows[start : start + size]
