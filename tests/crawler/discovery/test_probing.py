from __future__ import annotations

import gzip
import urllib.error
import urllib.request

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.clock import parse_warc_date
from crawler.discovery import Candidate, FoundSource, Rejected, candidates, choose, judge
from crawler.discovery.platforms import PLATFORMS, platforms_of
from crawler.discovery.probing import WELL_KNOWN, sitemaps_in_robots
from crawler.newsroom import Newsroom
from crawler.sites import Source, SourceKind

HOME = "https://example-news.org/"
ROBOTS = b"""User-agent: *\r\nDisallow: /private/\r
Sitemap: https://example-news.org/sitemaps/all.xml # the lot\r
sitemap:/google-news.xml
SITEMAP : https://example-news.org/sitemaps/all.xml
Sitemap: mailto:x@example-news.org
Sitemap
"""
FRONT = b"""<link rel=alternate type=application/rss+xml href=/feed title="All">
<link rel=alternate type=application/rss+xml href=/comments/feed/>
<main><h2><a href=/2026/11/24/mayor>The mayor resigns after the vote</a></h2></main>"""


def rss(*numbers: int) -> bytes:
    items = "".join(f"<item><link>{HOME}a/{n}</link><pubDate>{n} Nov 2026 00:00 GMT</pubDate></item>" for n in numbers)
    return f"<rss>{items}</rss>".encode()


def urlset(*numbers: int, news: bool = False) -> bytes:
    extra = "<news><publication_date>2026-11-24</publication_date></news>" if news else ""
    return ("<urlset>" + "".join(f"<url><loc>{HOME}a/{n}</loc>{extra}</url>" for n in numbers) + "</urlset>").encode()


def of(kind: SourceKind, path: str, named: bool = False) -> Candidate:
    return Candidate(kind, f"{HOME}{path}", "for the test", named)


def found(candidate: Candidate, body: bytes) -> FoundSource:
    answer = judge(candidate, 200, body)
    assert isinstance(answer, FoundSource), answer
    return answer


def test_sitemaps_in_robots() -> None:
    assert sitemaps_in_robots(ROBOTS, f"{HOME}robots.txt") == (f"{HOME}sitemaps/all.xml", f"{HOME}google-news.xml")


def test_candidates_named_by_the_site_come_first_and_once() -> None:
    tried = candidates(HOME, ROBOTS, FRONT)
    assert [(one.kind, one.url.removeprefix(HOME)) for one in tried if one.named] == [
        (SourceKind.SITEMAP, "sitemaps/all.xml"),
        (SourceKind.NEWS_SITEMAP, "google-news.xml"),
        (SourceKind.FEED, "feed"),
        (SourceKind.FRONT, ""),
    ]
    assert tried[2].why == 'named on the front page as "All"'
    assert tried[-1].kind is SourceKind.FRONT
    assert len({one.url for one in tried}) == len(tried) == 4 + len(WELL_KNOWN)
    assert not any("comments" in one.url for one in tried)


def test_candidates_of_a_site_that_shows_nothing() -> None:
    assert len(candidates("http://example-news.org:8017/start/", None, None)) == len(WELL_KNOWN) + 1
    assert candidates("http://example-news.org:8017/start/", None, None)[0].url.startswith(
        "http://example-news.org:8017/n"
    )


@pytest.mark.parametrize(
    ("sign", "first", "why"),
    [
        (b"<meta name=generator content='WordPress 6.6'>", "news-sitemap.xml", "WordPress: Yoast's news plug-in"),
        (b'<meta content="Ghost 5.9" name="generator" />', "sitemap.xml", "Ghost: its sitemap index"),
        (b"<meta name='generator' content='Ghost 5.9'>", "sitemap.xml", "Ghost: its sitemap index"),
        (b"<img src=/wp-content/a.jpg>", "news-sitemap.xml", "WordPress: Yoast's news plug-in"),
        (b"<script src='/pf/resources/a.js'>", "arc/outboundfeeds/news-sitemap/?outputType=xml", "Arc XP: its news"),
        (b"<link href=/sites/default/files/a.css>", "sitemap.xml", "Drupal: where its sitemap modules put it"),
        (
            b"<meta name=generator content='Joomla! - Open Source'>",
            "index.php?option=com_osmap&view=xml&id=1",
            "Joomla",
        ),
        (b"<link href=https://www.blogger.com/x>", "sitemap.xml", "Blogger: its sitemap"),
        (b"<link href=https://substackcdn.com/x>", "sitemap.xml", "Substack: its sitemap"),
        (b"<link href=/typo3temp/x.css>", "sitemap.xml", "TYPO3: its sitemap"),
        (b"<p>nothing</p>", "news-sitemap.xml", "where Yoast's news plug-in and many publishers put it"),
    ],
)
def test_the_places_of_the_platform_come_first(sign: bytes, first: str, why: str) -> None:
    guesses = [one for one in candidates(HOME, None, b"<html>" + sign + FRONT) if not one.named]
    assert guesses[0].url.removeprefix(HOME) == first
    assert guesses[0].why.startswith(why)
    assert all(one.why for one in guesses)
    assert len({one.url for one in guesses}) == len(guesses)


def test_every_platform_has_a_feed_and_is_known_by_its_generator() -> None:
    for one in PLATFORMS:
        assert any(kind is SourceKind.FEED for kind, _, _ in one.places)
        assert platforms_of(f'<meta name="generator" content="{one.name} 4.2 (https://x.example)">') == (one.name,)
        assert not platforms_of(f"<p>An article on {one.name} and its generator</p>")


