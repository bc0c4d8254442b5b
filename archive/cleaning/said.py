"""What a page says of itself, for comparison with its blocks."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from html import unescape
from itertools import chain
from typing import Final

from archive.cleaning.evidence import Page
from archive.cleaning.linked import Linked

# Han, kana, Hangul, Thai, Lao, Burmese and Khmer: characters of scripts that part words by few spaces, or by none.
DENSE: Final = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
_TOKEN = re.compile(rf"[{DENSE}]|[^\W{DENSE}]+")
_ASCII_TOKEN = re.compile(r"\w+", re.ASCII)  # the same, and faster, where all is ASCII
_READ = 2000  # characters of a text
_TITLES = ("og:title", "twitter:title")
_DESCRIPTIONS = ("og:description", "description", "twitter:description")


@dataclass(frozen=True, slots=True)
class Said:
    """Its titles and descriptions as words, and what it declares to be."""

    titles: frozenset[str]
    description: frozenset[str]
    declared: int  # what its linked data calls it: 0 nothing, 1 an article, 2 a blog's, 3 a newspaper's
    host: str = ""
    story: str = ""  # the text of the article that its linked data tells, squeezed

    @classmethod
    def of(
        cls,
        titles: Iterable[str],
        descriptions: Iterable[str],
        types: Iterable[str] = (),
        url: str = "",
        story: str = "",
    ) -> Said:
        """What a page says, from its titles, its descriptions, and the types and text of its article's node."""
        declared = max((3 if "News" in one else 2 if "Blog" in one else 1 for one in types), default=0)
        return cls(tokens(titles), tokens(descriptions), declared, host_of(url), squeezed(story))


_HOST = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//(?:www\.)?([^/?#:]+)", re.IGNORECASE)
_MARKS = re.compile(r"\W+|<[^>]{0,200}>")


def host_of(url: str) -> str:
    """The host that a reference names, without "www."; nothing where it names none."""
    found = _HOST.match(url)
    return found[1].lower() if found else ""


def squeezed(text: str) -> str:
    """The letters and digits of a text, case folded."""
    return _MARKS.sub("", text).casefold()


def tokens(texts: Iterable[str]) -> frozenset[str]:
    """The distinct words of texts, case folded."""
    return frozenset(chain.from_iterable(map(_words, texts)))


def _words(text: str) -> list[str]:
    read = text[:_READ]
    return _ASCII_TOKEN.findall(read.lower()) if read.isascii() else _TOKEN.findall(read.casefold())


def said(page: Page, linked: Linked) -> Said:
    """What the page says of itself: titles, descriptions, and the kind of article that it declares."""
    article = linked.article or {}
    kinds = article.get("@type")
    return Said.of(
        [*_contents(page, _TITLES), _title(page), *_text(article.get("headline"))],
        [*_contents(page, _DESCRIPTIONS), *_text(article.get("description"))],
        [one for one in (kinds if isinstance(kinds, list) else [kinds]) if isinstance(one, str)],
        page.url or "",
        unescape("".join(_text(article.get("articleBody")))),
    )


def _title(page: Page) -> str:
    """The text of the title element in the head."""
    for one in page.kinds["title"]:
        parent = one.getparent()
        if parent is not None and parent.tag == "head":
            return str(one.text_content())
    return ""


def _contents(page: Page, names: tuple[str, ...]) -> list[str]:
    return [one.get("content", "") for name in names for one in page.metas.get(name, ())]


def _text(value: object) -> list[str]:
    return [value] if isinstance(value, str) else []
