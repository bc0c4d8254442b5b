"""Visits: a site's sources, then what is due, the newest first, within bounds."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from web import Page, Web, failed, front, moved, rss, sitemap

from archive.article import Verdict
from archive.capture import Capture
from archive.errors import StorageFull
from archive.exchange import NoAnswer, Role
from archive.url import normalise
from crawler.frontier import Frontier, Judged
from crawler.robots import NOT_HAD
from crawler.scheduling.articles import Phase
from crawler.sites import Site, Source, SourceKind
from crawler.state import State
from crawler.visit import MAX_AGAIN, MAX_FAILURES, UNPACED_WIDTH, Visit
from crawler.walk import Answer, Failure

BASE = "https://a.example"
NOW = 1_796_083_200_000_000  # 2026-12-01, after every date below


@pytest.fixture
def frontier(tmp_path: Path) -> Iterator[Frontier]:
    with State(tmp_path / "state.sqlite") as state:
        yield Frontier(state)


def story(number: int) -> str:
    return f"{BASE}/2026/11/{number % 28 + 1:02}/story-number-{number}-of-many"


def feed(*numbers: int) -> bytes:
    return rss(*map(story, numbers), dates=tuple(f"{n % 28 + 1} Nov 2026 10:00:00 GMT" for n in numbers))


def site(url: str = f"{BASE}/feed", kind: SourceKind = SourceKind.FEED, **given: object) -> Site:
    return Site(host="a.example", sources=(Source(kind=kind, url=url),), **given)  # type: ignore[arg-type]


def visit(web: Web, frontier: Frontier, declared: Site | None = None, limit: int | None = None) -> Visit:
    made = Visit(declared or site(), frontier, lambda _: None, lambda: NOW, limit)
    web.visit(made)
    assert made.finished
    return made


def commit(frontier: Frontier, web: Web, status: int = 200, at: int = NOW) -> None:
    """What a crawl would commit: a capture of each article that was asked for."""
    frontier.note(
        Capture(f"id {n}", w.url, normalise(w.url), at + n, status=status, role=w.role, site="a.example", run=str(at))
        for n, w in enumerate(web.asked)
    )


def articles(web: Web) -> list[str]:
    return [want.url for want in web.asked if want.role is Role.ARTICLE]


def test_what_is_new_is_fetched_the_newest_first(frontier: Frontier) -> None:
    web = Web({f"{BASE}/feed": feed(3, 9, 5), **{story(n): b"" for n in range(10)}})
    visit(web, frontier)
    assert articles(web) == [story(9), story(5), story(3)]
    want = web.asked[1]
    assert (want.via, want.source, want.hops) == (f"{BASE}/feed", "feed", "L")
    assert want.announced == "10 Nov 2026 10:00:00 GMT"


def test_what_was_committed_is_not_fetched_again(frontier: Frontier) -> None:
    first = Web({f"{BASE}/feed": feed(1, 2)})
    visit(first, frontier)
    commit(frontier, first)
    second = Web({f"{BASE}/feed": feed(1, 2, 3)})
    visit(second, frontier)
    assert articles(second) == [story(3)]


def test_what_was_fetched_but_not_committed_is_fetched_again(frontier: Frontier) -> None:
    visit(Web({f"{BASE}/feed": feed(1, 2)}), frontier)
    again = Web({f"{BASE}/feed": rss()})
    visit(again, frontier)
    assert articles(again) == [story(2), story(1)], "also when no source names it any more"


def test_no_more_than_max_articles_and_the_rest_is_told(frontier: Frontier) -> None:
    web = Web({f"{BASE}/feed": feed(*range(20))})
    made = visit(web, frontier, site(max_articles=3))
    assert articles(web) == [story(19), story(18), story(17)]
    assert made.report().unchosen == 17
    limited = Web({f"{BASE}/feed": feed(*range(20))})
    visit(limited, frontier, site(max_articles=3), limit=1)
    assert len(articles(limited)) == 1


def test_more_than_a_window_is_fetched_window_by_window(frontier: Frontier, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("crawler.visit.WINDOW", 4)
    web = Web({f"{BASE}/feed": feed(*range(11)), **{story(n): b"" for n in range(11)}})
    declared = site(max_articles=9)
    made = Visit(declared, frontier, lambda _: None, lambda: NOW)
    held: list[int] = []
    waiting = made.begin()
    while waiting:
        ask = waiting.pop(0)
        waiting += made.answered_by(ask.number, web.answer(ask.want))
        held.append(len(made._due or ()))
    assert articles(web) == [story(n) for n in range(10, 1, -1)]
    assert max(held) <= 4
    assert (made.planned, made.answered, made.report().left) == (9, 9, 9)
    commit(frontier, web)
    assert frontier.count("a.example") == {Phase.DONE: 9}


def test_a_site_that_is_given_up_leaves_its_further_windows(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.visit.WINDOW", MAX_FAILURES // 2)
    web = Web({f"{BASE}/feed": feed(*range(25)), **{story(n): 403 for n in range(25)}})
    made = visit(web, frontier)
    assert len(articles(web)) == MAX_FAILURES
    assert made.problem is not None
    assert made.problem.endswith("16 articles stay due for the next crawl"), "the last one, too, which is tried again"


def test_hosts_of_a_site_share_its_places(frontier: Frontier) -> None:
    flood = [f"https://trap.a.example/2026/11/29/a-story-of-words-{number}" for number in range(100)]
    lastmod = dict.fromkeys(flood, "2026-11-29") | {story(number): "2026-11-01" for number in range(5)}
    web = Web({f"{BASE}/map.xml": sitemap(*flood, *map(story, range(5)), lastmod=lastmod)})
    declared = site(f"{BASE}/map.xml", SourceKind.SITEMAP, max_articles=20, hosts=("trap.a.example",))
    made = visit(web, frontier, declared)
    assert set(map(story, range(5))) <= set(articles(web))
    assert len(articles(web)) == 20
    assert made.report().unchosen == 85


def test_a_sitemap_of_thousands_is_held_in_part(frontier: Frontier) -> None:
    web = Web({f"{BASE}/map.xml": sitemap(*(f"{BASE}/2026/11/24/story-number-{n}" for n in range(20_000)))})
    made = visit(web, frontier, site(f"{BASE}/map.xml", SourceKind.SITEMAP, max_articles=10))
    assert len(articles(web)) == 10
    assert made.report().unchosen == 20_000 - 10
    assert frontier.count("a.example") == {Phase.DUE: 10}


def test_only_articles_of_the_site_are_fetched(frontier: Frontier) -> None:
    links = (
        story(1),
        "https://other.example/2026/11/24/a-story-of-many-words",
        f"{BASE}/",
        f"{BASE}/tag/x",
        f"{BASE}/a.pdf",
    )
    web = Web({f"{BASE}/feed": rss(*links)})
    visit(web, frontier)
    assert articles(web) == [story(1)]


def test_an_article_that_changed_is_fetched_again(frontier: Frontier) -> None:
    declared = site(f"{BASE}/map.xml", SourceKind.SITEMAP)
    dates = {story(n): f"2026-11-0{n}T10:00:00Z" for n in (1, 2)}
    first = Web({f"{BASE}/map.xml": sitemap(*dates, lastmod=dates)})
    visit(first, frontier, declared)
    commit(frontier, first)
    dates[story(1)] = "2026-11-03T10:00:00Z"
    second = Web({f"{BASE}/map.xml": sitemap(*dates, lastmod=dates)})
    made = visit(second, frontier, declared)
    assert articles(second) == [story(1)]
    assert made.report().again == 1
    commit(frontier, second, at=NOW + 1000)
    third = Web({f"{BASE}/map.xml": sitemap(*dates, lastmod=dates)})
    visit(third, frontier, declared)
    assert articles(third) == []


def test_a_generator_that_dates_everything_anew_brings_no_second_crawl(frontier: Frontier) -> None:
    declared = site(f"{BASE}/map.xml", SourceKind.SITEMAP)
    urls = [story(n) for n in range(300)]
    first = Web({f"{BASE}/map.xml": sitemap(*urls, lastmod=dict.fromkeys(urls, "2026-11-01"))})
    visit(first, frontier, declared)
    commit(frontier, first)
    second = Web({f"{BASE}/map.xml": sitemap(*urls, lastmod=dict.fromkeys(urls, "2026-11-20"))})
    visit(second, frontier, declared)
    assert articles(second) == []
    mixed = {url: f"2026-11-{20 + n % 2}T00:00:00Z" for n, url in enumerate(urls)}
    third = Web({f"{BASE}/map.xml": sitemap(*urls, lastmod=mixed)})
    visit(third, frontier, declared)
    assert len(articles(third)) <= MAX_AGAIN


def test_a_redirect_to_a_known_article_is_not_followed(frontier: Frontier) -> None:
    old = f"{BASE}/old-address-of-story-number-7.html"
    pages: dict[str, Page] = {f"{BASE}/": front(old, story(7)), old: moved(old, story(7)), story(7): b""}
    declared = site(f"{BASE}/", SourceKind.FRONT)
    web = Web(pages)
    visit(web, frontier, declared)
    assert sorted(articles(web)) == sorted([old, story(7)]), "the target is due by itself"


def test_a_redirect_to_an_unknown_one_is(frontier: Frontier) -> None:
    web = Web({f"{BASE}/feed": feed(1), story(1): moved(story(1), story(2)), story(2): b""})
    visit(web, frontier)
    assert articles(web) == [story(1), story(2)]


def test_a_redirect_to_another_spelling_of_the_same_address_is(frontier: Frontier) -> None:
    http, tagged = story(1).replace("https:", "http:"), f"{story(1)}?utm_source=feed"
    web = Web({f"{BASE}/feed": rss(http), http: moved(http, tagged), tagged: moved(tagged, story(1)), story(1): b""})
    visit(web, frontier, site(hosts=("a.example",)))
    assert articles(web) == [http, tagged, story(1)]


def test_a_redirect_in_a_circle_is_left(frontier: Frontier) -> None:
    tagged = f"{story(1)}?utm_source=feed"
    web = Web({f"{BASE}/feed": feed(1), story(1): moved(story(1), tagged), tagged: moved(tagged, story(1))})
    visit(web, frontier)
    assert articles(web) == [story(1), tagged]


def test_an_old_address_of_an_article_that_changed_is_followed(frontier: Frontier) -> None:
    declared = site(f"{BASE}/map.xml", SourceKind.SITEMAP)
    pages: dict[str, Page] = {story(1): moved(story(1), story(2)), story(2): b""}
    first = Web({f"{BASE}/map.xml": sitemap(story(1), lastmod={story(1): "2026-11-01T10:00:00Z"}), **pages})
    visit(first, frontier, declared)
    commit(frontier, first)
    second = Web({f"{BASE}/map.xml": sitemap(story(1), lastmod={story(1): "2026-11-02T10:00:00Z"}), **pages})
    visit(second, frontier, declared)
    assert articles(second) == [story(1), story(2)]


def test_a_site_that_answers_nothing_but_errors_is_left_alone(frontier: Frontier) -> None:
    web = Web({f"{BASE}/feed": feed(*range(1, 28)), **{story(n): 500 for n in range(28)}})
    made = visit(web, frontier)
    assert len(set(articles(web))) == MAX_FAILURES
    assert "failures in a row" in (made.report().problem or "")
    assert made.report().left == 27


def test_a_robots_txt_that_cannot_be_had_is_not_met_by_each_article(frontier: Frontier) -> None:
    shut = Failure(NoAnswer.ROBOTS, f"{NOT_HAD} (503), so nothing may be fetched", NoAnswer.OTHER)
    barred = Failure(NoAnswer.ROBOTS, "robots.txt disallows it")
    for failure, asked in ((shut, MAX_FAILURES), (barred, 27)):
        pages: dict[str, Page] = {story(n): Answer(story(n), failure=failure) for n in range(28)}
        web = Web({f"{BASE}/feed": feed(*range(1, 28)), **pages})
        visit(web, frontier)
        assert len(set(articles(web))) == asked


def test_single_failures_stop_nothing(frontier: Frontier) -> None:
    pages: dict[str, Page] = {story(n): 500 if n % 3 == 0 else b"" for n in range(28)}
    web = Web({f"{BASE}/feed": feed(*range(1, 28)), **pages})
    made = visit(web, frontier)
    assert made.report().problem is None
    assert len(set(articles(web))) == 27


def test_what_robots_forbids_is_no_failure_of_the_site(frontier: Frontier) -> None:
    forbidden = {story(n): failed(story(n), NoAnswer.ROBOTS, "robots.txt disallows it") for n in range(28)}
    made = visit(Web({f"{BASE}/feed": feed(*range(1, 28)), **forbidden}), frontier)
    assert made.report().answered == 27
    assert made.report().problem is None


def test_a_host_that_asked_to_be_left_alone_is(frontier: Frontier) -> None:
    resting = failed(story(27), NoAnswer.BUDGET, "the host asked to be left alone until noon")
    web = Web({f"{BASE}/feed": feed(*range(1, 28)), story(27): resting})
    made = visit(web, frontier)
    assert articles(web) == [story(27)]
    assert "until noon" in (made.report().problem or "")


def test_several_are_asked_at_once_only_without_a_delay(frontier: Frontier) -> None:
    web = Web({f"{BASE}/feed": feed(*range(1, 28))})
    for delay, width in ((5.0, 1), (0.0, UNPACED_WIDTH)):
        made = Visit(site(delay=delay), frontier, lambda _: None, lambda: NOW)
        [ask] = made.begin()
        assert len(made.answered_by(ask.number, web.answer(ask.want))) == width


def test_a_stopped_visit_asks_for_nothing_more_and_leaves_the_rest_due(frontier: Frontier) -> None:
    web = Web({f"{BASE}/feed": feed(*range(1, 28))})
    made = Visit(site(), frontier, lambda _: None, lambda: NOW)
    [ask] = made.begin()
    [first] = made.answered_by(ask.number, web.answer(ask.want))
    made.stop()
    assert made.finished
    assert first.want.url == story(27)
    assert made.report().left == 27


def test_a_site_without_anything_tells_its_problem(frontier: Frontier) -> None:
    made = visit(Web({f"{BASE}/feed": 500}), frontier)
    assert made.report().problem == f"{BASE}/feed: it answers 500"


@pytest.mark.parametrize(
    "path", ["/2026/11/24/ein-schöner-tag-am-fluß", "/2026/11/24/a b c d", "/2026/11/24/a|b[c]d-e-f"]
)
def test_keys_meet_those_of_the_captures_however_scrapy_writes_the_url(frontier: Frontier, path: str) -> None:
    from scrapy import Request

    web = Web({f"{BASE}/feed": rss(f"{BASE}{path}")})
    visit(web, frontier)
    sent = Request(articles(web)[0]).url
    frontier.note([Capture("id", sent, normalise(sent), NOW, status=200, role=Role.ARTICLE, site="a.example")])
    assert frontier.count("a.example") == {Phase.DONE: 1}


def test_an_answer_of_a_listing_is_read_with_its_charset(frontier: Frontier) -> None:
    body = rss(f"{BASE}/2026/11/24/schoene-geschichte-von-heute").replace(b"A title", "Über".encode("cp1252"))
    web = Web({f"{BASE}/feed": Answer(f"{BASE}/feed", 200, body, "windows-1252")})
    visit(web, frontier)
    assert len(articles(web)) == 1


def test_where_the_frontier_has_no_room_the_visit_goes_on_later(
    frontier: Frontier, monkeypatch: pytest.MonkeyPatch
) -> None:
    web = Web({f"{BASE}/feed": feed(1, 2, 3), **{story(n): b"" for n in (1, 2, 3)}})
    made = Visit(site(), frontier, lambda _: None, lambda: NOW)
    [ask] = made.begin()
    with monkeypatch.context() as full:
        full.setattr(frontier, "plan", mock.Mock(side_effect=StorageFull("no room")))
        with pytest.raises(StorageFull):
            made.answered_by(ask.number, web.answer(ask.want))
        with pytest.raises(StorageFull):
            made.go_on()
        assert (made.reading, made.finished) == (True, False)
    asks = made.go_on()
    assert [one.want.url for one in asks] == [story(3)]
    assert (made.planned, made.report().left) == (3, 3)
    while asks:
        asks = made.answered_by(asks[0].number, web.answer(asks[0].want))
    assert made.finished
    assert [want.url for want in web.asked] == [f"{BASE}/feed", story(3), story(2), story(1)]


def test_a_front_page_is_read_by_what_the_site_has_taught(frontier: Frontier) -> None:
    item = '<li><a href="/cranes/best/">The best cranes of the old harbour, compared</a></li>'
    home = f"<html><body><ul>{item}</ul></body></html>".encode()
    declared = site(f"{BASE}/", SourceKind.FRONT)
    visit(web := Web({f"{BASE}/": home}), frontier, declared)
    assert articles(web) == []
    known = [f"{BASE}/{name}/best/" for name in ("boats", "bridges")]
    frontier.note(
        Capture(url, url, normalise(url), NOW, status=200, role=Role.ARTICLE, site="a.example") for url in known
    )
    frontier.judge(Judged("a.example", normalise(url), NOW, Verdict.ARTICLE, True) for url in known)
    visit(web := Web({f"{BASE}/": home}), frontier, declared)
    assert articles(web) == [f"{BASE}/cranes/best/"]
