"""The mementos of several archives as those of one: merged by time, and none that one of them has taken down."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Sequence
from itertools import islice

from archive.capture import Capture
from archive.clock import to_datetime
from archive.errors import NotFound, TakenDown
from archive.replay.addresses import stamp
from archive.replay.answers import Problem
from archive.replay.mementos import Mementos
from archive.replay.moments import Found, Moment, Neighbours, Row, paged, placed
from archive.url import normalise


class Merged:
    """It answers what `Mementos` does. ``parts`` are asked one after the other, in the order that was given.

    Each of them knows what the others have taken down (`archive.replay.elsewhere`). A capture that several hold, since
    one imported what the other crawled, is that of the first.
    """

    def __init__(self, parts: Sequence[Mementos]) -> None:
        self.parts = tuple(parts)

    def nearest(self, url: str, at: int | None) -> Found:
        """As `Mementos.nearest`: the memento nearest to a time, or the latest, whoever has it."""
        found = self._captures(url, lambda one: one.nearest(url, at))
        return self._placed(max(found, key=lambda one: one.at) if at is None else min(found, key=_from(at)))

    def exact(self, url: str, at: int, width: int, *, around: bool) -> Found:
        """As `Mementos.exact`."""
        found = self._captures(url, lambda one: one.exact(url, at, width, around=False))
        within = [one for one in found if at <= one.at < at + width]
        if not within:
            return self._placed(min(found, key=_from(at)))
        capture = min(within, key=lambda one: (one.at, 300 <= (one.status or 0) < 400, one.id))
        if not around:
            return Found(capture, Moment(capture.at, stamp(capture.at), capture.url))
        return self._placed(capture)

    def listed(self, url: str, since: int, most: int) -> tuple[list[Moment], Moment | None]:
        """As `Mementos.listed`."""

        def times(begin: int, end: int | None, number: int) -> list[Row]:
            rows = _once(heapq.merge(*(one.times(url, begin, end, number) for one in self.parts)))
            return list(rows if number < 0 else islice(rows, number))

        found = paged(times, since, most)
        if found is None:
            raise self.none(url)
        return found

    def behind_redirect(self, capture: Capture) -> Moment | None:
        """As `Mementos.behind_redirect`."""
        moments = [one.behind_redirect(capture) for one in self.parts]
        found = [one for one in moments if one is not None]
        if not found:
            return None
        nearest = min(found, key=lambda one: (abs(one.at - capture.at), -one.at))
        # Another archive may have a capture within the same second.
        return Moment(nearest.at, f"{to_datetime(nearest.at):%Y%m%d%H%M%S%f}", nearest.url)

    def within(self, url: str, since: int, until: int) -> list[Capture]:
        """As `Mementos.within`."""
        return [capture for one in self.parts for capture in one.within(url, since, until)]

    def holder(self, capture: str) -> int | None:
        """Which of them holds a capture, by its id: the first; None where none does."""
        return next((number for number, one in enumerate(self.parts) if one.holds(capture)), None)

    def none(self, url: str) -> Exception:
        """As `Mementos.none`: what one of them says that knows more than that it has nothing."""
        errors = [one.none(url) for one in self.parts]
        return next((one for one in errors if not isinstance(one, NotFound)), errors[0])

    def _captures(self, url: str, asked: Callable[[Mementos], Found]) -> list[Capture]:
        """What each finds, at least one; raises TakenDown where one has taken the URL down."""
        found: dict[str, Capture] = {}
        for one in self.parts:
            try:
                capture = asked(one).capture
            except TakenDown:
                raise
            except (NotFound, Problem):
                continue
            found.setdefault(capture.id, capture)
        if not found:
            raise self.none(url)
        return list(found.values())

    def _placed(self, capture: Capture) -> Found:
        asked = [one.neighbours(normalise(capture.url), capture.at) for one in self.parts]
        return placed(capture, _joined(asked))


def _joined(asked: Sequence[Neighbours]) -> Neighbours:
    """The neighbours in all of them."""
    first, last, before, behind = ([row for one in asked for row in one[part]] for part in range(4))
    down = [list(_once(sorted(rows, reverse=True)))[:2] for rows in (last, before)]
    return sorted(first)[:1], down[0], down[1], sorted(behind)[:1]


def _once(rows: Iterable[Row]) -> Iterable[Row]:
    """Rows in their order, of those of one time the first."""
    last: int | None = None
    for row in rows:
        if row[0] != last:
            yield row
        last = row[0]


def _from(at: int) -> Callable[[Capture], tuple[int, int]]:
    return lambda capture: (abs(capture.at - at), capture.at)
