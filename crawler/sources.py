"""Walks over a site's sources: the front page, feeds, sitemaps and sections, those that are due or all that are found.

Each is polled as a whole (a *root*): an index with the sitemaps that it names. What its poll came to is told when the
next one begins.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Sequence
from dataclasses import dataclass, field, replace

from archive.exchange import Role
from archive.url import normalise
from crawler.agenda import Root, declared
from crawler.discovery import Announcement, Candidate, Feed, Page, Sitemap, candidates, links, read_listing, recent
from crawler.discovery.learned import Learned
from crawler.robots import origin_of
from crawler.scheduling.articles import counts
from crawler.scheduling.polling import Outcome
from crawler.sites import Site, SourceKind
from crawler.urls import refusal
from crawler.walk import MAX_RETRIES, Answer, Walk, Want, fetch

# Sitemaps and feeds that a site names itself and that are asked in one crawl: large papers name a hundred, by year.
MAX_NAMED = 20
# Indexes within an index are read, those within these are not (sitemaps.org allows none at all).
MAX_DEPTH = 2
# Sitemaps within indexes that one crawl reads of a site: twenty named indexes of indexes would be thousands.
MAX_WITHIN = 100
# Sections that are read where a site has neither feed nor sitemap.
MAX_SECTIONS = 20
# Guesses in a row that a site blocks before it is left alone.
MAX_BLOCKED = 3
_BLOCKED = frozenset({401, 403, 429, 451})
_LISTS = frozenset({SourceKind.FEED, SourceKind.SITEMAP, SourceKind.NEWS_SITEMAP})

ROLES = {
    SourceKind.FEED: Role.FEED,
    SourceKind.SITEMAP: Role.SITEMAP,
    SourceKind.NEWS_SITEMAP: Role.SITEMAP,
    SourceKind.FRONT: Role.FRONT,
    SourceKind.SECTION: Role.SECTION,
}


@dataclass(frozen=True, slots=True)
class Listing:
    """What one source announced: ``problem`` says why it announced nothing."""

    kind: SourceKind
    url: str
    hops: str
    announcements: tuple[Announcement, ...] = ()
    problem: str | None = None

    @property
    def fresh(self) -> bool:
        """Whether an undated announcement in it is a new one."""
        return self.kind not in {SourceKind.SITEMAP, SourceKind.NEWS_SITEMAP}


@dataclass(frozen=True, slots=True)
class Home:
    """A site's front page as it answered: ``url`` is where its redirects ended."""

    answer: Answer
    page: Page | None

    @property
    def url(self) -> str:
        """The front page's address."""
        return self.answer.url


Take = Callable[[Listing], None]
Ended = Callable[[Root, Outcome, str], None]
RobotsBody = Callable[[str], bytes | None]
Fetch = Callable[[Want], Generator[Want, Answer, Answer]]


def home(
    starts: Sequence[str], fetch: Fetch = fetch, learned: Callable[[], Learned | None] = lambda: None
) -> Generator[Want, Answer, Home]:
    """The front page: the next start is tried only when the one before does not connect."""
    answer = Answer(starts[0])
    for start in starts:
        answer = yield from fetch(Want(start, Role.FRONT, source="seed"))
        if answer.failure is None or not answer.failure.no_connection:
            break
    page = links(answer.body, answer.url, answer.charset, learned()) if answer.ok else None
    return Home(answer, page)


