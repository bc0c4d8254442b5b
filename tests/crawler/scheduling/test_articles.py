"""When an article is due: decisions over dates, failures and answers."""

from __future__ import annotations

import pytest

from archive.exchange import NoAnswer, Truncation
from crawler.discovery import Announcement
from crawler.scheduling.articles import (
    AHEAD,
    MAX_TRIES,
    ROBOTS_PAUSE,
    Known,
    Phase,
    after_failure,
    after_status,
    counts,
    is_due,
    rank,
    updates,
)
from crawler.scheduling.durations import DAY

NOW = 1_800_000_000_000_000


@pytest.mark.parametrize(
    ("status", "truncated", "tries", "phase"),
    [
        (200, None, 1, Phase.DONE),
        (301, None, 1, Phase.DONE),
        (200, Truncation.LENGTH, 1, Phase.DONE),
        (200, Truncation.TIME, 1, Phase.DUE),
        (200, Truncation.DISCONNECT, 1, Phase.DUE),
        (404, None, 1, Phase.GONE),
        (410, None, MAX_TRIES, Phase.GONE),
        (403, None, 1, Phase.DUE),
        (500, None, MAX_TRIES - 1, Phase.DUE),
        (500, None, MAX_TRIES, Phase.FAILED),
        (403, None, MAX_TRIES, Phase.FAILED),
    ],
)
def test_an_answer_decides_the_phase(status: int, truncated: Truncation | None, tries: int, phase: Phase) -> None:
    assert after_status(status, truncated, tries) is phase


@pytest.mark.parametrize(
    ("reason", "tries", "phase"),
    [
        (NoAnswer.ROBOTS, 1, Phase.DISALLOWED),
        (NoAnswer.SCOPE, 1, Phase.REFUSED),
        (NoAnswer.ADDRESS, 1, Phase.REFUSED),
        (NoAnswer.TIMEOUT, 1, Phase.DUE),
        (NoAnswer.TIMEOUT, MAX_TRIES, Phase.FAILED),
        (NoAnswer.STORAGE, MAX_TRIES + 5, Phase.DUE),
    ],
)
def test_a_failure_decides_the_phase(reason: NoAnswer, tries: int, phase: Phase) -> None:
    assert after_failure(reason, tries) is phase


def test_what_was_never_asked_counts_as_no_try() -> None:
    assert not counts(NoAnswer.STORAGE)
    assert not counts(NoAnswer.BUDGET)
    assert counts(NoAnswer.TIMEOUT)


def test_a_new_url_and_one_that_was_left_over_are_due() -> None:
    assert is_due(None, None, NOW)
    assert is_due(Known(Phase.DUE, None, 0), None, NOW)


def test_a_captured_url_is_due_again_when_its_source_says_that_it_changed_since() -> None:
    assert not is_due(Known(Phase.DONE, 500, NOW), None, NOW)
    assert not is_due(Known(Phase.DONE, 500, NOW), 500, NOW)
    assert is_due(Known(Phase.DONE, 500, NOW), 501, NOW), "compared with the publisher's own clock, not with ours"
    assert not is_due(Known(Phase.DONE, None, 500), 499, NOW)
    assert is_due(Known(Phase.DONE, None, 500), 501, NOW)
    assert is_due(Known(Phase.GONE, 500, NOW), 501, NOW)


def test_a_disallowed_url_is_judged_again_after_a_while_and_a_refused_one_never() -> None:
    assert not is_due(Known(Phase.DISALLOWED, None, NOW - DAY), 10**18, NOW)
    assert is_due(Known(Phase.DISALLOWED, None, NOW - ROBOTS_PAUSE - 1), None, NOW)
    assert not is_due(Known(Phase.REFUSED, 1, 0), 10**18, NOW)


def test_equal_dates_on_a_whole_listing_mean_nothing() -> None:
    same = [Announcement(f"https://a.example/{n}", updated="2026-11-24T10:00:00Z") for n in range(5)]
    assert updates(same) == [None] * 5
    assert None not in updates(same[:3])
    other = [*same, Announcement("https://a.example/x", updated="2026-11-23")]
    assert None not in updates(other)
    assert updates([Announcement("https://a.example/", published="2026-11-24")]) == [None]


def test_the_newest_come_first_and_undated_ones_count_as_their_source_does() -> None:
    assert rank(NOW - DAY, 0, NOW, fresh=True) == NOW - DAY
    assert rank(NOW + 400 * DAY, 0, NOW, fresh=True) == NOW + AHEAD, "a wrong clock wins nothing"
    assert rank(None, 0, NOW, fresh=True) > rank(None, 1, NOW, fresh=True) > NOW - DAY
    assert rank(None, 7, NOW, fresh=False) < 1
