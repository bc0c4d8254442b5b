from __future__ import annotations

import gzip
import zlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.clock import parse_warc_date
from crawler.discovery.announcement import Announcement
from crawler.discovery.feeds import Feed
from crawler.discovery.listing import read_listing
from crawler.discovery.sitemaps import MAX_BYTES, MAX_URLS, NotASitemap, Sitemap, SitemapRef, parse_sitemap, recent

URL = "https://example-news.org/sitemap.xml"
SPACE = 'xmlns="http://www.sitemaps.org/schemas/sitemap/0.9"'
NEWS = f"""<?xml version="1.0" encoding="UTF-8"?>
<urlset {SPACE} xmlns:news="http://www.google.com/schemas/sitemap-news/0.9"
 xmlns:image="http://www.google.com/schemas/sitemap-image/1.1">
<url><loc>
 https://example-news.org/a/1?x=1&amp;y=2
</loc><lastmod>2026-11-24T10:00:00Z</lastmod>
<image:image><image:loc>https://example-news.org/p.jpg</image:loc><image:title>picture</image:title></image:image>
<news:news><news:publication><news:name>Example News</news:name><news:language>en</news:language></news:publication>
<news:publication_date>2026-11-24T09:30:00+01:00</news:publication_date><news:title>Mayor &amp; council</news:title>
</news:news></url><url><loc>/a/2</loc></url><url><loc>mailto:x@example-news.org</loc></url><url/></urlset>"""
INDEX = f"""<sitemapindex {SPACE}><sitemap><loc>https://example-news.org/1.xml</loc><lastmod>2026-11-24</lastmod>
</sitemap><sitemap><loc>2.xml.gz</loc></sitemap></sitemapindex>"""


def sitemap(body: str | bytes) -> Sitemap:
    found = parse_sitemap(body.encode() if isinstance(body, str) else body, URL)
    assert isinstance(found, Sitemap), found
    return found


def test_news_sitemap() -> None:
    found = sitemap(NEWS)
    assert (found.kind, found.index, found.whole) == ("news", (), True)
    assert found.urls == (
        Announcement(
            "https://example-news.org/a/1?x=1&y=2",
            "2026-11-24T09:30:00+01:00",
            "2026-11-24T10:00:00Z",
            "Mayor & council",
        ),
        Announcement("https://example-news.org/a/2"),
    )
    assert found.urls[0].at == parse_warc_date("2026-11-24T10:00:00Z")


def test_index() -> None:
    found = sitemap(INDEX)
    assert (found.kind, found.urls) == ("index", ())
    assert found.index == (
        SitemapRef("https://example-news.org/1.xml", "2026-11-24"),
        SitemapRef("https://example-news.org/2.xml.gz"),
    )


def test_pictures_and_films_of_a_page_are_no_pages() -> None:
    extra = (
        "<image:image><image:loc>/p.jpg</image:loc><image:caption>x</image:caption></image:image>"
        "<video:video><video:content_loc>/v.mp4</video:content_loc><video:title>Film</video:title>"
        "<video:publication_date>2020-01-01</video:publication_date></video:video>"
        "<xhtml:link rel='alternate' hreflang='de' href='/de/1'/>"
    )
    spaces = "".join(f" xmlns:{name}='http://www.google.com/schemas/sitemap-{name}/1.1'" for name in ("image", "video"))
    for declared in (spaces, ""):
        for entry in (f"{extra}<loc>/1</loc>", f"<loc>/1</loc>{extra}"):
            found = sitemap(f"<urlset {SPACE}{declared}><url>{entry}</url></urlset>")
            assert found == Sitemap("urls", urls=(Announcement("https://example-news.org/1"),))


@pytest.mark.parametrize("space", ["", 'xmlns="https://www.sitemaps.org/schemas/sitemap/0.9/"', 'xmlns="x"'])
def test_a_wrong_namespace_is_forgiven(space: str) -> None:
    assert sitemap(NEWS.replace(SPACE, space)).urls == sitemap(NEWS).urls


def test_gzipped_in_one_or_more_members() -> None:
    raw = NEWS.encode()
    assert sitemap(gzip.compress(raw)) == sitemap(NEWS)
    assert sitemap(gzip.compress(raw[:300]) + gzip.compress(raw[300:])) == sitemap(NEWS)
    assert sitemap(gzip.compress(raw) + b"trailing garbage") == sitemap(NEWS)


