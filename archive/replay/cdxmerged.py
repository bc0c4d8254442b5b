"""Lines of the CDX API out of several archives: merged in the order that each has."""

from __future__ import annotations

import heapq
import sys
from collections.abc import Iterator
from dataclasses import replace
from itertools import islice

from archive.capture import Capture
from archive.replay.cdxlines import PIECE, Line, Lines, Place, Sieve, Wanted, line
from archive.replay.mementos import Mementos
from archive.replay.merged import Merged

SOURCE = "source"  # the field that names the archive, as pywb has it for its collections


class MergedLines:
    """It is used as `Lines` is. A capture that several archives hold has one line, that of the first."""

    def __init__(self, mementos: Merged, wanted: Wanted) -> None:
        self._wanted = wanted
        self._parts = [Lines(one, wanted) for one in mementos.parts]
        self._sieve = Sieve(wanted)
        whole = replace(wanted, first=0, rows=None, most=sys.maxsize, collapse=None, filters=())
        streams = [_each(one, Lines(one, whole), number) for number, one in enumerate(mementos.parts)]
        # By distance the nearest comes first, whatever else is said.
        backwards = wanted.backwards and wanted.closest is None
        merged = heapq.merge(*streams, key=lambda one: one[0], reverse=backwards)
        end = None if wanted.rows is None else wanted.first + wanted.rows
        self._lines = islice(self._once(merged), wanted.first, end)

    def piece(self) -> list[Line] | None:
        """The next lines, perhaps none; None at the end. Raises Problem for a filter that takes too long."""
        if self._sieve.left <= 0:
            return None
        some = list(islice(self._lines, PIECE))
        return self._sieve.of(some) if some else None

    def count(self) -> int:
        """How many captures there are, before filters; what several hold counts as often."""
        return sum(one.count() for one in self._parts)

    def _once(self, merged: Iterator[tuple[Place, int, str, Capture]]) -> Iterator[Line]:
        last: Place | None = None
        for place, _, name, capture in merged:
            if place != last:
                yield {**line(capture, self._wanted), SOURCE: name}
            last = place


def _each(mementos: Mementos, lines: Lines, number: int) -> Iterator[tuple[Place, int, str, Capture]]:
    """The captures of one archive, a short question at a time: no connection is held between two."""
    name = mementos.archive.configuration.name
    while (some := lines.captures()) is not None:
        for place, capture in some:
            yield place, number, name, capture


def lines_of(mementos: Mementos | Merged, wanted: Wanted) -> Lines | MergedLines:
    """The lines of a request, of one archive or of several."""
    return MergedLines(mementos, wanted) if isinstance(mementos, Merged) else Lines(mementos, wanted)
