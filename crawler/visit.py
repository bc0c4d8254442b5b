"""A visit: one site within one crawl. First its sources are read, then what is due is fetched, the newest first.

Then come captured articles that are looked at again and, where whole pages are kept, what they refer to. A crawl by
hand reads all sources; one that asks only for what is due, those of which the time has come.
"""

from __future__ import annotations

import contextlib
import re
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, replace
from heapq import nlargest
from itertools import count

from w3lib.url import safe_url_string

from archive.errors import StorageFull
from archive.exchange import NoAnswer
from archive.url import normalise
from crawler import further
from crawler.agenda import Agenda, Item, Poll, Root, Task
from crawler.discovery import may_be_article
from crawler.frontier import Found, Frontier
from crawler.requisites.gathering import Gathering
from crawler.scheduling.articles import Phase, rank, updates
from crawler.scheduling.polling import Outcome
from crawler.shares import shared
from crawler.sites import Site, SourceKind
from crawler.sources import Listing, RobotsBody, SourceWalk, in_scope
from crawler.visited import VisitReport
from crawler.walk import Answer, Walk, Want, fetch, once

# Articles that are fetched again in one crawl because a source says that they changed.
MAX_AGAIN = 100
# Failures in a row after which a site is left alone for this crawl: what is due stays due.
MAX_FAILURES = 10
# Requests under way at once on a host without a delay, which only loopback may have.
UNPACED_WIDTH = 8

_BLOCKED = frozenset({401, 403, 429, 451})
_OURS = frozenset({NoAnswer.ROBOTS, NoAnswer.TAKEDOWN, NoAnswer.SCOPE, NoAnswer.STORAGE, NoAnswer.OTHER})
# Articles of which so many are held in memory at once: a site may have a million that are due.
WINDOW = 2_000
# What Scrapy sends exactly as it stands; anything else is asked of Scrapy, so that keys meet those of the captures.
_SENT_AS_IT_STANDS = re.compile(r"https?://[A-Za-z0-9.-]+(?::\d+)?/[A-Za-z0-9\-._~/?=&+,;:@!$'()*]*")


@dataclass(frozen=True, slots=True)
class Ask:
    """A want with the number under which its answer is to be given back."""

    number: int
    want: Want


