"""Jobs: pickled, supervised, stopped, killed; a child never outlives its parent, and nothing acknowledged is lost."""

from __future__ import annotations

import os
import pickle
import signal
import subprocess
import sys
import threading
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context
from pathlib import Path

import pytest
from crawled import crawl, make_archive, new_run, site
from oddserver import Odd, OddServer
from patience import PATIENCE, wait_for
from web import rss

from archive.exchange import NoAnswer, Role
from archive.store import Archive
from crawler.jobs import BATCH, CommitProgress, CrawlJob, Progress, Stop, VisitProgress, run_job, split
from crawler.sites import Site, SourceKind

HOST = "gazette.example"
FEED = (SourceKind.FEED, "/feed")


def story(number: int) -> str:
    return f"http://{HOST}/2026/11/24/story-number-{number}"


def gazette(count: int, page: Odd | bytes = b"<p>text</p>") -> dict[str, Odd | bytes]:
    return {
        f"{HOST}/feed": rss(*map(story, range(count))),
        **{story(n).removeprefix("http://"): page for n in range(count)},
    }


def children(of: int) -> list[int]:
    """The processes whose parent is this one."""
    listed = Path(f"/proc/{of}/task").glob("*/children")
    return [int(one) for path in listed for one in path.read_text().split()]


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False


