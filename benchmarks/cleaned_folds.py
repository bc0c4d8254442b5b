"""What the cleaner makes of sites that its classifier never saw: predictions in the scorer's format.

    python -m benchmarks.train_blocks --pages DIR --folds FOLDS
    python -m benchmarks.cleaned_folds --pages DIR --folds FOLDS --out FILE

Each page goes through the whole of `clean()` with the weights that were learned without its publisher's fold. FILE has
a line for each page, as `benchmarks/extraction.py --out` writes it, for whoever scores.
"""

from __future__ import annotations

import argparse
import gzip
import json
import logging
import warnings
from concurrent.futures import ProcessPoolExecutor
from datetime import UTC, datetime
from functools import cache, partial
from pathlib import Path
from unittest import mock

from archive.cleaning import body
from archive.cleaning.forest import Weights, from_json
from benchmarks.extractors import LATEST, Extractor, Page, Prediction, ours
from benchmarks.train_blocks import FOLDS, fold_of


@cache
def _extractor() -> Extractor:
    logging.disable(logging.CRITICAL)  # what a library says of a page is no figure
    warnings.simplefilter("ignore")
    return ours()


@cache
def _weights(folder: Path, fold: int) -> Weights:
    return from_json(json.loads((folder / f"{fold}.json").read_bytes()))


def predict(pages: Path, folds: Path, page: Page) -> Prediction:
    """What the cleaner makes of a page with the weights of its fold."""
    payload = gzip.decompress((pages / page["file"]).read_bytes())
    when = datetime.fromisoformat(page["captured"]) if page.get("captured") else LATEST
    at = int((when if when.tzinfo else when.replace(tzinfo=UTC)).timestamp()) * 10**6
    weights = _weights(folds, fold_of(page["publisher"]))
    with mock.patch.object(body, "learned", return_value=weights):
        return {"id": page["id"], **_extractor()(payload, page["url"] or "", at)}


def main() -> None:
    """Write the predictions of all pages."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--pages", type=Path, required=True)
    parser.add_argument("--folds", type=Path, required=True)
    parser.add_argument("--out", type=Path, required=True)
    given = parser.parse_args()
    missing = [fold for fold in range(FOLDS) if not (given.folds / f"{fold}.json").is_file()]
    if missing:
        parser.error(f"{given.folds} has no {missing[0]}.json: make it with benchmarks.train_blocks --folds")
    with (given.pages / "index.jsonl").open(encoding="utf-8") as lines:
        pages = [json.loads(line) for line in lines]
    with ProcessPoolExecutor(2) as pool, given.out.open("w", encoding="utf-8") as out:
        for made in pool.map(partial(predict, given.pages, given.folds), pages, chunksize=16):
            out.write(json.dumps(made, ensure_ascii=False) + "\n")


if __name__ == "__main__":
    main()
