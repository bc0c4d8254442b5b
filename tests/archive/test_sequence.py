"""Two sequences side by side: both are whole, what is the same is as long as can be, and nothing costs too much."""

from __future__ import annotations

import itertools
import time
from difflib import SequenceMatcher

from hypothesis import given
from hypothesis import strategies as st

from archive.sequence import common, runs

LETTERS = st.lists(st.sampled_from("abcd"), max_size=12)


def _longest(before: list[str], after: list[str]) -> int:
    row = [0] * (len(after) + 1)
    for one in before:
        above = list(row)
        for n, other in enumerate(after):
            row[n + 1] = above[n] + 1 if one == other else max(above[n + 1], row[n])
    return row[-1]


@given(LETTERS, LETTERS)
def test_runs_are_both_sequences_from_end_to_end(before: list[str], after: list[str]) -> None:
    found = list(runs(before, after))
    assert [n for run in found for n in run.old] == list(range(len(before)))
    assert [n for run in found for n in run.new] == list(range(len(after)))
    for run in found:
        assert run.old or run.new
        if run.same:
            assert [before[n] for n in run.old] == [after[n] for n in run.new]
    assert all(one.same != other.same for one, other in itertools.pairwise(found))


@given(LETTERS, LETTERS)
def test_what_is_the_same_is_as_long_as_can_be(before: list[str], after: list[str]) -> None:
    assert common(before, after) == _longest(before, after)


def test_no_words_take_longer_than_others() -> None:
    """A word between others that are never the same is what difflib takes seconds for."""
    before = [word for n in range(250) for word in ("of", f"a{n}")]
    after = [word for n in range(250) for word in ("of", f"b{n}")]
    begun = time.process_time()
    assert common(before, after) == 250
    ours = time.process_time() - begun
    begun = time.process_time()
    SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    assert ours < (time.process_time() - begun) / 5


def test_what_is_too_long_is_compared_at_its_ends() -> None:
    before, after = [*range(20_000), "end"], [*range(10_000), "other", *range(30_000, 40_000), "end"]
    assert [run.same for run in runs(before, after)] == [True, False, True]
