"""How a crawl ends: stopped, out of disk, killed. Nothing is sent after a stop, nothing stored is lost."""

from __future__ import annotations

import errno
import os
import random
import signal
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fetched import Fetching, stored_in
from rawserver import End, RawServer, Reply

from archive.exchange import NoAnswer
from archive.store import Archive
from archive.writing import FAILED, STOPPED

pytestmark = pytest.mark.slow  # a process of its own, with time-outs to wait for

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n"
NOISE = random.Random(1)
PAGES = [NOISE.randbytes(50_000) for _ in range(30)]


def page(path: str) -> Reply:
    """A page of bytes that no compression makes smaller; one path hangs, one is large."""
    if path == "/hang":
        return Reply((HEAD % 5000, b"a beginning"), End.HANG)
    body = b"".join(PAGES) if path == "/large" else PAGES[int(path.strip("/"))]
    return Reply((HEAD % len(body) + body,))


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    """Return when the condition holds."""
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


SITE = {"site.example": "127.0.0.1"}


def test_after_a_stop_no_queued_request_is_sent(tmp_path: Path) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        hanging = {"url": f"{base}/hang", "meta": {"download_timeout": 3}, "priority": 1}
        chains: list[list[dict[str, Any]]] = [[hanging], *([{"url": f"{base}/{number}"}] for number in range(5))]
        fetching = Fetching(tmp_path, chains, resolve=SITE, settings={"CONCURRENT_REQUESTS_PER_DOMAIN": 1})
        until(lambda: "/hang" in server.log.crossings)
        fetching.process.send_signal(signal.SIGINT)
        fetched = fetching.finish()
    assert set(server.log.crossings) == {"/hang"}
    assert fetched.reason == "shutdown"
    # What was under way has ended, and is stored; what was not sent is no attempt.
    (stored,) = fetched.stored[f"{base}/hang"]
    assert stored.headers["WARC-Truncated"] == "time"
    assert {one["error"] for one in fetched.seen if one["url"] != f"{base}/hang"} <= {"NotSent"}
    assert [url for url in fetched.stored if url.startswith("http")] == [f"{base}/hang"]
    assert [run.outcome for run in Archive.open(fetched.archive).runs()] == [STOPPED]


def test_after_a_stop_no_request_that_waits_for_its_turn_is_sent(tmp_path: Path) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        chains = [[{"url": f"{base}/{number}", "meta": {"presskeep_delay": 500.0}}] for number in range(5)]
        fetching = Fetching(
            tmp_path, chains, resolve=SITE, settings={"PRESSKEEP_STATE": str(tmp_path / "state.sqlite")}
        )
        until(lambda: len(server.log.crossings) == 1)
        fetching.process.send_signal(signal.SIGINT)
        fetched = fetching.finish()
    assert len(server.log.crossings) == 1
    assert fetched.reason == "shutdown"
    assert {one.get("error") for one in fetched.seen} <= {None, "NotSent", "Stopped"}


# The writer's own calls: fsync(2) of the file and its directories at each commit, writev(2) for each group of records.
@pytest.mark.parametrize(
    ("call", "code", "first", "calls"),
    [
        ("writev", errno.ENOSPC, 12, 1),
        ("writev", errno.EDQUOT, 12, 2),
        ("writev", errno.EIO, 5, 1),
        ("fsync", errno.EIO, 7, 1),
        ("fsync", errno.ENOSPC, 7, 2),
    ],
)
def test_a_disk_that_fails_for_a_while_pauses_the_crawl_and_loses_nothing(
    tmp_path: Path, call: str, code: int, first: int, calls: int
) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        # So slowly that there are several commits; the writer's beginning alone takes six calls of fsync.
        chains = [[{"url": f"{base}/{number}", "meta": {"presskeep_delay": 0.2}} for number in range(30)]]
        settings = {"PRESSKEEP_STATE": str(tmp_path / "state.sqlite"), "LOG_LEVEL": "WARNING"}
        fetched = Fetching(
            tmp_path, chains, resolve=SITE, settings=settings, failing=(call, code, first, calls)
        ).finish()
    assert fetched.reason == "finished"
    assert fetched.output.count("paused: ") == 1, fetched.output
    assert fetched.output.count("it goes on") == 1
    assert os.strerror(code) in fetched.output
    assert "Traceback" not in fetched.output
    assert {len(crossings) for crossings in server.log.crossings.values()} == {1}, "nothing was asked for twice"
    archive = Archive.open(fetched.archive)
    captures = {capture.id: capture for capture in archive.captures()}
    assert sorted(fetched.committed) == sorted(captures)
    assert len(captures) == 30
    for capture in captures.values():
        assert capture.block() == server.log.crossings[capture.url.removeprefix(base)][0].sent
    assert archive.verify(deep=True).damaged == 0


