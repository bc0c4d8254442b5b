"""The frontier: what is due, and that only the archive makes something done."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.article import Verdict
from archive.capture import Capture
from archive.event import StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role
from archive.url import normalise
from crawler.frontier import Found, Frontier, Judged
from crawler.robots import NOT_HAD
from crawler.scheduling.articles import MAX_TRIES, Phase
from crawler.state import State
from crawler.walk import MAX_REDIRECTS

SITE = "a.example"
NOW = 1_800_000_000_000_000


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "state.sqlite") as state:
        yield state


@pytest.fixture
def frontier(state: State) -> Frontier:
    return Frontier(state)


def found(name: str, rank: int = 0, updated: int | None = None) -> Found:
    url = f"https://a.example/{name}"
    return Found(normalise(url), url, rank, None, updated, "https://a.example/feed", "feed", "L")


def capture(name: str, status: int = 200, at: int = NOW, run: str = "run 1", role: Role = Role.ARTICLE) -> Capture:
    url = f"https://a.example/{name}"
    return Capture(f"id {name} {at}", url, normalise(url), at, status=status, role=role, site=SITE, run=run)


def attempt(name: str, reason: NoAnswer, at: int = NOW, run: str = "run 1", retry: int = 0) -> StoredAttempt:
    url = f"https://a.example/{name}"
    origin = Origin(site=SITE, run=run, role=Role.ARTICLE, retry=retry)
    return StoredAttempt(f"id {name} {at}", normalise(url), Attempt(url, at, reason, "why", origin=origin))


def test_what_is_planned_is_due_the_newest_first(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("old", 1), found("new", 9), found("middle", 5)], NOW)
    assert [one.url[-3:] for one in frontier.due(SITE, 2)] == ["new", "dle"]
    assert frontier.due(SITE, 1)[0] == found("new", 9)
    assert frontier.due("b.example", 9) == []


def test_only_a_committed_capture_makes_it_done(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a"), found("b")], NOW)
    frontier.note([capture("a")])
    assert [one.url for one in frontier.due(SITE, 9)] == ["https://a.example/b"]
    assert frontier.is_done(SITE, normalise("https://a.example/a"))
    assert not frontier.is_done(SITE, normalise("https://a.example/b"))


def test_other_roles_mean_nothing(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a")], NOW)
    frontier.note([capture("a", role=Role.FEED), capture("a", role=Role.OTHER)])
    assert frontier.count(SITE) == {Phase.DUE: 1}


def test_a_key_is_one_url_however_it_is_spelt(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a")], NOW)
    url = "http://a.example:80/a?utm_source=feed#top"
    frontier.note([Capture("id", url, normalise(url), NOW, status=200, role=Role.ARTICLE, site=SITE)])
    assert frontier.count(SITE) == {Phase.DONE: 1}


def moved(name: str, target: str, at: int = NOW, hops: str = "L") -> Capture:
    def block() -> bytes:
        return b"HTTP/1.1 301 Moved\r\nLocation: " + target.encode() + b"\r\n\r\n"

    return replace(capture(name, 301, at), block=block, hops=hops, announced="today")


def test_the_target_of_a_redirect_is_due_until_it_was_fetched_too(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("old")], NOW)
    frontier.note([moved("old", "/n\u00fc")])
    [due] = frontier.due(SITE, 9)
    assert due.url == "https://a.example/n\u00fc"
    assert (due.via, due.source, due.hops, due.announced) == ("https://a.example/old", "redirect", "LR", "today")
    frontier.note([capture("n\u00fc", at=NOW + 1)])
    frontier.note([moved("old", "/n\u00fc")])
    assert frontier.count(SITE) == {Phase.DONE: 2}


def test_a_redirect_to_another_spelling_settles_nothing(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a")], NOW)
    frontier.note([moved("a", "/a?utm_source=feed")])
    assert frontier.count(SITE) == {Phase.DUE: 1}
    frontier.note([moved("a", "/a?utm_source=feed"), capture("a?utm_source=feed", at=NOW + 1)])
    assert frontier.count(SITE) == {Phase.DONE: 1}
    for at in range(MAX_TRIES):
        frontier.note([replace(moved("b", "/b?utm_source=x", NOW + at), run=f"run {at}")])
    assert frontier.count(SITE) == {Phase.DONE: 1, Phase.FAILED: 1}, "in a circle"


def test_a_chain_of_redirects_ends(frontier: Frontier) -> None:
    frontier.note([moved("a", "/b", hops="L" + "R" * MAX_REDIRECTS)])
    assert frontier.count(SITE) == {Phase.DONE: 1}


def test_failures_count_once_a_crawl_and_end_after_so_many(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a")], NOW)
    for crawl in range(1, MAX_TRIES):
        at = NOW + crawl * 10
        frontier.note([capture("a", 500, at + retry, f"run {crawl}") for retry in range(3)])
        assert frontier.count(SITE) == {Phase.DUE: 1}, crawl
    frontier.note([capture("a", 500, NOW + 1000, "the last run")])
    assert frontier.count(SITE) == {Phase.FAILED: 1}


def test_a_good_answer_forgives_the_failures(frontier: Frontier, state: State) -> None:
    frontier.plan(SITE, [found("a")], NOW)
    frontier.note([capture("a", 500)])
    frontier.note([capture("a", 200, NOW + 1)])
    assert state.read("SELECT state, tries FROM urls") == [("done", 0)]


def test_what_was_settled_later_stays(frontier: Frontier) -> None:
    frontier.note([capture("a", 200, NOW + 5)])
    frontier.note([], [attempt("a", NoAnswer.TIMEOUT, NOW)])
    assert frontier.count(SITE) == {Phase.DONE: 1}


@pytest.mark.parametrize(
    ("reason", "phase"),
    [
        (NoAnswer.ROBOTS, Phase.DISALLOWED),
        (NoAnswer.SCOPE, Phase.REFUSED),
        (NoAnswer.TIMEOUT, Phase.DUE),
        (NoAnswer.STORAGE, Phase.DUE),
    ],
)
def test_attempts_are_noted(frontier: Frontier, reason: NoAnswer, phase: Phase) -> None:
    frontier.plan(SITE, [found("a")], NOW)
    frontier.note([], [attempt("a", reason)])
    assert frontier.count(SITE) == {phase: 1}


def test_a_full_disk_is_not_the_publishers_failure(frontier: Frontier, state: State) -> None:
    for crawl in range(MAX_TRIES + 3):
        frontier.note([], [attempt("a", NoAnswer.STORAGE, NOW + crawl, f"run {crawl}")])
    assert state.read("SELECT state, tries FROM urls") == [("due", 0)]


def test_sifting_parts_new_from_changed_and_writes_nothing(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("same", updated=5), found("edited", updated=5), found("gone"), found("undated")], NOW)
    frontier.note([capture("same"), capture("edited"), capture("gone", 404), capture("undated")])
    before = frontier.count(SITE)
    sifted = frontier.sift(
        SITE,
        [found("same", updated=5), found("edited", updated=6), found("gone"), found("undated", updated=7), found("x")],
        NOW,
    )
    assert [one.url[18:] for one in sifted.new] == ["x"]
    assert [one.url[18:] for one in sifted.changed] == ["edited"]
    assert [one.url[18:] for one in sifted.learned] == ["undated"]
    assert frontier.count(SITE) == before
    frontier.learn(SITE, sifted.learned)
    later = frontier.sift(SITE, [found("undated", updated=7), found("undated", updated=8)], NOW)
    assert [one.updated for one in later.changed] == [8]


def test_a_changed_article_is_due_and_then_done_with_its_new_date(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a", updated=5)], NOW)
    frontier.note([capture("a")])
    frontier.plan(SITE, frontier.sift(SITE, [found("a", updated=6)], NOW).changed, NOW)
    assert len(frontier.due(SITE, 9)) == 1
    frontier.note([capture("a", at=NOW + 1)])
    assert frontier.sift(SITE, [found("a", updated=6)], NOW).changed == []


def test_many_urls_are_sifted_at_once(frontier: Frontier) -> None:
    many = [found(str(number), number) for number in range(3_000)]
    frontier.plan(SITE, many[::2], NOW)
    frontier.note(capture(str(number)) for number in range(0, 3_000, 2))
    assert len(frontier.sift(SITE, many, NOW).new) == 1_500


def test_a_lost_frontier_is_seeded_from_the_captures(frontier: Frontier, state: State) -> None:
    captures = [capture("a"), capture("b", 404), moved("c", "/a"), capture("d", 500), capture("feed", role=Role.FEED)]
    before = state.seeded
    assert frontier.seed(captures) == 5
    assert (before, state.seeded) == (False, True)
    assert frontier.count(SITE) == {Phase.DONE: 2, Phase.GONE: 1, Phase.DUE: 1}


def test_what_became_due_again_is_not_done_by_what_was_noted_before(frontier: Frontier) -> None:
    frontier.note([capture("a")])
    frontier.plan(SITE, [found("a", updated=NOW + 5)], NOW + 10)
    frontier.note([capture("a")])
    assert frontier.count(SITE) == {Phase.DUE: 1}, "the crawl ended before it was fetched, the next one notes anew"


def test_a_clock_that_was_ahead_keeps_nothing_due(frontier: Frontier) -> None:
    year = 365 * 86_400 * 1_000_000
    frontier.plan(SITE, [found("a")], NOW + year)
    frontier.note([], [attempt("a", NoAnswer.TIMEOUT, at=NOW + year)])
    frontier.plan(SITE, [], NOW)
    frontier.note([capture("a", at=NOW + 1)])
    assert frontier.count(SITE) == {Phase.DONE: 1}


def test_what_is_due_is_read_part_by_part(frontier: Frontier) -> None:
    frontier.plan(SITE, [found(f"{number:02}", number // 4) for number in range(20)], NOW)
    whole = frontier.due(SITE, 100)
    for size in (1, 3, 20):
        parts: list[Found] = []
        while part := frontier.due(SITE, size, after=parts[-1] if parts else None):
            parts += part
        assert parts == whole


def test_the_numbers_of_the_phases_are_those_of_the_rows(frontier: Frontier, state: State) -> None:
    frontier.plan(SITE, [found(name) for name in "abcd"], NOW)
    frontier.note([capture("a"), capture("b", 404), capture("z")], [attempt("c", NoAnswer.ROBOTS)])
    with state.write() as db:
        db.execute("DELETE FROM urls WHERE url LIKE '%z'")
    assert frontier.count(SITE) == {Phase.DONE: 1, Phase.GONE: 1, Phase.DISALLOWED: 1, Phase.DUE: 1}
    assert state.read("SELECT state, count(*) FROM urls GROUP BY 1") == state.read(
        "SELECT state, number FROM phases WHERE number > 0"
    )


def test_no_question_reads_all_urls_of_a_site(frontier: Frontier, state: State) -> None:
    asked: list[str] = []
    state._db.set_trace_callback(asked.append)
    frontier.plan(SITE, [found("a"), found("b")], NOW)
    part = frontier.due(SITE, 1)
    frontier.due(SITE, 1, NOW, part[0])
    frontier.looks(SITE, 1, NOW)
    frontier.next(SITE)
    frontier.count(SITE)
    frontier.watch(SITE, {}, NOW)
    frontier.unwatched(SITE, {"https://a.example/a": "1h"})
    frontier.note([capture("a")], [attempt("b", NoAnswer.TIMEOUT)])
    frontier.is_done(SITE, "a")
    state._db.set_trace_callback(None)
    asked = [one for one in asked if one.split()[0] in {"SELECT", "UPDATE", "DELETE"} and "urls" in one]
    assert len(asked) > 8
    for query in asked:
        for *_, plan in state.read(f"EXPLAIN QUERY PLAN {query}"):
            assert not plan.startswith("SCAN"), query
            assert not plan.endswith("PRIMARY KEY (site=?)"), query


def test_noting_the_same_again_changes_nothing(frontier: Frontier, state: State) -> None:
    frontier.plan(SITE, [found("a"), found("b")], NOW)
    captures = [capture("a", 500, NOW), capture("a", 500, NOW + 1), capture("b", 200, NOW + 2)]
    frontier.note(captures)
    before = state.read("SELECT * FROM urls")
    frontier.note(captures)
    assert state.read("SELECT * FROM urls") == before
    assert frontier.noted == NOW + 2


def test_what_articles_look_like_is_learned_from_what_is_settled(frontier: Frontier) -> None:
    names = ["cranes/best", "boats/best", "list/all", "late/best"]
    captures = [capture(name, at=NOW + at) for at, name in enumerate(names)]
    frontier.note(captures)
    verdicts = [Verdict.ARTICLE, Verdict.TEASER, Verdict.INDEX_PAGE]
    told = [Judged(SITE, one.key, one.at, verdict, True) for one, verdict in zip(captures[:3], verdicts, strict=True)]
    for _ in range(2):  # what is judged twice teaches no more
        frontier.judge(told)
        found = frontier.learned(SITE)
        assert (set(found.articles.values()), set(found.others.values())) == ({2}, {1})
    assert frontier.learned("b.example").articles == {}


def test_a_robots_txt_that_cannot_be_had_settles_nothing(frontier: Frontier) -> None:
    frontier.plan(SITE, [found("a"), found("b")], NOW)
    shut, barred = attempt("a", NoAnswer.ROBOTS), attempt("b", NoAnswer.ROBOTS)
    shut = replace(shut, attempt=replace(shut.attempt, detail=f"{NOT_HAD} (503), so nothing may be fetched"))
    for crawl in range(2 * MAX_TRIES):
        at = NOW + crawl
        again = replace(shut, attempt=replace(shut.attempt, at=at, origin=replace(shut.attempt.origin, run=str(crawl))))
        frontier.note([], [again, barred])
    assert frontier.count(SITE) == {Phase.DUE: 1, Phase.DISALLOWED: 1}
    following = frontier.next(SITE)
    assert following is not None
    assert following > NOW
    frontier.note([capture("a", at=following)])
    assert frontier.count(SITE) == {Phase.DONE: 1, Phase.DISALLOWED: 1}


def test_an_address_that_leads_elsewhere_was_not_captured_as_an_article(frontier: Frontier, state: State) -> None:
    frontier.plan(SITE, [found("short"), found("own")], NOW)
    frontier.note([moved("short", "https://a.example/story"), capture("story"), capture("own")])
    assert frontier.count(SITE) == {Phase.DONE: 3}
    rows = state.read("SELECT url, captured FROM urls ORDER BY url")
    assert [(url[-5:], captured is not None) for url, captured in rows] == [
        ("e/own", True),
        ("short", False),
        ("story", True),
    ]
