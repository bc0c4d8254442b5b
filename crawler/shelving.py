"""Shelving: what a sitemap or page of an archive leads to: articles of a time, and further shelves. Pure."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import replace
from hashlib import blake2b

from w3lib.url import safe_url_string

from archive.exchange import NoAnswer
from archive.url import normalise
from crawler.agenda import Root
from crawler.backlog import Shelf, ShelfKind, Walked
from crawler.discovery import (
    Announcement,
    Feed,
    Sitemap,
    SitemapRef,
    candidates,
    links,
    may_be_article,
    read_listing,
)
from crawler.discovery.announcement import parse_date
from crawler.discovery.archives import Onward, Span, article_span, is_archive, moved, onward, page_of, span_of
from crawler.discovery.learned import Learned
from crawler.discovery.probing import sitemaps_in_robots
from crawler.discovery.sitemaps import lists_others
from crawler.frontier import Found
from crawler.robots import origin_of
from crawler.scheduling.articles import updates
from crawler.sites import Site, SourceKind
from crawler.sources import Home
from crawler.urls import Scope, refusal, resolve
from crawler.walk import BACKFILL, Answer

# Listings that lead to a listing: front page, archive, year, month, day; or indexes within indexes, of which
# sitemaps.org allows none.
MAX_DEPTH = 5
# Pages of one list: at ten articles a page, what a section of a large paper has in twenty years.
MAX_PAGES = 5_000
# Pages in a row that lead no further back: days without an article, and lists that are in no order.
MAX_GAP = 14
# Sections of the front page that are walked.
MAX_SECTIONS = 50
# Sitemaps that robots.txt names: some publishers name one for each day.
MAX_NAMED = 20_000
# Behind all others: sitemaps of what is hardly an article.
_LAST = -(1 << 60)
_SITEMAPS = frozenset({SourceKind.SITEMAP, SourceKind.NEWS_SITEMAP})
_LISTS = frozenset({SourceKind.SECTION, SourceKind.FRONT})
# Where old articles are listed, if anywhere, on a site that names neither sitemap nor archive.
_PAGES = ("/archive/", "/archives/")

OUTSIDE = "published at another time"
ANOTHER_TIME = "of another time"
_UNLIKE = "not like an article's address"
_TRAP = "a trap"
_ELSEWHERE = "not one of the site's hosts"


def read_shelf(
    shelf: Shelf, answer: Answer, scope: Scope, wanted: Span, learned: Learned | None = None
) -> Walked | str:
    """What a shelf's answer leads to within a time; a string says why it is no such listing.

    ``learned`` tells how the addresses of the site's articles are made, where that is known.
    """
    if shelf.kind is ShelfKind.PAGE:
        return read_page(shelf, answer, scope, wanted, learned)
    listing = read_listing(answer.body, answer.url, answer.charset)
    if isinstance(listing, Feed):
        return _named(shelf, answer.url, listing.announcements, scope, wanted)
    if not isinstance(listing, Sitemap):
        return listing.reason
    if listing.kind != "index":
        return _named(shelf, answer.url, listing.urls, scope, wanted)
    if shelf.depth >= MAX_DEPTH:
        return "an index too deep within indexes"
    return _in_time(shelf, answer.url, listing.index, scope, wanted)


def read_page(shelf: Shelf, answer: Answer, scope: Scope, wanted: Span, learned: Learned | None = None) -> Walked | str:
    """What an archive or section page leads to; where it shows no article, the list of the time before it may."""
    page = links(answer.body, answer.url, answer.charset, learned)
    if page.nofollow:
        return "it asks robots not to follow its links"
    # A month that stands in a heading is a list all the same.
    found = [Announcement(one.url, title=one.text or None) for one in page.articles if not is_archive(one.url)]
    walked = _named(shelf, answer.url, found, scope, wanted, vouched=False)
    dates = [span for one in found if (span := article_span(one.url)) is not None]
    shown = _digest(normalise(one.url) for one in found)
    oldest = min((span.first for span in dates), default=None)
    # A page that shows nothing new is one behind the last, and of one that shows nothing older a few are borne.
    leads = bool(found) and shown != shelf.shown
    back = shelf.oldest is None or oldest is None or oldest < shelf.oldest
    over = bool(dates) and max(span.last for span in dates) <= wanted.first
    further: list[Shelf] = []
    for place, link in enumerate(onward(answer.body, answer.url, answer.charset)):
        if link.next and leads and not over:
            gap = 0 if back else shelf.gap + 1
            following = min((at for at in (oldest, shelf.oldest) if at is not None), default=None)
            further += _following(shelf, answer.url, link, following, shown, gap)
        elif not link.next and shelf.depth < MAX_DEPTH:
            further += dated(link.url, wanted, shelf, answer.url, place)
    further += before(shelf, wanted, empty=not found)
    return _with(walked, further, scope)


def starting_points(
    site: Site,
    front: Home,
    robots: bytes | None,
    roots: Sequence[Root],
    wanted: Span,
    now: int,
    learned: Learned | None = None,
) -> Walked:
    """Where the walk of a site begins: what it names or declares, else what is usual; and what its front page shows."""
    root = Shelf(normalise(front.url), front.url, ShelfKind.PAGE, now)
    read = read_page(root, front.answer, site.scope, wanted, learned) if front.page is not None else Walked()
    walked = read if isinstance(read, Walked) else Walked()
    named = sitemaps_in_robots(robots or b"", front.url, MAX_NAMED)
    maps = [(url, f"{origin_of(front.url)}/robots.txt", "I") for url in named]
    pages: list[str] = []
    if front.page is not None and not front.page.nofollow:
        pages = [one.url for one in front.page.sections if not is_archive(one.url)][:MAX_SECTIONS]
    known = declared_points(roots, wanted, now).onward
    if not maps and not any(one.kind is ShelfKind.SITEMAP for one in known):
        guesses = [one.url for one in candidates(front.url, None, front.page) if one.kind is SourceKind.SITEMAP]
        maps = [(url, front.url, "I") for url in guesses]
        if not any(is_archive(one.url) for one in walked.onward):
            pages += [address for path in _PAGES if (address := resolve(front.url, path))]
    shelves = [_map(url, via, hops, now - place) for place, (url, via, hops) in enumerate(maps) if _meets(url, wanted)]
    shelves += [_page(url, front.url, "L", -place) for place, url in enumerate(pages)]
    return _with(walked, [*shelves, *known, *walked.onward], site.scope)


def declared_points(roots: Sequence[Root], wanted: Span, now: int) -> Walked:
    """The same of a site that is not to be discovered: its sources, as far as they list what is old."""
    shelves = []
    for place, one in enumerate(roots):
        if SourceKind(one.kind) in _SITEMAPS and _meets(one.url, wanted):
            shelves.append(_map(one.url, one.via, one.hops, now - place))
        elif SourceKind(one.kind) in _LISTS:
            shelves.append(_page(one.url, one.via, one.hops, -place))
    return Walked(onward=shelves)


def _meets(url: str, wanted: Span) -> bool:
    span = span_of(url)
    return span is None or span.meets(wanted)


def _map(url: str, via: str | None, hops: str, rank: int) -> Shelf:
    return Shelf(normalise(url), url, ShelfKind.SITEMAP, rank, 1, via, hops)


def _page(url: str, via: str | None, hops: str, rank: int) -> Shelf:
    return Shelf(normalise(url), url, ShelfKind.PAGE, rank, 1, via, hops)


def dated(url: str, wanted: Span, shelf: Shelf, via: str, place: int = 0) -> list[Shelf]:
    """A list of the archive, where its time is wanted; that of the last wanted time, where it is later than that."""
    span = span_of(url)
    hops = shelf.hops + "L"
    if span is not None and span.first >= wanted.last:
        earlier = moved(url, wanted.last - 1)
        span = span_of(earlier) if earlier is not None else None
        url, hops = earlier or url, shelf.hops + "I"
        if span is None:
            return []
    if span is not None and not span.meets(wanted):
        return []
    rank = -place if span is None else min(span.last, wanted.last) - 1
    return [Shelf(normalise(url), url, ShelfKind.PAGE, rank, shelf.depth + 1, via, hops)]


def before(shelf: Shelf, wanted: Span, *, empty: bool) -> list[Shelf]:
    """The list of the day, month or year before this one, which need not be linked; not behind many empty ones."""
    span, number = span_of(shelf.url), page_of(shelf.url)[1]
    gap = shelf.gap + 1 if empty else 0
    if shelf.kind is not ShelfKind.PAGE or span is None or number != 1 or gap > MAX_GAP or not is_archive(shelf.url):
        return []
    url = moved(shelf.url, span.first - 1)
    earlier = span_of(url) if url is not None else None
    if url is None or earlier is None or not earlier.meets(wanted) or earlier.first >= span.first:
        return []
    return [
        Shelf(
            *(normalise(url), url, ShelfKind.PAGE, earlier.last - 1, shelf.depth, shelf.url),
            *(f"{shelf.hops.rstrip('I')}I", None, "", gap),
        )
    ]


def _following(shelf: Shelf, via: str, link: Onward, oldest: int | None, shown: str, gap: int) -> list[Shelf]:
    """The next page of a list."""
    if gap > MAX_GAP or page_of(link.url)[1] > MAX_PAGES:
        return []
    # As it is of the same list, it is walked right after it.
    return [
        Shelf(
            normalise(link.url), link.url, shelf.kind, shelf.rank, shelf.depth, via, _paged(shelf), oldest, shown, gap
        )
    ]


def _paged(shelf: Shelf) -> str:
    """The way to a further page: one link from the first, however many there are between them."""
    return shelf.hops if shelf.shown else shelf.hops + "L"


def _child(shelf: Shelf, via: str, place: int, ref: SitemapRef) -> Shelf:
    span, changed = span_of(ref.url), parse_date(ref.lastmod)
    rank = span.last - 1 if span is not None else changed if changed is not None else -place
    if lists_others(ref.url):
        rank = _LAST
    return Shelf(normalise(ref.url), ref.url, ShelfKind.SITEMAP, rank, shelf.depth + 1, via, shelf.hops + "L")


def _in_time(shelf: Shelf, via: str, refs: Sequence[SitemapRef], scope: Scope, wanted: Span) -> Walked:
    """The sitemaps of an index that may list articles of a time.

    That is said by the date in its name. Its last change only tells that nothing in it is later: what was last changed
    before that time lists nothing of it.
    """
    kept: list[Shelf] = []
    apart = 0
    for place, ref in enumerate(refs):
        span, changed = span_of(ref.url), parse_date(ref.lastmod)
        if not span.meets(wanted) if span is not None else changed is not None and changed < wanted.first:
            apart += 1
        else:
            kept.append(_child(shelf, via, place, ref))
    return _with(Walked(apart={ANOTHER_TIME: apart} if apart else {}), kept, scope)


def _with(walked: Walked, onward: Sequence[Shelf], scope: Scope) -> Walked:
    """The same, with those of these shelves that are the site's own, and no traps."""
    kept: list[Shelf] = []
    apart = Counter(walked.apart)
    for shelf in onward:
        refused = refusal(shelf.url, scope)
        if refused is None:
            kept.append(shelf)
        else:
            apart[_ELSEWHERE if refused.reason is NoAnswer.SCOPE else _TRAP] += 1
    return replace(walked, onward=kept, apart=apart)


