"""Corrections: the notes in which a story says what it said wrongly before."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass
from itertools import islice

from lxml import html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked
from archive.cleaning.placed import Placed
from archive.cleaning.stream import INLINE

MAX_NOTES = 10
_BEHIND = 1500  # solid characters behind the body, where notes stand mostly
_MOST_TEXTS = 1000
_BEFORE = 3  # texts before the one with a telling word: a label and a date may stand in elements of their own
_LONGEST = 900  # solid characters of a note
_FAR = 10  # elements around a note that may be readers' comments
_COMMENTS = re.compile(r"comment|kommentar|disqus", re.IGNORECASE)
# How notes begin. "Updated" alone says nothing of an error, and an editor's note may be about anything.
_THIS = r"(?:this|the) (?:article|story|report|post|headline|caption|piece|page)"
_PHRASES = (
    r"corrections?(?:\s*\([^)]{1,40}\)|\s+(?:to|on|made|of)\b[^:]{0,60}|,?\s+[A-Z][a-z]{2,8}\.?\s+\d{1,2}(?:,\s*\d{4})?)?"
    r"\s*[:\u2014\u2013]",
    r"clarification(?:\s*\([^)]{1,40}\))?\s*[:\u2014\u2013]",
    r"erratum\s*:",
    rf"(?:an?|the) (?:earlier|previous|original) version of {_THIS}",
    rf"{_THIS} (?:has been|was) (?:corrected|amended)",
    rf"{_THIS} (?:has been|was) (?:updated|edited|revised) to (?:correct|clarify|reflect that|remove|fix)",
    r"editor['\u2019]?s['\u2019]? note\s*[:\u2014\u2013].{0,120}?(?:correct|earlier version|misstat|wrongly|in error)",
    r"(?:korrektur(?:hinweis)?|berichtigung|richtigstellung)(?:\s*\([^)]{1,40}\))?\s*:",
    r"in (?:einer|der) (?:früheren|ersten|ursprünglichen|vorherigen|älteren) (?:version|fassung)",
    r"(?:anm(?:erkung|\.)?|hinweis) der redaktion\s*:.{0,160}?(?:früheren|korrig|fehler|fälschlich|irrtümlich)",
    r"(?:rectificatif|correctif)\s*[:\u2014\u2013]",
    r"(?:une|la) (?:précédente|première) version de (?:cet|l['\u2019])\s?article",
    r"fe de errores|(?:correcci[oó]n|rectificaci[oó]n)\s*:|una versi[oó]n anterior de est[ea]",
    r"errata(?: corrige)?\s*:|una (?:precedente|prima) versione (?:di questo|dell['\u2019])",
    r"correção\s*:|uma versão anterior dest[ea]",
    r"correctie\s*:|in een eerdere versie van dit",
    r"(?:rettelse|rättelse|oikaisu)\s*:|i en (?:tidligere|tidigare) (?:version|versjon|utgave) a[fv]",
    r"(?:sprostowanie|oprava|исправление)\s*:|в (?:предыдущей|ранней) версии",
    r"(?:訂正|更正|정정)\s*[:\uff1a]|【訂正】|おわび",
)
# One of these, without spaces, is in all of them.
_TELLING = (
    *("correct", "correcci", "correção", "clarification", "errat", "errores", "versi", "fassung", "amended", "snote"),
    *(
        "updatedto",
        "editedto",
        "revisedto",
        "derredaktion",
        "korrektur",
        "berichtigung",
        "richtigstellung",
        "rectifica",
    ),
    *("rettelse", "rättelse", "oikaisu", "udgave", "utgave", "versão", "versie", "sprostowanie", "oprava"),
    *("исправление", "версии", "訂正", "更正", "정정", "おわび"),
)
_BEGINS = re.compile(rf"[\W_]{{0,3}}(?:{'|'.join(_PHRASES)})", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Notes:
    """The correction notes of a page, and the stretches of its text stream that they are."""

    candidates: tuple[Candidate, ...] = ()
    spans: tuple[tuple[int, int], ...] = ()

    def without(self, placed: tuple[Placed, ...]) -> tuple[Placed, ...]:
        """A body without the notes, which an article tells apart; a body that is nothing but a note stays as it is."""
        if not self.spans:
            return placed
        kept = [one for one in placed if not any(start <= one.start and one.end <= end for start, end in self.spans)]
        return tuple(kept) or placed


def corrections(page: Page, linked: Linked, placed: Sequence[Placed]) -> Notes:
    """The notes of a page in its order, each once: within and around the body, and what it states for machines."""
    found: dict[str, Candidate] = {}
    spans = []
    if placed:
        for candidate, start, end in _visible(page, placed[0].start, placed[-1].end + _BEHIND):
            if len(found) >= MAX_NOTES and candidate.value not in found:
                break
            found.setdefault(candidate.value, candidate)
            spans.append((start, end))
    if not found and (stated := _stated(page, linked)):
        found[stated.value] = stated
    return Notes(tuple(found.values()), tuple(spans))


def _stated(page: Page, linked: Linked) -> Candidate | None:
    """schema.org's ``correction``: a text, or a comment that holds one."""
    value = (linked.article or {}).get("correction")
    if isinstance(value, list) and value:
        value = value[0]
    if isinstance(value, dict):
        value = value.get("text")
        return linked.place(page, "text", value, "json-ld correction") if isinstance(value, str) else None
    return linked.place(page, "correction", value, "json-ld correction") if isinstance(value, str) else None


