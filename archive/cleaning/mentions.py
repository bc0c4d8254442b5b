"""Mentions of authors: the places of a page that say who wrote it, each with its rule."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left
from collections.abc import Collection, Iterator

from lxml import html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked, names
from archive.cleaning.stream import solid

FIRM = ", an organisation"  # ends the rule of a candidate that names no person
MAX_PEOPLE = 12
MAX_MARKED = 160  # solid characters of an element; longer ones are portraits of the author
_ABOVE, _BELOW = 400, 1500  # solid characters around the headline that a byline is looked for in
_MOST_TEXTS = 400  # text nodes that are looked at
_AROUND = 6  # elements around a text that may be marked as a byline
_FAR = 8  # elements around one that may be comments, or a list of other articles

_METAS = (
    "author", "article:author", "parsely-author", "dc.creator", "dcterms.creator", "sailthru.author", "byl",
    "cxenseparse:author", "article.author", "authors", "rbauthors", "og:article:author", "article:author:name",
    "twitter:misc:written by",
)  # fmt: skip
# Plugins label a pair of Twitter's fields: "Written by", "Verfasst von", "Escrito por".
_WRITTEN_BY = re.compile(
    r"(?:written|posted|verfasst|geschrieben|escrito|écrit|rédigé|scritto|geschreven|skrev|skriv|napis|автор|by|von)",
    re.IGNORECASE,
)
_CLASS = re.compile(
    r"(?:^|[\s_-])(?:by-?line|authors?|autor(?:en|es|in)?|auteurs?|autore|writer|reporter|journalist|verfasser)"
    r"(?:$|[\s_\d-])|byline|author|(?:name|entry|post|article|story)-?author",
    re.IGNORECASE,
)
_HREF = re.compile(
    r"/(?:authors?|autor(?:en|es|in)?|auteurs?|autori|autore|people|person|profile?s?|profil|journalist\w{0,3}|redakteure?|"
    r"redaktion|redactie|staff|contributors?|by|writers?|reporters?|columnists?)/[^/]",
    re.IGNORECASE,
)
_NOT_WORD = re.compile(r"[\W_]+")
_ASIDE = re.compile(
    r"comment|kommentar|disqus|related|teaser|recommend|popular|trending|most-?read|sidebar|respond|forum|newsletter|"
    r"promo|recirc",
    re.IGNORECASE,
)
_BY = re.compile(
    r"\s*(?:(?:(?:Written|Posted|Published|Words|Text|Ein (?:Beitrag|Artikel)|[Ee]rstellt|Interview) )?"
    r"(?:By|BY|by|Von|VON|von|Par|Por|POR|Di|Door|Av|Af|Oleh)(?=\s|$|(?<=[Bb]y|on)[A-Z][a-z])|"
    r"(?:Text|Tekst|Texto|Texte|Текст|Автор|Autor|Autorin|Auteur|Author|Penulis)\s?:|"
    r"(?:記者|记者|文|作者|撰文)\s?[:\uff1a\uff0f/](?=\s*\S))\s*(\S.{0,80})?$"
)


def stated(page: Page, linked: Linked) -> Iterator[tuple[str, list[Candidate]]]:
    """What the page states for machines, a rule at a time."""
    people = [
        linked.place(page, "name", name, "json-ld author" if person else f"json-ld author{FIRM}")
        for name, person in names(linked.author())[:MAX_PEOPLE]
    ]
    yield "json-ld author", [one for one in people if one]
    for name in _METAS:
        if found := page.meta(name):
            yield f"meta {name}", found
    for number in (1, 2):
        label = page.meta(f"twitter:label{number}")
        if label and _WRITTEN_BY.match(label[0].value):
            yield "written by", page.meta(f"twitter:data{number}")


def visible(page: Page) -> Iterator[tuple[str, list[Candidate]]]:
    """What stands near the headline, a rule at a time: elements marked as a byline, links to authors, "By …"."""
    stream = page.stream
    heads = page.heads[:3]
    floor = max(0, stream.extent(heads[0])[0] - _ABOVE) if heads else 0
    ceiling = max((stream.extent(one)[1] for one in heads), default=0) + _BELOW
    found: dict[str, list[Candidate]] = {}
    seen: set[html.HtmlElement] = set()
    reached: dict[str, int] = {}  # where the last element of a rule ends: what stands within it was taken whole
    around = {one for head in heads for one in head.iterancestors()}  # they hold the headline, and are no aside
    first = bisect_left(stream.starts, floor)
    for number in range(first, min(first + _MOST_TEXTS, len(stream.raws))):
        if stream.starts[number] > ceiling:
            break
        for element in _around(stream.owners[number], seen):
            rule = _rule(element)
            if rule is None:
                continue
            start, end = stream.extent(element)
            if (
                start < max(floor, reached.get(rule, 0))
                or not 0 < end - start <= MAX_MARKED
                or is_aside(element, around)
            ):
                continue
            reached[rule] = end
            found.setdefault(rule, []).extend(page.spanned(at, to, rule) for at, to in _lines(page, start, end))
        text = _BY.match(stream.raws[number].rstrip()) if "by" not in found else None
        if text is not None:
            start, end = stream.span(number, min(number + (text[1] is None), len(stream.raws) - 1))
            if 0 < end - start <= MAX_MARKED:
                found["by"] = [page.spanned(start, end, "by")]
    for rule in ("itemprop author", "rel author", "byline element", "link to an author", "by"):
        if rule in found:
            yield rule, found[rule]


def below(page: Page, end: int) -> tuple[int, int] | None:
    """The text that follows the story's end at once, if it is a paragraph's: there some sign."""
    stream = page.stream
    number = bisect_left(stream.starts, end)
    while number < len(stream.raws) and not solid(stream.raws[number]):
        number += 1
    if number < len(stream.raws) and _is_paragraph(stream.owners[number]):
        return stream.span(number, number)
    return None


def _around(element: html.HtmlElement, seen: set[html.HtmlElement]) -> list[html.HtmlElement]:
    """An element and a few around it that were not seen before, outermost first; they are seen now."""
    found: list[html.HtmlElement] = []
    one: html.HtmlElement | None = element
    while one is not None and one not in seen and len(found) <= _AROUND and one.tag != "body":
        found.append(one)
        seen.add(one)
        one = one.getparent()
    return found[::-1]


def _rule(element: html.HtmlElement) -> str | None:
    given = element.attrib
    if not given:
        return None
    if "author" in given.get("itemprop", "").lower().split():
        return "itemprop author"
    if "author" in given.get("rel", "").lower().split():
        return "rel author"
    if _CLASS.search(given.get("class", "")):
        return "byline element"
    return "link to an author" if element.tag == "a" and _leads_to(given.get("href", ""), element) else None


def _leads_to(address: str, link: html.HtmlElement) -> bool:
    """Whether a link leads to the page of the author that it names: a word of the name is in the address, too."""
    if not _HREF.search(address):
        return False
    bare = "".join(filter(str.isascii, unicodedata.normalize("NFKD", str(link.text_content()))))
    words = [word for word in _NOT_WORD.split(bare.lower()) if len(word) > 2]
    parts = _NOT_WORD.split(address.lower())
    return not words or not set(words).isdisjoint(parts) or "".join(words) in parts


def is_aside(element: html.HtmlElement, around: Collection[html.HtmlElement] = ()) -> bool:
    """Whether an element belongs to comments, teasers or the frame of the page; ``around`` are elements that do not."""
    for number, one in enumerate((element, *element.iterancestors())):
        if number > _FAR or one.tag in {"article", "main", "body"} or one in around:
            return False
        names_of = f"{one.get('class', '')} {one.get('id', '')}"
        if one.tag in {"aside", "footer", "nav", "form"} or _ASIDE.search(names_of):
            return True
    return False


def _is_paragraph(element: html.HtmlElement) -> bool:
    """Whether an element is a paragraph or an emphasis in one: what follows a story as a list or a heading is none."""
    for one in (element, *element.iterancestors()):
        if one.tag not in {"em", "strong", "i", "b", "span"}:
            return one.tag == "p"
    return False


def _lines(page: Page, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The parts of an element that stand apart: below a name stand an office, a reading time, a link to follow."""
    at = start
    for _, text in page.stream.sources(start, end):
        if size := len(solid(text)):
            yield at, min(at + size, end)
            at += size
