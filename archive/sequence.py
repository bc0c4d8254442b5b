"""Two sequences side by side: what both have, in order, at a cost that no input can raise. Pure.

difflib's cost is the product of two lengths, and for some inputs the square of that. Here the longest common
subsequence is found row by row in one whole number each (H. Hyyrö, "Bit-parallel LCS-length computation revisited",
2004): two times eight thousand words take some milliseconds, and no words take longer than others.
"""

from __future__ import annotations

from collections.abc import Hashable, Iterator, Sequence
from dataclasses import dataclass

# Bits that are kept to find the way back: eight megabytes. What is longer still is compared at its two ends alone.
_MOST = 64_000_000


@dataclass(frozen=True, slots=True)
class Run:
    """Stretches of both, beside each other: the same in both, or what the old one has in place of what the new one has.

    They are half open; of what is not the same, one of them may be empty.
    """

    same: bool
    old: range
    new: range


def common(before: Sequence[Hashable], after: Sequence[Hashable]) -> int:
    """How long the longest common subsequence is."""
    return sum(len(run.old) for run in runs(before, after) if run.same)


def runs(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[Run]:
    """Both sequences from end to end, the same and not the same in turn."""
    a = b = 0
    for c, d, length in (*_stretches(before, after), (len(before), len(after), 0)):
        if a < c or b < d:
            yield Run(False, range(a, c), range(b, d))
        if length:
            yield Run(True, range(c, c + length), range(d, d + length))
        a, b = c + length, d + length


def _stretches(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[tuple[int, int, int]]:
    """Where the same stands in both, and how much: as long as it goes on in both."""
    place: tuple[int, int, int] | None = None
    for a, b in _pairs(before, after):
        if place is not None and (a, b) == (place[0] + place[2], place[1] + place[2]):
            place = (place[0], place[1], place[2] + 1)
            continue
        if place is not None:
            yield place
        place = (a, b, 1)
    if place is not None:
        yield place


def _pairs(before: Sequence[Hashable], after: Sequence[Hashable]) -> Iterator[tuple[int, int]]:
    least = min(len(before), len(after))
    head = next((n for n in range(least) if before[n] != after[n]), least)
    tail = next((n for n in range(least - head) if before[-1 - n] != after[-1 - n]), least - head)
    yield from ((n, n) for n in range(head))
    old, new = before[head : len(before) - tail], after[head : len(after) - tail]
    yield from ((head + a, head + b) for a, b in _subsequence(old, new))
    yield from ((len(before) - n, len(after) - n) for n in range(tail, 0, -1))


def _subsequence(before: Sequence[Hashable], after: Sequence[Hashable]) -> list[tuple[int, int]]:
    """Pairs of places of a longest common subsequence; none where both are too long."""
    if not before or not after or len(before) * len(after) > _MOST:
        return []
    masks: dict[Hashable, int] = {}
    for place, one in enumerate(before):
        masks[one] = masks.get(one, 0) | 1 << place
    whole = (1 << len(before)) - 1
    # A bit of a row is clear where the subsequence grows by that place of the old one.
    row, rows = whole, []
    for one in after:
        kept = row & masks.get(one, 0)
        row = (row + kept | row - kept) & whole
        rows.append(row)
    found = []
    a, b = len(before), len(after)
    while a and b:
        if rows[b - 1] >> (a - 1) & 1:
            a -= 1
        elif b > 1 and not rows[b - 2] >> (a - 1) & 1:
            b -= 1
        else:
            a, b = a - 1, b - 1
            found.append((a, b))
    return found[::-1]
