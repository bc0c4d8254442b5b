"""What the archive committed, as the rows of pages and requisites: only that settles one."""

from __future__ import annotations

import sqlite3
from typing import Final

from archive.capture import Capture
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Truncation
from archive.url import host as host_of
from archive.url import normalise
from crawler.discovery.announcement import parse_date
from crawler.discovery.stylesheets import Kind
from crawler.requisites.known import FRESH, MAX_DEPTH, MAX_TRIES, READ, UNWANTED
from crawler.scheduling.articles import GONE, RETRIED_STATUS, Phase, counts, next_try
from crawler.scheduling.durations import DAY, HOUR
from crawler.settling import target_of
from crawler.walk import MAX_REDIRECTS, REDIRECTS

_PAGES = frozenset({None, "text/html", "application/xhtml+xml"})
# A requisite becomes due: site, key, URL, host, kind, page, via, hops, rank, place, and when that was found.
DUE: Final = (
    "INSERT INTO requisites (site, key, url, host, kind, page, via, hops, rank, place, found, state)"
    " VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, 'due') ON CONFLICT (site, key) DO UPDATE SET url = excluded.url,"
    " host = excluded.host, kind = excluded.kind, page = excluded.page, via = excluded.via, hops = excluded.hops,"
    " rank = excluded.rank, place = excluded.place, found = excluded.found, state = 'due', tries = 0, reason = '',"
    " at = 0, next = 0"
)


def note_page(db: sqlite3.Connection, capture: Capture) -> None:
    """A page came: it is to be read, unless it is the one that was read last."""
    if capture.status != 200 or capture.method != "GET" or capture.mime not in _PAGES:
        return
    # By its source's date where that can be true: what a backfill brings is not new.
    published = min(parse_date(capture.announced) or capture.at, capture.at)
    db.execute(
        "INSERT INTO pages (site, key, capture, hops, at, rank, payload, unread) VALUES (?, ?, ?, ?, ?, ?, ?, 1)"
        " ON CONFLICT (site, key) DO UPDATE SET capture = excluded.capture, hops = excluded.hops, at = excluded.at,"
        " unread = unread OR payload IS NOT excluded.payload, payload = excluded.payload WHERE excluded.at > at",
        (capture.site, capture.key, capture.id, capture.hops, capture.at, published, capture.payload_digest),
    )


def seed_requisite(db: sqlite3.Connection, capture: Capture) -> None:
    """A requisite came that nobody waited for, or before the state was lost: it need not be fetched again so soon."""
    phase, reason = _after_status(capture, MAX_TRIES)
    reads = capture.mime == "text/css" and capture.status == 200
    kind = Kind.STYLE if reads else Kind.IMAGE
    db.execute(
        "INSERT OR IGNORE INTO requisites (site, key, url, host, kind, page, via, hops, rank, place, state, reason,"
        " at, capture, unread) VALUES (?, ?, ?, ?, ?, '', ?, ?, ?, 0, ?, ?, ?, ?, ?)",
        (
            *(capture.site, capture.key, capture.url, host_of(capture.url), kind, capture.via or ""),
            *(capture.hops, capture.at, phase, reason, capture.at, capture.id, UNWANTED if reads else READ),
        ),
    )


