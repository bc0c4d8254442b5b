"""Captures and editions over time, as the lengths of a drawing."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.catalogue.browsing import Mark
from archive.replay.pages.subject import Subject

WIDTH = 1000  # units, however wide it is shown
_LEAST = 8  # units that can be seen on a phone
_STEP = 5  # units within which captures are one stroke
_TALLEST = 14  # units of a stroke that stands for many


@dataclass(frozen=True, slots=True)
class Bar:
    """An edition: from its first capture to its last, and to where the next begins."""

    number: int
    start: int
    width: int
    until: int  # where the next one begins: somewhere before, the text changed
    shown: bool


@dataclass(frozen=True, slots=True)
class Stroke:
    """Captures of about one time: an article, no article, or nothing that was cleaned."""

    place: int
    height: int
    kind: str


@dataclass(frozen=True, slots=True)
class Timeline:
    """The drawing: bars above, strokes below, and where the shown capture is."""

    first: int
    last: int
    bars: tuple[Bar, ...]
    strokes: tuple[Stroke, ...]
    here: int | None


def timeline(subject: Subject) -> Timeline:
    """The timeline of a URL's captures."""
    marks, editions = subject.marks, subject.editions
    first = min([marks[0].at, *(one.first_at for one in editions[:1])])
    last = max([marks[-1].at, *(one.last_at for one in editions[-1:])])

    def place(at: int) -> int:
        room = WIDTH - 2 * _LEAST
        return _LEAST + (room * (at - first) // (last - first) if last > first else room // 2)

    shown = subject.edition
    starts = [place(one.first_at) - _LEAST // 2 for one in editions]
    bars = []
    for number, one in enumerate(editions):
        start = starts[number]
        width = place(one.last_at) + _LEAST // 2 - start
        until = starts[number + 1] if number + 1 < len(starts) else start + width
        bars.append(Bar(one.number, start, width, max(until, start + width), one == shown))
    here = place(subject.chosen.at) if subject.chosen is not None else None
    return Timeline(first, last, tuple(bars), _strokes(marks, [place(one.at) for one in marks]), here)


def _strokes(marks: Sequence[Mark], places: Sequence[int]) -> tuple[Stroke, ...]:
    """Captures by the place they fall on; the best kind of each is shown, and its height says how many there are."""
    found: dict[int, list[str]] = {}
    at = -_STEP
    for mark, place in zip(marks, places, strict=True):
        at = at if place - at < _STEP else place
        found.setdefault(at, []).append(kind(mark))
    order = ("article", "refused", "other")
    return tuple(
        Stroke(place, min(_TALLEST, 6 + 2 * (len(kinds) - 1)), min(kinds, key=order.index))
        for place, kinds in sorted(found.items())
    )


def kind(mark: Mark) -> str:
    """What a capture is on a timeline."""
    if mark.verdict is None:
        return "other"
    return "article" if mark.text_digest is not None else "refused"
