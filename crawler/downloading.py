"""Scrapy's downloader, but one whose places nobody can hold by doing nothing."""

from __future__ import annotations

import contextlib
from collections.abc import Iterator

from scrapy.core.downloader import Downloader
from scrapy.crawler import Crawler

from archive import clock
from crawler.tap.tape import Tape

# An exchange of which so little has come after so long waits for its host, and costs a socket: no work, no memory.
STALLED_AFTER = 3_000_000  # microseconds
STALLED_BELOW = 64 * 1024  # bytes
# How many times CONCURRENT_REQUESTS may be under way where the others do nothing.
WIDEST = 4


class PatientDownloader(Downloader):
    """Counts against CONCURRENT_REQUESTS what moves, so that hosts that hang take no place from those that answer.

    ``tapes`` are those of the exchanges that are under way: the wire puts them in, and takes them out. ``waiting``
    counts requests that wait for another one (a robots.txt), which is counted itself.
    """

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self.tapes: set[Tape] = set()
        self.waiting = 0

    def needs_backout(self) -> bool:
        """Whether no further request is to be begun now."""
        limit, under_way = self.total_concurrency, len(self.active) - self.waiting
        if not limit or under_way < limit:
            return False
        return under_way >= WIDEST * limit or under_way - self.stalled() >= limit

    def stalled(self) -> int:
        """How many exchanges have brought next to nothing for a while."""
        since = clock.now() - STALLED_AFTER
        return sum(one.begun <= since and one.size < STALLED_BELOW for one in self.tapes)


@contextlib.contextmanager
def under_way(downloader: Downloader, tape: Tape) -> Iterator[None]:
    """An exchange with this tape is under way; Scrapy's own downloader need not know."""
    if not isinstance(downloader, PatientDownloader):
        yield
        return
    downloader.tapes.add(tape)
    try:
        yield
    finally:
        downloader.tapes.discard(tape)


@contextlib.contextmanager
def waiting(downloader: Downloader) -> Iterator[None]:
    """A request waits for another one."""
    if not isinstance(downloader, PatientDownloader):
        yield
        return
    downloader.waiting += 1
    try:
        yield
    finally:
        downloader.waiting -= 1
