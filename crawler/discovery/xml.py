"""XML as feeds and sitemaps have it: broken, mislabelled, hostile; read forgivingly and without entities."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from functools import lru_cache

from lxml import etree

from crawler.discovery.announcement import clean_text

# The namespaces whose element names mean what they say.
_PLAIN = (
    "",
    "http://www.w3.org/2005/Atom",
    "http://purl.org/atom/ns#",
    "http://purl.org/rss/1.0/",
    "http://my.netscape.com/rdf/simple/0.9/",
    "http://channel.netscape.com/rdf/simple/0.9/",
    "http://backend.userland.com/rss2",
    "http://purl.org/dc/elements/1.1/",
    "http://purl.org/dc/terms/",
    "http://rssnamespace.org/feedburner/ext/1.0",
    "http://www.sitemaps.org/schemas/sitemap/0.9",
    "http://www.google.com/schemas/sitemap/0.84",
)
# A sitemap at both of the protocol's limits, each page with its pictures, has a million elements. What lies between
# two items is let go of at once; what lies in one is kept until its end, at some 150 bytes an element.
MAX_ELEMENTS = 1_500_000

_PREFIXES = frozenset({"atom", "dc", "dcterms", "feedburner", "rss"})  # where their namespace is not declared
_LONG_TAG = 200
_HTML = re.compile(rb"\s{0,1000}<(?:!doctype\s{1,20}html|html|head|body)\b", re.IGNORECASE)
_NOT_SPACE = re.compile(rb"\S")
_SUBSET_END = re.compile(rb"\]\s{0,100}>")


def looks_like_html(body: bytes) -> bool:
    """Whether the bytes begin like an HTML page: what servers send for feeds and sitemaps that are not there."""
    return _HTML.match(body.removeprefix(b"\xef\xbb\xbf")) is not None


def without_doctype(xml: bytes) -> bytes | None:
    """The XML without its DOCTYPE, and so without the entities it declares; None when that has no end."""
    start = _prolog_end(xml)
    if not xml.startswith(b"<!DOCTYPE", start):
        return xml
    end = xml.find(b">", start)
    subset = xml.find(b"[", start, end if end >= 0 else len(xml))
    if subset >= 0:
        close = _SUBSET_END.search(xml, subset)
        end = close.end() - 1 if close else -1
    if end < 0:
        return None
    return xml[:start] + xml[end + 1 :]


def _prolog_end(xml: bytes) -> int:
    """Where the comments and processing instructions before the DOCTYPE or the root element end."""
    at = 0
    while True:
        found = _NOT_SPACE.search(xml, at)
        if found is None:
            return len(xml)
        at = found.start()
        for opening, closing in ((b"<!--", b"-->"), (b"<?", b"?>")):
            if xml.startswith(opening, at):
                end = xml.find(closing, at + len(opening))
                at = end + len(closing) if end >= 0 else len(xml)
                break
        else:
            return at


def xml_events(xml: bytes, items: frozenset[str]) -> Iterator[tuple[str, etree._Element]]:
    """The start and end of each element of UTF-8 XML, as far as a forgiving parser gets; never raises.

    An element that neither is one of ``items`` (local names, any namespace) nor lies in one is emptied once its end
    has been seen. After ``MAX_ELEMENTS`` comes one event ``cut``, and nothing more.
    """
    context = etree.iterparse(
        io.BytesIO(xml),
        events=("start", "end"),
        encoding="utf-8",
        recover=True,
        resolve_entities=False,
        load_dtd=False,
        no_network=True,
        huge_tree=False,  # depth 256 and text nodes of 10 MB are enough for any feed
        remove_comments=True,
        remove_pis=True,
    )
    within = elements = 0
    try:
        for event, element in context:
            is_item = local_name(element).removeprefix("?") in items
            if event == "start":
                elements += 1
                within += is_item
                if elements > MAX_ELEMENTS:
                    yield "cut", element
                    return
            yield event, element
            if event == "end":
                within -= is_item
                if not within and not is_item:
                    release(element)
    except etree.XMLSyntaxError:
        return  # nothing that could be recovered, or nothing more


def local_name(element: etree._Element) -> str:
    """The element's name in lower case without namespace; a foreign namespace stays as a prefix ``?``."""
    tag = element.tag if isinstance(element.tag, str) else ""
    return _usual_name(tag) if len(tag) < _LONG_TAG else _name(tag)


def _name(tag: str) -> str:
    namespace, _, name = tag.rpartition("}")
    prefix, _, name = name.rpartition(":")
    known = namespace[1:] in _PLAIN if namespace else prefix.lower() in _PREFIXES or not prefix
    return name.lower() if known else f"?{name.lower()}"


_usual_name = lru_cache(1024)(_name)


def text_of(element: etree._Element, limit: int) -> str | None:
    """The text in an element in one line, cut to a limit."""
    parts: list[str] = []
    length = 0
    for part in element.itertext():
        parts.append(part)
        length += len(part)
        if length > 4 * limit:
            break
    return clean_text("".join(parts), limit)


def release(element: etree._Element) -> None:
    """Lets go of an element that has been read, and of the siblings before it."""
    element.clear()
    parent = element.getparent()
    while parent is not None and element.getprevious() is not None:
        del parent[0]
