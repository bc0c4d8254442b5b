"""SIGTERM and Ctrl-C while servers drip and cleaners hang: in order within 30 s, at once within 5 s, nothing lost."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest
from crawled import make_archive, new_run, site
from patience import slowness, wait_for
from web import rss

from archive.exchange import Role
from archive.store import Archive
from crawler.jobs import CrawlJob, JobSummary, receive, send
from crawler.sites import SourceKind

pytestmark = pytest.mark.slow  # processes of their own, and graces to wait for

HOST = "gazette.example"
# Seconds: what docs/crawling.md promises; a machine with more to do than cores is given as much longer.
IN_ORDER, AT_ONCE = 30.0, 5.0
# Seconds until a signal has been heard: of two that come at once, a process hears one.
HEARD = 0.3
SENTENCE = "The ferry was late again on Thursday, and the harbour master blamed the fog, which nobody had seen. "
PAGE = (
    f"<html><head><title>Ferry</title></head><body><article><h1>Ferry</h1><p>{SENTENCE * 9}</p></article></body></html>"
)


def story(number: int) -> str:
    return f"http://{HOST}/2026/11/24/story-number-{number}"


class Dripping:
    """A server that answers the first ``whole`` stories, and drips all others, byte by byte, for ever."""

    def __init__(self, whole: int) -> None:
        self.asked: list[str] = []
        self.stop = threading.Event()
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                server.asked.append(self.path)
                if self.path == "/robots.txt":
                    self._whole(b"User-agent: *\nDisallow:\n")
                elif self.path == "/feed":
                    self._whole(rss(*map(story, range(10))))
                elif int(self.path.rpartition("-")[2]) < whole:
                    self._whole(PAGE.encode())
                else:
                    self._drip()

            def _whole(self, body: bytes) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html; charset=utf-8")
                self.send_header("Content-Length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def _drip(self) -> None:
                self.send_response(200)
                self.send_header("Content-Type", "text/html")
                self.send_header("Content-Length", "100000")
                self.end_headers()
                try:
                    while not server.stop.wait(0.1):
                        self.wfile.write(b".")
                        self.wfile.flush()
                except OSError:
                    self.close_connection = True

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    @property
    def address(self) -> str:
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def dripping(self) -> int:
        return sum("story" in path for path in self.asked)

    def __enter__(self) -> Dripping:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.stop.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


@pytest.fixture
def server() -> Iterator[Dripping]:
    with Dripping(whole=3) as served:
        yield served


@pytest.fixture
def archive(tmp_path: Path, server: Dripping) -> Iterator[Archive]:
    with make_archive(tmp_path / "A", {HOST: server.address}) as made:
        source = f'[["{HOST}".sources]]\nkind = "feed"\nurl = "http://{HOST}/feed"\n'
        made.sites_path.write_text(f'["{HOST}"]\nstart = "http://{HOST}/"\ndelay = 0\n{source}', encoding="utf-8")
        yield made


@pytest.fixture
def program(archive: Archive) -> Iterator[subprocess.Popen[bytes]]:
    """`presskeep crawl`, in a process group of its own, as a terminal starts it."""
    started = subprocess.Popen(
        [sys.executable, "-m", "crawler.cli", "crawl", "--archive", str(archive.path)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        process_group=0,
    )
    yield started
    started.kill()
    started.wait()


def articles(archive: Archive) -> set[str]:
    return {one.url for one in archive.captures(role=Role.ARTICLE)} if archive.catalog.path.exists() else set()


def descendants(pid: int, program: str) -> list[int]:
    """The processes below a process that run this module."""
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):  # it has just ended
            for child in map(int, path.read_text().split()):
                if program.encode() in Path(f"/proc/{child}/cmdline").read_bytes():
                    found.append(child)
                found += descendants(child, program)
    return found


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_once_it_ends_in_order(
    archive: Archive, server: Dripping, program: subprocess.Popen[bytes], number: int
) -> None:
    wait_for(lambda: server.dripping() >= 8)  # as many as may be under way at once
    program.send_signal(number)
    assert program.wait(IN_ORDER * slowness()) == 130
    assert articles(archive) == {story(n) for n in range(3)}, "what was answered is kept, what drips stays due"
    assert [run.outcome for run in archive.runs()] == ["stopped"]
    assert not archive.verify().findings


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_second_time_it_ends_at_once(
    archive: Archive, server: Dripping, program: subprocess.Popen[bytes], number: int
) -> None:
    wait_for(lambda: server.dripping() >= 8)
    wait_for(lambda: len(articles(archive)) == 3)
    program.send_signal(number)
    time.sleep(min(HEARD * slowness(), 2.0))
    program.send_signal(number)
    assert program.wait(AT_ONCE * slowness()) == 130
    with archive.writer("test"):
        pass
    assert articles(archive) == {story(n) for n in range(3)}, "what was acknowledged is kept"
    assert not archive.verify().findings


@pytest.mark.parametrize("twice", [False, True])
def test_a_page_that_takes_long_to_clean_holds_up_neither(
    archive: Archive, server: Dripping, program: subprocess.Popen[bytes], twice: bool
) -> None:
    """Cleaners that stand still, as one does over a hostile page; its time-out alone would be 20 s."""
    wait_for(lambda: descendants(program.pid, "archive.worker"))
    workers = descendants(program.pid, "archive.worker")
    for worker in workers:
        os.kill(worker, signal.SIGSTOP)
    wait_for(lambda: len(articles(archive)) == 3)
    program.send_signal(signal.SIGTERM)
    if twice:
        time.sleep(min(HEARD * slowness(), 2.0))
        program.send_signal(signal.SIGTERM)
    assert program.wait((AT_ONCE if twice else IN_ORDER) * slowness()) == 130
    assert not list(archive.failures()), "it is no failure of the page's: it goes on waiting"


@pytest.mark.parametrize("times", [1, 2])
def test_sigterm_to_the_crawling_child_itself(archive: Archive, server: Dripping, times: int) -> None:
    job = CrawlJob(archive.path, new_run(), (site(HOST, (SourceKind.FEED, "/feed")),))
    child = subprocess.Popen(
        [sys.executable, "-m", "crawler.jobs"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL
    )
    try:
        assert child.stdin is not None
        assert child.stdout is not None
        send(child.stdin, job)
        wait_for(lambda: server.dripping() >= 8)
        wait_for(lambda: len(articles(archive)) == 3)
        for again in range(times):
            time.sleep(again * min(HEARD * slowness(), 2.0))
            child.send_signal(signal.SIGTERM)
        child.wait((AT_ONCE if times == 2 else IN_ORDER) * slowness())
        heard = []
        while (message := receive(child.stdout)) is not None:
            heard.append(message)
    finally:
        child.kill()
        child.communicate()
    assert isinstance(heard[-1], JobSummary)
    assert heard[-1].outcome == "stopped"
    assert articles(archive) == {story(n) for n in range(3)}
    assert [run.outcome for run in archive.runs()] == ["stopped"]
    assert not archive.verify().findings
