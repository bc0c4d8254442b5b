"""The page as blocks: runs of text that a reader sees as one, with the boxes that they stand in.

Made from the text stream, so that the cost goes by the texts of a page and not by its empty elements.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import html

from archive.cleaning.folding import number_of
from archive.cleaning.hints import LONGEST, hints
from archive.cleaning.said import DENSE
from archive.cleaning.stream import INLINE, TextStream, normalise

_DENSE = re.compile(f"[{DENSE}]")
# What closes a sentence, with the quotes and brackets behind it. It begins with one set of characters, which is what
# the search passes over a text with; with three ways to begin, it would try each of them at each character.
_STOP, _WIDE_STOP = r".!?\u2026\u061f\u06d4\u0964\u0589", r"\u3002\uff01\uff1f"
_STOPLESS = r"\u0e00-\u0eff\u1780-\u17ff"  # Thai, Lao and Khmer set no full stop
_END = re.compile(
    rf"[{_STOP}{_WIDE_STOP}{_STOPLESS}](?:"
    rf"(?<=[{_STOP}])[\"'\u201c\u201d\u2019\u00bb\u00ab\u203a)\]]*(?=\s|$)|(?<=[{_WIDE_STOP}])|"
    rf"(?<=[{_STOPLESS}])[{_STOPLESS}]{{39}})"
)
_UNTOLD = -1
_DIGITS = re.compile(r"[0-9]+")
LONG = 10  # words of a block from which on it can be a sentence of the story


@dataclass(slots=True)
class Blocks:
    """Blocks and boxes as columns. A box is an element that parts text; parents stand before their children."""

    # Of each block
    box: list[int] = field(default_factory=list)
    first: list[int] = field(default_factory=list)  # its first text node, and its last, as the stream counts them
    last: list[int] = field(default_factory=list)
    text: list[str] = field(default_factory=list)
    size: list[int] = field(default_factory=list)  # solid characters
    linked: list[int] = field(default_factory=list)  # of these, within links
    bold: list[int] = field(default_factory=list)  # of these, within bold or emphasised text
    slanted: list[int] = field(default_factory=list)  # of these, within emphasised text
    links: list[tuple[html.HtmlElement, ...]] = field(default_factory=list)  # the links in it, in order
    words: list[int] = field(default_factory=list)
    ends: list[int] = field(default_factory=list)  # sentence ends
    story: list[int] = field(default_factory=list)  # its words if it reads like sentences, else 0
    # Of each box
    parent: list[int] = field(default_factory=list)  # -1: the root's
    element: list[html.HtmlElement] = field(default_factory=list)
    tag: list[str] = field(default_factory=list)
    depth: list[int] = field(default_factory=list)
    sign: list[int] = field(default_factory=list)  # boxes that look alike in themselves: same name and classes
    # Bits of `archive.cleaning.hints`: its names, and the same of all boxes around it. Told on demand, and remembered:
    # few boxes are asked for, and most of what a page costs here is the reading of names.
    _own: list[int] = field(default_factory=list)
    _around: list[int] = field(default_factory=list)

    def add_box(self, element: html.HtmlElement, tag: str, parent: int, sign: int) -> int:
        """Add a box, whose parent was added before; its number."""
        self.parent.append(parent)
        self.element.append(element)
        self.tag.append(tag)
        self.depth.append(self.depth[parent] + 1 if parent >= 0 else 0)
        self.sign.append(sign)
        self._own.append(_UNTOLD)
        self._around.append(_UNTOLD if parent >= 0 else 0)
        return len(self.tag) - 1

    def own(self, box: int) -> int:
        """What the names of a box hint at."""
        found = self._own[box]
        if found == _UNTOLD:
            found = self._own[box] = _hints(self.element[box], self.tag[box])
        return found

    def around(self, box: int) -> int:
        """What the names of all boxes around a box hint at."""
        around, parent = self._around, self.parent
        missing = []
        while around[box] == _UNTOLD:
            missing.append(box)
            box = parent[box]
        for one in reversed(missing):
            above = parent[one]
            around[one] = around[above] | self.own(above)
        return around[missing[0] if missing else box]


# A text node's box, the link around it, and whether it is bold (1) or emphasised (2).
_Home = tuple[int, html.HtmlElement | None, int]


@dataclass(slots=True)
class _Homes:
    """Which box a text node's owner stands in, and whether within a link or emphasis."""

    blocks: Blocks
    known: dict[html.HtmlElement, _Home] = field(default_factory=dict)
    signs: dict[tuple[str, str], int] = field(default_factory=dict)
    looks: dict[tuple[str, str | None], int] = field(default_factory=dict)  # the same, by the classes as they stand

    def of(self, owner: html.HtmlElement) -> _Home:
        """The home of an element's own text; remembered for each element on the way up."""
        known = self.known
        if owner in known:
            return known[owner]
        missing = [owner]
        at = owner.getparent()
        while at is not None and at not in known:
            missing.append(at)
            at = at.getparent()
        home = known[at] if at is not None else (-1, None, 0)
        for element in reversed(missing):
            tag = str(element.tag)
            box, link, weight = home
            if tag not in INLINE:
                home = (self._box(element, tag, box), link, weight)
            elif tag == "a":
                home = (box, element, weight)
            elif tag in _WEIGHTS:
                home = (box, link, weight | _WEIGHTS[tag])
            else:
                home = (box, link, weight)
            known[element] = home
        return home

    def _box(self, element: html.HtmlElement, tag: str, parent: int) -> int:
        look = element.get("class")
        sign = self.looks.get((tag, look))
        if sign is None:
            key = (tag, _DIGITS.sub("", look) if look else "")
            sign = self.looks[tag, look] = self.signs.setdefault(key, len(self.signs))
        return self.blocks.add_box(element, tag, parent, sign)