def note_requisite(db: sqlite3.Connection, capture: Capture) -> None:
    """A requisite came. Where its address redirects, the target is due, too, until that came."""
    row = db.execute(
        "SELECT kind, page, hops, rank, place, tries FROM requisites WHERE site = ? AND key = ? AND at < ?",
        (capture.site, capture.key, capture.at),
    ).fetchone()
    if row is None:
        if "E" in capture.hops:  # else it is the answer of a page that was drawn by a browser
            seed_requisite(db, capture)  # noted before, or nobody waited for it
        return
    kind, page, hops, rank, place, tries = row
    phase, reason = _after_status(capture, tries + 1)
    target = target_of(capture) if capture.status in REDIRECTS else None
    onward = None
    if target is not None and not hops.endswith("R" * MAX_REDIRECTS):
        onward = (
            *(capture.site, normalise(target), target, host_of(target), kind, page, capture.url, f"{hops}R"),
            *(rank, place, capture.at),
        )
    reads = kind == Kind.STYLE and capture.status == 200 and hops.count("E") < MAX_DEPTH
    _put(db, str(capture.site), capture.key, phase, tries + 1, reason, capture.at)
    db.execute(
        "UPDATE requisites SET capture = ?, unread = ? WHERE site = ? AND key = ?",
        (capture.id, int(reads and capture.mime != "text/html"), capture.site, capture.key),
    )
    if onward is not None and onward[1] == capture.key:
        # The same address by another spelling, https for http: not fetched yet.
        db.execute(DUE, onward)
        db.execute("UPDATE requisites SET at = ? WHERE site = ? AND key = ?", (capture.at, capture.site, capture.key))
    elif onward is not None:
        db.execute(f"{DUE} WHERE state != 'due' AND at < ?", (*onward, capture.at - FRESH))
    size = capture.payload_length or 0
    db.execute("UPDATE pages SET bytes = bytes + ? WHERE site = ? AND key = ?", (size, capture.site, page))
    db.execute(
        "INSERT INTO requisite_days (site, day, number, bytes) VALUES (?, ?, 1, ?) ON CONFLICT (site, day)"
        " DO UPDATE SET number = number + 1, bytes = bytes + excluded.bytes",
        (capture.site, capture.at // DAY, size),
    )


def _after_status(capture: Capture, tries: int) -> tuple[Phase, str]:
    """The phase after an answer; ``tries`` counts the failures, this one included."""
    status = capture.status or 0
    if status in GONE:
        return Phase.GONE, f"it answers {status}"
    cut = capture.truncated in {Truncation.TIME, Truncation.DISCONNECT}
    if status < 400 and not cut:
        return Phase.DONE, ""
    again = (cut or status in RETRIED_STATUS) and tries < MAX_TRIES
    return Phase.DUE if again else Phase.FAILED, "its answer was cut" if cut else f"it answers {status}"


def note_attempt(db: sqlite3.Connection, stored: StoredAttempt) -> None:
    """A requisite could not be had; one that a limit left out was never due."""
    attempt, site = stored.attempt, stored.attempt.origin.site or ""
    row = db.execute(
        "SELECT tries FROM requisites WHERE site = ? AND key = ? AND at < ? AND state = 'due'",
        (site, stored.key, attempt.at),
    ).fetchone()
    if row is None:
        return
    reason, tries = attempt.reason, int(row[0]) + counts(attempt.reason)
    if reason in {NoAnswer.ROBOTS, NoAnswer.TAKEDOWN}:
        phase = Phase.DISALLOWED
    elif reason in {NoAnswer.SCOPE, NoAnswer.ADDRESS, NoAnswer.OTHER}:
        phase = Phase.REFUSED
    else:
        phase = Phase.DUE if tries < MAX_TRIES else Phase.FAILED
    _put(db, site, stored.key, phase, tries, f"{reason}: {attempt.detail}"[:300], attempt.at)
    if not counts(reason):  # its host rests, or there was no room
        db.execute("UPDATE requisites SET next = ? WHERE site = ? AND key = ?", (attempt.at + HOUR, site, stored.key))


def _put(db: sqlite3.Connection, site: str, key: str, phase: Phase, tries: int, reason: str, at: int) -> None:
    following = next_try(at, tries, key) if phase is Phase.DUE else 0
    db.execute(
        "UPDATE requisites SET state = ?, tries = ?, reason = ?, at = ?, next = ? WHERE site = ? AND key = ?",
        (phase, 0 if phase is Phase.DONE else tries, reason, at, following, site, key),
    )
