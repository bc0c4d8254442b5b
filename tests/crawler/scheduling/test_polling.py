"""When a source is polled: decisions over what its polls brought."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from archive import clock
from crawler.scheduling.durations import DAY, HOUR, MINUTE, WEEK
from crawler.scheduling.health import State, health_of
from crawler.scheduling.memory import SourceMemory, read_memory
from crawler.scheduling.pattern import Cron, Every
from crawler.scheduling.polling import (
    CALM,
    LONGEST,
    LONGEST_SENT_AWAY,
    SHORTEST,
    Outcome,
    Polled,
    after_poll,
    estimated_loss,
    may_ask_conditionally,
    next_poll,
)

MONDAY = clock.from_datetime(datetime(2027, 1, 11, tzinfo=UTC))
KEY = "a.example https://a.example/feed"


def whole(at: int, new: int = 0, seen: int = 20, dates: tuple[int, ...] = ()) -> Polled:
    return Polled(at, Outcome.WHOLE, seen, new, dates)


def failed(at: int, problem: str = "it answers 503") -> Polled:
    return Polled(at, Outcome.FAILED, problem=problem)


def followed(memory: SourceMemory, start: int, days: float, every: int, *, dated: bool = True) -> SourceMemory:
    """A source that publishes at equal distances from 8 to 20 o'clock, polled as it is due; begins at ``start``."""
    items = [at for at in range(start, start + round(days * DAY), every) if 8 <= at // HOUR % 24 < 20]
    at, known = start, start - 1
    while (at := max(at + 1, next_poll(memory, at, KEY))) < start + days * DAY:
        new = tuple(one for one in items if known < one <= at)
        seen = sum(one <= at for one in items[-20:]) if at > items[-20] else 20
        memory = after_poll(memory, whole(at, min(len(new), 20), max(seen, 20), new[-20:] if dated else ()))
        known = at
    return memory


@pytest.fixture(scope="module")
def known() -> SourceMemory:
    """A source that brought six items an hour by day, for two weeks."""
    return followed(SourceMemory(), MONDAY, 14, 10 * MINUTE)


@pytest.fixture(scope="module")
def noon() -> SourceMemory:
    """The same at noon of the next day."""
    return followed(SourceMemory(), MONDAY, 14.5, 10 * MINUTE)


def interval(memory: SourceMemory, at: int, new: int = 0, seen: int = 20) -> int:
    memory = after_poll(memory, whole(at, new, seen))
    return next_poll(memory, at, KEY) - at


def test_a_new_source_is_due_at_once_and_then_soon() -> None:
    assert next_poll(SourceMemory(), MONDAY, KEY) == MONDAY
    for dates in ((), tuple(MONDAY - hour * DAY for hour in range(20))):
        memory = after_poll(SourceMemory(), whole(MONDAY, 20, 20, dates))
        assert SHORTEST <= next_poll(memory, MONDAY, KEY) - MONDAY <= 33 * MINUTE
        assert memory.losses == 0, "nothing says that it came too late"


def test_the_dates_of_a_first_answer_tell_a_busy_source() -> None:
    busy = after_poll(SourceMemory(), whole(MONDAY, 20, 20, tuple(MONDAY - n * 3 * MINUTE for n in range(20))))
    assert next_poll(busy, MONDAY, KEY) - MONDAY < 15 * MINUTE


def test_a_source_is_polled_often_by_day_and_rarely_by_night(known: SourceMemory) -> None:
    day = MONDAY + 14 * DAY
    assert CALM * 0.9 <= interval(known, day + 12 * HOUR, 1) < 25 * MINUTE
    assert interval(known, day + 22 * HOUR) > 90 * MINUTE


def test_at_night_the_poll_waits_for_the_morning(known: SourceMemory) -> None:
    evening = after_poll(known, whole(MONDAY + 14 * DAY + 23 * HOUR))
    due = evening
    polls = 0
    at = MONDAY + 14 * DAY + 23 * HOUR
    while (at := next_poll(due, at, KEY)) < MONDAY + 15 * DAY + 7 * HOUR:
        due = after_poll(due, whole(at))
        polls += 1
    assert polls <= 5


def test_more_items_shorten_the_interval(noon: SourceMemory) -> None:
    at = MONDAY + 14 * DAY + 12 * HOUR + 15 * MINUTE
    assert interval(noon, at, 19) < interval(noon, at, 1)


def test_a_short_window_is_polled_sooner(noon: SourceMemory) -> None:
    at = MONDAY + 14 * DAY + 12 * HOUR + 15 * MINUTE
    assert SHORTEST <= interval(noon, at, 1, seen=3) < interval(noon, at, 1, seen=100)


def test_a_poll_that_finds_everything_new_says_so_and_hurries(known: SourceMemory) -> None:
    at = MONDAY + 14 * DAY + 12 * HOUR
    before = next_poll(after_poll(known, whole(at, 5)), at, KEY) - at
    memory = after_poll(known, whole(at, 20))
    assert (memory.losses, memory.lost_at) == (1, at)
    assert memory.lost >= 1
    assert next_poll(memory, at, KEY) - at < before
    assert health_of(memory, at + HOUR).state is State.LOSSY
    assert health_of(memory, at + 8 * DAY).state is not State.LOSSY


def test_a_loss_is_estimated_by_the_dates(known: SourceMemory) -> None:
    assert known.known is not None
    at = known.known + 10 * HOUR
    dates = tuple(at - n * 10 * MINUTE for n in range(20))
    assert 35 <= estimated_loss(known, whole(at, 20, 20, dates)) <= 45
    assert estimated_loss(known, whole(at, 19, 20, dates)) == 0
    assert estimated_loss(known, whole(at, 3, 3)) == 0, "a source that was emptied lost nothing"


def test_dead_sources_back_off_to_days_and_are_never_given_up(known: SourceMemory) -> None:
    memory, at = known, MONDAY + 14 * DAY
    gaps = []
    for _ in range(150):
        memory = after_poll(memory, failed(at))
        due = next_poll(memory, at, KEY)
        gaps.append(due - at)
        at = due
    assert gaps[0] <= 11 * MINUTE
    assert 6 * DAY < gaps[-1] < 8 * DAY
    assert max(gaps) < 8 * DAY
    health = health_of(memory, at)
    assert (health.state, health.since, health.needs_a_person) == (State.DEAD, MONDAY + 14 * DAY, True)
    assert health.reason == "it answers 503 (150 times in a row)"
    assert health_of(after_poll(memory, whole(at, 3)), at).state is State.OK


def test_a_busy_source_that_fails_is_tried_every_hour_for_two_days(known: SourceMemory) -> None:
    memory, at = known, MONDAY + 14 * DAY + 8 * HOUR
    while at < MONDAY + 14 * DAY + 19 * HOUR:
        memory = after_poll(memory, failed(at))
        assert next_poll(memory, at, KEY) - at <= 2 * HOUR
        at = next_poll(memory, at, KEY)
    assert health_of(memory, at).state is State.FAILING


def test_a_quiet_source_is_told() -> None:
    memory = followed(SourceMemory(), MONDAY, 14, 10 * MINUTE)
    at = start = MONDAY + 14 * DAY
    while at < start + 2 * DAY:
        memory = after_poll(memory, whole(at))
        at = next_poll(memory, at, KEY)
    health = health_of(memory, at)
    assert health.state is State.QUIET
    assert health.since == memory.news
    assert health.needs_a_person


def test_what_was_never_polled_is_new() -> None:
    assert health_of(SourceMemory(), MONDAY).state is State.NEW


def test_an_outage_of_our_own_network_says_nothing_against_a_source(known: SourceMemory) -> None:
    at = MONDAY + 14 * DAY
    memory = after_poll(known, Polled(at, Outcome.UNASKED))
    assert (memory.failures, memory.known) == (0, known.known)
    assert next_poll(memory, at, KEY) - at == SHORTEST


def test_a_pattern_takes_the_place_of_the_rhythm_but_not_of_the_back_off(known: SourceMemory) -> None:
    at = MONDAY + 14 * DAY + 12 * HOUR + 30
    memory = after_poll(known, whole(at, 1))
    assert abs(next_poll(memory, at, KEY, Every(2 * HOUR)) - at - 2 * HOUR) <= 12 * MINUTE
    assert 0 <= next_poll(memory, at, KEY, Cron("30 3 * * *")) - (MONDAY + 15 * DAY + 3.5 * HOUR) < MINUTE
    for _ in range(20):
        memory = after_poll(memory, failed(at))
    memory = replace(memory, failing_since=at - 10 * DAY)
    assert next_poll(memory, at, KEY, Every(15 * MINUTE)) - at > 20 * HOUR


def test_a_server_that_sends_us_away_is_obeyed_for_a_day_at_most(known: SourceMemory) -> None:
    at = MONDAY + 14 * DAY
    for asked, waited in ((3 * HOUR, 3 * HOUR), (400 * DAY, LONGEST_SENT_AWAY)):
        memory = after_poll(known, replace(failed(at), not_before=at + asked))
        assert next_poll(memory, at, KEY) - at == waited
    assert after_poll(known, whole(at + HOUR)).not_before is None


def test_a_server_whose_304_are_untrue_is_found_out(noon: SourceMemory) -> None:
    begun = at = MONDAY + 14 * DAY + 12 * HOUR
    memory = replace(noon, asked=at, known=at, whole=at)
    told = at
    while memory.doubted is None and at < begun + 6 * HOUR:
        at = max(next_poll(memory, at, KEY), at + 1)
        if may_ask_conditionally(memory, at):
            memory = after_poll(memory, Polled(at, Outcome.UNCHANGED))
        else:
            dates = tuple(one for one in range(begun, at, 10 * MINUTE) if one > told)
            memory = after_poll(memory, whole(at, len(dates), 20, dates))
            told = at
    assert memory.doubted is not None
    assert at < begun + 5 * HOUR
    assert memory.losses == noon.losses
    assert not may_ask_conditionally(replace(memory, whole=at + 29 * DAY), at + 29 * DAY)
    assert may_ask_conditionally(replace(memory, whole=at + 31 * DAY), at + 31 * DAY), "it may have been mended"


def test_a_304_that_is_true_stays_believed(noon: SourceMemory) -> None:
    at = MONDAY + 14 * DAY + 12 * HOUR
    memory = replace(noon, asked=at, known=at, whole=at)
    for _ in range(20):
        memory = after_poll(memory, Polled(at + 5 * MINUTE, Outcome.UNCHANGED))
        at += 15 * MINUTE
        memory = after_poll(memory, whole(at, 1, 20, (at - MINUTE,)))
        assert memory.doubted is None
        assert may_ask_conditionally(memory, at + MINUTE)


def test_a_304_is_believed_for_a_day_at_most() -> None:
    memory = replace(SourceMemory(), first=MONDAY, asked=MONDAY, known=MONDAY, whole=MONDAY)
    assert not may_ask_conditionally(memory, MONDAY + HOUR), "its rate is not known yet"
    memory = replace(memory, whole=MONDAY + 3 * DAY)
    assert may_ask_conditionally(memory, MONDAY + 3 * DAY + HOUR)
    assert not may_ask_conditionally(memory, MONDAY + 4 * DAY)
    assert not may_ask_conditionally(memory, MONDAY + 2 * DAY), "the clock was set back"


def test_a_clock_that_is_set_back_stops_nothing(known: SourceMemory) -> None:
    earlier = MONDAY - 300 * DAY
    assert next_poll(known, earlier, KEY) == earlier
    memory = after_poll(known, whole(earlier, 2))
    assert SHORTEST <= next_poll(memory, earlier, KEY) - earlier <= LONGEST
    assert memory.rhythm == known.rhythm
    assert health_of(memory, earlier).state is State.OK


def test_a_machine_that_was_suspended_goes_on(known: SourceMemory) -> None:
    late = MONDAY + 8 * WEEK + 12 * HOUR
    assert next_poll(known, late, KEY) < late
    memory = after_poll(known, whole(late, 20))
    assert memory.losses == known.losses + 1
    assert SHORTEST <= next_poll(memory, late, KEY) - late <= 30 * MINUTE


def test_a_thousand_sources_in_step_fall_out_of_it(known: SourceMemory) -> None:
    at = MONDAY + 14 * DAY + 12 * HOUR
    memory = after_poll(known, whole(at, 1))
    due = [next_poll(memory, at, f"site-{number}.example") for number in range(1000)]
    by_second = [one // 1_000_000 for one in due]
    assert max(by_second.count(second) for second in set(by_second)) < 30


def polls(start: int) -> st.SearchStrategy[list[Polled]]:
    """Any polls at any times: clocks jump to and fro, dates are absurd."""
    moments = st.integers(-WEEK, 3 * WEEK).map(lambda gap: max(0, start + gap))
    items = st.integers(0, 10**6)
    dates = st.lists(st.integers(-(10**18), 10**18) | moments, max_size=6).map(tuple)
    away = st.none() | st.integers(-(10**18), 10**18)
    return st.lists(
        st.builds(Polled, moments, st.sampled_from(Outcome), items, items, dates, st.text(max_size=400), away),
        max_size=12,
    )


@settings(max_examples=150)
@given(polls(MONDAY), st.sampled_from([None, Every(HOUR), Cron("0 * * * *")]))
def test_whatever_comes_a_source_is_always_asked_again(told: list[Polled], pattern: Every | Cron | None) -> None:
    memory = SourceMemory()
    for polled in told:
        memory = after_poll(memory, polled)
        now = polled.at
        due = next_poll(memory, now, KEY, pattern)
        assert now + 50 * 1_000_000 < due <= now + 8 * DAY or pattern == Cron("0 * * * *")
        assert due <= now + 8 * DAY
        assert due == next_poll(memory, now, KEY, pattern)
        assert isinstance(may_ask_conditionally(memory, now), bool)
        assert health_of(memory, now).state in State
        text = memory.to_json()
        assert len(text) < 6000
        assert read_memory(text) == memory


@pytest.mark.parametrize(
    "text",
    [
        *(
            "",
            "[]",
            "{}",
            '{"schema":2}',
            '{"schema":1,"asked":"x"}',
            '{"schema":1,"other":1}',
            '{"schema":1,"items":[1]}',
        ),
        *('{"schema":1,"failures":1.5}', '{"schema":1,"hours":[' + ",".join(["-1"] * 168) + "]}"),
    ],
)
def test_what_is_no_memory_is_refused(text: str) -> None:
    with pytest.raises(ValueError):  # noqa: PT011 - json's own error is one, too
        read_memory(text)
