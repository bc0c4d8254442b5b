"""The text of a page as one stream, in which every character knows its element."""

from __future__ import annotations

import re
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from itertools import islice, takewhile

from lxml import etree, html

from archive.article import Source
from archive.cleaning.folding import shown

# Their text is never seen, and would only give a headline or a paragraph a second home.
_UNSEEN = frozenset({"script", "style", "title", "textarea", "option"})
# Elements that do not part words; every other one does, as a browser would show it.
INLINE = frozenset({
    "a", "abbr", "acronym", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em", "font", "i", "ins",
    "kbd", "label", "mark", "nobr", "output", "q", "rb", "rp", "rt", "ruby", "s", "samp", "small", "span", "strike",
    "strong", "sub", "sup", "time", "tt", "u", "var", "wbr",
})  # fmt: skip
_NAME = re.compile(r"[a-z_][a-z0-9_.-]*", re.ASCII)
_PIECE = 65_536  # characters
_MARKS = 8  # characters without a glyph at either end of a text that belong to it
_WORD = re.compile(r"\S+")  # parts text where str.split does


def normalise(text: str) -> str:
    """The text with each run of white space (Unicode's) as one space, none at its ends, and nothing unseen."""
    return " ".join(shown(text).split())


def solid(text: str) -> str:
    """The text without white space and without what has no glyph (soft hyphens, zero-width characters, controls).

    Extractors change exactly these; texts are compared without them.
    """
    joined = "".join(text.split())
    if joined.isprintable():
        return joined
    # In pieces: each character is an object of its own meanwhile, of twenty times its size.
    pieces = (joined[at : at + _PIECE] for at in range(0, len(joined), _PIECE))
    return "".join("".join(filter(str.isprintable, piece)) for piece in pieces)


