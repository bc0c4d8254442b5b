"""The agenda: what is polled when, over days, with a clock that a test turns; and what a due visit asks for."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from web import Page, Web, failed, front, index, rss, sitemap

from archive.article import Verdict
from archive.capture import Capture
from archive.exchange import NoAnswer, Role
from archive.url import normalise
from crawler.agenda import FIRST_REST, GAP, LONGEST_REST, Agenda, Item, Poll, Root, Task
from crawler.frontier import Frontier, Judged
from crawler.scheduling.durations import DAY, HOUR, MINUTE, WEEK
from crawler.scheduling.polling import LONGEST, SHORTEST, Outcome
from crawler.sites import Site, Source, SourceKind, Watched
from crawler.state import State
from crawler.visit import Visit
from crawler.walk import Answer, Failure

BASE = "https://a.example"
FEED = '<link rel="alternate" type="application/rss+xml" href="/feed">'
NOON = 1_796_126_400_000_000  # 2026-12-01 12:00, UTC


def status_of(page: Page) -> int | None:
    """The status of a page's answer; None where there is none."""
    if isinstance(page, Answer):
        return page.status
    return page if isinstance(page, int) else 200


@dataclass
class Desk:
    """A state with its agenda and frontier, and a clock."""

    state: State
    now: int = NOON

    def __post_init__(self) -> None:
        self.agenda = Agenda(self.state)
        self.frontier = Frontier(self.state)

    def visit(self, site: Site, pages: dict[str, Page], *, due: bool = True) -> list[str]:
        """Visit a site, commit what came, and give the URLs that were asked for."""
        web = Web(pages)
        self.frontier.steps[site.host] = site.steps
        made = Visit(
            site, self.frontier, lambda _: None, lambda: self.now, agenda=self.agenda, due=due, rest=lambda _: None
        )
        web.visit(made)
        assert made.finished
        made.close()
        self.frontier.note(
            Capture(
                f"{self.now} {n}",
                want.url,
                normalise(want.url),
                self.now + n,
                status=status_of(pages.get(want.url, 404)),
                role=want.role,
                site=site.host,
                run=str(self.now),
                announced=want.announced,
            )
            for n, want in enumerate(web.asked)
            if status_of(pages.get(want.url, 404)) is not None
        )
        return web.urls

    def when(self, site: Site) -> int | None:
        return self.agenda.when(site, self.frontier, self.now)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    with State(tmp_path / "state.sqlite") as state:
        yield Desk(state)


def story(number: int) -> str:
    return f"{BASE}/2026/12/01/story-number-{number}-of-many"


def feed(*numbers: int, date: str = "1 Dec 2026 11:50:00 GMT") -> bytes:
    return rss(*map(story, numbers), dates=(date,) * len(numbers))


def declared(url: str = f"{BASE}/feed", kind: SourceKind = SourceKind.FEED, **given: object) -> Site:
    return Site(host="a.example", sources=(Source(kind=kind, url=url),), **given)  # type: ignore[arg-type]


QUIET = declared(revisits=())


def test_a_new_site_is_due_and_then_at_the_time_of_its_next_poll(desk: Desk) -> None:
    assert desk.when(QUIET) == 0
    pages: dict[str, Page] = {f"{BASE}/feed": feed(1), story(1): b""}
    assert desk.visit(QUIET, pages) == [f"{BASE}/feed", story(1)]
    due = desk.when(QUIET)
    assert due is not None
    assert SHORTEST <= due - NOON <= LONGEST
    desk.now = due - MINUTE
    assert desk.visit(QUIET, pages) == [], "nothing is due yet"
    desk.now = due
    assert desk.visit(QUIET, pages) == [f"{BASE}/feed"]


def test_a_crawl_by_hand_polls_whether_it_is_due_or_not(desk: Desk) -> None:
    pages: dict[str, Page] = {f"{BASE}/feed": feed(1), story(1): b""}
    desk.visit(QUIET, pages)
    desk.now += MINUTE
    assert desk.visit(QUIET, pages, due=False) == [f"{BASE}/feed"]


def test_what_nobody_knew_is_new_once(desk: Desk) -> None:
    def news() -> list[tuple[int, int]]:
        (one,) = desk.agenda.sources("a.example")
        return [(one.memory.window, one.memory.news or 0)]

    desk.visit(QUIET, {f"{BASE}/feed": feed(1, 2), story(1): b"", story(2): b""})
    assert news() == [(2, NOON)]
    desk.now += DAY
    desk.visit(QUIET, {f"{BASE}/feed": feed(1, 2)})
    assert news() == [(2, NOON)]
    desk.now += DAY
    desk.visit(QUIET, {f"{BASE}/feed": feed(1, 2, 3), story(3): b""})
    assert news() == [(3, NOON + 2 * DAY)]


