"""The standfirst: the visible summary above the body, told apart from it."""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Iterator
from itertools import islice

from lxml import html

from archive.article import BlockKind
from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.linked import Linked
from archive.cleaning.placed import Placed
from archive.cleaning.stream import INLINE, solid

# Class names that publishers' style sheets give it, in the languages seen; as whole words of a class, which are parted
# by hyphens, underscores and capitals.
_NAMED = re.compile(
    r"(?:^|[\s_-]|(?<=[a-z])(?=[A-Z]))(?i:standfirst|stand-first|dek|lede|sub-?head(?:line|ing)?|sub-?title|"
    r"intro(?:duction)?|lead|summary|excerpt|sapo|chapo|chapeau|vorspann|anriss|entradilla|bajada|copete|ep[ií]gra(?:ph|fe)|"
    r"ingress|manchet|perex|zajawka|sottotitolo|sommario|abstract|deck|tagline|bulletpoints)"
    r"(?:$|[\s_-]|(?<=[a-z])(?=[A-Z]))|"
    r"(?i:standfirst|subtitle|subheadline|articlelead|articleintro|leadtext)"
)
# Elements that are none by whatever name: what leads elsewhere, what is a picture's, and what holds whole pages.
_NEVER = frozenset({"a", "button", "figure", "figcaption", "nav", "footer", "aside", "article", "main", "body", "html"})
_PROPERTIES = frozenset({"description", "alternativeHeadline"})
_CAPTION = re.compile(r"caption|credit|copyright|bildunterschrift", re.IGNORECASE)
_AROUND = 6  # elements around a text that can say that it is a picture's
_LONGEST_CLASS = 300  # characters of a class that are read
SHORTEST, LONGEST = 30, 900  # characters without white space
_ENOUGH = 25  # of a description that was cut: so many of its first characters must stand at the element's beginning
_PLACE = 40  # characters that can stand before it in its paragraph: where it was written, which no description says
_POINTS = 5  # blocks of a summary in points
_LONGEST_APART = 500  # of what only stands apart: longer ones are the story's first paragraph
_FEW = 4  # blocks: where there are less, none of them stands apart from the others
_COMPARED = 60  # blocks of the body that are looked at for one that looks like the first
_CLOSING = '.!?\u2026\u3002"\u201c\u201d\u00bb'