class Visit:
    """One site's crawl in progress: gives what to ask for, takes the answers. Knows the frontier, but no network."""

    def __init__(
        self,
        site: Site,
        frontier: Frontier,
        robots_body: RobotsBody,
        now: Callable[[], int],
        limit: int | None = None,
        *,
        agenda: Agenda | None = None,
        due: bool = False,
        rest: Callable[[str], int | None] = lambda url: None,
        absent: Callable[[], Want | None] = lambda: None,
        gathering: Gathering | None = None,
        commit: Callable[[], None] = lambda: None,
    ) -> None:
        """``agenda`` remembers how sources were polled; ``due`` asks for nothing that is not due by it.

        ``rest`` says until when the host of a URL asked to be left alone; ``absent`` names an address that cannot
        exist, where it is to be known what the site answers then (`crawler.absence`). ``gathering`` comes after all
        pages, where they are kept whole. ``commit`` notes what came.
        """
        self.site = site
        self._agenda = agenda
        self._only_due = due and agenda is not None
        self._rest = rest
        self._gathering = gathering
        self._absent = absent
        self._commit = commit
        self._pages_asked: set[str] = set()
        self._items: dict[str, Item] = {}  # of the root that is being polled
        self._polled: dict[str, Outcome] = {}
        self.width = UNPACED_WIDTH if site.delay == 0 else 1
        self.planned = self.answered = self._again = self._unchosen = 0
        self.problem: str | None = None
        self._limit = min(site.max_articles, limit) if limit is not None else site.max_articles
        self._frontier = frontier
        self._now = now
        self._numbers = count()
        self._running: dict[int, Walk] = {}
        self._sources = SourceWalk(
            site, self._take, robots_body, ended=self._ended, learned=lambda: frontier.learned(site.host)
        )
        self._read: list[tuple[str, int, str]] = []  # what was read: URL, number of announcements, problem or kind
        self._found: dict[str, Found] = {}  # new and changed ones, bounded
        self._changed: set[str] = set()
        self._due: deque[Found] | None = None  # those of a window; None while the sources are being read
        self._room = 0  # for so many more, in further windows
        self._last: Found | None = None  # of the windows so far
        self._looks: list[Found] = []  # after all of them
        self._asked: set[str] = set()  # keys that this visit fetches, or will: of a window
        self._asked_before: set[str] = set()  # of the one before, whose last are under way, or not committed yet
        self._failures = 0
        self._away = False
        self._stopped = False

    @property
    def finished(self) -> bool:
        """Whether nothing is under way and nothing more will be asked."""
        return not self._running and (self._due is not None or self._stopped) and not self._due

    @property
    def reading(self) -> bool:
        """Whether the sources are still being read."""
        return self._due is None

    @property
    def parts(self) -> int:
        """How many requisites of pages were answered."""
        return 0 if self._gathering is None else self._gathering.answered

    def begin(self) -> list[Ask]:
        """The first things to ask; none where nothing is due. Raises StorageFull: see `go_on`."""
        with contextlib.suppress(StorageFull):  # the next visit makes up for it
            self._frontier.watch(self.site.host, {one.url: one.every for one in self.site.watch}, self._now())
        if self._agenda is not None:
            if self.site.sources:
                with contextlib.suppress(StorageFull):
                    self._agenda.keep(self.site.host, (one.url for one in self.site.sources))
            if self._only_due:
                self._sources.roots = self._agenda.due(self.site, self._now())
        asks = self._started(self._sources())
        return asks or self.go_on()

    def close(self) -> None:
        """The visit is over: the agenda hears of it, and of what it failed at."""
        if self._agenda is not None and not self._stopped:
            rest = self._rest(self.site.starts[0]) if self.problem is not None else None
            with contextlib.suppress(StorageFull):
                self._agenda.visited(self.site.host, self._now(), self.problem, rest)

    def answered_by(self, number: int, answer: Answer) -> list[Ask]:
        """What to ask next, now that this was answered. Raises StorageFull: see `go_on`."""
        walk = self._running.pop(number, None)
        if walk is None:  # the visit was stopped while this was under way
            return []
        self._away = self._away or (answer.failure is not None and answer.failure.away)
        try:
            asks = [self._ask(walk, walk.send(answer))]
        except StopIteration:
            asks = []
        if self._stopped:
            self._running.clear()
            return []
        if self._gathering is not None and self._due:
            self._gathering.glance()
        return asks + self.go_on()

    def go_on(self) -> list[Ask]:
        """What else to ask. Raises StorageFull where the frontier has no room for what is due.

        Then nothing is under way, and nothing was asked: it goes on where this is called again.
        """
        if self._due is None and not self._running:
            self._choose()
            if (absent := self._absent()) is not None:
                return self._started(_once(absent)) + self._fill()
        return self._fill()

    def stop(self) -> None:
        """Ask for nothing more: what is due stays due."""
        self._stopped = True
        self._end()
        self._running.clear()

    def report(self) -> VisitReport:
        """How it went so far."""
        left = self._frontier.count(self.site.host).get(Phase.DUE, 0)
        sources = tuple(self._read)
        problem = self.problem
        if problem is None and self.planned == 0 and not any(number for _, number, _ in self._read):
            problem = "; ".join(self._sources.problems[:3]) or None
        return VisitReport(
            *(self.site.host, self.planned, self.answered, self._again, left, self._unchosen, sources, problem),
            away=self._away,
        )

    def _started(self, walk: Walk) -> list[Ask]:
        try:
            return [self._ask(walk, next(walk))]
        except StopIteration:
            return []

    def _ask(self, walk: Walk, want: Want) -> Ask:
        ask = Ask(next(self._numbers), want)
        self._running[ask.number] = walk
        return ask

    def _fill(self) -> list[Ask]:
        """Articles for the free places."""
        asks: list[Ask] = []
        if self._due is not None and not (self._due or self._running or self._stopped or self.problem):
            self._due = self._pages()
        while self._due and len(self._running) < self.width:
            asks.extend(self._started(self._article(self._due.popleft())))
            if not self._due:
                self._due = self._window()
        return asks + self._gathered()

    def _gathered(self) -> list[Ask]:
        """What articles refer to, once all of them are there."""
        if self._gathering is None or self._due is None or self._due or self.problem is not None:
            return []
        if len(self._running) > self._gathering.under_way:
            return []
        return [ask for walk in self._gathering.more() for ask in self._started(walk)]

    def _window(self) -> deque[Found]:
        """The next articles that are due: so many as are held at once; at last those that are looked at again."""
        now = self._now() if self._only_due else None
        due: list[Found] = []
        while self._room and not due:
            size = min(self._room, WINDOW)
            read = self._frontier.due(self.site.host, size, now, self._last)
            self._room = self._room - len(read) if len(read) == size else 0
            self._last = read[-1] if read else None
            due = [one for one in read if one.key not in self._asked]  # a redirect has just led there
        if not due:
            due, self._looks = self._looks, []
        # Of windows before the last one, the frontier knows by now which are done.
        if due:
            self._asked_before, self._asked = self._asked, {one.key for one in due}
        self.planned = max(self.planned, self.answered + len(due))
        return deque(due)

    def _pages(self) -> deque[Found]:
        """Further pages of the stories that came, known once those are committed; and of further pages, the next."""
        self._commit()
        due = self._frontier.further(self.site.host, self._now() if self._only_due else None)
        return deque(one for one in due if one.key not in self._pages_asked)

    def _end(self) -> None:
        self._due = deque()
        self._room = 0
        self._looks = []

    def _article(self, found: Found) -> Walk:
        if found.source == further.FURTHER:
            self._pages_asked.add(found.key)
        else:
            self.answered += 1
        changed = found.key in self._changed
        follow = once(found.url, found.key, lambda key: self._is_open(key, changed=changed))
        self._judge((yield from fetch(further.want(found), follow=follow)))

    def _is_open(self, key: str, *, changed: bool) -> bool:
        """Whether a redirect's target is still to be fetched: one that we have is only where it is said to change."""
        if key in self._asked or key in self._asked_before:
            return False
        self._asked.add(key)
        return changed or not self._frontier.is_done(self.site.host, key)

    def _judge(self, answer: Answer) -> None:
        """Give a site up that answers nothing but errors, or that asked to be left alone."""
        reason = answer.failure.reason if answer.failure is not None else None
        shut = reason is NoAnswer.ROBOTS and answer.failure is not None and answer.failure.cause is not None
        if not shut and reason in _OURS:
            return  # it is not the site's failure
        failed = reason is not None or answer.worth_retrying or answer.status in _BLOCKED
        self._failures = self._failures + 1 if failed else 0
        if reason is NoAnswer.BUDGET or (answer.failure is not None and answer.failure.away):
            self._give_up(answer.why)
        elif self._failures >= MAX_FAILURES and self._due:
            self._give_up(f"{self._failures} failures in a row, the last one: {answer.why}")

    def _give_up(self, why: str) -> None:
        left = len(self._due or ()) + len(self._looks) + 1
        if self._room:
            left = max(left, self.planned - self.answered + 1)
        self.problem = f"{why}; {left:,} articles stay due for the next crawl"
        self._end()

    def _ended(self, root: Root, outcome: Outcome, problem: str) -> None:
        """A root was polled: what it showed is remembered, and when it is next."""
        self._polled[root.url] = outcome
        items = tuple(self._items.values())
        self._items.clear()
        if self._agenda is not None:
            rest = self._rest(root.url) if outcome in {Outcome.FAILED, Outcome.UNASKED} else None
            self._note(Poll(root, self._now(), outcome, items, problem, rest))

    def _note(self, poll: Poll) -> None:
        assert self._agenda is not None
        with contextlib.suppress(StorageFull):  # what is forgotten is another poll; the crawl pauses for its captures
            self._agenda.note(self.site, poll)

    def _searched(self, found: bool) -> None:
        """Sources were searched for: those that are not found any more are forgotten, if any were found."""
        assert self._agenda is not None
        outcome = Outcome.WHOLE if found else Outcome.FAILED
        if not found and self._polled and set(self._polled.values()) == {Outcome.UNASKED}:
            outcome = Outcome.UNASKED
        if found:
            with contextlib.suppress(StorageFull):
                self._agenda.keep(self.site.host, self._polled)
        problem = "; ".join(self._sources.problems[:3])
        self._note(Poll(Root(Task.SEARCH, Task.SEARCH, "search"), self._now(), outcome, (), problem))

    def _take(self, listing: Listing) -> None:
        """Keep what a source announces that is to be fetched: a bounded number, the newest."""
        number = 0 if listing.problem else len(listing.announcements)
        self._read.append((listing.url, number, listing.problem or str(listing.kind)))
        now = self._now()
        vouched = listing.kind not in {SourceKind.FRONT, SourceKind.SECTION}
        changed = updates(listing.announcements)
        fetchable = {one.url for one in in_scope(listing.announcements, self.site)}
        candidates: list[Found] = []
        for place, (one, updated) in enumerate(zip(listing.announcements, changed, strict=True)):
            if one.url not in fetchable or (vouched and not may_be_article(one.url)):
                continue
            url = one.url if _SENT_AS_IT_STANDS.fullmatch(one.url) else safe_url_string(one.url)
            found = Found(
                normalise(url),
                url,
                rank(one.at, place, now, fresh=listing.fresh),
                one.announced,
                updated,
                listing.url,
                str(listing.kind),
                listing.hops + "L",
            )
            before = self._found.get(found.key)
            self._items.setdefault(found.key, Item(found.key, found.rank, one.at, before is None))
            if before is None:
                candidates.append(found)
            else:
                self._found[found.key] = _merged(before, found)
        sifted = self._frontier.sift(self.site.host, candidates, now)
        for one_found in candidates:
            if one_found.key not in sifted.unknown:
                item = self._items[one_found.key]
                self._items[one_found.key] = replace(item, new=False)
        for one_found in sifted.new + sifted.changed:
            self._found.setdefault(one_found.key, one_found)
        self._changed.update(one_found.key for one_found in sifted.changed)
        with contextlib.suppress(StorageFull):  # it is announced again
            self._frontier.learn(self.site.host, sifted.learned)
        self._prune()

    def _prune(self) -> None:
        room = 2 * self._limit + MAX_AGAIN
        if len(self._found) > room:
            kept = shared(list(self._found.values()), room)
            self._unchosen += len(self._found) - len(kept)
            self._found = {one.key: one for one in kept}

    def _choose(self) -> None:
        """All sources are read: decide what this crawl fetches."""
        new = [one for one in self._found.values() if one.key not in self._changed]
        changed = [one for one in self._found.values() if one.key in self._changed]
        chosen = shared(new, self._limit)
        again = nlargest(min(MAX_AGAIN, self._limit), changed, key=lambda one: one.rank)
        now = self._now()
        self._frontier.plan(self.site.host, [*chosen, *again], now)
        looks = self._frontier.looks(self.site.host, min(MAX_AGAIN, self._limit), now)
        # From here on nothing fails for want of room: it may be done again up to here.
        self._unchosen += len(new) - len(chosen)
        self._again = len(again) + len(looks)
        self._found.clear()
        if self._agenda is not None and self._sources.searched is not None:
            self._searched(self._sources.searched)
        self._changed = {one.key for one in [*again, *looks]}
        self._looks = [replace(one, source="look", via=None, hops="") for one in looks]
        self._room = self._limit
        self._due = self._window()
        if self._room:  # else they are counted
            self.planned = min(self._limit, self._frontier.count(self.site.host).get(Phase.DUE, 0))
        self.planned += len(self._looks)


def _once(want: Want) -> Walk:
    """One question, whatever is answered."""
    yield want


def _merged(one: Found, other: Found) -> Found:
    """What two sources say of one URL, taken together: the first tells the way, the dated one the date."""
    updated = max((at for at in (one.updated, other.updated) if at is not None), default=None)
    dated = one if one.announced else other
    return Found(one.key, one.url, dated.rank, dated.announced, updated, one.via, one.source, one.hops)
