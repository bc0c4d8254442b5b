"""The way from a `Source` to its characters; what makes and what proves a text must walk it alike."""

from __future__ import annotations

import re

from lxml import html

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
        children = [one for one in element.iterchildren(None if name == "*" else name) if isinstance(one.tag, str)]
        index = int(number or 1) - 1
        if not 0 <= index < len(children) or (not number and len(children) > 1):
            return None
        element = children[index]
    return element


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
