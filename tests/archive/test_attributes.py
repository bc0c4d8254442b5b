"""Attributes are counted as the parser sees them, whatever a page does to hide them."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st
from lxml import etree

from archive.attributes import Attributes, attributes_of

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
