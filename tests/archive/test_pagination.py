"""Pagination: which links lead to further pages of the same story, and which only look like it."""

from __future__ import annotations

import gzip
import json
import os
import time
from pathlib import Path

import pytest
from lxml import html

from archive.pagination import MOST, WHOLE, Pagination, may_be_split, pagination

PAGES = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[3] / "shared")) / "pages"
HOST = "https://daily.example"
STORY = "<p>" + "The harbour office counted the boats again on Tuesday, and found two more than before. " * 2 + "</p>"


def read(first: str, links: str, *, at: str | None = None, current: int = 1) -> Pagination:
    root = html.document_fromstring(f"<html><body><article>{STORY}{links}</article></body></html>")
    return pagination(root, f"{HOST}{at or first}", f"{HOST}{first}", current)


def numbers(found: Pagination) -> dict[int, str]:
    return {one.number: one.url.removeprefix(HOST) for one in found.pages}


@pytest.mark.parametrize(
    ("first", "second"),
    [
        ("/2026/harbour-boats", "/2026/harbour-boats?page=2"),
        ("/2026/harbour-boats?id=7", "/2026/harbour-boats?id=7&page=2"),
        ("/2026/harbour-boats?id=7", "/2026/harbour-boats?page=2&id=7"),
        ("/2026/harbour-boats.html", "/2026/harbour-boats.html?seite=2"),
        ("/2026/harbour-boats/", "/2026/harbour-boats/2/"),
        ("/2026/harbour-boats", "/2026/harbour-boats/2"),
        ("/2026/harbour-boats", "/2026/harbour-boats/seite-2"),
        ("/2026/harbour-boats/", "/2026/harbour-boats/page/2/"),
        ("/2026/harbour-boats-1.4711.html", "/2026/harbour-boats-1.4711-2.html"),
        ("/2026/harbour-boats-4711.html", "/2026/harbour-boats-4711-p2.html"),
        ("/2026/harbour-boats-4711.html", "/2026/harbour-boats-4711_2.html"),
        ("/n1/2026/1124/c90000-4711.html", "/n1/2026/1124/c90000-4711-2.html"),
        ("/2026/harbour-boats/1", "/2026/harbour-boats/2"),
        ("/2026/harbour-boats-1.html", "/2026/harbour-boats-2.html"),
        ("/2026/harbour-boats/index.html", "/2026/harbour-boats/index2.html"),
        ("/2026/harbour-boats?page=1", "/2026/harbour-boats?page=2"),
        ("/2026/harbour-boats", "/2026/harbour-boats?page=0,1"),
        ("/2026/h%C3%A4fen", "/2026/häfen?page=2"),
    ],
)
def test_a_second_page_is_known_by_its_address_and_its_words(first: str, second: str) -> None:
    for link in (
        f'<a href="{second}">2</a>',
        f'<a href="{second}">Page 2: What the mayor said</a>',
        f'<a href="{second}" rel="nofollow next"><img src="/arrow.png"></a>',
        f'<link rel="next" href="{second}">',
        f'<a href="{second}">Nächste Seite \u203a</a>',
    ):
        found = read(first, link)
        assert numbers(found) == {2: second}, link
        page = f'<p>{STORY}</p><a href="/x.css?v=7">{link}'.encode()
        assert may_be_split(page, f"{HOST}{first}"), link


@pytest.mark.parametrize(
    ("first", "links"),
    [
        # Another story, and one whose name ends in a number.
        ("/2026/harbour-boats", '<a rel="next" href="/2026/the-mayor-speaks">Next</a>'),
        ("/2026/top-10", '<a rel="next" href="/2026/top-11">Next</a>'),
        ("/2026/harbour-boats", '<a href="/2026/harbour-boats-2">Boats, once more</a>'),
        # Comments, their pages, and what stands beside the story.
        ("/2026/harbour-boats", '<div class="comments"><ul><li><a href="?page=2">2</a></li></ul></div>'),
        ("/2026/harbour-boats", '<a href="/2026/harbour-boats?page=2#comments">2</a>'),
        ("/2026/harbour-boats/", '<a href="/2026/harbour-boats/comment-page-2/">2</a>'),
        ("/2026/harbour-boats", '<nav id="related-stories"><a href="?page=2">2</a></nav>'),
        # Another host, no page, a section's list, a day's.
        ("/2026/harbour-boats", '<a href="https://other.example/2026/harbour-boats?page=2">2</a>'),
        ("/2026/harbour-boats", '<a href="#2">2</a><a href="javascript:turn(2)">2</a>'),
        ("/2026/harbour-boats", '<a href="/politics?page=2">2</a>'),
        ("/2026/11/24/harbour-boats", '<a href="/2026/11/25">25</a>'),
        # The front page has lists alone; a second page leads back and on, and begins nothing.
        ("/", '<a href="/?page=2">2</a><link rel="next" href="/page/2/">'),
        ("/2026/harbour-boats?page=2", '<a href="?page=3">3</a><a href="?page=1">1</a>'),
        # A number that is not the link's, a word that is not the next page's.
        ("/2026/harbour-boats", '<a href="?page=7">next</a><a href="?page=2">3 comments</a>'),
        ("/2026/harbour-boats", '<a href="http://[::1/2026/harbour-boats?page=2">2</a>'),
    ],
)
def test_what_only_looks_like_a_further_page(first: str, links: str) -> None:
    assert not read(first, links)


def test_pages_between_two_that_are_linked_are_filled_in() -> None:
    links = "".join(f'<a href="?page={n}">{n}</a>' for n in (2, 3, 6))
    assert numbers(read("/a/harbour-boats", links)) == {n: f"/a/harbour-boats?page={n}" for n in range(2, 7)}
    assert read("/a/harbour-boats", links).pages[3].rule == "between two that are linked"
    zero = '<a href="?page=0,1">2</a><a href="?page=0,3">4</a>'
    assert numbers(read("/a/harbour-boats", zero)) == {n: f"/a/harbour-boats?page=0,{n - 1}" for n in (2, 3, 4)}


