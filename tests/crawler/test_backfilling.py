"""``presskeep crawl SITE --archive --since``: real children against a server, killed, gone on with, beside visits."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from crawled import make_archive
from oddserver import Odd, OddServer
from patience import wait_for
from web import front, index, rss, sitemap

from archive import terminal
from archive.exchange import Role
from archive.store import Archive
from crawler.cli import app
from crawler.state import State

HOST = "a.example"
BASE = f"http://{HOST}"
STORY = (
    b"<html><body><article><h1>A headline</h1>" + b"<p>Some words of a story.</p>" * 20 + b"</article></body></html>"
)
MONTHS = [(year, month) for year in (2021, 2022) for month in range(1, 13)]
FRESH = "/2026/11/30/a-fresh-story"


def story(year: int, month: int, day: int) -> str:
    return f"/{year}/{month:02}/{day:02}/a-story-of-words"


OLD = {story(2022, month, day) for month in range(3, 13) for day in (5, 15)}
GONE = story(2022, 6, 25)


def answers() -> dict[str, Odd | bytes]:
    served: dict[str, Odd | bytes] = {
        f"{HOST}/robots.txt": Odd(200, f"User-agent: *\nDisallow: /members/\nSitemap: {BASE}/index.xml\n".encode()),
        f"{HOST}/": front(),
        f"{HOST}/index.xml": index(*(f"{BASE}/sitemap-{year}-{month:02}.xml" for year, month in MONTHS)),
        f"{HOST}/feed": rss(BASE + FRESH, dates=("Mon, 30 Nov 2026 10:00:00 GMT",)),
        f"{HOST}{FRESH}": STORY,
    }
    for year, month in MONTHS:
        urls = [story(year, month, day) for day in (5, 15)]
        more = [GONE, "/members/a-story-of-words"] if (year, month) == (2022, 6) else []
        served[f"{HOST}/sitemap-{year}-{month:02}.xml"] = sitemap(*(BASE + url for url in [*urls, *more]))
        served |= {f"{HOST}{url}": STORY for url in urls}
    return served


@dataclass
class Call:
    """A call of the command line, and what the server was asked meanwhile."""

    code: int
    said: dict[str, Any]
    asked: list[str]

    @property
    def site(self) -> dict[str, Any]:
        (one,) = self.said["sites"]
        return dict(one)


@dataclass
class Calls:
    """Several calls on one archive."""

    archive: Archive
    server: OddServer
    by_name: dict[str, Call] = field(default_factory=dict)

    def call(self, capsys: pytest.CaptureFixture[str], *arguments: str) -> Call:
        before = len(self.server.seen)
        code = terminal.run(app, list(arguments))
        said = capsys.readouterr().out
        return Call(code, json.loads(said), [one.path for one in self.server.seen[before:]])


@pytest.fixture
def calls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Calls]:
    with OddServer(answers()) as server, make_archive(tmp_path / "A", server.resolve(HOST)) as archive:
        archive.sites_path.write_text(
            f'["{HOST}"]\nstart = "{BASE}/"\ndelay = 0.0\nsources = [{{ kind = "feed", url = "{BASE}/feed" }}]\n'
        )
        monkeypatch.setenv("PRESSKEEP_ARCHIVE", str(archive.path))
        yield Calls(archive, server)


@pytest.mark.slow
def test_an_archive_is_walked_in_parts_beside_visits(calls: Calls, capsys: pytest.CaptureFixture[str]) -> None:
    archive, server = calls.archive, calls.server
    base = ("crawl", HOST, "--no-clean", "--json")

    begun = calls.call(capsys, *base, "--limit", "3", "--archive", "--since", "2022-03-01")
    assert (begun.code, begun.site["anew"], begun.site["asked"]) == (0, True, 3)
    assert (begun.site["captured"], begun.site["done"]) == (3, False)
    assert FRESH not in begun.asked, "a site that was never visited is not visited now"

    visit = calls.call(capsys, *base)
    assert [path for path in visit.asked if path.startswith("/20")] == [FRESH], "its queue is left alone"

    # Killed without a word: its child ends in order, and what is left is gone on with.
    seen = len(server.seen)
    command = [sys.executable, "-m", "crawler.cli", "crawl", HOST, "--no-clean", "--archive", "--since", "2022-03-01"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, env=dict(os.environ)) as process:
        wait_for(lambda: len(server.seen) > seen + 3)
        children = _children(process.pid)
        process.send_signal(signal.SIGKILL)
    assert children
    wait_for(lambda: not any(one.exists() for one in children))

    # What is due by the schedule goes before what is old.
    newest = "/2026/12/01/the-newest-story"
    server.answers = {**server.answers, f"{HOST}/feed": rss(BASE + newest), f"{HOST}{newest}": STORY}
    with State(archive.state_path) as state, state.write() as db:
        db.execute("UPDATE sources SET next = 0")
        db.execute("UPDATE visits SET at = 0, rest = 0")
    whole = calls.call(capsys, *base, "--archive")
    assert (whole.code, whole.site["done"], whole.site["left"]) == (0, True, 0)
    articles = [path for path in whole.asked if path.startswith("/20")]
    assert newest in articles[:2]
    assert whole.site["captured"] == len(OLD)
    assert whole.site["not_fetched"] == {"it answers 404": 1, "robots": 1}

    asked = Counter(one.path for one in server.seen)
    assert set(asked) >= OLD | {FRESH, newest}
    assert not {path for path in asked if path.startswith("/2021") or "2021" in path}
    assert {asked[path] for path in OLD} == {1}
    assert {asked[f"/sitemap-2022-{month:02}.xml"] for month in range(3, 13)} == {1}
    captured = Counter(one.url for one in archive.captures(site=HOST, role=Role.ARTICLE))
    assert max(captured.values()) == 1

    (status,) = calls.call(capsys, "status", HOST, "--json").said["sites"]
    assert status["backfill"]["captured"] == len(OLD)
    assert (status["backfill"]["done"], status["due"], status["today"]) == (True, 0, 2)
    why = calls.call(capsys, "why", f"{BASE}/sitemap-2022-06.xml", "--json").said
    assert (why["answer"], why["backfill"][0]["state"]) == (
        "It lists old articles, and was walked by the backfill of its site.",
        "walked",
    )
    found = calls.call(capsys, "why", BASE + story(2022, 6, 5), "--json").said
    assert found["events"][0]["source"] == "backfill"
    assert found["frontier"][0]["next"] is None, "what is old is not looked at again"
    coverage = calls.call(capsys, "coverage", HOST, "--json").said
    kinds = Counter(source["kind"] for source in coverage["sites"][0]["sources"])
    assert kinds == {"feed": 1, "backfill": 1}, "old sitemaps are no sources"


def _children(process: int) -> list[Path]:
    """The processes that one has started."""
    listed = Path(f"/proc/{process}/task").glob("*/children")
    return [Path(f"/proc/{one}") for task in listed for one in task.read_text(encoding="ascii").split()]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (["--archive"], "no backfill of a.example is under way: say from when on, such as --since 2022-01-01"),
        (["--until", "2022-01-01"], "--until needs --since, too"),
        (["--since", "2022-01-01", "--until", "2021-01-01"], "nothing lies between them"),
        (["--since", "soon"], "--since takes a day or a time such as 2026-11-24"),
        (["--since", "2999-01-01"], "still to come"),
        (["--since", "2022-01-01", "--due"], "leave one of them out"),
        (["--archive", "--since"], "--since needs a value: --since DATE"),
    ],
)
def test_a_wrong_call_says_what_to_write(
    calls: Calls, capsys: pytest.CaptureFixture[str], arguments: list[str], said: str
) -> None:
    assert terminal.run(app, ["crawl", HOST, *arguments]) == 2
    assert said in capsys.readouterr().err
    assert not calls.server.seen
