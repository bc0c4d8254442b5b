"""Probing: what to try for a site of which only the address is known, and what the answers are worth."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

from archive.url import normalise
from crawler.discovery.announcement import Announcement, parse_date
from crawler.discovery.decoding import decode
from crawler.discovery.feeds import Feed
from crawler.discovery.listing import read_listing
from crawler.discovery.pages import Page, links
from crawler.discovery.platforms import places_of
from crawler.discovery.sitemaps import Sitemap
from crawler.sites import Source, SourceKind
from crawler.urls import resolve

# Lines of robots.txt that are read (RFC 9309, section 2.5 asks for at least 500 KiB), and sitemaps taken from it.
MAX_ROBOTS = 512_000
MAX_NAMED = 50
# Dates kept of a source: what the largest paper publishes in a week.
MAX_DATES = 5_000

# What a crawl asks of a site whose sources are unknown: enough to find a news site's sources, few enough to be polite.
# The places of the platform that the front page shows go before these.
WELL_KNOWN: tuple[tuple[SourceKind, str, str], ...] = (
    (SourceKind.NEWS_SITEMAP, "/news-sitemap.xml", "where Yoast's news plug-in and many publishers put it"),
    (SourceKind.NEWS_SITEMAP, "/sitemap-news.xml", "where publishers with systems of their own put it"),
    (SourceKind.NEWS_SITEMAP, "/sitemap_news.xml", "the same, as others write it"),
    (SourceKind.NEWS_SITEMAP, "/googlenews.xml", "named for whom it is made"),
    (SourceKind.NEWS_SITEMAP, "/arc/outboundfeeds/news-sitemap/?outputType=xml", "Arc XP's news sitemap"),
    (SourceKind.SITEMAP, "/sitemap.xml", "the usual place (sitemaps.org)"),
    (SourceKind.SITEMAP, "/sitemap_index.xml", "where Yoast's plug-in for WordPress puts it"),
    (SourceKind.SITEMAP, "/wp-sitemap.xml", "WordPress's own, since 5.5"),
    (SourceKind.FEED, "/feed/", "WordPress"),
    (SourceKind.FEED, "/rss/", "Ghost and others"),
    (SourceKind.FEED, "/rss.xml", "Drupal and many systems"),
    (SourceKind.FEED, "/feed.xml", "Jekyll and others"),
    (SourceKind.FEED, "/atom.xml", "Movable Type, Hugo and others"),
    (SourceKind.FEED, "/index.xml", "Hugo"),
    (SourceKind.FEED, "/arc/outboundfeeds/rss/?outputType=xml", "Arc XP's feed"),
    (SourceKind.FEED, "/feeds/posts/default", "Blogger"),
    (SourceKind.FEED, "/?format=feed&type=rss", "Joomla"),
    (SourceKind.FEED, "/feed.json", "JSON Feed (jsonfeed.org)"),
)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A URL that may be a source. ``named`` is True where the site itself names it, False where it is a guess."""

    kind: SourceKind
    url: str
    why: str
    named: bool = False


@dataclass(frozen=True, slots=True)
class FoundSource:
    """A candidate that is a source: its true kind, its format, and what it holds.

    ``items`` counts URLs (of an index: sitemaps), ``newest`` is in microseconds since 1970, UTC. ``keys`` are the
    normalised URLs that it announces; ``dates`` when those that are dated were published (else changed), the newest
    first, at most ``MAX_DATES``; ``children`` the sitemaps of an index.
    """

    candidate: Candidate
    kind: SourceKind
    form: str
    items: int
    newest: int | None = None
    keys: frozenset[str] = field(default=frozenset(), repr=False)
    dates: tuple[int, ...] = field(default=(), repr=False)
    children: tuple[str, ...] = field(default=(), repr=False)

    @property
    def url(self) -> str:
        """The URL of the source."""
        return self.candidate.url


