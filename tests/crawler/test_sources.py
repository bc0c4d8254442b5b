"""Walks over sources: what is read in which order, within which bounds, and what it announced."""

from __future__ import annotations

import gzip

from web import Page, Web, failed, front, index, moved, rss, sitemap

from archive.exchange import NoAnswer, Role
from crawler.discovery.probing import WELL_KNOWN
from crawler.sites import Site, Source, SourceKind
from crawler.sources import MAX_BLOCKED, MAX_NAMED, MAX_SECTIONS, MAX_WITHIN, Listing, SourceWalk

BASE = "https://a.example"
STORY = f"{BASE}/2026/11/24/a-story-of-many-words"


def read(web: Web, site: Site | None = None, robots: bytes | None = None) -> tuple[list[Listing], SourceWalk]:
    listings: list[Listing] = []
    walk = SourceWalk(site or Site(host="a.example"), listings.append, lambda _: robots)
    web.walk(walk())
    return listings, walk


def announced(listings: list[Listing]) -> list[str]:
    return [one.url for listing in listings for one in listing.announcements]


def declared(*sources: tuple[SourceKind, str]) -> Site:
    return Site(host="a.example", sources=tuple(Source(kind=kind, url=url) for kind, url in sources))


def test_declared_sources_are_read_in_their_order_and_nothing_else() -> None:
    web = Web({f"{BASE}/feed": rss(STORY), f"{BASE}/map.xml": sitemap(f"{STORY}-2"), f"{BASE}/": front(f"{STORY}-3")})
    site = declared(
        (SourceKind.FEED, f"{BASE}/feed"), (SourceKind.SITEMAP, f"{BASE}/map.xml"), (SourceKind.FRONT, f"{BASE}/")
    )
    listings, _ = read(web, site)
    assert web.urls == [f"{BASE}/feed", f"{BASE}/map.xml", f"{BASE}/"]
    assert [want.role for want in web.asked] == [Role.FEED, Role.SITEMAP, Role.FRONT]
    assert announced(listings) == [STORY, f"{STORY}-2", f"{STORY}-3"]


def test_one_broken_source_stops_no_other() -> None:
    web = Web({f"{BASE}/broken": b"<html>", f"{BASE}/gone": 410, f"{BASE}/feed": rss(STORY)})
    kinds = (SourceKind.SITEMAP, SourceKind.FEED, SourceKind.FEED)
    site = declared(*zip(kinds, (f"{BASE}/broken", f"{BASE}/gone", f"{BASE}/feed"), strict=True))
    listings, walk = read(web, site)
    assert announced(listings) == [STORY]
    assert [one.problem is None for one in listings] == [False, False, True]
    assert walk.problems == [f"{BASE}/broken: it is an HTML page", f"{BASE}/gone: it answers 410"]


def test_an_index_is_walked_and_a_gzipped_child_read() -> None:
    web = Web(
        {
            f"{BASE}/index.xml": index(f"{BASE}/one.xml.gz", f"{BASE}/two.xml"),
            f"{BASE}/one.xml.gz": gzip.compress(sitemap(STORY)),
            f"{BASE}/two.xml": sitemap(f"{STORY}-2"),
        }
    )
    listings, _ = read(web, declared((SourceKind.SITEMAP, f"{BASE}/index.xml")))
    assert sorted(announced(listings)) == [STORY, f"{STORY}-2"]
    child = web.asked[1]
    assert (child.via, child.source, child.hops) == (f"{BASE}/index.xml", "sitemap", "L")


def test_indexes_in_circles_and_in_depth_end() -> None:
    web = Web({f"{BASE}/{n}.xml": index(f"{BASE}/{n + 1}.xml", f"{BASE}/0.xml") for n in range(50)})
    _, walk = read(web, declared((SourceKind.SITEMAP, f"{BASE}/0.xml")))
    assert web.urls == [f"{BASE}/0.xml", f"{BASE}/1.xml", f"{BASE}/2.xml"]
    assert "too deep" in walk.problems[0]


def test_a_huge_index_is_read_in_part() -> None:
    web = Web({f"{BASE}/index.xml": index(*(f"{BASE}/{n}.xml" for n in range(5_000)))})
    read(web, declared((SourceKind.SITEMAP, f"{BASE}/index.xml")))
    assert len(web.asked) <= 11


def test_indexes_of_indexes_are_read_in_part() -> None:
    tree = {f"{BASE}/{n}.xml": index(*(f"{BASE}/{n}/{m}.xml" for m in range(10))) for n in range(MAX_NAMED)}
    twigs = {
        f"{BASE}/{n}/{m}.xml": index(*(f"{BASE}/{n}/{m}/{k}.xml" for k in range(10)))
        for n in range(MAX_NAMED)
        for m in range(10)
    }
    web = Web({f"{BASE}/": front(STORY), **tree, **twigs})
    _, walk = read(web, robots="".join(f"Sitemap: {url}\n" for url in tree).encode())
    assert sum(want.role is Role.SITEMAP for want in web.asked) == MAX_NAMED + MAX_WITHIN
    assert set(tree) < set(web.urls), "those that the site names itself are all read"
    assert f"one of more than {MAX_WITHIN} sitemaps" in walk.problems[-1]


