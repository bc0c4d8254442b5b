"""Trains the classifier of blocks that the cleaner takes a body with, and says how good it is on sites it never saw.

    python -m benchmarks.train_blocks --pages DIR [--out FILE] [--folds DIR] [--trees N]

DIR is laid out as its `index.jsonl` says: a line a page with "id", "set", "file", "publisher" and "expected", which has
a "text", or phrases that must ("with") and must not ("without") be in it. Five folds by publisher are trained and
judged first, each on the sites of the other four; then one on all. FILE is what `archive/cleaning/weights.json`
is; --folds keeps those of the folds as well. Needs LightGBM, in an environment of its own:

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
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

from archive.cleaning import linked
from archive.cleaning.blocks import blocks_of
from archive.cleaning.document import Unfit, parse
from archive.cleaning.evidence import Page
from archive.cleaning.features import NAMES, features
from archive.cleaning.forest import LEAVES, SCALE, from_json
from archive.cleaning.said import said
from archive.cleaning.stream import TextStream
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
LIMITS = [-300, -300, -300, -100]
PARAMETERS = {
    "objective": "binary",
    "num_leaves": LEAVES,
    "learning_rate": 0.06,
    "min_data_in_leaf": 30,
    "feature_fraction": 0.2,
    "bagging_fraction": 0.8,
    "bagging_freq": 1,
    "lambda_l2": 5,
    "seed": SEED,
    "deterministic": True,
    "force_row_wise": True,
    "num_threads": 2,
    "verbose": -1,
}


@dataclass(frozen=True, slots=True)
class Example:
    """A page as it is learned from: its blocks' numbers, labels (None: nobody said) and texts."""

    name: str
    origin: str  # the set
    fold: int
    expected: dict[str, Any]
    rows: list[list[int]]
    labels: list[float | None]
    words: list[int]
    texts: list[str]

    def weights(self) -> list[float]:
        """What each block weighs: by its words, so that each page of a set weighs the same."""
        if self.origin not in WEIGHTS:
            return [0.0 if label is None else PHRASE for label in self.labels]
        plain = [min(words, MOST) + 2.0 for words in self.words]
        wanted = sum(one for one, label in zip(plain, self.labels, strict=True) if label is not None and label >= 0.5)
        return [WEIGHTS[self.origin] * one / (wanted or sum(plain)) for one in plain]


def read(root: Path, row: dict[str, Any]) -> Example | None:
    """The page of a line of the index, None where it has no blocks."""
    try:
        document = parse(gzip.decompress((root / row["file"]).read_bytes()))
    except Unfit:
        return None
    page = Page(document.root, TextStream(document.root), row["url"])
    blocks = blocks_of(page.stream)
    numbers, rows = features(blocks, said(page, linked.read(document.root)))
    expected = row["expected"]
    labels: Sequence[float | None]
    if "text" in expected:
        labels = by_text(blocks.text, expected["text"])
    else:
        labels = by_phrases(blocks.text, blocks.story, expected.get("with") or (), expected.get("without") or ())
    publisher = hashlib.sha256(f"f{row['publisher']}".encode()).digest()
    return Example(
        name=row["id"],
        origin=row["set"],
        fold=int.from_bytes(publisher, "big") % FOLDS,
        expected=expected,
        rows=rows,
        labels=[labels[number] for number in numbers],
        words=[blocks.words[number] for number in numbers],
        texts=[blocks.text[number] for number in numbers],
    )


def train(examples: Sequence[Example], trees: int) -> list[Any]:
    """The trees of a forest, as its weights file has them."""
    import lightgbm  # type: ignore[import-not-found,unused-ignore]
    import numpy as np  # type: ignore[import-not-found,unused-ignore]

    rows, labels, weights = [], [], []
    for one in examples:
        for row, label, weight in zip(one.rows, one.labels, one.weights(), strict=True):
            if weight and label is not None:
                rows.append(row)
                labels.append(label >= 0.5)
                weights.append(weight)
    scale = len(weights) / math.fsum(weights)
    data = lightgbm.Dataset(
        np.array(rows, dtype=np.int32),
        label=np.array(labels),
        weight=np.array(weights) * scale,
        feature_name=list(map(str, range(len(NAMES)))),
    )
    model = lightgbm.train(PARAMETERS, data, num_boost_round=trees)
    return [_tree(one["tree_structure"]) for one in model.dump_model()["tree_info"]]


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


def _document(trees: list[Any], made: dict[str, Any]) -> dict[str, Any]:
    return {"made": made, "features": list(NAMES), "limits": LIMITS, "start": 0, "trees": trees}


def _write(file: Path, document: dict[str, Any]) -> None:
    """One tree a line, so that a change can be read."""
    head = {key: value for key, value in document.items() if key != "trees"}
    lines = ",\n".join(json.dumps(tree, separators=(",", ":")) for tree in document["trees"])
    text = json.dumps(head, ensure_ascii=False, indent=1).removesuffix("\n}")
    file.write_text(f'{text},\n "trees": [\n{lines}\n]}}\n', encoding="utf-8")


def _pages(root: Path) -> Iterator[dict[str, Any]]:
    with (root / "index.jsonl").open(encoding="utf-8") as lines:
        yield from map(json.loads, lines)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--out", type=Path)
    parser.add_argument("--folds", type=Path)
    parser.add_argument("--trees", type=int, default=400)
    given = parser.parse_args()

    with ProcessPoolExecutor(2) as pool:
        read_all = pool.map(partial(read, given.pages), _pages(given.pages), chunksize=16)
        examples = [one for one in read_all if one is not None]
    print(f"{len(examples)} pages, {sum(len(one.rows) for one in examples)} blocks", file=sys.stderr)
    made: dict[str, Any] = {
        "program": "benchmarks/train_blocks.py, LightGBM 4.7.0",
        "pages": hashlib.sha256((given.pages / "index.jsonl").read_bytes()).hexdigest(),
        "weights": {**WEIGHTS, "a phrase": PHRASE},
        "parameters": {**PARAMETERS, "trees": given.trees},
    }
    kept: dict[str, str] = {}
    by_fold = []
    for fold in range(FOLDS):
        trees = train([one for one in examples if one.fold != fold], given.trees)
        document = _document(trees, {**made, "without fold": fold})
        forest = from_json(document)
        unseen = [one for one in examples if one.fold == fold]
        for one in unseen:
            kept[one.name] = "\n".join(
                text
                for row, text in zip(one.rows, one.texts, strict=True)
                if forest.score(row) >= LIMITS[row[_DECLARED]]
            )
        by_fold.append(figures(unseen, kept))
        print(f"fold {fold}: {json.dumps(by_fold[-1])}", file=sys.stderr)
        if given.folds:
            given.folds.mkdir(parents=True, exist_ok=True)
            _write(given.folds / f"{fold}.json", document)
    made["unseen publishers, blocks alone"] = figures(examples, kept)
    made["f1 by fold"] = {name: [one[name]["f1"] for one in by_fold] for name in by_fold[0]}
    print(json.dumps(made["unseen publishers, blocks alone"], indent=1))
    if given.out:
        _write(given.out, _document(train(examples, given.trees), made))


if __name__ == "__main__":
    main()
