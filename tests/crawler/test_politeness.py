"""Politeness: turns that are reserved, rests that are kept, and waiting that can be stopped."""

from __future__ import annotations

import asyncio
import subprocess
import sys
from collections.abc import Iterator
from itertools import count
from pathlib import Path
from unittest import mock

import pytest

from crawler.politeness import (
    FIRST_REST,
    LATE,
    LONGEST_CLAIM,
    LONGEST_RECOVERY,
    LONGEST_REST,
    LOOK,
    SECOND,
    SLOWEST,
    Pacer,
    Reservations,
    Resting,
    Stopped,
    asked_rest,
)
from crawler.state import State

NOW = 1_800_000_000_000_000
HOST = "a.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    return tmp_path / "state.sqlite"


@pytest.fixture
def reservations(path: Path) -> Iterator[Reservations]:
    with State(path) as state:
        yield Reservations(state)


GAP = 5 * SECOND + LATE


def test_turns_lie_a_delay_apart(reservations: Reservations) -> None:
    assert reservations.take(HOST, 5, NOW).mine
    later = reservations.take(HOST, 5, NOW)
    assert (later.mine, later.at) == (False, NOW + GAP)
    assert not reservations.take(HOST, 5, NOW + GAP - 1).mine
    assert reservations.take(HOST, 5, NOW + GAP).mine
    assert reservations.take("b.example", 5, NOW).mine, "another host has its own"


def test_two_processes_share_the_turns_and_a_restart_keeps_them(path: Path) -> None:
    with State(path) as one, State(path) as other:
        mine, yours = Reservations(one), Reservations(other)
        assert mine.take(HOST, 5, NOW).mine
        mine.sent(HOST, 5, NOW)
        assert yours.take(HOST, 5, NOW).at == NOW + GAP
        assert yours.take(HOST, 5, NOW + GAP).mine
    with State(path) as later:
        assert Reservations(later).take(HOST, 5, NOW + GAP).at == NOW + 2 * GAP


def test_nobody_elses_turn_comes_while_a_request_is_on_its_way(path: Path) -> None:
    with State(path) as one, State(path) as other:
        mine, yours = Reservations(one), Reservations(other)
        assert mine.take(HOST, 5, NOW).mine
        late = NOW + 9 * SECOND  # it is still connecting
        held = yours.take(HOST, 5, late)
        assert (held.mine, held.held, held.at) == (False, True, late + LOOK)
        mine.leaving(HOST, 5, late + SECOND)
        mine.sent(HOST, 5, late + SECOND)
        free = yours.take(HOST, 5, late + SECOND)
        assert (free.held, free.at) == (False, late + SECOND + GAP)
        assert yours.take(HOST, 5, late + SECOND + GAP).mine


def test_what_was_never_sent_holds_up_nobody_for_long(path: Path) -> None:
    with State(path) as one, State(path) as other:
        mine, yours = Reservations(one), Reservations(other)
        assert mine.take(HOST, 5, NOW).mine
        mine.answered(HOST, 5, 8.0, NOW + 8 * SECOND)  # refused, after so long
        turn = yours.take(HOST, 5, NOW + 24 * SECOND)
        assert turn.mine
        assert mine.take(HOST, 5, NOW + 24 * SECOND + GAP).held
        assert mine.take(HOST, 5, NOW + 24 * SECOND + LONGEST_CLAIM).mine, "a claim has an end"
        assert mine.take(HOST, 5, NOW + 24 * SECOND + LONGEST_CLAIM + GAP).mine, "who holds it is not held up"


def test_the_claim_of_a_process_that_is_no_more_is_none(path: Path) -> None:
    code = (
        "import sys; from pathlib import Path; from crawler.politeness import Reservations; from crawler.state import"
        " State; print(Reservations(State(Path(sys.argv[1]))).take(sys.argv[2], 5, int(sys.argv[3])).mine)"
    )
    done = subprocess.run([sys.executable, "-c", code, str(path), HOST, str(NOW)], capture_output=True, check=True)
    assert done.stdout == b"True\n"
    with State(path) as state:
        reservations = Reservations(state)
        assert reservations.take(HOST, 5, NOW + SECOND).at == NOW + GAP, "its turn was taken, whatever became of it"
        assert reservations.take(HOST, 5, NOW + GAP).mine


