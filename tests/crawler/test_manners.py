"""Manners on the wire: delays, rests, robots.txt by redirect, and what a host is spared."""

from __future__ import annotations

from collections.abc import Callable
from itertools import pairwise
from pathlib import Path

import pytest
from crawled import attempted, captured, crawl, make_archive, site
from oddserver import ALLOW_ALL, Odd, OddServer
from web import front, rss

from archive.errors import ConfigurationError
from archive.exchange import NoAnswer, Role
from crawler.running import require_delays
from crawler.sites import SourceKind

pytestmark = pytest.mark.slow  # each crawl is a process of its own

HOST, OTHER = "gazette.example", "elsewhere.example"
FEED = (SourceKind.FEED, "/feed")


def story(number: int, host: str = HOST) -> str:
    return f"http://{host}/2026/11/24/story-number-{number}"


def stories(count: int, host: str = HOST) -> dict[str, Odd | bytes]:
    pages: dict[str, Odd | bytes] = {story(n, host).removeprefix("http://"): b"<p>text</p>" for n in range(count)}
    return {**pages, f"{host}/feed": rss(*(story(n, host) for n in range(count)))}


def gaps(server: OddServer, host: str = HOST) -> list[float]:
    return [later.at - sooner.at for sooner, later in pairwise(one for one in server.seen if one.host == host)]


def assert_apart(waits: list[float], delay: float) -> None:
    """Requests lie a delay apart on the whole.

    When one is sent follows the clock; when it is seen follows from who had the processor, so that two may seem nearer.
    That they are never *sent* nearer is held without a network (test_politeness.py).
    """
    assert sum(waits) > 0.75 * delay * len(waits)


def test_requests_to_a_host_lie_a_delay_apart_and_hosts_do_not_wait_for_one_another(tmp_path: Path) -> None:
    with OddServer({**stories(3), **stories(3, OTHER)}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, OTHER))
        summary = crawl(archive, [site(HOST, FEED, delay=0.4), site(OTHER, FEED)])
    assert summary.outcome == "finished"
    assert len(server.paths(HOST)) == 6  # robots.txt, feed, tdmrep.json, three stories
    assert_apart(gaps(server), 0.4)
    fast = [one.at for one in server.seen if one.host == OTHER]
    assert max(fast) < max(one.at for one in server.seen if one.host == HOST), "the paced host ended last"


def test_the_delay_holds_across_runs(tmp_path: Path) -> None:
    with OddServer(stories(0)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        paced = site(HOST, FEED, delay=4.0)
        crawl(archive, [paced], limit=1)
        crawl(archive, [paced], limit=1)
    assert server.paths(HOST) == ["/robots.txt", "/feed", "/feed"]
    assert min(gaps(server)) > 3.5


def test_two_sites_on_one_host_share_its_turns(tmp_path: Path) -> None:
    twin = f"www.{HOST}"
    with OddServer({**stories(2), f"{twin}/feed": rss(*(story(n) for n in range(2)))}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, twin))
        other = site(twin, (SourceKind.FEED, "/feed"), delay=0.3)
        crawl(archive, [site(HOST, FEED, delay=0.3), other])
    assert len(server.paths(HOST)) == 7
    assert_apart(gaps(server), 0.3)


def test_a_crawl_delay_lengthens_and_never_shortens(tmp_path: Path) -> None:
    robots = {
        f"{HOST}/robots.txt": b"User-agent: *\nCrawl-delay: 0.5\n",
        f"{OTHER}/robots.txt": b"User-agent: *\nCrawl-delay: 0.01\n",
    }
    with OddServer({**stories(2), **stories(2, OTHER), **robots}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, OTHER))
        crawl(archive, [site(HOST, FEED, delay=0.05), site(OTHER, FEED, delay=0.4)])
    assert_apart(gaps(server)[1:], 0.5)  # the file itself could not know of it
    assert_apart(gaps(server, OTHER), 0.4)


def test_a_host_that_says_it_is_overloaded_rests_for_as_long_as_it_asks(tmp_path: Path) -> None:
    busy = story(0).removeprefix("http://")
    answers = {
        **stories(1),
        busy: lambda before: Odd(503, b"", {"Retry-After": "1"}) if before == 0 else Odd(200, b"x"),
    }
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        crawl(archive, [site(HOST, FEED)])
    assert [capture.status for capture in archive.captures(url=story(0))] == [503, 200]
    assert gaps(server)[-1] > 0.9


