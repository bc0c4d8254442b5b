"""Embeds: what a browser fetches to draw a page."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st

from archive.url import is_fetchable
from crawler.discovery.embeds import MAX_EMBEDS, embeds, sheet_embeds

BASE = "https://news.example/2026/story.html"


def found(page: str, url: str = BASE) -> list[tuple[str, str]]:
    return [(str(one.kind), one.url) for one in embeds(page.encode(), url).found]


def test_a_page_with_everything() -> None:
    page = """<html><head>
      <link rel="stylesheet" href="/theme.css?v=3"><link rel="alternate stylesheet" href="/other.css">
      <link rel="preload" as="font" href="/f.woff2" crossorigin><link rel="preload" as="script" href="/x.js">
      <link rel="preload" as="image" imagesrcset="/p-1.jpg 1x, /p-2.jpg 2x"><link rel="canonical" href="/c">
      <link rel="Shortcut Icon" href="/favicon.ico"><link rel="apple-touch-icon" href="/touch.png">
      <style>@import "in.css"; body { background: url(back.png) }</style></head>
      <body style="background: url('body.png')"><script src="/x.js"></script>
      <picture><source srcset="wide.webp 2x, narrow.webp" type="image/webp"><img src="plain.jpg" alt=""></picture>
      <img src="data:image/gif;base64,R0lGOD" data-src="lazy.jpg" srcset="a.jpg 320w, b.jpg 640w">
      <noscript><img src="without.jpg"></noscript><video poster="still.jpg" src="f.mp4"><source src="f.webm"></video>
      <svg><use href="sprite.svg#x"/><image xlink:href="drawn.png"/></svg><input type="image" src="button.png">
      <table background="tile.gif"><tr><td></table><object type="image/svg+xml" data="o.svg"></object>
      <embed src="player.swf"><iframe src="/frame.html"></iframe><img src="https://cdn.example/x.jpg#part">
      <img src="ftp://a.example/x"><img src="http://"><img><a href="next.html">next</a></body></html>"""
    at = "https://news.example"
    assert found(page) == [
        ("style", f"{at}/theme.css?v=3"),
        ("style", f"{at}/2026/in.css"),
        ("font", f"{at}/f.woff2"),
        ("image", f"{at}/2026/body.png"),
        ("image", f"{at}/2026/plain.jpg"),
        ("image", f"{at}/2026/lazy.jpg"),
        ("image", f"{at}/2026/without.jpg"),
        ("image", f"{at}/2026/still.jpg"),
        ("image", f"{at}/2026/sprite.svg"),
        ("image", f"{at}/2026/drawn.png"),
        ("image", f"{at}/2026/button.png"),
        ("image", f"{at}/2026/o.svg"),
        ("image", "https://cdn.example/x.jpg"),
        ("icon", f"{at}/favicon.ico"),
        ("image", f"{at}/2026/back.png"),
        ("image", f"{at}/2026/tile.gif"),
        ("image", f"{at}/p-1.jpg"),
        ("image", f"{at}/p-2.jpg"),
        ("image", f"{at}/2026/wide.webp"),
        ("image", f"{at}/2026/narrow.webp"),
        ("image", f"{at}/2026/a.jpg"),
        ("image", f"{at}/2026/b.jpg"),
    ]


def test_the_base_of_a_page_counts() -> None:
    page = "<base href='https://cdn.example/deep/'><base href='/no/'><img src=a.png>"
    assert found(page) == [("image", "https://cdn.example/deep/a.png")]
    assert found("<base href='javascript:1'><img src=a.png>") == [("image", "https://news.example/2026/a.png")]


def test_candidates_of_a_srcset() -> None:
    page = "<img srcset='  a.jpg, b.jpg 2x,c,d.jpg 3x , ,e.jpg type(\"x,y\") 1x,f.jpg'>"
    names = [url.rpartition("/")[2] for _, url in found(page)]
    assert names == ["a.jpg", "b.jpg", "c,d.jpg", "e.jpg", "f.jpg"]


def test_a_hundred_thousand_pictures_are_counted_and_a_thousand_named() -> None:
    page = "<link rel=stylesheet href=a.css>" + "".join(f"<img src=/{number}.jpg>" for number in range(100_000))
    whole = embeds(page.encode(), BASE)
    assert len(whole.found) == MAX_EMBEDS + 1
    assert whole.found[0].url.endswith("a.css")
    assert whole.more == 100_000 - MAX_EMBEDS


def test_a_sheet_by_its_own_address_and_charset() -> None:
    sheet = "@charset 'iso-8859-1'; @import 'ü.css'; a { b: url(../i.png) }".encode("latin-1")
    whole = sheet_embeds(sheet, "https://cdn.example/css/main.css", "iso-8859-1")
    assert [(str(one.kind), one.url) for one in whole.found] == [
        ("style", "https://cdn.example/css/ü.css"),
        ("image", "https://cdn.example/i.png"),
    ]


def test_no_page_at_all() -> None:
    assert embeds(b"", BASE).found == ()
    assert embeds(b"\x89PNG\r\n\x1a\n\0\0", BASE).found == ()


_PIECES = [
    *(b"<img ", b"src=", b"srcset=", b"<style>", b"</style>", b"<link rel=stylesheet href=", b"'", b'"', b">", b"url("),
    *(
        b"a.png",
        b" 2x,",
        b"<base href=//x.example/>",
        b"<!--",
        b"\0",
        b"\xff",
        b"style=",
        b"(",
        b")",
        b"<svg><use href=",
    ),
]


@settings(max_examples=60)
@given(st.lists(st.sampled_from(_PIECES), max_size=30).map(b"".join) | st.binary(max_size=200))
def test_nothing_breaks_it(body: bytes) -> None:
    for one in (*embeds(body, BASE).found, *sheet_embeds(body, BASE).found):
        assert is_fetchable(one.url)
