"""Trains the classifier of blocks that the cleaner takes a body with, and says how good it is on sites it never saw.

    python -m benchmarks.train_blocks --pages DIR [--out FILE] [--folds DIR]

DIR is laid out as its `index.jsonl` says: a line a page with "id", "set", "file", "publisher" and "expected", which has
a "text", or phrases that must ("with") and must not ("without") be in it. Blocks of which a first pass is not sure are
judged by a second (`archive.cleaning.judging`), which learns from all blocks (from these alone, it was no better), with
scores that the first one gave to sites it had not seen. Five folds by publisher are trained and judged first, each on
the sites of the other four; then one on all. FILE is what `archive/cleaning/weights.json` is; --folds keeps those of
the folds as well, for `benchmarks/cleaned_folds.py`. Needs LightGBM, in an environment of its own:

    python -m venv --system-site-packages TRAINING && TRAINING/bin/pip install lightgbm==4.7.0
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import math
import statistics
import sys
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from archive.cleaning import linked
from archive.cleaning.blocks import blocks_of
from archive.cleaning.company import Ranks, company, ranks_of
from archive.cleaning.document import Unfit, parse
from archive.cleaning.evidence import Page
from archive.cleaning.features import features
from archive.cleaning.forest import LEAVES, SCALE, Forest, forest_of
from archive.cleaning.judging import NAMES, UNSURE
from archive.cleaning.said import said
from archive.cleaning.standing import Standing
from archive.cleaning.sums import Sums
from benchmarks.block_labels import by_phrases, by_text, overlap

FOLDS = 5
_DECLARED = NAMES.index("declared")
SEED = 7
# What the pages of a set weigh together with how exact their references are: by hand-written parsers; drafted by an
# extractor and reviewed; and single phrases, of which each weighs the same.
WEIGHTS = {"publishers": 4.0, "articles": 0.4}
PHRASE = 0.08
MOST = 200  # words of a block that weigh
# Thousandths of log odds from which on a block is kept, by what the page declares: nothing, an article, a blog's, a
# newspaper's. Newspapers end their articles in more that is none of them.
LIMITS = [-100, -100, -100, 100]
SHARED = {
    "objective": "binary",
    "min_data_in_leaf": 30,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbose": -1,
}
FIRST = {**SHARED, "num_leaves": 8, "learning_rate": 0.1, "feature_fraction": 0.2, "trees": 150}
SECOND = {**SHARED, "num_leaves": LEAVES, "learning_rate": 0.06, "feature_fraction": 0.1, "trees": 300}
Rows = list[list[int]]


@dataclass(frozen=True, slots=True)
class Example:
    """A page as it is learned from: its blocks' numbers, labels (None: nobody said) and texts."""

    name: str
    origin: str  # the set
    fold: int
    expected: dict[str, Any]
    rows: Rows
    ranks: Ranks
    labels: list[float | None]
    texts: list[str]

    def weights(self) -> list[float]:
        """What each block weighs: by its words, so that each page of a set weighs the same."""
        if self.origin not in WEIGHTS:
            return [0.0 if label is None else PHRASE for label in self.labels]
        plain = [min(words, MOST) + 2.0 for words in self.ranks.words]
        wanted = sum(one for one, label in zip(plain, self.labels, strict=True) if label is not None and label >= 0.5)
        return [WEIGHTS[self.origin] * one / (wanted or sum(plain)) for one in plain]


def read(root: Path, row: dict[str, Any]) -> Example | None:
    """The page of a line of the index, None where it has no blocks."""
    try:
        document = parse(gzip.decompress((root / row["file"]).read_bytes()))
    except Unfit:
        return None
    page = Page(document.root, document.stream, row["url"])
    blocks = blocks_of(page.stream)
    sums = Sums(blocks, said(page, linked.read(document.root)))
    standing = Standing(sums)
    numbers, rows = features(sums, standing)
    expected = row["expected"]
    labels: Sequence[float | None]
    if "text" in expected:
        labels = by_text(blocks.text, expected["text"])
    else:
        labels = by_phrases(blocks.text, blocks.story, expected.get("with") or (), expected.get("without") or ())
    return Example(
        name=row["id"],
        origin=row["set"],
        fold=fold_of(row["publisher"]),
        expected=expected,
        rows=rows,
        ranks=ranks_of(sums, standing, numbers),
        labels=[labels[number] for number in numbers],
        texts=[blocks.text[number] for number in numbers],
    )