def test_a_host_that_asks_for_an_hour_is_left_alone_by_this_crawl_and_the_next(tmp_path: Path) -> None:
    busy = story(0).removeprefix("http://")
    with OddServer({**stories(3), busy: Odd(429, b"", {"Retry-After": "3600"})}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        feed = site(HOST, FEED, delay=0.01)
        summary = crawl(archive, [feed])
        asked = len(server.seen)
        again = crawl(archive, [feed])
        assert len(server.seen) == asked, "not one request more"
    [report] = summary.reports
    assert "left alone until" in (report.problem or "")
    assert report.left > 0
    assert "left alone until" in (again.reports[0].problem or "")
    assert NoAnswer.BUDGET in {one.attempt.reason for one in archive.attempts(site=HOST)}


def test_robots_txt_is_followed_to_any_host_and_every_step_is_kept(tmp_path: Path) -> None:
    answers = {
        **stories(2),
        f"{HOST}/robots.txt": Odd(301, b"", {"Location": f"http://{OTHER}/one"}),
        f"{OTHER}/one": Odd(302, b"", {"Location": "/two"}),
        f"{OTHER}/two": b"User-agent: Presskeep\nDisallow: /2026/11/24/story-number-1\n",
        f"{OTHER}/robots.txt": b"User-agent: *\nDisallow: /\n",
    }
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, OTHER))
        crawl(archive, [site(HOST, FEED)])
    assert [(one.host, one.path) for one in server.seen[:3]] == [
        (HOST, "/robots.txt"),
        (OTHER, "/one"),
        (OTHER, "/two"),
    ]
    steps = [one for one in archive.captures(role=Role.ROBOTS) if one.source == "robots"]
    assert [one.status for one in steps] == [301, 302, 200]
    assert [one.hops for one in steps] == ["I", "IR", "IRR"]
    assert steps[1].via == f"http://{HOST}/robots.txt"
    assert attempted(archive, HOST)["/2026/11/24/story-number-1"].attempt.reason is NoAnswer.ROBOTS
    assert "/2026/11/24/story-number-0" in captured(archive, HOST)


def test_a_robots_txt_that_redirects_for_ever_counts_as_absent(tmp_path: Path) -> None:
    robots = {f"{HOST}/robots.txt": Odd(301, b"", {"Location": "/robots.txt?again"})}
    loop = {f"{HOST}/robots.txt?again": Odd(301, b"", {"Location": "/robots.txt?again"})}
    with OddServer({**stories(1), **robots, **loop}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        crawl(archive, [site(HOST, FEED)])
    assert sum(path.startswith("/robots.txt") for path in server.paths(HOST)) == 6
    assert "/2026/11/24/story-number-0" in captured(archive, HOST)


def test_an_article_that_leads_to_another_site_is_not_followed_but_recorded(tmp_path: Path) -> None:
    gone = {story(0).removeprefix("http://"): Odd(302, b"", {"Location": f"http://{OTHER}/ad"})}
    with OddServer({**stories(1), **gone}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, OTHER))
        crawl(archive, [site(HOST, FEED)])
    assert server.paths(OTHER) == []
    [stored] = [one for one in archive.attempts(site=HOST) if one.attempt.reason is NoAnswer.SCOPE]
    assert stored.attempt.url == f"http://{OTHER}/ad"
    assert (stored.attempt.origin.via, stored.attempt.origin.hops) == (story(0), "LR")


def test_server_errors_are_retried_and_stay_due(tmp_path: Path) -> None:
    broken = story(1).removeprefix("http://")
    flaky = story(0).removeprefix("http://")
    answers: dict[str, Odd | bytes | Callable[[int], Odd]] = {
        **stories(2),
        broken: Odd(500, b"broken"),
        flaky: lambda before: Odd(502) if before == 0 else Odd(200, b"text"),
    }
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        summary = crawl(archive, [site(HOST, FEED)])
        assert [one.status for one in archive.captures(url=story(0))] == [502, 200]
        assert [one.status for one in archive.captures(url=story(1))] == [500, 500, 500]
        assert summary.reports[0].left == 1
        server.answers = {**stories(2)}
        crawl(archive, [site(HOST, FEED)])
    assert [one.status for one in archive.captures(url=story(1))][-1] == 200
    assert server.paths(HOST).count("/2026/11/24/story-number-0") == 2, "what is done is left alone"


def test_a_front_page_on_two_hosts_is_read_where_it_is(tmp_path: Path) -> None:
    twin = f"www.{HOST}"
    answers: dict[str, Odd | bytes] = {
        f"{HOST}/": Odd(301, b"", {"Location": f"http://{twin}/"}),
        f"{twin}/": front(story(0, twin)),
        f"{twin}/robots.txt": ALLOW_ALL,
        story(0, twin).removeprefix("http://"): b"text",
    }
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, twin))
        crawl(archive, [site(HOST)])
    assert story(0, twin) in {one.url for one in archive.captures(site=HOST, role=Role.ARTICLE)}


def test_no_cookie_is_sent_unless_the_site_says_so(tmp_path: Path) -> None:
    setting = {f"{host}/feed": Odd(200, rss(story(0, host)), {"Set-Cookie": "id=7"}) for host in (HOST, OTHER)}
    with OddServer({**stories(1), **stories(1, OTHER), **setting}) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, OTHER))
        crawl(archive, [site(HOST, FEED), site(OTHER, FEED, cookies=True)])
    sent = {one.host: one.fields.get("Cookie") for one in server.seen if "story" in one.path}
    assert sent == {HOST: None, OTHER: "id=7"}


def test_no_delay_is_for_loopback_alone(tmp_path: Path) -> None:
    with make_archive(tmp_path / "A", {}) as archive:
        require_delays(archive.configuration, [site(HOST)])
    configured = tmp_path / "A" / "archive.toml"
    configured.write_text(configured.read_text().replace("allow_loopback = true", "allow_loopback = false"))
    from archive.store import Archive

    with Archive.open(tmp_path / "A") as archive:
        with pytest.raises(ConfigurationError, match="allow_loopback"):
            require_delays(archive.configuration, [site(HOST)])
        require_delays(archive.configuration, [site(HOST, delay=1.0)])
        summary = crawl(archive, [site(HOST)])
    assert (summary.outcome, summary.exit_code) == ("failed", 3)
