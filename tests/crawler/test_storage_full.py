"""A disk that really fills up under a crawl of the newsroom: it pauses, asks for nothing, goes on by itself, whole."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path

import pytest
from patience import PATIENCE, slowness, wait_for
from smalldisk import Way, passes_in_a_namespace, read_only, small_disk, way

from archive.errors import StorageFull
from archive.exchange import Role
from archive.store import Archive
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS
from crawler.room import Room
from crawler.state import State

pytestmark = pytest.mark.slow  # whole crawls, with a pause of some seconds in each


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    with small_disk(tmp_path) as made:
        yield made


if way() is Way.NAMESPACE:

    def test_all_of_this_in_a_user_namespace() -> None:
        done = passes_in_a_namespace(__file__)
        assert done.returncode == 0, done.stdout


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as served:
        yield served


def free(disk: Path) -> int:
    told = os.statvfs(disk)
    return told.f_bavail * told.f_frsize


def fill(disk: Path, left: int) -> Path:
    """Take all but so many bytes."""
    ballast = disk / "ballast"
    ballast.write_bytes(bytes(max(0, free(disk) - left)))
    return ballast


def make(disk: Path, newsroom: Newsroom, storage: str) -> Path:
    path = disk / "A"
    Archive.create(path, name="TEST", contact="t@example.org", allow_loopback=True, resolve=newsroom.resolve).close()
    sites = (f'["{host}"]\nstart = "http://{host}/"\ndelay = 0\n' for host in HOSTS)
    (path / "sites.toml").write_text("".join(sites), encoding="utf-8")
    configured = path / "archive.toml"
    configured.write_text(f"{configured.read_text(encoding='utf-8')}\n[storage]\n{storage}\n", encoding="utf-8")
    return path


class Crawl:
    """`presskeep crawl --json` in a process of its own, and the lines that it has said so far."""

    def __init__(self, path: Path) -> None:
        self.said: list[str] = []
        self.process = subprocess.Popen(
            [sys.executable, "-m", "crawler.cli", "crawl", "--json", "--archive", str(path)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        self._thread = threading.Thread(target=self._listen, daemon=True)
        self._thread.start()

    def _listen(self) -> None:
        assert self.process.stderr is not None
        for line in self.process.stderr:
            self.said.append(line.strip())

    def pauses(self) -> bool:
        return any(line.startswith("paused: ") for line in self.said)

    def finish(self) -> dict[str, object]:
        assert self.process.stdout is not None
        out = self.process.stdout.read()
        self.process.wait(PATIENCE * slowness())
        self._thread.join(PATIENCE * slowness())
        said: dict[str, object] = json.loads(out)
        return said

    def __enter__(self) -> Crawl:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate()


def is_whole(path: Path, newsroom: Newsroom) -> None:
    """All that the sites have is in the archive once, with texts, and nothing was asked for twice."""
    with Archive.open(path) as archive:
        captured = Counter(one.url for one in archive.captures(role=Role.ARTICLE))
        assert {one.url for host in HOSTS for one in expected.expected(host)} <= set(captured)
        assert set(captured.values()) == {1}
        assert {one.url for host in HOSTS for one in expected.expected(host)} <= {
            entry.capture.url for entry in archive.entries()
        }
        assert [run.outcome for run in archive.runs()] == ["finished"]
        assert list(archive.text_path.rglob("*.parquet"))
        assert not archive.verify(deep=True).findings
    asked = Counter(f"http://{one.host}{one.path}" for one in newsroom.log)
    assert max(asked.values()) == 1, "what was answered before the pause was kept in memory"


# What is free decides what meets the full disk first: the catalogue of the parent, the crawler's state, the WARC file,
# the catalogue as captures or texts are entered, or the Parquet file.
@pytest.mark.parametrize("left", [8_000, 120_000, 330_000, 500_000, 700_000])
def test_a_full_disk_pauses_the_crawl_wherever_it_is(disk: Path, newsroom: Newsroom, left: int) -> None:
    path = make(disk, newsroom, "reserve = 0")
    ballast = fill(disk, left)
    with Crawl(path) as crawl:
        wait_for(lambda: crawl.pauses() or crawl.process.poll() is not None)
        assert crawl.process.poll() is None, crawl.said
        # What another part of the crawl does meanwhile is its own; what this one does not is asking.
        time.sleep(1.0)
        ballast.unlink()
        said = crawl.finish()
    assert crawl.process.returncode == 0
    assert (said["outcome"], said["error"], said["texts"]) == (
        "finished",
        None,
        {"cleaned": 20, "refused": 2, "failed": 0},
    )
    assert said["pauses"]
    assert isinstance(said["paused_seconds"], float)
    assert said["paused_seconds"] > 0.9
    is_whole(path, newsroom)


def test_it_pauses_before_the_disk_is_full_and_goes_on_where_there_is_more_than_that(
    disk: Path, newsroom: Newsroom
) -> None:
    path = make(disk, newsroom, "reserve = 900_000\nresume = 2_000_000")
    ballast = fill(disk, 1_000_000)
    with Crawl(path) as crawl:
        wait_for(crawl.pauses)
        [said] = [line for line in crawl.said if line.startswith("paused: ")]
        assert "the reserve of 900.0 kB is touched" in said
        assert "goes on by itself at 2.0 MB" in said
        wait_for(lambda: not (path / "warc").is_dir() or free(disk) < 900_000)
        time.sleep(1.5)  # what was on its way has come
        asked = len(newsroom.log)
        with ballast.open("r+b") as file:  # more than the reserve, and less than is asked for to go on
            file.truncate(ballast.stat().st_size - (1_300_000 - free(disk)))
        assert free(disk) > 900_000
        time.sleep(3.0)
        assert crawl.process.poll() is None
        assert len(newsroom.log) == asked
        assert "there is room again: it goes on" not in crawl.said
        ballast.unlink()
        crawl.finish()
    assert crawl.process.returncode == 0
    assert crawl.said.count(said) == 1, "it is said once"
    is_whole(path, newsroom)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_pause_can_be_ended_and_what_is_due_stays_due(disk: Path, newsroom: Newsroom, number: int) -> None:
    path = make(disk, newsroom, "reserve = 0")
    ballast = fill(disk, 250_000)
    with Crawl(path) as crawl:
        wait_for(crawl.pauses)
        crawl.process.send_signal(number)
        crawl.process.wait(30 * slowness())  # seconds: the bound that is promised
        assert crawl.process.returncode == 130
    ballast.unlink()
    with Archive.open(path) as archive:
        acknowledged = {one.id for one in archive.captures()}
        assert not archive.verify().damaged
    with Crawl(path) as again:
        assert again.finish()["outcome"] == "finished"
    with Archive.open(path) as archive:
        captured = Counter(one.url for one in archive.captures(role=Role.ARTICLE))
        assert {one.url for host in HOSTS for one in expected.expected(host)} <= set(captured)
        assert acknowledged <= {one.id for one in archive.captures()}
        assert not archive.verify(deep=True).findings


def test_patience_may_have_an_end(disk: Path, newsroom: Newsroom) -> None:
    path = make(disk, newsroom, "reserve = 0\npatience = 2")
    fill(disk, 250_000)
    with Crawl(path) as crawl:
        said = crawl.finish()
    assert crawl.process.returncode == 5
    assert said["outcome"] == "failed"
    assert "patience" in str(said["error"])
    with Archive.open(path) as archive:
        assert not archive.verify().damaged


def test_a_file_system_gone_read_only_is_a_want_of_room(disk: Path, newsroom: Newsroom) -> None:
    path = make(disk, newsroom, "reserve = 0")
    with Archive.open(path) as archive:
        State(archive.state_path).close()
        with read_only(disk):
            with pytest.raises(StorageFull, match="ead-only"):
                archive.writer("test")
            with pytest.raises(StorageFull, match="read-only"), archive.catalog.writing():
                pass
            with pytest.raises(StorageFull, match="read-only"):
                State(archive.state_path)
            assert not Room(archive).takes_bytes()
        assert Room(archive).takes_bytes()
        archive.close()
        with archive.writer("test"):
            pass
        assert not archive.verify().findings
