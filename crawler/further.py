"""Further pages: which pages of a story are due beside its first one, by what the archive committed.

What a page links to is read from the archive once it is committed (docs/decisions/0015-split-articles.md), and noted in
the transaction that makes the page done: a kill in between loses neither. Plain code without Scrapy.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lxml import etree

from archive.capture import Capture
from archive.errors import PresskeepError
from archive.event import StoredAttempt
from archive.exchange import Role
from archive.pagination import NO_PAGES, FurtherPage, Pagination, may_be_split, number_of, pagination
from archive.store import Archive
from archive.url import normalise
from crawler.discovery.decoding import decode
from crawler.discovery.shape import may_be_article
from crawler.discovery.story import tells_a_story, tells_the_same
from crawler.discovery.tree import tree_of
from crawler.scheduling.durations import WEEK
from crawler.walk import Want

if TYPE_CHECKING:
    from crawler.frontier import Found

# Where a further page was found, in the frontier; its captures say so by their role.
FURTHER = "further"
MAX_PAGE = 8 * 2**20  # bytes of a page that are read, once decoded: as many as of one whose parts are fetched
_HTML = frozenset({None, "text/html", "application/xhtml+xml"})


@dataclass(frozen=True, slots=True)
class Due:
    """A further page that is due: ``first`` is the key of its story's first page, ``at`` the time of the capture that
    names it, in microseconds since 1970, UTC; what was captured later is not due for it.
    """

    site: str
    key: str
    url: str
    first: str
    via: str
    hops: str
    at: int


@dataclass(frozen=True, slots=True)
class _Read:
    """A page that was read: its tree and what it links to."""

    root: etree._Element
    links: Pagination


class FurtherPages:
    """Finds them for all sites. ``maybe`` holds the addresses of pages that came with a sign of others, until noted.

    Without ``maybe`` each page is opened.
    """

    def __init__(self, archive: Archive, maybe: set[str] | None = None) -> None:
        self._archive = archive
        self._maybe = maybe
        self.left_out: set[str] = set()  # sites with a spider of their own, which knows best

    def found(
        self, captures: Iterable[Capture], attempts: Iterable[StoredAttempt] = (), *, marked: bool = True
    ) -> list[Due]:
        """What is due by what the archive committed. Nothing is written; the same once more finds the same.

        Without ``marked`` each page is opened, whether it came with a sign of others or not.
        """
        due: list[Due] = []
        for capture in captures:
            if capture.site is None or capture.site in self.left_out or capture.method != "GET":
                continue
            if capture.role is Role.ARTICLE and (not marked or self._is_marked(capture)):
                due += self._of_first(capture)
            elif capture.role is Role.FURTHER:
                due += self._of_further(capture)
        for stored in attempts:
            origin = stored.attempt.origin
            if origin.role is Role.FURTHER and origin.site and origin.site not in self.left_out and origin.via:
                due += self._instead(origin.site, origin.via, stored.key)
        return due

    def noted(self, captures: Iterable[Capture]) -> None:
        """These are noted: what they came with is forgotten."""
        if self._maybe is not None:
            self._maybe.difference_update(one.url for one in captures)

    def _is_marked(self, capture: Capture) -> bool:
        # Of a 304 no page came, and a page that was drawn came by no wire.
        return (
            self._maybe is None or capture.url in self._maybe or capture.status == 304 or capture.kind == "conversion"
        )

    def _of_first(self, capture: Capture) -> list[Due]:
        if capture.status not in {200, 304} or not may_be_article(capture.url):
            return []
        read = self._read(capture)
        if read is None or not read.links or not tells_a_story(read.root):
            return []
        return self._due(capture, capture.url, [read.links.whole] if read.links.whole else read.links.pages)

    def _of_further(self, capture: Capture) -> list[Due]:
        """What a further page leads to: the next one; one that was to have all of a story and has not, the others."""
        first = capture.via
        if first is None:
            return []
        number = number_of(capture.url, first)
        read = None
        if capture.status in {200, 304} and (number is not None or self._page(capture.site or "", first) is not None):
            read = self._read(capture, first, number or 1)
        if number is None:
            return self._instead(capture.site or "", first, capture.key, read)
        onward = [one for one in read.links.pages if one.number > number] if read is not None else []
        # Pages may have come side by side: what counts is that they came since the first one.
        page = self._page(capture.site or "", first) if onward else None
        return self._due(page, first, onward) if page is not None else []

    def _instead(self, site: str, first: str, key: str, read: _Read | None = None) -> list[Due]:
        """The numbered pages of a story whose page with all of it could not be had, or is another."""
        page = self._page(site, first)
        of_first = self._read(page) if page is not None else None
        if page is None or of_first is None or of_first.links.whole is None:
            return []
        if normalise(of_first.links.whole.url) != key or (
            read is not None and tells_the_same(of_first.root, read.root)
        ):
            return []
        return self._due(page, page.url, of_first.links.pages)

    def _page(self, site: str, url: str) -> Capture | None:
        """The last capture of a story's first page."""
        for one in reversed(self._archive.timeline(url)):
            if one.site == site and one.role is Role.ARTICLE and one.status in {200, 304}:
                return one
        return None

    def _due(self, capture: Capture, first: str, pages: Sequence[FurtherPage]) -> list[Due]:
        """These as due by a capture of the story's first page."""
        key = normalise(first)
        return [
            Due(capture.site or "", normalise(one.url), one.url, key, first, f"{capture.hops}L", capture.at)
            for one in pages
            if normalise(one.url) != key
        ]

    def _read(self, capture: Capture, first: str | None = None, number: int = 1) -> _Read | None:
        """The tree of a page with its links; None where it cannot be had, or shows no sign of further pages."""
        if capture.mime not in _HTML:
            return None
        try:
            message = capture.representation()
            body = message.beginning(MAX_PAGE)
        except (PresskeepError, OSError):
            return None
        if first is None and not may_be_split(body, capture.url):
            return None
        root = tree_of(decode(body, message.charset)).root
        if root is None:
            return None
        return _Read(root, pagination(root, capture.url, first, number) or NO_PAGES)


def put(db: sqlite3.Connection, due: Iterable[Due]) -> None:
    """Make pages due that were not captured since the capture that names them; one that is an article stays so.

    They come right behind what is as new as their first page. What is not to be had is asked for again a week later.
    """
    db.executemany(
        "INSERT INTO urls (site, key, url, state, rank, via, source, hops) VALUES (?1, ?2, ?3, 'due',"
        " coalesce((SELECT rank FROM urls WHERE site = ?1 AND key = ?4), ?7), ?5, 'further', ?6)"
        " ON CONFLICT (site, key) DO UPDATE SET url = excluded.url, via = excluded.via, hops = excluded.hops,"
        " source = 'further', lane = NULL, tries = CASE WHEN state = 'due' THEN tries ELSE 0 END,"
        " next = CASE WHEN state = 'due' THEN next END, state = 'due'"
        " WHERE captured IS NULL AND at < ?7 AND (state IN ('done', 'due', 'backfill') OR at < ?7 - ?8)",
        [(one.site, one.key, one.url, one.first, one.via, one.hops, one.at, WEEK) for one in due],
    )


def want(found: Found) -> Want:
    """How what is due is asked for: an article, or a further page of one."""
    if found.source == FURTHER:
        return Want(found.url, Role.FURTHER, "page", found.via, found.hops)
    return Want(found.url, Role.ARTICLE, found.source, found.via, found.hops, found.announced)
