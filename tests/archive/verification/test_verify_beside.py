"""Verification beside those who write: what is under way is no fault, and what was left by a kill is none of theirs."""

from __future__ import annotations

import os
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Sequence
from pathlib import Path

import pytest
from exchanges import attempt, exchange

from archive import locking
from archive.catalogue.blocking import Target
from archive.removal.purge import purge
from archive.store import Archive
from archive.verification import settled
from archive.verification.inspection import Inspection
from archive.verification.inspectors import inspect
from archive.verification.verify import verify
from archive.warc.finding import Finding, Rule
from archive.warc.paths import warc_files
from archive.writing import ArchiveWriter

URL = "https://courier.example/{}".format


def filled(archive: Archive, number: int = 12) -> Archive:
    for start in (0, 100):
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            for one in range(number):
                writer.add(exchange(f"page-{one}", start + one, body=os.urandom(2000)))
                writer.add(exchange(f"same-{one}", start + one))  # all but the first are revisits
    return archive


def bad(archive: Archive) -> list[Finding]:
    return [one for one in archive.verify().findings if not one.severity.harmless]


def remove(path: Path, url: str) -> None:
    with Archive.open(path) as own:
        purge(own, Target.of(url), given=url, reason="court order")


def meanwhile(monkeypatch: pytest.MonkeyPatch, happens: Callable[[], None]) -> None:
    """Let something happen once between what the catalogue was asked and the look into the files."""
    done: list[bool] = []

    def looked(
        inspections: Sequence[Inspection], sizes: Sequence[int], advanced: Callable[[int], None]
    ) -> list[Finding]:
        if not done:
            done.append(True)
            happens()
        return inspect(inspections, sizes, advanced)

    monkeypatch.setattr("archive.verification.verify.inspect", looked)


def test_a_purge_meanwhile_is_no_damage(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(archive)
    meanwhile(monkeypatch, lambda: remove(archive.path, URL("same-0")))
    assert bad(archive) == []
    assert bad(archive) == []


def test_real_damage_is_told_also_in_a_file_that_is_replaced_meanwhile(
    archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    filled(archive)
    victim = next(one for one in archive.captures() if one.url == URL("page-5")).location
    assert victim is not None
    path = archive.warc_path / victim.file
    raw = bytearray(path.read_bytes())
    raw[victim.offset + victim.length // 2] ^= 1

    def removed_and_damaged() -> None:
        remove(archive.path, URL("page-3"))
        path.write_bytes(raw)

    meanwhile(monkeypatch, removed_and_damaged)
    assert Rule.READABLE in {one.rule for one in bad(archive)}


def test_a_file_that_is_closed_meanwhile_is_waited_for(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    """A full file has its name before its last rows are in the catalogue."""
    with archive.writer("crawl") as writer:
        writer.add(exchange("a", 1))
        writer.commit()
        writer.add(exchange("b", 2))
        told = threading.Timer(0.4, writer.commit)

        def full() -> None:
            writer.renew()
            told.start()

        meanwhile(monkeypatch, full)
        assert bad(archive) == []
        told.join()


def test_a_file_begun_and_closed_meanwhile_is_known(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    filled(archive, 2)

    def begun(warc: Path) -> tuple[str, ...]:
        with Archive.open(archive.path) as other, other.writer("crawl", worker="other") as writer:
            writer.add(exchange("new", 3))
        return warc_files(warc)

    monkeypatch.setattr("archive.verification.verify.warc_files", begun)
    assert bad(archive) == []


def test_a_file_whose_writer_was_killed_before_it_told_is_repairable(archive: Archive) -> None:
    def killed(_: ArchiveWriter) -> None:
        os._exit(0)

    child = os.fork()
    if child == 0:
        with Archive.open(archive.path) as own:
            writer = own.writer("crawl")
            writer.add(exchange("a", 1))
            writer.renew()
            killed(writer)
    os.waitpid(child, 0)
    began = time.monotonic()
    found = archive.verify()
    assert found.repairable
    assert not found.damaged
    assert time.monotonic() - began < settled._PATIENCE  # nobody writes: nobody is waited for
    archive.adopt()
    assert bad(archive) == []


@pytest.mark.parametrize("rule", [Rule.PURGE, Rule.REPLACED, Rule.RETURNED, Rule.OLDER_COPY])
def test_what_a_purge_leaves_at_a_kill_is_a_note_while_it_lives(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, rule: Rule
) -> None:
    finding = Finding("a.warc.gz", 0, rule, "so it is")
    monkeypatch.setattr("archive.verification.removals.considered", lambda *_: [finding])
    assert archive.verify().findings == (finding,)
    with locking.alone(archive.catalog.path.parent):
        assert [one.rule for one in archive.verify().findings] == [Rule.UNDER_WAY]
        assert verify(archive, held=True).findings == (finding,), "a repair hears what it is to repair"
    assert archive.verify().findings == (finding,)


def test_an_import_under_way_is_a_note(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    finding = Finding("imported/a.warc.gz", 0, Rule.UNKNOWN_IMPORT, "not entered")
    monkeypatch.setattr("archive.verification.removals.considered", lambda *_: [finding])
    with locking.one_by_one(archive.catalog.path.parent):
        assert [one.rule for one in archive.verify().findings] == [Rule.UNDER_WAY]
    assert archive.verify().findings == (finding,)


def writes(path: Path) -> None:
    """As a crawl does: small files, commits, runs one after the other."""
    with Archive.open(path) as archive:
        for number in range(8):
            with archive.writer("crawl", {"courier": b"{}"}, worker=f"w{os.getpid()}") as writer:
                for one in range(30):
                    name = f"{os.getpid()}-{number}-{one}"
                    writer.add(exchange(name, one, body=os.urandom(5000)))
                    if one % 5 == 0:
                        writer.add_attempt(attempt(name, one))
                    if one % 7 == 0:
                        writer.commit()


def purges(path: Path) -> None:
    """One page after the other, out of files in which each has revisits."""
    for one in range(10):
        remove(path, URL(f"same-{one}"))


@pytest.mark.slow
@pytest.mark.parametrize("act", [writes, purges])
def test_beside_real_processes(archive: Archive, act: Callable[[Path], None]) -> None:
    filled(archive)
    told = archive.path / "archive.toml"
    told.write_text(f"{told.read_text()}\n[warc]\nmax_bytes = 65536\n")
    command = [sys.executable, __file__, act.__name__, str(archive.path)]
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)}
    children = [subprocess.Popen(command, env=environment) for _ in range(2 if act is writes else 1)]
    rounds = 0
    try:
        while any(child.poll() is None for child in children):
            with Archive.open(archive.path) as own:
                assert bad(own) == []
            rounds += 1
    finally:
        for child in children:
            child.wait(120)
    assert [child.returncode for child in children] == [0] * len(children)
    assert rounds > 1
    with Archive.open(archive.path) as own:
        assert own.verify().findings == ()


if __name__ == "__main__":
    {one.__name__: one for one in (writes, purges)}[sys.argv[1]](Path(sys.argv[2]))
