"""The backlog: what waits, in which order, for which host, and what became of it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from unittest import mock

import pytest

from archive.capture import Capture
from archive.event import StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role
from archive.url import normalise
from crawler import backlog as module
from crawler.backlog import Backlog, Shelf, ShelfKind, Walked
from crawler.discovery.archives import Span
from crawler.frontier import Found, Frontier
from crawler.scheduling.articles import MAX_TRIES, Phase
from crawler.scheduling.durations import DAY
from crawler.state import State

SITE, OTHER = "a.example", "b.a.example"
NOW = 1_800_000_000_000_000
SINCE = NOW - 1000 * DAY


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "state.sqlite") as state:
        yield state


@pytest.fixture
def frontier(state: State) -> Frontier:
    return Frontier(state)


@pytest.fixture
def backlog(state: State) -> Backlog:
    made = Backlog(state)
    assert made.begin(SITE, SINCE, None, NOW)
    return made


def found(name: str, rank: int = 0, host: str = SITE) -> Found:
    url = f"https://{host}/{name}"
    return Found(normalise(url), url, rank, None, None, f"https://{host}/map.xml", "backfill", "L")


def shelf(name: str, rank: int = 0, host: str = SITE) -> Shelf:
    url = f"https://{host}/{name}"
    return Shelf(normalise(url), url, ShelfKind.SITEMAP, rank)


def capture(name: str, status: int = 200, at: int = NOW, run: str = "run 1") -> Capture:
    url = f"https://{SITE}/{name}"
    return Capture(
        f"id {name} {at}",
        *(url, normalise(url), at),
        status=status,
        role=Role.ARTICLE,
        site=SITE,
        run=run,
        source="backfill",
    )


def attempt(name: str, reason: NoAnswer, at: int = NOW, run: str = "run 1") -> StoredAttempt:
    url = f"https://{SITE}/{name}"
    origin = Origin(site=SITE, run=run, role=Role.ARTICLE)
    return StoredAttempt(f"id {name} {at}", normalise(url), Attempt(url, at, reason, "why", origin=origin))


def names(articles: list[Found]) -> list[str]:
    return [one.url.rpartition("/")[2] for one in articles]


def test_what_was_found_waits_apart_from_what_is_due(backlog: Backlog, frontier: Frontier) -> None:
    root = shelf("map.xml")
    backlog.start(SITE, Walked(onward=[root]), NOW)
    backlog.took(SITE, root, Walked([found("old", 1), found("new", 9), found("middle", 5)], named=3), NOW)
    assert names(backlog.take(SITE, SITE, 2, NOW)) == ["new", "middle"]
    assert names(backlog.take(SITE, SITE, 9, NOW, {found("new").key})) == ["middle", "old"]
    assert frontier.due(SITE, 9) == []
    assert frontier.looks(SITE, 9, NOW) == []
    assert frontier.next(SITE) is None, "an ordinary visit has nothing to do"
    assert not frontier.is_done(SITE, found("new").key)


def test_each_host_has_a_lane_of_its_own(backlog: Backlog) -> None:
    backlog.start(SITE, Walked([found("a", 9), found("b", 5, OTHER)], [shelf("map", host="maps.a.example")]), NOW)
    assert backlog.lanes(SITE) == [SITE, OTHER, "maps.a.example"]
    assert names(backlog.take(SITE, OTHER, 9, NOW)) == ["b"]
    assert backlog.shelf(SITE, SITE, NOW) is None
    assert backlog.shelf(SITE, "maps.a.example", NOW) == shelf("map", host="maps.a.example")


def test_no_host_takes_more_than_its_budget(backlog: Backlog) -> None:
    with mock.patch.multiple(module, MAX_URLS=3, MAX_SHELVES=2, PART=2):
        articles = [found(str(number), number) for number in range(8)]
        shelves = [shelf(f"map{number}", number) for number in range(5)]
        backlog.start(SITE, Walked([*articles, found("b", 5, OTHER)], shelves, 9), NOW)
        backlog.took(SITE, shelf("map1"), Walked([found("again")], named=1), NOW)
    stands = backlog.of(SITE)
    assert stands is not None
    assert (stands.left, stands.unwalked) == (4, 1)
    assert stands.passed == {"more than one host may have": 6}
    assert stands.unread == {"more than one host may have": 3}
    assert names(backlog.take(SITE, OTHER, 9, NOW)) == ["b"]


def test_what_became_of_it_is_counted(backlog: Backlog, frontier: Frontier) -> None:
    articles = [found(name) for name in ("captured", "gone", "robots", "failing", "waiting", "announced", "known")]
    frontier.note([replace(capture("known", at=NOW - DAY), source="feed")])
    backlog.start(SITE, Walked(articles, named=9, passed={"published at another time": 2}), NOW)
    frontier.note(
        [capture("captured"), capture("gone", 404)],
        [attempt("robots", NoAnswer.ROBOTS), attempt("failing", NoAnswer.TIMEOUT)],
    )
    frontier.plan(SITE, [replace(found("announced"), source="feed")], NOW)
    stands = backlog.of(SITE)
    assert stands is not None
    assert (stands.found, stands.known, stands.queued, stands.captured) == (9, 1, 6, 1)
    assert stands.settled == {"it answers 404": 1, "robots": 1}
    assert (stands.taken, stands.left) == (1, 2)
    assert names(frontier.due(SITE, 9)) == ["announced"]


def test_what_failed_stays_in_its_queue_and_is_tried_later(backlog: Backlog, frontier: Frontier) -> None:
    backlog.start(SITE, Walked([found("a", 9), found("b", 1)]), NOW)
    frontier.note([], [attempt("a", NoAnswer.TIMEOUT)])
    assert frontier.count(SITE) == {Phase.BACKFILL: 2}
    assert names(backlog.take(SITE, SITE, 9, NOW + 1)) == ["b"]
    assert names(backlog.take(SITE, SITE, 9, NOW + DAY)) == ["b", "a"]
    for number in range(2, MAX_TRIES + 1):
        frontier.note([], [attempt("a", NoAnswer.TIMEOUT, NOW + number * DAY, f"run {number}")])
    assert frontier.count(SITE) == {Phase.BACKFILL: 1, Phase.FAILED: 1}


def test_what_was_not_allowed_waits_again_after_a_week(backlog: Backlog, frontier: Frontier) -> None:
    backlog.start(SITE, Walked([found("a"), found("b")]), NOW)
    frontier.note([], [attempt("a", NoAnswer.ROBOTS), attempt("b", NoAnswer.ROBOTS, NOW + 5 * DAY)])
    frontier.note([], [attempt("announced", NoAnswer.ROBOTS)])
    backlog.revive(SITE, NOW + 8 * DAY)
    assert names(backlog.take(SITE, SITE, 9, NOW + 8 * DAY)) == ["a"]
    stands = backlog.of(SITE)
    assert stands is not None
    assert (stands.settled, stands.left) == ({"robots": 1}, 1)
    frontier.note([capture("a", at=NOW + 9 * DAY)])
    stands = backlog.of(SITE)
    assert stands is not None
    assert (stands.settled, stands.captured, stands.left) == ({"robots": 1}, 1, 0)


def test_where_a_redirect_leads_waits_there_too(backlog: Backlog, frontier: Frontier) -> None:
    backlog.start(SITE, Walked([found("a", 7)]), NOW)
    head = mock.patch("crawler.settling.target_of", return_value=f"https://{OTHER}/b")
    with head:
        frontier.note([capture("a", 301)])
    (target,) = backlog.take(SITE, OTHER, 9, NOW)
    assert (target.url, target.rank, target.source) == (f"https://{OTHER}/b", 7, "redirect")
    stands = backlog.of(SITE)
    assert stands is not None
    assert (stands.queued, stands.redirected, stands.captured, stands.left) == (2, 1, 0, 1)


def test_old_articles_are_not_looked_at_again(backlog: Backlog, frontier: Frontier) -> None:
    dated = replace(found("dated"), announced="2022-03-14")
    backlog.start(SITE, Walked([dated, found("undated")]), NOW)
    frontier.note([replace(capture("dated"), announced="2022-03-14"), capture("undated", at=NOW + 1)])
    assert frontier.count(SITE) == {Phase.DONE: 2}
    assert frontier.next(SITE) is None
    lost = Frontier(frontier._state)
    with frontier._state.write() as db:
        db.execute("DELETE FROM urls")
    lost.seed([capture("undated")])
    assert lost.next(SITE) is None, "nor after the state was lost"


def test_who_follows_an_old_article_has_it_fetched(backlog: Backlog, frontier: Frontier) -> None:
    backlog.start(SITE, Walked([found("a")]), NOW)
    frontier.watch(SITE, {f"https://{SITE}/a": "1h"}, NOW)
    assert names(frontier.due(SITE, 9)) == ["a"]


def test_a_shelf_is_walked_once(backlog: Backlog) -> None:
    one, other = shelf("one", 9), shelf("other", 1)
    backlog.start(SITE, Walked(onward=[one, other]), NOW)
    assert backlog.shelf(SITE, SITE, NOW) == one
    assert backlog.shelf(SITE, SITE, NOW, {one.key}) == other
    backlog.took(SITE, one, Walked(onward=[one, other]), NOW)
    backlog.took(SITE, one, Walked(), NOW)
    assert backlog.shelf(SITE, SITE, NOW) == other
    backlog.failed(SITE, other, "it answers 503", NOW, final=False)
    assert backlog.shelf(SITE, SITE, NOW + 1) is None
    again = backlog.shelf(SITE, SITE, NOW + DAY)
    assert again == replace(other, tries=1)
    backlog.failed(SITE, again, "it answers 404", NOW + DAY, final=True)
    stands = backlog.of(SITE)
    assert stands is not None
    assert stands.done
    assert (stands.shelves, stands.unread) == (1, {"it answers 404": 1})


def test_the_same_time_goes_on_and_another_one_begins_anew(backlog: Backlog, frontier: Frontier) -> None:
    frontier.note([capture("kept")])
    frontier.plan(SITE, [found("due")], NOW)
    with mock.patch.object(module, "PART", 3):
        backlog.start(SITE, Walked([found(str(number)) for number in range(8)], [shelf("map")], 8), NOW)
        assert not backlog.begin(SITE, SINCE, None, NOW + 1)
        assert backlog.started(SITE)
        assert backlog.begin(SITE, SINCE, NOW, NOW + 1)
    assert backlog.span(SITE) == Span(SINCE, NOW)
    assert not backlog.started(SITE)
    assert frontier.count(SITE) == {Phase.DONE: 1, Phase.DUE: 1}
    stands = backlog.of(SITE)
    assert stands is not None
    assert (stands.found, stands.queued, stands.left, stands.unwalked, stands.begun) == (0, 0, 0, 0, NOW + 1)


def test_no_question_reads_all_that_waits(backlog: Backlog, state: State, frontier: Frontier) -> None:
    backlog.start(SITE, Walked([found("a"), found("b")], [shelf("one"), shelf("other")], 2), NOW)
    asked: list[str] = []
    state._db.set_trace_callback(asked.append)
    backlog.lanes(SITE)
    backlog.take(SITE, SITE, 9, NOW, {"x"})
    backlog.waiting(SITE, {"x"})
    backlog.revive(SITE, NOW)
    backlog.shelf(SITE, SITE, NOW)
    backlog.took(SITE, shelf("one"), Walked([found("c")], [shelf("third")], 1), NOW)
    backlog.left(SITE)
    frontier.note([capture("a")])
    state._db.set_trace_callback(None)
    asked = [one for one in asked if one.split()[0] in {"SELECT", "UPDATE", "DELETE", "WITH"}]
    assert len(asked) > 8
    for query in asked:
        for *_, plan in state.read(f"EXPLAIN QUERY PLAN {query}"):
            if "urls" in plan or "shelves" in plan:
                assert not plan.startswith("SCAN"), query
                assert not plan.endswith("PRIMARY KEY (site=?)"), query
                assert not plan.endswith("INDEX urls_backfill (site=?)") or "min(lane)" in query, query
