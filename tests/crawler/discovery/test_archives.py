"""Archives: times in addresses, and links that lead further back."""

from __future__ import annotations

import pytest

from archive.clock import to_datetime
from crawler.discovery.archives import Onward, article_span, is_archive, moved, onward, page_of, span_of

SITE = "https://a.example"
MARCH = 1_647_216_000_000_000  # 2022-03-14


@pytest.mark.parametrize(
    ("path", "first", "last", "in_march"),
    [
        ("/sitemap-2021-09.xml", "2021-09-01", "2021-10-01", "/sitemap-2022-03.xml"),
        ("/sitemap_202109.xml.gz", "2021-09-01", "2021-10-01", "/sitemap_202203.xml.gz"),
        ("/sitemaps/2021/9/4.xml", "2021-09-04", "2021-09-05", "/sitemaps/2022/3/14.xml"),
        ("/sitemap.xml?yyyy=2021&mm=09&dd=04", "2021-09-04", "2021-09-05", "/sitemap.xml?yyyy=2022&mm=03&dd=14"),
        ("/archive?date=2021-09-04", "2021-09-04", "2021-09-05", "/archive?date=2022-03-14"),
        ("/2021/", "2021-01-01", "2022-01-01", "/2022/"),
        ("/2021/12/", "2021-12-01", "2022-01-01", "/2022/03/"),
        ("/archive/20210904/", "2021-09-04", "2021-09-05", "/archive/20220314/"),
        ("/top-2021/2021/09/", "2021-09-01", "2021-10-01", "/top-2021/2022/03/"),
    ],
)
def test_a_listing_names_its_time(path: str, first: str, last: str, in_march: str) -> None:
    span = span_of(SITE + path)
    assert span is not None
    assert (f"{to_datetime(span.first):%Y-%m-%d}", f"{to_datetime(span.last):%Y-%m-%d}") == (first, last)
    assert moved(SITE + path, MARCH) == SITE + in_march


@pytest.mark.parametrize(
    "path", ["/post-sitemap20.xml", "/news/", "/id/20229999/", "/1789/07/", "/2021/13/x", "/sitemap.xml?page=2021", ""]
)
def test_what_is_no_date_is_none(path: str) -> None:
    span = span_of(SITE + path)
    assert span is None or path == "/2021/13/x", "a year at the most"
    assert span is not None or moved(SITE + path, MARCH) is None


@pytest.mark.parametrize(
    ("path", "first"),
    [
        ("/2022/03/14/a-story", "2022-03-14"),
        ("/news/2022/03/a-story", "2022-03-01"),
        ("/2022-03-14-a-story.html", "2022-03-14"),
        ("/20220314/a-story", "2022-03-14"),
        ("/the-night-of-2015-11-13-remembered", None),
        ("/olympics-2022", None),
        ("/2022/a-story", None),
        ("/id/20220314555", None),
    ],
)
def test_an_article_is_of_the_day_that_begins_a_segment(path: str, first: str | None) -> None:
    span = article_span(SITE + path)
    assert (f"{to_datetime(span.first):%Y-%m-%d}" if span is not None else None) == first


@pytest.mark.parametrize(
    ("path", "is_one"),
    [
        ("/2022/03/", True),
        ("/2022/", True),
        ("/archive/2022/03/14", True),
        ("/2022/03/page/2/", True),
        ("/news/2022/03/index.html", True),
        ("/archiv/", True),
        ("/archives.html", True),
        ("/archive?year=2022&month=3", True),
        ("/2022/03/14/a-story", False),
        ("/olympics-2022", False),
        ("/archive/a-story-of-some-words", False),
        ("/news/", False),
        ("/", False),
    ],
)
def test_lists_of_an_archive_are_known_by_their_address(path: str, is_one: bool) -> None:
    assert is_archive(SITE + path) is is_one


def test_pages_of_one_list_have_one_stem() -> None:
    assert page_of(f"{SITE}/2022/03/page/7/") == (f"{SITE}/2022/03", 7)
    assert page_of(f"{SITE}/sport?tag=x&page=4") == (f"{SITE}/sport?tag=x", 4)
    assert page_of(f"{SITE}/sport/") == (f"{SITE}/sport", 1)
    assert page_of(f"{SITE}/page/3/") == (SITE, 3)
    assert page_of(f"{SITE}/2022/") == (f"{SITE}/2022", 1)


def test_a_list_leads_to_its_next_page_and_to_other_lists() -> None:
    body = b"""<head><link rel=next href="/2022/03/page/3/"><link rel=prev href="/2022/03/"></head>
      <a href="/2022/03/">1</a><a href="/2022/03/page/3/">3</a><a href="/2022/03/page/9/">last</a>
      <a href="/2022/02/">February</a><a href="/archive/">All</a><a href="/2022/03/14/a-story">A story</a>
      <a href="/2021/12/feed.xml">Feed</a><a href="mailto:a@a.example">us</a>"""
    assert onward(body, f"{SITE}/2022/03/page/2/") == (
        Onward(f"{SITE}/2022/03/page/3/", next=True),
        Onward(f"{SITE}/2022/02/"),
        Onward(f"{SITE}/archive/"),
    )
    assert onward(b"", SITE) == ()
    assert onward(b"\xff\x00<a href=>", SITE) == ()


def test_another_form_of_paging_is_told_by_rel() -> None:
    body = b'<a rel="next" href="?cursor=abc">Older</a><a href="?page=2">2</a>'
    assert onward(body, f"{SITE}/news") == (
        Onward(f"{SITE}/news?cursor=abc", next=True),
        Onward(f"{SITE}/news?page=2", next=True),
    )