def _is_comment(element: html.HtmlElement) -> bool:
    """Whether an element stands among readers' comments."""
    around = islice((element, *element.iterancestors()), _FAR)
    return any(_COMMENTS.search(f"{one.get('class', '')} {one.get('id', '')}") for one in around)


def _visible(page: Page, floor: int, ceiling: int) -> list[tuple[Candidate, int, int]]:
    stream = page.stream
    notes = []
    reached = -1
    for number in _suspects(page, max(0, floor - _LONGEST), ceiling):
        start = stream.starts[number]
        if start < reached or not _BEGINS.match(stream.raws[number].lstrip()[:300] + _next(page, number)):
            continue
        begin, end = _box(page, stream.owners[number], start)
        if begin == start and end - begin <= _LONGEST and not _is_comment(stream.owners[number]):
            notes.append((page.spanned(begin, end, "a note that begins as corrections do"), begin, end))
            reached = end
    return notes


def _suspects(page: Page, floor: int, ceiling: int) -> list[int]:
    """The texts that hold a telling word, and the few before each, in which its note may begin; few pages have any."""
    stream = page.stream
    # Lower case has another length for one letter, the Turkish I with a dot: its pages lose notes, and gain none.
    about = stream.solid[floor:ceiling].lower()
    found: set[int] = set()
    for word in _TELLING:
        at = about.find(word)
        while at >= 0 and len(found) < _MOST_TEXTS:
            number = bisect_right(stream.starts, floor + at) - 1
            found.update(range(max(0, number - _BEFORE), number + 1))
            # On to the next text: one of a megabyte may say the word a hundred thousand times.
            at = about.find(word, stream.starts[number + 1] - floor) if number + 1 < len(stream.starts) else -1
    return sorted(found)


def _next(page: Page, number: int) -> str:
    """The beginning of the following text, where a label stands in an element of its own."""
    raw = page.stream.raws[number]
    behind = number + 1
    return page.stream.raws[behind][:200] if len(raw) < 60 and behind < len(page.stream.raws) else ""


def _box(page: Page, owner: html.HtmlElement, start: int) -> tuple[int, int]:
    """The extent of the nearest element around that parts words: a paragraph."""
    for one in (owner, *owner.iterancestors()):
        if one.tag not in INLINE:
            return page.stream.extent(one)
    return start, start
