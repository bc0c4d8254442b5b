"""The spider of backfills: the archives of sites, side by side, and what is due on them by the schedule before all."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass

from scrapy import Request

from archive import clock
from archive.errors import StorageFull
from crawler.agenda import Root, Task, declared
from crawler.backfill import Backfill
from crawler.backlog import Backlog
from crawler.scheduling.durations import SECOND
from crawler.sites import Site
from crawler.spiders.asking import Question
from crawler.spiders.news import NewsSpider
from crawler.visit import Ask, Visit
from crawler.visited import VisitReport
from crawler.walk import Answer

# Between two looks at whether something is due on a site by the schedule (microseconds).
LOOK = 30 * SECOND


@dataclass(slots=True)
class Course:
    """One site: its backfill, which makes room for a visit where one is due, and goes on when that is over."""

    backfill: Backfill
    visit: Visit | None = None
    looked: int = 0

    @property
    def site(self) -> Site:
        """The site."""
        return self.backfill.site


class BackfillSpider(NewsSpider):
    """Walks the archives of ``sites``, whose backfills were begun (`crawler.backlog.Backlog.begin`).

    ``limit`` bounds the old articles of each; ``walked`` hears how far a backfill is.
    """

    name = "backfill"

    def __init__(
        self,
        sites: tuple[Site, ...],
        limit: int | None = None,
        walked: Callable[[Backfill], None] = lambda backfill: None,
    ) -> None:
        super().__init__(sites=sites, due=True)
        self._old_sites = sites
        self._most = limit
        self._walked = walked
        self.courses: dict[str, Course] = {}

    async def start(self) -> AsyncIterator[Request]:
        """Ask for the first things of each site."""
        self.prepare()
        self.remembering.know(self._old_sites)
        backlog = Backlog(self.pacing.state)
        for site in self._old_sites:
            backfill = Backfill(
                site,
                self.remembering.frontier,
                backlog,
                self.robots_body,
                clock.now,
                self._most,
                self._roots(site),
                self.capturing.commit,
            )
            course = self.courses[site.host] = Course(backfill)
            backfill.paused = self._is_due(course)
            for request in self.requests(self._course_told(course, self._course_asks(course, backfill.begin))):
                yield request

    def answer(self, question: Question, answer: Answer) -> Iterator[Question]:
        """What is asked next on a site."""
        course = self.courses[question.site.host]
        walk = course.visit or course.backfill
        yield from self._course_told(
            course, self._course_asks(course, lambda: walk.answered_by(question.number, answer))
        )

    def stop(self) -> None:
        """End all of them: what waits goes on waiting."""
        super().stop()
        for course in self.courses.values():
            course.backfill.stop()
            if course.visit is not None:
                course.visit.stop()

    def reports(self) -> tuple[VisitReport, ...]:
        """How all backfills went."""
        return tuple(course.backfill.report() for course in self.courses.values())

    def _roots(self, site: Site) -> tuple[Root, ...]:
        """The sources of a site that are declared, or were found by visits."""
        known = (one.root for one in self.remembering.agenda.sources(site.host))
        return (*declared(site), *(root for root in known if root.url not in set(Task)))

    def _course_asks(self, course: Course, step: Callable[[], list[Ask]]) -> list[Ask]:
        """What is asked next. Where there is no room for what was found, the crawl pauses, and it is asked then."""
        try:
            return step()
        except StorageFull as error:
            self.capturing.owe(lambda: self._course_resumed(course), error)
            return []

    def _course_resumed(self, course: Course) -> None:
        if not self.stopping:
            asks = (course.visit or course.backfill).go_on()
            for request in self.requests(self._course_told(course, asks)):
                self.crawler.engine.crawl(request)

    def _course_told(self, course: Course, asks: list[Ask]) -> Iterator[Question]:
        yield from self._questions(course, asks)
        if self.stopping:
            return
        if course.visit is not None and course.visit.finished:
            self._over(course, course.visit)
            yield from self._questions(course, self._course_asks(course, course.backfill.go_on))
        if course.visit is None and self._is_due(course):
            course.backfill.paused = True
        if course.visit is None and course.backfill.paused and course.backfill.quiet:
            course.visit = visit = self._visit(course.site)
            begun = self._course_asks(course, visit.begin)
            yield from self._questions(course, begun)
            if not begun and visit.finished:
                self._over(course, visit)
                yield from self._questions(course, self._course_asks(course, course.backfill.go_on))
        self._walked(course.backfill)

    def _over(self, course: Course, visit: Visit) -> None:
        visit.close()
        course.visit = None
        course.backfill.paused = False

    def _is_due(self, course: Course) -> bool:
        """Whether a visit comes first: on a site that is visited at all, and has no spider of its own."""
        now = clock.now()
        if course.backfill.paused or course.backfill.finished or abs(now - course.looked) < LOOK:
            return False
        course.looked = now
        if course.site.spider is not None or not self.remembering.agenda.is_visited(course.site.host):
            return False
        due = self.remembering.agenda.when(course.site, self.remembering.frontier, now)
        return due is not None and due <= now

    def _questions(self, course: Course, asks: list[Ask]) -> Iterator[Question]:
        return (Question(course.site, ask.number, ask.want) for ask in asks)
