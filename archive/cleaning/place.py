"""Places: where on the pages of a site a block stands, by the names of the elements around it."""

from __future__ import annotations

import re

from lxml import html

from archive.cleaning.stream import INLINE

_STEPS = 4  # elements, from the innermost outwards: what is farther out is the same for all
_LONGEST = 60  # characters of one element's classes
_DIGITS = re.compile(r"[0-9]+")


def place_of(element: html.HtmlElement) -> str:
    """``div.article-body > div.newsletter > p``: names and classes, without digits, which count or date things.

    Inline elements are not among them: they part no text.
    """
    names: list[str] = []
    at: html.HtmlElement | None = element
    while at is not None and len(names) < _STEPS:
        tag = str(at.tag)
        if tag not in INLINE:
            names.append(_name(at, tag))
        at = at.getparent()
    return " > ".join(reversed(names))


def _name(element: html.HtmlElement, tag: str) -> str:
    classes = sorted({_DIGITS.sub("", one) for one in element.get("class", "")[: 4 * _LONGEST].split()} - {""})
    return f"{tag}.{'.'.join(classes)[:_LONGEST]}" if classes else tag
