"""Patterns, durations and jitter: what a person writes, and what keeps sources out of step."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive import clock
from crawler.scheduling.durations import DAY, HOUR, LONGEST, MINUTE, SECOND, SHORTEST, parse_duration, written
from crawler.scheduling.jitter import around, jitter
from crawler.scheduling.pattern import SPREAD, Cron, Every, parse_pattern

NOW = 1_800_000_000_000_000
TIMES = st.integers(0, 2 * NOW)


@pytest.mark.parametrize(
    ("text", "length"), [("90s", 90 * SECOND), ("15m", 15 * MINUTE), (" 1 H ", HOUR), ("2d", 2 * DAY), ("1w", 7 * DAY)]
)
def test_a_duration_is_a_number_with_its_unit(text: str, length: int) -> None:
    assert parse_duration(text) == length


@pytest.mark.parametrize(
    "text", ["", "15", "m", "15 minutes", "1.5h", "-1h", "1h30m", "٣m", "5s", "0d", "99999d", "9" * 99]
)
def test_another_duration_is_refused_with_an_example(text: str) -> None:
    with pytest.raises(ValueError, match="write a "):
        parse_duration(text)


@given(st.integers(SHORTEST // SECOND, LONGEST // SECOND))
def test_a_duration_is_written_as_it_is_read(seconds: int) -> None:
    assert parse_duration(written(seconds * SECOND)) == seconds * SECOND


@given(st.text(max_size=40), TIMES, st.integers(0, DAY))
def test_jitter_stays_within_its_width_and_is_always_the_same(key: str, moment: int, width: int) -> None:
    assert 0 <= jitter(key, moment, width) < max(1, width)
    assert jitter(key, moment, width) == jitter(key, moment, width)
    assert abs(around(key, moment, width) - width) <= width // 10


def test_a_thousand_sources_are_spread_over_what_jitter_allows() -> None:
    due = sorted(around(f"site-{number}.example", NOW, HOUR) for number in range(1000))
    for tenth in range(10):
        begin = HOUR - HOUR // 10 + tenth * HOUR // 50
        assert 60 < sum(begin <= one < begin + HOUR // 50 for one in due) < 140


def test_a_pattern_is_a_duration_or_a_cron_expression() -> None:
    assert parse_pattern("15m") == Every(15 * MINUTE)
    assert parse_pattern("  0   6-22 * * mon-fri ") == Cron("0 6-22 * * mon-fri")
    assert [str(parse_pattern(text)) for text in ("90s", "24h", "5 * * * *")] == ["90s", "1d", "5 * * * *"]


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("soon", "a number with its unit"),
        ("* * * *", "five fields"),
        ("* * * * * *", "five fields"),
        ("61 * * * *", "bad minute"),
        ("0 0 30 2 *", "bad day-of-month"),
        ("*/0 * * * *", "bad minute"),
        ("0 0 * * funday", "bad day-of-week"),
        (f"{'1,' * 200}1 * * * *", "five fields"),
    ],
)
def test_what_is_no_pattern_is_refused_with_the_reason(text: str, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        parse_pattern(text)


@given(st.text(alphabet="0123456789*/,-#L MONa", max_size=30))
def test_any_text_is_a_pattern_or_refused(text: str) -> None:
    try:
        pattern = parse_pattern(text)
    except ValueError:
        return
    assert pattern.after(NOW, "a") > NOW


@given(TIMES, st.text(max_size=20))
def test_cron_names_minutes_in_utc_and_sources_share_no_second(last: int, key: str) -> None:
    due = Cron("30 4 * * *").after(last, key)
    at = clock.to_datetime(due)
    assert (at.hour, at.minute) == (4, 30)
    assert last < due <= last + DAY + SPREAD
    assert clock.to_datetime(Cron("30 4 * * *").after(due, key)).day != at.day, "once for each minute named"


def test_no_change_of_the_clocks_moves_a_cron_expression() -> None:
    last = clock.from_datetime(clock.to_datetime(NOW).replace(month=3, day=26, hour=12))
    hours = []
    for _ in range(4):  # over the night to 28 March 2027, when Europe's clocks go forward
        last = Cron("0 2 * * *").after(last, "a")
        hours.append(clock.to_datetime(last).hour)
    assert hours == [2, 2, 2, 2]
