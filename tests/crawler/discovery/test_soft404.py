from __future__ import annotations

import gzip
import json
import os
from collections import defaultdict
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scaling import LINEAR, growth

from crawler.discovery.soft404 import Impression, impossible, impression, is_soft_404

SHARED = Path(os.environ.get("PRESSKEEP_SHARED", Path(__file__).parents[4] / "shared"))
HOME = "https://example-news.org/"
MENU = " ".join(f"<a href=/{name}>{name.title()} section</a>" for name in ["politics", "economy", "sport", "city"])
NOT_FOUND = "<h1>Oh no</h1><p>We could not find what you were looking for. Try the search, or begin at the front.</p>"
STORY = " ".join(
    f"<p>The council spoke of matter {word} for an hour, and then it voted.</p>" for word in "abcdefghijklm"
)


def page(main: str, status: int = 200, path: str = "a") -> Impression:
    head = f"<html><head><title>x</title><script>var a = '{main}'</script></head>"
    body = f"{head}<body><nav>{MENU}</nav>{main}</body></html>"
    return impression(body.encode(), HOME + path, status)


def test_a_page_like_that_of_an_impossible_address_is_one() -> None:
    other = impossible(f"{HOME}politics/the-mayor-resigns").removeprefix(HOME)
    absent = page(f"{NOT_FOUND}<p>/{other}</p>", path=other)
    asked = "politics/the-mayor-resigns"
    assert is_soft_404(page(f"{NOT_FOUND}<p>/{asked}</p>", path=asked), absent)
    assert is_soft_404(page(NOT_FOUND), absent)


def test_an_article_is_none_however_short_or_surrounded() -> None:
    absent = page(NOT_FOUND + STORY)  # with teasers of other articles below
    assert not is_soft_404(page(STORY), page(NOT_FOUND))
    assert not is_soft_404(page("<p>The mayor has resigned after the vote of no confidence on Tuesday.</p>"), absent)
    assert not is_soft_404(page(STORY.replace("council", "parliament") + NOT_FOUND), absent)


def test_a_site_that_says_404_has_none_and_nothing_is_judged_by_nothing() -> None:
    assert not is_soft_404(page(NOT_FOUND), page(NOT_FOUND, 404))
    assert not is_soft_404(page(NOT_FOUND, 404), page(NOT_FOUND))
    empty = impression(b"", HOME, 200)
    assert not is_soft_404(empty, empty)


@pytest.mark.parametrize(
    ("url", "like"),
    [
        ("2026/11/24/mayor.html?x=1#y", "https://example-news.org/2026/11/24/*-no-such-page.html"),
        ("politics/the-mayor/", "https://example-news.org/politics/*-no-such-page/"),
        ("the-mayor", "https://example-news.org/*-no-such-page"),
        ("", "https://example-news.org/*-no-such-page"),
    ],
)
def test_impossible_addresses_stand_beside_the_real_ones(url: str, like: str) -> None:
    made = impossible(HOME + url)
    before, _, behind = like.partition("*")
    assert made.startswith(before)
    assert made.endswith(behind)
    assert made == impossible(HOME + url)
    assert "?" not in made


@given(st.binary())
def test_no_bytes_raise(body: bytes) -> None:
    one = impression(body, HOME, 200)
    is_soft_404(one, impression(b"<p>" + body, HOME, 200))


@pytest.mark.parametrize("unit", [b"<div>", b"<p>word", b"<script>", b"a b ", b"</p>", b"<b><i>"])
def test_long_pages_take_linear_time(unit: bytes) -> None:
    assert growth(lambda body: impression(body, HOME, 200), lambda n: unit * n) < LINEAR


@pytest.mark.shared
@pytest.mark.slow
@pytest.mark.skipif(not (SHARED / "pages" / "index.jsonl").is_file(), reason="needs the reference pages")
def test_no_real_article_is_taken_for_one() -> None:
    """Each real article against another one of its site, which shares its menus and teasers."""
    by_site: dict[str, list[tuple[str, Path]]] = defaultdict(list)
    for line in (SHARED / "pages" / "index.jsonl").read_text().strip().split("\n"):
        one = json.loads(line)
        if one["url"] and one["set"] != "articles":
            by_site[one["publisher"]].append((one["url"], SHARED / "pages" / one["file"]))
    compared = 0
    for pages in by_site.values():
        if len(pages) < 2:
            continue
        seen = [impression(gzip.decompress(path.read_bytes()), url, 200) for url, path in pages[:4]]
        for one, other in zip(seen, seen[1:] + seen[:1], strict=True):
            assert one.url == other.url or not is_soft_404(one, other), (one.url, other.url)
            compared += 1
    assert compared > 50
