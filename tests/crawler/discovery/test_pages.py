from __future__ import annotations

import os
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive.url import normalise
from crawler.discovery.pages import MAX_LINKS, Page, links
from crawler.newsroom import Newsroom
from crawler.newsroom.expected import expected

HOME = "https://example-news.org/"


def page(body: str, url: str = HOME) -> Page:
    return links(f"<html><body>{body}</body></html>".encode(), url)


def articles(found: Page) -> list[str]:
    return [link.url.removeprefix(HOME) for link in found.articles]


def sections(found: Page) -> list[str]:
    return [link.url.removeprefix(HOME) for link in found.sections]


def test_head_of_a_page() -> None:
    found = links(
        b"""<html lang="en-GB"><head><base href="/desk/"><title> Example
        News </title><link rel="alternate stylesheet" href="x.css">
        <link rel="alternate" type="application/rss+xml; charset=utf-8" title="All" href="all.xml">
        <link rel="ALTERNATE" type="application/atom+xml" href="/atom.xml">
        <link rel="alternate" type="application/rss+xml" href="/desk/all.xml#again">
        <link rel="alternate" hreflang="de" href="https://example-news.org/de/"></head>
        <body><h2><a href="2026/11/24/mayor-resigns">Mayor resigns</a></h2></body></html>""",
        HOME,
    )
    assert (found.title, found.language, found.nofollow) == ("Example News", "en-GB", False)
    assert [(feed.url, feed.text) for feed in found.feeds] == [
        ("https://example-news.org/desk/all.xml", "All"),
        ("https://example-news.org/atom.xml", ""),
    ]
    assert articles(found) == ["desk/2026/11/24/mayor-resigns"]


def test_articles_and_sections_in_the_page_s_order_each_once() -> None:
    found = page(
        """<nav><a href="/politics">Politics</a> <a href="/news/world/">World</a> <a href="/login">Log in</a></nav>
        <main><article><a href="/politics/12345678"><img alt=""></a>
        <h2><a href="/politics/12345678?utm_source=home">Mayor resigns after the vote on the bridge</a></h2></article>
        <div><h3><a href="/news/bridge-closed">The bridge is closed until January at least</a></h3>
        <a href="/author/jane-doe">Jane Doe</a> <a href="/tag/bridges-and-roads-in-the-north">Bridges</a></div>
        <a href="/news/world/">More</a></main>
        <footer><a href="/terms-and-conditions-of-our-use">Terms</a><a href="/privacy">Privacy</a>
        <a href="/2026/11/23/yesterday-in-pictures">Yesterday in pictures</a></footer>"""
    )
    assert articles(found) == ["politics/12345678", "news/bridge-closed", "2026/11/23/yesterday-in-pictures"]
    assert found.articles[0].text == "Mayor resigns after the vote on the bridge"
    assert sections(found) == ["politics", "news/world/"]


def test_a_heading_in_the_anchor_counts_as_one_around_it() -> None:
    card = '<a href="/bridge-closed"><div><h3>The bridge is closed until January</h3></div></a>'
    assert articles(page(f"<main>{card}</main>")) == ["bridge-closed"]
    assert articles(page(f"<nav>{card}</nav>")) == []


def test_a_card_s_own_header_and_footer_are_no_menus() -> None:
    found = page(
        """<header><a href="/sport">Sport</a></header><article><header><h2><a href="/mayor-resigns">Mayor resigns
        after long vote</a></h2></header>
        <footer><a href="/2026/11/24/comments-on-it">4 comments</a></footer></article>"""
    )
    assert articles(found) == ["mayor-resigns", "2026/11/24/comments-on-it"]
    assert sections(found) == ["sport"]


@pytest.mark.parametrize(
    "path",
    [
        *("story.php?id=12", "?p=4711", "view.asp?newsid=20261124", "stories/3376705/", "a/foo-bar/7585813.html"),
        *("article/379018", "articles/AST1F4445T1FUTIL02SM.html", "world/20261203-OYT1T50218/", "x/a-60a0111a-1234567"),
        *(
            "news/2026/nov/24/mayor",
            "esteri/26_novembre_24/sindaco-si-dimette",
            "2026-11-24-mayor",
            "news/141e61e9-8a07-42e4-a527-2f03f45e7ef0",
        ),
        *(
            "новости/мэр-города-подал-в-отставку",
            "新闻/市长在桥梁投票后宣布辞职并离开",
            "%D8%A7%D8%B3%D8%AA%D9%82%D8%A7%D9%84-%D8%B9-%D9%85-%D8%AF%D8%A9-%D8%A7%D9%84-%D9%85%D8%AF%D9%8A-%D9%86%D8%A9-%D8%A8%D8%B9%D8%AF",
        ),
        *("mayor-resigns-after-vote", "mayor_resigns_after_vote.html", "nachrichten/der-buergermeister-geht,UAf9GNd"),
    ],
)
def test_article_addresses_of_any_make(path: str) -> None:
    # Linked by a picture alone: only the address tells.
    assert len(page(f'<main><a href="/{path}"><img></a></main>').articles) == 1


@pytest.mark.parametrize(
    "path",
    [
        *(
            "",
            "politics",
            "news/world",
            "2026/11/24/",
            "2026/11/",
            "tag/mayor",
            "author/jane-doe",
            "page/2",
            "search?q=a",
        ),
        *(
            "about-us",
            "terms-and-conditions",
            "photo-12345678.jpg",
            "all-the-news-that-fits.pdf",
            "feed.xml",
            "news?page=3",
        ),
        *("category/local-news-and-politics", "thema/die-neue-bruecke", "news/news/news/12345678", "newsletter/"),
    ],
)
def test_addresses_that_are_no_articles(path: str) -> None:
    assert articles(page(f'<main><a href="/{path}">Read</a></main>', "https://example-news.org/home")) == []


