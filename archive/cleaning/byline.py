"""The byline: people only, without "By", publishers and links."""

from __future__ import annotations

import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from lxml import etree

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.headline import fold
from archive.cleaning.linked import Linked, names

_METAS = (
    "author", "article:author", "parsely-author", "dc.creator", "dcterms.creator", "sailthru.author", "byl",
    "cxenseparse:author", "article.author", "authors", "rbauthors", "og:article:author",
)  # fmt: skip
_ELEMENTS = (
    ("rel author", etree.XPath("//a[contains(concat(' ', @rel, ' '), ' author ')]")),
    ("itemprop author", etree.XPath("//*[@itemprop='author']")),
    (
        "byline element",
        etree.XPath(
            "//*[self::a or self::span or self::p or self::div or self::address]"
            "[contains(@class, 'byline') or contains(@class, 'author') or contains(@class, 'autor')]"
        ),
    ),
)
MAX_ELEMENTS = 8  # further ones belong to other articles' teasers
MAX_PEOPLE = 12
MAX_MARKED = 120  # characters; longer ones are portraits of the author
_FIRM = "json-ld author, an organisation"
_AGENCIES = {
    written: name
    for name, forms in {
        "AFP": "afp|agence france presse",
        "AP": "ap|associated press|the associated press",
        "Reuters": "reuters|thomson reuters",
        "dpa": "dpa|deutsche presse agentur",
        "APA": "apa|austria presse agentur",
        "Keystone-SDA": "keystone sda|sda|ats",
        "ANSA": "ansa",
        "EFE": "efe|agencia efe",
        "PA": "pa media|press association",
        "TASS": "tass",
        "Xinhua": "xinhua",
        "Kyodo": "kyodo|kyodo news",
        "epd": "epd",
        "KNA": "kna",
        "SID": "sid",
        "NTB": "ntb",
        "TT": "tt nyhetsbyrån",
        "Ritzau": "ritzau",
        "ANP": "anp",
        "Belga": "belga",
        "PTI": "pti|press trust of india",
    }.items()
    for written in forms.split("|")
}
_PREFIX = re.compile(
    r"(?:(?:written |posted |words |reported |story |text )?by|von|par|por|di|door|av|af|text|texte|texto|"
    r"autor(?:in)?|author)"
    r"(?:\s*:\s*|\s+)",
    re.IGNORECASE,
)
_PARTS = re.compile(r"\s*[,;|\u2022]\s*|\s+(?:and|und|et|y|&|och|og|en)\s+|\s+/\s+", re.IGNORECASE)
# What follows a comma and is no further name: "Jane Doe, Political Editor".
_OFFICE = re.compile(
    r"\b(?:editor|reporter|correspondent|writer|staff|journalist|redakteur|redaktion|redaktør|desk|newsroom|team|"
    r"korrespondent|columnist|producer|senior|chief|associated press|reuters|afp|dpa|apa|published|updated)\b",
    re.IGNORECASE,
)
_INITIALS = re.compile(r"\s*\([a-zäöü.]{2,5}\)$")  # "Jane Doe (jdo)"
_NO_NAME = re.compile(r"https?:|www\.|@|[0-9]{2}|[<>{}\[\]]")


def byline(page: Page, linked: Linked, publishers: Iterable[str]) -> tuple[tuple[str, ...], list[Candidate]]:
    """The people who wrote the article, in the page's order, and every candidate that was looked at.

    The first place that names a person wins: JSON-LD, meta elements, elements marked as bylines. Where only the
    publisher or an agency is named, nobody is.
    """
    host = (urlsplit(page.url).hostname or "").removeprefix("www.")
    firms = {fold(name) for name in publishers} | {fold(host), fold(host.rpartition(".")[0])}
    everything: list[Candidate] = []
    chosen: tuple[str, ...] = ()
    for candidates in _places(page, linked):
        people = _distinct(person for one in candidates for person in _people(page, one, firms))
        everything += people or candidates
        if people and not chosen and people[0].rule != _FIRM:
            chosen = tuple(one.value for one in people[:MAX_PEOPLE])
    if not chosen:  # asked last and only then: these expressions read the whole tree
        for candidates in _marked(page):
            people = _distinct(person for one in candidates for person in _people(page, one, firms))
            everything += people or candidates
            chosen = chosen or tuple(one.value for one in people[:MAX_PEOPLE])
    return chosen, everything


def agency(candidates: Iterable[Candidate]) -> str | None:
    """The news agency that the candidates of a byline name, in its usual short form."""
    for one in candidates:
        for part in _PARTS.split(one.value):
            if found := _AGENCIES.get(fold(part)):
                return found
    return None


def _places(page: Page, linked: Linked) -> Iterable[list[Candidate]]:
    stated = [
        linked.place(page, "name", name, "json-ld author" if person else _FIRM)
        for name, person in names((linked.article or {}).get("author"))[:MAX_PEOPLE]
    ]
    people = [one for one in stated if one and one.rule == "json-ld author"]
    yield people or [one for one in stated if one]
    for name in _METAS:
        if found := page.meta(name):
            yield found


def _marked(page: Page) -> Iterable[list[Candidate]]:
    for rule, xpath in _ELEMENTS:
        elements = xpath(page.root)[:MAX_ELEMENTS]
        found = [_beginning(one) for one in (page.element(element, rule) for element in elements) if one]
        found = [one for one in found if len(one.value) <= MAX_MARKED]
        if found:
            yield found if rule != "byline element" else found[:1]


def _beginning(candidate: Candidate) -> Candidate:
    """The candidate, or its first part: below a name stand an office, a reading time, a link to follow."""
    if not candidate.parts:
        return candidate
    source, text = candidate.parts[0]
    return Candidate(text, candidate.rule, source)


def _people(page: Page, candidate: Candidate, firms: set[str]) -> Iterable[Candidate]:
    """The candidate's text as one candidate for each person that it names."""
    whole = _PREFIX.sub("", candidate.value, count=1) if _PREFIX.match(candidate.value) else candidate.value
    for part in _PARTS.split(whole):
        name = part.strip(" .,:-\u2013\u2014")
        name = _INITIALS.sub("", name)
        if fold(name) in _AGENCIES:
            continue
        if 2 < len(name) <= 60 and not _NO_NAME.search(name) and not _OFFICE.search(name) and fold(name) not in firms:
            yield candidate if name == candidate.value else page.narrowed(candidate, name)


def _distinct(people: Iterable[Candidate]) -> list[Candidate]:
    found: dict[str, Candidate] = {}
    for one in people:
        found.setdefault(fold(one.value), one)
    return list(found.values())
