"""Closed files replaced: byte ranges kept, records put in their place, and either file after any interruption."""

from __future__ import annotations

import errno
import os
from pathlib import Path

import pytest

from archive.errors import DamagedRecord, StorageFull
from archive.warc import rewriting
from archive.warc.rewriting import Kept, Part, Put, Rewritten

FILE = "2026/11/NEWS-00001.warc.gz"


def rewrite(warc: Path, parts: list[Part]) -> Rewritten:
    done = rewriting.prepare(warc, FILE, parts)
    rewriting.put_in_place(warc, done)
    return done


@pytest.fixture
def warc(tmp_path: Path) -> Path:
    path = tmp_path / FILE
    path.parent.mkdir(parents=True)
    path.write_bytes(b"0123456789")
    path.chmod(0o640)
    return tmp_path


def test_what_is_kept_and_put_stands_in_its_order(warc: Path) -> None:
    done = rewrite(warc, [Kept(0, 3), Put((b"a", b"bc")), Kept(5, 10)])
    assert (warc / FILE).read_bytes() == b"012abc56789"
    assert (done.size, done.was_size) == (11, 10)
    assert done.sha256 != done.was_sha256
    assert (warc / FILE).stat().st_mode & 0o777 == 0o640
    assert [path.name for path in (warc / FILE).parent.iterdir()] == [Path(FILE).name]


def test_until_it_is_put_in_place_the_old_file_is_what_readers_find(warc: Path) -> None:
    done = rewriting.prepare(warc, FILE, [Kept(5, 10)])
    assert (warc / FILE).read_bytes() == b"0123456789"
    rewriting.put_in_place(warc, done)
    assert (warc / FILE).read_bytes() == b"56789"
    with pytest.raises(FileNotFoundError):
        rewriting.put_in_place(warc, done)


@pytest.mark.parametrize("parts", [[Kept(0, 11)], [Kept(5, 10), Kept(0, 3)], [Kept(3, 2)], [Kept(-1, 2)]])
def test_ranges_that_cannot_be_are_refused_and_leave_nothing(warc: Path, parts: list[Part]) -> None:
    with pytest.raises(ValueError, match="has no bytes"):
        rewrite(warc, parts)
    assert (warc / FILE).read_bytes() == b"0123456789"
    assert len(list((warc / FILE).parent.iterdir())) == 1


def test_a_full_disk_leaves_the_old_file_alone(warc: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object) -> None:
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(StorageFull):
        rewrite(warc, [Kept(0, 3)])
    assert (warc / FILE).read_bytes() == b"0123456789"
    assert len(list((warc / FILE).parent.iterdir())) == 1


def test_a_file_that_is_being_written_is_left_to_its_writer(warc: Path) -> None:
    (warc / FILE).rename(warc / f"{FILE}.open")
    with pytest.raises(DamagedRecord, match="being written"):
        rewrite(warc, [Kept(0, 3)])


def test_what_a_kill_left_beside_a_file_is_cleared(warc: Path) -> None:
    rewriting.prepare(warc, FILE, [Kept(0, 3)])
    (warc / "notes.part").write_bytes(b"not ours")
    assert [path.name for path in rewriting.clear(warc)] == [f"{Path(FILE).name}.part"]
    assert (warc / "notes.part").exists()
    assert rewriting.clear(warc) == ()
