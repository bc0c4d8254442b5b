"""A backfill: the archive of one site, walked sitemap by sitemap and page by page, and the articles found there.

It is a walk of its own beside visits (`crawler.visit`): it knows no poll, and its queue is the backlog
(`crawler.backlog`), so that a kill at any point costs what was under way.
"""

from __future__ import annotations

import contextlib
from collections import deque
from collections.abc import Callable, Generator, Iterable
from dataclasses import dataclass, field

from archive.errors import StorageFull
from archive.exchange import NoAnswer, Role
from archive.url import host as host_of
from crawler.agenda import Root
from crawler.backlog import Backlog, Shelf, ShelfKind
from crawler.frontier import Found, Frontier
from crawler.scheduling.articles import GONE
from crawler.shelving import before, declared_points, read_shelf, starting_points
from crawler.sites import Site
from crawler.sources import RobotsBody, home
from crawler.visit import MAX_FAILURES, UNPACED_WIDTH, Ask
from crawler.visited import VisitReport
from crawler.walk import BACKFILL, Answer, Walk, Want, fetch, once

# Articles of a host that are held in memory at once. Where fewer wait, a further shelf is walked first.
WINDOW = 200
# Requests and microseconds after which a process is followed by a fresh one, so that its memory stays flat.
MOST, LONGEST = 20_000, 3_600_000_000
_BLOCKED = frozenset({401, 403, 429, 451})
# Refusals that are none of the site's failures.
_OURS = frozenset({NoAnswer.ROBOTS, NoAnswer.TAKEDOWN, NoAnswer.SCOPE, NoAnswer.STORAGE, NoAnswer.OTHER})
_NEVER = frozenset({NoAnswer.ROBOTS, NoAnswer.TAKEDOWN, NoAnswer.SCOPE, NoAnswer.ADDRESS, NoAnswer.OTHER})


@dataclass(slots=True)
class _Lane:
    """One host of the site: what is held of it, how much of it is under way, and why no more is asked, if so."""

    held: deque[Found] = field(default_factory=deque)
    busy: int = 0
    walking: bool = False
    failures: int = 0
    over: str | None = None


