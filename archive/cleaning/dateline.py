"""The dateline: the place (and sometimes the day) before the first sentence, and the agency that stands with it."""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Sequence
from dataclasses import dataclass

from archive.cleaning.agencies import agency_among
from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.linked import Linked
from archive.cleaning.placed import Placed
from archive.cleaning.stream import solid

_LONGEST = 60  # characters of a dateline
_WORD = r"[^\W\d_][\w.'\u2019-]*"
_UPPER = r"[^\W\d_a-zß-öø-ÿа-я][^\Wa-zß-öø-ÿа-я]*(?:[.'\u2019-][^\Wa-zß-öø-ÿа-я]+)*\.?"
_DASH = r"\s?[\u2014\u2013-]{1,2}\s"
_DAY = r"(?:,?\s+(?:[A-Z][a-z]{2,8}\.?\s+\d{1,2}|\d{1,2}\.?\s+[A-Z][a-z]{2,8}\.?))?"
# A place and an agency in brackets: "MOSCOW, Nov 24 (Reuters) - ", "PARIS (AFP). "
_CREDITED = re.compile(
    rf"((?:{_WORD}[\s,/]+){{0,5}}{_WORD}{_DAY})\s*[(\[\uff08]([^()\[\]]{{2,50}})[)\]\uff09]\s*(?:[\u2014\u2013:-]{{1,2}}\s?|\.\s)"
)
# "INDIANAPOLIS \u2014 ", "ST. JOHN'S, Newfoundland, Nov. 24 \u2014 "
_CAPITALS = re.compile(rf"({_UPPER}(?:[\s/]{_UPPER}){{0,3}}(?:,\s{_WORD}(?:\s{_WORD})?)?{_DAY}){_DASH}(?=\S)")
# "Berlin. " where it is set apart by an element of its own.
_APART = re.compile(rf"({_WORD}(?:[\s/-]{_WORD}){{0,2}})\s?[.\u2014\u2013-]?")
_CLOCK = re.compile(r"\d\d?:\d\d")  # some state a date where schema.org wants the place
_LETTERS = re.compile(r"[^\W\d_]")


@dataclass(frozen=True, slots=True)
class Dateline:
    """The dateline with its place on the page, and the agency behind it as it is written there."""

    candidates: tuple[Candidate, ...]
    agency: Candidate | None = None

    @property
    def text(self) -> str | None:
        """The place, and the day if it stands there, without the dash."""
        return self.candidates[0].value if self.candidates else None


def dateline(page: Page, linked: Linked, placed: Sequence[Placed]) -> Dateline:
    """The dateline of a body; the body keeps its words. What the page states for machines is a candidate, too."""
    stated = linked.text(page, "dateline", "json-ld dateline")
    sound = stated is not None and len(stated.value) <= _LONGEST and not _CLOCK.search(stated.value)
    rest = (stated,) if stated is not None and sound else ()
    if not placed:
        return Dateline(rest)
    text = placed[0].block.text[: 4 * _LONGEST]
    found = _CREDITED.match(text)
    if found and len(found[1]) <= _LONGEST and agency_among([found[2]]) is not None:
        rule = "place and agency before the story"
        place, wire = (_candidate(page, placed[0], *found.span(number), rule) for number in (1, 2))
        return Dateline((place, *rest), wire)
    if (found := _CAPITALS.match(text)) and len(found[1]) <= _LONGEST and len(_LETTERS.findall(found[1])) > 2:
        return Dateline((_candidate(page, placed[0], *found.span(1), "place in capitals before the story"), *rest))
    if apart := _set_apart(page, placed[0]):
        return Dateline((_candidate(page, placed[0], 0, len(apart), "place set apart before the story"), *rest))
    return Dateline(rest)


def _set_apart(page: Page, first: Placed) -> str | None:
    """The place that begins a story in an inline element of its own, which ends with a full stop or a dash."""
    stream = page.stream
    lead = bisect_right(stream.starts, first.start) - 1
    behind = bisect_right(stream.starts, first.start + len(solid(stream.raws[lead]))) - 1
    if stream.starts[lead] != first.start or stream.starts[behind] >= first.end:
        return None
    raw = stream.raws[lead].strip()
    owner = stream.owners[lead]
    if owner is stream.owners[behind] or owner.tag not in {"span", "b", "strong", "em", "i"}:
        return None
    found = _APART.fullmatch(raw)
    ended = raw[-1:] in ".\u2014\u2013" or stream.raws[behind].lstrip()[:1] in {"\u2014", "\u2013", "-"}
    words = raw.rstrip(".\u2014\u2013- ").split()
    if not found or not ended or len(raw) > _LONGEST // 2 or not all(word[0].isupper() for word in words):
        return None
    return found[1].rstrip(".")


def _candidate(page: Page, first: Placed, start: int, end: int, rule: str) -> Candidate:
    """A part of the first block's text, given by its characters."""
    text = first.block.text
    return page.spanned(first.start + len(solid(text[:start])), first.start + len(solid(text[:end])), rule)
