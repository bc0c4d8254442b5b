"""Attributes: how many the elements of a page have, told before a tree is made of it.

libxml2's tree looks for each new attribute of an element among all before it, so that their cost grows with the
square of their number: 100 KB of them take 0.2 s, a megabyte some 15 s. Its tokenizer does not. So a page that could
have many is read by the same tokenizer first, which knows what is a tag and what is a comment, a script or a quoted
value: a rule of our own could be fooled about that. It only says which pages could not.
"""

from __future__ import annotations

import re
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

from lxml import etree

if TYPE_CHECKING:
    from lxml.etree import ParserTarget  # of the stubs alone

_SMALL = 2**20  # bytes of a page that is taken to pieces: of a larger one these would take too much memory
_SHORT = 200  # bytes of a tag: hardly any has more
_BUT_QUOTES = bytes(set(range(256)) - set(b"=\"'>"))
# A value in quotes, cut off.
_OPENED = {
    b'"': re.compile(rb"=[ \t\n\f\r]*\"[^\"]*\Z"),
    b"'": re.compile(rb"=[ \t\n\f\r]*'[^']*\Z"),
}
_MAY_BE_OPENED = re.compile(rb"=(?:\"[^\"]*|'[^']*)\Z")  # the same where nothing but quotes and "=" is left
_BETWEEN = b" \t\n\f\r/\"'"


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


def too_many(html: bytes, squares: int, total: int = sys.maxsize) -> Attributes | None:
    """The attributes of a page that has more of them than that, None for any other; hardly any page must be counted."""
    if len(html) <= min(_SMALL, 2 * total) and squares_at_most(html) <= squares:
        return None
    counted = attributes_of(html)
    return counted if counted.squares > squares or counted.total > total else None


def squares_at_most(html: bytes) -> int:
    """What the squares cannot exceed, told in half the time that counting takes.

    A tag ends at the first ">" that stands in no quotes, and quotes open a value only behind a "=". So two pieces
    between one ">" and another are parts of one tag only where such quotes open in the first and close in the second,
    and whatever stands before the first "<" of any other piece is in no tag. All parts are taken for one tag here.
    """
    pieces = html.split(b">")
    quotes = html.translate(None, _BUT_QUOTES).split(b">")
    doubtful = {one for one in set(quotes) if _MAY_BE_OPENED.search(one)}
    found = [number for number, one in enumerate(quotes) if one in doubtful] if doubtful else []
    parts: set[int] = set()
    for quote, opened in _OPENED.items():
        closed = -1
        for number in found:
            if opened.search(pieces[number]):
                if closed <= number:
                    behind = range(number + 1, len(quotes))
                    closed = next((at for at in behind if quote in quotes[at]), len(quotes))
                parts.update((number, closed))
    parts.discard(len(quotes))
    long = [piece for piece in pieces if len(piece) > _SHORT and b"<" in piece]
    return (
        _SHORT // 2 * len(html) // 2
        + sum(_most(piece[piece.find(b"<") :]) ** 2 for piece in long)
        + sum(_most(pieces[number]) for number in parts) ** 2
    )


def _most(part: bytes) -> int:
    """The attributes that part of a tag can have: each of them stands behind white space, a slash or a quote."""
    return len(part) - len(part.translate(None, _BETWEEN))