@dataclass(slots=True)
class SourceWalk:
    """The walk over sources of one site; each listing is given to ``take`` as soon as it is read.

    ``roots`` are those to be polled, by default those that are declared, or else all that can be found. ``ended`` is
    told what the poll of each came to, and why it failed. ``searched`` says afterwards whether sources were searched
    for, and whether one was found (None where they were not). ``learned`` is asked for each page of links.
    """

    site: Site
    take: Take
    robots_body: RobotsBody
    roots: Sequence[Root] | None = None
    ended: Ended = lambda root, outcome, problem: None
    learned: Callable[[], Learned | None] = lambda: None
    searched: bool | None = None
    asked: set[str] = field(default_factory=set)
    seen: set[str] = field(default_factory=set)  # all URLs that were asked for, targets of redirects among them
    within: int = 0  # sitemaps within indexes that were asked for
    found: set[SourceKind] = field(default_factory=set)  # kinds of which one announced something
    problems: list[str] = field(default_factory=list)
    _whole: bool = False
    _answers: list[Answer] = field(default_factory=list)  # of the root that is being polled
    _took_one: bool = False
    _why: str = ""

    def __call__(self) -> Walk:
        """What is to be polled, one after the other."""
        roots = self.roots
        if roots is None and (self.site.sources or not self.site.discover):
            roots = declared(self.site)
        if roots is not None:
            for root in roots:
                yield from self._polled(root)
            return
        self.searched = False
        front = yield from self._front()
        if front.page is None and front.answer.failure is not None:
            return
        yield from self._candidates(front)
        if front.page is not None and not self.found & _LISTS:
            sections = [link.url for link in front.page.sections if refusal(link.url, self.site.scope) is None]
            for url in sections[:MAX_SECTIONS]:
                yield from self._polled(Root(SourceKind.SECTION, url, "front", front.url, "L"))
        self.searched = bool(self.found)

    def _polled(self, root: Root) -> Walk:
        self._begin(root.whole)
        kind = SourceKind(root.kind)
        yield from self._source(kind, root.url, root.found, root.via, root.hops)
        if self._answers or self._why:  # else it was asked as a part of another one
            self._end(root)

    def _front(self) -> Generator[Want, Answer, Home]:
        self._begin(whole=False)
        front = yield from home(self.site.starts, self._fetch, self.learned)
        if front.page is None:
            self._failed(SourceKind.FRONT, front.answer)
        else:
            self._page(SourceKind.FRONT, front.url, "", front.page)
        self._end(Root(SourceKind.FRONT, front.url, "seed"))
        return front

    def _begin(self, whole: bool) -> None:
        self._whole, self._took_one, self._why = whole, False, ""
        self._answers.clear()

    def _end(self, root: Root) -> None:
        if self._took_one:
            unchanged = all(one.unchanged for one in self._answers)
            self.ended(root, Outcome.UNCHANGED if unchanged else Outcome.WHOLE, "")
            return
        failures = [one.failure for one in self._answers if one.failure is not None]
        unasked = bool(failures) and (failures[-1].away or not counts(failures[-1].reason))
        self.ended(root, Outcome.UNASKED if unasked else Outcome.FAILED, self._why)

    def _candidates(self, front: Home) -> Walk:
        tried = [
            one
            for one in candidates(front.url, self.robots_body(front.url), front.page)
            if one.kind is not SourceKind.FRONT
        ]
        named = [one for one in tried if one.named]
        for one in named[:MAX_NAMED]:
            found, via, hops = _way(one, front.url)
            yield from self._polled(Root(one.kind, one.url, found, via, hops))
        blocked = 0
        for one in tried:
            if one.named or self.found & _LISTS or blocked >= MAX_BLOCKED:
                continue
            self._begin(whole=False)
            answer = yield from self._fetch(_guess(one), retries=0)
            blocked = blocked + 1 if is_blocked(answer) else 0
            if answer.ok:
                yield from self._list(one.kind, answer, "I", depth=0, guessed=True)
                if self._took_one:
                    self._end(Root(one.kind, one.url, "guess", None, "I"))

    def _source(self, kind: SourceKind, url: str, source: str, via: str | None, hops: str, depth: int = 0) -> Walk:
        key = normalise(url)
        if key in self.asked:
            return
        self.asked.add(key)
        answer = yield from self._fetch(Want(url, ROLES[kind], source=source, via=via, hops=hops))
        if not answer.ok:
            self._failed(kind, answer)
        elif kind in {SourceKind.FRONT, SourceKind.SECTION}:
            page = links(answer.body, answer.url, answer.charset, self.learned(), platforms=False)
            self._page(kind, answer.url, hops, page)
        else:
            yield from self._list(kind, answer, hops, depth)

    def _list(self, kind: SourceKind, answer: Answer, hops: str, depth: int, *, guessed: bool = False) -> Walk:
        listing = read_listing(answer.body, answer.url, answer.charset)
        if isinstance(listing, Feed):
            self._took(Listing(SourceKind.FEED, answer.url, hops, listing.announcements))
        elif not isinstance(listing, Sitemap):
            if not guessed:  # that a guess is wrong is no problem
                self._problem(Listing(kind, answer.url, hops, problem=listing.reason))
        elif listing.kind != "index":
            news = listing.kind == "news"
            self._took(Listing(SourceKind.NEWS_SITEMAP if news else SourceKind.SITEMAP, answer.url, hops, listing.urls))
        elif depth >= MAX_DEPTH:
            self._problem(Listing(kind, answer.url, hops, problem="an index too deep within indexes"))
        else:
            for child in recent(listing.index):
                if self.within >= MAX_WITHIN:
                    self._problem(Listing(kind, answer.url, hops, problem=f"one of more than {MAX_WITHIN} sitemaps"))
                    return
                self.within += 1
                yield from self._source(SourceKind.SITEMAP, child.url, "sitemap", answer.url, hops + "L", depth + 1)

    def _fetch(self, want: Want, retries: int = MAX_RETRIES) -> Generator[Want, Answer, Answer]:
        """Fetch, but no page once more because redirects lead there: many send each unknown path to the front page."""
        self.seen.add(want.url)
        answer = yield from fetch(replace(want, whole=self._whole), retries, self._is_open)
        self._answers.append(answer)
        return answer

    def _is_open(self, url: str) -> bool:
        known = url in self.seen
        self.seen.add(url)
        return not known or self.site.cookies  # with its cookie set, the same address may answer otherwise

    def _page(self, kind: SourceKind, url: str, hops: str, page: Page) -> None:
        if page.nofollow:
            self._problem(Listing(kind, url, hops, problem="it asks robots not to follow its links"))
            return
        found = tuple(Announcement(link.url, title=link.text or None) for link in page.articles)
        self._took(Listing(kind, url, hops, found))

    def _took(self, listing: Listing) -> None:
        self._took_one = True
        if listing.announcements:
            self.found.add(listing.kind)
        self.take(listing)

    def _failed(self, kind: SourceKind, answer: Answer) -> None:
        self._problem(Listing(kind, answer.url, "", problem=answer.why))

    def _problem(self, listing: Listing) -> None:
        self.problems.append(f"{listing.url}: {listing.problem}")
        self._why = self._why or listing.problem or ""
        self.take(listing)


