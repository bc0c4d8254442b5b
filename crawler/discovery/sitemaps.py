"""Sitemaps (sitemaps.org protocol 0.9, Google's news extension): indexes and lists of URLs, as announcements."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from lxml import etree

from crawler.discovery.announcement import MAX_DATE, MAX_TITLE, Announcement, parse_date
from crawler.discovery.decoding import decode, utf8_xml
from crawler.discovery.xml import local_name, looks_like_html, release, text_of, xml_events
from crawler.urls import MAX_REFERENCE, resolve

SitemapKind = Literal["index", "urls", "news", "text"]

# Both are the protocol's own limits for one file.
MAX_BYTES = 52_428_800
MAX_URLS = 50_000
# Children of one index that are read in one crawl: the newest hold what is new, the others are for a backfill.
MAX_CHILDREN = 10

_ENTRIES = frozenset({"url", "sitemap"})
_LINE = re.compile(r"\S[^\r\n]*")  # without a list of fifty million empty lines
_GZIP = b"\x1f\x8b"
_MAX_MEMBERS = 100  # real files have one
_PIECE = 65_536  # bytes of a gzipped file that are unpacked at a time: the end of a member costs a copy of the rest
_TEXT_LINES = 20  # lines of a plain-text sitemap that must all be URLs before it is taken for one
_DATE_IN_NAME = re.compile(r"(?<!\d)((?:19|20)\d\d)(?:[-_/.]?(0[1-9]|1[0-2])(?:[-_/.]?(0[1-9]|[12]\d|3[01]))?)?(?!\d)")
_NEWS_NAME = re.compile(r"news|latest|recent|aktuell|today", re.IGNORECASE)
# Sitemaps of what is no article, in the names that WordPress, its plug-ins and publishers give them.
_OTHER_NAME = re.compile(
    r"author|categor|(?<![a-z])tags?(?![a-z])|post_tag|topic|image|photo|galler|video|page-sitemap|product|user",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class SitemapRef:
    """A sitemap that an index names, with the date of its last change, verbatim."""

    url: str
    lastmod: str | None = None


@dataclass(frozen=True, slots=True)
class Sitemap:
    """What one sitemap file holds: other sitemaps (``index``) or pages (``urls``), each once, in its order.

    ``whole`` is False when the file was cut or held more than the protocol allows.
    """

    kind: SitemapKind
    index: tuple[SitemapRef, ...] = ()
    urls: tuple[Announcement, ...] = ()
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NotASitemap:
    """Why bytes are no sitemap, in words."""

    reason: str


def parse_sitemap(body: bytes, url: str, charset: str | None = None) -> Sitemap | NotASitemap:
    """The sitemap in these bytes (content coding removed; a gzipped file is unpacked), links resolved on ``url``.

    Broken XML gives what can be read. Never raises.
    """
    whole = True
    if body.startswith(_GZIP):
        unpacked = _unpacked(body)
        if isinstance(unpacked, NotASitemap):
            return unpacked
        body, whole = unpacked
    if len(body) > MAX_BYTES:
        body, whole = body[:MAX_BYTES], False
    if not body.strip():
        return NotASitemap("it is empty")
    if looks_like_html(body):
        return NotASitemap("it is an HTML page")
    if b"<" not in body[:4096]:
        return _text_sitemap(body, url, charset, whole)
    xml, all_of_it = utf8_xml(body, charset)
    # A sitemap needs neither, and both are ways to make a small file large.
    if b"<!DOCTYPE" in xml or b"<!ENTITY" in xml:
        return NotASitemap("it has a DOCTYPE, which no sitemap needs")
    return _xml_sitemap(xml, url, whole and all_of_it)


def lists_others(url: str) -> bool:
    """Whether the name of a sitemap says that it lists something else than articles: authors, tags, images."""
    return _OTHER_NAME.search(url.partition("://")[2].partition("/")[2]) is not None


def recent(refs: Sequence[SitemapRef], limit: int = MAX_CHILDREN) -> tuple[SitemapRef, ...]:
    """Which children of an index to read for news: at most ``limit``, the most promising first.

    News sitemaps, then the newest by their date (or the date in their name), then the undated from both ends in
    turn, since some number from the newest and some to it. Those of authors, tags, images come last.
    """
    if limit <= 0:
        return ()
    news: list[SitemapRef] = []
    dated: list[tuple[int, SitemapRef]] = []
    undated: list[SitemapRef] = []
    others: list[SitemapRef] = []
    for ref in refs:
        name = ref.url.partition("://")[2].partition("/")[2]
        if _OTHER_NAME.search(name):
            others.append(ref)
        elif _NEWS_NAME.search(name) and not _DATE_IN_NAME.search(name):
            news.append(ref)
        elif (at := _date_of(ref, name)) is not None:
            dated.append((at, ref))
        else:
            undated.append(ref)
    dated.sort(key=lambda one: -one[0])
    return tuple([*news, *(ref for _, ref in dated), *_from_both_ends(undated), *others][:limit])


def _date_of(ref: SitemapRef, name: str) -> int | None:
    """When the child last changed; a date in its name goes first, for some generators give all the same lastmod."""
    found = _DATE_IN_NAME.search(name)
    if found:
        written = parse_date("-".join(part for part in found.groups() if part))
        if written is not None:
            return written
    return parse_date(ref.lastmod)


def _from_both_ends(refs: list[SitemapRef]) -> list[SitemapRef]:
    half = (len(refs) + 1) // 2
    turns = [one for pair in zip(refs[:half], reversed(refs), strict=False) for one in pair]
    return list(dict.fromkeys(turns))


def _unpacked(body: bytes) -> tuple[bytes, bool] | NotASitemap:
    """A gzipped file's bytes and whether they are whole; several members count as one file (RFC 1952, 2.2)."""
    members: list[bytes] = []
    room = MAX_BYTES
    at = 0
    while body.startswith(_GZIP, at):
        if len(members) >= _MAX_MEMBERS:
            return b"".join(members), False
        member = zlib.decompressobj(wbits=31)
        parts: list[bytes] = []
        while at < len(body) and not member.eof:
            piece = body[at : at + _PIECE]
            try:
                part = member.decompress(piece, room + 1)
            except zlib.error:
                return (b"".join(members), False) if members else NotASitemap("its gzip data is broken")
            at += len(piece) - len(member.unused_data)
            parts.append(part)
            room -= len(part)
            if room < 0:
                return NotASitemap(f"it unpacks to more than the {MAX_BYTES} bytes that the protocol allows")
        members.append(b"".join(parts))
        if not member.eof:
            return b"".join(members), False
    return b"".join(members), True


