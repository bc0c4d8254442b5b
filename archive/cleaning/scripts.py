"""Bodies in scripts: the JSON that a page carries for its scripts, and the story that it holds. Pure.

Read where the markup has next to no text: pages that are drawn in the browser bring their story as JSON-LD, as the
state of a framework (Next.js, Nuxt, Fusion, Apollo, Redux), or as rows of React's server components.
"""

from __future__ import annotations

import json
import re
from collections import defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from html import escape
from typing import Any

from lxml import etree, html

from archive.cleaning.folding import fold, number_of
from archive.cleaning.stream import normalise

Pointer = tuple[str | int, ...]

_MOST_TEXT = 4 * 2**20  # characters of one script
_MOST_VALUES = 200_000  # of all scripts of a page
_MOST_DEPTH = 100
_MOST_STARTS = 20  # places in one script at which JSON may begin
_MOST_WRONG = 20  # rows, or pushes, of a page that are no JSON: each may be read to its end before that is seen
_LONGEST_TITLE = 500  # characters
_LITTLE = 60  # words that read like sentences, below which there is no story
_WHOLE = 100  # words of one text that may be a whole story
_SCRIPTS = etree.XPath("//script[not(@src)]")
_TITLES = etree.XPath("//meta[@property='og:title' or @name='twitter:title']/@content|//title/text()|//h1/text()")
_ASSIGNED = re.compile(r"(?:=|\breturn\b|\()\s*(?=[\[{])")
_PARSED = re.compile(r'JSON\.parse\(\s*+("[^"\\]*+(?:\\.[^"\\]*+)*+")\s*+\)')
_PUSHED = re.compile(r"self\.__next_f\.push\(\s*(?=\[)")
_ROW = re.compile(r"(?:^|\n)?([0-9a-f]{1,6}):(?:T([0-9a-f]{1,8}),)?")
_MARKUP = re.compile(r"<(?:p|div|h[2-6]|li|blockquote|br)\b", re.IGNORECASE)
_REFERENCE = re.compile(
    r"</[a-z]|&(?:[a-z]{2,8}|#[0-9]{1,6}|#x[0-9a-f]{1,5});", re.IGNORECASE
)  # of what is HTML already
_ENDS = re.compile(r"[.!?\u2026\u061f\u06d4\u0964][\"'\u201d\u2019\u00bb)\]]*(?:\s|$)|[\u3002\uff01\uff1f]")
_DENSE = re.compile(r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af]")
_AROUND = 4  # objects around a text that may tell its title
_WORDS = 10  # of a text that reads like sentences
# Keys below which nothing is this article's text.
_ELSEWHERE = re.compile(
    r"comment|related|recommend|newsletter|promo|teaser|seo|description|summary|caption|credit|author|byline|bio\b|legal|"
    r"consent|cookie|i18n|intl|locale|translation|label|config|menu|footer|header|navigation|trending|popular|advert|tooltip",
    re.IGNORECASE,
)
_TAGS = frozenset({"p", "h2", "h3", "h4", "h5", "h6", "ul", "ol", "li", "blockquote", "div", "section", "article"})
_INLINE = frozenset({"a", "b", "strong", "em", "i", "span", "u", "sup", "sub"})


@dataclass(frozen=True, slots=True)
class Story:
    """The story of a script: its parts as HTML, the script's number on the page, and the JSON pointer to it.

    In a pointer ``*`` stands for every item of a list.
    """

    parts: tuple[str, ...]
    script: int
    pointer: str


@dataclass(slots=True)
class _Group:
    """Texts that stand at one pattern of pointers."""

    texts: list[tuple[Pointer, str]] = field(default_factory=list)
    words: int = 0  # of those that read like sentences


