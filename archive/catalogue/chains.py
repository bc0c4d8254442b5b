"""Chains: the acts of rewriting in the order in which they happened, also where a clock was set back between them.

What a file was before a rewriting, and what it is behind it, tells the order better than any clock.
"""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable, Iterator

from archive.event import Act

REWRITE = "rewrite"  # a file was replaced by one from which something was removed (`archive.entering.rewrites`)


def in_order(acts: Iterable[Act]) -> Iterator[Act]:
    """Acts that come in the order of time; those of rewriting so that each stands behind the one it builds upon.

    Of others the order stays. A file that a backup brings back can be rewritten from the same state again: among what
    can be next the earlier one is taken.
    """
    given = list(acts)
    by_file: dict[str, list[Act]] = {}
    for act in given:
        if act.act == REWRITE:
            by_file.setdefault(act.first("file") or "", []).append(act)
    chains = {file: deque(_chained(those)) for file, those in by_file.items()}
    for act in given:
        yield chains[act.first("file") or ""].popleft() if act.act == REWRITE else act


def _chained(acts: list[Act]) -> Iterator[Act]:
    rest = list(acts)
    to_come = Counter(one.first("is") for one in rest)
    reached: set[str | None] = set()
    while rest:
        number = next((at for at, one in enumerate(rest) if _is_next(one, reached, to_come)), 0)
        act = rest.pop(number)
        to_come[act.first("is")] -= 1
        reached.add(act.first("is"))
        yield act


def _is_next(act: Act, reached: set[str | None], to_come: Counter[str | None]) -> bool:
    was = act.first("was")
    others = to_come[was] - (act.first("is") == was)
    return was in reached or others <= 0
