"""Moments: mementos by their time and name, among their neighbours, and page by page."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive.capture import Capture
from archive.replay.addresses import SECOND, stamp
from archive.replay.answers import Problem

_BEGINNING = -(2**62)
Row = tuple[int, str]  # the time of a memento, and its address
Neighbours = tuple[list[Row], list[Row], list[Row], list[Row]]  # first; last and before it; the two before; the next


@dataclass(frozen=True, slots=True)
class Moment:
    """A memento by its time: ``at`` in microseconds since 1970, ``name`` as it stands in its address."""

    at: int
    name: str
    url: str


@dataclass(frozen=True, slots=True)
class Around:
    """The neighbours of a memento: the first and the last of its URL, and those before and behind it."""

    first: Moment
    last: Moment
    prev: Moment | None
    next: Moment | None


@dataclass(frozen=True, slots=True)
class Found:
    """A memento that was looked for: its capture, bound to its bytes, and its name."""

    capture: Capture
    moment: Moment
    around: Around | None = None


def placed(capture: Capture, parts: Neighbours) -> Found:
    """A memento among its neighbours."""
    first, last, prev, following = parts
    moments = [_moment(some) for some in (first, last, prev)]
    assert moments[0] is not None, "a memento is one of its URL's"
    assert moments[1] is not None, "the same"
    moment = Moment(capture.at, stamp(capture.at, prev[0][0] if prev else None), capture.url)
    behind = None if not following else Moment(following[0][0], stamp(following[0][0], capture.at), following[0][1])
    return Found(capture, moment, Around(moments[0], moments[1], moments[2], behind))


def paged(
    times: Callable[[int, int | None, int], list[Row]], since: int, most: int
) -> tuple[list[Moment], Moment | None] | None:
    """A page of mementos by `Mementos.times`; None where there are none at all, Problem where all are earlier."""
    rows = times(since, None, most + 1)
    kept, further = rows, None
    if len(rows) > most:
        last = rows[-1][0] // SECOND
        kept = [row for row in rows if row[0] // SECOND < last]
        if kept:
            further = next(row for row in rows if row[0] // SECOND == last)
        else:  # all in one second: the page is as long as that
            begin = last * SECOND
            kept = times(since, begin + SECOND, -1)
            further = next(iter(times(begin + SECOND, None, 1)), None)
    if kept:
        return _named(kept), None if further is None else Moment(further[0], stamp(further[0]), further[1])
    if times(_BEGINNING, None, 1):
        raise Problem(404, "no memento of this URL is as late as that")
    return None


def _named(rows: Sequence[Row]) -> list[Moment]:
    found: list[Moment] = []
    before: int | None = None
    for at, url in rows:
        if at != before:  # two at one time have one address
            found.append(Moment(at, stamp(at, before), url))
        before = at
    return found


def _moment(latest_first: Sequence[Row]) -> Moment | None:
    """The first of some rows, the second of which is the capture before it."""
    if not latest_first:
        return None
    at, url = latest_first[0]
    return Moment(at, stamp(at, latest_first[1][0] if len(latest_first) > 1 else None), url)
