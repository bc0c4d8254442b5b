"""``presskeep crawl``: its summary, its exit codes, and Ctrl-C for real."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from archive import terminal
from archive.exchange import Role
from archive.store import Archive
from archive.textjob import TextSummary
from crawler.cli import app
from crawler.crawling import CrawlResult
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS
from crawler.report import SiteResult
from crawler.sitelocks import SiteLocks
from crawler.state import State
from crawler.verbs.crawling import remarks

COURIER, TALBLATT = HOSTS
PATIENCE = 120.0  # seconds that a loaded machine may take for what takes two


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(awkward=True) as served:
        yield served


@pytest.fixture
def archive(tmp_path: Path, newsroom: Newsroom) -> Iterator[Archive]:
    with Archive.create(
        tmp_path / "A", name="TEST", contact="tester@example.org", allow_loopback=True, resolve=newsroom.resolve
    ) as made:
        yield made


def declare(archive: Archive, *hosts: str, delay: float = 0.0, more: str = "") -> None:
    tables = (f'["{host}"]\nstart = "http://{host}/"\ndelay = {delay}\n{more}\n' for host in hosts)
    archive.sites_path.write_text("".join(tables))


def crawl(archive: Archive, *arguments: str) -> int:
    return terminal.run(app, ["crawl", *arguments, "--archive", str(archive.path)])


@pytest.mark.slow
def test_articles_are_fetched_cleaned_and_summed_up(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, *HOSTS)
    assert crawl(archive, "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["outcome"] == "finished"
    sites = {one["site"]: one for one in said["sites"]}
    for host in HOSTS:
        counts = expected.counts(host)
        assert sites[host]["new"] == counts.articles
        assert sites[host]["errors"] == {"404": counts.dead}
        assert sites[host]["refused"] == {"http-error": counts.dead}
        assert sites[host]["due"] == 0
    texts = {entry.capture.url for entry in archive.entries()}
    assert {one.url for host in HOSTS for one in expected.expected(host)} <= texts
    assert list(archive.text_path.rglob("*.parquet"))
    # And once more: nothing is new.
    assert crawl(archive) == 0
    second = capsys.readouterr()
    assert second.out.splitlines()[0].split("\t")[:4] == [COURIER, "2", "0", "0"]


@pytest.mark.slow
def test_only_what_is_due_is_asked_for(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, *HOSTS, more="max_articles = 2")
    assert crawl(archive, "--due", "--json") == 0
    first = json.loads(capsys.readouterr().out)
    assert len(list(archive.captures(role=Role.ARTICLE))) >= 3
    assert first["next_due"] > first["started_at"]
    captures = archive.count()
    assert crawl(archive, "--due") == 0
    assert "nothing is due before 20" in capsys.readouterr().err
    with State(archive.state_path) as state, state.write() as db:  # as if it were later
        db.execute("UPDATE sources SET next = 0 WHERE site = ? AND kind = 'feed'", (COURIER,))
        db.execute("UPDATE visits SET at = 0")
    assert crawl(archive, "--due", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["site"] for one in said["sites"]] == [COURIER]
    assert [one.role for one in archive.captures(run=said["run"])] == [Role.FEED, Role.ARTICLE, Role.ARTICLE]
    assert archive.count() == (captures[0] + 3, captures[1])


@pytest.mark.slow
def test_one_broken_site_stops_no_other_and_is_told(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, "failing.example", COURIER, more="max_articles = 2")
    assert crawl(archive, "--no-clean") == 0
    said = capsys.readouterr()
    assert f"{COURIER}\t" in said.out
    assert "failing.example: http://failing.example/: robots.txt could not be had (it answers 500)" in said.err
    assert "1 robots" in said.err
    assert "more articles were announced than max_articles allows" in said.err
    assert archive.count_texts() == 0


@pytest.mark.slow
def test_a_site_that_speaks_http_only_has_not_failed(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.sites_path.write_text(f'["{COURIER}"]\ndelay = 0\nmax_articles = 1\n')
    assert crawl(archive, "--no-clean", "--json") == 0
    [site] = json.loads(capsys.readouterr().out)["sites"]
    assert site["failed"] == {}
    assert list(archive.attempts(site=COURIER)), "the question over https is a recorded fact all the same"


@pytest.mark.slow
def test_when_every_site_fails_entirely_so_does_the_crawl(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, "failing.example", "forbidden.example")
    assert crawl(archive, "--json") == 1
    told = capsys.readouterr()
    said = json.loads(told.out)
    assert "nothing at all could be had of" in told.err
    assert [one["failed_entirely"] for one in said["sites"]] == [True, True]


@pytest.mark.slow
def test_sites_and_their_number_of_articles_can_be_chosen(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, *HOSTS)
    assert crawl(archive, COURIER, "--limit", "3", "--no-clean", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert [one["site"] for one in said["sites"]] == [COURIER]
    articles = list(archive.captures(role=Role.ARTICLE))
    assert sum(one.status != 301 and not one.hops.endswith("R") for one in articles) <= 3
    assert 3 <= len(articles) <= 4, "one of the three may be a redirect, which is followed"


def test_what_bounded_the_number_of_articles_is_said() -> None:
    result = CrawlResult("urn:uuid:run", 0, 0, (), (), TextSummary(0, 0, 0))
    found = [SiteResult(COURIER, unchosen=2)]
    assert list(remarks(result, found)) == [
        "2 more articles were announced than max_articles allows: the newest were taken"
    ]
    assert "than --limit or max_articles allows:" in next(remarks(result, found, limit=3))


def test_an_unknown_site_names_the_nearest(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, COURIER)
    assert crawl(archive, "harbor-courier.example") == 4
    assert f"did you mean {COURIER}" in capsys.readouterr().err


@pytest.mark.parametrize("text", [None, "# no site yet\n", '["gazette.example"]\nenabled = false\n'])
def test_without_a_site_it_says_how_to_add_one(
    archive: Archive, capsys: pytest.CaptureFixture[str], text: str | None
) -> None:
    archive.sites_path.unlink(missing_ok=True)
    if text is not None:
        archive.sites_path.write_text(text)
    assert crawl(archive) in {2, 3}
    assert "presskeep add" in capsys.readouterr().err


def test_a_wrong_key_is_named_with_its_line(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.sites_path.write_text('["gazette.example"]\ndelais = 3\n')
    assert crawl(archive) == 3
    assert 'did you mean "delay"' in capsys.readouterr().err


def test_a_site_that_another_crawl_is_at_is_left_to_it(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    declare(archive, COURIER)
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(archive.state_path.parent), COURIER],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == b"held\n"
        assert crawl(archive) == 3
        assert "another crawl is at" in capsys.readouterr().err
    finally:
        holder.kill()
        holder.communicate()
    with SiteLocks(archive.state_path.parent) as locks:
        assert not locks.take([COURIER]), "the lock ended with its holder"


HOLDER = """
import sys
from pathlib import Path
from crawler.sitelocks import SiteLocks
from crawler.state import State
with SiteLocks(Path(sys.argv[1])) as locks:
    assert not locks.take([sys.argv[2]])
    print("held", flush=True)
    sys.stdin.read()
