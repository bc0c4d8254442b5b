"""The writer: what it acknowledges is there, wherever its process is killed; what it does not is never half there."""

from __future__ import annotations

import contextlib
import os
import re
import resource
import signal
from collections.abc import Callable, Iterator
from itertools import count
from pathlib import Path
from typing import Any, TextIO

import pytest
from exchanges import START, attempt, exchange

from archive import locking
from archive.catalogue import database
from archive.catalogue.holdings import FileState
from archive.errors import ArchiveBusy, PresskeepError, StorageFull
from archive.exchange import Attempt, Exchange, NoAnswer
from archive.store import Archive
from archive.warc import paths
from archive.warc.paths import open_files, warc_files
from archive.warc.reader import read_records
from archive.writing import ArchiveWriter, Committed, software


@contextlib.contextmanager
def file_size_limit(size: int) -> Iterator[None]:
    """No file of this process can grow beyond so many bytes: a full disk, as far as a test can have one."""
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size, limits[1]))
    try:
        yield
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)


def test_a_commit_acknowledges_what_was_added_once(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        captures = (writer.add(exchange("a")), writer.add(exchange("b")))
        stored = writer.add_attempt(attempt())
        assert writer.pending == 3
        assert archive.count() == (0, 0)
        assert writer.commit() == Committed(captures, (stored,))
        assert writer.pending == 0
        assert archive.count() == (2, 1)
        assert len(writer.commit()) == 0


def test_the_run_is_filled_in_where_none_is_given(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        assert writer.add(exchange("a")).run == writer.run
        assert writer.add(exchange("b", run="urn:uuid:mine")).run == "urn:uuid:mine"
        assert writer.add_attempt(attempt()).attempt.origin.run == writer.run


def test_closing_commits_and_ends_the_run(archive: Archive) -> None:
    with archive.writer("crawl", {"courier": b'{"host":"courier"}', "gazette": b"{}"}) as writer:
        (run,) = archive.runs()
        assert (run.id, run.command, run.sites) == (writer.run, "crawl", ("courier", "gazette"))
        assert (run.ended, run.outcome) == (None, None)
        capture = writer.add(exchange())
        assert writer.close().captures == (capture,)
        assert len(writer.close()) == 0
    (run,) = archive.runs()
    assert run.outcome == "finished"
    assert run.ended is not None
    assert run.started <= run.ended
    (file,) = archive.files()
    assert file.sha256 is not None
    assert file.size == (archive.warc_path / file.file).stat().st_size
    with pytest.raises(PresskeepError, match="closed"):
        writer.add(exchange())


@pytest.mark.parametrize(("error", "outcome"), [(ValueError, "failed"), (KeyboardInterrupt, "stopped")])
def test_the_outcome_tells_how_it_ended(archive: Archive, error: type[BaseException], outcome: str) -> None:
    def ended() -> None:
        with archive.writer("crawl") as writer:
            writer.add(exchange())
            raise error

    with pytest.raises(error):
        ended()
    assert archive.runs()[0].outcome == outcome
    assert archive.count() == (1, 0)


def test_a_run_has_several_writers_and_ends_with_the_last(archive: Archive) -> None:
    first = archive.writer("crawl", {"courier": b"{}"}, worker="one")
    second = archive.writer("crawl", {"gazette": b"{}"}, run=first.run, worker="two")
    assert first.run == second.run
    first.close("stopped")
    (run,) = archive.runs()
    assert (run.sites, run.ended) == (("courier", "gazette"), None)
    second.close()
    (run,) = archive.runs()
    assert run.outcome == "stopped"


def test_a_writer_that_was_killed_and_replaced_does_not_keep_its_run_open(archive: Archive) -> None:
    run = archive.writer("crawl", worker="parent")
    killed = os.fork()
    if killed == 0:
        archive.writer("crawl", run=run.run, worker="child")
        os._exit(9)
    os.waitpid(killed, 0)
    archive.writer("crawl", run=run.run, worker="child").close()
    run.close()
    assert archive.runs()[0].outcome == "finished"


def test_each_file_says_who_crawled_with_which_configuration(archive: Archive) -> None:
    with archive.writer("crawl", {"courier": b"{}"}, worker="w-1", user_agent="Presskeep (+mailto:a@b.example)"):
        pass
    (file,) = warc_files(archive.warc_path)
    assert file.endswith("-w-1.warc.gz")
    info = next(read_records(archive.warc_path / file)).block.decode()
    for line in (
        "http-header-user-agent: Presskeep (+mailto:a@b.example)",
        "contact: tests@example.org",
        "presskeep-site: courier sha256:",
        "robots: obey",
        f"presskeep-archive: {archive.configuration.id}",
    ):
        assert line in info


def test_files_are_rotated_and_all_are_known(archive: Archive) -> None:
    told = archive.path / "archive.toml"
    told.write_text(f"{told.read_text()}\n[warc]\nmax_bytes = 65536\n")
    with Archive.open(archive.path) as small:
        with small.writer("crawl") as writer:
            for number in range(12):
                writer.add(exchange(f"a{number}", body=os.urandom(20_000)))
                if number == 7:
                    assert len(writer.commit()) == 8
        files = small.files()
        assert len(files) >= 3
        assert all(file.sha256 for file in files)
        assert not small.verify().findings
        assert len(list(small.captures())) == 12


# What goes wrong


def test_a_full_disk_takes_no_exchange_and_the_rest_goes_on(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange("a"))
        writer.commit()
        with file_size_limit(archive.catalog.path.with_name("catalog.sqlite-wal").stat().st_size + 200_000):
            with pytest.raises(StorageFull):
                writer.add(exchange("large", body=os.urandom(1_000_000)))
            assert writer.pending == 0
            writer.add(exchange("b", 1))
            assert len(writer.commit()) == 1
    assert [one.url.rpartition("/")[2] for one in archive.captures()] == ["a", "b"]
    assert not archive.verify().findings


def test_a_full_catalogue_acknowledges_nothing_until_there_is_room(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        for number in range(300):
            writer.add(exchange(f"a{number}"))
        with file_size_limit(archive.catalog.path.with_name("catalog.sqlite-wal").stat().st_size + 5_000):
            with pytest.raises(StorageFull):
                writer.commit()
            assert writer.pending == 300
            assert archive.count() == (0, 0)
        assert len(writer.commit()) == 300
    assert not archive.verify().findings


def test_what_a_failed_fsync_lost_is_never_acknowledged(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(descriptor: int) -> None:
        raise OSError(5, "Input/output error")

    with archive.writer("crawl") as writer:
        kept = writer.add(exchange("a"))
        writer.commit()
        writer.add(exchange("b"))
        writer.add_attempt(attempt())
        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", broken)
            with pytest.raises(StorageFull):
                writer.commit()
        assert writer.pending == 0
        later = writer.add(exchange("c", 2))
        assert writer.commit().captures == (later,)
    assert [one.id for one in archive.captures()] == [kept.id, later.id]
    assert not archive.verify().findings


def test_a_busy_catalogue_is_tried_again_by_the_next_commit(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(database, "BUSY", 0.05)
    with archive.writer("crawl") as writer:
        capture = writer.add(exchange())
        with Archive.open(archive.path) as other, other.catalog.writing(), pytest.raises(ArchiveBusy):
            writer.commit()
        assert writer.commit().captures == (capture,)


def test_a_writer_that_cannot_begin_leaves_no_lock(archive: Archive) -> None:
    with file_size_limit(100), pytest.raises(StorageFull):
        archive.writer("crawl")
    with locking.alone(archive.path):
        pass
    assert open_files(archive.warc_path) == ()


def test_no_writer_begins_while_the_archive_is_rebuilt(archive: Archive) -> None:
    with locking.alone(archive.path), pytest.raises(ArchiveBusy, match="rebuilt"):
        archive.writer("crawl")
    with archive.writer("crawl"), pytest.raises(ArchiveBusy, match="writing"), locking.alone(archive.path):
        pass


def test_what_a_dead_writer_did_not_commit_is_adopted(archive: Archive) -> None:
    child = os.fork()
    if child == 0:
        writer = archive.writer("crawl")
        writer.add(exchange("a"))
        writer.commit()
        writer.add(exchange("b", 1))
        writer.add_attempt(attempt("c", 2))
        with (archive.warc_path / f"{open_files(archive.warc_path)[0]}.open").open("ab") as torn:
            torn.write(b"\x1f\x8b\x08\x00torn")
        os._exit(9)
    os.waitpid(child, 0)
    assert archive.count() == (1, 0)
    assert archive.verify().repairable
    assert not archive.verify().damaged
    adopted = archive.adopt()
    assert [one.cut for one in adopted.recovered] == [8]
    assert archive.count() == (2, 1)
    assert archive.capture(next(archive.captures(url="https://courier.example/b")).id).block() == exchange("b").response
    assert not archive.verify().findings
    assert archive.adopt().files == ()


@pytest.mark.parametrize("look", [1, 2, 3])
def test_a_file_that_is_begun_meanwhile_is_left_to_its_writer(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, look: int
) -> None:
    """Taken for closed, its size and checksum of that moment would stand for good."""
    names, looks = paths._names, count(1)
    writers: list[ArchiveWriter] = []

    def begun_behind(directory: Path) -> Iterator[str]:
        number = next(looks)
        yield from list(names(directory))
        if number == look:
            writers.append(archive.writer("crawl", worker="other"))
            writers[0].add(exchange("a"))
            writers[0].commit()

    monkeypatch.setattr(paths, "_names", begun_behind)
    archive.adopt()
    archive.adopt()
    assert [one.sha256 for one in archive.files()] == [None]
    writers[0].add(exchange("b", 1))
    writers[0].close()
    assert archive.verify().findings == ()


def test_a_file_that_was_laid_into_warc_is_adopted(archive: Archive, tmp_path: Path) -> None:
    with Archive.create(tmp_path / "OTHER") as other:
        with other.writer("crawl") as writer:
            writer.add(exchange())
        (file,) = other.files()
        target = archive.warc_path / "imported" / "foreign.warc.gz"
        target.parent.mkdir()
        target.write_bytes((other.warc_path / file.file).read_bytes())
    with archive.writer("crawl"):
        assert [one.location.file for one in archive.captures() if one.location] == ["imported/foreign.warc.gz"]
    assert FileState("imported/foreign.warc.gz", file.size, file.sha256) in archive.files()


# Killed anywhere

CALLS = ("fsync", "writev", "rename", "replace", "ftruncate", "unlink", "mkdir")  # what changes or secures the disk


def write_until(fatal: int, path: Path, answers: TextIO) -> None:
    """A run that says what was acknowledged, and kills itself at its nth call that matters."""
    steps = 0

    def step() -> None:
        nonlocal steps
        if steps == fatal:
            os.kill(os.getpid(), signal.SIGKILL)
        steps += 1

    def counted(name: str) -> Callable[..., Any]:
        real = getattr(os, name)

        def call(*given: Any, **named: Any) -> Any:
            step()
            result = real(*given, **named)
            if name == "fsync":  # between it and the next call lies the catalogue's transaction
                step()
            return result

        return call

    for name in CALLS:
        setattr(os, name, counted(name))
    with Archive.open(path) as archive:
        writer = archive.writer("crawl", {"courier": b"{}"}, worker=f"w{fatal}")
        for number in range(3):
            writer.add(exchange(f"{fatal}-{number}", number))
            writer.add_attempt(attempt(f"{fatal}-{number}", number))
            committed = writer.commit()
            for known in [one.id for one in committed.captures] + [one.id for one in committed.attempts]:
                print(known, file=answers, flush=True)
        writer.close()
    print("closed", file=answers, flush=True)


def killed_at(fatal: int, path: Path) -> list[str]:
    """What a process acknowledged before it died at a step; "closed" at last if it never came so far."""
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            with os.fdopen(writing, "w") as answers:
                write_until(fatal, path, answers)
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading) as answers:
        said = answers.read().splitlines()
    os.waitpid(child, 0)
    return said


@pytest.mark.slow
def test_killed_at_any_step_nothing_acknowledged_is_lost(tmp_path: Path) -> None:
    for fatal in count():
        with Archive.create(tmp_path / str(fatal)) as archive:
            acknowledged = killed_at(fatal, archive.path)
            # As it lies there after the kill, and again after the next start has put things right.
            assert not archive.verify().damaged
            held = {one.id for one in archive.captures()} | {one.id for one in archive.attempts()}
            assert set(acknowledged) - {"closed"} <= held
            archive.adopt()
            assert archive.verify().findings == ()
            with archive.writer("crawl") as writer:
                writer.add(exchange())
            assert archive.verify().findings == ()
            if "closed" in acknowledged:
                assert fatal > 15
                break


def test_times_and_reasons_are_kept(archive: Archive) -> None:
    given = Attempt("https://courier.example/x", START, NoAnswer.DNS)
    taken = Exchange("https://courier.example/x", START, b"GET / HTTP/1.1\r\n\r\n", b"HTTP/1.1 200 OK\r\n\r\n")
    with archive.writer("crawl") as writer:
        stored, capture = writer.add_attempt(given), writer.add(taken)
    assert next(archive.attempts()) == stored
    assert next(archive.captures()) == capture


def test_the_programs_behind_a_run_are_named_with_their_versions() -> None:
    assert re.fullmatch(r"presskeep/\S+ Python/3\S+( [A-Za-z]+/\S+){5}", software())
