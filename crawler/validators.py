"""Validators: what a server said of a listing, so that it can be asked whether it has another (RFC 9110, section 13).

Kept in ``state.sqlite`` with the capture that they belong to. A 304 then confirms that capture: it is a revisit of it
in the archive, and the crawl reads the payload that the archive has. A loss costs a few whole answers.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass

from archive.capture import Capture
from archive.exchange import Role
from crawler.scheduling.durations import DAY
from crawler.state import State

# What is read anew in each crawl. Articles are fetched again only where they are said to have changed.
ROLES = frozenset({Role.FEED, Role.SITEMAP, Role.FRONT, Role.SECTION})
# Some servers go on to say that nothing has changed: after that time they are asked without conditions.
MAX_AGE = 7 * DAY
# Learned and not committed yet: a commit is due each second, and a crawl has some hundred listings under way.
_MOST = 10_000
# RFC 9110, section 8.8.3. What is no entity tag would be understood by nobody.
_TAG = re.compile(r'(?:W/)?"[\x21\x23-\x7e]{0,500}"')
_DATE = re.compile(r"[\x20-\x7e]{1,100}")


@dataclass(frozen=True, slots=True)
class Validators:
    """Entity tag and date of last change, as a server gave them, of the capture with this id."""

    capture: str
    etag: str | None = None
    modified: str | None = None

    @property
    def fields(self) -> dict[str, str]:
        """The fields of a conditional request. The date, verbatim, is for servers that know no tags."""
        given = {"If-None-Match": self.etag, "If-Modified-Since": self.modified}
        return {name: value for name, value in given.items() if value is not None}


def validators_of(capture: str, etag: str | None, modified: str | None) -> Validators | None:
    """The validators in the fields ETag and Last-Modified; None where neither can be sent back."""
    etag = etag if etag is not None and _TAG.fullmatch(etag) else None
    modified = modified if modified is not None and _DATE.fullmatch(modified) else None
    return Validators(capture, etag, modified) if etag or modified else None


class ValidatorMemory:
    """The validators of all sites' listings, by site and URL."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._learned: dict[str, tuple[str, str, Validators]] = {}  # by capture, until it is committed

    def of(self, site: str, url: str, now: int) -> Validators | None:
        """What to ask a listing with; None where it is to be asked for whole."""
        rows = self._state.read(
            "SELECT capture, etag, modified FROM validators WHERE site = ? AND url = ? AND at > ? AND at <= ?",
            (site, url, now - MAX_AGE, now),
        )
        return Validators(*rows[0]) if rows else None

    def learn(self, site: str, url: str, validators: Validators) -> None:
        """Note what came with an answer; it holds once the capture is committed."""
        if len(self._learned) < _MOST:
            self._learned[validators.capture] = (site, url, validators)

    def note(self, captures: Iterable[Capture]) -> None:
        """Remember the validators of whole captures that became durable."""
        known = [(self._learned.pop(one.id), one) for one in captures if one.id in self._learned]
        rows = [
            (site, url, one.capture, capture.at, one.etag, one.modified)
            for (site, url, one), capture in known
            if capture.status == 200 and capture.truncated is None
        ]
        if rows:
            with self._state.write() as db:
                db.executemany("INSERT OR REPLACE INTO validators VALUES (?, ?, ?, ?, ?, ?)", rows)

    def forget(self, site: str, url: str) -> None:
        """Ask for a listing whole from now on: the archive does not have what its validators belong to."""
        with self._state.write() as db:
            db.execute("DELETE FROM validators WHERE site = ? AND url = ?", (site, url))
