"""A source's rhythm: learned by hour of the week, from little."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import clock
from crawler.scheduling.durations import DAY, HOUR, MINUTE, WEEK
from crawler.scheduling.rhythm import BINS, FLOOR, PRIOR_RATE, Rhythm, believable, bin_of

MONDAY = clock.from_datetime(datetime(2027, 1, 11, tzinfo=UTC))
TIMES = st.integers(0, 2 * MONDAY)


def weeks(number: int, *, by_day: int = 6, by_night: int = 0, weekend: bool = False) -> Rhythm:
    """What was learned of a source that publishes from 8 to 20 o'clock, on working days."""
    rhythm = Rhythm()
    for hour in range(number * BINS):
        at = MONDAY + hour * HOUR
        works = 8 <= hour % 24 < 20 and (weekend or hour // 24 % 7 < 5)
        rhythm = rhythm.learned(at, at + HOUR, by_day if works else by_night)
    return rhythm


def test_a_week_begins_on_a_monday() -> None:
    assert bin_of(MONDAY) == 0
    assert bin_of(MONDAY - 1) == BINS - 1
    assert bin_of(MONDAY + 25 * HOUR) == 25


def test_without_knowledge_the_rate_is_the_prior() -> None:
    assert Rhythm().rate(MONDAY) == pytest.approx(PRIOR_RATE)
    assert Rhythm().expected(MONDAY, MONDAY + 4 * HOUR) == pytest.approx(4 * PRIOR_RATE)


def test_nights_and_weekends_are_learned() -> None:
    rhythm = weeks(6)
    noon, night = MONDAY + 12 * HOUR, MONDAY + 2 * HOUR
    assert 4.5 < rhythm.rate(noon) < 7
    assert rhythm.rate(night) < 0.6
    assert rhythm.rate(noon + 5 * DAY) < 1.5, "a Saturday"
    assert 0.8 < rhythm.expected(MONDAY, MONDAY + WEEK) / (5 * 12 * 6) < 1.2


def test_the_hours_of_a_day_are_learned_within_a_day_and_weekends_after_one() -> None:
    rhythm = Rhythm()
    for hour in range(36):
        at = MONDAY + hour * HOUR
        rhythm = rhythm.learned(at, at + HOUR, 6 if 8 <= hour % 24 < 20 else 0)
    assert rhythm.rate(MONDAY + 2 * DAY + 12 * HOUR) > 2 * rhythm.rate(MONDAY + 2 * DAY + 2 * HOUR)


def test_a_changed_rhythm_is_learned_anew() -> None:
    rhythm = weeks(8)
    for hour in range(4 * BINS):
        at = MONDAY + 8 * WEEK + hour * HOUR
        rhythm = rhythm.learned(at, at + HOUR, 6 if hour % 24 < 8 else 0)
    assert rhythm.rate(MONDAY + 2 * HOUR) > 2 * rhythm.rate(MONDAY + 14 * HOUR)


def test_no_hour_is_given_up() -> None:
    rhythm = weeks(10)
    assert rhythm.rate(MONDAY + 2 * HOUR) >= FLOOR * rhythm.mean()


def test_items_without_a_date_are_spread_as_the_rhythm_expects() -> None:
    rhythm = weeks(6)
    after = rhythm.learned(MONDAY + 6 * WEEK, MONDAY + 6 * WEEK + 12 * HOUR, 24)
    assert after.items[10] - rhythm.items[10] * 0.8 > 4 * (after.items[2] - rhythm.items[2] * 0.8)


def test_only_dates_between_two_polls_are_believed() -> None:
    after, until = MONDAY, MONDAY + HOUR
    dates = [after - 9 * HOUR, after, after + MINUTE, until, until + 1, until + 2 * HOUR, after + 30 * MINUTE]
    assert believable(dates, after, until) == [after + MINUTE, after + 30 * MINUTE, until - 1]


@given(
    st.lists(st.tuples(st.integers(0, 3 * WEEK), st.integers(0, 10**9), st.lists(TIMES, max_size=5)), max_size=6), TIMES
)
def test_whatever_is_learned_rates_stay_finite_and_the_memory_bounded(
    polls: list[tuple[int, int, list[int]]], start: int
) -> None:
    rhythm, at = Rhythm(), start
    for gap, new, dates in polls:
        rhythm = rhythm.learned(at, at + gap, new, believable(dates, at, at + gap))
        at += gap
    assert len(rhythm.items) == len(rhythm.hours) == BINS
    assert min(*rhythm.items, *rhythm.hours) >= 0
    assert max(rhythm.hours) <= 6000, "of an hour a week no more than five or six count"
    assert 0 < rhythm.rate(at) < 10**11


@given(TIMES, st.integers(0, WEEK), st.integers(0, 500))
def test_nothing_that_came_is_lost_in_learning(start: int, length: int, new: int) -> None:
    rhythm = Rhythm().learned(start, start + length, new)
    if length:
        assert abs(sum(rhythm.items) - 1000 * new) <= BINS
        assert abs(sum(rhythm.hours) - length * 1000 // HOUR) <= BINS
