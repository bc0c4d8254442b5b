"""Crawls after a takedown: what is down is asked of nobody, not behind a redirect either, and that is recorded."""

from __future__ import annotations

from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from oddserver import Odd, OddServer
from web import rss

from archive.catalogue import holdings, tables
from archive.catalogue.blocking import Target
from archive.catalogue.rows import attempt_of_row
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Role
from archive.removal.takedown import lift, take_down
from archive.store import Archive
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS
from crawler.sites import SourceKind

pytestmark = pytest.mark.slow  # each crawl is a process of its own

HOST = "gazette.example"


def down(archive: Archive, url: str, *, prefix: bool = False) -> None:
    take_down(archive, Target.of(url, prefix=prefix), given=url, reason="court order")


def recorded(archive: Archive) -> dict[str, StoredAttempt]:
    """All attempts, also those that may not be handed out, by URL."""
    with archive.catalog.reading() as connection:
        rows = connection.execute(tables.attempts.select()).mappings()
        return {one.attempt.url: one for one in map(attempt_of_row, rows)}


def test_the_newsroom_is_not_asked_for_what_is_taken_down(tmp_path: Path) -> None:
    courier = HOSTS[0]
    with Newsroom() as newsroom, make_archive(tmp_path / "A", newsroom.resolve) as archive:
        given = site(courier, (SourceKind.FEED, "/feed/"))
        crawl(archive, [given], limit=3)
        first = [one.url for one in archive.captures(role=Role.ARTICLE)]
        asked = len(newsroom.log)
        down(archive, first[0])
        announced = {one for one in _announced(newsroom, courier) if one not in first}
        down(archive, (hidden := sorted(announced)[0]))
        archive.state_path.unlink()  # or nothing would be asked for twice
        crawl(archive, [given], limit=100)
        paths = [entry.path for entry in newsroom.log[asked:]]
        assert len(paths) > 5
        for url in (first[0], hidden):
            assert url.partition(courier)[2] not in paths
            stored = recorded(archive)[url]
            assert (stored.attempt.reason, stored.attempt.origin.site) == (NoAnswer.TAKEDOWN, courier)
            assert list(archive.attempts(url=url)) == []
        archive.state_path.unlink()
        lift(archive, Target.of(hidden), given=hidden, reason="settled")
        crawl(archive, [given], limit=100)
        assert next(archive.captures(url=hidden)).status == 200


def _announced(newsroom: Newsroom, host: str) -> set[str]:
    from crawler.newsroom import expected

    return {article.url for article in expected.expected(host, 1)}


def test_nothing_is_followed_to_what_is_taken_down(tmp_path: Path) -> None:
    answers: dict[str, Odd | bytes] = {
        f"{HOST}/feed": rss(f"http://{HOST}/2026/11/24/moved-story", f"http://{HOST}/2026/11/24/other-story"),
        f"{HOST}/2026/11/24/moved-story": Odd(301, b"", {"Location": f"http://{HOST}/secret/story"}),
        f"{HOST}/2026/11/24/other-story": b"<p>text</p>",
        f"{HOST}/secret/story": b"<p>secret</p>",
    }
    with OddServer(answers) as server, make_archive(tmp_path / "A", server.resolve(HOST)) as archive:
        down(archive, f"{HOST}/secret/", prefix=True)
        crawl(archive, [site(HOST, (SourceKind.FEED, "/feed"))])
        assert "/secret/story" not in server.paths(HOST)
        assert "/2026/11/24/moved-story" in server.paths(HOST)
        (stored,) = [one for one in recorded(archive).values() if one.attempt.reason is NoAnswer.TAKEDOWN]
        assert (stored.attempt.url, stored.attempt.origin.hops) == (f"http://{HOST}/secret/story", "LR")
        assert {one.url.rpartition("/")[2] for one in archive.captures(role=Role.ARTICLE)} == {
            "moved-story",
            "other-story",
        }


def test_a_prefix_binds_crawls_until_it_is_lifted(tmp_path: Path) -> None:
    """A narrower takedown within it stays; what was captured before is seen again, what was not is fetched."""
    old, late, other = (f"http://{HOST}/2026/{name}" for name in ("11/old-story", "11/late-story", "12/other-story"))
    kept = f"http://{HOST}/2026/11/kept-down"
    answers: dict[str, Odd | bytes] = {one.removeprefix("http://"): b"<p>text</p>" for one in (old, late, other, kept)}
    answers[f"{HOST}/feed"] = rss(old, kept)
    with OddServer(answers) as server, make_archive(tmp_path / "A", server.resolve(HOST)) as archive:
        given = site(HOST, (SourceKind.FEED, "/feed"))
        crawl(archive, [given])
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {old, kept}
        down(archive, kept)
        down(archive, f"{HOST}/2026/11/", prefix=True)
        answers[f"{HOST}/feed"] = rss(old, kept, late, other)
        crawl(archive, [given])
        assert "/2026/11/late-story" not in server.paths(HOST)
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {other}
        assert recorded(archive)[late].attempt.reason is NoAnswer.TAKEDOWN
        assert list(archive.attempts(url=late)) == []
        lift(archive, Target.of(f"{HOST}/2026/11/", prefix=True), given=HOST, reason="settled")
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {old, other}
        archive.state_path.unlink()  # or late would be asked for in a week
        crawl(archive, [given])
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {old, late, other}


def test_a_whole_host_is_asked_for_its_robots_txt_at_most(tmp_path: Path) -> None:
    with OddServer({f"{HOST}/feed": rss()}) as server, make_archive(tmp_path / "A", server.resolve(HOST)) as archive:
        down(archive, HOST, prefix=True)
        crawl(archive, [site(HOST, (SourceKind.FEED, "/feed"))])
        assert set(server.paths(HOST)) <= {"/robots.txt"}
        assert list(holdings.attempts(archive.catalog)) == []
