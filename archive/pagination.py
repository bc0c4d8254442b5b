"""Pagination: the further pages of one story, as a page of it links to them. Pure; read by crawler and cleaner alike.

A link is believed where its address is that of the story's first page with a page's number in it (``?page=2``, ``/2``,
``-2.html``, ``/seite-2``), and it says that number itself, or that it is the next one. Lists of articles number their
pages in the same way: whether the first page is a story is for who asks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import unquote, urljoin, urlsplit

from lxml import etree

from archive.url import host, normalise

# Further pages of one story. Of split articles that were seen, the longest had 14; a list has hundreds.
MOST = 20
WHOLE = 0  # the number of the page that has all of the story
_LONGEST = 2_000  # characters of an address; what is longer is no page of a story
_NAME = 300  # characters of an element's classes that are read
_LABEL = 80  # characters of a link that says a page's number

_PARAMETER = re.compile(
    r"[?&](?:page|p|pg|pag|paged|pagina|pagenum|page_num|pageno|page_no|pno|pagenumber|page_number|currentpage|"
    r"seite|sida|side|sivu|strona|part|teil)=((?:0,)?)(\d{1,2})(?=&|$)",
    re.IGNORECASE,
)
_WORD = r"(?:page|seite|pagina|p[aá]gina|p%C3%A1gina|sida|side|sivu|strona|part|teil|pag|pg|p|s)"
_EXTENSION = r"(?:\.(?:s?html?|php\d?|aspx?|jsp|cms|amp))"
_SEGMENT = re.compile(rf"/(?:{_WORD}[/_,-]?)?(\d{{1,2}})(/?)$", re.IGNORECASE)
_SUFFIX = re.compile(rf"[-_,.~](?:{_WORD}[-_]?)?(\d{{1,2}})({_EXTENSION}?)$", re.IGNORECASE)
_INDEX = re.compile(rf"(?<=/index)(\d{{1,2}})({_EXTENSION})$", re.IGNORECASE)
_FIRST = re.compile(rf"[-_,.~]?{_WORD}?[-_]?\d{{1,2}}$", re.IGNORECASE)
_NO_PAGE = ("#", "javascript:", "mailto:", "tel:", "data:")

_NUMBER = re.compile(
    r"(?:page|seite|p\.|p[aá]gina|sida|side|sivu|strona|part|teil|第|страница)?\s*(\d{1,2})\s*"
    r"(?:(?:[:\u2013\u2014|/.-]|of\b|von\b|de\b|di\b|van\b|sur\b|[页頁]|ページ).{0,60})?",
    re.IGNORECASE,
)
_NEXT = frozenset({
    "next", "next page", "continue", "continue reading", "continue to next page", "weiter", "nächste seite",
    "zur nächsten seite", "auf der nächsten seite", "weiterlesen", "vor", "suivant", "suivante", "page suivante",
    "siguiente", "página siguiente", "siguiente página", "próxima", "próxima página", "seguinte", "página seguinte",
    "avanti", "successiva", "pagina successiva", "prossima", "volgende", "volgende pagina", "nästa", "nästa sida",
    "neste", "neste side", "næste", "næste side", "seuraava", "następna", "następna strona", "další", "další strana",
    "далее", "следующая", "следующая страница", "下一页", "下一頁", "次へ", "次のページ", "次ページ",
    "다음", "다음 페이지",
    "sonraki", "sonraki sayfa", "หน้าถัดไป", "\u203a", "\u00bb", ">", ">>", "\u2192",
})  # fmt: skip
_ON_ONE = frozenset({
    "single page", "view as single page", "view as a single page", "view on one page", "view on a single page",
    "read on one page", "read as one page", "read on a single page", "on one page", "one page", "show on one page",
    "show all on one page", "all on one page", "view all on one page", "view all pages", "all pages", "show all pages",
    "article on one page", "read the article on one page", "single-page view", "single page view", "single-page format",
    "auf einer seite", "auf einer seite lesen", "auf einer seite anzeigen", "artikel auf einer seite",
    "artikel auf einer seite lesen", "alles auf einer seite", "alles auf einer seite lesen", "text auf einer seite",
    "komplettansicht", "einseitenansicht", "alle seiten", "sur une page", "sur une seule page",
    "lire sur une page", "lire sur une seule page", "afficher sur une seule page", "article sur une page",
    "en una página", "en una sola página", "leer en una página", "leer en una sola página", "ver en una sola página",
    "em uma página", "em uma só página", "numa só página", "ler em uma página", "in una pagina", "in una sola pagina",
    "su una pagina", "su una sola pagina", "leggi su una pagina", "leggi in una pagina", "tutto in una pagina",
    "op één pagina", "alles op één pagina", "lees op één pagina", "på en sida", "visa på en sida", "på én side",
    "vis på én side", "på en side", "na jednej stronie", "na jedné stránce", "на одной странице",
    "читать на одной странице", "单页阅读", "單頁閱讀", "在本页阅读全文", "余下全文", "阅读全部",
    "1ページで読む", "全文表示", "全ページ表示",
    "한 페이지로 보기", "tek sayfa", "tek sayfada göster",
})  # fmt: skip
_PRINT = frozenset({
    "print", "print version", "print view", "print article", "print this article", "printer friendly",
    "printer-friendly", "printer-friendly version", "drucken", "druckansicht", "druckversion", "artikel drucken",
    "imprimer", "version imprimable", "imprimir", "versión para imprimir", "versão para impressão", "stampa",
    "versione stampabile", "afdrukken", "printversie", "skriv ut", "udskriv", "tulosta", "drukuj", "vytisknout",
    "версия для печати", "распечатать", "打印", "列印", "印刷", "인쇄",
})  # fmt: skip
# What most links to all of a story on one page have in common, for a look at a page's bytes: each costs it a walk.
_PHRASES = tuple(
    one.encode()
    for one in ("single page", "one page", "all pages", "einer seite", "komplettansicht", "una sola", "ule page")
)
# Boxes whose pages are not the story's.
_BESIDE = re.compile(
    r"comment|kommentar|disqus|replies|related|recirc|most-?read|newsletter|gallery-?nav", re.IGNORECASE
)
_LOOKS = 2_000  # links that have the story's name in them, and places where it stands: a real page has some ten
_AROUND = 8  # boxes around a link that are looked at
_PLAIN = re.compile(r"[\s\u00a0]+")
_EDGES = " .:!\u2026\u203a\u00bb\u2192>|\u2013-[]()"

# What a page has that links to others of its story, for a look at its bytes.
_NEAR_STEM = re.compile(
    rb"[^\s\"'<>]{0,60}?(?:[-_,.~/=]|%2[CcFf])(?:[a-z]{1,7}[-_/]?)?\d{1,2}(?![\dA-Za-z-])", re.IGNORECASE
)
_RELATIVE = re.compile(
    rb"\?(?:p|pg|pag|pa?ge?d?|pagina|pageno|pagenum|currentpage|seite|sid[ae]|strona|part|teil)=(?:0,)?[1-9]\d?(?=[\"'&#>\s])"
)
_RELATIONS = (b'rel="next', b"rel=next", b"rel='next")


@dataclass(frozen=True, slots=True)
class FurtherPage:
    """A page of a story as another one links to it: its number (from 2; `WHOLE` for all on one), and the words for it.

    ``url`` is absolute and without a fragment.
    """

    number: int
    url: str
    rule: str


@dataclass(frozen=True, slots=True)
class Pagination:
    """What a page tells of its story's further pages: those by number, and the one that has all of it."""

    pages: tuple[FurtherPage, ...] = ()
    whole: FurtherPage | None = None

    def __iter__(self) -> Iterator[FurtherPage]:
        if self.whole is not None:
            yield self.whole
        yield from self.pages

    def __bool__(self) -> bool:
        return bool(self.pages or self.whole)


