"""The standfirst: the visible summary above the body, told apart from it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from lxml import html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.linked import Linked
from archive.cleaning.placed import Placed
from archive.cleaning.stream import solid

# Class names that publishers' style sheets give it, in the languages seen; as whole words of a class.
_NAMED = re.compile(
    r"(?:^|[\s_-])(?:standfirst|stand-first|dek|lede|sub-?head(?:line|ing)?|sub-?title|intro(?:duction)?|lead|summary|excerpt|"
    r"sapo|chapo|chapeau|vorspann|anriss|entradilla|bajada|ingress|manchet|abstract|deck|tagline)(?:$|[\s_-])|"
    r"(?:standfirst|subtitle|subheadline|articlelead|articleintro|leadtext)",
    re.IGNORECASE,
)
_CLASSED = frozenset({"p", "div", "h2", "h3", "span", "section"})
_PROPERTIES = frozenset({"description", "alternativeHeadline"})
SHORTEST, LONGEST = 30, 900  # characters without white space
_ENOUGH = 25  # of a description that was cut: so many of its first characters must stand at the element's beginning


def standfirst(
    page: Page, linked: Linked, placed: tuple[Placed, ...], headline: str | None
) -> tuple[Candidate, int, int] | None:
    """The summary between headline and body and its extent in the stream, None where the page shows none.

    Found where the page's own description is visible there as an element of its own, else by a telling class name.
    A description that only repeats the first paragraph is no standfirst.
    """
    if not placed:
        return None
    stream = page.stream
    floor = _headline_end(page)
    ceiling = placed[0].end if floor <= placed[0].start else 0
    stated = [one.value for one in page.meta("og:description", "description", "twitter:description")]
    if found := linked.text(page, "description", "json-ld description"):
        stated.append(found.value)
    seen = set()
    for text in stated:
        wanted = solid(text).rstrip(".\u2026")[:LONGEST]
        if len(wanted) < SHORTEST or wanted in seen:
            continue
        seen.add(wanted)
        at = stream.solid.find(wanted[: max(_ENOUGH, len(wanted) - 3)], floor, ceiling + LONGEST)
        if 0 <= at < max(ceiling, floor + LONGEST):
            element = _whole(page, at, len(wanted))
            if accepted := _accept(page, element, placed, headline, "the description, visible above the body"):
                return accepted
    for element in _between(page, floor, ceiling):
        if element.tag in _CLASSED and (
            _NAMED.search(element.get("class", "")) or element.get("itemprop") in _PROPERTIES
        ):
            start, end = stream.extent(element)
            if (
                floor <= start
                and end <= ceiling
                and (accepted := _accept(page, element, placed, headline, "class name"))
            ):
                return accepted
    return None


def _between(page: Page, floor: int, ceiling: int) -> Iterator[html.HtmlElement]:
    """The elements with text between two places of the stream, outer ones before those within."""
    stream = page.stream
    seen: set[html.HtmlElement] = set()
    for number in range(bisect_left(stream.starts, floor), bisect_left(stream.starts, ceiling)):
        chain = []
        one: html.HtmlElement | None = stream.owners[number]
        while one is not None and one not in seen and stream.extent(one)[0] >= floor:
            seen.add(one)
            chain.append(one)
            one = one.getparent()
        yield from reversed(chain)


def _headline_end(page: Page) -> int:
    heads = page.heads
    return page.stream.extent(heads[0])[1] if len(heads) == 1 else 0


def _whole(page: Page, at: int, length: int) -> html.HtmlElement | None:
    """The largest element that begins at a place of the stream and holds little more than so many characters."""
    best = None
    owner = page.stream.owner(at)
    for element in (owner, *owner.iterancestors()):
        start, end = page.stream.extent(element)
        if start != at or end - start > min(LONGEST, 2 * length + 60):
            break
        best = element
    return best


def _accept(
    page: Page, element: html.HtmlElement | None, placed: tuple[Placed, ...], headline: str | None, rule: str
) -> tuple[Candidate, int, int] | None:
    if element is None:
        return None
    start, end = page.stream.extent(element)
    if not SHORTEST <= end - start <= LONGEST:
        return None
    inside = [one for one in placed if one.start < end and start < one.end]
    if inside and _alike(page, element, inside, placed):
        return None
    found = page.spanned(start, end, rule)
    return None if headline and fold(found.value) == fold(headline) else (found, start, end)


def _alike(page: Page, element: html.HtmlElement, inside: list[Placed], placed: tuple[Placed, ...]) -> bool:
    """Whether the element is a paragraph of the body like the next ones: same parent, name and class."""
    following = [one for one in placed if one.start >= inside[-1].end][:3]
    for one in following:
        owner = page.stream.owner(one.start)
        for other in islice((owner, *owner.iterancestors()), 3):
            if other.tag == element.tag and other.getparent() is element.getparent():
                return other.get("class") == element.get("class")
    return len(inside) == len(placed)
