"""A whole crawl under the address guard: feeds, sitemaps, articles and robots.txt that lead into private networks."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from oddserver import Odd, OddServer
from web import rss

from archive import clock
from archive.exchange import NoAnswer, Role
from archive.store import Archive
from archive.url import host as host_of
from crawler.robots import Access, Robots, RobotsMemory, origin_of
from crawler.sites import Site, Source, SourceKind
from crawler.state import State

pytestmark = pytest.mark.slow  # each crawl is a process of its own

RECORDING = Path(__file__).parent / "wire" / "recording"
FORBIDDEN = (
    *("http://10.0.0.1", "http://169.254.169.254", "http://[::ffff:10.0.0.1]", "http://[fd00:ec2::254]"),
    *("http://2852039166", "http://0xa.1", "http://[64:ff9b::a00:1]", "http://168.63.129.16", "https://192.168.1.1"),
)


@pytest.fixture
def connects(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The file to which the crawling processes of a test write each connect."""
    log = tmp_path / "connects"
    monkeypatch.setenv("PYTHONPATH", os.pathsep.join(filter(None, (str(RECORDING), os.environ.get("PYTHONPATH")))))
    monkeypatch.setenv("CONNECT_LOG", str(log))
    for name in ("http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://10.9.9.9:3128")
        monkeypatch.setenv(name.upper(), "http://10.9.9.9:3128")
    return log


def hosts_in(log: Path) -> set[str]:
    return {line.rsplit(" ", 1)[0] for line in log.read_text("utf-8").splitlines()}


def refused(archive: Archive) -> set[tuple[str, Role]]:
    """What the guard refused: the URLs, and what they were asked for as."""
    attempts = (one.attempt for one in archive.attempts())
    return {(one.url, one.origin.role) for one in attempts if one.reason is NoAnswer.ADDRESS}


def test_what_leads_into_a_private_network_is_an_attempt_and_nothing_more(tmp_path: Path, connects: Path) -> None:
    answers: dict[str, Odd | bytes] = {}
    sites = []
    named = [base for base in FORBIDDEN if "[" not in base]  # sites.toml takes no IPv6 address for a host
    for at, base in enumerate(named):
        host = f"paper-{at}.example"
        answers[f"{host}/feed"] = rss(f"http://{host}/story-of-some-length")
        answers[f"{host}/story-of-some-length"] = Odd(302, b"", {"Location": f"{base}/story"})
        answers[f"{host}/moved"] = Odd(302, b"", {"Location": f"{base}/moved"})
        feeds = [Source(kind=SourceKind.FEED, url=url) for url in (f"http://{host}/feed", f"{base}/feed")]
        maps = [Source(kind=SourceKind.SITEMAP, url=url) for url in (f"http://{host}/moved", f"{base}/map.xml")]
        hosts = (host_of(base),)
        sites.append(Site(host=host, hosts=hosts, start=f"http://{host}/", delay=0.0, sources=(*feeds, *maps)))
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(*(one.host for one in sites)))
        # robots.txt of those hosts is known, as if they had been public a moment ago: else nothing more would be asked.
        with State(archive.state_path) as state:
            for base in named:
                RobotsMemory(state).put(Robots(origin_of(base), clock.now(), Access.ABSENT))
        crawl(archive, sites)
    assert hosts_in(connects) == {"127.0.0.1"}
    found = refused(archive)
    for base in named:
        assert (f"{base}/feed", Role.FEED) in found
        assert {(f"{base}/map.xml", Role.SITEMAP), (f"{base}/moved", Role.SITEMAP)} <= found
        assert (f"{base}/story", Role.ARTICLE) in found


def test_a_robots_txt_that_redirects_into_a_private_network_is_unreachable(tmp_path: Path, connects: Path) -> None:
    hosts = [f"paper-{at}.example" for at in range(len(FORBIDDEN))]
    answers: dict[str, Odd | bytes] = {}
    for host, base in zip(hosts, FORBIDDEN, strict=True):
        answers[f"{host}/robots.txt"] = Odd(301, b"", {"Location": f"{base}/robots.txt"})
        answers[f"{host}/feed"] = rss(f"http://{host}/story-of-some-length")
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(*hosts))
        crawl(archive, [site(host, (SourceKind.FEED, "/feed")) for host in hosts])
    assert hosts_in(connects) == {"127.0.0.1"}
    assert all(server.paths(host) == ["/robots.txt"] for host in hosts)
    found = refused(archive)
    assert found == {(f"{base}/robots.txt", Role.ROBOTS) for base in FORBIDDEN}
