"""The spider of all declared sites: response in, URLs out. What that means is decided by visits."""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import AsyncIterator, Callable, Iterable, Iterator

from scrapy import Request
from scrapy.exceptions import DontCloseSpider
from scrapy.settings import BaseSettings

from archive import clock
from archive.errors import PresskeepError, StorageFull, UsageError
from archive.exchange import Attempt, NoAnswer, Origin, Role
from archive.store import Archive
from archive.url import host as host_of
from crawler.discovery.embeds import MAX_PAGE
from crawler.requisites.gathering import Gathering, Stored
from crawler.requisites.known import LeftOut
from crawler.retention import NotStored
from crawler.running import find_archive, require_fit, run_settings
from crawler.scheduling.durations import MINUTE
from crawler.sitelocks import SiteLocks
from crawler.sites import Keep, Site, read_sites
from crawler.spiders.asking import AskingSpider, Question
from crawler.visit import Ask, Visit
from crawler.visited import VisitReport
from crawler.walk import Answer

# Sites whose sources are read at the same time in one process: each keeps some thousand URLs in memory meanwhile. Those
# that are read wait for their hosts, side by side: else 64 slow hosts would hold up all others.
READING = 64
# For so long the requisites of one visit are fetched, where there is a next one: a service then reads what has changed
# in its files, and follows a process with a fresh one.
SLICE = 10 * MINUTE


class NewsSpider(AskingSpider):
    """Visits sites: ``sites`` as a job gives them, or ``site`` as ``scrapy crawl news -a site=HOST,HOST`` does."""

    name = "news"

    def __init__(
        self,
        site: str | None = None,
        limit: str | int | None = None,
        sites: tuple[Site, ...] | None = None,
        progress: Callable[[Visit], None] = lambda visit: None,
        *,
        due: bool = False,
        fed: bool = False,
        **kwargs: object,
    ) -> None:
        super().__init__(self.name, **kwargs)
        self._named = site
        self._sites = sites
        self._limit = int(limit) if limit is not None else None
        self._progress = progress
        self._due = due
        self._fed = fed  # visits are ordered one by one, and more may come
        self._ordered: list[str] = []  # before the spider began
        self._declared: dict[str, Site] | None = None
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
            require_fit(archive.configuration, sites)
        self._declared = {site.host: site for site in sites}
        self.remembering.know(sites)
        names = self._ordered if self._fed else list(self._declared)
        self._waiting.extend(self._visit(self._declared[name]) for name in names)
        for _ in range(READING):
            for request in self._opened():
                yield request

    def feed(self, names: Iterable[str]) -> None:
        """Visit these sites, too."""
        if self._declared is None:
            self._ordered.extend(names)
            return
        self._waiting.extend(self._visit(self._declared[name]) for name in names if name in self._declared)
        for _ in range(sum(visit.reading for visit in self.visits.values()), READING):
            for request in self._opened():
                self.crawler.engine.crawl(request)

    def end(self) -> None:
        """No more visits will be ordered."""
        self._fed = False

    def keep_open(self) -> None:
        """Tell Scrapy that there is something to wait for."""
        super().keep_open()
        if self._fed and not self.stopping:
            raise DontCloseSpider

    def _visit(self, site: Site) -> Visit:
        gathering = self._gathering(site) if site.keep is Keep.PAGE else None
        return Visit(
            site,
            self.remembering.frontier,
            self.robots_body,
            clock.now,
            self._limit,
            agenda=self.remembering.agenda,
            due=self._due,
            rest=self._rest,
            gathering=gathering,
            commit=self.capturing.commit,
            absent=lambda: self.remembering.absences.wanted(site.host, clock.now()),
        )

    def _gathering(self, site: Site) -> Gathering:
        began = clock.now()

        def urgent() -> bool:
            """Whether there is something better to do for the site; a crawl by hand ends when all is there."""
            if not self._due:
                return False
            following = self.remembering.agenda.when(site, self.remembering.frontier, clock.now(), requisites=False)
            return clock.now() > began + SLICE or (following is not None and following <= clock.now())

        return Gathering(
            site.host,
            self.remembering.requisites,
            clock.now,
            read=self._stored,
            commit=self.capturing.commit,
            leave=lambda left: self._leave(site, left),
            urgent=urgent,
            unpaced=site.delay == 0,
        )

    def _stored(self, capture: str) -> Stored | None:
        """What a capture holds, as far as it is read for references."""
        try:
            found = self.capturing.archive.capture(capture)
            message = found.representation()
            return Stored(found.url, message.beginning(MAX_PAGE), message.charset)
        except (PresskeepError, OSError) as error:
            self.logger.warning("%s is not read for what it refers to: %s", capture, error)
            return None

    def _leave(self, site: Site, left: LeftOut) -> None:
        """Record what a limit left out."""
        origin = Origin(site=site.host, role=Role.REQUISITE, via=left.via, source="page", hops=left.hops)
        request = Request(left.url, meta={"presskeep_origin": origin})
        attempt = Attempt(left.url, clock.now(), NoAnswer.BUDGET, left.why, origin=self.capturing.origin(request))
        with contextlib.suppress(NotStored):  # the crawl ends
            self.capturing.keep(attempt, request)

    def _rest(self, url: str) -> int | None:
        turn = self.pacing.pacer.reservations.peek(host_of(url), 0, clock.now())
        return turn.at if turn.resting else None

    def answer(self, question: Question, answer: Answer) -> Iterator[Question]:
        """What the visit asks next, or the first questions of another one, when it is over."""
        visit = self.visits[question.site.host]
        was_reading = visit.reading
        asks = self._asks(visit, lambda: visit.answered_by(question.number, answer))
        yield from self._told(visit, asks, was_reading=was_reading)

    def _asks(self, visit: Visit, step: Callable[[], list[Ask]]) -> list[Ask]:
        """What a visit asks next. Where it finds no room for what it remembers, the crawl pauses, and it asks then."""
        try:
            return step()
        except StorageFull as error:
            self.capturing.owe(lambda: self._resume(visit), error)
            return []

    def _resume(self, visit: Visit) -> None:
        if not self.stopping:
            for request in self.requests(self._told(visit, visit.go_on(), was_reading=True)):
                self.crawler.engine.crawl(request)

    def _told(self, visit: Visit, asks: list[Ask], *, was_reading: bool) -> Iterator[Question]:
        if visit.finished:
            visit.close()
        self._progress(visit)
        yield from _questions(visit, asks)
        if visit.finished:
            self._forget(visit)
        if was_reading and not visit.reading:
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
            asks = self._asks(visit, visit.begin)
            yield from _questions(visit, asks)
            if visit.reading:
                return
            if asks:
                continue  # it waits for its host alone
            visit.close()
            self._progress(visit)
            self._forget(visit)

    def _forget(self, visit: Visit) -> None:
        if self._fed:  # it was told of, and a service makes thousands
            del self.visits[visit.site.host]


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
