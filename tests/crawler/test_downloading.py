"""The places of a crawl: hosts that hang take none from those that answer."""

from __future__ import annotations

import socket
from pathlib import Path
from unittest import mock

import pytest
from crawled import crawl, make_archive, site
from scrapy import Request
from scrapy.utils.test import get_crawler

from archive import clock
from archive.store import Archive
from crawler.downloading import STALLED_AFTER, STALLED_BELOW, WIDEST, PatientDownloader, waiting
from crawler.jobs import Progress, Stop, VisitProgress
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS
from crawler.sites import SourceKind
from crawler.tap.tape import Tape


@pytest.fixture
def downloader() -> PatientDownloader:
    made = PatientDownloader.__new__(PatientDownloader)
    made.total_concurrency, made.active, made.tapes, made.waiting = 4, set(), set(), 0
    return made


def begin(downloader: PatientDownloader, number: int, *, ago: int = 0, size: int = 0) -> None:
    for one in range(number):
        downloader.active.add(Request(f"http://a.example/{len(downloader.active)}-{one}"))
        tape = Tape()
        tape.begun, tape.size = clock.now() - ago, size
        downloader.tapes.add(tape)


def test_what_moves_is_counted(downloader: PatientDownloader) -> None:
    begin(downloader, 3)
    assert not downloader.needs_backout()
    begin(downloader, 1)
    assert downloader.needs_backout()


def test_what_hangs_is_not(downloader: PatientDownloader) -> None:
    begin(downloader, 4, ago=STALLED_AFTER + 1, size=STALLED_BELOW - 1)
    assert not downloader.needs_backout()
    begin(downloader, 3)
    assert not downloader.needs_backout()
    begin(downloader, 1, ago=STALLED_AFTER + 1, size=STALLED_BELOW)
    assert downloader.needs_backout(), "what takes memory is counted however long it takes"


def test_there_is_an_end_to_what_hangs(downloader: PatientDownloader) -> None:
    begin(downloader, 4 * WIDEST - 1, ago=STALLED_AFTER + 1)
    assert not downloader.needs_backout()
    begin(downloader, 1, ago=STALLED_AFTER + 1)
    assert downloader.needs_backout()


def test_what_waits_for_another_request_is_counted_with_that(downloader: PatientDownloader) -> None:
    begin(downloader, 4)
    with waiting(downloader):
        assert not downloader.needs_backout()
    assert downloader.needs_backout()


def test_no_limit_is_no_limit(downloader: PatientDownloader) -> None:
    downloader.total_concurrency = 0
    begin(downloader, 100)
    assert not downloader.needs_backout()


def test_it_is_what_scrapy_has(tmp_path: Path) -> None:
    with mock.patch("scrapy.core.downloader.DownloadHandlers"):
        made = PatientDownloader(get_crawler(settings_dict={"CONCURRENT_REQUESTS": 7}))
    assert (made.total_concurrency, made.tapes, made.needs_backout()) == (7, set(), False)


@pytest.mark.slow
def test_a_crawl_goes_on_beside_more_hanging_hosts_than_it_has_places(tmp_path: Path) -> None:
    hanging = [f"hanging-{number}.example" for number in range(4)]
    with Newsroom() as newsroom, socket.create_server(("127.0.0.1", 0), backlog=64) as silent:
        where = f"http://127.0.0.1:{silent.getsockname()[1]}"
        make_archive(tmp_path / "A", {**newsroom.resolve, **dict.fromkeys(hanging, where)}).close()
        configured = tmp_path / "A" / "archive.toml"
        configured.write_text(f"{configured.read_text()}\n[crawl]\nconcurrency = 2\n")
        stop = Stop()

        def heard(progress: Progress) -> None:
            if isinstance(progress, VisitProgress) and progress.finished and progress.site == HOSTS[0]:
                stop.asked.set()

        with Archive.open(tmp_path / "A") as archive:
            sites = [*(site(host, (SourceKind.FEED, "/feed/")) for host in hanging), site(HOSTS[0])]
            summary = crawl(archive, sites, listener=heard, stop=stop)
            assert summary.outcome == "stopped"
            found = {one.url for one in archive.captures()}
        assert {one.url for one in expected.expected(HOSTS[0])} <= found
        assert not [one for one in found if "hanging" in one], "they hang to the end"
