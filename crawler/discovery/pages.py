"""Front and section pages: which of their links lead to articles, which to sections, and which feeds they name."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from itertools import islice
from typing import Literal

from lxml import etree

from archive.url import normalise
from crawler.discovery.announcement import clean_text
from crawler.discovery.decoding import decode
from crawler.discovery.face import base_of
from crawler.discovery.learned import Learned
from crawler.discovery.platforms import platforms_of
from crawler.discovery.shape import ARTICLE, Shape, shape_of
from crawler.discovery.tree import tree_of
from crawler.urls import MAX_URL, is_file, resolve, trap_of

# Front pages of the largest papers have 3 MB; what comes after is not worth the memory of its tree.
MAX_PAGE = 8_000_000
MAX_ANCHORS = 20_000
# The busiest real front pages link to 1,500 different addresses.
MAX_LINKS = 3_000
MAX_FEEDS = 50
MAX_TEXT = 300

# A headline has at least so many characters; section names, "Read more" and bylines have fewer.
_HEADLINE = 25
_WIDE_HEADLINE = 10  # of Chinese, Japanese or Korean characters
_SECTION_DEPTH = 3
_MAX_WITHIN = 100  # elements in one anchor
_MAX_DEPTH = 256  # ancestors looked at; deeper pages are made to hurt

_WIDE = re.compile(r"[぀-ヿ㐀-鿿가-힯]")
_MENU = re.compile(r"(?:^|[\s_-])(?:nav|navbar|navigation|menu|footer|breadcrumbs?|topbar)(?:$|[\s_-])", re.IGNORECASE)
_HEADINGS = frozenset({"h1", "h2", "h3", "h4"})
_FEED_TYPES = frozenset({"application/rss+xml", "application/atom+xml", "application/rdf+xml", "application/feed+json"})
_NOFOLLOW = re.compile(r"\b(?:nofollow|none)\b", re.IGNORECASE)

Place = Literal["content", "menu", "footer"]


@dataclass(frozen=True, slots=True)
class Link:
    """A link of a page: its URL, its longest text, and why it was taken for what it is."""

    url: str
    text: str = ""
    why: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Page:
    """What a front or section page leads to, in the page's order, each key once.

    ``nofollow`` says that the page asks (meta robots) not to follow its links: then there are none here; feeds are
    named for machines and stay. Scope is not judged here. ``platforms`` are those whose signs it bears
    (`crawler.discovery.platforms`). ``whole`` is False when it was cut at a limit.
    """

    url: str
    articles: tuple[Link, ...] = ()
    sections: tuple[Link, ...] = ()
    feeds: tuple[Link, ...] = ()
    title: str | None = None
    language: str | None = None
    nofollow: bool = False
    platforms: tuple[str, ...] = ()
    whole: bool = True


@dataclass(slots=True)
class _Seen:
    """What all links to one key have in common."""

    url: str
    text: str = ""
    content: bool = False
    heading: bool = False
    card: bool = False  # within an article element
    menu: bool = False
    hint: bool = False  # something around it has a menu's class
    unendorsed: bool = False


@dataclass(frozen=True, slots=True)
class _Where:
    """Where an element stands, by its ancestors."""

    place: Place | None = None
    heading: bool = False
    card: bool = False
    header: bool = False
    hint: bool = False


@dataclass(slots=True)
class _Places:
    """The places of elements, each worked out once: so a page costs linear time however deep it is."""

    known: dict[etree._Element, _Where] = field(default_factory=dict)

    def of(self, element: etree._Element) -> _Where:
        path: list[etree._Element] = []
        one: etree._Element | None = element
        while one is not None and one not in self.known and len(path) < _MAX_DEPTH:
            path.append(one)
            one = one.getparent()
        where = self.known.get(one, _Where()) if one is not None else _Where()
        for step in reversed(path):
            where = _within(step, where)
            self.known[step] = where
        return where


def _within(element: etree._Element, outer: _Where) -> _Where:
    """Where the children of an element stand, given where the element itself stands."""
    tag = element.tag if isinstance(element.tag, str) else ""
    role = (element.get("role") or "").lower()
    place, header, card = outer.place, outer.header, outer.card
    if tag == "nav" or role in {"navigation", "menu", "menubar"}:
        place = "menu"
    elif (tag == "footer" and not card) or role == "contentinfo":
        place = "footer"
    elif tag in {"article", "main"} or role in {"article", "main"}:
        place = "content"
        header = False
        card = card or tag == "article" or role == "article"
    elif tag == "header" and not card:
        header = True
    hint = outer.hint
    if tag not in {"html", "body", "main", "a"} and not hint:
        named = f"{element.get('class') or ''} {element.get('id') or ''}"
        hint = _MENU.search(named[:200]) is not None
    return _Where(place, outer.heading or tag in _HEADINGS, card, header, hint)


def links(
    body: bytes, url: str, charset: str | None = None, learned: Learned | None = None, *, platforms: bool = True
) -> Page:
    """The page's links, judged; ``charset`` is the one of the HTTP header. Never raises; linear in the page.

    ``learned`` tells how the addresses of the site's articles are made, where that is known. Without ``platforms``
    their signs are not looked for, which takes a tenth of the time.
    """
    whole = len(body) <= MAX_PAGE
    text = decode(body[:MAX_PAGE], charset)
    parsed = tree_of(text)
    whole = whole and parsed.whole
    tree = parsed.root
    if tree is None:
        return Page(url, whole=whole)
    base = base_of(tree, url)
    nofollow = _asks_not_to_follow(tree)
    seen, complete = ({}, True) if nofollow else _collect(tree, base, url)
    articles: list[Link] = []
    sections: list[Link] = []
    for one in seen.values():
        shape = shape_of(one.url)
        if (why := _article(one, shape, learned)) is not None:
            articles.append(Link(one.url, one.text, why))
        elif (why := _section(one, shape)) is not None:
            sections.append(Link(one.url, one.text, why))
    return Page(
        url=url,
        articles=tuple(articles),
        sections=tuple(sections),
        feeds=_feeds(tree, base),
        title=clean_text(tree.findtext(".//title"), MAX_TEXT),
        language=clean_text(tree.get("lang"), 35),  # RFC 5646, section 4.4.1
        nofollow=nofollow,
        platforms=platforms_of(text) if platforms else (),
        whole=whole and complete,
    )


def _asks_not_to_follow(tree: etree._Element) -> bool:
    return any(
        (meta.get("name") or "").strip().lower() == "robots" and _NOFOLLOW.search((meta.get("content") or "")[:200])
        for meta in tree.iter("meta")
    )


def _feeds(tree: etree._Element, base: str) -> tuple[Link, ...]:
    """The feeds that the page announces (WHATWG HTML, section 4.6.7.1)."""
    found: dict[str, Link] = {}
    for link in tree.iter("link"):
        kind = (link.get("type") or "").partition(";")[0].strip().lower()
        rels = _tokens(link.get("rel"))
        if ("alternate" in rels and kind in _FEED_TYPES) or "feed" in rels:
            address = resolve(base, link.get("href") or "")
            if address and len(found) < MAX_FEEDS:
                title = clean_text(link.get("title"), MAX_TEXT) or ""
                found.setdefault(normalise(address), Link(address, title, (kind or "rel=feed",)))
    return tuple(found.values())


def _collect(tree: etree._Element, base: str, url: str) -> tuple[dict[str, _Seen], bool]:
    """All distinct pages that anchors lead to, by key, and whether all were looked at."""
    places = _Places()
    seen: dict[str, _Seen] = {}
    own = normalise(url)
    for number, anchor in enumerate(tree.iter("a")):
        if number >= MAX_ANCHORS:
            return seen, False
        href = anchor.get("href")
        address = resolve(base, href) if href else None
        if address is None or len(address) > MAX_URL or is_file(address) or trap_of(address):
            continue
        key = normalise(address)
        if key == own:
            continue
        if key not in seen:
            if len(seen) >= MAX_LINKS:
                return seen, False
            seen[key] = _Seen(address)
        _note(seen[key], anchor, places.of(anchor))
    return seen, True


def _note(one: _Seen, anchor: etree._Element, where: _Where) -> None:
    text, heads = _text(anchor)
    if len(text) > len(one.text):
        one.text = text
    in_menu = where.place in {"menu", "footer"} or (where.header and where.place is None)
    one.menu = one.menu or in_menu
    one.content = one.content or not in_menu
    one.card = one.card or (where.card and not in_menu)
    one.hint = one.hint or where.hint
    one.heading = one.heading or ((where.heading or heads) and not in_menu)
    one.unendorsed = one.unendorsed or bool({"sponsored", "ugc"} & _tokens(anchor.get("rel")))


def _text(anchor: etree._Element) -> tuple[str, bool]:
    """The text in an anchor, and whether a heading is in it.

    Only so many elements are looked at: anchors without an end lie in each other, and each holds the rest of the page.
    """
    parts: list[str] = []
    heading = False
    for element in islice(anchor.iter(), _MAX_WITHIN):
        heading = heading or element.tag in _HEADINGS
        parts.append((element.text or "")[: 4 * MAX_TEXT])
        if element is not anchor:
            parts.append((element.tail or "")[: 4 * MAX_TEXT])
    return clean_text("".join(parts), MAX_TEXT) or "", heading


def _tokens(attribute: str | None) -> set[str]:
    return set((attribute or "")[:200].lower().split())


def _article(one: _Seen, shape: Shape, learned: Learned | None) -> tuple[str, ...] | None:
    """Why a link is taken for an article's, or None. Missing an article is worse than fetching one page too many."""
    # A listing's word or no path at all: only an id outweighs that.
    if (shape.points < 0 or shape.depth == 0) and not shape.strong:
        return None
    if not one.content:
        return (*shape.why, "though in a menu") if shape.strong and shape.points >= ARTICLE else None
    points, why = shape.points, list(shape.why)
    for holds, gain, reason in (
        (one.heading, 2, "in a heading"),
        (one.card, 1, "in an article element"),
        (_is_headline(one.text), 1, "its text is as long as a headline"),
        (one.menu, -1, "in a menu, too"),
        (one.hint and not one.card and not one.heading, -1, "near a menu"),
        (one.unendorsed, -2, "sponsored or from users"),
    ):
        if holds:
            points += gain
            why.append(reason)
    if points < ARTICLE and learned is not None and _is_headline(one.text) and not one.unendorsed:
        if alike := learned.alike(one.url):
            return (*why, f"made as the addresses of {alike} articles")
        return None
    return tuple(why) if points >= ARTICLE else None


def _is_headline(text: str) -> bool:
    return len(text) >= _HEADLINE or len(_WIDE.findall(text)) >= _WIDE_HEADLINE


def _section(one: _Seen, shape: Shape) -> tuple[str, ...] | None:
    """Why a link is taken for a section's, or None."""
    # Many words in a menu are the terms of use, not a section's name.
    if shape.points <= -9 or shape.points >= ARTICLE or not 0 < shape.depth <= _SECTION_DEPTH or shape.strong:
        return None
    if "?" in one.url or not one.text or len(one.text) > 2 * _HEADLINE:
        return None
    if one.menu:
        return ("in a menu",)
    return ("in a menu by its class",) if one.hint else None
