"""Why the classifier scored a block as it did: what each number added to the score, exactly."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources

from archive.cleaning.company import OWN_SCORE
from archive.cleaning.forest import FILE, SCALE


@dataclass(frozen=True, slots=True)
class Contribution:
    """What one of a block's numbers added to its score or took from it, in thousandths of log odds."""

    name: str  # one of `archive.cleaning.judging.NAMES`
    value: int
    points: int

    def __str__(self) -> str:
        sign = "+" if self.points >= 0 else "\u2212"
        whole, rest = divmod(abs(self.points), SCALE)
        return f"{self.name} {self.value} ({sign}{whole}.{rest * 100 // SCALE:02})"


def strongest(row: Sequence[int], *, against: bool, most: int = 3) -> list[Contribution]:
    """The numbers that spoke most against a block, or most for it.

    Where the block's score of the first pass is one of them, what spoke most in that pass stands in its place. A row
    that ends before that score is one of a block that was judged once.
    """
    found = _strongest(contributions(row), against, most)
    if any(one.name == OWN_SCORE for one in found):
        first = _strongest(contributions(row, first=True), against, most)
        names = {one.name for one in first}
        found = [one for one in found if one.name != OWN_SCORE and one.name not in names]
        found = _strongest([*found, *first], against, most)
    return found


def _strongest(found: Iterable[Contribution], against: bool, most: int) -> list[Contribution]:
    some = [one for one in found if (one.points < 0) == against and one.points]
    return sorted(some, key=lambda one: (-abs(one.points), one.name))[:most]


def contributions(row: Sequence[int], *, first: bool = False) -> list[Contribution]:
    """What each number of a block contributed to its score, or to that of the first pass, in the order of the numbers.

    Of a block that was judged once, its score is that of the first pass.

    On its way through a tree a block meets tests; each step changes the mean of the leaves that can still be
    reached, and the change is the tested number's (Saabas, "Interpreting random forests", 2014; leaves unweighted).
    The contributions and the mean of all leaves add up to the score.
    """
    names, passes = _trees()
    points: dict[int, int] = {}
    for tree in passes[0 if first or len(row) < len(names) else 1]:
        node = tree
        while isinstance(node, _Test):
            if row[node.feature] > node.threshold:
                change, following = node.gained, node.greater
            else:
                change, following = node.lost, node.rest
            points[node.feature] = points.get(node.feature, 0) + change
            node = following
    return [Contribution(names[feature], row[feature], points[feature]) for feature in sorted(points)]


@dataclass(frozen=True, slots=True)
class _Test:
    """A test of a tree with what follows it: another test, or nothing at a leaf."""

    feature: int
    threshold: int
    gained: int  # what the mean of the leaves changes by where the value is greater
    lost: int  # and where it is not
    greater: _Test | None
    rest: _Test | None


def _grown(tests: Sequence[Sequence[int]], leaves: Sequence[int], low: int, high: int) -> _Test | None:
    """The tree over the leaves from ``low`` up to ``high``, from tests as a weights file has them."""
    if high - low == 1:
        return None
    # The test on top of some leaves begins with the first of them, and reaches farthest.
    within = (one for one in tests if one[2] == low and one[3] < high)
    feature, threshold, _, behind = max(within, key=lambda one: one[3])
    mean = _mean(leaves, low, high)
    return _Test(
        feature=feature,
        threshold=threshold,
        gained=_mean(leaves, behind, high) - mean,
        lost=_mean(leaves, low, behind) - mean,
        greater=_grown(tests, leaves, behind, high),
        rest=_grown(tests, leaves, low, behind),
    )


def _mean(leaves: Sequence[int], low: int, high: int) -> int:
    return sum(leaves[low:high]) // (high - low)


@cache
def _trees() -> tuple[tuple[str, ...], tuple[tuple[_Test | None, ...], ...]]:
    document = json.loads((resources.files("archive.cleaning") / FILE).read_bytes())
    passes = (document["first"], document["second"])
    grown = tuple(tuple(_grown(tests, leaves, 0, len(leaves)) for tests, leaves in trees) for trees in passes)
    return tuple(document["features"]), grown