NO_PAGES = Pagination()


@dataclass(frozen=True, slots=True)
class _Marker:
    """A page's number in an address: the address without it, and where its digits stand."""

    base: str
    number: int
    start: int
    end: int


def pagination(root: etree._Element, url: str, first: str | None = None, current: int = 1) -> Pagination:
    """The further pages of a story, by the links of one of its pages; none where there is no sign of any.

    ``url`` is the page's address, ``first`` that of the story's first page where this is another one, whose number
    ``current`` is. Numbers that a page leaves out (1, 2, …, 9) are filled in. Linear in the page's links.
    """
    begin = first if first is not None else url
    bases, stem = _bases(begin), _stem(begin)
    spoken = unquote(stem)
    if not stem or len(begin) > _LONGEST:
        return NO_PAGES
    linking = [one for one in root.iter("a", "base", "link") if one.get("href") is not None]
    base = next((one.get("href", "") for one in linking if one.tag == "base"), "")
    home = (_absolute(url, base) or url) if base else url
    found: dict[int, FurtherPage] = {}
    marks: dict[int, _Marker] = {}
    whole: dict[str, FurtherPage] = {}
    looks = 0
    for element in linking:
        if element.tag != "a" and (element.tag == "base" or element.get("rel") is None):
            continue
        href = (element.get("href") or "").strip()
        if stem not in href and spoken not in href and href.startswith(("/", "http")):
            continue
        if not href or len(href) > _LONGEST or href.lower().startswith(_NO_PAGE):
            continue
        looks += 1
        target = _absolute(home, href) if looks <= _LOOKS else None
        if target is None or host(target) != host(begin):
            continue
        relations = (element.get("rel") or "").lower().split()
        label = _label(element) if element.tag == "a" else ""
        if (one := _on_one(element, relations, label, target, begin, stem)) is not None:
            whole.setdefault(one.rule, one)
            continue
        for marker in _markers(target):
            number = _believed(marker, bases, relations, label, current, target)
            if number is None or not 2 <= number <= MOST + 1 or _is_beside(element, href):
                continue
            rule = "rel=next" if "next" in relations else f"a link that says \u201c{label}\u201d"
            if number not in found or (found[number].rule == "rel=next" and rule != "rel=next"):
                found[number] = FurtherPage(number, target, rule)
                marks[number] = marker
            break
    pages = tuple(_filled(found, marks))
    alone = whole.get(_ONE) or (whole.get(_PAPER) if pages or current > 1 else None)
    return Pagination(pages, alone)


