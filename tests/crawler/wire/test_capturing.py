"""Capturing while a crawl runs: what is committed when, and what a request learns of it."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from fetched import Fetching, fetch
from rawserver import End, RawServer, Reply

from archive.exchange import NoAnswer
from archive.store import Archive

pytestmark = pytest.mark.slow  # processes of their own

PAGE = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: 5\r\n\r\nhello"
SITE = {"site.example": "127.0.0.1"}


def answer(path: str) -> Reply:
    return Reply((), End.HANG) if path == "/hang" else Reply((PAGE,))


def until(condition: Callable[[], bool], seconds: float = 60.0) -> None:
    deadline = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_captures_are_committed_while_the_crawl_runs(tmp_path: Path) -> None:
    with RawServer(answer) as server:
        base = f"http://site.example:{server.port}"
        chain = [{"url": f"{base}/1"}, {"url": f"{base}/2"}, {"url": f"{base}/hang"}]
        fetching = Fetching(tmp_path, [chain], resolve=SITE)
        try:
            archive = Archive.open(fetching.archive)
            until(lambda: len(list(archive.captures())) == 2)
            assert fetching.process.poll() is None
        finally:
            fetching.process.kill()
            fetching.process.wait()


def test_a_hundred_captures_and_more_are_all_acknowledged(tmp_path: Path) -> None:
    with RawServer(answer) as server:
        base = f"http://site.example:{server.port}"
        fetched = fetch(tmp_path, [[{"url": f"{base}/{number}"}] for number in range(230)], resolve=SITE)
    assert len(set(fetched.committed)) == 230
    assert {one["capture"] for one in fetched.seen} == set(fetched.committed)
    assert fetched.stats["presskeep/captures"] == 230
    assert fetched.stats["presskeep/response_bytes"] == 230 * len(PAGE)


def test_a_request_without_an_origin_is_of_its_host(tmp_path: Path) -> None:
    with RawServer(answer) as server:
        base = f"http://site.example:{server.port}"
        chain: list[dict[str, Any]] = [
            {"url": f"{base}/1"},
            {"url": f"{base}/2", "meta": {"origin": {"site": "declared.example", "announced": "today"}}},
            {"url": "http://nowhere.example/"},
        ]
        fetched = fetch(tmp_path, [chain], resolve=SITE, settings={"PRESSKEEP_COMMAND": "probe"})
    archive = Archive.open(fetched.archive)
    first, second = archive.captures()
    (attempt,) = (stored.attempt for stored in archive.attempts())
    (run,) = archive.runs()
    assert (first.site, second.site, attempt.origin.site) == ("site.example", "declared.example", "nowhere.example")
    assert (second.announced, attempt.reason) == ("today", NoAnswer.DNS)
    assert {first.run, second.run, attempt.origin.run} == {run.id}
    assert (run.command, run.outcome) == ("probe", "finished")
