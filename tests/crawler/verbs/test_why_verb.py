"""``presskeep why``: one address explained, from what is kept alone."""

from __future__ import annotations

import json
import zlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from archive import clock, terminal
from archive.store import Archive
from crawler.cli import app
from crawler.frontier import Found, Frontier
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS
from crawler.robots import Access, Robots, RobotsMemory
from crawler.state import State

COURIER = HOSTS[0]
PAGE = "https://a.example/news/bridge-reopens-after-storm"
FEED = "https://a.example/feed"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", name="TEST", contact="tester@example.org") as made:
        made.sites_path.write_text('["a.example"]\n\n["off.example"]\nenabled = false\n')
        yield made


def why(archive: Archive, capsys: pytest.CaptureFixture[str], url: str) -> dict[str, Any]:
    assert terminal.run(app, ["why", url, "--json", "--archive", str(archive.path)]) == 0
    found: dict[str, Any] = json.loads(capsys.readouterr().out)
    return found


def robots(archive: Archive, text: str, access: Access = Access.RULES) -> None:
    with State(archive.state_path) as state:
        RobotsMemory(state).put(Robots("https://a.example", clock.now(), access, "it answers 503", text.encode()))


def test_what_nobody_saw_is_told_what_would_happen(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    found = why(archive, capsys, PAGE)
    assert found["answer"] == "Nobody has seen it. Once a source of a.example announces it, the next visit fetches it."
    assert (found["site"], found["refused"], found["robots"]["allowed"]) == ("a.example", None, None)
    assert found["frontier"] == found["events"] == found["texts"] == []
    assert "passed over" in why(archive, capsys, "https://a.example/logo.png")["answer"]


def test_a_url_of_no_site_is_told_how_to_make_it_one(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    found = why(archive, capsys, "b.example/story")
    assert found["site"] is None
    assert "presskeep add b.example" in found["answer"]
    assert "not enabled" in why(archive, capsys, "https://off.example/story")["scope"]


def test_the_key_says_what_it_left_out(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    found = why(archive, capsys, "http://A.example:80/a/../story?utm_source=rss&id=7&fbclid=x#top")
    assert found["key"] == "https://a.example/story?id=7"
    assert found["dropped"] == ["utm_source=rss", "fbclid=x"]
    assert [one.split()[:2] for one in found["changes"]] == [
        ["http", "is"],
        ["the", "host"],
        ["the", "path"],
        ["the", "fragment"],
    ]


def test_a_rule_of_robots_txt_is_named_with_its_line(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    robots(archive, "# ours\nUser-agent: other\nDisallow: /news\n\nUser-agent: *\nAllow: /news/x\nDisallow: /news\n")
    found = why(archive, capsys, PAGE)
    assert found["robots"]["number"] == 7
    assert found["robots"]["line"] == "Disallow: /news"
    assert found["answer"] == "It is not fetched while robots.txt says so: line 7 disallows it: Disallow: /news."
    assert why(archive, capsys, "https://a.example/news/x")["robots"]["number"] == 6
    assert why(archive, capsys, "https://a.example/sports/")["robots"]["allowed"] is True


def test_the_last_copy_of_a_robots_txt_that_cannot_be_had_holds(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    robots(archive, "", Access.UNREACHABLE)
    assert why(archive, capsys, PAGE)["robots"]["said"].startswith("robots.txt could not be had (it answers 503)")
    robots(archive, "User-agent: *\nDisallow: /news\n")
    robots(archive, "", Access.UNREACHABLE)
    assert why(archive, capsys, PAGE)["robots"]["number"] == 2


def test_a_trap_is_named(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    found = why(archive, capsys, "https://a.example/news/news/news/story")
    assert found["answer"] == "It is never fetched: trap: the path repeats 'news'."


def test_what_waits_is_told_with_its_way(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    one = Found(PAGE, PAGE, 1, announced="Tue, 24 Nov 2026 09:00:00 GMT", via=FEED, source="feed", hops="L")
    with State(archive.state_path) as state:
        Frontier(state).plan("a.example", [one], clock.now())
    found = why(archive, capsys, f"{PAGE}?utm_source=x")
    assert found["answer"] == "It waits to be fetched, with the next visit."
    (row,) = found["frontier"]
    assert (row["state"], row["via"], row["source"], row["announced"]) == ("due", FEED, "feed", one.announced)
    assert terminal.run(app, ["why", PAGE, "--archive", str(archive.path)]) == 0
    lines = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    assert lines[0] == ["answer", "", found["answer"]]
    assert {len(line) for line in lines} == {3}
    assert ["due", "state", "due"] in lines


def test_what_is_taken_down_is_told(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(app, ["takedown", PAGE, "--reason", "court", "--archive", str(archive.path)]) == 0
    capsys.readouterr()
    found = why(archive, capsys, PAGE)
    assert found["taken_down"] is True
    assert "taken down" in found["answer"]


def test_a_kept_robots_txt_that_is_damaged_is_an_error_in_words(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    robots(archive, "User-agent: *\n")
    with State(archive.state_path) as state, state.write() as db:
        db.execute("UPDATE robots SET body = ?", (zlib.compress(b"x" * 99)[:-5],))
    assert terminal.run(app, ["why", PAGE, "--archive", str(archive.path)]) != 0
    assert "robots.txt" in capsys.readouterr().err


@pytest.mark.slow
def test_a_crawled_article_is_explained_from_end_to_end(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        Newsroom(awkward=True) as newsroom,
        Archive.create(
            tmp_path / "A", name="TEST", contact="tester@example.org", allow_loopback=True, resolve=newsroom.resolve
        ) as archive,
    ):
        archive.sites_path.write_text(f'["{COURIER}"]\nstart = "http://{COURIER}/"\ndelay = 0.0\n')
        assert terminal.run(app, ["crawl", "--archive", str(archive.path)]) == 0
    capsys.readouterr()
    found = why(archive, capsys, f"http://{COURIER}/2026/11/ferry-fares-frozen/?utm_medium=mail")
    assert found["answer"].startswith("It was captured, and is looked at again for edits not before ")
    assert found["spellings"] == [f"http://{COURIER}/2026/11/ferry-fares-frozen/"]
    assert [one["verdict"] for one in found["texts"]] == ["article"]
    assert found["events"][0]["status"] == 200
    gone = why(archive, capsys, f"http://{COURIER}/2026/10/regatta-programme/")
    assert gone["answer"] == "It is gone: the server said that there is no such page."
    archive.close()
