"""Room: what is free, when a pause is over, and what the parent of a crawl does meanwhile."""

from __future__ import annotations

import errno
import os
import threading
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace

import pytest

from archive.errors import StorageFull
from archive.store import Archive
from crawler.jobs import Paused, Stop
from crawler.room import LONGEST, LOOK, Pause, Room, Shortage
from crawler.waiting import Patience, Pauses

RESERVE, ENOUGH = 1000, 5000


class Disk:
    """What `os.statvfs` and a probe say of the disk."""

    def __init__(self) -> None:
        self.free = 10_000
        self.broken = False
        self.probes = 0

    def statvfs(self, _: object) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=self.free, f_frsize=1, f_blocks=20_000)

    def fsync(self, _: int) -> None:
        self.probes += 1
        if self.broken:
            raise OSError(errno.EIO, os.strerror(errno.EIO))


class Clock:
    """A clock that a test sets."""

    def __init__(self) -> None:
        self.now = 100.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def disk(monkeypatch: pytest.MonkeyPatch) -> Disk:
    disk = Disk()
    monkeypatch.setattr(os, "statvfs", disk.statvfs)
    monkeypatch.setattr(os, "fsync", disk.fsync)
    return disk


def made(path: Path, storage: str) -> Archive:
    Archive.create(path, name="TEST", contact="t@example.org").close()
    configured = path / "archive.toml"
    configured.write_text(f"{configured.read_text(encoding='utf-8')}\n[storage]\n{storage}\n", encoding="utf-8")
    return Archive.open(path)


@pytest.fixture
def archive(tmp_path: Path) -> Archive:
    return made(tmp_path / "A", f"reserve = {RESERVE}\nresume = {ENOUGH}")


def full(why: str = "the storage took no more bytes (No space left on device)") -> StorageFull:
    return StorageFull(f"{why}: free space, then run the command again")


def test_a_real_disk_has_room_and_takes_bytes(tmp_path: Path) -> None:
    room = Room(made(tmp_path / "A", "reserve = 1"))
    assert room.shortage() is None
    assert room.takes_bytes()
    assert not [path for path in (tmp_path / "A").rglob("*") if path.is_file() and path.stat().st_size == 65_536]
    shortage = room.shortage(2**62)
    assert shortage is not None
    assert shortage.free > 0


def test_the_databases_may_lie_on_another_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    Archive.create(tmp_path / "A", name="TEST").close()
    configured = tmp_path / "A" / "archive.toml"
    text = configured.read_text(encoding="utf-8").replace("name =", f'state_dir = "{tmp_path / "S"}"\nname =')
    configured.write_text(text, encoding="utf-8")
    (tmp_path / "S").mkdir()
    archive = Archive.open(tmp_path / "A")

    def statvfs(path: Path) -> SimpleNamespace:
        return SimpleNamespace(f_bavail=10 if path == tmp_path / "S" else 2**40, f_frsize=1, f_blocks=1)

    monkeypatch.setattr(os, "statvfs", statvfs)
    shortage = Room(archive).shortage()
    assert shortage is not None
    assert (shortage.path, shortage.free) == (str(tmp_path / "S"), 10)


def test_a_file_system_that_tells_nothing_is_taken_as_it_is(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "statvfs", lambda _: SimpleNamespace(f_bavail=0, f_frsize=1, f_blocks=0))
    assert Room(archive).shortage() is None


def test_a_touched_reserve_is_over_only_where_there_is_enough(archive: Archive, disk: Disk) -> None:
    clock, room = Clock(), Room(archive)
    disk.free = RESERVE - 1
    assert room.shortage() == Shortage("the reserve of 1.0 kB is touched", str(archive.path), 999, ENOUGH)
    pause = Pause(room, now=clock)
    disk.free = ENOUGH - 1
    clock.now += LOOK
    assert not pause.over()
    assert pause.shortage.free == ENOUGH - 1
    assert str(pause.shortage).endswith("goes on by itself at 5.0 kB")
    disk.free = ENOUGH
    assert not pause.over(), "it looks only now and then"
    clock.now += LOOK
    assert pause.over()
    assert not disk.probes


