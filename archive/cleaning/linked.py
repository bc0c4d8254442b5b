"""Linked data: what the page's JSON-LD scripts say of the article (https://schema.org/Article)."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import islice
from typing import Any

from lxml import html

from archive.article import Source
from archive.cleaning.evidence import MAX_VALUE, Candidate, Page, literal_value, tidy

Node = dict[str, Any]

# Types whose name ends like this are articles: NewsArticle, ReportageNewsArticle, BlogPosting, LiveBlogPosting, Report.
_ARTICLE = re.compile(r"(?:article|posting|report|review)$", re.IGNORECASE)
# Possessive, as are the spaces below: what was read once is never given back, however the page goes on.
_LITERAL = r'"[^"\\]*+(?:\\.[^"\\]*+)*+"'
MAX_SCRIPT = 2 * 2**20  # characters
MAX_DEPTH = 60  # real ones stay under 12; beyond some hundred, json's recursion would meet the interpreter's limit
MAX_NODES = 20_000
MAX_NAMES = 40  # of authors or keywords: each is looked for in the script
MAX_LITERALS = 5_000  # that are compared to find where a value stands
# Lists of other articles are no statement about this one.
_ELSEWHERE = frozenset({"itemlistelement", "relatedlink", "citation", "ispartof", "haspart", "mentions", "comment"})


@dataclass(frozen=True, slots=True)
class Script:
    """A JSON-LD script: its element, its text, and the nodes with a type, outermost first."""

    element: html.HtmlElement
    text: str
    nodes: tuple[Node, ...]


@dataclass(frozen=True, slots=True)
class Linked:
    """The node of a page's JSON-LD that describes the article, with the script that holds it."""

    article: Node | None = None
    home: Script | None = None
    others: frozenset[str] = frozenset()  # where nothing is an article: the types of what there is

    def text(self, page: Page, key: str, rule: str) -> Candidate | None:
        """A property of the article's node, if it is a text (of a list, the first)."""
        value = (self.article or {}).get(key)
        if isinstance(value, list) and value:
            value = value[0]
        return self.place(page, key, value, rule) if isinstance(value, str) else None

    def place(self, page: Page, key: str, value: str, rule: str) -> Candidate | None:
        """A candidate for a text of the article's script, with the place of its literal; None if it is empty."""
        value = tidy(value[:MAX_VALUE])
        if not value:
            return None
        return Candidate(value, rule, self._source(page, key, value))

    @property
    def types(self) -> frozenset[str]:
        """The types of the article's script; of a page without an article, those of all its scripts."""
        if self.home is None:
            return self.others
        return frozenset(name for node in self.home.nodes for name in _types(node))

    @property
    def is_news(self) -> bool:
        """Whether the article is declared to be a newspaper's."""
        return self.article is not None and any("News" in name for name in _types(self.article))

    def author(self) -> object:
        """Who is said to have written the article; mere references are followed to the nodes of the same script."""
        article = self.article or {}
        value = article.get("author") or article.get("creator")
        return [self._resolved(one) for one in (value[:MAX_NAMES] if isinstance(value, list) else [value])]

    def _resolved(self, value: object) -> object:
        if not isinstance(value, dict) or "name" in value or "@id" not in value or self.home is None:
            return value
        return next((one for one in self.home.nodes if one.get("@id") == value["@id"] and "name" in one), value)

    def _source(self, page: Page, key: str, value: str) -> Source | None:
        if self.home is None:
            return None
        text = self.home.text
        for pattern in (rf'"{re.escape(key)}"\s*+:\s*+(?:\[\s*+)?+({_LITERAL})', rf"({_LITERAL})"):
            for found in islice(re.finditer(pattern, text), MAX_LITERALS):
                start, end = found.span(1)
                if end - start > 6 * MAX_VALUE or literal_value(text[start:end]) != value:
                    continue
                if tidy(text[start + 1 : end - 1]) == value:
                    start, end = start + 1, end - 1  # nothing is escaped: the value itself stands there
                return Source(page.stream.path(self.home.element), start, end)
            # Most values stand there as they are; only what is escaped is looked for among all literals.
            if (at := text.find(f'"{value}"')) >= 0:
                return Source(page.stream.path(self.home.element), at + 1, at + 1 + len(value))
        return None


def read(root: html.HtmlElement, scripts: Iterable[html.HtmlElement] | None = None) -> Linked:
    """The linked data of a page; scripts that are no JSON, too long or too deep are passed over.

    ``scripts`` are all of the page, where somebody has found them already.
    """
    others: set[str] = set()
    telling = (one for one in scripts or root.iter("script") if "ld+json" in one.get("type", "").lower())
    for script in map(_script, telling):
        for node in script.nodes if script is not None else ():
            if any(_ARTICLE.search(name) for name in _types(node)):
                return Linked(node, script)
            others.update(_types(node))
    return Linked(others=frozenset(others))


def publisher(linked: Linked) -> str | None:
    """The name of the article's publisher."""
    node = (linked.article or {}).get("publisher")
    if isinstance(node, list) and node:
        node = node[0]
    name = node.get("name") if isinstance(node, dict) else None
    return tidy(name) if isinstance(name, str) and name.strip() else None


def names(value: object) -> list[tuple[str, bool]]:
    """The names that a property holds, as text, as a node or as a list of them; whether each is a person's."""
    found = []
    for one in value[:MAX_NAMES] if isinstance(value, list) else [value]:
        if isinstance(one, dict):
            person = "Organization" not in "".join(_types(one))
            inner = one.get("name")
            found += [
                (name, person)
                for name in (inner[:MAX_NAMES] if isinstance(inner, list) else [inner])
                if isinstance(name, str)
            ]
        elif isinstance(one, str):
            found.append((one, True))
    return [(name, person) for name, person in found if name.strip() and len(name) <= MAX_VALUE]


def _script(element: html.HtmlElement) -> Script | None:
    text = element.text or ""
    if not text.strip() or len(text) > MAX_SCRIPT:
        return None
    try:
        data = json.loads(text.strip().rstrip(";"), strict=False)
    except (ValueError, RecursionError):
        return None
    nodes = _nodes(data)
    return Script(element, text, tuple(nodes)) if nodes is not None else None


def _nodes(data: object) -> list[Node] | None:
    """All nodes with a type, those nearest to the top first; None where the data is too deep or too much."""
    found: list[Node] = []
    level: list[object] = [data]
    seen = 0
    for _ in range(MAX_DEPTH):
        below: list[object] = []
        for one in level:
            seen += 1
            if isinstance(one, dict):
                if "@type" in one:
                    found.append(one)
                below += [child for key, child in one.items() if str(key).lower() not in _ELSEWHERE]
            elif isinstance(one, list):
                below += one
        level = [one for one in below if isinstance(one, dict | list)]
        if seen > MAX_NODES:
            return None
        if not level:
            return found
    return None


def _types(node: Node) -> Iterator[str]:
    value = node.get("@type")
    for one in value if isinstance(value, list) else [value]:
        if isinstance(one, str):
            yield one