def test_overlap_is_told_by_pairs_and_dates_are_kept() -> None:
    one, other = (
        found(of(SourceKind.FEED, "a", True), rss(1, 2, 3)),
        found(of(SourceKind.SITEMAP, "b"), urlset(2, 3, 4)),
    )
    chosen = choose([one, other])
    assert chosen.shared == {one.url: {other.url: 2}, other.url: {one.url: 2}}
    assert one.dates == tuple(parse_warc_date(f"2026-11-0{day}") for day in (3, 2, 1))
    assert other.dates == ()


def test_judging_by_the_body() -> None:
    feed = found(of(SourceKind.SITEMAP, "s"), rss(22, 23, 21))  # declared as something else
    assert (feed.kind, feed.form, feed.items, feed.newest) == (
        *(SourceKind.FEED, "RSS", 3),
        parse_warc_date("2026-11-23"),
    )
    assert found(of(SourceKind.SITEMAP, "s"), gzip.compress(urlset(1, news=True))).kind is SourceKind.NEWS_SITEMAP
    assert found(of(SourceKind.NEWS_SITEMAP, "s"), urlset(1)).kind is SourceKind.SITEMAP
    index = found(of(SourceKind.SITEMAP, "s"), b"<sitemapindex><sitemap><loc>/1.xml</loc></sitemap></sitemapindex>")
    assert (index.items, index.children, index.form) == (1, (f"{HOME}1.xml",), "sitemap index")
    front = found(of(SourceKind.FRONT, ""), FRONT)
    assert (front.kind, front.items) == (SourceKind.FRONT, 1)


@pytest.mark.parametrize(
    ("kind", "status", "body", "reason"),
    [
        (SourceKind.FEED, None, b"", "no answer"),
        (SourceKind.FEED, 404, rss(1), "it answers 404"),
        (SourceKind.FEED, 200, b"<!doctype html>Not found", "it is an HTML page"),
        (SourceKind.FEED, 200, b"", "it is empty"),
        (SourceKind.FEED, 200, b"<rss/>", "an empty RSS"),
        (SourceKind.SITEMAP, 200, b"<urlset/>", "an empty sitemap"),
        (SourceKind.SITEMAP, 200, b"<sitemapindex/>", "it is an index without sitemaps"),
        (SourceKind.FRONT, 200, b"<p>Under construction", "no link on it looks like an article's"),
        (SourceKind.FRONT, 200, b"<meta name=robots content=nofollow>", "it asks robots not to follow its links"),
    ],
)
def test_rejected_with_a_reason(kind: SourceKind, status: int | None, body: bytes, reason: str) -> None:
    candidate = of(kind, "x")
    assert judge(candidate, status, body) == Rejected(candidate, reason)


def test_what_the_site_names_may_be_empty_today() -> None:
    assert found(of(SourceKind.NEWS_SITEMAP, "news.xml", named=True), b"<urlset/>").kind is SourceKind.NEWS_SITEMAP
    assert found(of(SourceKind.FEED, "feed", named=True), b"<rss/>").items == 0


def test_choosing_drops_what_says_nothing_new() -> None:
    named = found(of(SourceKind.FEED, "feed", named=True), rss(1, 2, 3))
    twin = found(of(SourceKind.FEED, "rss"), rss(1, 2, 3))
    part = found(of(SourceKind.FEED, "rss.xml"), rss(2))
    more = found(of(SourceKind.FEED, "atom.xml"), rss(3, 4))
    index = found(
        of(SourceKind.SITEMAP, "sitemap.xml"), b"<sitemapindex><sitemap><loc>/news.xml</loc></sitemap></sitemapindex>"
    )
    child = found(of(SourceKind.SITEMAP, "news.xml"), urlset(1))
    chosen = choose([index, child, part, twin, more, named])
    assert [one.url.removeprefix(HOME) for one in chosen.sources] == ["feed", "atom.xml", "sitemap.xml"]
    assert {one.candidate.url.removeprefix(HOME) for one in chosen.dropped} == {"rss", "rss.xml", "news.xml"}
    assert chosen.overlap == {f"{HOME}feed": 1, f"{HOME}atom.xml": 1, f"{HOME}sitemap.xml": 0}
    assert chosen.declared()[0] == Source(kind=SourceKind.FEED, url=f"{HOME}feed")


def test_probing_the_newsroom() -> None:
    """Over a real connection: both fictional sites show a feed and their front page, one a news sitemap."""
    seen: set[SourceKind] = set()
    with Newsroom(1, 0) as newsroom:

        def get(url: str) -> tuple[int, bytes]:
            host, _, path = url.partition("://")[2].partition("/")
            request = urllib.request.Request(f"http://127.0.0.1:{newsroom.port}/{path}", headers={"Host": host})
            try:
                with urllib.request.urlopen(request) as response:
                    return response.status, response.read()
            except urllib.error.HTTPError as error:
                with error:
                    return error.code, error.read()

        for host in newsroom.resolve:
            home = f"http://{host}/"
            tried = candidates(home, get(f"{home}robots.txt")[1], get(home)[1])
            answers = [judge(one, *get(one.url)) for one in tried]
            kinds = {one.kind for one in choose(one for one in answers if isinstance(one, FoundSource)).sources}
            assert SourceKind.FEED in kinds
            assert SourceKind.FRONT in kinds
            seen |= kinds
            assert all(one.reason for one in answers if isinstance(one, Rejected))
    assert SourceKind.NEWS_SITEMAP in seen


@given(st.binary(), st.binary())
def test_no_bytes_raise(robots: bytes, body: bytes) -> None:
    for one in candidates(HOME, robots, body):
        judge(one, 200, body)
