"""When an article is looked at again."""

from __future__ import annotations

from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from crawler.scheduling.durations import DAY, HOUR, MINUTE
from crawler.scheduling.pattern import Every
from crawler.scheduling.revisits import DEFAULT_STEPS, EDITED_AGE, MOVED, Looks, next_look, next_watched, parse_steps

NOW = 1_800_000_000_000_000
KEY = "https://a.example/story"


def looked_at(looks: Looks, *, edited: bool = False, late: int = 0, until: int = NOW + 400 * DAY) -> list[int]:
    """The times of all looks, each so much later than it was due."""
    found: list[int] = []
    while (due := next_look(looks, KEY)) is not None and due < until:
        at = due + late
        assert at > looks.looked
        found.append(at)
        looks = Looks(looks.captured, at, looks.published, at if edited else looks.edited)
    return found


def test_an_article_is_looked_at_near_each_step_and_then_never_again() -> None:
    found = looked_at(Looks(NOW + MINUTE, NOW + MINUTE, NOW))
    assert len(found) == len(DEFAULT_STEPS)
    for at, step in zip(found, DEFAULT_STEPS, strict=True):
        assert NOW + step <= at <= NOW + step + step // MOVED


def test_steps_that_were_missed_are_made_up_for_by_one_look() -> None:
    found = looked_at(Looks(NOW, NOW), late=10 * HOUR)
    assert len(found) == 4, "once for 15 minutes to 6 hours, then for 1, 7 and 30 days"


def test_what_is_found_late_has_fewer_looks_and_what_is_old_has_none() -> None:
    assert next_look(Looks(NOW, NOW, NOW - 2 * HOUR), KEY) == looked_at(Looks(NOW, NOW, NOW - 2 * HOUR))[0]
    assert len(looked_at(Looks(NOW, NOW, NOW - 2 * HOUR))) == 4
    assert looked_at(Looks(NOW, NOW, NOW - 900 * DAY)) == []


@pytest.mark.parametrize("published", [None, 0, NOW + 1, NOW + 400 * DAY])
def test_a_date_that_cannot_be_true_is_not_used(published: int | None) -> None:
    assert Looks(NOW, NOW, published).born == NOW


def test_after_an_edit_the_next_look_comes_sooner() -> None:
    calm = next_look(Looks(NOW, NOW + HOUR, NOW), KEY)
    edited = next_look(Looks(NOW, NOW + HOUR, NOW, NOW + HOUR), KEY)
    assert calm is not None
    assert edited is not None
    assert edited - NOW - HOUR < 20 * MINUTE < calm - NOW - HOUR


def test_an_article_that_is_always_edited_is_looked_at_ever_more_rarely_and_at_last_left() -> None:
    found = looked_at(Looks(NOW, NOW, NOW), edited=True)
    assert 20 < len(found) < 100
    assert found[-1] < NOW + EDITED_AGE * 5 // 4
    gaps = [after - before for before, after in pairwise(found)]
    assert max(gaps[:4]) < 20 * MINUTE
    assert gaps[-1] > DAY


@given(
    st.integers(-40 * DAY, 40 * DAY) | st.none(),
    st.integers(0, 400 * DAY),
    st.integers(0, 400 * DAY) | st.none(),
    st.lists(st.integers(MINUTE, 300 * DAY), unique=True, max_size=8).map(sorted),
)
def test_whatever_is_known_looks_lie_apart_and_end(
    published: int | None, looked: int, edited: int | None, steps: list[int]
) -> None:
    looks = Looks(NOW, NOW + looked, None if published is None else NOW + published, edited and NOW + edited)
    for _ in range(len(steps) + 2):
        due = next_look(looks, KEY, steps)
        if due is None:
            return
        at = max(due, looks.looked + 1)
        looks = Looks(looks.captured, at, looks.published, looks.edited)
    raise AssertionError("it goes on")


def test_steps_are_written_in_order_and_none_turns_looks_off() -> None:
    assert parse_steps(["15m", "1h", "6h", "1d", "7d", "30d"]) == DEFAULT_STEPS
    assert parse_steps([]) == ()
    assert next_look(Looks(NOW, NOW, NOW, NOW), KEY, ()) is None
    for wrong in (["1h", "15m"], ["1h", "1h"], ["soon"], ["1m"] * 30):
        with pytest.raises(ValueError, match="write"):
            parse_steps(wrong)


def test_an_article_that_is_watched_follows_its_pattern_for_good() -> None:
    hourly = Every(HOUR)
    assert next_watched(None, NOW, KEY, hourly) == NOW
    assert next_watched(NOW + DAY, NOW, KEY, hourly) == NOW, "the clock was set back"
    assert abs(next_watched(NOW, NOW, KEY, hourly) - NOW - HOUR) <= HOUR // 10