def test_a_poll_of_new_items_alone_is_a_loss_and_hurries(desk: Desk) -> None:
    for numbers in ((1, 2, 3, 4), (4, 5, 6, 7), (8, 9, 10, 11)):
        desk.visit(QUIET, {f"{BASE}/feed": feed(*numbers), **{story(n): b"" for n in numbers}})
        desk.now += DAY
    (one,) = desk.agenda.sources("a.example")
    assert one.memory.losses == 1
    assert one.memory.hurried


def test_what_is_beyond_the_limit_is_no_news_again(desk: Desk) -> None:
    site = declared(revisits=(), max_articles=1)
    pages: dict[str, Page] = {f"{BASE}/feed": feed(*range(1, 9)), **{story(n): b"" for n in range(1, 9)}}
    desk.visit(site, pages)
    desk.now += DAY
    desk.visit(site, pages)
    (one,) = desk.agenda.sources("a.example")
    assert one.memory.news == NOON
    assert one.memory.losses == 0


def test_an_index_is_polled_as_a_whole(desk: Desk) -> None:
    site = declared(f"{BASE}/index.xml", SourceKind.SITEMAP, revisits=())
    pages: dict[str, Page] = {
        f"{BASE}/index.xml": index(f"{BASE}/one.xml", f"{BASE}/two.xml"),
        f"{BASE}/one.xml": sitemap(story(1), story(2)),
        f"{BASE}/two.xml": sitemap(story(3)),
    }
    desk.visit(site, pages)
    (one,) = desk.agenda.sources("a.example")
    assert (one.root.url, one.memory.window) == (f"{BASE}/index.xml", 3)


@pytest.mark.parametrize("page", [404, 500, b"<html>", failed(f"{BASE}/feed", NoAnswer.REFUSED)])
def test_a_source_that_fails_backs_off_and_is_never_forgotten(desk: Desk, page: Page) -> None:
    gaps = []
    for _ in range(8):
        desk.visit(QUIET, {f"{BASE}/feed": page})
        due = desk.when(QUIET)
        assert due is not None
        gaps.append(due - desk.now)
        desk.now = due
    assert gaps[0] < 15 * MINUTE
    assert gaps[-1] > 4 * HOUR
    (one,) = desk.agenda.sources("a.example")
    assert one.memory.failures == 8
    assert one.memory.problem


def test_what_was_not_asked_is_no_failure(desk: Desk) -> None:
    desk.visit(QUIET, {f"{BASE}/feed": failed(f"{BASE}/feed", NoAnswer.BUDGET)})
    (one,) = desk.agenda.sources("a.example")
    assert one.memory.failures == 0


def test_a_machine_without_a_network_is_no_source_s_failure(desk: Desk) -> None:
    away = Answer(f"{BASE}/feed", failure=Failure(NoAnswer.DNS, "no name", away=True))
    desk.visit(QUIET, {f"{BASE}/feed": away})
    (one,) = desk.agenda.sources("a.example")
    assert (one.memory.failures, one.memory.asked) == (0, NOON)
    desk.now += HOUR
    gone = Answer(story(1), failure=Failure(NoAnswer.UNREACHABLE, "no route", away=True))
    asked = desk.visit(QUIET, {f"{BASE}/feed": feed(1, 2, 3), story(1): gone, story(2): gone, story(3): gone})
    assert len(asked) == 2, "nothing else is tried"


def test_sources_are_searched_for_once_a_week_and_polled_between(desk: Desk) -> None:
    site = Site(host="a.example", revisits=())
    pages: dict[str, Page] = {f"{BASE}/": front(story(1), head=FEED), f"{BASE}/feed": feed(1), story(1): b""}
    assert f"{BASE}/" in desk.visit(site, pages)
    known = {one.root.url: one for one in desk.agenda.sources("a.example")}
    assert {f"{BASE}/", f"{BASE}/feed", Task.SEARCH} == known.keys()
    assert known[Task.SEARCH].next > NOON + 6 * DAY
    due = desk.when(site)
    assert due is not None
    assert due < NOON + DAY + HOUR
    desk.now = max(one.next for url, one in known.items() if url != Task.SEARCH)
    assert set(desk.visit(site, pages)) == {f"{BASE}/", f"{BASE}/feed"}
    desk.now = NOON + 9 * DAY  # the feed has moved
    moved: dict[str, Page] = {
        f"{BASE}/": front(story(1), head=FEED.replace("/feed", "/new")),
        f"{BASE}/new": feed(1),
        story(1): b"",
    }
    desk.visit(site, moved)
    assert {one.root.url for one in desk.agenda.sources("a.example")} == {f"{BASE}/", f"{BASE}/new", Task.SEARCH}