_ONE, _PAPER = "a link to all of it on one page", "a link to the version for print"


def number_of(url: str, first: str) -> int | None:
    """The number of a further page by its address and that of the story's first page; None where it is none."""
    bases = _bases(first)
    return next((one.number for one in _markers(url.partition("#")[0]) if _key(one.base) in bases), None)


def may_be_split(page: bytes, url: str) -> bool:
    """Whether a page may link to further pages of its story, by a look at its bytes: few that have none pass."""
    stem = _stem(url)
    if not stem:
        return False
    lower = page.lower()
    if any(one in lower for one in _RELATIONS) or _RELATIVE.search(lower) or any(one in lower for one in _PHRASES):
        return True
    for name in {stem.lower().encode(), unquote(stem).lower().encode("utf-8", "replace")}:
        at, looks = lower.find(name), 0
        while at >= 0 and looks < _LOOKS:
            looks += 1
            at += len(name)
            if _NEAR_STEM.match(lower, at, at + 100):
                return True
            at = lower.find(name, at)
    return False


def is_turning(text: str) -> bool:
    """Whether a line says no more than that the story goes on elsewhere: as the links do that lead there."""
    said = text.strip(_EDGES).casefold()
    return said in _NEXT or said in _ON_ONE


def _absolute(home: str, href: str) -> str | None:
    try:
        target = urljoin(home, href).partition("#")[0]
    except ValueError:  # brackets that are no address of IPv6
        return None
    return target if target.startswith(("http://", "https://")) and len(target) <= _LONGEST else None


def _key(url: str) -> str:
    return normalise(url).rstrip("/")


def _bases(first: str) -> frozenset[str]:
    """What the address of a further page is without its number."""
    plain = first.partition("#")[0]
    own = {_key(plain)}
    own |= {_key(one.base) for one in _markers(plain) if one.number == 1}
    if plain.endswith("/"):
        own |= {_key(f"{plain}index{ending}") for ending in (".html", ".htm", ".php")}
    return frozenset(own)


