"""Embeds: what a browser fetches to draw a page: stylesheets, pictures, fonts, icons. Pure; scripts are none of it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from lxml import etree

from crawler.discovery.decoding import decode
from crawler.discovery.stylesheets import Kind, Reference, references
from crawler.discovery.tree import tree_of
from crawler.urls import MAX_URL, resolve

# As much of a page is read as of a front page (`crawler.discovery.pages`).
MAX_PAGE = 8_000_000
# Of each importance; the busiest of 205 real pages refers to 375 in all.
MAX_EMBEDS = 1_000
# What is looked at for references to be told of, at most: a page of eight megabytes could have a million.
MAX_LOOKED_AT = 200_000
MAX_SRCSET = 100_000  # characters; those of real pages have 2,000
MAX_CANDIDATES = 50

# Pictures that a script is to show later, by the names that lazy loaders use: without the script they are not drawn,
# but they are the article's.
_SOURCES = ("src", "data-src", "data-original", "data-lazy-src")
_SETS = ("srcset", "data-srcset", "data-lazy-srcset")
_HREFS = ("href", "{http://www.w3.org/1999/xlink}href", "xlink:href")
_PRELOADED = {"style": Kind.STYLE, "font": Kind.FONT, "image": Kind.IMAGE}
# A candidate of a srcset (HTML, "parse a srcset attribute"): an address without spaces, then its descriptors up to a
# comma outside of parentheses; an address that ends with a comma has none.
_CANDIDATE = re.compile(r"[ \t\n\r\f,]*+([^ \t\n\r\f]++)(?:(?<=,)|[^,(]*+(?:\([^)]*+\)?[^,(]*+)*+)")


@dataclass(frozen=True, slots=True)
class Embed:
    """Something that a page or stylesheet refers to: its URL without fragment, and what it is there."""

    url: str
    kind: Kind


@dataclass(frozen=True, slots=True)
class Embeds:
    """What was found, the most important first, each URL once; ``more`` references were beyond the limits."""

    found: tuple[Embed, ...] = ()
    more: int = 0


@dataclass(slots=True)
class _Seen:
    """References by importance, as they are written; what is beyond the limits is counted."""

    ranks: tuple[dict[Reference, None], ...] = field(default_factory=lambda: ({}, {}, {}, {}))
    looked_at: int = 0
    more: int = 0

    def add(self, rank: int, kind: Kind, text: str | None) -> None:
        if not text or text.startswith(("data:", "#", "blob:", "about:")):
            return
        self.looked_at += 1
        one, known = Reference(kind, text), self.ranks[rank]
        if one in known:
            return
        if len(known) < MAX_EMBEDS:
            known[one] = None
        else:
            self.more += 1


# What a page looks like without one, from the worst on: the layout; its pictures and fonts; backgrounds and icons;
# pictures in other sizes than the one that every browser finds.
_LAYOUT, _SHOWN, _DECORATION, _SIZES = range(4)


def embeds(body: bytes, url: str, charset: str | None = None) -> Embeds:
    """What an HTML page refers to. Never raises; linear in the page."""
    root = tree_of(decode(body[:MAX_PAGE], charset)).root
    if root is None:
        return Embeds()
    seen, base = _Seen(), url
    for element in root.iter(etree.Element):
        tag = element.tag if isinstance(element.tag, str) else ""
        if tag == "base" and base is url and (href := element.get("href")):
            base = resolve(url, href) or url
        if seen.looked_at < MAX_LOOKED_AT:
            _look(seen, element, tag)
    return _resolved(seen, base)


def sheet_embeds(body: bytes, url: str, charset: str | None = None) -> Embeds:
    """What a stylesheet refers to. Never raises; linear in the sheet."""
    seen = _Seen()
    _sheet(seen, decode(body, charset))
    return _resolved(seen, url)


def _look(seen: _Seen, element: etree._Element, tag: str) -> None:
    match tag:
        case "link":
            _link(seen, element)
        case "style":
            _sheet(seen, element.text or "")
        case "img":
            _picture(seen, element)
        case "source":
            parent = element.getparent()
            if parent is not None and parent.tag == "picture":
                _sizes(seen, element)
        case "input" if (element.get("type") or "").lower() == "image":
            seen.add(_SHOWN, Kind.IMAGE, element.get("src"))
        case "video":
            seen.add(_SHOWN, Kind.IMAGE, element.get("poster"))
        case "image" | "use":  # of SVG; a sprite's symbols are fragments of one file
            seen.add(_SHOWN, Kind.IMAGE, next((found for name in _HREFS if (found := element.get(name))), None))
        case "object" if (element.get("type") or "").lower().startswith("image/"):
            seen.add(_SHOWN, Kind.IMAGE, element.get("data"))
        case "embed" if (element.get("type") or "").lower().startswith("image/"):
            seen.add(_SHOWN, Kind.IMAGE, element.get("src"))
        case "body" | "table" | "td" | "th":
            seen.add(_DECORATION, Kind.IMAGE, element.get("background"))
    style = element.get("style")
    if style and "(" in style:
        for one in references(style):
            seen.add(_SHOWN, one.kind, one.text)


def _link(seen: _Seen, element: etree._Element) -> None:
    words, href = set((element.get("rel") or "").lower().split()), element.get("href")
    if "stylesheet" in words:
        if "alternate" not in words:
            seen.add(_LAYOUT, Kind.STYLE, href)
    elif "preload" in words:
        kind = _PRELOADED.get((element.get("as") or "").lower())
        if kind is not None:
            seen.add(_LAYOUT if kind is Kind.STYLE else _SHOWN, kind, href)
        if kind is Kind.IMAGE:
            _candidates(seen, element.get("imagesrcset"))
    elif "icon" in words:
        seen.add(_DECORATION, Kind.ICON, href)


def _picture(seen: _Seen, element: etree._Element) -> None:
    for name in _SOURCES:
        seen.add(_SHOWN, Kind.IMAGE, element.get(name))
    _sizes(seen, element)


def _sizes(seen: _Seen, element: etree._Element) -> None:
    for name in _SETS:
        _candidates(seen, element.get(name))


def _candidates(seen: _Seen, text: str | None) -> None:
    if not text:
        return
    for number, candidate in enumerate(_CANDIDATE.finditer(text[:MAX_SRCSET])):
        if number >= MAX_CANDIDATES:
            return
        seen.add(_SIZES, Kind.IMAGE, candidate[1].rstrip(","))


def _sheet(seen: _Seen, css: str) -> None:
    for one in references(css):
        rank = _LAYOUT if one.kind is Kind.STYLE else _SHOWN if one.kind is Kind.FONT else _DECORATION
        seen.add(rank, one.kind, one.text)


def _resolved(seen: _Seen, base: str) -> Embeds:
    found: dict[str, Embed] = {}
    for rank in seen.ranks:
        for one in rank:
            url = resolve(base, one.text)
            if url is not None and len(url) <= MAX_URL:
                found.setdefault(url, Embed(url, one.kind))
    return Embeds(tuple(found.values()), seen.more)
