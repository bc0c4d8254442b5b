"""A backfill: what it asks for and in which order, and that no kill makes it ask for anything twice."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from web import Page, Web, failed, front, index, moved, sitemap

from archive.capture import Capture
from archive.clock import from_datetime
from archive.errors import StorageFull
from archive.event import StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role
from archive.url import normalise
from crawler import backfill as module
from crawler.agenda import Agenda, Root
from crawler.backfill import Backfill
from crawler.backlog import Backlog, Walked
from crawler.frontier import Frontier
from crawler.scheduling.articles import Phase
from crawler.sites import Site
from crawler.state import State
from crawler.visit import MAX_FAILURES
from crawler.walk import Answer

BASE = "https://a.example"
SITE = Site(host="a.example", hosts=("*.a.example",))
ROBOTS = b"Sitemap: https://a.example/index.xml\n"
NOW = from_datetime(datetime(2026, 12, 1, tzinfo=UTC))
SINCE = from_datetime(datetime(2022, 1, 1, tzinfo=UTC))


def story(year: int, month: int, number: int) -> str:
    return f"{BASE}/{year}/{month:02}/{number:02}/a-story-of-words"


def newspaper() -> dict[str, Page]:
    """Two years by sitemaps of months, and lists of months that show more."""
    pages: dict[str, Page] = {f"{BASE}/": front(story(2026, 11, 30), f"{BASE}/2022/12/")}
    months = [(year, month) for year in (2021, 2022) for month in range(1, 13)]
    pages[f"{BASE}/index.xml"] = index(*(f"{BASE}/map-{year}-{month:02}.xml" for year, month in months))
    for year, month in months:
        mapped, listed = [story(year, month, number) for number in (3, 9)], story(year, month, 20)
        pages[f"{BASE}/map-{year}-{month:02}.xml"] = sitemap(*mapped)
        pages[f"{BASE}/{year}/{month:02}/"] = front(listed)
        pages |= dict.fromkeys([*mapped, listed], b"")
    pages[story(2026, 11, 30)] = b""
    return pages


WANTED = {story(2022, month, number) for month in range(1, 13) for number in (3, 9, 20)} | {story(2026, 11, 30)}


class Crawl:
    """A crawl of one archive: a state, a web, and what would be committed of it."""

    def __init__(self, path: Path, web: Web) -> None:
        self.path, self.web = path, web
        self.committed = 0
        self.runs = 0
        self.clock = NOW
        with State(path) as state:
            Backlog(state).begin(SITE.host, SINCE, None, NOW)

    def run(self, answers: int = 10_000, *, limit: int | None = None, lose: int = 0) -> Backfill:
        """One process, which is killed after so many answers, the last ``lose`` of them not committed."""
        self.runs += 1
        with State(self.path) as state:
            frontier, backlog = Frontier(state), Backlog(state)
            made = Backfill(SITE, frontier, backlog, lambda _: ROBOTS, lambda: self.clock, limit)
            waiting = made.begin()
            for number in range(answers):
                if not waiting:
                    break
                ask = waiting.pop(0)
                answer = self.web.answer(ask.want)
                if number < answers - lose:
                    self.commit(frontier)
                waiting += made.answered_by(ask.number, answer)
            self.stands, self.report = backlog.of(SITE.host), made.report()
            self.counted = frontier.count(SITE.host)
        return made

    def commit(self, frontier: Frontier) -> None:
        """Note what was asked for since."""
        captures: list[Capture] = []
        attempts: list[StoredAttempt] = []
        run = f"run {self.runs}"
        for number, want in enumerate(self.web.asked[self.committed :], self.committed):
            page = self.web.pages.get(want.url, 404)
            at = self.clock + number
            if isinstance(page, Answer) and page.failure is not None:
                origin = Origin(site=SITE.host, run=run, role=want.role)
                attempts.append(
                    StoredAttempt(
                        f"{number}", normalise(want.url), Attempt(want.url, at, page.failure.reason, "", origin=origin)
                    )
                )
                continue
            status = page if isinstance(page, int) else page.status if isinstance(page, Answer) else 200
            captures.append(
                Capture(
                    f"{number}",
                    *(want.url, normalise(want.url), at),
                    status=status,
                    role=want.role,
                    site=SITE.host,
                    run=run,
                    source=want.source,
                )
            )
        self.committed = len(self.web.asked)
        frontier.note(captures, attempts)

    @property
    def articles(self) -> list[str]:
        return [want.url for want in self.web.asked if want.role is Role.ARTICLE]


@pytest.fixture
def crawl(tmp_path: Path) -> Callable[..., Crawl]:
    numbers: Iterator[int] = iter(range(10_000))
    return lambda pages: Crawl(tmp_path / f"{next(numbers)}.sqlite", Web(pages))


def test_it_fetches_what_its_sitemaps_and_lists_have_of_the_time(crawl: Callable[..., Crawl]) -> None:
    made = crawl(newspaper())
    walk = made.run()
    assert walk.finished
    assert set(made.articles) == WANTED
    assert max(Counter(made.web.urls).values()) == 1
    assert not [url for url in made.web.urls if "2021" in url], "what names another time is not even asked for"
    assert made.stands is not None
    assert made.stands.done
    assert (made.stands.captured, made.stands.left) == (len(WANTED), 0)
    want = next(one for one in made.web.asked if one.url == story(2022, 3, 9))
    assert (want.source, want.via, want.hops) == ("backfill", f"{BASE}/map-2022-03.xml", "ILL")
    report = made.report
    assert (report.answered, report.left, report.problem, report.more) == (len(WANTED), 0, None, False)


def test_killed_at_any_point_it_goes_on_and_asks_for_nothing_twice(crawl: Callable[..., Crawl]) -> None:
    whole = crawl(newspaper())
    whole.run()
    for answers in range(1, len(whole.web.asked), 3):
        made = crawl(newspaper())
        while not made.run(answers).finished:
            assert made.runs < 200
        assert set(made.articles) == WANTED
        assert max(Counter(made.articles).values()) == 1, f"killed after each {answers} answers"
        assert made.counted == {Phase.DONE: len(WANTED)}
        assert made.stands is not None
        assert made.stands.done


def test_only_what_was_not_committed_is_fetched_again(crawl: Callable[..., Crawl]) -> None:
    made = crawl(newspaper())
    made.run(30, lose=3)
    lost = made.articles[made.committed :]
    made.run()
    twice = {url for url, times in Counter(made.web.urls).items() if times > 1}
    assert set(lost) <= twice
    assert len(twice) <= 4, "those, and the one that was under way"
    assert set(made.articles) == WANTED


def test_a_limit_bounds_the_articles_of_a_call(crawl: Callable[..., Crawl]) -> None:
    made = crawl(newspaper())
    assert made.run(limit=5).finished
    assert len(made.articles) == 5
    assert not made.report.more
    made.run(limit=5)
    assert len(set(made.articles)) == 10


def test_no_more_than_a_window_is_held(crawl: Callable[..., Crawl], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "WINDOW", 4)
    pages = newspaper() | {f"{BASE}/index.xml": sitemap(*WANTED)}
    made = crawl(pages)
    walk = made.run()
    assert set(made.articles) == WANTED
    held = [len(lane.held) for lane in walk._lanes.values()]
    assert held == [0]
    first = made.articles[:4]
    assert first == sorted(first, reverse=True), "the newest first"


def test_a_process_ends_after_many_requests_and_another_one_goes_on(
    crawl: Callable[..., Crawl], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "MOST", 10)
    made = crawl(newspaper())
    more: list[bool] = []
    while not more or more[-1]:
        made.run()
        more.append(made.report.more)
        assert len(made.web.asked) <= 10 * len(more)
    assert len(more) > 3
    assert set(made.articles) == WANTED


def test_a_host_that_fails_is_left_alone_and_the_others_go_on(crawl: Callable[..., Crawl]) -> None:
    good = [f"{BASE}/2022/03/{day:02}/a-story-of-words" for day in range(1, 25)]
    bad = [url.replace("//a.", "//bad.a.") for url in good]
    pages: dict[str, Page] = {f"{BASE}/": front(), f"{BASE}/index.xml": sitemap(*good, *bad)}
    pages |= dict.fromkeys(good, b"") | {url: failed(url, NoAnswer.REFUSED) for url in bad}
    made = crawl(pages)
    made.run()
    report = made.report
    assert set(good) <= set(made.articles)
    assert len(set(bad) & set(made.articles)) == MAX_FAILURES
    assert report.more
    assert report.problem == f"{MAX_FAILURES} failures in a row, the last one: the connection was refused"
    assert report.left == len(bad), "none of them is lost"


def test_hosts_take_turns(crawl: Callable[..., Crawl]) -> None:
    good = [f"{BASE}/2022/03/{day:02}/a-story-of-words" for day in range(1, 25)]
    other = [url.replace("//a.", "//b.a.") for url in good[:3]]
    pages: dict[str, Page] = {f"{BASE}/": front(), f"{BASE}/index.xml": sitemap(*good, *other)}
    made = crawl(pages | dict.fromkeys([*good, *other], b""))
    made.run()
    places = [place for place, url in enumerate(made.articles) if url in other]
    assert places[-1] < 8, "three of few are not behind twenty of many"


def test_redirects_are_followed_once(crawl: Callable[..., Crawl], monkeypatch: pytest.MonkeyPatch) -> None:
    target, one, two = (f"{BASE}/2022/03/{day:02}/a-story-of-words" for day in (1, 2, 3))
    pages: dict[str, Page] = {f"{BASE}/": front(), f"{BASE}/index.xml": sitemap(target, one, two)}
    answers = {one: moved(one, target), two: moved(two, one)}
    pages |= {**answers, target: b""}
    monkeypatch.setattr("crawler.settling.target_of", lambda capture: answers[capture.url].location)
    made = crawl(pages)
    made.run()
    assert Counter(made.articles) == {target: 1, one: 1, two: 1}


def test_a_site_that_is_down_is_begun_another_time(crawl: Callable[..., Crawl]) -> None:
    pages = newspaper() | {f"{BASE}/": failed(f"{BASE}/", NoAnswer.DNS)}
    made = crawl(pages)
    made.run()
    report = made.report
    assert (report.more, report.problem) == (True, "its name does not resolve")
    made.web.pages = newspaper()
    made.run()
    assert set(made.articles) == WANTED


def test_a_robots_txt_that_cannot_be_had_settles_nothing(crawl: Callable[..., Crawl]) -> None:
    pages = newspaper()
    months = {url for url in pages if "/map-2022" in url}
    shut = {url: failed(url, NoAnswer.ROBOTS, "it answers 503", NoAnswer.OTHER) for url in months}
    made = crawl({**pages, **shut})
    made.run()
    assert len(months & set(made.web.urls)) == 1, "then the host is left alone"
    assert made.report.problem == "it answers 503"
    assert made.report.more
    made.web.pages = pages
    made.run()
    assert set(made.articles) == WANTED


def test_a_front_page_that_is_not_allowed_is_no_end(crawl: Callable[..., Crawl]) -> None:
    pages = newspaper() | {f"{BASE}/": failed(f"{BASE}/", NoAnswer.ROBOTS, "line 2 disallows it")}
    made = crawl(pages)
    made.run()
    assert {url for url in WANTED if "/20/" not in url and "2026" not in url} <= set(made.articles)


def test_a_site_that_is_not_discovered_is_walked_by_what_is_declared(tmp_path: Path) -> None:
    web = Web(newspaper())
    Crawl(tmp_path / "state.sqlite", web)
    declared = Site(host=SITE.host, discover=False)
    roots = [Root("sitemap", f"{BASE}/map-2022-05.xml", "declared"), Root("feed", f"{BASE}/feed", "declared")]
    with State(tmp_path / "state.sqlite") as state:
        walk = Backfill(declared, Frontier(state), Backlog(state), lambda _: ROBOTS, lambda: NOW, roots=roots)
        waiting = walk.begin()
        while waiting:
            ask = waiting.pop(0)
            waiting += walk.answered_by(ask.number, web.answer(ask.want))
        assert walk.finished
    assert web.urls == [f"{BASE}/map-2022-05.xml", story(2022, 5, 9), story(2022, 5, 3)]


def test_a_listing_is_durable_before_what_it_names_is_known(tmp_path: Path) -> None:
    web = Web(newspaper())
    Crawl(tmp_path / "state.sqlite", web)
    known: list[tuple[int, int]] = []
    with State(tmp_path / "state.sqlite") as state:
        backlog = Backlog(state)

        def commit() -> None:
            known.append((len(web.asked), backlog.left(SITE.host)))

        walk = Backfill(SITE, Frontier(state), backlog, lambda _: ROBOTS, lambda: NOW, 0, commit=commit)
        (ask,) = walk.begin()
        assert known == []
        walk.answered_by(ask.number, web.answer(ask.want))
        assert known == [(1, 0)]
        assert backlog.left(SITE.host) == 1


def test_what_comes_after_a_stop_is_noted_and_nothing_more_is_asked(tmp_path: Path) -> None:
    web = Web(newspaper())
    Crawl(tmp_path / "state.sqlite", web)
    with State(tmp_path / "state.sqlite") as state:
        backlog = Backlog(state)
        walk = Backfill(SITE, Frontier(state), backlog, lambda _: ROBOTS, lambda: NOW)
        (ask,) = walk.begin()
        walk.stop()
        assert walk.answered_by(ask.number, web.answer(ask.want)) == []
        assert walk.finished
        assert backlog.started(SITE.host)
        assert backlog.lanes(SITE.host) == [SITE.host]
        assert not walk.report().more


def test_where_there_is_no_room_nothing_is_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    web, times, add = Web(newspaper()), Counter[str](), Backlog._add

    def full(backlog: Backlog, site: str, walked: Walked) -> None:
        times["tried"] += 1
        if times["tried"] % 3:
            raise StorageFull("no room")
        add(backlog, site, walked)

    monkeypatch.setattr(Backlog, "_add", full)
    made = Crawl(tmp_path / "state.sqlite", web)
    with State(made.path) as state:
        walk = Backfill(SITE, Frontier(state), Backlog(state), lambda _: ROBOTS, lambda: NOW)
        waiting = walk.begin()
        while waiting or not walk.finished:
            try:
                if waiting:
                    ask = waiting.pop(0)
                    waiting += walk.answered_by(ask.number, web.answer(ask.want))
                else:
                    waiting += walk.go_on()
            except StorageFull:
                times["full"] += 1
    assert times["full"] > 20
    assert set(made.articles) == WANTED
    assert max(Counter(web.urls).values()) == 1


def test_it_leaves_no_poll_behind(crawl: Callable[..., Crawl]) -> None:
    made = crawl(newspaper())
    made.run()
    with State(made.path) as state:
        assert Agenda(state).sources(SITE.host) == []
        assert not Agenda(state).is_visited(SITE.host)