@dataclass(frozen=True, slots=True)
class Rejected:
    """A candidate that is no source, and why."""

    candidate: Candidate
    reason: str


@dataclass(frozen=True, slots=True)
class Chosen:
    """The sources to declare, in the order in which to read them, and those left out because others say the same.

    ``overlap`` tells of each chosen source how many of its URLs another chosen one announces, too; ``shared`` with
    which of them it has how many in common, where it has any.
    """

    sources: tuple[FoundSource, ...]
    dropped: tuple[Rejected, ...]
    overlap: dict[str, int]
    shared: dict[str, dict[str, int]] = field(default_factory=dict)

    def declared(self) -> tuple[Source, ...]:
        """The sources as sites.toml holds them."""
        return tuple(Source(kind=one.kind, url=one.url) for one in self.sources)


def sitemaps_in_robots(body: bytes, url: str, most: int = MAX_NAMED) -> tuple[str, ...]:
    """The sitemaps that a robots.txt names (sitemaps.org, "Specifying the Sitemap location"), in its order."""
    found: dict[str, str] = {}
    for line in decode(body[:MAX_ROBOTS]).splitlines():
        name, colon, value = line.partition("#")[0].partition(":")
        if colon and name.strip().lower() == "sitemap" and len(found) < most:
            address = resolve(url, value)
            if address:
                found.setdefault(normalise(address), address)
    return tuple(found.values())


def candidates(home_url: str, robots_body: bytes | None, home: Page | bytes | None) -> list[Candidate]:
    """What to try for a site, each URL once: what it names itself first, then the places of the platform that its front
    page shows, then well-known ones, the front page last.

    ``home`` is the front page, read already or as bytes; None where there is none, as for ``robots_body``.
    """
    page = links(home, home_url) if isinstance(home, bytes) else home
    found: dict[str, Candidate] = {}

    def add(candidate: Candidate) -> None:
        found.setdefault(normalise(candidate.url), candidate)

    for url in sitemaps_in_robots(robots_body or b"", home_url):
        kind = SourceKind.NEWS_SITEMAP if "news" in url.partition("://")[2].partition("/")[2] else SourceKind.SITEMAP
        add(Candidate(kind, url, "named in robots.txt", named=True))
    for feed in page.feeds if page else ():
        # WordPress names a feed of comments beside the real one: its links are old articles.
        if "comments" not in feed.url.partition("://")[2].split("/"):
            add(Candidate(SourceKind.FEED, feed.url, f"named on the front page{_titled(feed.text)}", named=True))
    for kind, path, why in (*places_of(page.platforms if page else ()), *WELL_KNOWN):
        place = resolve(home_url, path)
        if place:
            add(Candidate(kind, place, why))
    add(Candidate(SourceKind.FRONT, home_url, "the front page", named=True))
    return list(found.values())


def _titled(text: str) -> str:
    return f' as "{text}"' if text else ""


def judge(
    candidate: Candidate, status: int | None, body: bytes, charset: str | None = None, url: str | None = None
) -> FoundSource | Rejected:
    """What an answer to a candidate is worth. ``status`` None means no answer; ``url`` is where redirects ended.

    The body decides, never the media type: feeds are served as text/html, and error pages as application/xml.
    """
    if status != 200:
        return Rejected(candidate, "no answer" if status is None else f"it answers {status}")
    url = url or candidate.url
    if candidate.kind in {SourceKind.FRONT, SourceKind.SECTION}:
        return _judge_page(candidate, links(body, url, charset))
    listing = read_listing(body, url, charset)
    if isinstance(listing, Feed):
        return _judge_list(candidate, SourceKind.FEED, _form(listing), listing.announcements)
    if not isinstance(listing, Sitemap):
        return Rejected(candidate, listing.reason)
    if listing.kind == "index":
        if not listing.index:
            return Rejected(candidate, "it is an index without sitemaps")
        children = tuple(ref.url for ref in listing.index)
        newest = _newest(Announcement(ref.url, updated=ref.lastmod) for ref in listing.index)
        return FoundSource(candidate, SourceKind.SITEMAP, "sitemap index", len(children), newest, children=children)
    # A news sitemap is empty on a quiet weekend: the name that the site gave it must do then.
    is_news = listing.kind == "news" or (not listing.urls and candidate.kind is SourceKind.NEWS_SITEMAP)
    kind = SourceKind.NEWS_SITEMAP if is_news else SourceKind.SITEMAP
    return _judge_list(candidate, kind, _form(listing), listing.urls)