def _named(
    shelf: Shelf, via: str, named: Sequence[Announcement], scope: Scope, wanted: Span, *, vouched: bool = True
) -> Walked:
    """The articles among what a listing names that may be of a time; one of which nobody knows it may be."""
    passed: Counter[str] = Counter()
    found: dict[str, Found] = {}
    span = span_of(shelf.url)
    for place, (one, updated) in enumerate(zip(named, updates(named), strict=True)):
        refused = refusal(one.url, scope)
        when = _time(one)
        if refused is not None:
            passed[_ELSEWHERE if refused.reason is NoAnswer.SCOPE else _TRAP] += 1
        elif vouched and not may_be_article(one.url):
            passed[_UNLIKE] += 1
        elif when is not None and not when.meets(wanted):
            passed[OUTSIDE] += 1
        else:
            url = safe_url_string(one.url)
            known = when if when is not None and when.first else span
            rank = min(known.last, wanted.last) - 1 if known is not None else shelf.rank - place
            key = normalise(url)
            found.setdefault(key, Found(key, url, rank, one.announced, updated, via, BACKFILL, shelf.hops + "L"))
    return Walked(tuple(found.values()), named=len(named), passed=passed)


def _time(one: Announcement) -> Span | None:
    """When an article was published, as far as that is told: by its date, its address, or its last change."""
    at = parse_date(one.published)
    if at is not None:
        return Span(at, at + 1)
    span = article_span(one.url)
    if span is not None:
        return span
    changed = parse_date(one.updated)
    return Span(0, changed + 1) if changed is not None else None


def _digest(keys: Iterable[str]) -> str:
    digest = blake2b(digest_size=12)
    for key in keys:
        digest.update(key.encode("utf-8", "surrogatepass") + b"\n")
    return digest.hexdigest()
