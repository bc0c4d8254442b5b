"""The way from a `Source` to its characters; what makes and what proves a text must walk it alike."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice

from lxml import etree, html

from archive.article import Source

# The paths that the cleaner writes. Nothing else is evaluated: a text from elsewhere may bring an XPath of its own.
_STEP = r"/(?:[a-z_][a-z0-9_.-]*|\*)(?:\[[0-9]{1,7}\])?"
_PATH = re.compile(rf"((?:{_STEP})+)(?:/@([A-Za-z_][\w.:-]*))?", re.ASCII)
_ONE_STEP = re.compile(r"/([^/\[]+)(?:\[([0-9]+)\])?")


def element_at(root: html.HtmlElement, path: str) -> html.HtmlElement | None:
    """The element of a path, or of an attribute's path the element that carries it; None where it leads nowhere."""
    found = _PATH.fullmatch(path)
    if found is None:
        return None
    steps = _ONE_STEP.findall(found[1])
    if steps[0] != (root.tag, ""):
        return None
    element = root
    for name, number in steps[1:]:
        index = int(number or 1) - 1
        # No further than it takes: a page may have tens of thousands of children of one name.
        last = index + (not number)  # without a number, the one behind tells whether it is the only one
        children = list(islice(_children(element, name), index, last + 1)) if index >= 0 else []
        if not children or (not number and len(children) > 1):
            return None
        element = children[0]
    return element


def _children(element: html.HtmlElement, name: str) -> Iterator[html.HtmlElement]:
    return (one for one in element.iterchildren(None if name == "*" else name) if isinstance(one.tag, str))


def string_at(root: html.HtmlElement, path: str) -> str | None:
    """The string value of an element or an attribute: the text that a source's span counts in."""
    element = element_at(root, path)
    if element is None:
        return None
    name = path.rpartition("/@")[2] if "/@" in path else None
    if name is not None:
        return element.get(name)
    return "".join(map(str, element.itertext()))


def text_at(root: html.HtmlElement, source: Source) -> str | None:
    """The characters of a source; None where its path or its span lies outside the page."""
    value = string_at(root, source.path)
    if value is None or not 0 <= source.start <= source.end <= len(value):
        return None
    return value[source.start : source.end]


class Places:
    """The same for many sources of one tree: it is walked once, and each source costs what it holds."""

    def __init__(self, root: html.HtmlElement) -> None:
        self._root = root
        self._string = "".join(map(str, root.itertext()))
        # Where the string value of each element begins and ends in that of the root.
        self._spans: dict[html.HtmlElement, tuple[int, int]] = {}
        self._below: dict[tuple[html.HtmlElement, str], list[html.HtmlElement]] = {}
        at = 0
        opened: dict[html.HtmlElement, int] = {}
        for event, element in etree.iterwalk(root, events=("start", "end")):
            if event == "start":
                opened[element] = at
                at += len(element.text or "")
            else:
                self._spans[element] = (opened[element], at)
                at += len(element.tail or "") if element is not root else 0

    def element(self, path: str) -> html.HtmlElement | None:
        """As `element_at`."""
        found = _PATH.fullmatch(path)
        steps = _ONE_STEP.findall(found[1]) if found is not None else []
        if not steps or steps[0] != (self._root.tag, ""):
            return None
        element = self._root
        for name, number in steps[1:]:
            children = self._below.get((element, name))
            if children is None:
                children = self._below[element, name] = list(_children(element, name))
            index = int(number or 1) - 1
            if not 0 <= index < len(children) or (not number and len(children) > 1):
                return None
            element = children[index]
        return element

    def text(self, source: Source) -> str | None:
        """As `text_at`."""
        element = self.element(source.path)
        if element is None:
            return None
        if "/@" in source.path:
            value = element.get(source.path.rpartition("/@")[2])
            if value is None or not 0 <= source.start <= source.end <= len(value):
                return None
            return value[source.start : source.end]
        begin, end = self._spans[element]
        if not 0 <= source.start <= source.end <= end - begin:
            return None
        return self._string[begin + source.start : begin + source.end]

    def begin(self, source: Source) -> int:
        """Where a source begins in the string value of the root; one in an attribute, where its element does."""
        element = self.element(source.path)
        if element is None:
            return 0
        return self._spans[element][0] + (source.start if "/@" not in source.path else 0)