def _text_sitemap(body: bytes, url: str, charset: str | None, whole: bool) -> Sitemap | NotASitemap:
    """A plain-text sitemap: one absolute URL a line."""
    found: dict[str, Announcement] = {}
    for lines, line in enumerate(_LINE.finditer(decode(body, charset)), 1):
        text = line[0].rstrip()
        address = resolve(url, text) if text.lower().startswith(("http://", "https://")) else None
        if address is None and lines <= _TEXT_LINES:
            return NotASitemap("it is neither XML nor a list of URLs")
        if address is not None:
            found.setdefault(address, Announcement(address))
        if lines >= MAX_URLS:
            whole = False
            break
    return Sitemap("text", urls=tuple(found.values()), whole=whole)


def _xml_sitemap(xml: bytes, url: str, whole: bool) -> Sitemap | NotASitemap:
    root: str | None = None
    index: dict[str, SitemapRef] = {}
    urls: dict[str, Announcement] = {}
    items = 0
    news = False
    for event, element in xml_events(xml, _ENTRIES):
        if event == "cut":
            whole = False
            break
        name = _name(element)
        if root is None:
            root = name
            if root not in {"urlset", "sitemapindex"}:
                return NotASitemap(_what_it_is(root))
        if event == "start" or name not in _ENTRIES:
            continue
        items += 1
        found, is_news = _entry(element, url)
        release(element)
        if found is not None and name == "sitemap":
            index.setdefault(found.url, SitemapRef(found.url, found.updated))
        elif found is not None:
            urls.setdefault(found.url, found)
            news = news or is_news
        if items >= MAX_URLS:
            whole = False
            break
    if root is None:
        return NotASitemap("it is not XML")
    kind: SitemapKind = "news" if news else "urls"
    return Sitemap("index" if root == "sitemapindex" else kind, tuple(index.values()), tuple(urls.values()), whole)


def _what_it_is(root: str) -> str:
    if root in {"rss", "rdf", "feed"}:
        return "it is a feed"
    if root == "html":
        return "it is an HTML page"
    return f"its root element is <{root[:40]}>"


def _name(element: etree._Element) -> str:
    """The name without namespace: many sitemaps declare a wrong one, and what counts here is only where it stands."""
    return local_name(element).removeprefix("?")


def _entry(entry: etree._Element, url: str) -> tuple[Announcement | None, bool]:
    """The announcement in a ``url`` or ``sitemap`` element, and whether Google's news extension is in it."""
    fields: dict[str, str] = {}
    news = False
    for child in entry.iterchildren("*"):
        name = _name(child)
        if name in {"loc", "lastmod"}:
            fields.setdefault(name, text_of(child, MAX_REFERENCE) or "")
        elif name == "news":
            news = True
            for detail in child.iterchildren("*"):
                fields.setdefault(_name(detail), text_of(detail, MAX_TITLE) or "")
    # Titles hold spaces; addresses are broken over lines by pretty-printers.
    location = fields.get("loc", "").replace(" ", "%20").replace("&amp;", "&")
    address = resolve(url, location) if location else None
    if address is None:
        return None, False
    published = fields.get("publication_date", "")[:MAX_DATE] or None
    return Announcement(address, published, fields.get("lastmod", "")[:MAX_DATE] or None, fields.get("title")), news