def test_what_failed_is_tried_again_at_growing_intervals(archive: Archive, disk: Disk) -> None:
    clock = Clock()
    pause = Pause(Room(archive), full("the storage took no more bytes (Input/output error)"), now=clock)
    assert pause.shortage.why == "the storage took no more bytes (Input/output error)"
    assert str(pause.shortage).endswith("is tried again by itself")
    disk.broken = True
    tried = []
    while clock.now < 100.0 + 5 * LONGEST:
        clock.now += 0.5
        before = disk.probes
        assert not pause.over()
        if disk.probes > before:
            tried.append(clock.now)
    gaps = [after - before for before, after in pairwise(tried)]
    assert gaps[:4] == [2.0, 4.0, 8.0, 16.0]
    assert gaps == sorted(gaps)
    assert max(gaps) == LONGEST
    disk.broken = False
    clock.now += LONGEST
    assert pause.over()


def test_a_write_that_failed_for_want_of_room_waits_for_enough_of_it(archive: Archive, disk: Disk) -> None:
    clock = Clock()
    disk.free = 0
    pause = Pause(Room(archive), full(), now=clock)
    assert pause.shortage.needed == ENOUGH
    disk.free = RESERVE + 1
    clock.now += LONGEST
    assert not pause.over()
    disk.free = ENOUGH
    clock.now += LONGEST
    assert pause.over()


def test_patience_has_an_end_only_where_one_is_configured(tmp_path: Path, archive: Archive, disk: Disk) -> None:
    clock = Clock()
    waiting = Pause(Room(archive), full(), now=clock)
    hasty = Pause(Room(made(tmp_path / "B", "patience = 60")), full(), now=clock)
    clock.now += 59
    early = hasty.impatient
    clock.now += 2
    assert (early, hasty.impatient, waiting.impatient) == (False, True, False)


def test_the_parent_does_again_what_found_no_room(archive: Archive) -> None:
    heard: list[Paused] = []
    calls = 0

    def act() -> str:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError(errno.EDQUOT, os.strerror(errno.EDQUOT), "part-0.parquet")
        return "done"

    assert Patience(archive, heard.append, Stop())("text/", act) == "done"
    assert calls == 2
    assert heard[0].shortage is not None
    assert "part-0.parquet" in str(heard[0].shortage) or "disk" in str(heard[0].shortage)
    assert heard[-1] == Paused("text/", None)


def test_other_errors_are_no_want_of_room(archive: Archive) -> None:
    def act() -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES))

    with pytest.raises(PermissionError):
        Patience(archive, lambda _: None, Stop())("text/", act)


def test_a_stop_ends_the_wait(archive: Archive, disk: Disk) -> None:
    disk.free = 0
    stop = Stop()
    heard: list[Paused] = []

    def tell(paused: Paused) -> None:
        heard.append(paused)
        stop.asked.set()

    done: list[int] = []
    with pytest.raises(StorageFull, match="reserve"):
        Patience(archive, tell, stop)("texts", lambda: done.append(1))
    assert heard[-1].shortage is None
    assert not done


def test_pauses_of_several_parts_are_one(monkeypatch: pytest.MonkeyPatch) -> None:
    clock = Clock()
    monkeypatch.setattr("crawler.waiting.time", SimpleNamespace(monotonic=clock))
    shortage = Shortage("full", "/", 0, 0)
    pauses = Pauses()
    pauses.hear(Paused("texts", None))
    for seconds, paused in [
        (1, Paused("crawl1", shortage)),
        (2, Paused("texts", shortage)),
        (4, Paused("crawl1", None)),
        (8, Paused("texts", None)),
        (16, Paused("texts", shortage)),
    ]:
        clock.now += seconds
        pauses.hear(paused)
    clock.now += 32
    assert pauses.count == 2
    assert pauses.seconds == 2 + 4 + 8 + 32


def test_threads_may_wait_at_once(archive: Archive) -> None:
    patience = Patience(archive, lambda _: None, Stop())
    done: list[int] = []
    threads = [threading.Thread(target=patience, args=(f"{n}", lambda n=n: done.append(n))) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(done) == [0, 1, 2, 3]