def standfirst(
    page: Page, linked: Linked, placed: tuple[Placed, ...], headline: str | None
) -> tuple[Candidate, int, int] | None:
    """The summary between headline and body and its extent in the stream, None where the page shows none.

    Found where the page's own description is visible there as an element of its own, else by a telling class name, else
    as the first block of the body where none of the others stands in its box or looks like it. A description that only
    repeats the first paragraph is no standfirst, and neither is what the first paragraph says again. Of the body, whole
    blocks are taken or none: nothing stands in both.
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
        if element.tag not in _NEVER and (
            _NAMED.search(element.get("class", "")[:_LONGEST_CLASS]) or element.get("itemprop") in _PROPERTIES
        ):
            begins = floor <= stream.extent(element)[0] < ceiling
            if begins and (accepted := _accept(page, element, placed, headline, "class name")):
                return accepted
    return _apart(page, placed, headline) if ceiling else None


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
    """The largest element that holds so many characters from a place of the stream on, and nothing of another kind."""
    best = None
    known = (at, at)
    for element in _outwards(page.stream.owner(at)):
        start, end = page.stream.extent(element)
        if start < at - _PLACE or end - start > min(LONGEST, 2 * length + 60):
            break
        if known[1] - at >= length and (start, end) != known and not _of_a_kind(page, element):
            break
        best, known = element, (start, end)
    return best


def _of_a_kind(page: Page, element: html.HtmlElement) -> bool:
    """Whether an element holds several of one name and class, and no more: the points of a summary."""
    extents = ((one, page.stream.extent(one)) for one in element)
    kinds = {(one.tag, one.get("class")) for one, (start, end) in extents if start < end}
    return len(kinds) == 1 and not (element.text or "").strip()


def _outwards(element: html.HtmlElement) -> Iterator[html.HtmlElement]:
    yield element
    yield from element.iterancestors()


def _accept(
    page: Page, element: html.HtmlElement | None, placed: tuple[Placed, ...], headline: str | None, rule: str
) -> tuple[Candidate, int, int] | None:
    if element is None:
        return None
    start, end = page.stream.extent(element)
    if not SHORTEST <= end - start <= LONGEST or _is_picture(page.stream.owner(start)):
        return None
    inside = [one for one in placed if one.start < end and start < one.end]
    if inside:
        following = [one for one in placed if one.start >= inside[-1].end]
        set_off = _is_bold(page, start, end) and not any(_is_bold(page, one.start, one.end) for one in following)
        if not set_off and (not following or _is_alike(page, element, following)):
            return None
    return _taken(page, start, end, inside, placed, headline, rule)


def _taken(
    page: Page,
    start: int,
    end: int,
    inside: list[Placed],
    placed: tuple[Placed, ...],
    headline: str | None,
    rule: str,
) -> tuple[Candidate, int, int] | None:
    """The blocks that a part of the stream is of, or itself where it is of none; None where it is a part of some."""
    if inside:
        first, last = inside[0].start, inside[-1].end
        shared = min(end, last) - max(start, first)
        if len(inside) > _POINTS or 10 * shared < 6 * (last - first) or 10 * shared < 4 * (end - start):
            return None
        start, end = first, last
    if not SHORTEST <= end - start <= LONGEST or _is_said_again(page, start, end, placed):
        return None
    found = page.spanned(start, end, rule)
    return None if headline and fold(found.value) == fold(headline) else (found, start, end)


def _is_said_again(page: Page, start: int, end: int, placed: tuple[Placed, ...]) -> bool:
    """Whether the first block behind says all of it and more: the summary is the beginning of the story."""
    first = next((one for one in placed if one.start >= end), None)
    if first is None:
        return False
    said = page.stream.solid[start:end].rstrip(_CLOSING)
    longer = 10 * (first.end - first.start) > 11 * (end - start) + 30
    return longer and page.stream.solid.find(said, first.start, first.end) >= 0


def _is_picture(owner: html.HtmlElement) -> bool:
    """Whether a text is a picture's caption or credit, by the elements that it stands in."""
    for one in islice(_outwards(owner), _AROUND):
        if one.tag in {"figure", "figcaption"} or _CAPTION.search(one.get("class", "")[:_LONGEST_CLASS]):
            return True
        if one.tag in {"article", "main", "body"}:
            break
    return False


def _is_bold(page: Page, start: int, end: int) -> bool:
    """Whether all of a part of the stream is bold, in one element."""
    for one in _outwards(page.stream.owner(start)):
        if one.tag not in INLINE:
            break
        if one.tag in {"b", "strong"}:
            begin, stop = page.stream.extent(one)
            return begin <= start and end <= stop
    return False


def _is_alike(page: Page, element: html.HtmlElement, following: list[Placed]) -> bool:
    """Whether the element is a paragraph of the body like the next ones: same parent, name and class."""
    for one in following[:3]:
        for other in islice(_outwards(page.stream.owner(one.start)), 3):
            if other.tag == element.tag and other.getparent() is element.getparent():
                return bool(other.get("class") == element.get("class"))
    return False


def _apart(page: Page, placed: tuple[Placed, ...], headline: str | None) -> tuple[Candidate, int, int] | None:
    """The first block of the body, where no other has its name and classes and those of its box."""
    one = placed[0]
    sentence = one.block.kind is BlockKind.SUBHEADING and one.block.text.endswith(tuple(_CLOSING))
    if one.block.kind is not BlockKind.PARAGRAPH and not sentence:
        return None
    if len(placed) < _FEW or one.end - one.start > _LONGEST_APART or one.block.text.endswith(":"):
        return None
    own = _look(page, one)
    if any(_look(page, other) == own for other in placed[1:_COMPARED]):
        return None
    return _taken(page, one.start, one.end, [one], placed, headline, "stands apart above the body")


def _look(page: Page, one: Placed) -> tuple[object, ...]:
    """Name and classes of the element that a block is, and of its box."""
    own = next(at for at in _outwards(page.stream.owner(one.start)) if at.tag not in INLINE or at.getparent() is None)
    box = own.getparent()
    return (own.tag, own.get("class")) if box is None else (own.tag, own.get("class"), box.tag, box.get("class"))
