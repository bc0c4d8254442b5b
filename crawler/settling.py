"""Settling: what a capture or an attempt makes of a URL's row in ``state.sqlite``, and when it is next by that."""

from __future__ import annotations

import sqlite3
from collections.abc import Sequence

from archive.capture import Capture
from archive.errors import DamagedRecord
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Role
from archive.url import host as host_of
from archive.url import normalise
from crawler import pairs
from crawler.discovery.announcement import parse_date
from crawler.robots import NOT_HAD
from crawler.scheduling.articles import MAX_TRIES, Phase, after_failure, after_status, counts, next_try
from crawler.scheduling.pattern import parse_pattern
from crawler.scheduling.revisits import Looks, next_look, next_watched
from crawler.urls import resolve
from crawler.walk import BACKFILL, MAX_REDIRECTS, REDIRECTS

_REDIRECTS = "it redirects"


def _failures(db: sqlite3.Connection, site: str, key: str, run: str | None) -> int:
    """The number of crawls in which a URL has failed, this run included: retries within a run count once."""
    row = db.execute("SELECT tries, run FROM urls WHERE site = ? AND key = ?", (site, key)).fetchone()
    if row is None:
        return 1
    tries, last = int(row[0]), row[1]
    return max(1, tries) if run is not None and last == run else tries + 1


def note_capture(db: sqlite3.Connection, capture: Capture, site: str, status: int, steps: Sequence[int]) -> None:
    """Note the capture of an article's address; ``steps`` are the ages at which its site's are looked at again."""
    tries = _failures(db, site, capture.key, capture.run)
    phase = after_status(status, capture.truncated, tries)
    target = target_of(capture) if status in REDIRECTS else None
    queued = _queued(db, site, capture.key)
    if target is not None and normalise(target) == capture.key:
        # The same page by another spelling (https for http, without utm_source): not fetched yet.
        phase = Phase.DUE if tries < MAX_TRIES else Phase.FAILED
    elif target is not None and capture.role is Role.ARTICLE and not capture.hops.endswith("R" * MAX_REDIRECTS):
        db.execute(
            "INSERT OR IGNORE INTO urls (site, key, url, state, rank, announced, via, source, hops, lane)"
            " VALUES (?, ?, ?, ?, ?, ?, ?, 'redirect', ?, ?)",
            (
                *(site, normalise(target), target, Phase.DUE if queued is None else Phase.BACKFILL),
                *(capture.at if queued is None else queued, capture.announced, capture.url, capture.hops + "R"),
                None if queued is None else host_of(target),
            ),
        )
    reason = f"it answers {status}" if status >= 400 else _REDIRECTS if target is not None else ""
    # A whole answer forgives earlier failures.
    tries = tries if phase in {Phase.DUE, Phase.FAILED} else 0
    row = (site, capture.key, capture.url, phase, tries, reason, capture.run, capture.at, capture.announced)
    # What redirects is no article: its target is looked at again. What an archive has without a date is old.
    old = capture.announced is None and (queued is not None or capture.source == BACKFILL)
    if capture.role is Role.FURTHER:
        _put(db, row, (), further=True)
    else:
        _put(db, row, steps if (status < 300 or status == 304) and not old else ())


def _queued(db: sqlite3.Connection, site: str, key: str) -> int | None:
    """The rank of a URL that the backfill of its site has found; None of all others."""
    row = db.execute("SELECT rank FROM urls WHERE site = ? AND key = ? AND state = 'backfill'", (site, key)).fetchone()
    return int(row[0]) if row else None


def target_of(capture: Capture) -> str | None:
    """Where a redirect leads; None where that cannot be read, or is no address."""
    try:
        location = capture.message().field("Location")
    except (DamagedRecord, OSError):  # also a file that is gone
        return None
    return resolve(capture.url, location.encode("latin-1").decode("utf-8", "replace")) if location else None


def note_attempt(db: sqlite3.Connection, stored: StoredAttempt, site: str) -> None:
    """Note an attempt at an article's address that got no answer."""
    attempt, run = stored.attempt, stored.attempt.origin.run
    tries = _failures(db, site, stored.key, run)
    if not counts(attempt.reason):
        tries -= 1
    phase = after_failure(attempt.reason, tries)
    if attempt.reason is NoAnswer.ROBOTS and attempt.detail.startswith(NOT_HAD):
        # It forbids everything as long as it cannot be had, and that is hardly for good: no failure of the page's.
        phase, tries = Phase.DUE, min(tries, MAX_TRIES - 1)
    reason = f"{attempt.reason}: {attempt.detail}"[:300]
    row = (site, stored.key, attempt.url, phase, tries, reason, run, attempt.at, attempt.origin.announced)
    _put(db, row, (), further=attempt.origin.role is Role.FURTHER)


_Row = tuple[str, str, str, Phase, int, str, str | None, int, str | None]


def _put(db: sqlite3.Connection, row: _Row, steps: Sequence[int], *, further: bool = False) -> None:
    # What a later exchange settled stays so: exchanges of one URL may be noted out of their order. And what was noted
    # before makes nothing done that has become due since.
    site, key, _, phase, _, reason, _, at, _ = row
    # What leads elsewhere is no article, and a further page of a story is none by itself.
    captured = at if phase is Phase.DONE and reason != _REDIRECTS and not further else None
    noted = db.execute(
        "INSERT INTO urls (site, key, url, state, tries, reason, run, at, announced, rank, captured)"
        " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
        " ON CONFLICT (site, key) DO UPDATE SET tries = excluded.tries,"
        # What failed stays in the queue that it is in.
        " state = CASE WHEN state = 'backfill' AND excluded.state = 'due' THEN state ELSE excluded.state END,"
        " reason = excluded.reason, run = excluded.run, at = excluded.at,"
        " announced = coalesce(announced, excluded.announced), captured = coalesce(captured, excluded.captured),"
        " verdict = NULL"
        " WHERE excluded.at > at",
        (*row, at, captured),
    )
    if noted.rowcount and further:
        db.execute("UPDATE urls SET source = 'further' WHERE site = ? AND key = ? AND source IS NULL", (site, key))
    if noted.rowcount:
        settle(db, site, key, steps)


def settle(db: sqlite3.Connection, site: str, key: str, steps: Sequence[int]) -> None:
    """Note when a URL is next, by what is known of it."""
    state, at, tries, announced, captured, edited, watch, verdict = db.execute(
        "SELECT state, at, tries, announced, captured, edited, watch, verdict FROM urls WHERE site = ? AND key = ?",
        (site, key),
    ).fetchone()
    phase = Phase(state)
    following: int | None = None
    if phase is Phase.DUE:
        following = next_try(at, tries, key) if tries else None
    elif phase is Phase.DONE and captured is not None and (verdict is None or verdict in pairs.TEXTS):
        twins = pairs.standing(pairs.reader(db), site, [key])
        following = None if key in twins else next_look(Looks(captured, at, parse_date(announced), edited), key, steps)
    if watch is not None and at and phase not in {Phase.DUE, Phase.REFUSED}:
        watched = next_watched(at, at, key, parse_pattern(watch))
        following = watched if following is None else min(watched, following)
    db.execute(
        "UPDATE urls SET next = ? WHERE site = ? AND key = ? AND next IS NOT ?", (following, site, key, following)
    )


def settle_both(db: sqlite3.Connection, site: str, key: str, steps: Sequence[int]) -> None:
    """The same for a URL and its twins: where it is no article, one of them is."""
    settle(db, site, key, steps)
    for twin in pairs.of_own(pairs.reader(db), site, key):
        settle(db, site, twin.key, steps)
