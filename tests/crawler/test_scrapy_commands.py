"""The Scrapy project: `scrapy list` and `scrapy crawl news` work from the top of the checkout."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from archive.exchange import Role
from archive.store import Archive
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS

ROOT = Path(__file__).parents[2]
COURIER, TALBLATT = HOSTS

pytestmark = pytest.mark.slow  # each starts a process


def scrapy(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "scrapy", *arguments], cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_spiders_are_listed() -> None:
    assert scrapy("list").stdout.split() == ["archived", "backfill", "news", "probe"]


def test_a_site_is_crawled_into_an_archive(tmp_path: Path) -> None:
    with (
        Newsroom() as newsroom,
        Archive.create(
            tmp_path / "A", name="TEST", contact="tester@example.org", allow_loopback=True, resolve=newsroom.resolve
        ) as archive,
    ):
        tables = (f'["{host}"]\nstart = "http://{host}/"\ndelay = 0\n' for host in HOSTS)
        archive.sites_path.write_text("".join(tables))
        done = scrapy("crawl", "news", "-a", f"site={COURIER}", "-s", f"PRESSKEEP_ARCHIVE={archive.path}")
        assert done.returncode == 0, done.stderr
        found = {one.url for one in archive.captures(role=Role.ARTICLE)}
        assert {one.url for one in expected.expected(COURIER)} <= found
        assert {one.host for one in newsroom.log} == {COURIER}
        assert [run.command for run in archive.runs()] == ["scrapy crawl news"]
        assert {one.agent.rpartition("+")[2] for one in newsroom.log} == {"tester@example.org)"}
        before = len(newsroom.log)
        scrapy("crawl", "news", "-a", f"site={COURIER}", "-a", "limit=2", "-s", f"PRESSKEEP_ARCHIVE={archive.path}")
        assert [one.path for one in newsroom.log[before:]] == ["/", "/feed/"], "robots and the frontier are shared"


def test_without_an_archive_it_says_so(tmp_path: Path) -> None:
    done = scrapy("crawl", "news", "-s", f"PRESSKEEP_ARCHIVE={tmp_path}")
    assert done.returncode != 0
    assert "not a Presskeep archive" in done.stderr
