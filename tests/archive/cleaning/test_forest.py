"""The classifier: whole numbers, and the same answer as a walk through its trees."""

from __future__ import annotations

import json
import random
from importlib import resources
from typing import Any

from archive.cleaning import linked
from archive.cleaning.blocks import blocks_of
from archive.cleaning.contributions import contributions, strongest
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.features import NAMES as OWN
from archive.cleaning.forest import FILE, LEAVES, forest_of, from_json, learned
from archive.cleaning.judging import NAMES, UNSURE, judge
from archive.cleaning.said import said
from archive.cleaning.stream import TextStream


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


def test_what_the_first_pass_is_sure_of_is_judged_once(story: str) -> None:
    root = parse(story.encode()).root
    stream = TextStream(root)
    weights = learned()
    judged = judge(
        blocks_of(stream), said(Page(root, stream, "http://news.example/bridge"), linked.read(root)), weights
    )
    once = [number for number, row in enumerate(judged.rows) if len(row) < len(NAMES)]
    assert 0 < len(once) < len(judged.rows)
    for number, (row, score) in enumerate(zip(judged.rows, judged.scores, strict=True)):
        first = weights.first.score(row)
        assert (first in UNSURE) == (number not in once)
        assert score == (first if number in once else weights.second.score(row))
        told = contributions(row)
        assert all(one.points for one in strongest(row, against=score < 0))
        assert {one.name for one in told} <= set(OWN if number in once else NAMES)


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
