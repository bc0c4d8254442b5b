"""What a site teaches: links of weak shape are articles' where several articles' addresses are made so."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scaling import LINEAR, growth

from crawler.discovery.learned import LEAST, Learned, make_of
from crawler.discovery.pages import links

HOME = "https://example-news.org/"


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("harbour/cranes/", "city/bridges/"),
        ("harbour/2026/crane-move.html", "city/2025/bridge.html"),
        ("a/the-mayor-resigns-today", "b/cranes-on-the-move"),
        ("story?id=7&x=", "story?x=1&id=8"),
        ("n/1234567", "n/98765"),
        ("n/crane-12345", "n/bridge-98765"),
        ("https://www.example-news.org/a/b", "a/b"),
    ],
)
def test_addresses_made_alike(url: str, other: str) -> None:
    assert make_of(_whole(url)) == make_of(_whole(other))


@pytest.mark.parametrize(
    ("url", "other"),
    [
        ("cranes/", "cranes"),
        ("cranes", "cranes.html"),
        ("cranes", "harbour/cranes"),
        ("n/24", "n/1234567"),
        ("n/crane", "n/the-crane-moves-on"),
        ("a?id=1", "a"),
        ("https://blog.example-news.org/a/b", "a/b"),
    ],
)
def test_addresses_made_otherwise(url: str, other: str) -> None:
    assert make_of(_whole(url)) != make_of(_whole(other))


def _whole(url: str) -> str:
    return url if url.startswith("https://") else HOME + url


def learned(articles: int, others: int = 0) -> Learned:
    told = [(f"{HOME}section{number}/best/", True) for number in range(articles)]
    return Learned.of([*told, *((f"{HOME}topic{number}/all/", False) for number in range(others))])


def test_a_few_articles_are_enough_and_a_few_other_pages_too_many() -> None:
    assert learned(LEAST - 1).alike(f"{HOME}cranes/best/") == 0
    assert learned(LEAST).alike(f"{HOME}cranes/best/") == LEAST
    assert learned(9, 1).alike(f"{HOME}cranes/best/") == 9
    assert learned(9, 2).alike(f"{HOME}cranes/best/") == 0
    assert learned(9).alike(f"{HOME}cranes/best") == 0


def found(body: str, known: Learned | None) -> dict[str, tuple[str, ...]]:
    page = links(f"<html><body>{body}</body></html>".encode(), HOME, None, known)
    return {link.url.removeprefix(HOME): link.why for link in page.articles}


def test_a_link_is_an_articles_by_what_the_site_has_taught() -> None:
    headline = "The best cranes of the old harbour, compared"
    body = f'<ul><li><a href="/cranes/best/">{headline}</a></li></ul>'
    assert found(body, None) == found(body, learned(1)) == {}
    assert "made as the addresses of 3 articles" in found(body, learned(3))["cranes/best/"]


@pytest.mark.parametrize(
    "body",
    [
        '<li><a href="/cranes/best/">Cranes</a></li>',
        '<nav><a href="/cranes/best/">The best cranes of the old harbour, compared</a></nav>',
        '<li><a rel="sponsored" href="/cranes/best/">The best cranes of the old harbour, compared</a></li>',
        '<li><a href="/tag/cranes/">The best cranes of the old harbour, compared</a></li>',
        '<li><a href="/about/contact/">The best cranes of the old harbour, compared</a></li>',
    ],
)
def test_navigation_stays_navigation(body: str) -> None:
    assert found(body, learned(9)) == {}


@given(st.text(max_size=200))
def test_no_address_makes_it_stumble(text: str) -> None:
    make_of(HOME + text)
    Learned.of([(text, True)]).alike(text)


@pytest.mark.parametrize("unit", ["/a", "-a", "&a=1", "?", ".html", "%2F", "1"])
def test_long_addresses_take_linear_time(unit: str) -> None:
    assert growth(lambda body: make_of(body.decode()), lambda n: (HOME + unit * n).encode()) < LINEAR