def test_without_a_delay_only_rests_count(reservations: Reservations) -> None:
    reservations.take(HOST, 100, NOW)
    assert reservations.take(HOST, 0, NOW).mine
    until = reservations.strike(HOST, NOW, 7)
    turn = reservations.take(HOST, 0, NOW)
    assert turn.at == until == NOW + 7 * SECOND
    assert turn.resting


def test_rests_grow_until_the_host_answers_again(reservations: Reservations) -> None:
    now, lengths = NOW, []
    for _ in range(3):
        until = reservations.strike(HOST, now, None)
        lengths.append((until - now) / SECOND)
        now = until
    assert lengths == [FIRST_REST, 2 * FIRST_REST, 4 * FIRST_REST]
    reservations.pardon(HOST)
    assert (reservations.strike(HOST, now, None) - now) / SECOND == FIRST_REST


def test_answers_that_were_under_way_do_not_lengthen_the_next_rest(reservations: Reservations) -> None:
    for at in range(5):
        until = reservations.strike(HOST, NOW + at, None)
    assert until <= NOW + 4 + round(2 * FIRST_REST * SECOND)
    assert (reservations.strike(HOST, until, None) - until) / SECOND == 2 * FIRST_REST


def test_a_rest_is_bounded_whatever_was_asked_for(reservations: Reservations) -> None:
    assert reservations.strike(HOST, NOW, 10.0**9) == NOW + LONGEST_REST * SECOND


def test_a_clock_that_was_set_back_silences_no_host(reservations: Reservations) -> None:
    reservations.take(HOST, 5, NOW)
    reservations.strike(HOST, NOW, 60)
    year = 365 * 86_400 * SECOND
    assert reservations.peek(HOST, 5, NOW - year).at <= NOW - year + 2 * LONGEST_REST * SECOND


@pytest.mark.parametrize(
    ("field", "seconds"),
    [
        (None, None),
        ("120", 120),
        (" 5 ", 5),
        ("Fri, 15 Jan 2027 08:00:30 GMT", 30),
        ("Fri, 15 Jan 2027 07:00:00 GMT", 0),
        ("99999999999999", LONGEST_REST),
        ("Fri, 15 Jan 2999 07:00:00 GMT", LONGEST_REST),
        ("soon", None),
        ("-5", None),
        ("١٢٠", None),
        ("", None),
        ("x" * 100_000, None),
    ],
)
def test_retry_after_is_read_within_bounds(field: str | None, seconds: float | None) -> None:
    assert asked_rest(field, NOW) == seconds


class Clock:
    """A clock that stands still until it is read so many times."""

    def __init__(self) -> None:
        self.now = NOW

    def __call__(self) -> int:
        return self.now


def test_a_free_host_is_not_waited_for(reservations: Reservations) -> None:
    asyncio.run(Pacer(reservations, Clock()).wait(HOST, 5))


def test_waiting_ends_when_the_crawl_does(reservations: Reservations) -> None:
    async def crawl() -> None:
        pacer = Pacer(reservations, Clock())
        await pacer.wait(HOST, 3600)
        waiting = asyncio.ensure_future(pacer.wait(HOST, 3600))
        await asyncio.sleep(0)
        assert not waiting.done()
        pacer.stop()
        with pytest.raises(Stopped):
            await waiting
        with pytest.raises(Stopped):
            await pacer.wait("b.example", 0)

    asyncio.run(crawl())


def test_a_rest_that_begins_while_a_request_waits_is_waited_for_too(reservations: Reservations) -> None:
    async def crawl() -> None:
        clock = Clock()
        pacer = Pacer(reservations, clock)
        await pacer.wait(HOST, 0.001)
        waiting = asyncio.ensure_future(pacer.wait(HOST, 0.001))
        await asyncio.sleep(0)
        reservations.strike(HOST, clock.now, 60)
        clock.now += 5000  # its turn came, by the clock
        await asyncio.sleep(0.02)
        assert not waiting.done()
        pacer.stop()
        with pytest.raises(Stopped):
            await waiting

    asyncio.run(crawl())


