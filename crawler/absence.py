"""Absence: pages that a site shows with status 200 for what it has not got (`crawler.discovery.soft404`).

Nobody is asked without a reason. One is that several addresses of a site give texts under one headline; then the next
visit asks for an address that cannot exist, and what was captured is held against the answer. The answer is a capture
like any other, of role ``probe`` and source ``absent``, so that all of this can be worked out again from the archive.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence

from archive.article import Verdict
from archive.capture import Capture
from archive.digest import sha256
from archive.errors import DamagedRecord, NotFound, PayloadRefused
from archive.event import StoredAttempt
from archive.exchange import Role
from archive.store import Archive
from crawler.discovery.soft404 import MAX_PAGE, Impression, impossible, impression, is_soft_404
from crawler.frontier import Judged
from crawler.pairs import TEXTS, standing
from crawler.scheduling.durations import DAY
from crawler.scheduling.revisits import DEFAULT_STEPS
from crawler.settling import settle_both
from crawler.state import State
from crawler.walk import Want

SOURCE = "absent"
# A site is asked again after so long, should there be a reason again; one that says 404 as it should, more rarely.
PAUSE, HONEST = 7 * DAY, 30 * DAY
# Pages that are held against an answer at once, 5 ms each; those of one headline.
MOST, MOST_ALIKE = 2_000, 50

_ALIKE = (
    "SELECT key, url, verdict, at FROM urls INDEXED BY urls_alike WHERE site = ? AND alike = ?"
    " AND state = 'done' LIMIT ?"
)


def likeness(headline: str | None) -> str:
    """What pages of one headline have in common; those without one are alike, too."""
    return sha256((headline or "").strip().casefold().encode("utf-8", "replace")).rpartition(":")[2][:20]


class Absences:
    """What is known of how all sites say that they have not got a page, in ``state.sqlite``."""

    def __init__(self, state: State) -> None:
        self._state = state

    def wanted(self, site: str, now: int) -> Want | None:
        """The address to ask for that cannot exist, where there is a reason to, and it was not done lately."""
        rows = self._state.read("SELECT url, asked, status FROM absences WHERE site = ?", (site,))
        if not rows or rows[0][0] is None:
            return None
        url, asked, status = rows[0]
        if 0 <= now - asked < (HONEST if status is not None and status != 200 else PAUSE):
            return None
        return Want(impossible(url), Role.PROBE, SOURCE, url)

    def note(self, captures: Iterable[Capture], attempts: Iterable[StoredAttempt] = ()) -> None:
        """Take over what the archive committed; once more changes nothing."""
        rows: list[tuple[str, int, str | None, int | None]] = [
            (one.site, one.at, one.id, one.status)
            for one in captures
            if one.role is Role.PROBE and one.source == SOURCE and one.site
        ]
        rows += [
            (one.attempt.origin.site, one.attempt.at, None, None)
            for one in attempts
            if one.attempt.origin.role is Role.PROBE and one.attempt.origin.source == SOURCE and one.attempt.origin.site
        ]
        if rows:
            with self._state.write() as db:
                db.executemany(
                    "INSERT INTO absences (site, asked, capture, status) VALUES (?, ?, ?, ?)"
                    " ON CONFLICT (site) DO UPDATE SET url = NULL, asked = excluded.asked, capture = excluded.capture,"
                    " status = excluded.status WHERE excluded.asked > asked",
                    rows,
                )

    def judge(self, archive: Archive, judged: Sequence[Judged], steps: Mapping[str, Sequence[int]]) -> None:
        """What was judged just now: whether it is a page for what is not there, or reason enough to ask.

        Then the same of what was captured before, where an answer has come since. ``steps`` are those of the sites.
        """
        answers: dict[str, Impression | None] = {}
        for one in judged:
            if one.verdict not in TEXTS or len(rows := self._alike(one.site, one.alike)) < 2:
                continue
            if one.site not in answers:
                answers[one.site] = self._answer(archive, one.site)
            absent = answers[one.site]
            if absent is not None and absent.status == 200:
                # Of more than two, the others were compared when they came.
                keys = {(key, at) for key, _, _, at in rows} if len(rows) == 2 else {(one.key, one.at)}
                self._compare(archive, one.site, absent, keys, steps)
            self._ask(one.site, rows[-1][1])
        for (site,) in self._state.read("SELECT site FROM absences WHERE asked > compared"):
            absent = self._answer(archive, site)
            if absent is not None and absent.status == 200:
                self._compare(archive, site, absent, self._suspects(site), steps)
            with self._state.write() as db:
                db.execute("UPDATE absences SET compared = asked WHERE site = ?", (site,))

    def _alike(self, site: str, alike: str) -> list[tuple[str, str, str, int]]:
        """Pages of one headline, the latest last, without twins, which have that of their article."""
        rows = self._state.read(_ALIKE, (site, alike, MOST_ALIKE))
        rows = [row for row in rows if row[2] in TEXTS or row[2] == Verdict.SOFT_404]
        twins = standing(self._state.read, site, [row[0] for row in rows])
        return sorted((row for row in rows if row[0] not in twins), key=lambda row: row[3])

    def _suspects(self, site: str) -> list[tuple[str, int]]:
        rows = self._state.read(
            "SELECT alike FROM urls INDEXED BY urls_alike WHERE site = ? AND alike IS NOT NULL"
            " GROUP BY alike HAVING count(*) > 1 LIMIT ?",
            (site, MOST),
        )
        found = [row for (alike,) in rows for row in self._alike(site, alike)]
        return [(key, at) for key, _, verdict, at in found if verdict in TEXTS][:MOST]

    def _ask(self, site: str, url: str) -> None:
        """There is a reason to ask for what cannot exist beside this address."""
        with self._state.write() as db:
            db.execute(
                "INSERT INTO absences (site, url) VALUES (?, ?)"
                " ON CONFLICT (site) DO UPDATE SET url = excluded.url WHERE url IS NULL",
                (site, url),
            )

    def _answer(self, archive: Archive, site: str) -> Impression | None:
        """The impression of what the site answered last; None where it was not asked, or the answer cannot be had."""
        rows = self._state.read("SELECT capture FROM absences WHERE site = ? AND capture IS NOT NULL", (site,))
        try:
            return _impression(archive.capture(rows[0][0])) if rows else None
        except NotFound:
            return None

    def _compare(
        self,
        archive: Archive,
        site: str,
        absent: Impression,
        pages: Iterable[tuple[str, int]],
        steps: Mapping[str, Sequence[int]],
    ) -> None:
        for key, at in pages:
            page = next((one for one in archive.captures(url=key, site=site, since=at, until=at + 1)), None)
            seen = _impression(page) if page is not None else None
            if seen is not None and is_soft_404(seen, absent):
                with self._state.write() as db:
                    db.execute(
                        "UPDATE urls SET verdict = 'soft-404' WHERE site = ? AND key = ? AND at = ?", (site, key, at)
                    )
                    settle_both(db, site, key, steps.get(site, DEFAULT_STEPS))


def soft_404s(archive: Archive, site: str) -> frozenset[str]:
    """The ids of a site's captures that have a text and are pages for what is not there, by the archive alone."""
    answers = [
        (one.at, seen)
        for one in archive.captures(site=site, role=Role.PROBE)
        if one.source == SOURCE and one.status == 200 and (seen := _impression(one)) is not None
    ]
    if not answers:
        return frozenset()
    texts: dict[str, list[tuple[str, str, int]]] = {}
    for told in archive.outcomes(site=site, headlines=True):
        if told.verdict in TEXTS:
            texts.setdefault(likeness(told.headline), []).append((told.capture_id, told.key, told.at))
    found = set()
    for capture, at in _several(texts.values()):
        absent = min(answers, key=lambda one: abs(one[0] - at))[1]
        seen = _impression(archive.capture(capture))
        if seen is not None and is_soft_404(seen, absent):
            found.add(capture)
    return frozenset(found)


def _several(texts: Iterable[list[tuple[str, str, int]]]) -> Iterator[tuple[str, int]]:
    """The captures of headlines that stand at more than one address; a bounded number."""
    left = MOST
    for some in texts:
        if len({key for _, key, _ in some}) > 1:
            for capture, _, at in some[:left]:
                yield capture, at
            left -= min(left, len(some))


def _impression(capture: Capture) -> Impression | None:
    try:
        message = capture.representation()
        body = message.decoded() if capture.status in {200, 304} else b""
    except (DamagedRecord, PayloadRefused, NotFound, OSError):
        return None
    status = message.status if capture.status == 304 else capture.status or 0
    return impression(body[:MAX_PAGE], capture.url, status, message.charset)