def test_a_search_that_finds_nothing_is_made_again_soon_and_loses_nothing(desk: Desk) -> None:
    site = Site(host="a.example", revisits=())
    pages: dict[str, Page] = {f"{BASE}/": front(story(1), head=FEED), f"{BASE}/feed": feed(1), story(1): b""}
    desk.visit(site, pages)
    desk.now += 9 * DAY
    down = failed(f"{BASE}/", NoAnswer.TIMEOUT)
    desk.visit(site, {f"{BASE}/": down, "http://a.example/": down})
    known = {one.root.url: one for one in desk.agenda.sources("a.example")}
    assert f"{BASE}/feed" in known
    assert known[Task.SEARCH].next < desk.now + HOUR
    desk.now += MINUTE
    assert f"{BASE}/feed" in desk.visit(site, pages), "meanwhile, what is known is polled"


def test_sources_that_are_not_declared_any_more_are_forgotten(desk: Desk) -> None:
    desk.visit(QUIET, {f"{BASE}/feed": feed(1), story(1): b""})
    other = declared(f"{BASE}/other", revisits=())
    assert desk.when(other) == NOON + GAP, "a new source is due, but no site is visited twice in a minute"
    desk.now += HOUR
    desk.visit(other, {f"{BASE}/other": feed(1)})
    assert [one.root.url for one in desk.agenda.sources("a.example")] == [f"{BASE}/other"]


def test_a_pattern_takes_the_place_of_the_schedule_at_once(desk: Desk) -> None:
    desk.visit(QUIET, {f"{BASE}/feed": feed(1), story(1): b""})
    due = desk.when(declared(revisits=(), every="6h"))
    assert due is not None
    assert 5 * HOUR < due - NOON < 7 * HOUR
    due = desk.when(declared(revisits=(), every="0 15 * * *"))
    assert due is not None
    assert 3 * HOUR <= due - NOON <= 3 * HOUR + MINUTE


def test_a_clock_that_was_set_back_stops_nothing(desk: Desk) -> None:
    desk.visit(QUIET, {f"{BASE}/feed": feed(1), story(1): b""})
    desk.now -= 30 * DAY
    due = desk.when(QUIET)
    assert due is not None
    assert due <= desk.now


def test_articles_are_looked_at_again_and_ever_more_rarely(desk: Desk) -> None:
    site = declared(every="10w")  # the feed itself stays out of the way
    pages: dict[str, Page] = {f"{BASE}/feed": feed(1), story(1): b""}
    desk.visit(site, pages)
    published = NOON - 10 * MINUTE
    looked = []
    while (due := desk.when(site)) is not None and due < NOON + 60 * DAY:
        desk.now = due
        assert desk.visit(site, pages) == [story(1)]
        looked.append(desk.now - published)
    steps = [15 * MINUTE, HOUR, 6 * HOUR, DAY, 7 * DAY, 30 * DAY]
    assert len(looked) == len(steps)
    assert all(step <= at <= 1.2 * step for at, step in zip(looked, steps, strict=True))


def test_what_is_no_article_is_not_looked_at_again_and_what_was_edited_sooner(desk: Desk) -> None:
    site = declared(every="10w")
    desk.visit(site, {f"{BASE}/feed": feed(1, 2), story(1): b"", story(2): b""})
    usual = desk.when(site)
    assert usual is not None
    first, second = (normalise(story(n)) for n in (1, 2))
    at = {key: desk.state.read("SELECT at FROM urls WHERE key = ?", (key,))[0][0] for key in (first, second)}
    desk.frontier.judge([Judged("a.example", second, at[second], Verdict.EMPTY, new_text=False)])
    desk.frontier.judge([Judged("a.example", first, at[first], Verdict.ARTICLE, new_text=True)])
    desk.now = NOON + 3 * DAY
    assert desk.visit(site, {story(1): b"", story(2): b""}) == [story(1)], "the first text is no edit"
    following = desk.when(site)
    ((now,),) = desk.state.read("SELECT at FROM urls WHERE key = ?", (first,))
    desk.frontier.judge([Judged("a.example", first, now, Verdict.ARTICLE, new_text=True)])
    sooner = desk.when(site)
    assert following is not None
    assert sooner is not None
    assert sooner < following


def test_an_edit_that_another_capture_has_overtaken_changes_nothing(desk: Desk) -> None:
    desk.visit(declared(), {f"{BASE}/feed": feed(1), story(1): b""})
    before = desk.state.read("SELECT * FROM urls")
    desk.frontier.judge([Judged("a.example", normalise(story(1)), NOON - HOUR, Verdict.ARTICLE, new_text=True)])
    desk.frontier.judge([Judged("a.example", normalise(story(9)), NOON, Verdict.ARTICLE, new_text=True)])
    assert desk.state.read("SELECT * FROM urls") == before