def fold_of(publisher: str) -> int:
    """The fold that a publisher's pages are in."""
    return int.from_bytes(hashlib.sha256(f"f{publisher}".encode()).digest(), "big") % FOLDS


def train(examples: Sequence[Example], rows: Sequence[Rows], given: dict[str, Any]) -> list[Any]:
    """The trees of a forest over the rows of examples, as its weights file has them."""
    import lightgbm  # type: ignore[import-not-found,unused-ignore]
    import numpy as np  # type: ignore[import-not-found,unused-ignore]

    asked, labels, weights = [], [], []
    for one, own in zip(examples, rows, strict=True):
        for row, label, weight in zip(own, one.labels, one.weights(), strict=True):
            if weight and label is not None:
                asked.append(row)
                labels.append(label >= 0.5)
                weights.append(weight)
    scale = len(weights) / math.fsum(weights)
    data = lightgbm.Dataset(
        np.array(asked, dtype=np.int32),
        label=np.array(labels),
        weight=np.array(weights) * scale,
        feature_name=list(map(str, range(len(asked[0])))),
    )
    parameters = {key: value for key, value in given.items() if key != "trees"}
    model = lightgbm.train(parameters, data, num_boost_round=given["trees"])
    return [_tree(one["tree_structure"]) for one in model.dump_model()["tree_info"]]


@dataclass(frozen=True, slots=True)
class Training:
    """Both passes, trained without some of the folds. First passes are remembered: pairs of folds ask twice."""

    examples: Sequence[Example]
    first: dict[frozenset[int], list[Any]] = field(default_factory=dict)
    forests: dict[frozenset[int], Forest] = field(default_factory=dict)

    def first_without(self, *folds: int) -> list[Any]:
        """The trees of a first pass that has not seen the pages of some folds."""
        key = frozenset(folds)
        if key not in self.first:
            seen = [one for one in self.examples if one.fold not in key]
            self.first[key] = train(seen, [one.rows for one in seen], FIRST)
            self.forests[key] = forest_of(self.first[key])
        return self.first[key]

    def scores(self, one: Example, *folds: int) -> list[int]:
        """The scores of an example's blocks by a first pass that has not seen these folds."""
        self.first_without(*folds)
        return list(map(self.forests[frozenset(folds)].score, one.rows))

    def second_without(self, *folds: int) -> list[Any]:
        """The trees of a second pass that has not seen the pages of some folds."""
        seen = [one for one in self.examples if one.fold not in folds]
        return train(seen, [full_rows(one, self.scores(one, one.fold, *folds)) for one in seen], SECOND)


def full_rows(one: Example, scores: Sequence[int]) -> Rows:
    """The rows of an example for the second pass."""
    more = company(one.ranks, scores, range(len(scores)))
    return [[*row, *others] for row, others in zip(one.rows, more, strict=True)]


def _tree(node: dict[str, Any]) -> list[Any]:
    """A tree as tests and leaves, in whole numbers; what is not greater than a threshold goes left."""
    tests: list[list[int]] = []
    leaves: list[int] = []

    def walk(at: dict[str, Any]) -> None:
        if "leaf_value" in at:
            leaves.append(round(SCALE * at["leaf_value"]))
            return
        test = [at["split_feature"], math.floor(at["threshold"]), len(leaves), 0]
        tests.append(test)
        walk(at["left_child"])
        test[3] = len(leaves)
        walk(at["right_child"])

    walk(node)
    return [tests, leaves]