def test_pages_that_are_counted_from_nought() -> None:
    links = '<a href="?page=1">2</a><a href="?page=2">3</a><a href="?page=1">next</a>'
    assert numbers(read("/a/harbour-boats", links)) == {2: "/a/harbour-boats?page=1", 3: "/a/harbour-boats?page=2"}


def test_no_more_than_a_story_has() -> None:
    links = "".join(f'<a href="?page={n}">{n}</a>' for n in range(2, 99))
    assert list(numbers(read("/a/harbour-boats", links))) == list(range(2, MOST + 2))


def test_a_later_page_names_the_one_after_it() -> None:
    found = read("/a/boats", '<a rel="next" href="?page=3">Weiter</a>', at="/a/boats?page=2", current=2)
    assert numbers(found) == {3: "/a/boats?page=3"}
    back = read("/a/boats", '<a rel="prev" href="/a/boats">1</a>', at="/a/boats?page=2", current=2)
    assert not back


@pytest.mark.parametrize(
    ("address", "words"),
    [
        ("/a/harbour-boats/komplettansicht", "Auf einer Seite lesen"),
        ("/a/harbour-boats?page=all", "View as single page"),
        ("/a/harbour-boats?pagewanted=all", "Single Page \u00bb"),
        ("/print/harbour-boats", "en una sola página"),
    ],
)
def test_the_page_that_has_all_of_it(address: str, words: str) -> None:
    link = f'<a href="{address}"><span> {words}</span></a>'
    found = read("/a/harbour-boats", link)
    assert found.whole is not None
    assert (found.whole.number, found.whole.url) == (WHOLE, HOST + address)
    assert may_be_split(link.encode(), f"{HOST}/a/harbour-boats")


def test_a_page_for_print_counts_where_the_story_has_several() -> None:
    paper = '<a href="/a/harbour-boats?print=1">Drucken</a>'
    assert not read("/a/harbour-boats", paper)
    found = read("/a/harbour-boats", f'<a href="?page=2">2</a>{paper}')
    assert found.whole is not None
    assert found.whole.url == f"{HOST}/a/harbour-boats?print=1"
    assert not read("/a/harbour-boats", '<a href="/all-pages">All pages</a>')


def test_base_elements_and_relative_addresses_are_heeded() -> None:
    page = f'<html><head><base href="{HOST}/a/"></head><body><p>x</p><a href="harbour_2.html">2</a></body></html>'
    found = pagination(html.document_fromstring(page), f"{HOST}/a/harbour.html")
    assert numbers(found) == {2: "/a/harbour_2.html"}


@pytest.mark.parametrize(
    ("url", "page"),
    [
        ("http://[::1/a/harbour", '<a href="?page=2">2</a>'),
        ("https://a.example/a/harbour", '<base href="http://[x/"><a href="?page=2">2</a>'),
        ("https://a.example/a/harbour", '<a href="http://[x/a/harbour?page=2">2</a><a href="//[/harbour/2">2</a>'),
        ("https://a.example/a/harbour", '<a href="?page=\u0662">\u0662</a><a href="/a/harbour/\ud800">2</a>'),
        ("urn:uuid:0", '<a href="?page=2">2</a>'),
        ("", '<a rel="next" href="?page=2">2</a>'),
    ],
)
def test_addresses_that_are_none_do_no_harm(url: str, page: str) -> None:
    text = f"<html><body>{page}{STORY}</body></html>".encode("utf-8", "replace")
    found = pagination(html.document_fromstring(text), url)
    assert {one.number for one in found} <= {2}
    assert may_be_split(text, url) in {True, False}


def test_hostile_pages_cost_no_more_than_others() -> None:
    """Everything nested in everything, names that stand everywhere, classes without an end."""
    deep = "<article><div><a href='/b/x'>" * 400 + STORY * 3_000 + "<a href='/a/harbour?page=2'>2</a>" * 3_000
    wide = f'<div class="{"x" * 1_000_000}">' + "<a href='/a/harbour/2'></a>" * 5_000 + "</div>"
    begun = time.process_time()
    for page in (deep, wide):
        root = html.document_fromstring(f"<html><body>{page}</body></html>")
        pagination(root, "https://a.example/a/harbour")
    may_be_split(b"harbour" * 1_000_000, "https://a.example/a/harbour")
    assert time.process_time() - begun < 5


def test_most_pages_have_no_sign_of_others() -> None:
    page = f'<html><link rel="stylesheet" href="/a.css?v=3">{STORY}<a href="/b/other-story">On one page</a>'.encode()
    assert not may_be_split(page.replace(b"On one page", b"More"), f"{HOST}/a/harbour-boats")
    assert not may_be_split(page, f"{HOST}/")


@pytest.mark.shared
@pytest.mark.skipif(not (PAGES / "index.jsonl").is_file(), reason="needs the reference pages")
def test_real_pages_are_seldom_taken_for_split_ones() -> None:
    """Of some 1,900 pages 8 link to further ones (benchmarks/pages.py); the look at the bytes overlooks none."""
    split = 0
    for line in (PAGES / "index.jsonl").read_text(encoding="utf-8").strip().split("\n")[::12]:
        one = json.loads(line)
        payload = gzip.decompress((PAGES / one["file"]).read_bytes())
        if not one["url"] or not payload.strip():
            continue
        found = pagination(html.document_fromstring(payload.replace(b"\0", b"")), one["url"])
        if found:
            split += 1
            assert may_be_split(payload, one["url"]), one["url"]
    assert split <= 8