def story_of(root: html.HtmlElement) -> Story | None:
    """The story that a page's scripts hold; None where there is none, or where it cannot be told which it is."""
    titles = {fold(one) for one in map(str, _TITLES(root)) if one.strip() and len(one) <= _LONGEST_TITLE}
    budget = [_MOST_VALUES]
    best: tuple[int, int, Story] | None = None
    rows: list[str] = []
    scripts = _SCRIPTS(root)
    for number, script in enumerate(scripts):
        text = script.text or ""
        if not 50 < len(text) <= _MOST_TEXT:
            continue
        if _PUSHED.search(text):
            rows.extend(_pushed(text))
            continue
        for value in _values(text):
            best = _better(best, value, number, titles, budget)
    flight = "".join(rows)
    if flight and len(flight) <= _MOST_TEXT:
        at = next(n for n, script in enumerate(scripts) if _PUSHED.search(script.text or ""))
        for value in _flight(flight):
            best = _better(best, value, at, titles, budget)
    return best[2] if best is not None else None


def _better(
    best: tuple[int, int, Story] | None, value: object, script: int, titles: set[str], budget: list[int]
) -> tuple[int, int, Story] | None:
    found = _story(value, titles, budget)
    if found is None:
        return best
    words, parts, pointer = found
    if best is not None and best[0] >= words:
        return best
    return words, script, Story(parts, script, pointer)


def _values(text: str) -> Iterator[object]:
    """The JSON documents in a script."""
    stripped = text.strip().rstrip(";")
    whole = _loaded(stripped) if stripped[:1] in "{[" else None
    if whole is not None:
        yield whole
        return
    decoder = json.JSONDecoder(strict=False)
    behind = 0
    for number, found in enumerate(_ASSIGNED.finditer(text)):
        if number == _MOST_STARTS:
            break
        if found.end() < behind:
            continue
        try:
            value, behind = decoder.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            continue
        yield value
    for number, found in enumerate(_PARSED.finditer(text)):
        if number == _MOST_STARTS:
            break
        inner = _loaded(found[1])
        if isinstance(inner, str) and (value := _loaded(inner)) is not None:
            yield value


def _loaded(text: str) -> Any:  # noqa: ANN401 - JSON
    try:
        return json.loads(text, strict=False)
    except (ValueError, RecursionError):
        return None


def _pushed(text: str) -> Iterator[str]:
    """What a script pushes to Next.js' stream of rows: ``[1, "…"]``."""
    decoder = json.JSONDecoder(strict=False)
    wrong = 0
    for found in _PUSHED.finditer(text):
        try:
            value, _ = decoder.raw_decode(text, found.end())
        except (ValueError, RecursionError):
            wrong += 1
            if wrong > _MOST_WRONG:
                return
            continue
        if isinstance(value, list) and len(value) > 1 and isinstance(value[1], str):
            yield value[1]


def _flight(text: str) -> Iterator[object]:
    """The values of rows: ``2a:{…}``, and texts by their length in bytes, ``2b:T5dc,…``."""
    decoder = json.JSONDecoder(strict=False)
    at = wrong = 0
    while wrong <= _MOST_WRONG and (found := _ROW.search(text, at)):
        at = found.end()
        if found[2] is not None:
            size = int(found[2], 16)
            written = text[at : at + size].encode("utf-8", "replace")[:size].decode("utf-8", "ignore")
            yield written
            at += len(written)
            continue
        if text[at : at + 1] in '[{"':
            try:
                value, at = decoder.raw_decode(text, at)
            except (ValueError, RecursionError):
                wrong += 1
                continue
            yield _element(value) if _is_element(value) else value
        else:  # a module or a hint: nothing that is read
            line = text.find("\n", at)
            at = line if line >= 0 else len(text)


def _is_element(value: object) -> bool:
    return isinstance(value, list) and len(value) >= 4 and value[0] == "$" and isinstance(value[1], str)


def _element(value: Any, depth: int = 0) -> str:  # noqa: ANN401 - JSON
    """React's elements as HTML; what is no element of text is passed through to what it holds."""
    if depth > _MOST_DEPTH:
        return ""
    if isinstance(value, str):
        return escape(value) if not value.startswith("$") else ""
    if _is_element(value):
        tag, props = value[1], value[3]
        props = props if isinstance(props, dict) else {}
        raw = props.get("dangerouslySetInnerHTML")
        inner = raw["__html"] if isinstance(raw, dict) and isinstance(raw.get("__html"), str) else None
        if inner is None:
            inner = _element(props.get("children"), depth + 1)
        return f"<{tag}>{inner}</{tag}>" if tag in _TAGS or tag in _INLINE else inner
    if isinstance(value, list):
        return "".join(_element(one, depth + 1) for one in value)
    return ""


