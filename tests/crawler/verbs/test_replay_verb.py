"""``presskeep crawl --replay``: sites' spiders over the archive, after their servers are gone; nothing is written."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive import terminal
from archive.clock import parse_warc_date, to_datetime
from archive.exchange import Role
from archive.store import Archive
from crawler.cli import app
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS

COURIER = HOSTS[0]
OWN = """
from scrapy import Request, Spider

from crawler.marking import article


class Titles(Spider):
    def parse(self, response):
        print("a spider may print")
        for link in response.css("a::attr(href)").getall():
            yield article(response.follow(link, callback=self.story, errback=self.missing))
        yield Request("https://elsewhere.example/", errback=self.missing)

    def story(self, response):
        yield {"title": response.css("title::text").get(), "capture": response.meta["presskeep_capture"]}

    def missing(self, failure):
        yield {"missing": failure.request.url, "why": type(failure.value).__name__}


class Failing(Spider):
    name = "failing"

    def parse(self, response):
        raise ValueError("no list")
"""


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    """An archive of a paper whose server is gone."""
    with Newsroom() as newsroom:
        path = tmp_path_factory.mktemp("replay") / "A"
        made = Archive.create(path, contact="t@example.org", allow_loopback=True, resolve=newsroom.resolve)
        declare(made)
        assert run(made, "--no-clean") == 0
    made.spiders_path.mkdir()
    (made.spiders_path / "own.py").write_text(OWN, "utf-8")
    with made:
        yield made


def declare(archive: Archive, more: str = "") -> None:
    archive.sites_path.write_text(f'["{COURIER}"]\nstart = "http://{COURIER}/"\ndelay = 0.0\n{more}\n', "utf-8")


def run(archive: Archive, *arguments: str) -> int:
    return terminal.run(app, ["crawl", *arguments, "--archive", str(archive.path)])


def written(archive: Archive) -> dict[str, int]:
    """What lies in an archive, and when it was written; SQLite's log of readers left aside."""
    found = {str(path): path.stat() for path in archive.path.rglob("*") if path.is_file()}
    return {
        path: one.st_mtime_ns
        for path, one in found.items()
        if not path.endswith(("-wal", "-shm", ".pyc")) and "sites.toml" not in path
    }


def lines(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines()]


@pytest.mark.slow
def test_a_site_without_a_spider_tells_what_its_sources_announced(
    archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(archive)
    before = written(archive)
    assert run(archive, "--replay") == 0
    said = capsys.readouterr()
    items = lines(said.out)
    captured = {one.url: one for one in archive.captures(role=Role.ARTICLE)}
    assert {one.url for one in expected.expected(COURIER)} <= {item["location"] for item in items}
    for item in items:
        if item["capture"] is not None:
            held = captured[item["location"]]
            assert (item["capture"], parse_warc_date(item["captured"])) == (held.id, held.at)
    assert f"{COURIER}: {len(items)} items; " in said.err
    target = tmp_path / "items.jsonl"
    at = to_datetime(next(iter(captured.values())).at).isoformat()
    assert run(archive, "--replay", "--at", at, "--limit", "3", "--out", str(target)) == 0
    assert lines(target.read_text("utf-8")) == items[:3]
    assert written(archive) == before


@pytest.mark.slow
def test_a_sites_own_spider_gives_its_items_twice_the_same(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    declare(archive, 'spider = "own:Titles"')
    before = written(archive)
    assert run(archive, "--replay") == 0
    first = capsys.readouterr().out
    assert run(archive, "--replay") == 0
    assert capsys.readouterr().out == first
    items = lines(first)
    assert {"missing": "https://elsewhere.example/", "why": "IgnoreRequest"} in items
    titles = [item for item in items if "title" in item]
    assert len(titles) > 5
    assert all(archive.capture(item["capture"]) for item in titles)
    assert written(archive) == before


@pytest.mark.slow
def test_an_error_of_the_spider_is_told_in_one_line(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, 'spider = "own:Failing"')
    assert run(archive, "--replay") == 1
    assert "its spider failed once: ValueError: no list (" in capsys.readouterr().err
    declare(archive, 'spider = "own:Nobody"')
    assert run(archive, "--replay") == 3
    assert "has no class Nobody" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (("--replay", "--due"), "--replay fetches nothing"),
        (("--replay", "--since", "2020-01-01"), "--replay fetches nothing"),
        (("--at", "2026-11-01"), "--at and --out are about --replay"),
        (("--replay", "--at", "then"), "--at takes a day or a time"),
    ],
)
def test_a_wrong_call_is_told(
    words: tuple[str, ...], said: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    with Archive.create(tmp_path / "A", contact="t@example.org") as made:
        declare(made)
        assert run(made, *words) == 2
    assert said in capsys.readouterr().err
