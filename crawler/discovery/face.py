"""Faces: what a page says of itself in its head: its canonical address, its other forms, its headline."""

from __future__ import annotations

import re
from dataclasses import dataclass

from lxml import etree

from archive.url import normalise
from crawler.discovery.decoding import decode
from crawler.discovery.tree import tree_of
from crawler.urls import resolve

# Heads of real pages end within 200 KB, styles of AMP pages included; what a page says of itself stands there.
MAX_FACE = 400_000
_MAX_LINKS = 500
_MAX_TITLE = 300
_WORD = re.compile(r"[぀-ヿ㐀-鿿가-힯฀-๿]|\w+")  # scripts without spaces by letters
# The html element of an AMP page (AMP HTML, "required markup"), within what stands before it.
_AMP = re.compile(rb"<html\b[^>]{0,500}?\s(?:amp|\xe2\x9a\xa1|&#9889;|&#x26a1;)(?:[\s=>/])", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Face:
    """What a page says of itself.

    ``canonical`` is the one address that it calls its own, None where it names none or several; ``forms`` are the keys
    of its other forms (AMP, another screen, another address of the same); ``words`` are those of its headline.
    """

    url: str
    canonical: str | None = None
    forms: frozenset[str] = frozenset()
    words: frozenset[str] = frozenset()


def says_amp(beginning: bytes) -> bool:
    """Whether a page begins as an AMP page does: ``<html amp>`` or ``<html ⚡>``; its first 2 KB are enough."""
    return _AMP.search(beginning[:4096] + b">") is not None


def face_of(body: bytes, url: str, charset: str | None = None) -> Face:
    """The face of a page, of which the first ``MAX_FACE`` bytes are read. Never raises; linear in them."""
    tree = tree_of(decode(body[:MAX_FACE], charset)).root
    if tree is None:
        return Face(url)
    base = base_of(tree, url)
    canonicals: dict[str, str] = {}
    forms: set[str] = set()
    for number, link in enumerate(tree.iter("link")):
        if number >= _MAX_LINKS:
            break
        rels = set((link.get("rel") or "")[:200].lower().split())
        if not rels & {"canonical", "amphtml", "alternate"}:
            continue
        address = resolve(base, link.get("href") or "")
        if address is None:
            continue
        if "canonical" in rels:
            canonicals.setdefault(normalise(address), address)
        elif "amphtml" in rels or (link.get("media") and not link.get("hreflang")):
            forms.add(normalise(address))
    canonical = next(iter(canonicals.values())) if len(canonicals) == 1 else None
    return Face(url, canonical, frozenset(forms), frozenset(_WORD.findall(_headline(tree).lower())))


def base_of(tree: etree._Element, url: str) -> str:
    """The address that a page's references start from."""
    for element in tree.iter("base"):
        href = element.get("href")
        if href:
            return resolve(url, href) or url
    return url


def _headline(tree: etree._Element) -> str:
    """The headline: as the page gives it to those who share it, else as it stands on it."""
    for meta in tree.iter("meta"):
        if (meta.get("property") or "").strip().lower() == "og:title" and (meta.get("content") or "").strip():
            return (meta.get("content") or "")[:_MAX_TITLE]
    for name in ("h1", "title"):
        for element in tree.iter(name):
            text = "".join(str(part) for part in element.itertext())[:_MAX_TITLE].strip()
            if text:
                return text
            break
    return ""
