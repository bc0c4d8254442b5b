"""Locks are the kernel's: a living writer keeps what is its own, and a dead one keeps nothing."""

from __future__ import annotations

import subprocess
import sys
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