class Backfill:
    """One site's backfill in progress: gives what to ask for, takes the answers. Knows the state, but no network.

    ``limit`` bounds the articles that are asked for. ``roots`` are sources of the site that are known already.
    ``commit`` makes durable what was answered so far.
    """

    def __init__(
        self,
        site: Site,
        frontier: Frontier,
        backlog: Backlog,
        robots_body: RobotsBody,
        now: Callable[[], int],
        limit: int | None = None,
        roots: Iterable[Root] = (),
        commit: Callable[[], None] = lambda: None,
    ) -> None:
        span = backlog.span(site.host)
        assert span is not None  # it was begun (`Backlog.begin`)
        self.site = site
        self.wanted = span
        self.width = UNPACED_WIDTH if site.delay == 0 else 1
        self.answered = self.walked = 0
        self.paused = False
        self._frontier, self._backlog = frontier, backlog
        self._robots_body, self._now, self._limit, self._roots = robots_body, now, limit, tuple(roots)
        self._commit = commit
        self._numbers = iter(range(1 << 62))
        self._running: dict[int, tuple[Walk, str]] = {}
        self._lanes: dict[str, _Lane] = {}
        self._unwritten: deque[Callable[[], None]] = deque()
        self._asked: set[str] = set()  # keys of articles that this process asked for, and that are not settled yet
        self._tried: set[str] = set()  # and of shelves
        self._began = now()
        self._stopped = False
        self._idle = False
        self._spent = False

    @property
    def finished(self) -> bool:
        """Whether nothing is under way and nothing more will be asked."""
        return self._stopped or (not self._running and self._idle)

    @property
    def quiet(self) -> bool:
        """Whether nothing is under way."""
        return not self._running

    @property
    def planned(self) -> int:
        """The articles that were asked for, and those that are known to wait."""
        return self.answered + self._backlog.left(self.site.host)

    def begin(self) -> list[Ask]:
        """The first things to ask. Raises StorageFull: see `go_on`."""
        return self.go_on()

    def answered_by(self, number: int, answer: Answer) -> list[Ask]:
        """What to ask next, now that this was answered. Raises StorageFull: see `go_on`."""
        walk, lane = self._running.pop(number)
        self._lanes[lane].busy -= 1
        try:
            asks = [self._ask(walk, lane, walk.send(answer))]
        except StopIteration:
            asks = []
        if self._stopped:
            with contextlib.suppress(StorageFull):  # then it is walked once more
                self._write()
            return []
        return asks or self.go_on()

    def go_on(self) -> list[Ask]:
        """What else to ask. Raises StorageFull where the state has no room for what was found.

        Then nothing is lost and nothing was asked: it goes on where this is called again.
        """
        self._write()
        if self._stopped or self.paused:
            return []
        if not self._backlog.started(self.site.host):
            first = host_of(self.site.starts[0])
            asks = [] if self._running or self._lane(first).over else self._started(self._start(), first)
            if self._unwritten:  # nothing was to be asked for that
                return self.go_on()
            self._idle = not asks and not self._running
            return asks
        asks = []
        for name in self._backlog.lanes(self.site.host):
            lane = self._lane(name)
            while lane.busy < self.width and (walk := self._next(name, lane)) is not None:
                asks += self._started(walk, name)
        self._idle = not asks and not self._running
        return asks

    def stop(self) -> None:
        """Ask for nothing more: what waits goes on waiting. What comes is still noted."""
        self._stopped = True

    def report(self) -> VisitReport:
        """How it went so far: ``more`` says that a further process is to go on with what is left."""
        left = self._backlog.left(self.site.host)
        problem = next((lane.over for lane in self._lanes.values() if lane.over), None)
        more = not self._stopped and (self._spent or problem is not None)
        return VisitReport(self.site.host, self.answered + left, self.answered, left=left, problem=problem, more=more)

    def _write(self) -> None:
        """Note what shelves led to."""
        if self._unwritten:
            self._commit()  # what names an article is durable before the article is known
        while self._unwritten:
            self._unwritten[0]()
            self._unwritten.popleft()

    def _lane(self, name: str) -> _Lane:
        return self._lanes.setdefault(name, _Lane())

    def _started(self, walk: Walk, lane: str) -> list[Ask]:
        try:
            return [self._ask(walk, lane, next(walk))]
        except StopIteration:
            return []

    def _ask(self, walk: Walk, lane: str, want: Want) -> Ask:
        ask = Ask(next(self._numbers), want)
        self._running[ask.number] = walk, lane
        self._lane(lane).busy += 1
        return ask

    def _next(self, name: str, lane: _Lane) -> Walk | None:
        """What to do next on a host: an article; a shelf first, where few articles wait."""
        if lane.over is not None or (self._limit is not None and self.answered >= self._limit):
            return None
        if self.answered + self.walked >= MOST or self._now() - self._began >= LONGEST:
            self._spent = True
            return None
        if not lane.held:
            self._asked = self._backlog.waiting(self.site.host, self._asked)
            lane.held.extend(self._backlog.take(self.site.host, name, WINDOW, self._now(), self._asked))
            self._asked.update(one.key for one in lane.held)
            if len(lane.held) < WINDOW and not lane.walking:  # a sitemap may name 50,000 articles: one at a time
                shelf = self._backlog.shelf(self.site.host, name, self._now(), self._tried)
                if shelf is not None:
                    lane.walking = True
                    return self._walk(shelf, lane)
        return self._article(lane.held.popleft(), lane) if lane.held else None

    def _article(self, found: Found, lane: _Lane) -> Walk:
        self.answered += 1
        want = Want(found.url, Role.ARTICLE, BACKFILL, found.via, found.hops, found.announced)
        self._judge((yield from fetch(want, follow=once(found.url, found.key, self._is_open))), lane)

    def _is_open(self, key: str) -> bool:
        if key in self._asked:
            return False
        self._asked.add(key)
        return not self._frontier.is_done(self.site.host, key)

    def _judge(self, answer: Answer, lane: _Lane) -> None:
        """Give a host up that answers nothing but errors, or that asked to be left alone; the next process asks it."""
        reason = answer.failure.reason if answer.failure is not None else None
        if _is_shut(answer):
            lane.over = answer.why
        elif reason in _OURS:
            return
        failed = reason is not None or answer.worth_retrying or answer.status in _BLOCKED
        lane.failures = lane.failures + 1 if failed else 0
        if reason is NoAnswer.BUDGET or (answer.failure is not None and answer.failure.away):
            lane.over = answer.why
        elif lane.failures >= MAX_FAILURES:
            lane.over = f"{lane.failures} failures in a row, the last one: {answer.why}"
        if lane.over is not None:
            self._asked.difference_update(one.key for one in lane.held)
            lane.held.clear()

    def _walk(self, shelf: Shelf, lane: _Lane) -> Walk:
        """Read a shelf, and note what it leads to."""
        self._tried.add(shelf.key)
        self.walked += 1
        answer = yield from self._listing(shelf)
        lane.walking = False
        self._judge(answer, lane)
        host, now = self.site.host, self._now()
        if not answer.ok:
            self._fail(shelf, answer)
            return
        walked = read_shelf(shelf, answer, self.site.scope, self.wanted, self._frontier.learned(host))
        if isinstance(walked, str):
            self._unwritten.append(lambda: self._backlog.failed(host, shelf, walked, now, final=True))
        else:
            self._unwritten.append(lambda: self._backlog.took(host, shelf, walked, now))

    def _fail(self, shelf: Shelf, answer: Answer) -> None:
        """Note that a shelf had no page; another time it may have one, unless it is gone or not to be asked for."""
        host, now, failure = self.site.host, self._now(), answer.failure
        if failure is not None and (failure.away or failure.reason is NoAnswer.BUDGET or _is_shut(answer)):
            return
        final = failure.reason in _NEVER if failure is not None else not answer.worth_retrying
        further = before(shelf, self.wanted, empty=True) if final and answer.status in GONE else []
        why = answer.why if failure is None else f"{failure.reason}"
        self._unwritten.append(lambda: self._backlog.failed(host, shelf, why, now, final=final, onward=further))

    def _listing(self, shelf: Shelf) -> Generator[Want, Answer, Answer]:
        role = Role.SITEMAP if shelf.kind is ShelfKind.SITEMAP else Role.SECTION
        want = Want(shelf.url, role, BACKFILL, shelf.via, shelf.hops, whole=True)
        return (yield from fetch(want, follow=once(shelf.url, shelf.key, lambda _: True)))

    def _start(self) -> Walk:
        """The front page, and the places to start from: what the site names or declares, else what is usual."""

        def whole(want: Want) -> Generator[Want, Answer, Answer]:
            return fetch(Want(want.url, want.role, BACKFILL, whole=True))

        host, learned = self.site.host, self._frontier.learned(self.site.host)
        if not self.site.discover:
            declared = declared_points(self._roots, self.wanted, self._now())
            self._unwritten.append(lambda: self._backlog.start(host, declared, self._now()))
            return
        front = yield from home(self.site.starts, whole, lambda: learned)
        lane = self._lane(host_of(self.site.starts[0]))
        self._judge(front.answer, lane)
        failure = front.answer.failure
        barred = failure is not None and failure.reason is NoAnswer.ROBOTS and failure.cause is None
        if front.page is None and not barred and (failure is not None or front.answer.worth_retrying):
            lane.over = lane.over or front.answer.why
            return
        self.walked += 1
        now = self._now()
        walked = starting_points(self.site, front, self._robots_body(front.url), self._roots, self.wanted, now, learned)
        self._unwritten.append(lambda: self._backlog.start(host, walked, now))


def _is_shut(answer: Answer) -> bool:
    """Whether nothing may be asked of a host as long as its robots.txt cannot be had: that is hardly for good."""
    failure = answer.failure
    return failure is not None and failure.reason is NoAnswer.ROBOTS and failure.cause is not None
