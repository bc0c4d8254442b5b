"""What the scores of other blocks say of a block: those beside it, in its boxes, of its look, beneath its heading."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive.cleaning.standing import Standing
from archive.cleaning.sums import Sums

NONE = -9999  # where there is no other block
_MOST = 6000  # thousandths of log odds: beyond, a score says no more
_FAR = 60
_GROUPS = ("box", "parent", "grandparent", "look", "section")
OWN_SCORE = "own score"
COMPANY: tuple[str, ...] = (
    OWN_SCORE,
    *(
        f"{side} score"
        for side in ("next", "previous", "second next", "second previous", "third next", "third previous")
    ),
    *("to next asked", "to previous asked"),
    *(f"score in {name}" for name in _GROUPS),
    *(f"others in {name}" for name in ("box", "parent", "look")),
    *("heading score", "kept before", "kept behind", "to kept before", "to kept behind"),
    *("page kept", "page kept share", "page unsure share", "best ahead", "worst behind"),
)


@dataclass(frozen=True, slots=True)
class Ranks:
    """The blocks that are asked, as columns: their numbers, words, and what each belongs to."""

    numbers: list[int]
    words: list[int]
    groups: tuple[list[int], ...]  # as `_GROUPS`; -1: none
    headings: list[int]  # the number of the heading above each, -1 for none


def ranks_of(sums: Sums, standing: Standing, numbers: list[int]) -> Ranks:
    """The ranks of the blocks of these numbers."""
    blocks = sums.blocks
    looks: dict[int, int] = {}
    boxes = [blocks.box[number] for number in numbers]
    parents = [blocks.parent[box] for box in boxes]
    grand = [blocks.parent[box] if box >= 0 else -1 for box in parents]
    alike = [looks.setdefault(id(sums.look_of[number]), len(looks)) for number in numbers]
    headings = [standing.heading[number] for number in numbers]
    words = [blocks.words[number] for number in numbers]
    return Ranks(numbers, words, (boxes, parents, grand, alike, headings), headings)


def company(ranks: Ranks, raw: Sequence[int], asked: Sequence[int]) -> list[list[int]]:
    """The numbers of some blocks, in the order of `COMPANY`. ``asked`` has their places among the ranks, in order."""
    numbers, words = ranks.numbers, ranks.words
    count = len(numbers)
    scores = [max(-_MOST, min(_MOST, score)) for score in raw]
    weights = [min(one, 100) + 1 for one in words]
    sums: list[dict[int, list[int]]] = []
    for group in ranks.groups:
        totals: dict[int, list[int]] = {}
        for at, key in enumerate(group):
            total = totals.setdefault(key, [0, 0, 0])
            total[0] += scores[at] * weights[at]
            total[1] += weights[at]
            total[2] += 1
        sums.append(totals)
    position = {number: at for at, number in enumerate(numbers)}
    kept = [words[at] if scores[at] >= 0 else 0 for at in range(count)]
    all_kept = sum(kept)
    all_words = sum(words)
    unsure = sum(words[at] for at in range(count) if -1500 < scores[at] < 1500)
    page = [min(all_kept, 4000), _share(all_kept, all_words), _share(unsure, all_words)]
    before = []  # the words that are kept before each block, and the last block before it that is kept
    last_kept = []
    words_so_far, seen = 0, -1
    for at in range(count):
        before.append(words_so_far)
        last_kept.append(seen)
        if kept[at]:
            words_so_far += kept[at]
            seen = at
    next_kept = [-1] * count
    seen = -1
    for at in range(count - 1, -1, -1):
        next_kept[at] = seen
        if kept[at]:
            seen = at
    padded = [NONE] * 3 + scores + [NONE] * 3
    rows = []
    for at in asked:
        own, weight = scores[at], weights[at]
        means = []
        others = []
        for group, totals in zip(ranks.groups, sums, strict=True):
            total = totals[group[at]]
            rest = total[1] - weight
            means.append((total[0] - own * weight) // rest if rest and group[at] >= 0 else NONE)
            others.append(min(total[2] - 1, 100) if group[at] >= 0 else -1)
        head = position.get(ranks.headings[at], -1)
        ahead = padded[at + 4 : at + 7]
        rows.append(
            [
                own,
                padded[at + 4],
                padded[at + 2],
                padded[at + 5],
                padded[at + 1],
                padded[at + 6],
                padded[at],
                min(numbers[at + 1] - numbers[at], _FAR) if at + 1 < count else _FAR,
                min(numbers[at] - numbers[at - 1], _FAR) if at else _FAR,
                *means,
                others[0],
                others[1],
                others[3],
                scores[head] if head >= 0 and head != at else NONE,
                _share(before[at], all_kept),
                _share(all_kept - before[at] - kept[at], all_kept),
                min(numbers[at] - numbers[last_kept[at]], _FAR) if last_kept[at] >= 0 else _FAR,
                min(numbers[next_kept[at]] - numbers[at], _FAR) if next_kept[at] >= 0 else _FAR,
                *page,
                max(ahead),
                min(padded[at : at + 3]),
            ]
        )
    return rows


def _share(part: int, whole: int) -> int:
    return 1000 * part // whole if whole else 0
