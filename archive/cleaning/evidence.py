"""Candidates for metadata values, and where on the page each of them stands."""

from __future__ import annotations

import json
import re
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from html import unescape
from urllib.parse import urljoin, urlsplit

from lxml import html

from archive.article import Evidence, Source
from archive.cleaning.source import text_at
from archive.cleaning.stream import TextStream, normalise

MAX_METAS = 100  # elements of one name: the most seen are some sixty tags
_SURROGATE = re.compile("[\ud800-\udfff]")
_KINDS = ("h1", "h2", "img", "link", "meta", "script", "time", "title")
MAX_VALUE = 1000  # characters: what is longer is no name, title or date, and would swell the provenance


@dataclass(frozen=True, slots=True)
class Candidate:
    """A possible value of a field: ``rule`` names where such values stand, ``source`` this one's very place.

    A value that several elements make up (a headline with a line break) has ``parts`` instead of a source.
    """

    value: str
    rule: str
    source: Source | None = None
    parts: tuple[tuple[Source, str], ...] = ()


def tidy(text: str) -> str:
    """A value as read from an attribute or a script: references resolved (some write them twice), spaces single."""
    if not text.isascii():
        text = _SURROGATE.sub("\ufffd", text)  # JSON can write halves of characters, which no file can hold
    return normalise(unescape(text)) if "&" in text else normalise(text)


def span_of(value: str, raw: str) -> tuple[int, int] | None:
    """Where a tidied value stands in a raw text; the whole of it where only resolving references gives the value."""
    at = raw.find(value)
    if at >= 0:
        return at, at + len(value)
    found = re.search(r"\s+".join(map(re.escape, value.split())), raw)
    if found:
        return found.span()
    return (0, len(raw)) if tidy(raw) == value else None


def evidence(field_name: str, candidates: Iterable[Candidate], chosen: Iterable[str]) -> list[Evidence]:
    """The candidates as evidence. Of equal values only the first is marked as chosen; parts become one entry each."""
    wanted = set(chosen)
    found = []
    for one in candidates:
        won = one.value in wanted
        wanted.discard(one.value)
        for source, text in one.parts or ((one.source, one.value),):
            found.append(Evidence(field_name, text, one.rule, won, source))
    return found


@dataclass(slots=True)
class Page:
    """What metadata rules read: a tree, its text stream, its ``meta`` elements by name, headings, and its address."""

    root: html.HtmlElement
    stream: TextStream
    url: str
    metas: dict[str, list[html.HtmlElement]] = field(default_factory=dict)
    # The elements of a few kinds in the order of the page, found on one way through the tree.
    kinds: dict[str, list[html.HtmlElement]] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.kinds = {kind: [] for kind in _KINDS}
        for element in self.root.iter(*_KINDS):
            self.kinds[str(element.tag)].append(element)
        for element in self.kinds["meta"]:
            if element.get("content", "").strip():
                for key in ("property", "name", "itemprop", "http-equiv"):
                    if name := element.get(key):
                        same = self.metas.setdefault(name.strip().lower(), [])
                        if len(same) < MAX_METAS:
                            same.append(element)

    @property
    def heads(self) -> list[html.HtmlElement]:
        """The headings of the first level."""
        return self.kinds["h1"]

    def meta(self, *names: str) -> list[Candidate]:
        """The contents of the meta elements of these names, in the order of the names, then of the page."""
        found = []
        for name in names:
            if name in self.metas:
                found += [self.attribute(one, "content", f"meta {name}") for one in self.metas[name]]
        return [one for one in found if one.value]

    def attribute(self, element: html.HtmlElement, name: str, rule: str) -> Candidate:
        """The tidied value of an attribute, cut at `MAX_VALUE`."""
        raw = element.get(name) or ""
        start = len(raw) - len(raw.lstrip())
        end = min(len(raw.rstrip()), start + MAX_VALUE)
        source = Source(f"{self.stream.path(element)}/@{name}", start, max(start, end))
        return Candidate(tidy(raw[start:end]), rule, source)

    def element(self, element: html.HtmlElement, rule: str) -> Candidate | None:
        """The visible text of an element, None if it has none or more than a value should have."""
        start, end = self.stream.extent(element)
        if not 0 < end - start <= MAX_VALUE:
            return None
        return self.spanned(start, end, rule)

    def said(self, element: html.HtmlElement) -> str:
        """The text of an element, white space as it stands; nothing where it is more than a value should have."""
        start, end = self.stream.extent(element)
        return str(element.text_content()) if end - start <= MAX_VALUE else ""

    def spanned(self, start: int, end: int, rule: str) -> Candidate:
        """The text of a part of the stream."""
        parts = tuple(self.stream.sources(start, end))
        text = " ".join(text for _, text in parts)
        return Candidate(text, rule, parts[0][0]) if len(parts) == 1 else Candidate(text, rule, None, parts)

    def hidden(self, element: html.HtmlElement, rule: str) -> Candidate:
        """The whole text of an element that the stream leaves out, such as ``title``."""
        raw = (element.text or "")[: MAX_VALUE * 2]
        return Candidate(tidy(raw), rule, Source(self.stream.path(element), 0, len(raw)))

    def narrowed(self, candidate: Candidate, value: str) -> Candidate:
        """The candidate with a part of its text as its value, and its source cut to that part where it can be seen."""
        source = candidate.source
        raw = text_at(self.root, source) if source else None
        if source is not None:
            span = span_of(value, raw) if raw is not None else None
            source = replace(source, start=source.start + span[0], end=source.start + span[1]) if span else None
        return Candidate(value, candidate.rule, source)


def literal_value(text: str) -> str | None:
    """The tidied value of a JSON string literal, quotes included; None for anything else."""
    try:
        value = json.loads(text, strict=False)
    except ValueError:
        return None
    return tidy(value) if isinstance(value, str) else None


def absolute(page: Page, url: str | None) -> str | None:
    """A URL as the page's address completes it; None where that is no web address."""
    if not url:
        return None
    try:
        joined = urljoin(page.url, url)
        return joined if urlsplit(joined).scheme in {"http", "https"} else None
    except ValueError:
        return None
