"""Which blocks of a page its reference text consists of: what the block classifier learns from."""

from __future__ import annotations

import re
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

# As the scorer of the reference pages parts text: by word, and by character where words are not parted.
_SPLIT = "\u0e00-\u0e7f\u1000-\u109f\u3040-\u30ff\u3400-\u9fff\uac00-\ud7af\uf900-\ufaff"
TOKEN = re.compile(f"[{_SPLIT}]|[^\\W{_SPLIT}]+")
_SHORT = 4  # tokens: fewer make no shingle, and must stand as a whole
_LONE = 6  # tokens of a text that is believed out of order
_PROBES = 40  # places in a block from which its place in the reference is sought
_EXACT = 0.9  # what a short block weighs against a long one's words: it may stand there by chance


@dataclass(frozen=True, slots=True)
class _Match:
    """A place of the reference at which a block may stand, and how many of its tokens agree."""

    block: int
    start: int
    end: int
    shared: float


def shingles(text: str, size: int = 4) -> Counter[tuple[str, ...]]:
    """The runs of so many tokens of a text."""
    tokens = TOKEN.findall(text)
    return (
        Counter(tuple(tokens[at : at + size]) for at in range(max(1, len(tokens) - size + 1))) if tokens else Counter()
    )


def overlap(reference: str, output: str) -> tuple[float | None, float | None]:
    """Precision and recall of a text by shingles; None where there is nothing to divide by."""
    wanted, found = shingles(reference), shingles(output)
    shared = (wanted & found).total()
    return (shared / found.total() if found else None), (shared / wanted.total() if wanted else None)


def by_text(texts: Sequence[str], reference: str) -> list[float]:
    """For each block the share of its tokens that the reference holds.

    Each place of the reference is given once: to the heaviest chain of blocks that follow each other in both, so that
    of a text which stands twice on the page the copy within the story counts. What is left is then found anywhere.
    """
    wanted = TOKEN.findall(reference)
    tokens = [TOKEN.findall(text) for text in texts]
    matches = sorted(_matches(tokens, wanted), key=lambda one: (one.block, one.start))
    labels = [0.0] * len(texts)
    taken = [False] * (len(wanted) + 1)
    for one in _chain(matches, len(wanted)):
        labels[one.block] = _share(one, tokens[one.block])
        taken[one.start : one.end] = [True] * (one.end - one.start)
    for one in sorted(matches, key=lambda one: -one.shared):
        if not labels[one.block] and one.end - one.start >= _LONE and not any(taken[one.start : one.end : 3]):
            labels[one.block] = _share(one, tokens[one.block])
            taken[one.start : one.end] = [True] * (one.end - one.start)
    return labels


def by_phrases(
    texts: Sequence[str], story: Sequence[int], wanted: Iterable[str], unwanted: Iterable[str]
) -> list[float | None]:
    """For each block 1 where it holds a phrase that must be in the text, 0 where it holds one that must not."""
    labels: list[float | None] = [None] * len(texts)
    for phrases, value in ((wanted, 1.0), (unwanted, 0.0)):
        for phrase in filter(None, (" ".join(one.split()) for one in phrases)):
            holders = [number for number, text in enumerate(texts) if phrase in text]
            if value and len(holders) > 1:  # once is enough, and the longest one is the likeliest
                holders = sorted(holders, key=lambda number: (-story[number], -len(texts[number])))[:1]
            for number in holders:
                labels[number] = value
    return labels


def _share(match: _Match, tokens: Sequence[str]) -> float:
    return min(1.0, match.shared / len(tokens) / (_EXACT if len(tokens) < _SHORT else 1))


def _matches(tokens: Sequence[Sequence[str]], wanted: Sequence[str]) -> list[_Match]:
    places: dict[tuple[str, ...], list[int]] = defaultdict(list)
    for size in range(1, _SHORT):
        for at in range(len(wanted) - size + 1):
            places[tuple(wanted[at : at + size])].append(at)
    found = []
    for number, own in enumerate(tokens):
        if not own:
            continue
        if len(own) < _SHORT:
            for at in places.get(tuple(own), [])[:30]:
                found.append(_Match(number, at, at + len(own), len(own) * _EXACT))
            continue
        diagonals: Counter[int] = Counter()
        for offset in range(0, len(own) - 2, max(1, len(own) // _PROBES)):
            for at in places.get(tuple(own[offset : offset + 3]), [])[:8]:
                diagonals[(at - offset) // 4] += 1
        mine = Counter(zip(own, own[1:], own[2:], strict=False))
        for diagonal, _ in diagonals.most_common(4):
            window = wanted[max(0, 4 * diagonal - 6) : 4 * diagonal + len(own) + 8]
            runs = (Counter(zip(window, window[1:], window[2:], strict=False)) & mine).total()
            shared = runs + 2 if runs == len(own) - 2 else runs
            if runs and shared >= 0.3 * len(own):
                start = max(0, 4 * diagonal)
                found.append(_Match(number, start, min(start + len(own), len(wanted)), shared))
    return found


def _chain(matches: Sequence[_Match], length: int) -> list[_Match]:
    """The heaviest chain of matches that is in order on the page and in the reference; small overlaps are allowed."""
    best: list[tuple[float, int]] = []  # of each match: the weight of the chain that ends there, and the one before
    tree = [(0.0, -1)] * (length + 3)  # a Fenwick tree of maxima over places of the reference
    at = 0
    while at < len(matches):
        upto = at
        while upto < len(matches) and matches[upto].block == matches[at].block:
            one = matches[upto]
            index = one.start + min(6, (one.end - one.start) // 3) + 1
            weight, before = 0.0, -1
            while index > 0:
                weight, before = max((weight, before), tree[min(index, length + 2)])
                index -= index & -index
            best.append((weight + one.shared, before))
            upto += 1
        for number in range(at, upto):
            index = matches[number].end + 1
            while index < len(tree):
                tree[index] = max(tree[index], (best[number][0], number))
                index += index & -index
        at = upto
    chain = []
    at = max(range(len(best)), key=lambda number: best[number][0]) if best else -1
    while at >= 0:
        chain.append(matches[at])
        at = best[at][1]
    return chain
