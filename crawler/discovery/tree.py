"""The tree of a page: what was found in the crawl, parsed as HTML in time linear in its length."""

from __future__ import annotations

from dataclasses import dataclass
from itertools import islice
from typing import TYPE_CHECKING, cast

from lxml import etree

from archive.attributes import attributes_of

if TYPE_CHECKING:
    from lxml.etree import ParserTarget  # of the stubs alone

# What libxml2 may spend on attributes (`archive.attributes`): a hundredth of a second. Pages of news have no more than
# some 50,000 units, and 32 attributes on one element.
MAX_ATTRIBUTE_WORK = 10_000_000
# Of an element on a page beyond that: the first ones are kept, as many as a tree takes without a trace.
KEPT = 250


@dataclass(frozen=True, slots=True)
class Tree:
    """The root element of a page, without comments; None where nothing in it could be an element.

    ``whole`` is False where elements had so many attributes that only their first ``KEPT`` were read.
    """

    root: etree._Element | None
    whole: bool = True


class _Few:
    """A target of lxml's parser: builds the tree with few attributes."""

    def __init__(self) -> None:
        self._builder = etree.TreeBuilder()
        self.data = self._builder.data
        self.end = self._builder.end
        self.close = self._builder.close

    def start(self, tag: str, attributes: dict[str, str]) -> None:
        self._builder.start(tag, dict(islice(attributes.items(), KEPT)))


def tree_of(text: str) -> Tree:
    """The tree of a decoded page. Never raises; linear in the page, whatever it holds."""
    html = text.replace("\0", "").encode("utf-8", "replace")
    whole = attributes_of(html).squares <= MAX_ATTRIBUTE_WORK
    try:
        return Tree(_parsed(html) if whole else _parsed_in_part(html), whole)
    except etree.XMLSyntaxError:
        return Tree(None, whole)


def _parsed(html: bytes) -> etree._Element | None:
    parser = etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, remove_comments=True, remove_pis=True)
    return etree.fromstring(html, parser)


def _parsed_in_part(html: bytes) -> etree._Element | None:
    target = cast("ParserTarget[etree._Element]", _Few())
    return etree.fromstring(html, etree.HTMLParser(encoding="utf-8", no_network=True, huge_tree=True, target=target))