"""


def started(archive: Archive) -> subprocess.Popen[str]:
    """`presskeep crawl` as a terminal starts it: in a process group of its own."""
    return subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "crawl", "--archive", str(archive.path)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        process_group=0,
    )


def wait_for(what: Callable[[], object]) -> None:
    deadline = time.monotonic() + PATIENCE
    while not what():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)


def stories(newsroom: Newsroom) -> list[str]:
    of_hosts = {"/", "/robots.txt", "/feed/", "/.well-known/tdmrep.json"}
    return [one.path for one in newsroom.log if one.path not in of_hosts]


@pytest.mark.slow
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_stops_it_in_order_and_nothing_is_lost(archive: Archive, newsroom: Newsroom, number: int) -> None:
    """One host is slow to answer at all, one is paced: both are cut short, and taken up by the next crawl."""
    declare(archive, COURIER, "slow.example", delay=0.5)
    program = started(archive)
    wait_for(lambda: len(stories(newsroom)) >= 3)
    asked_at = time.monotonic()
    os.killpg(program.pid, number)
    out, err = program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    assert time.monotonic() - asked_at < 30, "seconds, also on a loaded machine"
    assert "stopped after" in err
    assert "articles still due" in err
    assert COURIER in out
    fetched = set(stories(newsroom))
    kept = {capture.url.partition(COURIER)[2] for capture in archive.captures(role=Role.ARTICLE)}
    assert kept == fetched, "what the server answered is in the archive"
    assert [run.outcome for run in archive.runs()] == ["stopped"]
    assert not archive.verify().findings
    newsroom.log = []
    declare(archive, COURIER)
    assert crawl(archive) == 0
    assert not set(stories(newsroom)) & fetched, "what was acknowledged is not asked for again"
    assert {one.url for one in expected.expected(COURIER)} <= {one.url for one in archive.captures(role=Role.ARTICLE)}


@pytest.mark.slow
def test_a_second_ctrl_c_ends_it_at_once_and_loses_nothing_acknowledged(archive: Archive, newsroom: Newsroom) -> None:
    declare(archive, COURIER, "slow.example", delay=0.5)
    program = started(archive)
    wait_for(lambda: len(list(archive.captures(role=Role.ARTICLE))) >= 2 if archive.catalog.path.exists() else False)
    acknowledged = {one.id for one in archive.captures()}
    os.killpg(program.pid, signal.SIGINT)
    time.sleep(0.3)
    os.killpg(program.pid, signal.SIGINT)
    program.communicate(timeout=PATIENCE)
    assert program.returncode == 130
    declare(archive, COURIER)
    assert crawl(archive) == 0
    assert acknowledged <= {one.id for one in archive.captures()}
    assert not archive.verify().damaged


@pytest.mark.slow
def test_a_killed_parent_leaves_no_child_and_its_work_is_taken_up(archive: Archive, newsroom: Newsroom) -> None:
    declare(archive, COURIER, delay=0.5)
    program = started(archive)
    wait_for(lambda: len(stories(newsroom)) >= 3)
    listed = Path(f"/proc/{program.pid}/task").glob("*/children")
    children = [int(one) for path in listed for one in path.read_text().split()]
    assert children
    program.kill()
    program.communicate()
    wait_for(lambda: not any(_is_running(child) for child in children))
    newsroom.log = []
    declare(archive, COURIER)
    assert crawl(archive) == 0
    assert {one.url for one in expected.expected(COURIER)} <= {one.url for one in archive.captures(role=Role.ARTICLE)}
    assert not archive.verify().damaged


def _is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