def _story(value: object, titles: set[str], budget: list[int]) -> tuple[int, tuple[str, ...], str] | None:
    groups: defaultdict[Pointer, _Group] = defaultdict(_Group)
    for pointer, text in _texts(value, budget):
        group = groups[tuple("*" if isinstance(step, int) else step for step in pointer)]
        group.texts.append((pointer, text))
        group.words += _story_words(text)
    if not groups:
        return None
    headed = _Headed(value, titles)
    pattern, group = max(groups.items(), key=lambda one: (_rank(headed, one[1]), str(one[0])))
    texts = group.texts
    whole = [one for one in texts if _story_words(one[1]) >= _WHOLE and _MARKUP.search(one[1])]
    if len(whole) > 1:  # the stories of several articles
        texts = [one for one in whole if headed.is_about(one[0])]
        if len(texts) != 1:
            return None
    words = sum(_story_words(text) for _, text in texts)
    if words < _LITTLE:
        return None
    name = "/" + "/".join(str(step).replace("~", "~0").replace("/", "~1") for step in pattern)
    return words, tuple(_as_html(text) for _, text in texts), name if pattern else ""


def _texts(value: object, budget: list[int]) -> Iterator[tuple[Pointer, str]]:
    waiting: list[tuple[Pointer, Any]] = [((), value)]
    while waiting:
        pointer, one = waiting.pop()
        budget[0] -= 1
        if budget[0] < 0:
            return
        if isinstance(one, str):
            if one.strip():
                yield pointer, one
        elif _is_element(one):
            yield pointer, _element(one)
        elif len(pointer) < _MOST_DEPTH:
            if isinstance(one, dict):
                some = [((*pointer, key), inner) for key, inner in one.items() if not _ELSEWHERE.search(key)]
                waiting.extend(reversed(some))
            elif isinstance(one, list):
                waiting.extend(((*pointer, n), inner) for n, inner in reversed(list(enumerate(one))))


def _story_words(text: str) -> int:
    """The words of a text if it reads like sentences, else 0."""
    if len(text) < _WORDS:
        return 0
    plain = re.sub(r"<[^<>]*>", " ", text) if "<" in text else text
    words = len(plain.split()) + number_of(_DENSE, plain) // 2
    return words if words >= _WORDS and _ENDS.search(plain) else 0


@dataclass(slots=True)
class _Headed:
    """Which objects of a JSON are headed as the page is; each is asked once, for many texts may stand in it."""

    value: Any
    titles: set[str]
    _known: dict[int, bool] = field(default_factory=dict)

    def is_about(self, pointer: Pointer) -> bool:
        """Whether one of the objects around a text is headed as the page is."""
        around: list[Any] = [self.value]
        for step in pointer[:-1]:
            around.append(around[-1][step])
        return any(self._is_headed(one) for one in [one for one in around if isinstance(one, dict)][-_AROUND:])

    def _is_headed(self, one: dict[str, Any]) -> bool:
        known = self._known.get(id(one))
        if known is None:
            known = self._known[id(one)] = any(
                isinstance(text, str) and len(text) <= _LONGEST_TITLE and fold(text) in self.titles
                for text in one.values()
            )
        return known


def _rank(headed: _Headed, group: _Group) -> tuple[bool, int]:
    """A group that holds a story of the page's title comes before all others, then that of most words."""
    is_story = group.words >= _LITTLE
    return is_story and headed.is_about(group.texts[0][0]), group.words


def _as_html(text: str) -> str:
    """A text as HTML: its own, or a paragraph for each line."""
    if _MARKUP.search(text):
        return text
    lines = [normalise(line) for line in re.split(r"\r?\n\s*\r?\n|\r?\n", text)]
    plain: Callable[[str], str] = str if _REFERENCE.search(text) else escape
    return "".join(f"<p>{plain(line)}</p>" for line in lines if line)
