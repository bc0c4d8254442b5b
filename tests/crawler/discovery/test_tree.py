"""Trees of pages: as libxml2 makes them, and in part where attributes without end would take its time."""

from __future__ import annotations

from lxml import etree

from crawler.discovery.pages import links
from crawler.discovery.tree import KEPT, tree_of

MANY = " ".join(f"a{number}=1" for number in range(20_000))
LINK = "<a href='/2026/11/27/a-story-of-many-words'>A story of many words, told at length</a>"


def test_a_page_within_the_bound_is_parsed_as_it_is() -> None:
    page = f"<html><body><p {MANY[:9_000]}>x<!-- c --></p>{LINK}</body></html>"
    tree = tree_of(page)
    expected = etree.fromstring(page, etree.HTMLParser(remove_comments=True))
    assert tree.whole
    assert tree.root is not None
    assert etree.tostring(tree.root) == etree.tostring(expected)


def test_of_a_page_beyond_it_the_first_attributes_are_kept_and_all_of_the_rest() -> None:
    tree = tree_of(f"<p {MANY}>x<!-- c --></p>{LINK}")
    assert not tree.whole
    assert tree.root is not None
    (paragraph,) = tree.root.iter("p")
    assert list(paragraph.attrib) == [f"a{number}" for number in range(KEPT)]
    assert (paragraph.text, [one.text for one in tree.root.iter("a")]) == (
        "x",
        ["A story of many words, told at length"],
    )


def test_links_behind_such_an_element_are_found_and_the_page_is_said_to_be_cut() -> None:
    found = links(f"<p {MANY}>x</p>{LINK}".encode(), "https://example-news.org/")
    assert [one.url for one in found.articles] == ["https://example-news.org/2026/11/27/a-story-of-many-words"]
    assert not found.whole


def test_what_holds_no_element_has_no_tree() -> None:
    assert tree_of("").root is None
    assert tree_of("\0").root is None
