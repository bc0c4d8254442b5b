"""Attributes: how many the elements of a page have, told before a tree is made of it.

libxml2's tree looks for each new attribute of an element among all before it, so that their cost grows with the
square of their number: 100 KB of them take 0.2 s, a megabyte some 15 s. Its tokenizer does not. So a page is read by
the same tokenizer first, which knows what is a tag and what is a comment, a script or a quoted value: a rule of our
own could be fooled about that.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import ParserTarget  # of the stubs alone


@dataclass(frozen=True, slots=True)
class Attributes:
    """What the elements of a page have: ``most`` on one, ``total`` on all, and the sum of their numbers' ``squares``.

    The squares are what a tree of the page costs beyond its size: 10 ** 8 of them take a tenth of a second.
    """

    most: int = 0
    squares: int = 0
    total: int = 0


class _Count:
    """A target of lxml's parser that keeps three numbers."""

    def __init__(self) -> None:
        self._most = 0
        self._squares = 0
        self._total = 0

    def start(self, _tag: str, attributes: dict[str, str]) -> None:
        number = len(attributes)
        self._most = max(self._most, number)
        self._squares += number * number
        self._total += number

    def close(self) -> Attributes:
        return Attributes(self._most, self._squares, self._total)


def attributes_of(html: bytes) -> Attributes:
    """The attributes of an HTML page in UTF-8; of a name that an element has twice, the first counts alone.

    Linear in the page. No attributes where the page has nothing that could be an element.
    """
    target = cast("ParserTarget[Attributes]", _Count())
    try:
        return etree.fromstring(html, etree.HTMLParser(encoding="utf-8", huge_tree=True, target=target))
    except etree.XMLSyntaxError:
        return Attributes()
