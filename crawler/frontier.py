"""The frontier: which article URLs of a site are due, and what became of the others. Kept in ``state.sqlite``.

A URL that waits to be fetched may have a time before which it is not (after a failure); one that is done has a time at
which it is looked at again for edits (`crawler.scheduling.revisits`), or none.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from itertools import islice

from archive.article import Verdict
from archive.capture import Capture
from archive.event import StoredAttempt
from archive.exchange import Role
from archive.url import normalise
from crawler import further, pairs
from crawler.discovery.learned import Learned
from crawler.further import Due
from crawler.scheduling.articles import WAITING, Known, Phase, is_due
from crawler.scheduling.revisits import DEFAULT_STEPS
from crawler.settling import note_attempt, note_capture, settle, settle_both
from crawler.state import State

# SQLite takes 32,766 variables; smaller questions keep the transaction of another process waiting less.
_CHUNK = 500
_PAGES = frozenset({Role.ARTICLE, Role.FURTHER})
# A few weeks of a paper: enough to learn from, and forgotten when a site makes its addresses otherwise. 10 ms of work.
TEACHERS = 500


@dataclass(frozen=True, slots=True)
class Found:
    """An article's URL as a source announced it.

    ``announced`` is the source's date for it, verbatim; ``updated`` that of its last change, and ``rank`` its place in
    the order of a crawl, both in microseconds since 1970, UTC. ``via`` is the URL of the source, ``hops`` the way.
    """

    key: str
    url: str
    rank: int
    announced: str | None = None
    updated: int | None = None
    via: str | None = None
    source: str | None = None
    hops: str = ""


@dataclass(frozen=True, slots=True)
class Sifted:
    """What a source announced, by what it means: ``new`` ones are to be fetched, ``changed`` ones again.

    ``learned`` are known ones of which an update was announced for the first time; ``unknown`` are the keys of those
    new ones that nobody has announced before.
    """

    new: list[Found]
    changed: list[Found]
    learned: list[Found]
    unknown: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Judged:
    """What the cleaner made of a capture at a time: its verdict, and whether its text is a new one.

    ``alike`` is what it has in common with pages of the same headline (`crawler.absence.likeness`).
    """

    site: str
    key: str
    at: int
    verdict: Verdict
    new_text: bool
    alike: str = ""


class Frontier:
    """The article URLs of all sites, by site and key (`archive.url.normalise`).

    ``steps`` are the ages at which a site's articles are looked at again, in microseconds; else the usual ones.
    """

    def __init__(self, state: State, steps: Mapping[str, Sequence[int]] | None = None) -> None:
        self._state = state
        self.steps = dict(steps or {})

    def sift(self, site: str, found: Sequence[Found], now: int) -> Sifted:
        """Which of these are to be fetched; what is said of a twin is said of the article. Nothing is written."""
        new: list[Found] = []
        changed: list[Found] = []
        learned: list[Found] = []
        unknown: set[str] = set()
        for announced in _parts(found):
            twins = pairs.standing(self._state.read, site, [one.key for one in announced])
            part = [_instead(one, twins) for one in announced]
            rows = self._known(site, [one.key for one in part])
            for one in part:
                known = rows.get(one.key)
                if known is None or known.phase is Phase.BACKFILL:  # which no source has announced
                    unknown.add(one.key)
                if is_due(known, one.updated, now):
                    (changed if known is not None and known.phase is Phase.DONE else new).append(one)
                elif known is not None and known.updated is None and one.updated is not None:
                    learned.append(one)
        return Sifted(new, changed, learned, frozenset(unknown))

    def learn(self, site: str, found: Sequence[Found]) -> None:
        """Remember the updates that were announced for URLs that need no fetch: later ones are compared with them."""
        if found:
            with self._state.write() as db:
                db.executemany(
                    "UPDATE urls SET updated = ? WHERE site = ? AND key = ? AND updated IS NULL",
                    [(one.updated, site, one.key) for one in found],
                )

    def plan(self, site: str, found: Iterable[Found], now: int) -> None:
        """Make these due; ``now`` is in microseconds since 1970, UTC."""
        with self._state.write() as db:
            db.executemany(
                "INSERT INTO urls (site, key, url, state, rank, announced, updated, via, source, hops)"
                " VALUES (?, ?, ?, 'due', ?, ?, ?, ?, ?, ?)"
                " ON CONFLICT (site, key) DO UPDATE SET"
                " tries = CASE WHEN state = 'due' THEN tries ELSE 0 END,"
                " next = CASE WHEN state = 'due' THEN next END,"
                " state = 'due', lane = NULL, url = excluded.url, rank = max(rank, excluded.rank),"
                " announced = coalesce(excluded.announced, announced),"
                " updated = max(coalesce(excluded.updated, updated), coalesce(updated, excluded.updated)),"
                # A further page of a story stays one, whoever links to it.
                " via = iif(source = 'further', via, excluded.via),"
                " hops = iif(source = 'further', hops, excluded.hops),"
                " source = iif(source = 'further', source, excluded.source)",
                [
                    (site, one.key, one.url, one.rank, one.announced, one.updated, one.via, one.source, one.hops)
                    for one in found
                ],
            )
            # Noted by a clock that was ahead: no fetch could settle it before that time.
            # ``at > 0`` is that of an index, in which those are not that were never tried.
            db.execute(
                "UPDATE urls SET at = ? WHERE site = ? AND state = 'due' AND at > 0 AND at > ?", (now, site, now)
            )

    def due(self, site: str, limit: int, now: int | None = None, after: Found | None = None) -> list[Found]:
        """What is due for a site, the newest first, leftovers of earlier crawls among it.

        With a time, without what failed and is not to be tried again before; ``after`` is the last of the part of it
        that was read before.
        """
        found: list[Found] = []
        # In two steps, that of the same rank first: each begins in the index where the last one ended.
        for bound in ("",) if after is None else (" AND rank = ? AND key > ?", " AND rank < ?"):
            place = () if after is None else (after.rank, after.key)[: bound.count("?")]
            rows = self._state.read(
                "SELECT key, url, rank, announced, updated, via, source, hops FROM urls"  # noqa: S608 - bounds
                f" WHERE site = ? AND state = 'due'{bound} AND (? IS NULL OR coalesce(next, 0) <= ?)"
                " ORDER BY rank DESC, key LIMIT ?",
                (site, *place, now, now, limit - len(found)),
            )
            found += (Found(*row) for row in rows)
        return found

    def looks(self, site: str, limit: int, now: int) -> list[Found]:
        """What was captured and is to be looked at again: the newest first, watched ones before all."""
        rows = self._state.read(
            "SELECT key, url, rank, announced, updated, via, source, hops FROM urls"
            " WHERE site = ? AND next <= ? AND state != 'due' ORDER BY watch IS NULL, rank DESC, key LIMIT ?",
            (site, now, limit),
        )
        return [Found(*row) for row in rows]

    def next(self, site: str) -> int | None:
        """The first time at which a URL of a site is to be fetched, which may have gone by; None where none is."""
        rows = self._state.read(
            "SELECT next FROM urls WHERE site = ? AND (next IS NOT NULL OR state = 'due') ORDER BY next LIMIT 1",
            (site,),
        )
        return (rows[0][0] or 0) if rows else None

    def times(self, site: str, url: str) -> tuple[int | None, int | None]:
        """When a URL was fetched last, and when it is to be next; None where that is not known."""
        rows = self._state.read("SELECT at, next FROM urls WHERE site = ? AND key = ?", (site, normalise(url)))
        return (rows[0][0] or None, rows[0][1]) if rows else (None, None)

    def unwatched(self, site: str, followed: Mapping[str, str]) -> list[str]:
        """Which of these URLs are not followed yet, or at other times."""
        if not followed:
            return []
        known = self._watched(site)
        return [url for url, every in followed.items() if known.get(normalise(url)) != every]

    def _watched(self, site: str) -> dict[str, str]:
        # Of its own accord SQLite reads all URLs of the site.
        query = "SELECT key, watch FROM urls INDEXED BY urls_watched WHERE site = ? AND watch IS NOT NULL"
        return dict(self._state.read(query, (site,)))

    def watch(self, site: str, followed: Mapping[str, str], now: int) -> None:
        """These URLs are followed for good, each at its own times (`crawler.scheduling.parse_pattern`); no others."""
        wanted = {normalise(url): (url, every) for url, every in followed.items()}
        known = self._watched(site)
        if known == {key: every for key, (_, every) in wanted.items()}:
            return
        steps = self.steps.get(site, DEFAULT_STEPS)
        with self._state.write() as db:
            for key in known.keys() - wanted.keys():
                db.execute("UPDATE urls SET watch = NULL WHERE site = ? AND key = ?", (site, key))
                settle(db, site, key, steps)
            for key, (url, every) in wanted.items():
                db.execute(
                    "INSERT INTO urls (site, key, url, state, rank, source, watch)"
                    " VALUES (?, ?, ?, 'due', ?, 'watch', ?)"
                    " ON CONFLICT (site, key) DO UPDATE SET watch = excluded.watch,"
                    " state = CASE WHEN state = 'backfill' THEN 'due' ELSE state END",
                    (site, key, url, now, every),
                )
                settle(db, site, key, steps)

    def judge(self, judged: Iterable[Judged]) -> None:
        """What the cleaner found out: what is no article is not looked at again, what was edited sooner."""
        with self._state.write() as db:
            for one in judged:
                row = db.execute(
                    "SELECT captured, at, verdict FROM urls WHERE site = ? AND key = ? AND state = 'done'",
                    (one.site, one.key),
                ).fetchone()
                if row is None or row[1] != one.at or row[2] == Verdict.SOFT_404:
                    continue  # an older capture than the last one; or another page of the site has shown what it is
                db.execute(
                    "UPDATE urls SET verdict = ?, alike = nullif(?, '') WHERE site = ? AND key = ?",
                    (str(one.verdict), one.alike, one.site, one.key),
                )
                steps = self.steps.get(one.site, DEFAULT_STEPS)
                if (one.verdict in pairs.TEXTS) != (row[2] is None or row[2] in pairs.TEXTS):
                    settle_both(db, one.site, one.key, steps)
                if one.verdict not in pairs.TEXTS:
                    continue
                if one.new_text and row[0] is not None and row[0] < one.at:
                    db.execute("UPDATE urls SET edited = ? WHERE site = ? AND key = ?", (one.at, one.site, one.key))
                    settle(db, one.site, one.key, steps)

    def learned(self, site: str) -> Learned:
        """How the addresses of a site's articles are made, by the ``TEACHERS`` that were captured last and judged."""
        rows = self._state.read(
            "SELECT url, verdict FROM urls INDEXED BY urls_judged WHERE site = ? AND verdict IS NOT NULL"
            " ORDER BY captured DESC LIMIT ?",
            (site, TEACHERS),
        )
        return Learned.of((url, verdict in pairs.TEXTS) for url, verdict in rows)

    def settle(self, site: str, keys: Iterable[str]) -> None:
        """Work out anew when these are next."""
        with self._state.write() as db:
            for key in keys:
                settle(db, site, key, self.steps.get(site, DEFAULT_STEPS))

    def count(self, site: str) -> dict[Phase, int]:
        """How many URLs of a site are in each phase."""
        rows = self._state.read("SELECT state, number FROM phases WHERE site = ? AND number > 0", (site,))
        return {Phase(state): number for state, number in rows}

    def is_done(self, site: str, key: str) -> bool:
        """Whether a URL needs no fetch: captured, gone or not to be fetched at all."""
        known = self._known(site, [key]).get(key)
        return known is not None and known.phase not in WAITING

    def note(
        self, captures: Iterable[Capture], attempts: Iterable[StoredAttempt] = (), pages: Sequence[Due] = ()
    ) -> None:
        """What the archive committed, in its order: only now is a URL done, and only for this reason.

        Where an article's address redirects, the target is due until it was fetched, too: a crawl may end between the
        two. Noting the same once more changes nothing but the number of failures. ``pages`` are further pages of
        stories that are due by it.
        """
        latest = 0
        with self._state.write() as db:
            for capture in captures:
                latest = max(latest, capture.at)
                if capture.role in _PAGES and capture.site and capture.status is not None:
                    steps = self.steps.get(capture.site, DEFAULT_STEPS)
                    note_capture(db, capture, capture.site, capture.status, steps)
            for stored in attempts:
                if stored.attempt.origin.role in _PAGES and stored.attempt.origin.site:
                    note_attempt(db, stored, stored.attempt.origin.site)
            further.put(db, pages)
            db.execute(
                "INSERT INTO meta VALUES ('noted', ?) ON CONFLICT (name) DO UPDATE"
                " SET value = max(CAST(value AS INTEGER), excluded.value)",
                (latest,),
            )

    def unnoted(self, captures: Sequence[Capture]) -> list[Capture]:
        """Those captures of articles and their pages that are later than what was noted of their addresses."""
        found: list[Capture] = []
        for start in range(0, len(captures), _CHUNK):
            part = captures[start : start + _CHUNK]
            for site in {one.site for one in part if one.site is not None}:
                known = self._known(site, [one.key for one in part if one.site == site])
                found += (
                    one for one in part if one.site == site and (one.key not in known or known[one.key].at < one.at)
                )
        return found

    def further(self, site: str, now: int | None = None) -> list[Found]:
        """Further pages of stories that are due, those of the newest first, some hundred; with a time, as `due`."""
        rows = self._state.read(
            "SELECT key, url, rank, announced, updated, via, source, hops FROM urls INDEXED BY urls_further"
            " WHERE site = ? AND state = 'due' AND source = 'further' AND (? IS NULL OR coalesce(next, 0) <= ?)"
            " ORDER BY rank DESC, key LIMIT ?",
            (site, now, now, _CHUNK),
        )
        return [Found(*row) for row in rows]

    @property
    def noted(self) -> int:
        """The time of the latest capture that was noted, in microseconds since 1970, UTC."""
        rows = self._state.read("SELECT value FROM meta WHERE name = 'noted'")
        return int(rows[0][0]) if rows else 0

    def seed(self, captures: Iterable[Capture], also: Callable[[Sequence[Capture]], None] = lambda _: None) -> int:
        """Fill a new frontier from the archive's captures, in their order; gives how many there were.

        ``also`` hears of each part once the frontier knows it. Attempts are left out: what they failed at is announced
        again, or is no loss.
        """
        seen = 0
        stream = iter(captures)
        while part := list(islice(stream, _CHUNK)):
            self.note(part)
            also(part)
            seen += len(part)
        with self._state.write() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('seeded', ?)", (str(seen),))
        return seen

    def _known(self, site: str, keys: Sequence[str]) -> dict[str, Known]:
        marks = ",".join("?" * len(keys))
        rows = self._state.read(
            f"SELECT key, state, updated, at, tries FROM urls WHERE site = ? AND key IN ({marks})",  # noqa: S608 - marks
            (site, *keys),
        )
        return {key: Known(Phase(state), updated, at, tries) for key, state, updated, at, tries in rows}


def _instead(one: Found, twins: Mapping[str, tuple[str, str]]) -> Found:
    """The article, where a twin of it was announced: it is that one which led there."""
    if one.key not in twins:
        return one
    key, url = twins[one.key]
    return replace(one, key=key, url=url, via=one.url, source="canonical", hops=f"{one.hops}L")


def _parts(found: Sequence[Found]) -> Iterator[Sequence[Found]]:
    for start in range(0, len(found), _CHUNK):
        yield found[start : start + _CHUNK]
