"""The memory of requisites: which pages are to be read, what they refer to, what of it is due. In ``state.sqlite``.

A page is noted when its capture is committed, for sites with ``keep = "page"``; what it refers to is read from the
archive, so a kill loses nothing: what was not read or not fetched waits for the next visit. A requisite is fetched once
for all pages of all sites, and again a week later at the earliest.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Collection, Iterable, Sequence
from typing import Any

from archive.capture import Capture
from archive.configuration import Requisites as Limits
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Role
from archive.url import host as host_of
from archive.url import normalise
from crawler.discovery.embeds import Embeds
from crawler.discovery.stylesheets import Kind
from crawler.requisites.known import (
    FRESH,
    LONGEST,
    PAGE_REMEMBERED,
    REMEMBERED,
    UNREAD,
    UNWANTED,
    Known,
    LeftOut,
    Requisite,
    Unread,
)
from crawler.requisites.noted import DUE, note_attempt, note_page, note_requisite
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY
from crawler.state import State

# Of a page's requisites so many are its own at most: the rest is for what its stylesheets refer to.
_OWN = 0.75
# Of a site at once, but for those of newer pages: seven hours of one host at five seconds a request. The archive of a
# site may have a million pages, which are read as fast as what they refer to is fetched.
ENOUGH = 5_000
_OLDEST = -(2**62)
_PART = 500  # variables of one statement


def when(state: State, site: str, now: int) -> int | None:
    """When a site has requisites to read or fetch, perhaps a time that has gone by; None where it has none."""
    sheets = state.read("SELECT 1 FROM requisites WHERE site = ? AND unread = 1 LIMIT 1", (site,))
    pages = "SELECT 1 FROM pages WHERE site = ? AND unread = 1 AND rank > ? LIMIT 1"
    if sheets or state.read(pages, (site, _read_above(state, site))):
        following = 0
    else:
        rows = state.read("SELECT next FROM requisites WHERE site = ? AND state = 'due' ORDER BY next LIMIT 1", (site,))
        if not rows:
            return None
        following = int(rows[0][0])
    day = now // DAY
    told = state.read("SELECT 1 FROM requisite_days WHERE site = ? AND day = ? AND told = 1", (site, day))
    return max(following, (day + 1) * DAY) if told else following


def _read_above(state: State, site: str) -> int:
    """The rank above which pages are read: that of the newest page of which something is due, if enough is."""
    due = "FROM requisites WHERE site = ? AND state = 'due' ORDER BY rank DESC LIMIT 1"
    if not state.read(f"SELECT 1 {due} OFFSET ?", (site, ENOUGH - 1)):
        return _OLDEST
    return int(state.read(f"SELECT rank {due}", (site,))[0][0])


def waiting(state: State, site: str) -> int:
    """How many requisites of a site wait to be fetched."""
    return int(state.read("SELECT count(*) FROM requisites WHERE site = ? AND state = 'due'", (site,))[0][0])


def lately(state: State, site: str, now: int) -> tuple[int, int]:
    """How many requisites came today and yesterday (UTC), and their bytes."""
    rows = state.read(
        "SELECT coalesce(sum(number), 0), coalesce(sum(bytes), 0) FROM requisite_days WHERE site = ? AND day >= ?",
        (site, now // DAY - 1),
    )
    return int(rows[0][0]), int(rows[0][1])


def of_page(state: State, site: str, key: str) -> dict[Phase, int]:
    """What became of the requisites that a page was the first to refer to."""
    rows = state.read("SELECT state, count(*) FROM requisites WHERE site = ? AND page = ? GROUP BY state", (site, key))
    return {Phase(phase): number for phase, number in rows}


def known(state: State, key: str) -> list[Known]:
    """What is remembered of a URL as a requisite, by site."""
    rows = state.read(
        "SELECT site, state, kind, page, via, tries, reason, at, next FROM requisites WHERE key = ? ORDER BY site",
        (key,),
    )
    return [Known(row[0], Phase(row[1]), *row[2:]) for row in rows]


class Requisites:
    """Those of all sites, by site and key of the URL."""

    def __init__(self, state: State, limits: Limits) -> None:
        self._state = state
        self.limits = limits

    def declare(self, kept: Iterable[str], others: Iterable[str], now: int) -> None:
        """From now on whole pages of these sites are kept, and no longer of others: what they still wait for is left.

        Pages that were captured before are not gone after.
        """
        known = dict(self._state.read("SELECT site, since FROM keeping"))
        begun = [one for one in kept if one not in known]
        ended = [one for one in others if one in known]
        if not begun and not ended:
            return
        with self._state.write() as db:
            db.executemany("INSERT OR IGNORE INTO keeping VALUES (?, ?)", [(one, now) for one in begun])
            for site in ended:
                db.execute("DELETE FROM keeping WHERE site = ?", (site,))
                db.execute("UPDATE pages SET unread = 0 WHERE site = ? AND unread = 1", (site,))
                db.execute("UPDATE requisites SET unread = 0 WHERE site = ? AND unread = 1", (site,))
                db.execute("DELETE FROM requisites WHERE site = ? AND state = 'due'", (site,))

    def note(self, captures: Iterable[Capture], attempts: Iterable[StoredAttempt] = ()) -> None:
        """What the archive committed, in its order. Noting the same once more changes nothing."""
        pages = [one for one in captures if one.role in {Role.ARTICLE, Role.FURTHER, Role.REQUISITE} and one.site]
        failed = [one for one in attempts if one.attempt.origin.role is Role.REQUISITE and one.attempt.origin.site]
        if not pages and not failed:
            return
        since = dict(self._state.read("SELECT site, since FROM keeping"))
        if not since:
            return
        with self._state.write() as db:
            for capture in pages:
                begun = since.get(capture.site or "")
                if begun is not None and capture.role is Role.REQUISITE:
                    note_requisite(db, capture)
                elif begun is not None and capture.at >= begun:
                    note_page(db, capture)
            for stored in failed:
                note_attempt(db, stored)

    def unread(self, site: str, most: int) -> list[Unread]:
        """What is to be read for references: stylesheets, then pages, the newest first.

        Where enough is due already, only pages that are newer than that: the archive of a site may have a million.
        """
        sheets = self._state.read(
            "SELECT key, capture, page, hops, rank, 0 FROM requisites WHERE site = ? AND unread = 1 LIMIT ?",
            (site, most),
        )
        pages = self._state.read(
            "SELECT key, capture, key, hops, rank, 1 FROM pages WHERE site = ? AND unread = 1 AND rank > ?"
            " ORDER BY rank DESC LIMIT ?",
            (site, _read_above(self._state, site), most - len(sheets)),
        )
        return [
            Unread(key, capture, page, hops, rank, bool(is_page))
            for key, capture, page, hops, rank, is_page in sheets + pages
        ]

    def learn(self, site: str, one: Unread, via: str, found: Embeds, now: int) -> LeftOut | None:
        """Make due what a page or stylesheet refers to and nobody has fetched lately; what a limit leaves out.

        ``via`` is its URL.
        """
        wanted = {normalise(embed.url): embed for embed in found.found}
        wanted.pop(one.key, None)
        known = self._settled(site, wanted, now)
        hops = one.hops + "E"
        with self._state.write() as db:
            number = self._begin(db, site, one)
            room = self.limits.per_page - number
            if one.is_page:
                room = min(room, max(1, round(self.limits.per_page * _OWN)))
            chosen = [(key, embed) for key, embed in wanted.items() if key not in known]
            left = chosen[max(0, room) :]
            chosen = chosen[: max(0, room)]
            db.executemany(
                DUE,
                [
                    (
                        *(site, key, embed.url, host_of(embed.url), embed.kind, one.page, via, hops),
                        *(one.rank, number + place, now),
                    )
                    for place, (key, embed) in enumerate(chosen)
                ],
            )
            db.executemany(
                "UPDATE requisites SET unread = ?, kind = ?, page = ?, hops = ?, rank = ? WHERE site = ? AND key = ?"
                " AND unread = ?",
                [
                    (UNREAD, Kind.STYLE, one.page, hops, one.rank, site, key, UNWANTED)
                    for key, embed in wanted.items()
                    if key in known and embed.kind is Kind.STYLE
                ],
            )
            db.execute("UPDATE pages SET number = number + ? WHERE site = ? AND key = ?", (len(chosen), site, one.page))
        if not left:
            return None
        why = f"{len(left) + found.more:,} requisites of the page are left out: [requisites] per_page allows "
        return LeftOut(len(left) + found.more, left[0][1].url, via, hops, f"{why}{self.limits.per_page:,}")

    def _begin(self, db: sqlite3.Connection, site: str, one: Unread) -> int:
        """Note that something is read; gives how many requisites its page has so far."""
        if one.is_page:
            db.execute(
                "UPDATE pages SET unread = 0, number = 0, bytes = 0 WHERE site = ? AND key = ? AND capture = ?",
                (site, one.key, one.capture),
            )
            return 0
        db.execute("UPDATE requisites SET unread = 0 WHERE site = ? AND key = ?", (site, one.key))
        row = db.execute("SELECT number FROM pages WHERE site = ? AND key = ?", (site, one.page)).fetchone()
        return int(row[0]) if row else 0

    def _settled(self, site: str, keys: Collection[str], now: int) -> set[str]:
        """Which of these need nothing: they are due already, or were settled lately, for whichever site."""
        found: set[str] = set()
        listed = list(keys)
        for start in range(0, len(listed), _PART):
            part = listed[start : start + _PART]
            marks = ",".join("?" * len(part))
            rows = self._state.read(
                f"SELECT key FROM requisites WHERE key IN ({marks})"  # noqa: S608 - marks
                " AND ((site = ? AND (state = 'due' OR at > ?)) OR (state = 'done' AND at > ?))",
                (*part, site, now - FRESH, now - FRESH),
            )
            found.update(key for (key,) in rows)
        return found

    def due(self, site: str, now: int, most: int, skipped: Sequence[str] = ()) -> tuple[list[Requisite], list[LeftOut]]:
        """What is to be fetched now, for the newest page first, on other hosts than those skipped; what limits cut off.

        Nothing where the site has had its bytes of the day.
        """
        over = self._over(site, now)
        if over is not None:
            return [], over
        rows = self._first_due(site, now, most, skipped)
        while self._fetched_elsewhere(site, [row[0] for row in rows], now):
            rows = self._first_due(site, now, most, skipped)
        left: dict[str, LeftOut] = {}
        for _, url, _, via, hops, page, size in rows:
            if size >= self.limits.page_bytes and page not in left:
                left[page] = self._drop(site, page, LeftOut(0, url, via, hops, ""), now)
        return [Requisite(*row[:5]) for row in rows if row[5] not in left], list(left.values())

    def _first_due(self, site: str, now: int, most: int, skipped: Sequence[str]) -> list[tuple[Any, ...]]:
        marks = ",".join("?" * len(skipped))
        return self._state.read(
            "SELECT r.key, r.url, r.host, r.via, r.hops, r.page, coalesce(p.bytes, 0) FROM requisites r"  # noqa: S608
            " LEFT JOIN pages p ON p.site = r.site AND p.key = r.page WHERE r.site = ? AND r.state = 'due'"
            f" AND r.next <= ? AND r.host NOT IN ({marks}) ORDER BY r.rank DESC, r.place LIMIT ?",
            (site, now, *skipped, most),
        )

    def _fetched_elsewhere(self, site: str, keys: Sequence[str], now: int) -> list[str]:
        """Which of these another site has fetched meanwhile: they are dropped."""
        marks = ",".join("?" * len(keys))
        rows = self._state.read(
            f"SELECT DISTINCT key FROM requisites WHERE key IN ({marks}) AND state = 'done' AND at > ?",  # noqa: S608
            (*keys, now - FRESH),
        )
        found = [key for (key,) in rows]
        if found:
            with self._state.write() as db:
                db.executemany("DELETE FROM requisites WHERE site = ? AND key = ?", [(site, key) for key in found])
        return found

    def _drop(self, site: str, page: str, first: LeftOut, now: int) -> LeftOut:
        """Leave out the rest of a page's requisites."""
        why = f"[requisites] page_bytes allows {self.limits.page_bytes:,}"
        with self._state.write() as db:
            dropped = db.execute(
                "UPDATE requisites SET state = ?, reason = ?, at = ? WHERE site = ? AND page = ? AND state = 'due'",
                (Phase.REFUSED, f"{NoAnswer.BUDGET}: {why}", now, site, page),
            ).rowcount
        said = f"{dropped:,} requisites of the page are left out: {why}"
        return LeftOut(dropped, first.url, first.via, first.hops, said)

    def _over(self, site: str, now: int) -> list[LeftOut] | None:
        """What the limit of the day cuts off, said once a day; None where there is still room."""
        day = now // DAY
        rows = self._state.read("SELECT bytes, told FROM requisite_days WHERE site = ? AND day = ?", (site, day))
        if not rows or rows[0][0] < self.limits.day_bytes:
            return None
        first = self._state.read(
            "SELECT url, via, hops FROM requisites WHERE site = ? AND state = 'due' ORDER BY rank DESC, place LIMIT 1",
            (site,),
        )
        if rows[0][1] or not first:
            return []
        with self._state.write() as db:
            db.execute("UPDATE requisite_days SET told = 1 WHERE site = ? AND day = ?", (site, day))
        number = waiting(self._state, site)
        why = f"[requisites] day_bytes allows {self.limits.day_bytes:,}"
        url, via, hops = first[0]
        return [LeftOut(number, url, via, hops, f"{number:,} requisites wait for the next day (UTC): {why}")]

    def postpone(self, site: str, host: str, until: int) -> None:
        """Leave a host alone that does not answer."""
        with self._state.write() as db:
            db.execute(
                "UPDATE requisites SET next = max(next, ?) WHERE site = ? AND state = 'due' AND host = ?",
                (until, site, host),
            )

    def settle(self, site: str, now: int) -> None:
        """Forget what is old, and give up what was never to be had."""
        day = now // DAY
        if self._state.read("SELECT 1 FROM requisite_days WHERE site = ? AND day = ?", (site, day)):
            return  # once a day
        with self._state.write() as db:
            db.execute("INSERT INTO requisite_days (site, day, number, bytes) VALUES (?, ?, 0, 0)", (site, day))
            # Noted by a clock that was ahead: no fetch could settle it before that time.
            db.execute("UPDATE requisites SET at = 0 WHERE site = ? AND state = 'due' AND at > ?", (site, now))
            db.execute("DELETE FROM requisite_days WHERE site = ? AND day < ?", (site, day - REMEMBERED // DAY))
            db.execute(
                "UPDATE requisites SET state = ?, at = ?, reason = 'it could not be had within a week'"
                " WHERE site = ? AND state = 'due' AND found < ?",
                (Phase.FAILED, now, site, now - LONGEST),
            )
            db.execute("DELETE FROM requisites WHERE site = ? AND state != 'due' AND at < ?", (site, now - REMEMBERED))
            db.execute("DELETE FROM pages WHERE site = ? AND unread = 0 AND at < ?", (site, now - PAGE_REMEMBERED))
