"""Blocks judged: by their own numbers, and once more by these and by what was said of the blocks around them."""

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


@dataclass(frozen=True, slots=True)
class Judged:
    """The blocks that were worth a judgement, with their numbers in the order of `NAMES`, and their scores."""

    numbers: list[int]
    rows: list[list[int]]
    scores: list[int]


def judge(blocks: Blocks, said: Said, weights: Weights) -> Judged:
    """The blocks of a page that are worth a judgement, judged twice."""
    sums = Sums(blocks, said)
    standing = Standing(sums)
    numbers, rows = features(sums, standing)
    first = [weights.first.score(row) for row in rows]
    others = company(ranks_of(sums, standing, numbers), first)
    full = [[*row, *more] for row, more in zip(rows, others, strict=True)]
    return Judged(numbers, full, [weights.second.score(row) for row in full])