class TextStream:
    """All visible text of a tree in document order, searchable in `solid` form, and the way back to its elements."""

    def __init__(self, root: html.HtmlElement) -> None:
        self._root = root
        self.raws: list[str] = []
        self._begins: list[int] = []  # of each text node, in the string value of the root
        self.starts: list[int] = []  # of each text node, in self.solid
        self.owners: list[html.HtmlElement] = []  # the element that a text node is a child of
        self.after: list[html.HtmlElement | None] = []  # the element that ends just before it, if one does
        # Where the string value of each element begins and ends in that of the root.
        self._opened: dict[html.HtmlElement, int] = {}
        self._closed: dict[html.HtmlElement, int] = {}
        opened, closed = self._opened, self._closed
        raws, begins, starts, owners, behind = self.raws, self._begins, self.starts, self.owners, self.after
        parts: list[str] = []
        begin = start = 0
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                opened[element] = begin
                raw = element.text
                if not raw:
                    continue
                owner, after = element, None
            else:
                closed[element] = begin
                raw = element.tail
                if not raw or (parent := element.getparent()) is None:
                    continue
                owner, after = parent, element
            if owner.tag not in _UNSEEN:
                part = "".join(raw.split())
                if not part.isprintable():
                    part = solid(raw)
                raws.append(raw)
                begins.append(begin)
                starts.append(start)
                owners.append(owner)
                behind.append(after)
                parts.append(part)
                start += len(part)
            begin += len(raw)
        self.solid = "".join(parts)
        self._paths: dict[html.HtmlElement, str] = {root: f"/{root.tag!s}"}

    @property
    def elements(self) -> int:
        """How many elements the tree has."""
        return len(self._opened)

    def owner(self, at: int) -> html.HtmlElement:
        """The element whose own text holds the solid character at ``at``."""
        return self.owners[bisect_right(self.starts, at) - 1]

    def span(self, first: int, last: int) -> tuple[int, int]:
        """Where the solid text of the text nodes from ``first`` to ``last`` begins and ends in the stream."""
        behind = last + 1
        return self.starts[first], self.starts[behind] if behind < len(self.starts) else len(self.solid)

    def linked(self, start: int, end: int) -> int:
        """How much of the solid characters from ``start`` to ``end`` stands in links, in thousandths."""
        if end <= start:
            return 0
        first, last = bisect_right(self.starts, start) - 1, bisect_right(self.starts, end - 1) - 1
        total = 0
        for number in range(first, last + 1):
            owner = self.owners[number]
            if owner.tag == "a" or next(owner.iterancestors("a"), None) is not None:
                behind = self.starts[number + 1] if number + 1 < len(self.starts) else len(self.solid)
                total += min(end, behind) - max(start, self.starts[number])
        return 1000 * total // (end - start)

    def extent(self, element: html.HtmlElement) -> tuple[int, int]:
        """Where the solid text of an element begins and ends in the stream."""
        return self._position(self._opened[element]), self._position(self._closed[element])

    def own_texts(self, element: html.HtmlElement) -> Iterator[tuple[int, str]]:
        """The texts that an element holds itself, between its children, with where they begin in its string value."""
        if element.text:
            yield 0, element.text
        for child in element:
            if child.tail:
                yield self._closed[child] - self._opened[element], child.tail

    def located(self, element: html.HtmlElement, start: int, end: int) -> tuple[int, int]:
        """Where a span of an element's string value begins and ends in the stream: the way back from `sources`."""
        begin = self._opened[element]
        return self._exactly(begin + start), self._exactly(begin + end)

    def sources(self, start: int, end: int) -> list[tuple[Source, str]]:
        """The sources of the solid characters from ``start`` to ``end``, each with its normalised text.

        More than one where elements part two words that have no white space between them, and where text that is not
        seen lies between.
        """
        first = bisect_right(self.starts, start) - 1
        last = bisect_right(self.starts, end - 1) - 1
        head = self._begins[first] + _marked_before(
            self.raws[first], raw_index(self.raws[first], start - self.starts[first])
        )
        tail = self._begins[last] + _marked_behind(self.raws[last], self._raw_end(last, end))
        found = []
        run = first
        for number in range(first, last + 1):
            if number < last and not self._parted(number):
                continue
            begin = max(head, self._begins[run])
            stop = min(tail, self._begins[number] + len(self.raws[number]))
            text = normalise("".join(self.raws[run : number + 1])[begin - self._begins[run] : stop - self._begins[run]])
            if text:
                found.append((self._source(run, number, begin, stop), text))
            run = number + 1
        return found

    def _raw_end(self, number: int, end: int) -> int:
        """Where the solid character before ``end`` ends in the raw text of a node; mostly it is the last one."""
        raw = self.raws[number]
        if number + 1 < len(self.starts) and end == self.starts[number + 1]:
            bare = raw.rstrip()
            if bare[-1:].isprintable():
                return len(bare)
        return raw_index(raw, end - 1 - self.starts[number]) + 1

    def path(self, element: html.HtmlElement) -> str:
        """The absolute XPath of an element; indexes where siblings share the name, ``*[n]`` for names XPath lacks."""
        if element not in self._paths:
            missing = [element]
            while (parent := missing[-1].getparent()) is not None and parent not in self._paths:
                missing.append(parent)
            for one in reversed(missing):
                parent = one.getparent()
                if parent is not None:
                    self._name_children(parent, self._paths[parent])
        return self._paths[element]

    def by_path(self) -> dict[str, html.HtmlElement]:
        """The elements whose paths were asked for, and their siblings, by path."""
        return {path: element for element, path in self._paths.items()}

    def _name_children(self, parent: html.HtmlElement, prefix: str) -> None:
        named: dict[str, list[html.HtmlElement]] = {}
        for number, child in enumerate(parent, 1):
            if _NAME.fullmatch(str(child.tag)):
                named.setdefault(str(child.tag), []).append(child)
            else:
                self._paths[child] = f"{prefix}/*[{number}]"
        for tag, children in named.items():
            if len(children) == 1:
                self._paths[children[0]] = f"{prefix}/{tag}"
            else:
                self._paths.update((child, f"{prefix}/{tag}[{number}]") for number, child in enumerate(children, 1))

    def _source(self, first: int, last: int, begin: int, end: int) -> Source:
        element = _common(self.owners[first], self.owners[last])
        offset = self._opened[element]
        return Source(path=self.path(element), start=begin - offset, end=end - offset)

    def _parted(self, number: int) -> bool:
        """Whether the text nodes ``number`` and the next one must not be read as one run."""
        left, right = self.raws[number], self.raws[number + 1]
        if self._begins[number + 1] != self._begins[number] + len(left):
            return True  # a script between them
        if not left or not right or left[-1].isspace() or right[0].isspace():
            return False
        after = self.after[number + 1]
        if after is not None and after.tag not in INLINE:
            return True  # "<br>" and the end of a block
        owner, other = self.owners[number], self.owners[number + 1]
        if owner is other:
            return False
        common = _common(owner, other)
        return any(one.tag not in INLINE for end in (owner, other) for one in _up_to(end, common))

    def _exactly(self, raw: int) -> int:
        """The solid position of a character of the root's string value, or of the next seen one."""
        number = bisect_right(self._begins, raw) - 1
        if number < 0:
            return 0
        return self.starts[number] + len(solid(self.raws[number][: raw - self._begins[number]]))

    def _position(self, raw: int) -> int:
        """The solid position of the first seen text at or behind a position in the root's string value."""
        number = bisect_left(self._begins, raw)
        return self.starts[number] if number < len(self.starts) else len(self.solid)


def raw_index(raw: str, count: int) -> int:
    """Where the solid character number ``count`` stands in a raw text."""
    if count == 0 and (bare := raw.lstrip()) and bare[0].isprintable():
        return len(raw) - len(bare)
    for word in _WORD.finditer(raw):
        size = len(solid(word[0]))
        if count >= size:
            count -= size
            continue
        if size == word.end() - word.start():
            return word.start() + count
        shown = (index for index, char in enumerate(word[0], word.start()) if char.isprintable())
        return next(islice(shown, count, None))
    return len(raw)


def _marked_before(raw: str, at: int) -> int:
    """Where the marks begin that a text stands behind: those of direction belong to it."""
    start = at
    while start and at - start < _MARKS and not raw[start - 1].isprintable() and not raw[start - 1].isspace():
        start -= 1
    return start if not start or raw[start - 1].isspace() else at


def _marked_behind(raw: str, at: int) -> int:
    """Where the marks end that stand behind a text."""
    end = at
    while end < len(raw) and end - at < _MARKS and not raw[end].isprintable() and not raw[end].isspace():
        end += 1
    return end if end == len(raw) or raw[end].isspace() else at


def _up_to(element: html.HtmlElement, ancestor: html.HtmlElement) -> list[html.HtmlElement]:
    """The element and those around it, below an ancestor."""
    return (
        [element, *takewhile(lambda one: one is not ancestor, element.iterancestors())]
        if element is not ancestor
        else []
    )


def _common(one: html.HtmlElement, other: html.HtmlElement) -> html.HtmlElement:
    """The smallest element that contains both, which stand in one tree."""
    if one is other:
        return one
    around = {one, *one.iterancestors()}
    return next(element for element in (other, *other.iterancestors()) if element in around)