def _stem(first: str) -> str:
    """The last part of the story's path that says something: what links to its other pages have in common with it."""
    try:
        path = urlsplit(first).path
    except ValueError:  # another writer's, or hostile
        return ""
    for segment in reversed(path.split("/")):
        bare = re.sub(rf"{_EXTENSION}$", "", segment, flags=re.IGNORECASE)
        bare = _FIRST.sub("", bare) or (bare if len(bare) > 2 else "")
        if bare and bare.lower() != "index":
            return bare
    return ""


def _markers(url: str) -> Iterator[_Marker]:
    """The ways in which an address may have a page's number in it."""
    for hit in _PARAMETER.finditer(url):
        rest = url[: hit.start()] + (url[hit.start()] + url[hit.end() + 1 :] if url[hit.end() :] else "")
        number = int(hit[2]) + (1 if hit[1] else 0)  # Drupal counts from nought: ?page=0,1 is the second one
        yield _Marker(rest, number, hit.start(2), hit.end(2))
    path, mark, query = url.partition("?")
    behind = mark + query
    for pattern in (_SEGMENT, _SUFFIX, _INDEX):
        found = pattern.search(path)
        if found is not None:
            base = path[: found.start()] + found[2] + behind
            yield _Marker(base, int(found[1]), found.start(1), found.end(1))


def _believed(
    marker: _Marker, bases: frozenset[str], relations: list[str], label: str, current: int, target: str
) -> int | None:
    """The number of the page that a link leads to, where address and words agree; else None."""
    if _key(marker.base) not in bases:
        return None
    if "next" in relations and marker.number == current + 1:
        return marker.number
    said = _NUMBER.fullmatch(label)
    if said is not None:
        number = int(said[1])
        # Some count the pages in their addresses from nought.
        nought = number == marker.number + 1 and "?" in target and marker.start > target.index("?")
        return number if number == marker.number or nought else None
    if label.strip(_EDGES).casefold() in _NEXT or label.casefold() in _NEXT:
        return marker.number if marker.number == current + 1 else None
    return None


def _label(element: etree._Element) -> str:
    text = ""
    for part in element.itertext():
        text += str(part)[: 4 * _LABEL]
        if len(text) > 4 * _LABEL:
            return ""
    said = _PLAIN.sub(" ", text).strip()
    said = said or _PLAIN.sub(" ", element.get("aria-label") or element.get("title") or "").strip()
    return said if len(said) <= _LABEL else ""


def _on_one(
    element: etree._Element, relations: list[str], label: str, target: str, first: str, stem: str
) -> FurtherPage | None:
    """A link to the story as a whole; it must have the name of the story in its address."""
    said = label.strip(_EDGES).casefold()
    if said in _ON_ONE:
        rule = _ONE
    elif said in _PRINT or ("alternate" in relations and (element.get("media") or "").strip().lower() == "print"):
        rule = _PAPER
    else:
        return None
    if _key(target) == _key(first) or (
        stem not in target and unquote(stem) not in target and urlsplit(target).path != urlsplit(first).path
    ):
        return None
    return FurtherPage(WHOLE, target, rule)


def _is_beside(element: etree._Element, href: str) -> bool:
    """Whether a link turns the pages of something else than the story: comments, above all."""
    fragment = href.partition("#")[2]
    if fragment and _BESIDE.search(fragment):
        return True
    at: etree._Element | None = element
    for _ in range(_AROUND):
        if at is None or at.tag in {"body", "main", "article"}:
            return False
        if _BESIDE.search(f"{(at.get('class') or '')[:_NAME]} {(at.get('id') or '')[:_NAME]}"):
            return True
        at = at.getparent()
    return False


def _filled(found: dict[int, FurtherPage], marks: dict[int, _Marker]) -> Iterator[FurtherPage]:
    """The pages in order, with those that lie between two that are linked."""
    if not found:
        return
    for number in range(min(found), max(found) + 1):
        if number in found:
            yield found[number]
            continue
        near = max(one for one in found if one < number)
        url, mark = found[near].url, marks[near]
        digits = str(mark.number + number - near)
        if "0," in url[: mark.start][-2:]:
            digits = str(int(url[mark.start : mark.end]) + number - near)
        yield FurtherPage(number, url[: mark.start] + digits + url[mark.end :], "between two that are linked")
