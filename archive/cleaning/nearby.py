"""Dates near the headline: time elements and written dates, without the header's and those of other articles."""

from __future__ import annotations

import re
from bisect import bisect_left
from dataclasses import dataclass

from lxml import html

from archive.cleaning.evidence import Candidate, Page
from archive.cleaning.folding import fold
from archive.cleaning.heads import MAX_HEADS
from archive.cleaning.mentions import is_aside
from archive.cleaning.stream import solid
from archive.cleaning.written import date_in
from archive.clock import to_datetime

_BELOW, _ABOVE = 1200, 250  # solid characters from the headline
_MOST_TEXTS = 300
_LONGEST = 90  # solid characters of a text that holds a date and little else; a paragraph tells of other days
# What says that a date is that of a change.
_CHANGED = re.compile(
    r"updated?|aktualisiert|stand\b|geändert|mis à jour|modifi|actualiza|atualiza|aggiorna|bijgewerkt|oppdatert|"
    r"opdateret|uppdaterad|päivitetty|güncelle|обновл|zaktualizow|更新|수정",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Near:
    """The dates near a headline, nearest first: of the publication, and those that are said to be of a change."""

    published: tuple[Candidate, ...] = ()
    changed: tuple[Candidate, ...] = ()


def near_headline(page: Page, at: int, headline: str | None) -> Near:
    """The dates that stand near the headline, those below it before those above.

    A date above the headline that is the day of the capture is the header's, and no candidate. ``at`` is the time of
    the capture in microseconds. Of several headings, the one that says the headline is it.
    """
    heads = page.heads[:MAX_HEADS]
    if not heads:
        return Near()
    stream = page.stream
    wanted = fold(headline or "")
    head = next((one for one in heads if fold(page.said(one)) == wanted), heads[0])
    begin, end = stream.extent(head)
    today = to_datetime(at).date().isoformat()  # of the capture
    month_first = (page.root.get("lang") or "").lower() == "en-us"
    below: list[Candidate] = []
    above: list[Candidate] = []
    changes: list[Candidate] = []
    first = bisect_left(stream.starts, max(0, begin - _ABOVE))
    seen: set[html.HtmlElement] = set()
    changed = False
    for number in range(first, min(first + _MOST_TEXTS, len(stream.raws))):
        start, stop = stream.span(number, number)
        if start > end + _BELOW:
            break
        if start == stop:
            continue
        raw = stream.raws[number]
        owner = stream.owners[number]
        said = stop - start <= _LONGEST and _CHANGED.search(raw) is not None
        time = _time(owner)
        if time is not None and time in seen:
            continue
        if time is not None:
            seen.add(time)
        one = (
            page.attribute(time, "datetime", "time near the headline")
            if time is not None
            else _written(page, number, month_first=month_first)
        )
        # "Updated:" may stand in an element of its own, before its date.
        label, changed = changed or said, one is None and said
        if one is None or is_aside(owner):
            continue
        if label:
            changes.append(one)
        elif start >= begin:
            below.append(one)
        elif not one.value.startswith(today):
            above.append(one)
    return Near((*below, *above[::-1]), tuple(changes))


def _time(owner: html.HtmlElement) -> html.HtmlElement | None:
    """The time element that a text stands in."""
    for element in (owner, owner.getparent()):
        if element is not None and element.tag == "time" and element.get("datetime"):
            return element
    return None


def _written(page: Page, number: int, *, month_first: bool) -> Candidate | None:
    raw = page.stream.raws[number]
    if len(raw) > 4 * _LONGEST or not any(map(str.isdigit, raw)) or len(solid(raw)) > _LONGEST:
        return None
    found = date_in(raw, month_first=month_first)
    if found is None:
        return None
    written, start, end = found
    at = page.stream.starts[number] + len(solid(raw[:start]))
    source = page.spanned(at, at + len(solid(raw[start:end])), "written near the headline")
    return Candidate(written, source.rule, source.source, source.parts)