def _hints(element: html.HtmlElement, tag: str) -> int:
    said = dict(element.items())
    if not said:
        return hints(tag, "")
    # The names of the body are what the page could have, not what it has.
    names = f"{said.get('class', '')} {said.get('id', '')} {said.get('itemprop', '')} {said.get('role', '')}"
    return hints(tag, names[:LONGEST]) if tag != "body" else 0


_WEIGHTS = {"b": 1, "strong": 1, "em": 2, "i": 2}


def blocks_of(stream: TextStream) -> Blocks:
    """The blocks of a page in document order."""
    blocks = Blocks()
    homes = _Homes(blocks)
    raws, owners = stream.raws, stream.owners
    starts = [*stream.starts, len(stream.solid)]
    begin = -1
    box = size = linked = bold = slanted = last = -1
    links: list[html.HtmlElement] = []
    for number, after in enumerate(stream.after):
        held = starts[number + 1] - starts[number]
        if not held:
            continue
        home, link, weight = homes.of(owners[number])
        if begin < 0 or home != box or _parts(after):
            if begin >= 0:
                _close(blocks, raws, begin, last, box, size, linked, bold, slanted, links)
            begin, box = number, home
            size = linked = bold = slanted = 0
            links = []
        last = number
        size += held
        if link is not None:
            linked += held
            if not links or links[-1] is not link:
                links.append(link)
        if weight:
            bold += held
            if weight & 2:
                slanted += held
    if begin >= 0:
        _close(blocks, raws, begin, last, box, size, linked, bold, slanted, links)
    return blocks


def _parts(element: html.HtmlElement | None) -> bool:
    """Whether the element that ended just before a text node of the same box sets the text behind it apart."""
    if element is None or element.tag in INLINE:
        return False
    if element.tag != "br":
        return True
    before = element.getprevious()
    return before is not None and before.tag == "br" and not (before.tail or "").strip()


def _close(
    blocks: Blocks,
    raws: list[str],
    first: int,
    last: int,
    box: int,
    size: int,
    linked: int,
    bold: int,
    slanted: int,
    links: list[html.HtmlElement],
) -> None:
    text = normalise("".join(raws[first : last + 1]) if first != last else raws[first])
    words = text.count(" ") + 1
    if not text.isascii():
        words += number_of(_DENSE, text) // 2
    ends = number_of(_END, text) if words >= 3 else 0
    blocks.box.append(box)
    blocks.first.append(first)
    blocks.last.append(last)
    blocks.text.append(text)
    blocks.size.append(size)
    blocks.linked.append(linked)
    blocks.bold.append(bold)
    blocks.slanted.append(slanted)
    blocks.links.append(tuple(links))
    blocks.words.append(words)
    blocks.ends.append(ends)
    blocks.story.append(words if words >= LONG and ends and 2 * linked < size else 0)
