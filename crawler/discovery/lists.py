"""Lists of sites: one address a line, or OPML as feed readers export it."""

from __future__ import annotations

import re
from dataclasses import dataclass
from urllib.parse import urlsplit

from archive.url import host as host_of
from crawler.discovery.announcement import MAX_TITLE, clean_text
from crawler.discovery.decoding import decode, utf8_xml
from crawler.discovery.xml import local_name, without_doctype, xml_events
from crawler.urls import resolve

# More than anybody crawls; bounds what a wrong file costs.
MAX_LISTED = 100_000
MAX_LIST = 50_000_000

_LINE = re.compile(r"[^\r\n]+")
_COMMENT = re.compile(r"(?:^|\s)#.*")  # the # of an address has no space before it


@dataclass(frozen=True, slots=True)
class ListedFeed:
    """A feed that a list names for a site."""

    url: str
    title: str | None = None


@dataclass(frozen=True, slots=True)
class Listed:
    """A site that a list names: its address as it stands there, and its feeds, where the list knows some."""

    given: str
    feeds: tuple[ListedFeed, ...] = ()


@dataclass(frozen=True, slots=True)
class NotAList:
    """Why bytes are no list of sites, in words."""

    reason: str


def parse_list(body: bytes) -> tuple[Listed, ...] | NotAList:
    """The sites that a file names, each once, in its order; never raises, no line is judged here.

    Lines: what stands behind a ``#`` at the start of a line or after a space is a comment. OPML: outlines at any
    depth; feeds belong to the site of their ``htmlUrl``, else to their own host.
    """
    if len(body) > MAX_LIST:
        return NotAList(f"it has more than {MAX_LIST:,} bytes")
    text = decode(body[:1000]).lstrip()
    found = _outlines(body) if text.startswith("<") else _lines(body)
    if isinstance(found, tuple) and not found:
        return NotAList("it names no site")
    if isinstance(found, tuple) and len(found) > MAX_LISTED:
        return NotAList(f"it names more than {MAX_LISTED:,} sites: split it")
    return found


def _lines(body: bytes) -> tuple[Listed, ...]:
    found: dict[str, Listed] = {}
    for line in _LINE.finditer(decode(body)):
        given = _COMMENT.sub("", line[0]).strip()
        if given:
            found.setdefault(given, Listed(given))
    return tuple(found.values())


def _outlines(body: bytes) -> tuple[Listed, ...] | NotAList:
    xml = without_doctype(utf8_xml(body)[0])
    root: str | None = None
    found: dict[str, tuple[str, dict[str, ListedFeed]]] = {}  # by host: the front page, and feeds by address
    for event, element in xml_events(xml or b"", frozenset()):
        name = local_name(element).removeprefix("?")
        if root is None:
            root = name
            if root != "opml":
                return NotAList(f"it is XML, but its root element is <{root[:40]}> and not <opml>")
        if event != "start" or name != "outline":
            continue
        # Some readers write xmlurl, some XMLURL.
        attributes = {str(key).lower(): str(value) for key, value in element.attrib.items()}
        feed = resolve("http://none.invalid/", attributes.get("xmlurl", ""))
        page = resolve("http://none.invalid/", attributes.get("htmlurl", ""))
        if feed is None and page is None:
            continue  # a folder
        given = _front_of(page or feed or "")
        _, feeds = found.setdefault(host_of(given).removeprefix("www."), (given, {}))
        if feed is not None:
            title = clean_text(attributes.get("title") or attributes.get("text"), MAX_TITLE)
            feeds.setdefault(feed, ListedFeed(feed, title))
    if root is None:
        return NotAList("it is neither OPML nor a list of addresses")
    return tuple(Listed(given, tuple(feeds.values())) for given, feeds in found.values())


def _front_of(url: str) -> str:
    """The front page of a page's site: ``htmlUrl`` often names a section."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc}/"
