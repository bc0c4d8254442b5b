"""Blocks judged: by their own numbers, and once more by these and by what was said of the blocks around them.

The second pass costs twice as much as the first, and is for those blocks of which the first was not sure. Of 1,930
pages of publishers that neither had learned from, asking about all would have changed 80, and not for the better.
"""

from __future__ import annotations

from dataclasses import dataclass

from archive.cleaning.blocks import Blocks
from archive.cleaning.company import COMPANY, company, ranks_of
from archive.cleaning.features import NAMES as OWN
from archive.cleaning.features import features
from archive.cleaning.forest import Weights
from archive.cleaning.said import Said
from archive.cleaning.standing import Standing
from archive.cleaning.sums import Sums

NAMES: tuple[str, ...] = (*OWN, *COMPANY)
UNSURE = range(-1500, 1001)  # thousandths of log odds of the first pass, between which there is a second


@dataclass(frozen=True, slots=True)
class Judged:
    """The blocks that were worth a judgement, with their numbers in the order of `NAMES`, and their scores.

    Of those that were judged once, the numbers are those that the first pass asks for.
    """

    numbers: list[int]
    rows: list[list[int]]
    scores: list[int]


def judge(blocks: Blocks, said: Said, weights: Weights) -> Judged:
    """The blocks of a page that are worth a judgement, judged."""
    sums = Sums(blocks, said)
    standing = Standing(sums)
    numbers, rows = features(sums, standing)
    scores = [weights.first.score(row) for row in rows]
    unsure = [at for at, score in enumerate(scores) if score in UNSURE]
    if unsure:
        others = company(ranks_of(sums, standing, numbers), scores, unsure)
        for at, more in zip(unsure, others, strict=True):
            rows[at] += more
            scores[at] = weights.second.score(rows[at])
    return Judged(numbers, rows, scores)
