"""Headings of a page that may be its headline, and the kickers within them."""

from __future__ import annotations

import re
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import islice
from urllib.parse import urljoin

from lxml import etree, html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.stream import solid

H1, SEVERAL, UNLIKE, MARKED = "h1", "one of several h1", "h1 unlike the titles", "itemprop headline"
LOWER = "h2 that a title holds"
MAX_HEADS = 5
_MAX_LOOKED_AT = 50
_MAX_LOWER = 12  # headings of the second level that are looked at
_MAX_WITHIN = 12  # elements within a heading that are looked at
_MARK = etree.XPath("//*[contains(@itemprop, 'headline')][not(self::meta)][not(self::h1)]")
MOST_KICKER = 80  # characters
KICKER = re.compile(
    r"kicker|eyebrow|over-?line|top-?line|roof-?line|dach-?zeile|spitzmarke|ante-?title|pre-?title|pre-?headline|surtitre|"
    r"volanta|cintillo|occhiello|antetitulo|over-?title|super-?title|rubrik|headline__?(?:intro|prefix|label)",
    re.IGNORECASE,
)
_PARTED = re.compile(r"[\s:|/\u00b7\u2022\u2013\u2014-]+(?=\S)")  # between a kicker and the headline
# A first heading of so many words is a headline, whatever the titles say: menus and lists have shorter ones. Of 22
# such pages (the even half of three sets), 19 had their headline there.
_SENTENCE = 5
_NAME = 5  # letters of a site's name that a heading hardly begins with by chance


@dataclass(frozen=True, slots=True)
class Heads:
    """The headings of a page's first level, the kickers within them, what each begins with, and what they call it.

    ``splits`` are, by the heading's folded text, the folded texts before and behind each seam of the elements within
    it: such parts may stand in a line each, and have no space between them. ``homes`` are the texts
    of those that do nothing but lead to where the page lies: names of the site, or of its section.
    """

    found: tuple[Candidate, ...]
    kickers: tuple[tuple[Candidate, Candidate], ...]
    splits: dict[str, frozenset[tuple[str, str]]]
    homes: tuple[str, ...]


def heads(page: Page) -> Heads:
    """The headings of the first level; where there are none, what is marked as headline."""
    extent = page.stream.extent
    homes: list[html.HtmlElement] = []
    elements: list[html.HtmlElement] = []
    for one in page.heads[:_MAX_LOOKED_AT]:
        if _leads_home(page, one):
            homes.append(one)
        elif extent(one)[0] < extent(one)[1]:
            elements.append(one)
    rule = H1 if len(elements) == 1 else SEVERAL
    if not elements:
        elements, rule = _MARK(page.root), MARKED
    found: list[Candidate] = []
    kickers = []
    splits = {}
    for element in elements[:MAX_HEADS]:
        whole = page.element(element, rule)
        if whole is None or not whole.value:
            continue
        parted = _kicked(page, element, rule)
        if parted is not None:
            whole = parted[0]
            kickers.append(parted)
        found.append(whole)
        splits[fold(whole.value)] = frozenset(_splits(page, element))
    return Heads(tuple(found), tuple(kickers), splits, tuple(page.said(one) for one in homes[:MAX_HEADS]))


def relevant(found: Sequence[Candidate], stated: Sequence[Candidate], known: Collection[str]) -> Iterator[Candidate]:
    """The headings that are not the site's name; those that share no word with any title are believed less."""
    said = {word for one in stated for word in fold(one.value).split()}
    listed = len(found) >= MAX_HEADS
    for number, one in enumerate(found):
        key = fold(one.value)
        if key.replace(" ", "") in known and len(found) + len(stated) > 1:
            continue
        words = key.split()
        alike = 2 * sum(word in said for word in words) >= len(words) or not stated
        first = number == 0 and len(words) >= _SENTENCE and not listed and not _named(key, known)
        yield one if alike or first else replace(one, rule=UNLIKE)


def _named(key: str, known: Collection[str]) -> bool:
    """Whether a heading begins with the site's name: unlike any title, it is the site's motto."""
    return any(len(one) >= _NAME and key.replace(" ", "").startswith(one) for one in known)


def lower(page: Page, stated: Sequence[Candidate]) -> Iterator[Candidate]:
    """Headings of the second level that say what a title says, or one of its ends."""
    titles = [fold(one.value) for one in stated]
    for element in page.kinds["h2"][:_MAX_LOWER]:
        one = page.element(element, LOWER)
        key = fold(one.value) if one is not None else ""
        held = (title == key or title.endswith(f" {key}") or title.startswith(f"{key} ") for title in titles)
        if one is not None and len(key.split()) > 1 and any(held):
            yield one


def _leads_home(page: Page, head: html.HtmlElement) -> bool:
    """Whether a heading is one link, to an address that the page's own begins with."""
    link = next(head.iter("a"), None)
    if link is None or page.stream.extent(link) != page.stream.extent(head):
        return False
    try:
        address = urljoin(page.url, link.get("href", "").strip()).split("#")[0].split("?")[0]
    except ValueError:
        return False
    return address.endswith("/") and page.url.startswith(address) and len(address) < len(page.url.rstrip("/"))


def _splits(page: Page, head: html.HtmlElement) -> Iterator[tuple[str, str]]:
    """What a heading says up to where each of the elements within it begins or ends, and what from there on."""
    start, end = page.stream.extent(head)
    seams = {at for one in islice(head.iterdescendants(), _MAX_WITHIN) for at in page.stream.extent(one)}
    for at in seams:
        if start < at < end:
            yield fold(page.spanned(start, at, "").value), fold(page.spanned(at, end, "").value)


def _kicked(page: Page, head: html.HtmlElement, rule: str) -> tuple[Candidate, Candidate] | None:
    """A heading whose first element is named as a kicker, parted: the headline, and the kicker."""
    start, end = page.stream.extent(head)
    for element in head.iterdescendants():
        if not isinstance(element.tag, str) or not KICKER.search(element.get("class", "")):
            continue
        at, to = page.stream.extent(element)
        if at == start and at < to < end and to - at <= MOST_KICKER:
            rest = page.spanned(to, end, rule)
            if signs := _PARTED.match(rest.value):
                rest = page.spanned(to + len(solid(signs[0])), end, rule)
            return rest, page.spanned(at, to, "kicker within the headline")
    return None