def figures(examples: Sequence[Example], kept: dict[str, str]) -> dict[str, dict[str, float]]:
    """How good the texts of pages are, by set: as the scorer of the reference pages counts."""
    found: dict[str, dict[str, float]] = {}
    for origin in sorted({one.origin for one in examples}):
        pages = [one for one in examples if one.origin == origin]
        if origin in WEIGHTS:
            pairs = [overlap(one.expected["text"], kept[one.name]) for one in pages]
            precision = statistics.fmean(p for p, _ in pairs if p is not None)
            recall = statistics.fmean(r for _, r in pairs if r is not None)
        else:
            right, wanted, leaked = (
                sum(column) for column in zip(*(_phrases(one, kept[one.name]) for one in pages), strict=True)
            )
            precision, recall = right / (right + leaked), right / wanted
        found[origin] = {
            "pages": len(pages),
            "f1": round(2 * precision * recall / (precision + recall), 4),
            "precision": round(precision, 4),
            "recall": round(recall, 4),
        }
        if origin not in WEIGHTS:
            found[origin]["leaked"] = leaked
    return found


def _phrases(one: Example, text: str) -> tuple[int, int, int]:
    wanted = one.expected.get("with") or []
    return (
        sum(" ".join(phrase.split()) in text for phrase in wanted),
        len(wanted),
        sum(" ".join(phrase.split()) in text for phrase in one.expected.get("without") or []),
    )


def _write(file: Path, first: list[Any], second: list[Any], made: dict[str, Any]) -> None:
    """One tree a line, so that a change can be read."""
    head = {"made": made, "features": list(NAMES), "limits": LIMITS}
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    for name, trees in (("first", first), ("second", second)):
        lines = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in trees)
        text += f',\n "{name}": [\n{lines}\n]'
    file.write_text(f"{text}\n}}\n", encoding="utf-8")


def _pages(root: Path) -> Iterator[dict[str, Any]]:
    with (root / "index.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--folds", type=Path)
    given = parser.parse_args()

    with ProcessPoolExecutor(2) as pool:
        read_all = pool.map(partial(read, given.pages), _pages(given.pages), chunksize=16)
        examples = [one for one in read_all if one is not None]
    print(f"{len(examples)} pages, {sum(len(one.rows) for one in examples)} blocks", file=sys.stderr)
    made: dict[str, Any] = {
        "program": "benchmarks/train_blocks.py, LightGBM 4.7.0",
        "pages": hashlib.sha256((given.pages / "index.jsonl").read_bytes()).hexdigest(),
        "weights": {**WEIGHTS, "a phrase": PHRASE},
        "parameters": {"first": FIRST, "second": SECOND},
    }
    training = Training(examples)
    kept: dict[str, str] = {}
    by_fold = []
    for fold in range(FOLDS):
        second = training.second_without(fold)
        forest = forest_of(second)
        unseen = [one for one in examples if one.fold == fold]
        for one in unseen:
            scores = training.scores(one, fold)
            kept[one.name] = "\n".join(
                text
                for row, score, text in zip(full_rows(one, scores), scores, one.texts, strict=True)
                if (forest.score(row) if score in UNSURE else score) >= LIMITS[row[_DECLARED]]
            )
        by_fold.append(figures(unseen, kept))
        print(f"fold {fold}: {json.dumps(by_fold[-1])}", file=sys.stderr)
        if given.folds:
            given.folds.mkdir(parents=True, exist_ok=True)
            unseen_by = {**made, "without fold": fold}
            _write(given.folds / f"{fold}.json", training.first_without(fold), second, unseen_by)
    made["unseen publishers, blocks alone"] = figures(examples, kept)
    made["f1 by fold"] = {name: [one[name]["f1"] for one in by_fold] for name in by_fold[0]}
    print(json.dumps(made["unseen publishers, blocks alone"], indent=1))
    if given.out:
        _write(given.out, training.first_without(), training.second_without(), made)


if __name__ == "__main__":
    main()
