"""Mentions of authors: the places of a page that say who wrote it, each with its rule."""

from __future__ import annotations

import re
import unicodedata
from bisect import bisect_left, bisect_right
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from itertools import islice

from lxml import html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked, names
from archive.cleaning.stream import TextStream, solid

NAME = "author's name"  # the rule of elements that hold nothing else
POSTED = "posted by"
DATED = "beside the date"
FIRM = ", an organisation"  # ends the rule of a candidate that names no person
BELOW = ", below the story"
MAX_PEOPLE = 12
MAX_MARKED = 160  # solid characters of an element; longer ones are portraits of the author
_ABOVE, _BELOW = 400, 1500  # solid characters around the headline that a byline is looked for in
_MOST_TEXTS = 400  # text nodes that are looked at, blank ones left out
_FURTHER, _MOST_FURTHER = 600, 100  # solid characters behind the story, and texts there
_FRAMES = frozenset({"aside", "footer", "nav", "form"})
_READ = 300  # characters of one of them: longer ones are no credits
_MOST_BLANK = 40  # blank texts between "By" and the name
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
    r"(?:$|[\s_\d-])|byline|author|(?:^|\s)(?:vcard|fn)(?:\s|$)",
    re.IGNORECASE,
)
# Elements that hold a name and nothing else, as the hCard microformat and the templates of many sites call them.
_NAME = re.compile(
    r"(?:^|\s)(?:vcard|fn|(?:entry-|post-|article-)?author(?:[-_]{1,2}name|name)?)(?:\s|$)", re.IGNORECASE
)
_EXPRESS = frozenset({"itemprop author", "rel author"})
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
    r"(?:記者|记者|文|作者|撰文)\s?[:\uff1a\uff0f/](?=\s*\S)|"
    r"(?=(?:[^\W\d_]{2,4}\s?(?:기자|특파원)|(?:記者|记者)\s?[\u3400-\u9fff]{2,4}(?:\s?[\uff0f/].{0,12})?)\s*$))\s*(\S.{0,80})?$"
)
_NEAR, _SHORT = 300, 60  # solid characters below the headline; characters of a text with a name or a date
_DATE = re.compile(r"\b(?:19|20)\d\d\b")
_HEADINGS = frozenset({"h1", "h2", "h3", "h4", "h5", "h6"})
_SIGNS = re.compile(r"\s*[|\u00b7\u2022/]\s*|\s+[\u2013\u2014-]\s+")
# "Posted by Ida": of these words an account's name follows, if no whole name does.
_POSTED = re.compile(
    r"\s*(?:posted|written|published|verfasst|geschrieben|veröffentlicht|erstellt|eingestellt|publié|publicado)\s+"
    r"(?:by|von|par|por)\s+([^\W\d_]\S{2,20})\s*(?:$|[|@\u2013\u2014\u00b7-]|(?:on|am|um|under|in|le|el)\b)",
    re.IGNORECASE,
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


def visible(page: Page, headline: str | None) -> Iterator[tuple[str, list[Candidate]]]:
    """What stands near the headline, a rule at a time: elements marked as a byline, links to authors, "By …".

    Where the page has no heading of the first level, the headline is where its words stand first.
    """
    stream = page.stream
    heads = page.heads[:3]
    extents = [stream.extent(one) for one in heads] or list(_standing(stream, headline or ""))
    floor = max(0, extents[0][0] - _ABOVE) if extents else 0
    ceiling = max((end for _, end in extents), default=0) + _BELOW
    found: dict[str, list[Candidate]] = {}
    seen: set[html.HtmlElement] = set()
    reached: dict[str, int] = {}  # where the last element of a rule ends: what stands within it was taken whole
    around = {one for head in heads for one in head.iterancestors()}  # they hold the headline, and are no aside
    first, last = bisect_left(stream.starts, floor), bisect_right(stream.starts, ceiling)
    filled = list(islice((one for one in range(first, last) if not stream.raws[one].isspace()), _MOST_TEXTS))
    if heads:
        title = extents[0][1]
        dated = [one for one in filled if title <= stream.starts[one] <= title + _NEAR]
        if beside := list(_beside_dates(page, dated)):
            found[DATED] = beside
    for number in filled:
        for element in _around(stream.owners[number], seen):
            rule = _rule(element)
            if rule is None:
                continue
            start, end = stream.extent(element)
            if (
                start < max(floor, reached.get(rule, 0))
                or not 0 < end - start <= MAX_MARKED
                or (is_aside(element, around) and not (rule in _EXPRESS and _is_note(stream, element)))
            ):
                continue
            reached[rule] = end
            found.setdefault(rule, []).extend(page.spanned(at, to, rule) for at, to in _lines(page, start, end))
        raw = stream.raws[number].strip()
        if POSTED not in found and (said := _POSTED.match(raw[:_READ])):
            start, end = stream.span(number, number)
            found[POSTED] = [page.narrowed(page.spanned(start, end, POSTED), said[1])]
        text = _BY.match(raw) if "by" not in found and len(raw) <= _READ else None
        if text is not None:
            start, end = stream.span(number, number if text[1] else _next_filled(page, number))
            if 0 < end - start <= MAX_MARKED:
                found["by"] = [page.spanned(start, end, "by")]
    for rule in ("itemprop author", "rel author", NAME, "byline element", "link to an author", "by", POSTED, DATED):
        if rule in found:
            yield rule, found[rule]


def _standing(stream: TextStream, headline: str) -> Iterator[tuple[int, int]]:
    """Where a headline stands in the stream, if it does."""
    words = solid(headline)
    at = stream.solid.find(words) if words else -1
    if at >= 0:
        yield at, at + len(words)


def _beside_dates(page: Page, numbers: Sequence[int]) -> Iterator[Candidate]:
    """Short texts near the headline with a date right before or behind them, or within them, parted by a sign."""
    stream = page.stream
    texts = [stream.raws[number].strip() for number in numbers]
    for at, text in enumerate(texts):
        owner = stream.owners[numbers[at]]
        if len(text) > _SHORT or any(one is not None and one.tag in _HEADINGS for one in (owner, owner.getparent())):
            continue
        around = texts[max(0, at - 1) : at + 2]
        if any(_DATE.search(one) for one in around if len(one) <= _SHORT):
            start, end = stream.span(numbers[at], numbers[at])
            one = page.spanned(start, end, DATED)
            for part in _SIGNS.split(one.value):
                if part.strip() and not _DATE.search(part):
                    yield one if part == one.value else page.narrowed(one, part.strip())


def _next_filled(page: Page, number: int) -> int:
    """The next text that is not blank, if it is near."""
    raws = page.stream.raws
    return next((one for one in range(number + 1, min(number + _MOST_BLANK, len(raws))) if solid(raws[one])), number)


def below(page: Page, end: int) -> tuple[int, int] | None:
    """The text that follows the story's end at once, if it is a paragraph's: there some sign."""
    stream = page.stream
    number = bisect_left(stream.starts, end)
    while number < len(stream.raws) and not solid(stream.raws[number]):
        number += 1
    if number < len(stream.raws) and _is_paragraph(stream.owners[number]):
        return stream.span(number, number)
    return None


def marked_below(page: Page, end: int) -> Iterator[tuple[str, list[Candidate]]]:
    """What is marked as the author's name soon after the story's end: a template's footer of the article."""
    stream = page.stream
    first, last = bisect_left(stream.starts, end), bisect_right(stream.starts, end + _FURTHER)
    filled = (number for number in range(first, last) if not stream.raws[number].isspace())
    seen: set[html.HtmlElement] = set()
    for number in islice(filled, _MOST_FURTHER):
        for element in _around(stream.owners[number], seen):
            rule = _rule(element)
            if rule is None or rule == "link to an author":
                continue
            start, stop = stream.extent(element)
            if end <= start and 0 < stop - start <= MAX_MARKED and not is_aside(element, footers=True):
                yield rule, [page.spanned(at, to, f"{rule}{BELOW}") for at, to in _lines(page, start, stop)]


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
    if (said := element.get("itemprop")) and "author" in said.lower().split():
        return "itemprop author"
    if (said := element.get("rel")) and "author" in said.lower().split():
        return "rel author"
    if (classes := element.get("class")) and (
        rule := _known_rule(classes) if len(classes) <= _REMEMBERED else _rule_of(classes)
    ):
        return rule
    return "link to an author" if element.tag == "a" and _leads_to(element.get("href", ""), element) else None


def _rule_of(classes: str) -> str | None:
    if not _CLASS.search(classes):
        return None
    return NAME if _NAME.search(classes) else "byline element"


def _is_named_aside(names: str) -> bool:
    return _ASIDE.search(names) is not None


# A site has the same few hundred names on all its pages, and each of them is asked about again and again.
_REMEMBERED = 300  # characters; longer ones are not worth the memory
_known_rule = lru_cache(maxsize=4096)(_rule_of)
_known_aside = lru_cache(maxsize=4096)(_is_named_aside)


def _leads_to(address: str, link: html.HtmlElement) -> bool:
    """Whether a link leads to the page of the author that it names: a word of the name is in the address, too."""
    if not _HREF.search(address):
        return False
    bare = "".join(filter(str.isascii, unicodedata.normalize("NFKD", str(link.text_content()))))
    words = [word for word in _NOT_WORD.split(bare.lower()) if len(word) > 2]
    parts = _NOT_WORD.split(address.lower())
    return not words or not set(words).isdisjoint(parts) or "".join(words) in parts


def is_aside(element: html.HtmlElement, around: Collection[html.HtmlElement] = (), *, footers: bool = False) -> bool:
    """Whether an element belongs to comments, teasers or the frame of the page; ``around`` are elements that do not.

    ``footers`` may hold what the article says of itself, as they may below it.
    """
    for number, one in enumerate((element, *element.iterancestors())):
        if number > _FAR or one.tag in {"article", "main", "body"} or one in around:
            return False
        names_of = f"{one.get('class', '')} {one.get('id', '')}"
        if one.tag in _FRAMES and not (footers and one.tag == "footer"):
            return True
        if _known_aside(names_of) if len(names_of) <= _REMEMBERED else _is_named_aside(names_of):
            return True
    return False


def _is_note(stream: TextStream, element: html.HtmlElement) -> bool:
    """Whether an element stands within an aside of the article that has no room for more than a byline."""
    aside = next(
        (one for one in islice(element.iterancestors(), _FAR) if one.tag in {"aside", "article", "form"}), None
    )
    if aside is None or aside.tag != "aside" or _ASIDE.search(f"{aside.get('class', '')} {aside.get('id', '')}"):
        return False
    start, end = stream.extent(aside)
    return end - start <= MAX_MARKED and any(one.tag == "article" for one in aside.iterancestors())


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