def test_sites_are_split_into_batches_and_a_spider_of_ones_own_is_a_job_of_its_own(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("crawler.jobs.cores", lambda: 4)
    sites = [Site(host=f"site{n}.example") for n in range(BATCH + 1)]
    sites.insert(3, Site(host="own.example", spider="own:Spider"))
    jobs = split(tmp_path, "run", sites, 7)
    assert [len(job.sites) for job in jobs] == [BATCH // 2 + 1, BATCH // 2, 1]
    assert jobs[2].sites[0].host == "own.example"
    assert [job.number for job in jobs] == [1, 2, 3]
    assert {job.limit for job in jobs} == {7}
    assert pickle.loads(pickle.dumps(jobs)) == jobs


@pytest.mark.parametrize(
    ("sites", "cores", "sizes"),
    [(0, 2, []), (1, 2, [1]), (BATCH, 8, [BATCH]), (5 * BATCH, 2, [500, 500]), (3, 1, [3]), (2 * BATCH + 1, 1, [401])],
)
def test_all_batches_are_at_work_at_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, sites: int, cores: int, sizes: list[int]
) -> None:
    monkeypatch.setattr("crawler.jobs.cores", lambda: cores)
    jobs = split(tmp_path, "run", [Site(host=f"site{n}.example") for n in range(sites)])
    assert [len(job.sites) for job in jobs] == sizes


pytestmark = pytest.mark.slow


def test_an_executor_in_another_process_can_do_a_job(tmp_path: Path) -> None:
    with OddServer(gazette(1)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        job = CrawlJob(archive.path, new_run(), (site(HOST, FEED),))
        with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as executor:
            assert executor.submit(run_job, job).result().outcome == "finished"
    assert [one.url for one in archive.captures(role=Role.ARTICLE)] == [story(0)]


def test_a_killed_child_is_a_failed_job_and_its_work_is_taken_up(tmp_path: Path) -> None:
    with OddServer(gazette(8)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        paced = site(HOST, FEED, delay=0.5)
        committed = threading.Event()

        def kill(progress: Progress) -> None:
            if isinstance(progress, CommitProgress) and not committed.is_set():
                committed.set()
                [child] = [one for one in children(os.getpid()) if "crawler.jobs" in _command(one)]
                os.kill(child, signal.SIGKILL)

        summary = crawl(archive, [paced], listener=kill)
        assert summary.outcome == "failed"
        assert "signal 9" in (summary.error or "")
        kept = {one.url for one in archive.captures(role=Role.ARTICLE)}
        server.seen.clear()
        assert crawl(archive, [site(HOST, FEED)]).outcome == "finished"
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {story(n) for n in range(8)}
        refetched = {f"http://{HOST}{path}" for path in server.paths(HOST)} & kept
    assert not refetched, "what the archive has is not asked for again, also where the frontier was not told in time"
    assert not archive.verify().damaged


def _command(pid: int) -> str:
    try:
        return Path(f"/proc/{pid}/cmdline").read_text()
    except FileNotFoundError:
        return ""


def test_a_stop_ends_in_order_within_seconds_and_keeps_what_was_fetched(tmp_path: Path) -> None:
    released = threading.Event()

    def hang(_: int) -> Odd:
        released.wait(PATIENCE)
        return Odd(200, b"late")

    answers = {**gazette(8), "silent.example/": hang}
    with OddServer(answers) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST, "silent.example"))
        stop = Stop()

        def ask_to_stop(progress: Progress) -> None:
            if isinstance(progress, VisitProgress) and progress.site == HOST and progress.answered >= 2:
                stop.asked.set()

        summary = crawl(archive, [site(HOST, FEED, delay=0.4), site("silent.example")], listener=ask_to_stop, stop=stop)
        released.set()
        assert summary.outcome == "stopped"
        fetched = {f"http://{HOST}{path}" for path in server.paths(HOST) if "story" in path}
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == fetched, "what was answered is kept"
        [report] = [one for one in summary.reports if one.site == HOST]
        assert report.left == 8 - len(fetched)
        assert [one.outcome for one in archive.runs()] == ["stopped"]
        assert not archive.verify().findings
        server.seen.clear()
        crawl(archive, [site(HOST, FEED)])
        assert sum("story" in path for path in server.paths(HOST)) == 8 - len(fetched)


def test_an_urgent_stop_ends_at_once(tmp_path: Path) -> None:
    with OddServer(gazette(8)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        stop = Stop()
        summary = crawl(archive, [site(HOST, FEED, delay=5.0)], listener=lambda _: stop.urgent.set(), stop=stop)
        assert summary.outcome == "failed"
        crawl(archive, [site(HOST, FEED)])
    assert len(list(archive.captures(role=Role.ARTICLE))) == 8


PARENT = """
import sys
from pathlib import Path
from crawler.jobs import CrawlJob, run_job
from crawler.sites import Site, Source, SourceKind
source = Source(kind=SourceKind.FEED, url="http://gazette.example/feed")
run_job(CrawlJob(Path(sys.argv[1]), sys.argv[2], (Site(host="gazette.example", sources=(source,), delay=1.0),)))
"""


def test_a_child_does_not_outlive_its_parent_and_commits_before_it_goes(tmp_path: Path) -> None:
    with OddServer(gazette(30)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        parent = subprocess.Popen([sys.executable, "-c", PARENT, str(archive.path), new_run()])
        wait_for(lambda: sum("story" in path for path in server.paths(HOST)) >= 2)
        [child] = children(parent.pid)
        parent.kill()
        parent.wait()
        wait_for(lambda: not is_running(child))
        asked = {f"http://{HOST}{path}" for path in server.paths(HOST) if "story" in path}
    assert {one.url for one in archive.captures(role=Role.ARTICLE)} == asked
    assert [one.outcome for one in archive.runs()] == ["stopped"]


def test_sigterm_drains_a_child(tmp_path: Path) -> None:
    with OddServer(gazette(30)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        sent = threading.Event()

        def terminate(progress: Progress) -> None:
            if isinstance(progress, VisitProgress) and progress.answered >= 2 and not sent.is_set():
                sent.set()
                [child] = [one for one in children(os.getpid()) if "crawler.jobs" in _command(one)]
                os.kill(child, signal.SIGTERM)

        summary = crawl(archive, [site(HOST, FEED, delay=1.0)], listener=terminate)
    assert summary.outcome == "stopped"
    assert summary.reports[0].left > 20


LIMITED = """
import resource, sys
resource.setrlimit(resource.RLIMIT_FSIZE, (1_500_000, 1_500_000))
exec(sys.stdin.read())
"""


def test_under_a_limit_of_the_size_of_files_the_next_one_is_begun(tmp_path: Path) -> None:
    noise = Odd(200, os.urandom(200_000))
    with OddServer(
        {**gazette(30, noise), f"{HOST}/2026/11/24/story-number-7": Odd(200, os.urandom(2_000_000))}
    ) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        # The limit is inherited by the child: each file that it writes may grow to 1.5 MB.
        program = PARENT.replace("run_job(", "print(run_job(").replace("delay=1.0),)))", "delay=0.0),))))")
        done = subprocess.run(
            [sys.executable, "-c", LIMITED, str(archive.path), new_run()],
            input=program,
            capture_output=True,
            text=True,
            check=True,
        )
        assert "outcome='finished'" in done.stdout
        assert "left=1" in done.stdout, "what is larger than a file may be stays due, and stops nothing"
        assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {story(n) for n in range(30)} - {story(7)}
        assert [one.attempt.reason for one in archive.attempts(url=story(7))] == [NoAnswer.STORAGE]
        assert len(archive.files()) > 3
        assert not archive.verify().findings
        assert crawl(archive, [site(HOST, FEED)]).outcome == "finished"
    assert {one.url for one in archive.captures(role=Role.ARTICLE)} == {story(n) for n in range(30)}


def test_a_lost_state_is_seeded_again_from_the_archive(tmp_path: Path) -> None:
    with OddServer(gazette(3)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        crawl(archive, [site(HOST, FEED)])
        for file in archive.state_path.parent.glob("state.sqlite*"):
            file.unlink()
        server.seen.clear()
        server.answers = gazette(4)
        crawl(archive, [site(HOST, FEED)])
        assert [path for path in server.paths(HOST) if "story" in path] == ["/2026/11/24/story-number-3"]


def test_a_damaged_state_says_what_to_do(tmp_path: Path) -> None:
    archive = make_archive(tmp_path / "A", {})
    archive.state_path.write_bytes(b"not a database at all, and more of the same" * 100)
    summary = crawl(archive, [site(HOST, FEED)])
    assert summary.exit_code == 6
    assert "delete the file" in (summary.error or "")


def test_a_warc_file_that_was_cut_is_adopted_by_the_next_crawl(tmp_path: Path) -> None:
    with OddServer(gazette(3)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        crawl(archive, [site(HOST, FEED)])
        # As a killed process leaves it: still open, with half a record at its end.
        [whole] = archive.warc_path.rglob("*.warc.gz")
        torn = whole.with_name(f"{whole.name.replace('crawl1', 'dead')}.open")
        torn.write_bytes(whole.read_bytes()[:-300])
        assert crawl(archive, [site(HOST, FEED)]).outcome == "finished"
        assert not list(archive.warc_path.rglob("*.open"))
        assert list(archive.quarantine_path.iterdir())
    with Archive.open(archive.path) as opened:
        assert not opened.verify().damaged


def test_a_closed_warc_file_that_was_cut_stops_no_crawl_and_is_found_by_verify(tmp_path: Path) -> None:
    with OddServer(gazette(3)) as server:
        archive = make_archive(tmp_path / "A", server.resolve(HOST))
        crawl(archive, [site(HOST, FEED)])
        [whole] = archive.warc_path.rglob("*.warc.gz")
        with whole.open("r+b") as file:
            file.truncate(whole.stat().st_size - 500)
        server.answers = gazette(4)
        assert crawl(archive, [site(HOST, FEED)]).outcome == "finished"
    assert story(3) in {one.url for one in archive.captures(role=Role.ARTICLE)}
    assert archive.verify().damaged


def test_a_child_without_a_job_says_so() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "crawler.jobs"], stdin=subprocess.DEVNULL, capture_output=True, text=True, check=False
    )
    assert done.returncode != 0
    assert "no job" in done.stderr


def test_a_directory_that_is_no_archive_is_a_failed_job(tmp_path: Path) -> None:
    summary = run_job(CrawlJob(tmp_path, new_run(), (site(HOST),)))
    assert (summary.outcome, summary.exit_code) == ("failed", 3)
    assert "not a Presskeep archive" in (summary.error or "")