def test_what_is_no_web_address_or_leads_nowhere() -> None:
    found = page(
        """<a>no href</a><a href="">self</a><a href="#top">top</a><a href="mailto:a-b-c-d-e@example-news.org">mail</a>
        <a href="javascript:void(0)">x</a><a href="http://[bad/a-b-c-d-e">x</a><a href="/">home</a>
        <a href="data:text/html,a-b-c-d-e">x</a><a href="tel:+123456789">x</a><a href="http://a b/c-d-e-f-g">x</a>"""
    )
    assert (found.articles, found.sections) == ((), ())


def test_robots_meta_is_obeyed() -> None:
    body = """<meta name="Robots" content="noindex, NOFOLLOW">
    <link rel="alternate" type="application/rss+xml" href="/f">
    <a href="/2026/11/24/mayor-resigns">Mayor</a>"""
    found = page(body)
    assert (found.nofollow, found.articles, len(found.feeds)) == (True, (), 1)
    assert len(page(body.replace("NOFOLLOW", "follow")).articles) == 1


@pytest.mark.parametrize(
    ("encoded", "charset"),
    [("utf-8", None), ("cp1252", None), ("cp1252", "iso-8859-1"), ("utf-8", "iso-8859-1"), ("utf-16", None)],
)
def test_charsets(encoded: str, charset: str | None) -> None:
    body = '<a href="/größe-und-länge-der-brücke">Größe</a>'.encode(encoded)
    (link,) = links(body, HOME, charset).articles
    assert (link.url, link.text) == ("https://example-news.org/größe-und-länge-der-brücke", "Größe")


def test_a_declared_charset_of_a_page() -> None:
    body = '<meta charset="windows-1251"><a href="/x-12345678">Мэр ушёл</a>'.encode("cp1251")
    assert links(body, HOME).articles[0].text == "Мэр ушёл"


@pytest.mark.parametrize(
    "body", [b"", b" ", b"\0", b"<", b"<!-- -->", b"\xff\xfe", b"plain text", b"<a href=/a-b-c-d-e>"]
)
def test_hardly_a_page(body: bytes) -> None:
    links(body, HOME)


def test_the_newsroom_s_front_pages() -> None:
    """Every article that the fictional sites show is found, and no menu entry is taken for one."""
    import urllib.request

    with Newsroom(1, 0) as newsroom:
        for host in newsroom.resolve:
            request = urllib.request.Request(f"http://127.0.0.1:{newsroom.port}/", headers={"Host": host})
            with urllib.request.urlopen(request) as response:
                found = links(response.read(), f"http://{host}/")
            here = {normalise(one.url) for one in expected(host)}
            got = {normalise(link.url) for link in found.articles}
            assert here
            assert len(here & got) >= 9
            assert len(got - here) <= 3
            assert len(found.sections) >= 5
            assert found.feeds


@pytest.mark.shared
def test_recall_over_real_publishers() -> None:
    """Front pages that link the reference articles of some hundred publishers: every article's link is found."""
    shared = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[4] / "shared"))
    if not (shared / "pages" / "index.jsonl").exists():
        pytest.skip("the reference pages are not here")
    import json

    wanted, got = 0, 0
    for line in (shared / "pages" / "index.jsonl").open(encoding="utf-8"):
        one = json.loads(line)
        if one["set"] == "publishers":
            wanted += 1
            # By the address alone, which is the hardest case: a picture's link.
            got += len(links(f'<main><a href="{one["url"]}"><img></a></main>'.encode(), HOME).articles)
    assert wanted > 100
    assert got / wanted > 0.98


@given(st.binary())
@settings(deadline=None)
def test_no_bytes_raise(body: bytes) -> None:
    links(body, HOME)
    links(b"<a href='/x-12345678'>" + body, HOME, "utf-7")


TAGS = st.sampled_from(
    [
        "<a href='/a-b-c-d-e'>",
        "</a>",
        "<nav>",
        "</nav>",
        "<h2>",
        "<article>",
        "<base href='",
        "<meta name=robots content=none>",
        "<!--",
        "<script>",
        "x",
        "&#xD800;",
        "<p class='&#xDFFF;&#0;' id=&#55296;>",
        "<a rel='&#xD800;' href='/&#xD800;-12345678'>",
        "<\ud800>",
    ]
)


@given(st.lists(TAGS))
def test_no_markup_raises(tags: list[str]) -> None:
    links("".join(tags).encode("utf-8", "surrogatepass"), HOME)
    links("".join(tags).encode("utf-16", "surrogatepass"), HOME)


HOSTILE = {
    "open anchors": "<a href=/x-12345678>" * 30_000,
    "open anchors and elements": "<a href=/x-12345678><b>" * 30_000,
    "deep": "<div>" * 100_000 + "<a href=/x-12345678>y</a>" * 1000,
    "deep lists": "<ul><li>" * 30_000 + "<a href=/x-12345678>y</a>" * 1000,
    "one long anchor": "<a href=/x-12345678>" + "word <i></i>" * 100_000,
    "long href": f"<a href='/{'a-' * 500_000}'>",
    "long class": f"<div class='{'nav ' * 300_000}'><a href=/x-12345678>y</a>",
    "tables": "<table><tr><td>" * 20_000,
    "comments": "<!--" * 300_000,
    "bases": "<base href='x/'>" * 50_000 + "<a href=y>",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_hostile_pages_take_linear_time(name: str) -> None:
    links(HOSTILE[name].encode(), HOME)


def test_bounded_in_links() -> None:
    found = page("".join(f'<a href="/story-{number:08}">x</a>' for number in range(MAX_LINKS + 10)))
    assert (len(found.articles), found.whole) == (MAX_LINKS, False)