def test_where_it_is_not_to_pause_it_stops_and_acknowledges_only_what_is_stored(tmp_path: Path) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        chains = [[{"url": f"{base}/{number}"} for number in range(30)]]
        settings = {"PRESSKEEP_PAUSES": False}
        failing = ("writev", errno.ENOSPC, 12, 10**6)
        fetched = Fetching(tmp_path, chains, resolve=SITE, settings=settings, failing=failing).finish()
    assert fetched.reason == "storage_full"
    assert 0 < len(server.log.crossings) < 30
    assert "the crawl stops" in fetched.output
    assert "Traceback" not in fetched.output
    archive = Archive.open(fetched.archive)
    captures = {capture.id: capture for capture in archive.captures()}
    assert 0 < len(fetched.committed) <= len(captures)
    for capture_id in fetched.committed:
        capture = captures[capture_id]
        assert capture.block() == server.log.crossings[capture.url.removeprefix(base)][0].sent
    assert [one["error"] for one in fetched.seen if "error" in one][:1] == ["NotStored"]
    assert archive.verify(deep=True).damaged == 0


def test_an_answer_that_no_file_takes_is_recorded_as_lost_and_stops_nothing(tmp_path: Path) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        chains = [[{"url": f"{base}/{name}"} for name in (1, 2, "large", *range(3, 30))]]
        fetched = Fetching(tmp_path, chains, resolve=SITE, file_limit=600_000).finish()
    assert fetched.reason == "finished"
    assert "Traceback" not in fetched.output
    archive = Archive.open(fetched.archive)
    assert len(list(archive.captures())) == 29
    assert len(archive.files()) > 2
    [stored] = archive.attempts()
    assert (stored.attempt.url, stored.attempt.reason) == (f"{base}/large", NoAnswer.STORAGE)
    assert [one["error"] for one in fetched.seen if "error" in one] == ["NotStored"]
    assert archive.verify(deep=True).damaged == 0


def test_what_was_acknowledged_survives_a_kill(tmp_path: Path) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        chains = [[*({"url": f"{base}/{number}"} for number in range(20)), {"url": f"{base}/hang"}]]
        fetching = Fetching(tmp_path, chains, resolve=SITE)
        until(lambda: "/hang" in server.log.crossings)
        os.kill(fetching.process.pid, signal.SIGKILL)
        fetching.process.wait()
        with Archive.open(fetching.archive) as archive, archive.writer("test"):
            pass  # whoever writes next adopts what the dead one left
        stored = stored_in(fetching.archive / "warc")
        captures = list(Archive.open(fetching.archive).captures())
    assert [capture.url for capture in captures] == [f"{base}/{number}" for number in range(20)]
    for capture in captures:
        path = capture.url.removeprefix(base)
        assert capture.block() == stored[capture.url][0].response == server.log.crossings[path][0].sent
    assert [run.outcome for run in archive.runs()][:1] in ([None], [FAILED])


def test_an_archive_that_cannot_be_written_sends_nothing(tmp_path: Path) -> None:
    with RawServer(page) as server:
        base = f"http://site.example:{server.port}"
        archive = Archive.create(tmp_path / "NEWS", contact="t@example.org", resolve=SITE)
        archive.warc_path.rmdir()
        archive.warc_path.write_text("in the way")
        fetched = Fetching(tmp_path, [[{"url": f"{base}/1"}]], read=False).finish()
    assert fetched.reason == "archive_unusable"
    assert server.log.connections == 0
    assert "Traceback" not in fetched.output
