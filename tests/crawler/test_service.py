"""The service crawls what is due and cleans it, takes over what people edit, survives its children and itself."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from patience import slowness, wait_for

from archive.errors import ArchiveBusy, ConfigurationError
from archive.exchange import Role
from archive.store import Archive
from crawler import service as module
from crawler.heartbeat import only_one, read_beat
from crawler.jobs import Stop
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS
from crawler.scheduling.durations import DAY
from crawler.service import Service
from crawler.state import State

pytestmark = pytest.mark.slow  # processes of their own

COURIER, TALBLATT = HOSTS


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom() as served:
        yield served


@pytest.fixture
def archive(tmp_path: Path, newsroom: Newsroom) -> Iterator[Archive]:
    with Archive.create(
        tmp_path / "A", name="TEST", contact="tester@example.org", allow_loopback=True, resolve=newsroom.resolve
    ) as made:
        declare(made, *HOSTS)
        yield made


def declare(archive: Archive, *hosts: str, more: str = "") -> None:
    tables = (f'["{host}"]\nstart = "http://{host}/"\ndelay = 0\n{more}\n' for host in hosts)
    archive.sites_path.write_text("".join(tables))


@contextmanager
def serving(archive: Archive) -> Iterator[Service]:
    """A service of this process, in a thread; it is over, in order, at the end."""
    stop, failed = Stop(), []
    with Archive.open(archive.path) as own:
        service = Service(own, stop)

        def run() -> None:
            try:
                service.run()
            except BaseException as error:  # noqa: BLE001 - told below
                failed.append(error)

        thread = threading.Thread(target=run, daemon=True)
        thread.start()
        try:
            yield service
        finally:
            stop.asked.set()
            thread.join(60 * slowness())
    assert not thread.is_alive()
    if failed:
        raise failed[0]


def texts(archive: Archive) -> int:
    return archive.count_texts() if archive.catalog.path.exists() else 0


def whole(archive: Archive) -> bool:
    return texts(archive) == sum(expected.counts(host).articles + expected.counts(host).dead for host in HOSTS)


def make_due(archive: Archive) -> None:
    """As if it were later."""
    with State(archive.state_path) as state, state.write() as db:
        db.execute("UPDATE sources SET next = 0 WHERE kind != 'search'")
        db.execute("UPDATE visits SET at = 0, rest = 0")


def children(parent: int) -> list[int]:
    """The crawling processes of a process."""
    found = []
    for entry in Path("/proc").iterdir():
        try:
            words = (entry / "cmdline").read_bytes().split(b"\0")
            father = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        if father == parent and b"crawler.jobs" in words:
            found.append(int(entry.name))
    return found


def test_it_crawls_cleans_and_visits_again_when_something_is_due(
    archive: Archive, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "SCAN", 0.5)
    with serving(archive) as service:
        wait_for(lambda: whole(archive))
        asked = Counter((one.host, one.path) for one in newsroom.log)
        assert set(asked.values()) == {1}
        newsroom.visit = 2
        make_due(archive)
        wait_for(lambda: service.counted.visits.visits >= 4)
        assert len(children(os.getpid())) == 1, "one process for all visits"
        wait_for(lambda: (read_beat(archive.path) or {}).get("sites") == 2)
    assert [run.outcome for run in archive.runs()] == ["stopped"]
    again = Counter((one.host, one.path) for one in newsroom.log)
    assert again[COURIER, "/feed/"] == 2
    said = read_beat(archive.path)
    assert said is not None
    assert (said["stopped"], said["visiting"], said["problem"]) == (True, [], None)
    assert not archive.verify(deep=True).findings


def test_edits_of_sites_toml_are_taken_over_and_errors_are_not(
    archive: Archive, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "RELOAD", 0.2)
    monkeypatch.setattr(module, "BEAT", 0.2)
    declare(archive, COURIER)
    with serving(archive):
        wait_for(lambda: any(one.host == COURIER and one.path == "/feed/" for one in newsroom.log))
        archive.sites_path.write_text("[[[")
        wait_for(lambda: "line 1" in ((read_beat(archive.path) or {}).get("problem") or ""))
        declare(archive, COURIER, TALBLATT)
        wait_for(lambda: any(one.host == TALBLATT for one in newsroom.log))
        wait_for(lambda: (read_beat(archive.path) or {"problem": "?"})["problem"] is None)
        wait_for(lambda: whole(archive))


def test_a_crawling_process_that_dies_is_followed_by_another(
    archive: Archive, newsroom: Newsroom, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(module, "FIRST_REST", 0.1)
    monkeypatch.setattr(module, "AGAIN", 0)
    monkeypatch.setattr("crawler.agenda.GAP", 0)
    with serving(archive):
        wait_for(lambda: len(newsroom.log) > 8)
        for one in children(os.getpid()):
            os.kill(one, signal.SIGKILL)
        wait_for(lambda: whole(archive))
    assert not archive.verify().findings
    captured = Counter(one.url for one in archive.captures(role=Role.ARTICLE))
    assert {one.url for host in HOSTS for one in expected.expected(host)} <= set(captured)


def test_a_site_that_another_crawl_is_at_waits(archive: Archive, newsroom: Newsroom) -> None:
    code = (
        "import sys,time; from pathlib import Path; from crawler.sitelocks import SiteLocks\n"
        "locks = SiteLocks(Path(sys.argv[1])); locks.take([sys.argv[2]]); print('held', flush=True); time.sleep(600)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code, str(archive.path), COURIER], stdout=subprocess.PIPE, text=True
    ) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == "held\n"
        with serving(archive) as service:
            wait_for(lambda: service.counted.visits.visits >= 1)
        assert {one.host for one in newsroom.log} == {TALBLATT}
        other.kill()


def test_without_a_network_nothing_is_asked(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr("crawler.reach.has_route", lambda: False)
    monkeypatch.setattr(module, "BEAT", 0.2)
    with Archive.create(tmp_path / "B", name="TEST", contact="tester@example.org") as archive:
        archive.sites_path.write_text('["a.example"]\n')
        with serving(archive):
            wait_for(lambda: (read_beat(archive.path) or {}).get("network") is False)
        assert archive.count() == (0, 0)
        assert [record.message for record in caplog.records].count("the network is away: waiting for it") <= 1


def test_one_service_an_archive(archive: Archive) -> None:
    with only_one(archive.path), pytest.raises(ArchiveBusy, match=f"process {os.getpid()}"), serving(archive):
        pass
    archive.sites_path.write_text("[[[")
    with pytest.raises(ConfigurationError, match="line 1"), serving(archive):
        pass


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT, signal.SIGKILL])
def test_the_command_ends_in_order_or_leaves_what_the_next_one_takes_up(
    archive: Archive, newsroom: Newsroom, number: signal.Signals
) -> None:
    command = [sys.executable, "-m", "crawler.cli", "run", "--json", "--archive", str(archive.path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True) as running:
        wait_for(lambda: len(newsroom.log) > 8)
        crawling = children(running.pid)
        running.send_signal(number)
        out, err = running.communicate(timeout=60 * slowness())
    assert (running.returncode, err) == (-9 if number is signal.SIGKILL else 0, "")
    wait_for(lambda: not any(Path(f"/proc/{one}").exists() for one in crawling))
    said = [json.loads(line) for line in out.splitlines()]
    assert said[0]["message"].startswith("serving")
    kept = (archive.path / "logs" / "run.jsonl").read_text().splitlines()
    assert [json.loads(line)["message"] for line in kept] == [one["message"] for one in said]
    assert not archive.verify().findings
    with State(archive.state_path) as state, state.write() as db:
        db.execute("UPDATE visits SET at = ?", (-DAY,))
    with serving(archive):
        wait_for(lambda: whole(archive))
    assert not archive.verify().findings
