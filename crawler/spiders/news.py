"""The spider of all declared sites: response in, URLs out. What that means is decided by visits."""

from __future__ import annotations

from collections import deque
from collections.abc import AsyncIterator, Callable, Iterator

from scrapy import Request
from scrapy.settings import BaseSettings

from archive import clock
from archive.errors import UsageError
from archive.store import Archive
from crawler.running import find_archive, require_delays, run_settings
from crawler.sitelocks import SiteLocks
from crawler.sites import Site, read_sites
from crawler.spiders.asking import AskingSpider, Question
from crawler.visit import Ask, Visit
from crawler.visited import VisitReport
from crawler.walk import Answer

# Sites that are visited at the same time in one process: each keeps some thousand URLs in memory while it is read.
OPEN_VISITS = 64


class NewsSpider(AskingSpider):
    """Visits sites: ``sites`` as a job gives them, or ``site`` as ``scrapy crawl news -a site=HOST,HOST`` does."""

    name = "news"

    def __init__(
        self,
        site: str | None = None,
        limit: str | int | None = None,
        sites: tuple[Site, ...] | None = None,
        progress: Callable[[Visit], None] = lambda visit: None,
        **kwargs: object,
    ) -> None:
        super().__init__(self.name, **kwargs)
        self._named = site
        self._sites = sites
        self._limit = int(limit) if limit is not None else None
        self._progress = progress
        self._waiting: deque[Visit] = deque()
        self.visits: dict[str, Visit] = {}

    @classmethod
    def update_settings(cls, settings: BaseSettings) -> None:
        """Settings of the archive that PRESSKEEP_ARCHIVE names, or that lies above: for ``scrapy crawl``."""
        super().update_settings(settings)
        if settings.get("PRESSKEEP_RUN") is None:
            with find_archive(settings) as archive:
                for name, value in run_settings(archive, "scrapy crawl news").items():
                    settings.set(name, value, priority="spider")

    async def start(self) -> AsyncIterator[Request]:
        """Open the first visits."""
        self.prepare()
        with find_archive(self.settings) as archive:
            sites = self._sites if self._sites is not None else self._locked(archive)
            require_delays(archive.configuration, sites)
        for site in sites:
            visit = Visit(site, self.remembering.frontier, self.robots_body, clock.now, self._limit)
            self._waiting.append(visit)
        for _ in range(OPEN_VISITS):
            for request in self._opened():
                yield request

    def answer(self, question: Question, answer: Answer) -> Iterator[Question]:
        """What the visit asks next, or the first questions of another one, when it is over."""
        visit = self.visits[question.site.host]
        asks = visit.answered_by(question.number, answer)
        self._progress(visit)
        yield from _questions(visit, asks)
        if visit.finished:
            yield from self._next_visit()

    def stop(self) -> None:
        """End all visits: what is due stays due."""
        super().stop()
        self._waiting.clear()
        for visit in self.visits.values():
            visit.stop()

    def reports(self) -> tuple[VisitReport, ...]:
        """How all visits went."""
        return tuple(visit.report() for visit in [*self.visits.values(), *self._waiting])

    def _locked(self, archive: Archive) -> tuple[Site, ...]:
        """The sites of ``scrapy crawl``, without those that another crawl is at."""
        chosen = _chosen(archive, self._named)
        self._locks = SiteLocks(archive.state_path.parent)  # held until the process ends
        busy = self._locks.take(site.host for site in chosen)
        for name in sorted(busy):
            self.logger.warning("another crawl is at %s: it is left out", name)
        return tuple(site for site in chosen if site.host not in busy)

    def _opened(self) -> Iterator[Request]:
        yield from self.requests(self._next_visit())

    def _next_visit(self) -> Iterator[Question]:
        while self._waiting:
            visit = self._waiting.popleft()
            self.visits[visit.site.host] = visit
            asks = visit.begin()
            if asks:
                yield from _questions(visit, asks)
                return


def _questions(visit: Visit, asks: list[Ask]) -> Iterator[Question]:
    return (Question(visit.site, ask.number, ask.want) for ask in asks)


def _chosen(archive: Archive, named: str | None) -> tuple[Site, ...]:
    declared = read_sites(archive.sites_path)
    if named is None:
        return declared.enabled
    chosen = tuple(declared.get(one.strip()) for one in named.split(",") if one.strip())
    if not chosen:
        raise UsageError("no site is named: write -a site=example-news.org")
    return chosen