def _form(listing: Feed | Sitemap) -> str:
    if isinstance(listing, Feed):
        return {"rss": "RSS", "rdf": "RSS 1.0", "atom": "Atom", "json": "JSON Feed"}[listing.kind]
    return {"news": "news sitemap", "text": "text sitemap"}.get(listing.kind, "sitemap")


def _judge_list(
    candidate: Candidate, kind: SourceKind, form: str, announcements: Sequence[Announcement]
) -> FoundSource | Rejected:
    if not announcements and not candidate.named:
        return Rejected(candidate, f"an empty {form}")
    keys = frozenset(normalise(one.url) for one in announcements)
    return FoundSource(candidate, kind, form, len(announcements), _newest(announcements), keys, _dates(announcements))


def _judge_page(candidate: Candidate, page: Page) -> FoundSource | Rejected:
    if page.nofollow:
        return Rejected(candidate, "it asks robots not to follow its links")
    if not page.articles:
        return Rejected(candidate, "no link on it looks like an article's")
    keys = frozenset(normalise(link.url) for link in page.articles)
    return FoundSource(candidate, candidate.kind, "page", len(keys), keys=keys)


def _dates(announcements: Sequence[Announcement]) -> tuple[int, ...]:
    dates = {normalise(one.url): parse_date(one.announced) for one in announcements if one.announced}
    return tuple(sorted((at for at in dates.values() if at is not None), reverse=True)[:MAX_DATES])


def _newest(announcements: Iterable[Announcement]) -> int | None:
    return max((at for at in (one.at for one in announcements) if at is not None), default=None)


# Fresh, small and dated first. The front page last: it alone tells articles by their looks.
_ORDER = (SourceKind.NEWS_SITEMAP, SourceKind.FEED, SourceKind.SITEMAP, SourceKind.SECTION, SourceKind.FRONT)


def choose(found: Iterable[FoundSource]) -> Chosen:
    """Which found sources to declare: all but those that announce nothing beyond another of their kind.

    Sources of different kinds stay although they overlap: a feed is fresher than a sitemap, a sitemap reaches
    further back, and the front page shows what both forgot.
    """
    ranked = sorted(found, key=lambda one: (_ORDER.index(one.kind), not one.candidate.named, -one.items))
    chosen: list[FoundSource] = []
    dropped: list[Rejected] = []
    for one in ranked:
        same = next((other for other in chosen if _says_nothing_new(one, other)), None)
        if same is None:
            chosen.append(one)
        else:
            dropped.append(Rejected(one.candidate, f"it announces nothing that {same.url} does not"))
    overlap = {
        one.url: len(one.keys & frozenset().union(*(other.keys for other in chosen if other is not one)))
        for one in chosen
    }
    shared = {
        one.url: {other.url: both for other in chosen if other is not one and (both := len(one.keys & other.keys))}
        for one in chosen
    }
    return Chosen(tuple(chosen), tuple(dropped), overlap, shared)


def _says_nothing_new(one: FoundSource, other: FoundSource) -> bool:
    if one.url in other.children:
        return True  # reached through its index
    if one.kind is not other.kind:
        return False
    if one.children or other.children:
        return bool(one.children) and set(one.children) <= set(other.children)
    return bool(one.keys) and one.keys <= other.keys
