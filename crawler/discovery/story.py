"""Stories: told from lists of them, and one from another, as far as that can be done without a cleaner. Pure."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass

from lxml import etree

_STATED = etree.XPath("string((//meta[@property='og:type' or @name='og:type']/@content)[1])")
_MARKED = re.compile(r'"@type"\s*:\s*\[?\s*"(?:\w*NewsArticle|Article|Report\w*|BlogPosting)"')
_LD = etree.XPath("//script[@type='application/ld+json']/text()")
_SENTENCES = 80  # characters of a paragraph that is one of a story
_SHARE = 60  # in hundredths, of these, that a page with all of the story has
_FEW = 2  # such paragraphs that a story has at least
_MANY = 6  # articles with links, and headings that are links, of which a page of a story has fewer
_COUNTED = frozenset({"a", "li", "footer", "h2"})
_PLAIN = re.compile(r"[\s\u00a0]+")


def tells_a_story(root: etree._Element) -> bool:
    """Whether a page is one story rather than a list of them, as far as that can be told without a cleaner."""
    seen = _seen(root)
    if len(seen.long) < _FEW:
        return False
    stated = str(_STATED(root)).strip().lower() == "article" or any(_MARKED.search(str(one)) for one in _LD(root))
    return stated or (seen.listed < _MANY and seen.headed < _MANY)


def tells_the_same(first: etree._Element, other: etree._Element) -> bool:
    """Whether a page says what another one does: most of its long paragraphs."""
    there, long = set(_seen(other).long), _seen(first).long
    return bool(long) and 100 * sum(text in there for text in long) >= _SHARE * len(long)


@dataclass(slots=True)
class _Seen:
    """What stands on a page: long paragraphs outside links and lists; articles with links, headings that are links."""

    long: list[str]
    listed: int = 0
    headed: int = 0


def _seen(root: etree._Element) -> _Seen:
    """The same, by one walk: hostile pages nest everything in everything."""
    seen = _Seen([])
    around = Counter[str]()  # the elements of some names around the place of the walk
    paragraphs: list[list[str]] = []  # the texts of those that are open
    articles: list[bool] = []  # those that are open, and whether they have a link
    heading = False  # whether that which is open counts already
    for event, element in etree.iterwalk(root, events=("start", "end")):
        tag = element.tag if isinstance(element.tag, str) else ""
        if event == "end":
            if tag in _COUNTED:
                around[tag] -= 1
            if tag == "p":
                text = _PLAIN.sub(" ", "".join(paragraphs.pop())).strip()
                if len(text) >= _SENTENCES and not any(around[one] for one in ("a", "li", "footer")):
                    seen.long.append(text)
            elif tag == "article":
                seen.listed += articles.pop()
            if paragraphs and element.tail:
                paragraphs[-1].append(element.tail)
            continue
        if tag in _COUNTED:
            around[tag] += 1
        if tag == "p":
            paragraphs.append([])
        elif tag == "article":
            articles.append(False)
        elif tag == "h2":
            heading = False
        if around["a"] and articles and not articles[-1]:
            articles[-1] = True
        if around["a"] and around["h2"] and not heading:
            heading = True
            seen.headed += 1
        if paragraphs and element.text:
            paragraphs[-1].append(element.text)
    return seen
