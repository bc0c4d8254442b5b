"""Feeds: RSS 0.9x to 2.0, RSS 1.0 (RDF), Atom and JSON Feed, as announcements.

lxml does the reading, not feedparser: one of feedparser's regular expressions takes 23 s on a feed of 40 KB.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

from lxml import etree

from crawler.discovery.announcement import MAX_DATE, MAX_TITLE, Announcement, clean_text
from crawler.discovery.decoding import decode, utf8_xml
from crawler.discovery.xml import local_name, looks_like_html, release, text_of, without_doctype, xml_events
from crawler.urls import MAX_REFERENCE, resolve

FeedKind = Literal["rss", "rdf", "atom", "json"]

# The largest real feeds, with full texts, have 5 MB.
MAX_FEED = 20_000_000
# Feeds hold 10 to 500 items; one with more is an archive, whose newest items come first.
MAX_ITEMS = 5_000

# Real feeds have one or two on the way to an item; with hundreds, each item would cost hundreds of resolutions.
_MAX_BASES = 4

_ROOTS: dict[str, FeedKind] = {"rss": "rss", "rdf": "rdf", "feed": "atom"}
_ITEMS = frozenset({"item", "entry"})
_PUBLISHED = ("pubdate", "published", "issued", "date", "created")
_UPDATED = ("updated", "modified", "lastbuilddate")
_BASE = "{http://www.w3.org/XML/1998/namespace}base"
_ABOUT = "{http://www.w3.org/1999/02/22-rdf-syntax-ns#}about"


@dataclass(frozen=True, slots=True)
class Feed:
    """What a feed announces, in its order, each URL once.

    Items without a URL that can be fetched are passed over; ``whole`` is False when it was cut at a limit.
    """

    kind: FeedKind
    announcements: tuple[Announcement, ...]
    title: str | None = None
    whole: bool = True


@dataclass(frozen=True, slots=True)
class NotAFeed:
    """Why bytes are no feed, in words."""

    reason: str


def parse_feed(body: bytes, url: str, charset: str | None = None) -> Feed | NotAFeed:
    """The feed in these bytes (content coding removed), its links resolved against ``url``.

    Broken XML gives what can be read. Never raises; no entity is expanded and nothing is loaded.
    """
    if not body.strip():
        return NotAFeed("it is empty")
    whole = len(body) <= MAX_FEED
    body = body[:MAX_FEED]
    if looks_like_html(body):
        return NotAFeed("it is an HTML page")
    if decode(body[:64], charset).lstrip().startswith("{"):
        return _json_feed(body, url, charset) if whole else NotAFeed(f"JSON of more than {MAX_FEED} bytes")
    xml, all_of_it = utf8_xml(body, charset)
    document = without_doctype(xml)
    if document is None:
        return NotAFeed("its DOCTYPE does not end")
    return _xml_feed(document, url, whole and all_of_it)


def _xml_feed(xml: bytes, url: str, whole: bool) -> Feed | NotAFeed:
    kind: FeedKind | None = None
    title: str | None = None
    found: dict[str, Announcement] = {}
    items = 0
    for event, element in xml_events(xml, _ITEMS):
        if event == "cut":
            whole = False
            break
        name = local_name(element)
        if kind is None:
            kind = _ROOTS.get(name.removeprefix("?"))
            if kind is None:
                return NotAFeed(_what_it_is(name.removeprefix("?")))
        if event == "start":
            continue
        if name in _ITEMS:
            items += 1
            announcement = _announcement(element, url)
            release(element)
            if announcement is not None:
                found.setdefault(announcement.url, announcement)
            if items >= MAX_ITEMS:
                whole = False
                break
        elif name == "title" and title is None and _is_of_the_feed(element):
            title = text_of(element, MAX_TITLE)
    if kind is None:
        return NotAFeed("it is not XML")
    return Feed(kind, tuple(found.values()), title, whole)


def _what_it_is(root: str) -> str:
    if root in {"urlset", "sitemapindex"}:
        return "it is a sitemap"
    if root == "html":
        return "it is an HTML page"
    return f"its root element is <{root[:40]}>"


def _is_of_the_feed(title: etree._Element) -> bool:
    parent = title.getparent()
    return parent is not None and local_name(parent).removeprefix("?") in {"channel", "feed"}


def _announcement(item: etree._Element, url: str) -> Announcement | None:
    """The announcement of an item or entry, from its own children only: ``source`` elements describe other feeds."""
    fields: dict[str, str] = {}
    links: list[tuple[int, str]] = []  # lower rank first
    base = _base_of(item, url)
    for child in item.iterchildren("*"):
        name = local_name(child)
        if name == "link":
            links.extend(_links(child, base))
        elif name == "origlink":
            links.append((0, _resolved(child, base, text_of(child, MAX_REFERENCE))))
        elif name == "guid" and (child.get("isPermaLink") or "true").strip().lower() != "false":
            links.append((4, _web_address(text_of(child, MAX_REFERENCE))))
        elif name == "id":
            links.append((5, _web_address(text_of(child, MAX_REFERENCE))))
        elif name in {"title", *_PUBLISHED, *_UPDATED} and name not in fields:
            text = text_of(child, MAX_TITLE if name == "title" else MAX_DATE)
            if text:
                fields[name] = text
    links.append((6, _web_address(item.get(_ABOUT))))
    address = next((link for _, link in sorted(links, key=lambda one: one[0]) if link), None)
    if address is None:
        return None
    published = next((fields[name] for name in _PUBLISHED if name in fields), None)
    updated = next((fields[name] for name in _UPDATED if name in fields), None)
    return Announcement(address, published, updated, fields.get("title"))


def _links(link: etree._Element, base: str) -> Iterator[tuple[int, str]]:
    """What a link element of RSS (text) or Atom (href) names, with its rank."""
    href = link.get("href")
    if href is None:
        yield 1, _resolved(link, base, text_of(link, MAX_REFERENCE))
    elif (link.get("rel") or "alternate").strip().lower() in {
        "alternate",
        "http://www.iana.org/assignments/relation/alternate",
    }:
        html = (link.get("type") or "text/html").strip().lower() in {"text/html", "application/xhtml+xml"}
        yield 2 if html else 3, _resolved(link, base, href)


def _resolved(element: etree._Element, base: str, reference: str | None) -> str:
    own = element.get(_BASE)
    if own:
        base = resolve(base, own) or base
    # Feeds that escape twice, or escape within CDATA, say "&amp;"; no address contains that.
    return (resolve(base, reference.replace("&amp;", "&")) if reference else None) or ""


def _web_address(text: str | None) -> str:
    if not text or not text.lower().startswith(("http://", "https://")):
        return ""
    return resolve(text, text.replace("&amp;", "&")) or ""


def _base_of(item: etree._Element, url: str) -> str:
    """The base of an item's links: ``xml:base`` of its ancestors and itself, outermost first, on the feed's URL."""
    bases = [base for base in (one.get(_BASE) for one in (item, *item.iterancestors())) if base]
    if len(bases) > _MAX_BASES:
        return url
    for base in reversed(bases):
        url = resolve(url, base) or url
    return url


def _json_feed(body: bytes, url: str, charset: str | None) -> Feed | NotAFeed:
    """JSON Feed 1.0 and 1.1 (jsonfeed.org/version/1.1)."""
    try:
        document: Any = json.loads(decode(body, charset))
    except (ValueError, RecursionError) as error:
        return NotAFeed(f"it is not readable JSON ({type(error).__name__})")
    if not isinstance(document, dict) or not isinstance(document.get("items"), list):
        return NotAFeed("it is JSON without items")
    if not str(document.get("version", "")).startswith(("https://jsonfeed.org/", "http://jsonfeed.org/")):
        return NotAFeed("it is JSON, but does not say that it is a JSON Feed")
    found: dict[str, Announcement] = {}
    items = document["items"]
    for item in items[:MAX_ITEMS]:
        announcement = _json_item(item, url) if isinstance(item, dict) else None
        if announcement is not None:
            found.setdefault(announcement.url, announcement)
    title = clean_text(_text(document, "title"), MAX_TITLE)
    return Feed("json", tuple(found.values()), title, len(items) <= MAX_ITEMS)


def _json_item(item: dict[str, Any], url: str) -> Announcement | None:
    references = (_text(item, "url"), _text(item, "external_url"))
    address = next(filter(None, (resolve(url, one) for one in references if one)), "") or _web_address(
        _text(item, "id")
    )
    if not address:
        return None
    published = clean_text(_text(item, "date_published"), MAX_DATE)
    updated = clean_text(_text(item, "date_modified"), MAX_DATE)
    return Announcement(address, published, updated, clean_text(_text(item, "title"), MAX_TITLE))


def _text(document: dict[str, Any], name: str) -> str | None:
    value = document.get(name)
    return value if isinstance(value, str) else None
