"""Soft 404s: pages that say "not found" with status 200, told by a page that cannot exist.

No words of any language are known here: a site shows itself what it answers to an address that nobody ever published.
"""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from urllib.parse import urlsplit, urlunsplit

from lxml import etree

from archive.digest import sha256
from crawler.discovery.decoding import decode
from crawler.discovery.tree import tree_of
from crawler.urls import MAX_URL, readable_path

MAX_PAGE = 8_000_000
MAX_WORDS = 20_000
# Words that are compared at a time: few enough to survive a changing teaser, many enough not to meet by chance.
_RUN = 4
# A page that was not found has hardly a word of its own: a date, another teaser.
_SHARED = 0.9
# A page with so many runs of words that the other one has not got says something, however large the menus are.
_OWN = 60
_WORD = re.compile(r"\w+")
_UNSEEN = frozenset({"script", "style", "noscript", "template", "svg", "head"})
_EXTENSION = re.compile(r"\.[A-Za-z]{2,5}$")


@dataclass(frozen=True, slots=True)
class Impression:
    """What a page looks like to a reader: the words of its text. ``url`` is the address that was asked for."""

    url: str
    status: int
    words: tuple[str, ...] = field(repr=False)


def impossible(url: str) -> str:
    """An address beside a page's that cannot exist: the same folder and extension, a name that only a digest writes.

    The same one each time, so that a site's log and the archive show one such page and no hundreds.
    """
    parts = urlsplit(url)
    folder, _, name = parts.path.rstrip("/").rpartition("/")
    extension = _EXTENSION.search(name)
    made = f"{sha256(f'{parts.netloc}{folder}'.encode()).rpartition(':')[2][:20].lower()}-no-such-page"
    slash = "/" if parts.path.endswith("/") and name else ""
    return urlunsplit(
        (parts.scheme, parts.netloc, f"{folder}/{made}{extension[0] if extension else ''}{slash}", "", "")
    )


def impression(body: bytes, url: str, status: int, charset: str | None = None) -> Impression:
    """The impression of a page. Never raises; linear in the page, of which the first ``MAX_WORDS`` words count."""
    tree = tree_of(decode(body[:MAX_PAGE], charset)).root
    if tree is None:
        return Impression(url, status, ())
    return Impression(url, status, tuple(_words(tree)))


def _words(tree: etree._Element) -> list[str]:
    words: list[str] = []
    unseen: etree._Element | None = None
    for event, element in etree.iterwalk(tree, events=("start", "end")):
        if event == "start":
            if unseen is None and element.tag in _UNSEEN:
                unseen = element
            text = element.text if unseen is None else None
        else:
            if unseen is element:
                unseen = None
            text = element.tail if unseen is None else None
        if text:
            words += _WORD.findall(text.lower())
            if len(words) > MAX_WORDS:
                return words[:MAX_WORDS]
    return words


def is_soft_404(page: Impression, absent: Impression) -> bool:
    """Whether a page is what its site shows for what it has not got; ``absent`` is that of an `impossible` address.

    Where the site answers such an address with another status than 200, it says so itself, and no page of status 200
    is one. In doubt a page is an article: nearly all of its words must be the other one's, and few its own.
    """
    if page.status != 200 or absent.status != 200:
        return False
    # Such pages repeat the address that was asked for.
    said = {word for one in (page, absent) for word in _WORD.findall(readable_path(one.url[:MAX_URL]).lower())}
    runs, others = _runs(page, said), _runs(absent, said)
    own = len(runs - others)
    return bool(runs and others) and own < _OWN and len(runs) - own >= _SHARED * len(runs)


def _runs(page: Impression, without: set[str]) -> frozenset[str]:
    words = [word for word in page.words if word not in without]
    return frozenset(" ".join(words[at : at + _RUN]) for at in range(max(1, len(words) - _RUN + 1)) if words)
