"""Locks are the kernel's: a living writer keeps what is its own, and a dead one keeps nothing."""

from __future__ import annotations

import logging
import subprocess
import sys
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from archive import locking
from archive.errors import ArchiveBusy
from archive.store import Archive
from archive.warc.paths import open_files

WRITER = """
import sys
from archive.exchange import Attempt, NoAnswer
from archive.store import Archive
writer = Archive.open(sys.argv[1]).writer("crawl", worker="other")
writer.add_attempt(Attempt("https://a.example/", 1_795_000_000_000_000, NoAnswer.TIMEOUT))
writer.commit()
print("written", flush=True)
sys.stdin.read()
"""


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", name="TEST") as made:
        yield made


@pytest.fixture
def other(archive: Archive) -> Iterator[subprocess.Popen[str]]:
    """Another process, with a writer that is open."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(archive.path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "written\n"
    yield process
    process.kill()
    process.communicate()


def test_each_writer_has_a_file_of_its_own_and_a_dead_one_keeps_no_lock(
    archive: Archive, other: subprocess.Popen[str]
) -> None:
    (its,) = open_files(archive.warc_path)
    with archive.writer("crawl", worker="mine"):
        assert len(open_files(archive.warc_path)) == 2
    assert open_files(archive.warc_path) == (its,), "a living writer's file is left to it"
    with pytest.raises(ArchiveBusy), locking.alone(archive.path):
        pass
    other.kill()
    other.communicate()
    with locking.alone(archive.path):
        pass
    with archive.writer("crawl", worker="mine"):
        pass
    assert not open_files(archive.warc_path)
    assert archive.count() == (0, 1)
    assert not archive.verify().findings


HOLDER = """
import sys
from pathlib import Path
from archive import locking
with locking.one_by_one(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_wait_for_another_import_is_told_with_the_process(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    with locking.one_by_one(tmp_path):
        pass
    assert not caplog.messages
    process = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdin is not None
    assert process.stdout.readline() == "held\n"
    told = threading.Event()
    handler = Heard(told)
    locking.logger.addHandler(handler)
    ending = threading.Thread(target=lambda: (told.wait(60), process.stdin.close() if process.stdin else None))
    ending.start()
    try:
        with locking.one_by_one(tmp_path):
            assert process.wait(60) == 0
    finally:
        locking.logger.removeHandler(handler)
        ending.join()
        process.kill()
        process.wait()
        process.stdout.close()
    (said,) = caplog.messages
    assert said == f"waiting for another import, attach or detach to end (process {process.pid})"


class Heard(logging.Handler):
    """Sets an event when something is logged."""

    def __init__(self, event: threading.Event) -> None:
        super().__init__()
        self._event = event

    def emit(self, record: logging.LogRecord) -> None:
        self._event.set()
