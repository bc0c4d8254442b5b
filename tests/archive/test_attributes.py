"""Attributes are counted as the parser sees them, whatever a page does to hide them."""

from __future__ import annotations

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from lxml import etree

from archive.attributes import Attributes, attributes_of, squares_at_most, too_many

PIECES = (
    *("<p ", "<a/", "<script>", "</script>", "<style ", "</style>", "<title>", "</title>", "<textarea>", "</textarea>"),
    *("<!--", "-->", "--!>", "<!", "<?", "</p ", "<![CDATA[", "]]>", "<plaintext>", "<svg ", "<body ", "<html "),
    *("a", "b=1", "c='x'", 'd="y"', "e", "=", "'", '"', ">", "<", "/", " ", "\n", "&quot;", "é"),
)


def in_the_tree(html: bytes) -> int:
    """The most attributes of one element, as a tree has them."""
    try:
        root = etree.fromstring(html, etree.HTMLParser(encoding="utf-8", huge_tree=True))
    except etree.XMLSyntaxError:
        return 0
    return 0 if root is None else max((len(one.attrib) for one in root.iter(etree.Element)), default=0)


@given(st.lists(st.sampled_from(PIECES), max_size=40))
def test_no_element_of_the_tree_has_more_than_were_counted(pieces: list[str]) -> None:
    html = "".join(pieces).encode()
    assert in_the_tree(html) <= attributes_of(html).most


@given(st.lists(st.sampled_from([*PIECES, "=\n'", '= "', "a " * 120, "b='' " * 50, "/a" * 110]), max_size=40))
@example(["<p ", "b=", '"', ">", "'", ">", '"', "a " * 120, ">"])
@example(["<p ", "a " * 120, "= ", "'", ">" * 3, '"', "'", "a " * 120, 'd="', ">", '"', "b='' " * 50])
def test_the_squares_are_never_more_than_told(pieces: list[str]) -> None:
    html = "".join(pieces).encode()
    assert attributes_of(html).squares <= squares_at_most(html)


def test_a_page_with_too_many_is_counted() -> None:
    page = b"<p " + b"".join(b"a%d=''" % number for number in range(300)) + b">"
    assert too_many(page, 100_000, 1000) is None
    assert too_many(page, 89_999, 1000) == Attributes(300, 90_000, 300)
    assert too_many(page, 100_000, 299) == Attributes(300, 90_000, 300)


def test_a_page_that_only_could_have_too_many_is_let_through() -> None:
    page = b"<script>one < " + b"words " * 10_000 + b"</script>"
    assert squares_at_most(page) > 10**7
    assert too_many(page, 10**7, 100_000) is None


@pytest.mark.parametrize(
    ("html", "counted"),
    [
        (b"", Attributes()),
        (b"words", Attributes(0, 0)),
        (b"<p a b=1 c='>'><b d>", Attributes(3, 10, 4)),
        (b"<p a a A=2>", Attributes(1, 1, 1)),
        (b"<script><p a b></script><!-- <p a b> --><p x='<p a b>'>", Attributes(1, 1, 1)),
    ],
)
def test_what_is_counted(html: bytes, counted: Attributes) -> None:
    assert attributes_of(html) == counted
