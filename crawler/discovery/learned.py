"""What a site has taught: how the addresses of its articles are made, by those that turned out to be articles.

`crawler.discovery.shape` knows what articles' addresses look like anywhere. Some sites' look like nothing
(``/security-cameras/best/``); there, what is made as those of several articles are is likely to be one, too.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from archive.url import host
from crawler.discovery.shape import words_of
from crawler.urls import MAX_URL, readable_path

# Articles made alike that are enough (benchmarks/sections.py), and the share of them among all pages made so.
LEAST = 2
SHARE = 0.9
_DEEPEST = 12

_EXTENSION = re.compile(r"\.[a-z][a-z0-9]{1,4}$")
_LONG = re.compile(r"\d{4}")


def make_of(url: str) -> str:
    """How an address is made: its host, and of each segment and parameter what kind it is. Linear in its length."""
    path, _, query = readable_path(url[:MAX_URL]).partition("?")
    segments = [_kind(one.lower()) for one in path.split("/") if one][:_DEEPEST]
    names = sorted(one.partition("=")[0] for one in query.split("&")[:_DEEPEST] if one)
    return f"{host(url).removeprefix('www.')}/{'/'.join(segments)}{'/' if path.endswith('/') else ''}?{'&'.join(names)}"


def _kind(segment: str) -> str:
    found = _EXTENSION.search(segment)
    extension = found[0] if found else ""
    name = segment.removesuffix(extension)
    if name.isdigit():
        return f"{len(name) if len(name) in {1, 2, 4} else 'id'}{extension}"
    kind = "slug" if words_of(segment) >= 3 else "word"
    return f"{kind}{'-id' if _LONG.search(name) else ''}{extension}"


@dataclass(frozen=True, slots=True)
class Learned:
    """How many articles of a site there are, and how many other pages, by how their addresses are made."""

    articles: Mapping[str, int] = field(default_factory=dict)
    others: Mapping[str, int] = field(default_factory=dict)

    @classmethod
    def of(cls, told: Iterable[tuple[str, bool]]) -> Learned:
        """What pages teach: each URL with whether it turned out to be an article."""
        articles: Counter[str] = Counter()
        others: Counter[str] = Counter()
        for url, is_article in told:
            (articles if is_article else others)[make_of(url)] += 1
        return cls(articles, others)

    def alike(self, url: str) -> int:
        """How many articles' addresses are made as this one is; 0 where too few are, or too many of other pages."""
        made = make_of(url)
        known, others = self.articles.get(made, 0), self.others.get(made, 0)
        return known if known >= LEAST and known >= SHARE * (known + others) else 0
