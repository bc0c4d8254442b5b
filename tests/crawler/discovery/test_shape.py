from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.discovery.shape import ARTICLE, may_be_article, shape_of

HOME = "https://example-news.org/"


def test_a_shape_tells_why() -> None:
    shape = shape_of(f"{HOME}politics/2026/11/24/mayor-resigns-after-vote.html")
    assert shape.points >= ARTICLE
    assert shape.strong
    assert shape.depth == 5
    assert shape.why == ("a date and a name in its path", "a slug of 4 words", "a page's extension")


@pytest.mark.parametrize(
    "path", ["x", "news/short", "autoren/jane-doe/what-the-book-fair-did-not-say", "faq/2026/11/24/a-b"]
)
def test_a_source_s_word_is_taken_for_shapes_without_a_sign(path: str) -> None:
    assert may_be_article(HOME + path)


@pytest.mark.parametrize("path", ["", "tag/mayor", "author/jane-doe", "privacy", "a.jpg", "search?q=1", "contact/desk"])
def test_no_source_makes_these_articles(path: str) -> None:
    assert not may_be_article(HOME + path)


@given(st.text())
def test_any_text_has_a_shape(text: str) -> None:
    shape_of(HOME + text)
    shape_of(text)


@pytest.mark.parametrize("unit", ["a-", "1", "1/", "%", "a1", "&id=", "-_", "f0", "2026/", ","])
def test_long_addresses_cost_no_more_than_their_beginning(unit: str) -> None:
    for _ in range(20):
        shape_of(HOME + unit * 500_000)