@pytest.mark.parametrize("waiting", [False, True])
def test_a_rest_that_is_longer_than_anybody_waits_is_said_at_once(reservations: Reservations, waiting: bool) -> None:
    async def crawl() -> None:
        pacer = Pacer(reservations, Clock())
        if waiting:
            await pacer.wait(HOST, 0.001)
            asked = asyncio.ensure_future(pacer.wait(HOST, 0.001))
            await asyncio.sleep(0)
        reservations.strike(HOST, NOW, 3600)
        with pytest.raises(Resting, match="left alone until 2027-01-15 09:00 UTC"):
            await (asked if waiting else pacer.wait(HOST, 0.001))

    asyncio.run(crawl())


def test_what_is_left_to_wait_is_told_without_taking_the_turn(reservations: Reservations) -> None:
    pacer = Pacer(reservations, Clock())
    assert pacer.ready_in(HOST, 5) == 0
    reservations.take(HOST, 5, NOW)
    assert pacer.ready_in(HOST, 5) == pacer.ready_in(HOST, 5) == 5 + LATE / SECOND
    assert pacer.ready_in(HOST, 0) == 0


def test_a_host_that_was_overloaded_gets_more_time_and_then_less_again(path: Path) -> None:
    weeks = count(1)

    def gap() -> float:
        with State(path) as state:  # a process each
            reservations = Reservations(state)
            now = NOW + next(weeks) * 7 * 86_400 * SECOND
            assert reservations.take(HOST, 5, now).mine
            return (reservations.peek(HOST, 5, now).at - now - LATE) / SECOND

    assert gap() == 5
    now = NOW
    with State(path) as state:
        for _ in range(9):
            now = Reservations(state).strike(HOST, now, 1)
    assert gap() == 5 * SLOWEST
    with State(path) as state:
        Reservations(state).pardon(HOST)
    assert 5 < gap() < 5 * SLOWEST
    with State(path) as state:
        for _ in range(60):
            Reservations(state).pardon(HOST)
    assert gap() == 5, "never shorter than it was configured"


def test_a_long_delay_is_not_shortened_by_the_bound_of_what_grows(reservations: Reservations) -> None:
    reservations.strike(HOST, NOW, 0)
    reservations.take(HOST, 3600, NOW)
    assert reservations.peek(HOST, 3600, NOW).at == NOW + 3600 * SECOND + LATE


@pytest.mark.parametrize(("took", "wait"), [(0.0, 5), (2.0, 5), (4.0, 8), (1000.0, LONGEST_RECOVERY)])
def test_a_slow_host_is_left_alone_for_twice_as_long_as_it_took(
    reservations: Reservations, took: float, wait: float
) -> None:
    reservations.take(HOST, 5, NOW)
    reservations.answered(HOST, 5, took, NOW)
    assert reservations.peek(HOST, 5, NOW).at == NOW + wait * SECOND + (LATE if wait == 5 else 0)


def test_the_delay_is_counted_from_when_a_request_leaves(reservations: Reservations) -> None:
    reservations.take(HOST, 5, NOW)
    reservations.sent(HOST, 5, NOW + 3 * SECOND)
    assert reservations.peek(HOST, 5, NOW).at == NOW + 8 * SECOND + LATE
    reservations.sent(HOST, 5, NOW)
    assert reservations.peek(HOST, 5, NOW).at == NOW + 8 * SECOND + LATE, "it never comes nearer"


def test_a_host_without_a_delay_is_not_slowed(reservations: Reservations) -> None:
    reservations.answered(HOST, 0, 100, NOW)
    reservations.sent(HOST, 0, NOW + SECOND)
    assert reservations.peek(HOST, 0, NOW).at == NOW


def test_a_pardon_does_not_undo_what_another_process_was_just_told(path: Path) -> None:
    with State(path) as one, State(path) as other:
        patient, hasty = Reservations(one), Reservations(other)
        patient.strike(HOST, NOW, 1)
        known = patient.factor(HOST)
        with mock.patch.object(patient, "factor", return_value=known):  # as it was read before the other's strike
            hasty.strike(HOST, NOW + 60 * SECOND, 1)
            longer = hasty.factor(HOST)
            patient.pardon(HOST)
        assert known < hasty.factor(HOST) < longer
