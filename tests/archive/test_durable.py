"""Durable files: whole or not at all, by what the system is asked, and what its errors mean."""

from __future__ import annotations

import errno
import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from powerloss import Disk, Recorder, failing

from archive import durable
from archive.errors import ArchiveBusy, FileTooLarge, StorageFull

OLD, NEW = b"what was there", b"what comes instead, " * 2000


def names(directory: Path) -> list[str]:
    return [one.name for one in directory.iterdir()]


def test_power_lost_at_any_step_leaves_the_old_file_or_the_new_one(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path)
    (tmp_path / "file").write_bytes(OLD)
    recorder.start_from({"file": OLD})
    with recorder.recording():
        durable.written(tmp_path / "file", [NEW[:30_000], NEW[30_000:]])
    assert (tmp_path / "file").read_bytes() == NEW
    disk = Disk()
    for op in recorder.ops:
        disk.apply(op)
        assert {tree["file"] for tree in disk.trees()} <= {OLD, NEW}
    assert list(disk.trees()) == [{"file": NEW}]


@pytest.mark.parametrize(("name", "number"), [("write", 1), ("fsync", 1)])
@pytest.mark.parametrize("error", sorted(durable.STORAGE_ERRORS))
def test_storage_that_takes_no_more_leaves_the_old_file_alone(
    tmp_path: Path, name: str, number: int, error: int
) -> None:
    recorder = Recorder(tmp_path, failing=failing(name, {number}, error))
    path = tmp_path / "file"
    path.write_bytes(OLD)
    with recorder.recording(), pytest.raises(StorageFull) as caught, durable.storage("file"):
        durable.written(path, [NEW])
    assert isinstance(caught.value, FileTooLarge) == (error == errno.EFBIG)
    assert ("ulimit -f" if error == errno.EFBIG else "free space") in str(caught.value)
    assert path.read_bytes() == OLD
    assert names(tmp_path) == ["file"]


def test_an_error_that_is_none_of_storage_passes() -> None:
    with pytest.raises(PermissionError), durable.storage("file"):
        raise PermissionError(errno.EACCES, "no")


def test_what_is_made_waits_until_it_is_put_in_its_place(tmp_path: Path) -> None:
    part, path = tmp_path / "new", tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o640)
    with durable.made(part, path) as out:
        out.write(NEW)
    assert (part.read_bytes(), path.read_bytes()) == (NEW, OLD)
    durable.put(part, path)
    assert path.read_bytes() == NEW
    assert path.stat().st_mode & 0o777 == 0o640
    assert names(tmp_path) == ["file"]


def test_a_file_that_others_may_not_read_stays_one_even_while_it_is_written(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    path.chmod(0o600)
    with durable.replacing(path) as out:
        assert os.fstat(out.fileno()).st_mode & 0o777 == 0o600
    assert path.stat().st_mode & 0o777 == 0o600


def test_an_interrupt_leaves_nothing_half_written(tmp_path: Path) -> None:
    def interrupted() -> Iterator[bytes]:
        yield NEW
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        durable.written(tmp_path / "file", interrupted())
    assert names(tmp_path) == []


def test_what_a_killed_process_left_is_taken_over_and_a_living_one_has_its_file(tmp_path: Path) -> None:
    (tmp_path / ".file.part").write_bytes(b"half of something longer" * 9000)
    with durable.replacing(tmp_path / "file") as out:
        out.write(NEW)
        with pytest.raises(ArchiveBusy), durable.replacing(tmp_path / "file"):
            pass
    assert (tmp_path / "file").read_bytes() == NEW
    assert names(tmp_path) == ["file"]


def test_a_lock_is_none_on_a_file_that_is_no_longer_there(tmp_path: Path) -> None:
    path = tmp_path / "file"
    path.write_bytes(OLD)
    descriptor = os.open(path, os.O_RDWR)
    try:
        assert durable.lock(descriptor, path)
        other = os.open(path, os.O_RDWR)
        assert not durable.lock(other, path)
        os.close(other)
        path.rename(tmp_path / "other")
        assert not durable.lock(descriptor, path)
        path.write_bytes(NEW)
        assert not durable.lock(descriptor, path)
    finally:
        os.close(descriptor)


def test_a_link_stays_one_and_the_file_that_it_names_is_replaced_or_removed(tmp_path: Path) -> None:
    file, link = tmp_path / "file", tmp_path / "link"
    file.write_bytes(OLD)
    link.symlink_to(file)
    durable.written(link, [NEW])
    assert link.is_symlink()
    assert file.read_bytes() == NEW
    durable.remove(link)
    assert not names(tmp_path)
    durable.remove(link)