def is_blocked(answer: Answer) -> bool:
    """Whether an answer to a guess says that guesses are not wanted."""
    if answer.failure is not None:
        return True
    return answer.status in _BLOCKED or (answer.status or 0) >= 500


def role_of(candidate: Candidate) -> Role:
    """The role of a candidate's fetch: a guess is a probe, whatever it turns out to be."""
    return ROLES[candidate.kind] if candidate.named else Role.PROBE


def _way(candidate: Candidate, front: str) -> tuple[str, str, str]:
    """How a named candidate was found: source, via and hops."""
    if candidate.kind is SourceKind.FEED:
        return "front", front, "L"
    return "robots", f"{origin_of(front)}/robots.txt", "I"


def _guess(candidate: Candidate) -> Want:
    return Want(candidate.url, role_of(candidate), source="guess", hops="I")


def want_candidate(candidate: Candidate, front: str) -> Want:
    """What to ask for a candidate that was named on the front page or in robots.txt, or guessed."""
    if not candidate.named:
        return _guess(candidate)
    source, via, hops = _way(candidate, front)
    return Want(candidate.url, role_of(candidate), source=source, via=via, hops=hops)


def in_scope(announcements: Iterable[Announcement], site: Site) -> list[Announcement]:
    """Those that may be fetched for the site at all."""
    scope = site.scope
    return [one for one in announcements if refusal(one.url, scope) is None]
