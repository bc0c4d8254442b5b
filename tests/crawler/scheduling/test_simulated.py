"""The schedule in worlds of a few publishers, on a virtual clock: `benchmarks/schedule.py`, small."""

from __future__ import annotations

import json
import sys
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from benchmarks import schedule
from benchmarks.publishing import DAY, MINUTE, NEWS, START, Publisher, World, publishers
from crawler.scheduling.polling import CALM, LONGEST, SHORTEST, Outcome, Polled

SHARES = st.sampled_from([0.0, 0.3, 1.0])
WORLDS = st.builds(
    World,
    sites=st.just(2),
    days=st.integers(3, 8),
    median=st.sampled_from([0.5, 10.0, 200.0]),
    sigma=st.sampled_from([0.0, 1.0]),
    windows=st.sampled_from([(1,), (10,), (100,)]),
    large_windows=st.sampled_from([(10,), (100,)]),
    rhythm=st.booleans(),
    bursts=st.sampled_from([0.0, 5.0]),
    batches=SHARES,
    slow=SHARES,
    failing=SHARES,
    dead=SHARES,
    untrue=SHARES,
    undated=SHARES,
    wrong_clock=SHARES,
    relaunched=SHARES,
    edited=st.sampled_from([0.0, 0.4]),
    asleep=st.booleans(),
)


class Noting(schedule.Adaptive):
    """Presskeep's policy, whose intervals are noted."""

    def __init__(self, publisher: Publisher) -> None:
        super().__init__(publisher)
        self.polls: list[tuple[Polled, int]] = []

    def after(self, polled: Polled) -> int:
        due = super().after(polled)
        self.polls.append((polled, due - polled.at))
        return due


@settings(max_examples=20, deadline=None)
@given(WORLDS, st.integers(0, 10**6))
def test_in_any_world_sources_are_polled_within_limits(world: World, seed: int) -> None:
    for publisher in publishers(world, seed):
        policy = Noting(publisher)
        result = schedule.follow(publisher, policy, world)
        assert len(result.delays) <= result.items
        assert all(delay > 0 for delay in result.delays)
        for polled, interval in policy.polls:
            if polled.outcome is not Outcome.FAILED:
                assert SHORTEST <= interval <= LONGEST * 11 // 10
        again = schedule.follow(publisher, schedule.Adaptive(publisher), world)
        assert again == result, "nothing depends on anything but the polls"


@settings(max_examples=10, deadline=None)
@given(WORLDS, st.integers(0, 10**6))
def test_where_windows_hold_everything_nothing_is_lost(world: World, seed: int) -> None:
    world = replace(world, windows=(10**6,), large_windows=(10**6,), failing=0, dead=0, untrue=0)
    result = schedule.simulate(world, [seed], ["adaptive"])["adaptive"]
    assert len(result.delays) == result.items


def test_a_source_without_pressure_is_left_calm() -> None:
    world = replace(NEWS, sites=5, days=6, median=300, sigma=0.1, large_windows=(100,), bursts=0, dead=0, failing=0)
    for publisher in publishers(world, 1):
        policy = Noting(publisher)
        schedule.follow(publisher, policy, world)
        late = [interval for polled, interval in policy.polls if polled.at > START + 2 * DAY]
        assert min(late) >= CALM * 9 // 10 - MINUTE


@pytest.mark.slow
def test_in_a_small_world_the_promise_holds() -> None:
    """What `benchmarks/schedule.py` shows for 200 sites and 60 days, for fewer; beginning without knowledge."""
    results = schedule.simulate(replace(NEWS, sites=40, days=15), [11, 12], ["adaptive", "every_15m"])
    adaptive, fixed = results["adaptive"].figures(), results["every_15m"].figures()
    assert adaptive["found"] >= 0.995
    assert adaptive["requests"] <= fixed["requests"] / 3
    assert adaptive["median_delay_s"] <= fixed["median_delay_s"] * 1.1


@pytest.mark.slow
def test_a_night_of_sleep_loses_little_of_what_the_window_keeps() -> None:
    world = replace(NEWS, sites=30, days=12, asleep=True, windows=(50,), large_windows=(100,))
    results = schedule.simulate(world, [3], ["adaptive", "every_15m"])
    assert results["adaptive"].figures()["found"] >= results["every_15m"].figures()["found"] - 0.003


def test_media_cloud_adapts_as_its_code_does() -> None:
    publisher = publishers(replace(NEWS, sites=1, days=1), 1)[0]
    publisher.hinted = False
    policy = schedule.MediaCloud(publisher)
    at = START
    gaps = []
    for new in (10, 0, 0, 9, 9, 5):
        due = policy.after(Polled(at, Outcome.WHOLE, 10, new))
        gaps.append((due - at) // MINUTE)
        at = due
    assert gaps == [360, 370, 380, 360, 300, 300]
    assert (policy.after(Polled(at, Outcome.FAILED)) - at) // MINUTE == 300
    policy.after(Polled(at, Outcome.FAILED))
    assert (policy.after(Polled(at, Outcome.FAILED)) - at) // MINUTE == 450


def test_the_benchmark_prints_an_object_by_policy(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    plot = tmp_path / "plot.svg"
    monkeypatch.setattr(sys, "argv", ["schedule.py", "--sites", "3", "--days", "4", "--json", "--plot", str(plot)])
    schedule.main()
    said = json.loads(capsys.readouterr().out)
    assert set(said) == {"adaptive", "every_15m", "every_1h", "every_6h", "media_cloud"}
    for one in said.values():
        assert set(one) == {"found", "requests", "median_delay_s", "p95_delay_s"}
    assert plot.read_text(encoding="utf-8").startswith("<svg")
