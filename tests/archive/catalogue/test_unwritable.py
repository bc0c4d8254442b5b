"""An archive where no byte can be written can be read: on a full disk, and on a read-only file system."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchanges import exchange
from smalldisk import Way, passes_in_a_namespace, read_only, small_disk, way

from archive import terminal
from archive.cli import app
from archive.errors import StorageFull
from archive.store import Archive

if way() is Way.NAMESPACE:

    @pytest.mark.slow
    def test_all_of_this_in_a_user_namespace() -> None:
        done = passes_in_a_namespace(__file__)
        assert done.returncode == 0, done.stdout


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of 4 MB."""
    with small_disk(tmp_path) as made:
        yield made


@pytest.fixture
def path(disk: Path) -> Path:
    """An archive of one capture on it, which nobody has open."""
    with Archive.create(disk / "A", name="TEST") as archive, archive.writer("test") as writer:
        writer.add(exchange())
    return disk / "A"


def fill(disk: Path) -> Path:
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        try:
            while file.write(bytes(512)):
                pass
        except OSError:
            return ballast
    raise AssertionError("no end of room")


def captured(path: Path) -> int:
    with Archive.open(path) as archive:
        return sum(1 for _ in archive.captures())


def leave_a_log(path: Path, *, shared: bool) -> None:
    """What a killed process leaves: rows that are in the log alone."""
    catalog = path / "catalog.sqlite"
    kept = [path / f"catalog.sqlite{suffix}" for suffix in ("", "-wal", "-shm")]
    with Archive.open(path) as archive:
        with archive.catalog.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE killed (x)")
        for one in kept:
            shutil.copy(one, path / f"{one.name}.kept")
    for one in kept:
        shutil.move(path / f"{one.name}.kept", one)
    if not shared:
        (path / "catalog.sqlite-shm").unlink()
    assert (path / "catalog.sqlite-wal").stat().st_size
    assert catalog.is_file()


def is_told(path: Path) -> bool:
    with Archive.open(path) as archive, archive.catalog.reading() as connection:
        return connection.exec_driver_sql("SELECT count(*) FROM sqlite_schema WHERE name = 'killed'").scalar() == 1


def test_a_read_only_file_system_is_read(path: Path, disk: Path) -> None:
    assert not (path / "catalog.sqlite-wal").exists()
    with read_only(disk):
        assert captured(path) == 1


def test_whoever_reads_there_cannot_write_and_can_again_later(path: Path, disk: Path) -> None:
    with Archive.open(path) as archive:
        with read_only(disk):
            assert len(list(archive.captures())) == 1
            with pytest.raises(StorageFull, match="read-only"), archive.catalog.writing():
                pass
            assert len(list(archive.captures())) == 1
        with archive.catalog.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE made (x)")


@pytest.mark.parametrize("verb", ["list", "show", "export", "verify"])
def test_verbs_that_read_do_so_there(path: Path, disk: Path, verb: str, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive.open(path) as archive:
        url = next(iter(archive.captures())).url
    given = {"show": [url], "export": ["jsonl", "-"]}.get(verb, [])
    with read_only(disk):
        code = terminal.run(app, [verb, *given, "--archive", str(path)])
    said = capsys.readouterr()
    assert (code in {0, 4}, "read-only" in said.err) == (True, False), said.err  # 4: nothing was cleaned yet


def test_what_a_killed_process_left_in_the_log_is_read_where_its_index_is_there(path: Path, disk: Path) -> None:
    leave_a_log(path, shared=True)
    with read_only(disk):
        assert is_told(path)


def test_a_log_without_its_index_is_told_with_what_to_do(path: Path, disk: Path) -> None:
    leave_a_log(path, shared=False)
    with read_only(disk), pytest.raises(StorageFull, match=r"mount it writable once and run 'presskeep list'"):
        captured(path)
    assert is_told(path)


@pytest.mark.parametrize("shared", [True, False])
def test_a_full_disk_is_read_and_its_log_too(path: Path, disk: Path, *, shared: bool) -> None:
    leave_a_log(path, shared=shared)
    fill(disk)
    assert is_told(path)


def test_a_full_disk_is_read_and_written_again_once_there_is_room(path: Path, disk: Path) -> None:
    ballast = fill(disk)
    with Archive.open(path) as archive:
        assert len(list(archive.captures())) == 1
        with pytest.raises(StorageFull, match="free some space"), archive.catalog.writing():
            pass
        with archive.catalog.reading() as one, archive.catalog.reading() as other:
            assert one.exec_driver_sql("SELECT 1").scalar() == other.exec_driver_sql("SELECT 1").scalar()
        ballast.unlink()
        with archive.catalog.writing() as connection:
            connection.exec_driver_sql("CREATE TABLE killed (x)")
    assert is_told(path)
