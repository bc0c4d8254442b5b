"""Each parser of discovery takes linear time on what was made to hurt it, and bounded memory."""

from __future__ import annotations

import gzip
import json
import tracemalloc
from collections.abc import Callable

import pytest
from scaling import LINEAR, growth

from crawler.discovery import decoding, xml
from crawler.discovery.archives import onward
from crawler.discovery.embeds import embeds, sheet_embeds
from crawler.discovery.feeds import Feed, parse_feed
from crawler.discovery.pages import links
from crawler.discovery.probing import sitemaps_in_robots
from crawler.discovery.sitemaps import Sitemap, parse_sitemap
from crawler.discovery.soft404 import impression

URL = "https://example-news.org/x"
Made = Callable[[int], bytes]


def _attributes(number: int) -> bytes:
    return b" ".join(b"a%d=1" % one for one in range(number))


FEEDS: dict[str, Made] = {
    "items": lambda n: b"<rss>" + b"".join(b"<item><link>/%d</link></item>" % one for one in range(n)),
    "items without an end": lambda n: b"<rss>" + b"<item>" * n,
    "other elements": lambda n: b"<rss>" + b"<a/>" * n,
    "other elements in an item": lambda n: b"<rss><item>" + b"<a/>" * n,
    "empty titles": lambda n: b"<rss><channel>" + b"<title/>" * n,
    "titles within titles": lambda n: b"<rss>" + b"<item><title>" * n + b"<b/>" * n,
    "open CDATA": lambda n: b"<rss>" + b"<![CDATA[" * n,
    "ampersands": lambda n: b"<rss><item><title>" + b"&" * n,
    "references": lambda n: b"<rss><item><title>" + b"&#1;&nosuch;&eacute;" * n,
    "open comments": lambda n: b"<!--" * n + b"<rss>",
    "comments": lambda n: b"<!---->" * n + b"<rss>",
    "a DOCTYPE without end": lambda n: b"<!DOCTYPE rss [" + b"] " * n,
    "attributes": lambda n: b"<rss " + b" ".join(b"a%d='1'" % one for one in range(n)) + b">",
    "one attribute": lambda n: b"<rss><item a='" + b"x&#10;" * n + b"'/>",
    "links in an item": lambda n: b"<rss><item>" + b"<link>/a</link>" * n,
    "bases": lambda n: b"<feed>" + b"<a xml:base='x/'>" * 200 + b"<entry><link href='y'/></entry>" * n,
    "long names": lambda n: b"<rss><" + b"a" * 20 * n + b">",
    "prefixes": lambda n: b"<rss>" + b"".join(b"<p%d:item/>" % one for one in range(n)),
    "spaces": lambda n: b" " * 50 * n + b"<rss>",
    "dates": lambda n: b"<rss>" + b"<item><link>/1</link><pubDate>Mon, 1 Jan 2026 00:00:00 +99999</pubDate></item>" * n,
    "processing instructions": lambda n: b"<?a?>" * n + b"<rss/>",
    "brackets": lambda n: b"[" * 20 * n,
    "JSON arrays": lambda n: b'{"items": ' + b"[" * 20 * n,
    "JSON items": lambda n: json.dumps(
        {"version": "https://jsonfeed.org/version/1.1", "items": [{"url": f"/{one}"} for one in range(n)]}
    ).encode(),
    "UTF-16": lambda n: ("<rss>" + "<item>" * n).encode("utf-16"),
    "a charset of many bytes": lambda n: b"<?xml version='1.0' encoding='iso-2022-jp'?>" + b"\x1b$B" * n + b"\xff",
    "hz": lambda n: b"<?xml version='1.0' encoding='hz-gb-2312'?>" + b"~{" * n + b"\xff",
}
SITEMAPS: dict[str, Made] = {
    "pages": lambda n: b"<urlset>" + b"".join(b"<url><loc>/%d</loc></url>" % one for one in range(n)),
    "pages without an end": lambda n: b"<urlset>" + b"<url>" * n,
    "other elements": lambda n: b"<urlset>" + b"<a/>" * n,
    "pictures in a page": lambda n: b"<urlset><url><loc>/1</loc>" + b"<image><loc>/a.jpg</loc></image>" * n,
    "news in a page": lambda n: b"<urlset><url>" + b"<news>" * n,
    "addresses in a page": lambda n: b"<urlset><url>" + b"<loc>/a</loc>" * n,
    "one address": lambda n: b"<urlset><url><loc>" + b"a" * 50 * n,
    "ampersands": lambda n: b"<urlset><url><loc>" + b"&amp;&" * n,
    "lines": lambda n: b"".join(b"https://example-news.org/%d\n" % one for one in range(n)),
    "one line": lambda n: b"http://a/" * n,
    "empty lines": lambda n: b"https://a.example/\n" + b"\n \n" * 20 * n,
    "members": lambda n: gzip.compress(b"") * n,
    "children": lambda n: (
        b"<sitemapindex>" + b"".join(b"<sitemap><loc>/%d.xml</loc></sitemap>" % one for one in range(n))
    ),
}
PAGES: dict[str, Made] = {
    "links": lambda n: b"".join(b"<a href='/a-story-of-words-%d'>x</a>" % one for one in range(n)),
    "links without an end": lambda n: b"<a href='/a'>text " * n,
    "elements without an end": lambda n: b"<div class=menu>" * n + b"<a href=/x>x</a>" * 100,
    "feeds": lambda n: b"<link rel=feed href=/f>" * n,
    "classes": lambda n: b"<p class='" + b"nav-" * 50 * n + b"'>",
    "attributes": lambda n: b"<p " + _attributes(n) + b">",
    "attributes after a script that ends twice": lambda n: b"<script></script></script><p " + _attributes(n) + b">",
    "attributes with brackets in quotes": lambda n: b"<p x='>' y=\"><p>\" " + _attributes(n) + b">",
    "attributes with a bracket each": lambda n: b"<p " + b"".join(b"a%d='>'" % one for one in range(n)) + b">",
    "attributes behind what looks like a comment": lambda n: b"<!-- ><p --!><p " + _attributes(n) + b">",
    "attributes without an end": lambda n: b"<p>x</p><p " + _attributes(n),
    "attributes of many elements": lambda n: (b"<p " + _attributes(400) + b">") * (n // 500),
    "angle brackets": lambda n: b"<" * 20 * n,
    "generators": lambda n: b"<meta generator" * n,
    "references": lambda n: b"<a href='/?" + b"&amp" * n + b"'>" + b"&amp" * n,
}

# Pictures are of embeds alone: one page of links has none.
EMBEDDING: dict[str, Made] = {
    "pictures": lambda n: b"".join(b"<img src=/%d.png>" % one for one in range(n)),
    "sizes": lambda n: b"<img srcset='" + b"a.png 1x, " * n + b"'>",
    "sizes with open parentheses": lambda n: b"<img srcset='" + b"a.png (" * n + b"'>",
    "style elements": lambda n: b"<style>a{b:url(c)}</style>" * n,
    "open style elements": lambda n: b"<style>" * n,
    "style attributes": lambda n: b"<p style='a:url(" * n,
    "bases": lambda n: b"<base href=/a>" * n,
}
SHEETS: dict[str, Made] = {
    name: lambda n, piece=piece: piece * 10 * n  # type: ignore[misc]
    for name, piece in {
        **{"references": b"a{b:url(c)}", "open references": b"url(", "open quoted references": b'url("'},
        **{
            "open references with spaces": b"url(  ",
            "open strings": b'"',
            "escapes": b"\\",
            "strings of escapes": b"'\\",
        },
        **{
            "open comments": b"/*",
            "stars": b"*/*",
            "imports": b"@import 'a';",
            "open imports": b"@import ",
            "at": b"@a",
        },
        **{"faces": b"@font-face{src:url(a)}", "open faces": b"@font-face{src:url(a),"},
        **{"sets": b"image-set('a' 1x)", "open sets": b"image-set(", "blocks": b"{", "parentheses": b"("},
        **{"names": b"abcurl", "lines": b"\n", "escaped references": b"url(\\a \\b "},
    }.items()
}


@pytest.mark.parametrize("name", FEEDS)
def test_feeds(name: str) -> None:
    assert growth(lambda body: parse_feed(body, URL), FEEDS[name]) < LINEAR


@pytest.mark.parametrize("name", SITEMAPS)
def test_sitemaps(name: str) -> None:
    assert growth(lambda body: parse_sitemap(body, URL), SITEMAPS[name]) < LINEAR


@pytest.mark.parametrize("name", ["links", "links without an end"])
def test_links_further_back_cost_linear_time(name: str) -> None:
    assert growth(lambda body: onward(body, URL), PAGES[name]) < LINEAR


@pytest.mark.parametrize("name", PAGES)
def test_pages(name: str) -> None:
    assert growth(lambda body: links(body, URL), PAGES[name]) < LINEAR


@pytest.mark.parametrize("name", PAGES)
def test_impressions(name: str) -> None:
    assert growth(lambda body: impression(body, URL, 200), PAGES[name]) < LINEAR


@pytest.mark.parametrize("name", EMBEDDING)
def test_embeds(name: str) -> None:
    assert growth(lambda body: embeds(body, URL), EMBEDDING[name]) < LINEAR


@pytest.mark.parametrize("name", SHEETS)
def test_stylesheets(name: str) -> None:
    assert growth(lambda body: sheet_embeds(body, URL), SHEETS[name]) < LINEAR


def test_robots() -> None:
    made: Made = lambda n: b"sitemap: /s.xml\nSitemap\n:::\n" * n  # noqa: E731 - as in the tables above
    assert growth(lambda body: sitemaps_in_robots(body, URL), made) < LINEAR


def test_elements_are_counted_and_a_listing_with_too_many_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(xml, "MAX_ELEMENTS", 100)
    feed = parse_feed(b"<rss><item><link>/1</link></item>" + b"<a/>" * 200 + b"<item><link>/2</link></item></rss>", URL)
    assert isinstance(feed, Feed)
    assert ([one.url[-1] for one in feed.announcements], feed.whole) == (["1"], False)
    found = parse_sitemap(b"<urlset><url><loc>/1</loc></url>" + b"<a/>" * 200 + b"<url><loc>/2</loc></url>", URL)
    assert isinstance(found, Sitemap)
    assert ([one.url[-1] for one in found.urls], found.whole) == (["1"], False)


def test_replaced_references_are_counted_and_a_listing_with_too_many_is_cut(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(decoding, "MAX_REPLACED", 100)
    some = b"<rss><item><link>/1</link></item><item><title>" + b"& " * 200 + b"</title><link>/2</link></item></rss>"
    feed = parse_feed(some, URL)
    assert isinstance(feed, Feed)
    assert (feed.announcements[0].url[-1], feed.whole) == ("1", False)
    whole = parse_feed(some.replace(b"& ", b"&amp; "), URL)
    assert isinstance(whole, Feed)
    assert (len(whole.announcements), whole.whole) == (2, True), "what XML knows itself is not counted"


def test_what_lies_between_items_is_not_kept() -> None:
    before = []
    body = b"<rss><item><b/><c/></item>" + b"<a x='1'><b/></a>" * 1000
    for event, element in xml.xml_events(body, frozenset({"item"})):
        if event == "end" and element.tag == "a":
            before.append(len(list(element.itersiblings(preceding=True))))
    assert len(before) == 1000
    assert max(before) <= 1


def test_empty_lines_take_no_memory() -> None:
    body = b"https://a.example/1\n" + b"\n \n" * 400_000 + b"https://a.example/2"
    tracemalloc.start()
    try:
        found = parse_sitemap(body, URL)
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert isinstance(found, Sitemap)
    assert (len(found.urls), found.whole) == (2, True)
    assert peak < 4 * len(body)
