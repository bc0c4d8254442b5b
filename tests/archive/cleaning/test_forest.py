"""The classifier: whole numbers, and the same answer as a walk through its trees."""

from __future__ import annotations

import json
import random
from importlib import resources
from typing import Any

from archive.cleaning.forest import FILE, LEAVES, forest_of, from_json, learned
from archive.cleaning.judging import NAMES


def walk(tree: list[Any], row: list[int]) -> int:
    """A tree's answer by the definition of its tests: the first leaf that none of them rules out."""
    tests, leaves = tree
    out = {leaf for f, limit, first, behind in tests if row[f] > limit for leaf in range(first, behind)}
    value: int = next(value for number, value in enumerate(leaves) if number not in out)
    return value


def document() -> dict[str, Any]:
    known: dict[str, Any] = json.loads((resources.files("archive.cleaning") / FILE).read_bytes())
    return known


def test_scores_are_those_of_the_trees() -> None:
    rng = random.Random(4)
    weights = document()
    known = from_json(weights)
    for _ in range(40):
        row = [rng.choice((-1, 0, 1, rng.randrange(60), rng.randrange(1001))) for _ in NAMES]
        assert known.first.score(row) == sum(walk(tree, row) for tree in weights["first"])
        assert known.second.score(row) == sum(walk(tree, row) for tree in weights["second"])


def test_a_tree_of_one_leaf_and_one_of_two() -> None:
    forest = forest_of([[[], [7]], [[[1, 10, 0, 1]], [-100, 100]]])
    assert (forest.score([0, 10]), forest.score([0, 11])) == (7 - 100, 7 + 100)


def test_the_weights_are_whole_numbers_and_say_what_made_them() -> None:
    def numbers(value: object) -> set[type]:
        if isinstance(value, dict | list):
            return set().union(*(numbers(one) for one in (value.values() if isinstance(value, dict) else value)))
        return {type(value)} - {str, bool}

    weights = document()
    assert numbers({**weights, "made": None}) - {type(None)} == {int}
    assert all(len(leaves) <= LEAVES for _, leaves in (*weights["first"], *weights["second"]))
    assert learned().names == NAMES
    assert {"program", "pages", "parameters", "f1 by fold"} <= set(learned().made)
