"""Feeding: a crawling process of a service, and the orders that it is fed with."""

from __future__ import annotations

from collections import deque
from concurrent.futures import Future
from dataclasses import dataclass, field

from archive import clock
from crawler.jobs import CrawlJob, JobSummary, NoMore, Visits
from crawler.visited import VisitCounts


@dataclass(slots=True)
class Worker:
    """A crawling process, or a spider of the user's own: its job, the orders on their way to it, the sites it is at."""

    job: CrawlJob
    began: float
    orders: deque[Visits | NoMore] = field(default_factory=deque)
    out: set[str] = field(default_factory=set)
    busy: float = 0.0  # when it last had something to do
    ending: bool = False
    future: Future[JobSummary] | None = None
    started: int = field(default_factory=clock.now)  # microseconds since 1970, UTC; ``began`` is of a clock that runs
    visits: VisitCounts = field(default_factory=VisitCounts)  # those that are over

    def order(self) -> Visits | NoMore | None:
        """The next order, once; for the thread that supervises the process."""
        return self.orders.popleft() if self.orders else None

    def end(self) -> None:
        """Let it end when its visits are over."""
        if not self.ending:
            self.ending = True
            self.orders.append(NoMore())