def test_a_page_is_not_fetched_for_each_guess_that_redirects_there() -> None:
    guesses = {f"{BASE}{path}": moved(f"{BASE}{path}", f"{BASE}/") for _, path, _ in WELL_KNOWN}
    web = Web({f"{BASE}/": front(STORY), **guesses})
    listings, _ = read(web)
    assert web.urls.count(f"{BASE}/") == 1
    assert announced(listings) == [STORY]


def test_a_front_page_that_redirects_to_itself_is_asked_once_unless_it_sets_cookies() -> None:
    pages: dict[str, Page] = {f"{BASE}/": lambda before: front(STORY) if before else moved(f"{BASE}/", f"{BASE}/")}
    web = Web(pages)
    read(web)
    assert web.urls.count(f"{BASE}/") == 1
    with_cookies = Web(pages)
    listings, _ = read(with_cookies, Site(host="a.example", cookies=True))
    assert announced(listings) == [STORY]


def test_undeclared_sources_are_those_that_the_site_names() -> None:
    feed = f'<link rel="alternate" type="application/rss+xml" href="{BASE}/feed">'
    web = Web({f"{BASE}/": front(STORY, head=feed), f"{BASE}/feed": rss(f"{STORY}-2"), f"{BASE}/m.xml": sitemap(STORY)})
    listings, _ = read(web, robots=b"Sitemap: https://a.example/m.xml")
    assert web.urls == [f"{BASE}/", f"{BASE}/m.xml", f"{BASE}/feed"]
    assert set(announced(listings)) == {STORY, f"{STORY}-2"}
    assert [(want.source, want.hops) for want in web.asked] == [("seed", ""), ("robots", "I"), ("front", "L")]


def test_guesses_end_with_the_first_that_announces_something() -> None:
    web = Web({f"{BASE}/": front(STORY), f"{BASE}/sitemap.xml": sitemap(STORY)})
    read(web)
    assert web.urls[-1] == f"{BASE}/sitemap.xml"
    assert web.asked[-1].role is Role.PROBE


def test_a_site_without_lists_is_read_by_its_sections() -> None:
    names = [f"{one}{other}" for one in ("world", "local", "sport", "money", "arts") for other in "abcdefgh"]
    nav = "".join(f'<a href="/{name}/">{name}</a>' for name in names)
    page = front(STORY).replace(b"<main>", f"<nav>{nav}</nav><main>".encode())
    web = Web({f"{BASE}/": page, f"{BASE}/sportc/": front(f"{STORY}-3")})
    listings, _ = read(web)
    assert announced(listings) == [STORY, f"{STORY}-3"]
    assert sum(want.role is Role.SECTION for want in web.asked) == MAX_SECTIONS


def test_a_site_that_blocks_guesses_is_left_alone() -> None:
    web = Web({f"{BASE}/": front(STORY), **{f"{BASE}{path}": 403 for _, path, _ in WELL_KNOWN}})
    read(web)
    assert sum(want.source == "guess" for want in web.asked) == MAX_BLOCKED


def test_so_many_named_sitemaps_are_read_and_no_more() -> None:
    web = Web({f"{BASE}/": front(STORY)})
    read(web, robots="".join(f"Sitemap: {BASE}/{n}.xml\n" for n in range(45)).encode())
    assert sum(want.source == "robots" for want in web.asked) == MAX_NAMED


def test_http_is_asked_when_nobody_speaks_https() -> None:
    web = Web({"https://a.example/": failed("https://a.example/", NoAnswer.REFUSED), "http://a.example/": front(STORY)})
    listings, _ = read(web)
    assert announced(listings)[0] == STORY
    assert web.urls.index("http://a.example/") == 3  # after three tries


def test_a_front_page_that_cannot_be_had_says_why() -> None:
    web = Web({f"{BASE}/": failed(f"{BASE}/", NoAnswer.ROBOTS, "robots.txt disallows it for Presskeep")})
    listings, walk = read(web)
    assert announced(listings) == []
    assert walk.problems == [f"{BASE}/: robots.txt disallows it for Presskeep"]
    assert len(web.asked) == 1


def test_a_front_page_that_answers_badly_hides_no_feed() -> None:
    web = Web({f"{BASE}/": 403, f"{BASE}/m.xml": sitemap(STORY)})
    listings, _ = read(web, robots=b"Sitemap: https://a.example/m.xml")
    assert announced(listings) == [STORY]


def test_a_page_that_asks_robots_not_to_follow_its_links_is_heard() -> None:
    page = front(STORY, head='<meta name="robots" content="nofollow">')
    listings, walk = read(Web({f"{BASE}/": page}), declared((SourceKind.FRONT, f"{BASE}/")))
    assert announced(listings) == []
    assert "not to follow" in walk.problems[0]


def test_a_front_page_that_moved_is_where_links_are_resolved() -> None:
    web = Web({f"{BASE}/": moved(f"{BASE}/", f"{BASE}/en/"), f"{BASE}/en/": front("2026/11/24/a-story-of-many-words")})
    listings, _ = read(web)
    assert announced(listings)[0] == f"{BASE}/en/2026/11/24/a-story-of-many-words"
