"""Further pages in the frontier: when they are due, and what becomes of them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.exchange import Role
from archive.url import normalise
from crawler.frontier import Found, Frontier
from crawler.further import FURTHER, Due, want
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY, HOUR, SECOND
from crawler.state import State

SITE = "a.example"
STORY = f"https://{SITE}/2026/11/30/a-story-of-some-length"
NOON = 1_796_126_400_000_000


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    with State(tmp_path / "state.sqlite") as state:
        yield Frontier(state)


def capture(url: str, at: int, role: Role = Role.FURTHER, status: int = 200) -> Capture:
    return Capture(
        f"urn:{url}:{at}", url, normalise(url), at, status=status, role=role, site=SITE, via=STORY, hops="LL"
    )


def due(number: int, at: int) -> Due:
    url = f"{STORY}?page={number}"
    return Due(SITE, normalise(url), url, normalise(STORY), STORY, "LL", at)


def waiting(frontier: Frontier, now: int | None = None) -> list[str]:
    return [one.url.removeprefix(STORY) for one in frontier.further(SITE, now)]


def test_they_are_due_until_they_came_and_again_with_the_next_look(frontier: Frontier) -> None:
    first = capture(STORY, NOON, Role.ARTICLE)
    frontier.note([first], (), [due(2, NOON), due(3, NOON)])
    assert waiting(frontier) == ["?page=2", "?page=3"]
    (page, _) = frontier.further(SITE)
    asked = want(page)
    assert (asked.role, asked.source, asked.via, asked.hops) == (Role.FURTHER, "page", STORY, "LL")
    frontier.note([capture(f"{STORY}?page=2", NOON + SECOND)], (), [due(3, NOON)])
    frontier.note([first], (), [due(2, NOON), due(3, NOON)])  # once more, after a kill
    assert waiting(frontier) == ["?page=3"]
    frontier.note([capture(f"{STORY}?page=3", NOON + SECOND)])
    assert frontier.count(SITE) == {Phase.DONE: 3}
    assert frontier.looks(SITE, 10, NOON + 365 * DAY)[0].url == STORY
    assert len(frontier.looks(SITE, 10, NOON + 365 * DAY)) == 1, "they are looked at with their story alone"
    frontier.note([capture(STORY, NOON + HOUR, Role.ARTICLE)], (), [due(2, NOON + HOUR), due(3, NOON + HOUR)])
    assert waiting(frontier) == ["?page=2", "?page=3"]


def test_what_is_not_to_be_had_is_not_asked_for_at_each_look(frontier: Frontier) -> None:
    frontier.note([capture(STORY, NOON, Role.ARTICLE)], (), [due(2, NOON)])
    frontier.note([capture(f"{STORY}?page=2", NOON + SECOND, status=404)])
    frontier.note([], (), [due(2, NOON + HOUR)])
    assert waiting(frontier) == []
    frontier.note([], (), [due(2, NOON + 8 * DAY)])
    assert waiting(frontier) == ["?page=2"]
    # One that fails keeps its tries, and its time.
    frontier.note([capture(f"{STORY}?page=2", NOON + 8 * DAY + SECOND, status=503)])
    frontier.note([], (), [due(2, NOON + 8 * DAY + HOUR)])
    assert waiting(frontier, NOON + 8 * DAY + 2 * SECOND) == []
    assert waiting(frontier, NOON + 9 * DAY) == ["?page=2"]


def test_an_article_stays_one_and_a_further_page_too(frontier: Frontier) -> None:
    found = Found(normalise(f"{STORY}?page=2"), f"{STORY}?page=2", NOON, source="section", via="x", hops="L")
    frontier.note([capture(found.url, NOON, Role.ARTICLE)])
    frontier.note([], (), [due(2, NOON + HOUR), due(3, NOON + HOUR)])
    assert waiting(frontier) == ["?page=3"]
    frontier.plan(SITE, [replace(found, key=normalise(f"{STORY}?page=3"), url=f"{STORY}?page=3")], NOON + HOUR)
    (page,) = frontier.further(SITE)
    assert (page.source, page.via, page.hops) == (FURTHER, STORY, "LL")


def test_only_what_was_not_noted_is_read_again(frontier: Frontier) -> None:
    first, second = capture(STORY, NOON, Role.ARTICLE), capture(f"{STORY}?page=2", NOON + SECOND)
    assert frontier.unnoted([first, second]) == [first, second]
    frontier.note([first])
    assert frontier.unnoted([first, second]) == [second]
    later = capture(STORY, NOON + HOUR, Role.ARTICLE)
    assert frontier.unnoted([first, later]) == [later]
