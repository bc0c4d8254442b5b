"""The learned classifier: sums of small decision trees over whole numbers.

Walked the way of QuickScorer (Lucchese et al., SIGIR 2015): each tree has eight leaves at most, and so a byte, or
sixteen, and so two. A test that fails rules out the leaves on its left; all the tests on one feature are answered by
one search among sorted thresholds, which gives one mask for all trees together. What is left at the end is each tree's
exit, its lowest bit.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from operator import getitem
from typing import Any

from archive.cleaning.features import SHARED

LEAVES = 16
SCALE = 1000  # scores are thousandths of log odds
FILE = "weights.json"


_REMEMBERED = 2000  # answers: some two megabytes
Test = tuple[int, tuple[int, ...], tuple[int, ...]]  # a feature, thresholds, and masks, one more than these


@dataclass(frozen=True, slots=True)
class Forest:
    """A sum of trees."""

    bytes: int  # of all trees
    full: int  # a bit for each leaf that a tree could have
    ones: int  # the first bit of each tree
    tests: tuple[Test, ...]
    shared: tuple[tuple[int, int, tuple[Test, ...], dict[tuple[int, ...], int]], ...]  # see `forest_of`
    # Of each byte what the leaf is worth whose bit alone is left; nothing where none is.
    leaves: tuple[tuple[int, ...], ...]

    def score(self, row: Sequence[int]) -> int:
        """The score of a block's numbers, in thousandths of log odds."""
        left = self.full
        for start, end, tests, known in self.shared:
            key = tuple(row[start:end])
            mask = known.get(key)
            if mask is None:
                mask = self.full
                for feature, thresholds, masks in tests:
                    mask &= masks[bisect_left(thresholds, row[feature])]
                if len(known) >= _REMEMBERED:
                    known.clear()
                known[key] = mask
            left &= mask
        for feature, thresholds, masks in self.tests:
            left &= masks[bisect_left(thresholds, row[feature])]
        left &= (left ^ self.full) + self.ones  # of each tree, the lowest bit alone: x & -x
        return sum(map(getitem, self.leaves, left.to_bytes(self.bytes, "little")))


@dataclass(frozen=True, slots=True)
class Weights:
    """What was learned. ``made`` says what made it, and how good it is.

    Blocks are judged twice: at first each by its own numbers, then by these and the scores of the blocks around it.
    Those that reach the limit of their page are kept.
    """

    names: tuple[str, ...]  # of the numbers that are asked for, in their order; the first pass asks for those before
    limits: tuple[int, ...]  # for each kind of page that `archive.cleaning.said.Said.declared` tells apart
    made: dict[str, Any]
    first: Forest
    second: Forest


def forest_of(trees: Sequence[Any], shared: Sequence[int] = ()) -> Forest:
    """The forest of some trees. ``shared`` has the lengths of parts at the beginning of a row that many blocks share:
    what all tests on such a part answer is remembered.

    A tree is ``[tests, leaves]``; a test is ``[feature, threshold, first, behind]``: a value greater than the
    threshold rules out the leaves from ``first`` up to ``behind``, counted from the left.
    """
    wide = 8 if all(len(leaves) <= 8 for _, leaves in trees) else LEAVES
    full = (1 << wide * len(trees)) - 1
    by_feature: dict[int, list[tuple[int, int]]] = {}
    for number, (tests, _) in enumerate(trees):
        for feature, threshold, first, behind in tests:
            ruled_out = ((1 << behind) - (1 << first)) << wide * number
            by_feature.setdefault(feature, []).append((threshold, full ^ ruled_out))
    asked = []
    for feature, tests in sorted(by_feature.items()):
        masks = {threshold: full for threshold, _ in tests}
        for threshold, mask in tests:
            masks[threshold] &= mask
        thresholds = tuple(sorted(masks))
        running = [full]
        for threshold in thresholds:
            running.append(running[-1] & masks[threshold])
        asked.append((feature, thresholds, tuple(running)))
    parts = []
    start = 0
    for length in shared:
        tests_of = tuple(one for one in asked if start <= one[0] < start + length)
        parts.append((start, start + length, tests_of, dict[tuple[int, ...], int]()))
        start += length
    return Forest(
        bytes=wide // 8 * len(trees),
        full=full,
        ones=sum(1 << wide * number for number in range(len(trees))),
        tests=tuple(one for one in asked if one[0] >= start),
        shared=tuple(parts),
        leaves=tuple(_byte(leaves[start : start + 8]) for _, leaves in trees for start in range(0, wide, 8)),
    )


def _byte(leaves: Sequence[int]) -> tuple[int, ...]:
    """The values of up to eight leaves by the byte that has the bit of one of them."""
    values = [0] * ((1 << len(leaves) - 1) + 1 if leaves else 1)
    for number, value in enumerate(leaves):
        values[1 << number] = value
    return tuple(values)


def from_json(document: dict[str, Any]) -> Weights:
    """What a weights file holds."""
    return Weights(
        names=tuple(document["features"]),
        limits=tuple(document["limits"]),
        made=document["made"],
        first=forest_of(document["first"], SHARED),
        second=forest_of(document["second"], SHARED),
    )


@cache
def learned() -> Weights:
    """The weights that this cleaner came with."""
    return from_json(json.loads((resources.files("archive.cleaning") / FILE).read_bytes()))
