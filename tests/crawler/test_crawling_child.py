"""A crawl in a real child: what it fetches, keeps, forbids itself, and says, against the newsroom and its faults."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from crawled import CONTACT, attempted, captured, crawl, make_archive, new_run, site

from archive.exchange import NoAnswer, Role
from archive.store import Archive
from crawler.jobs import CommitProgress, JobSummary, Progress, VisitProgress
from crawler.newsroom import Newsroom, Served, expected
from crawler.newsroom.site import HOSTS
from crawler.sites import SourceKind
from crawler.visited import VisitReport

pytestmark = pytest.mark.slow  # two crawls of twelve hosts

COURIER, TALBLATT = HOSTS
UNREACHABLE = ("closed.example", "nosuchname.invalid")
AWKWARD = (
    *("wrong-charset.example", "broken-feed.example", "sitemap-is-html.example", "forbidden.example"),
    *("failing.example", "empty-feed.example", "huge.example", "slow.example"),
)


@dataclass(frozen=True)
class Crawled:
    """Two crawls of all sites, at both visits, in one child each."""

    archive: Archive
    first: JobSummary
    second: JobSummary
    heard: list[Progress]
    first_log: list[Served]
    second_log: list[Served]
    runs: tuple[str, str]

    def report(self, host: str) -> VisitReport:
        return next(one for one in self.first.reports if one.site == host)


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Crawled]:
    with Newsroom(awkward=True) as newsroom:
        resolve = {**newsroom.resolve, "closed.example": "127.0.0.1:1"}
        hosts = (*HOSTS, *AWKWARD, *UNREACHABLE)
        path: Path = tmp_path_factory.mktemp("crawled") / "A"
        with make_archive(path, resolve, timeout=1.5) as archive:
            # A path that is forbidden, linked as an article from a page that is declared as a section.
            member = site(COURIER, (SourceKind.SECTION, "/members/briefing-november/"), (SourceKind.FEED, "/feed/"))
            sites = [member if host == COURIER else site(host) for host in hosts]
            heard: list[Progress] = []
            runs = (new_run(), new_run())
            first = crawl(archive, sites, run=runs[0], listener=heard.append)
            first_log, newsroom.log = newsroom.log, []
            newsroom.visit = 2
            second = crawl(archive, sites[:2], run=runs[1])
            yield Crawled(archive, first, second, heard, first_log, newsroom.log, runs)


def test_it_finishes_whatever_the_sites_do(crawled: Crawled) -> None:
    assert crawled.first.outcome == "finished"
    assert crawled.first.error is None
    assert {one.site for one in crawled.first.reports} == {*HOSTS, *AWKWARD, *UNREACHABLE}


@pytest.mark.parametrize("host", HOSTS)
def test_every_article_is_captured_as_one(crawled: Crawled, host: str) -> None:
    found = {capture.url for capture in crawled.archive.captures(site=host, role=Role.ARTICLE, run=crawled.runs[0])}
    assert {one.url for one in expected.expected(host, 1)} <= found


def test_only_what_is_new_or_edited_is_fetched_the_second_time(crawled: Crawled) -> None:
    articles = {
        f"http://{one.host}{one.path}"
        for one in crawled.second_log
        if one.path.count("/") > 2 and "feed" not in one.path
    }
    assert articles == {*expected.added(COURIER), *expected.changed(TALBLATT)}
    assert [one.again for one in crawled.second.reports] == [0, 1]


def test_robots_txt_is_archived_once_and_remembered_by_the_next_crawl(crawled: Crawled) -> None:
    robots = list(crawled.archive.captures(site=TALBLATT, role=Role.ROBOTS))
    assert [one.run for one in robots] == [crawled.runs[0]] * 2
    assert [one.source for one in robots] == ["robots", "tdmrep"]
    assert b"Disallow: /intern/" in robots[0].payload()
    assert sum(one.host == TALBLATT and one.path == "/robots.txt" for one in crawled.first_log) == 1
    assert not any(one.path == "/robots.txt" for one in crawled.second_log)


def test_a_disallowed_url_becomes_a_fact_and_is_never_fetched(crawled: Crawled) -> None:
    stored = attempted(crawled.archive, COURIER)["/members/briefing-november/"]
    assert stored.attempt.reason is NoAnswer.ROBOTS
    assert "disallows" in stored.attempt.detail
    assert (stored.attempt.origin.site, stored.attempt.origin.run) == (COURIER, crawled.runs[1])
    log = crawled.first_log + crawled.second_log
    assert not [one for one in log if one.path.startswith(("/members/", "/intern/"))]


def test_every_request_names_the_crawler_and_its_people(crawled: Crawled) -> None:
    assert {one.agent.partition("/")[0] for one in crawled.first_log} == {"Presskeep"}
    assert all(CONTACT in one.agent for one in crawled.first_log)


def test_where_each_article_was_found_is_kept(crawled: Crawled) -> None:
    article = next(crawled.archive.captures(site=COURIER, role=Role.ARTICLE))
    assert (article.via, article.source, article.hops) == (f"http://{COURIER}/feed/", "feed", "L")
    assert article.announced


def test_redirects_are_captures_of_their_own(crawled: Crawled) -> None:
    old, new = next(iter(expected.redirects(TALBLATT).items()))
    assert [one.status for one in crawled.archive.captures(url=old)] == [301]
    assert len([one for one in crawled.archive.captures(url=new) if one.status == 200]) == 1, "fetched once only"


def test_a_dead_link_is_a_capture_and_asked_for_once(crawled: Crawled) -> None:
    [dead] = expected.dead(TALBLATT)
    assert [one.status for one in crawled.archive.captures(url=dead)] == [404]


@pytest.mark.parametrize(
    ("host", "reason", "words"),
    [
        ("slow.example", NoAnswer.TIMEOUT, "does not answer in time"),
        ("closed.example", NoAnswer.REFUSED, "the connection was refused"),
        ("nosuchname.invalid", NoAnswer.DNS, "does not resolve"),
    ],
)
def test_a_host_that_cannot_be_reached(crawled: Crawled, host: str, reason: NoAnswer, words: str) -> None:
    attempts = attempted(crawled.archive, host)
    assert attempts["/robots.txt"].attempt.reason is reason
    assert attempts["/"].attempt.reason is NoAnswer.ROBOTS
    assert words in (crawled.report(host).problem or "")


def test_a_server_error_for_robots_txt_disallows_everything(crawled: Crawled) -> None:
    assert [one.path for one in crawled.first_log if one.host == "failing.example"] == ["/robots.txt"]
    assert captured(crawled.archive, "failing.example")["/robots.txt"].status == 500
    assert attempted(crawled.archive, "failing.example")["/"].attempt.reason is NoAnswer.ROBOTS
    assert "it answers 500" in (crawled.report("failing.example").problem or "")


def test_a_forbidden_robots_txt_allows_and_the_front_page_says_the_rest(crawled: Crawled) -> None:
    assert captured(crawled.archive, "forbidden.example")["/"].status == 403
    assert "it answers 403" in (crawled.report("forbidden.example").problem or "")
    assert sum(one.host == "forbidden.example" for one in crawled.first_log) <= 6, "it is asked little"


def test_broken_and_empty_feeds_and_html_for_a_sitemap_hide_no_article(crawled: Crawled) -> None:
    for host, articles in (
        ("broken-feed.example", {"/2026/11/coffee-without-end/", "/2026/11/coffee-from-the-feed/"}),
        ("empty-feed.example", {"/2026/11/six-in-the-morning/"}),
        ("sitemap-is-html.example", {"/2026/11/tables-in-the-rain/"}),
        ("wrong-charset.example", {"/2026/11/head-says-utf-8/", "/2026/11/meta-says-latin-1/"}),
    ):
        found = captured(crawled.archive, host)
        assert all(found[path].status == 200 and found[path].role is Role.ARTICLE for path in articles)
    sources = {url: said for url, _, said in crawled.report("sitemap-is-html.example").sources}
    assert sources["http://sitemap-is-html.example/sitemap.xml"] == "it is an HTML page"


def test_a_page_of_40_megabytes_is_cut_and_recorded_as_cut(crawled: Crawled) -> None:
    found = captured(crawled.archive, "huge.example")
    assert found["/2026/11/forty-megabytes/"].truncated == "length"
    assert found["/2026/11/a-small-cup/"].truncated is None
    assert crawled.report("huge.example").left == 0


def test_the_process_stays_small(crawled: Crawled) -> None:
    assert crawled.first.memory < 250 * 2**20


def test_progress_is_heard_and_ends_with_every_site(crawled: Crawled) -> None:
    finished = {one.site for one in crawled.heard if isinstance(one, VisitProgress) and one.finished}
    assert {COURIER, TALBLATT} <= finished
    committed = sum(one.traffic.captures for one in crawled.heard if isinstance(one, CommitProgress))
    assert committed == len(list(crawled.archive.captures(run=crawled.runs[0])))


def test_the_run_is_recorded_with_its_sites(crawled: Crawled) -> None:
    runs = {one.id: one for one in crawled.archive.runs()}
    assert runs[crawled.runs[0]].outcome == "finished"
    assert runs[crawled.runs[0]].command == "crawl"
    assert set(runs[crawled.runs[1]].sites) == set(HOSTS)


def test_every_byte_is_accounted_for(crawled: Crawled) -> None:
    checked = crawled.archive.verify()
    assert not checked.findings