def test_a_watched_page_is_followed_for_good_and_no_longer_when_it_is_not_declared(desk: Desk) -> None:
    page = f"{BASE}/live/storm"
    site = Site(host="a.example", discover=False, revisits=(), watch=(Watched(url=page, every="1h"),))
    assert desk.when(site) == 0
    for number in range(50):
        answer: Page = 404 if number % 7 == 3 else b""  # it may be away for a while
        assert desk.visit(site, {page: answer} if answer == b"" else {}) == [page]
        due = desk.when(site)
        assert due is not None
        assert 50 * MINUTE < due - desk.now < 70 * MINUTE
        desk.now = due
    without = declared(revisits=(), every="10w")
    assert desk.visit(without, {f"{BASE}/feed": feed(1), story(1): b""}) == [f"{BASE}/feed", story(1)]
    due = desk.when(without)
    assert due is not None
    assert due > desk.now + WEEK


def test_a_visit_that_came_to_nothing_is_followed_by_a_rest(desk: Desk) -> None:
    for failures in range(1, 9):
        desk.agenda.visited("a.example", desk.now, "nothing answers")
        due = desk.when(QUIET)
        assert due is not None
        expected = min(FIRST_REST << (failures - 1), LONGEST_REST)
        assert 0.9 * expected <= due - desk.now <= 1.1 * expected
        desk.now = due
    desk.agenda.visited("a.example", desk.now, None)
    assert desk.when(QUIET) == desk.now + GAP


def test_a_rest_that_a_host_asked_for_is_kept_for_a_day_at_most(desk: Desk) -> None:
    desk.agenda.visited("a.example", NOON, "the host asked", NOON + 5 * HOUR)
    assert desk.when(QUIET) == NOON + 5 * HOUR
    desk.agenda.visited("a.example", NOON, "the host asked", NOON + 500 * DAY)
    assert desk.when(QUIET) == NOON + DAY


def test_what_failed_waits_though_its_source_goes_on_to_name_it(desk: Desk) -> None:
    site = declared(revisits=(), every="5m")
    pages: dict[str, Page] = {f"{BASE}/feed": feed(1), story(1): 503}
    asked = 0
    for _ in range(40):
        asked += story(1) in desk.visit(site, pages)
        due = desk.when(site)
        assert due is not None
        desk.now = max(due, desk.now + 5 * MINUTE)
    assert asked <= 8


def test_a_damaged_memory_costs_some_polls_and_nothing_else(desk: Desk) -> None:
    desk.visit(QUIET, {f"{BASE}/feed": feed(1), story(1): b""})
    with desk.state.write() as db:
        db.execute("UPDATE sources SET memory = '{', every = 'changed'")
    assert desk.when(QUIET) is not None
    desk.now += DAY
    assert desk.visit(QUIET, {f"{BASE}/feed": feed(1)}) == [f"{BASE}/feed"]


def test_a_spider_of_ones_own_runs_daily_or_as_its_site_says(desk: Desk) -> None:
    site = Site(host="a.example", spider="own:Spider")
    assert desk.when(site) == 0
    desk.agenda.note(site, Poll(Root(Task.SPIDER, Task.SPIDER, "declared"), NOON, Outcome.WHOLE))
    due = desk.when(site)
    assert due is not None
    assert 21 * HOUR < due - NOON < 27 * HOUR
    due = desk.when(Site(host="a.example", spider="own:Spider", every="1h"))
    assert due is not None
    assert due - NOON < 70 * MINUTE


def test_of_a_huge_sitemap_the_newest_are_told_apart(desk: Desk) -> None:
    root = Root("sitemap", f"{BASE}/map.xml", "declared")
    site = declared(f"{BASE}/map.xml", SourceKind.SITEMAP)
    items = [Item(f"key {n}", n, None, new=True) for n in range(5_000)]
    for more in (0, 0, 3):
        items += [Item(f"key {5_000 + n}", 5_000 + n, None, new=True) for n in range(more)]
        desk.agenda.note(site, Poll(root, desk.now, Outcome.WHOLE, items))
        desk.now += DAY
    (one,) = desk.agenda.sources("a.example")
    assert one.memory.window == 1_000
    assert one.memory.losses == 0
    assert one.memory.news == NOON + 2 * DAY
    assert len(desk.state.read("SELECT seen FROM sources")[0][0]) == 8_000


def test_roles_of_what_is_looked_at_again(desk: Desk) -> None:
    site = declared(every="10w")
    desk.visit(site, {f"{BASE}/feed": feed(1), story(1): b""})
    desk.now += DAY
    web = Web({story(1): b""})
    web.visit(Visit(site, desk.frontier, lambda _: None, lambda: desk.now, agenda=desk.agenda, due=True))
    (want,) = web.asked
    assert (want.role, want.source, want.via) == (Role.ARTICLE, "look", None)
    assert isinstance(web.answer(want), Answer)
