"""The learned classifier: a sum of small decision trees over whole numbers.

Walked the way of QuickScorer (Lucchese et al., SIGIR 2015): each tree has eight leaves at most, and so a byte. A
test that fails rules out the leaves on its left; all the tests on one feature are answered by one search among sorted
thresholds, which gives one mask for all trees together. What is left at the end is each tree's exit, its lowest bit.
"""

from __future__ import annotations

import json
from bisect import bisect_left
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from typing import Any

LEAVES = 8
SCALE = 1000  # scores are thousandths of log odds
FILE = "weights.json"


@dataclass(frozen=True, slots=True)
class Forest:
    """A classifier: blocks that reach the limit of their page are kept. ``made`` says what made it, and how good."""

    names: tuple[str, ...]  # of the features that it asks for, in their order
    limits: tuple[int, ...]  # for each kind of page that `archive.cleaning.said.Said.declared` tells apart
    made: dict[str, Any]
    size: int  # trees
    start: int
    tests: tuple[tuple[int, tuple[int, ...], tuple[int, ...]], ...]  # feature, thresholds, masks (one more)
    leaves: tuple[tuple[int, ...], ...]  # of each tree, the value of the leaf for every byte that can be left

    def score(self, row: Sequence[int]) -> int:
        """The score of a block's numbers, in thousandths of log odds."""
        left = -1
        for feature, thresholds, masks in self.tests:
            left &= masks[bisect_left(thresholds, row[feature])]
        exits = (left & ((1 << 8 * self.size) - 1)).to_bytes(self.size, "little")
        return self.start + sum(map(tuple.__getitem__, self.leaves, exits))


def from_json(document: dict[str, Any]) -> Forest:
    """The forest of a weights file.

    A tree is ``[tests, leaves]``; a test is ``[feature, threshold, first, behind]``: a value greater than the
    threshold rules out the leaves from ``first`` up to ``behind``, counted from the left.
    """
    trees = document["trees"]
    full = (1 << 8 * len(trees)) - 1
    by_feature: dict[int, list[tuple[int, int]]] = {}
    for number, (tests, _) in enumerate(trees):
        for feature, threshold, first, behind in tests:
            ruled_out = ((1 << behind) - (1 << first)) << 8 * number
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
    return Forest(
        names=tuple(document["features"]),
        limits=tuple(document["limits"]),
        made=document["made"],
        size=len(trees),
        start=document["start"],
        tests=tuple(asked),
        leaves=tuple(tuple(_exit(leaves, left) for left in range(256)) for _, leaves in trees),
    )


def _exit(leaves: Sequence[int], left: int) -> int:
    """The value of the lowest leaf that is left; bytes that no tree can leave have none."""
    lowest = (left & -left).bit_length() - 1
    return leaves[lowest] if 0 <= lowest < len(leaves) else 0


@cache
def learned() -> Forest:
    """The forest that this cleaner came with."""
    return from_json(json.loads((resources.files("archive.cleaning") / FILE).read_bytes()))