def test_a_cut_file_gives_what_is_there() -> None:
    raw = gzip.compress(
        "".join(f"<url><loc>/{n}</loc></url>" for n in range(5000)).join(["<urlset>", "</urlset>"]).encode()
    )
    found = sitemap(raw[: len(raw) // 2])
    assert not found.whole
    assert 100 < len(found.urls) < 5000


def test_plain_text() -> None:
    found = sitemap("\ufeffhttps://example-news.org/1\r\n\r\n https://example-news.org/2 \nhttps://example-news.org/1")
    assert (found.kind, [one.url[-1] for one in found.urls]) == ("text", ["1", "2"])


def bomb() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join([*(packer.compress(b"\0" * (1 << 20)) for _ in range(60)), packer.flush()])


@pytest.mark.parametrize(
    ("body", "reason"),
    [
        (b"", "it is empty"),
        (gzip.compress(b""), "it is empty"),
        (b"<!doctype html><title>Not found</title>", "it is an HTML page"),
        (b"<p>Not found", "its root element is <p>"),
        (b"<rss/>", "it is a feed"),
        (b"Not found", "it is neither XML nor a list of URLs"),
        (b"https://example-news.org/\nNot found", "it is neither XML nor a list of URLs"),
        (b"<!DOCTYPE urlset [<!ENTITY a 'b'>]><urlset/>", "it has a DOCTYPE, which no sitemap needs"),
        ("<!DOCTYPE urlset []><urlset/>".encode("utf-16"), "it has a DOCTYPE, which no sitemap needs"),
        (b"\x1f\x8bgarbage that is no gzip", "its gzip data is broken"),
        (bomb(), f"it unpacks to more than the {MAX_BYTES} bytes that the protocol allows"),
    ],
    ids=range(11),
)
def test_what_is_no_sitemap_says_why(body: bytes, reason: str) -> None:
    assert parse_sitemap(body, URL) == NotASitemap(reason)


@pytest.mark.slow
def test_bounded_in_urls_and_bytes() -> None:
    body = b"<urlset>" + b"".join(b"<url><loc>/%d</loc></url>" % n for n in range(MAX_URLS + 5))
    found = sitemap(body)
    assert (len(found.urls), found.whole) == (MAX_URLS, False)
    assert not sitemap(b"<urlset><url><loc>/1</loc></url>" + b" " * MAX_BYTES).whole


def refs(*names: str) -> list[SitemapRef]:
    return [SitemapRef(f"https://example-news.org/{name}") for name in names]


def names(found: tuple[SitemapRef, ...]) -> list[str]:
    return [ref.url.removeprefix("https://example-news.org/") for ref in found]


def test_the_newest_children_go_first() -> None:
    given_refs = refs("2025-12.xml", "authors.xml", "a-2026-11.xml", "news.xml", "2026/10/24.xml", "x.xml")
    dated = SitemapRef("https://example-news.org/posts.xml", "2026-11-20")
    assert names(recent([*given_refs, dated])) == [
        *("news.xml", "posts.xml", "a-2026-11.xml", "2026/10/24.xml", "2025-12.xml", "x.xml", "authors.xml"),
    ]
    assert recent(given_refs, 0) == ()


def test_undated_children_are_taken_from_both_ends() -> None:
    assert names(recent(refs(*(f"p{n}.xml" for n in range(1, 8))), 5)) == [
        "p1.xml",
        "p7.xml",
        "p2.xml",
        "p6.xml",
        "p3.xml",
    ]


@given(st.lists(st.text(max_size=12), max_size=30), st.integers(0, 12))
def test_recent_gives_each_child_once(paths: list[str], limit: int) -> None:
    given_refs = refs(*dict.fromkeys(paths))
    found = recent(given_refs, limit)
    assert len(found) == len(set(found)) == min(limit, len(given_refs))
    assert set(found) <= set(given_refs)


def test_a_feed_named_as_a_sitemap_is_read_as_a_feed() -> None:
    assert isinstance(read_listing(b"<rss><item><link>/1</link></item></rss>", URL), Feed)
    assert isinstance(read_listing(NEWS.encode(), URL), Sitemap)
    assert read_listing(b"<html>", URL) == NotASitemap("it is an HTML page")
    assert read_listing(b"<!DOCTYPE urlset []><urlset/>", URL) == NotASitemap(
        "it has a DOCTYPE, which no sitemap needs"
    )


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    for prefix in (b"", b"<urlset>", b"<sitemapindex><sitemap>", b"\x1f\x8b\x08\0\0\0\0\0", b"http://a/\n"):
        parse_sitemap(prefix + body, URL)
    parse_sitemap(gzip.compress(body), URL)


@given(
    st.lists(
        st.tuples(st.integers(0, 900), st.integers(0, 40), st.sampled_from([b"<url>", b"&", b"\xff", b"<", b"]]>"]))
    )
)
def test_no_mutated_sitemap_raises(cuts: list[tuple[int, int, bytes]]) -> None:
    body = NEWS.encode()
    for at, length, piece in cuts:
        body = body[:at] + piece + body[at + length :]
    parse_sitemap(body, URL)


@pytest.mark.parametrize(
    "body",
    [
        b"<urlset>" + b"<url>" * 100_000,
        b"<urlset><url>" + b"<news>" * 50_000,
        b"<urlset><url><loc>" + b"a" * 2_000_000,
        b"<urlset><url>" + b"<loc>/a</loc>" * 50_000,
        b"http://a/" * 200_000,
        gzip.compress(b"") * 500_000,
    ],
    ids=range(6),
)
def test_hostile_sitemaps_take_linear_time(body: bytes) -> None:
    parse_sitemap(body, URL)
