"""Names of WARC files."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from archive.errors import DamagedRecord, NotReadable
from archive.warc.folders import dead_links
from archive.warc.paths import fresh_name, imported_files, open_files, resolve, warc_files
from archive.warc.rewriting import clear

from .samples import AT


def test_a_fresh_name_tells_prefix_time_serial_and_worker() -> None:
    assert fresh_name("NEWS", "worker", AT, 1) == "2026/11/NEWS-20261125094640123-00001-worker.warc.gz"


@pytest.mark.parametrize("hostile", ["../../etc", "a/b", "", "..", "a b\0c", "ü" * 200])
def test_no_prefix_or_worker_leads_out_of_the_directory(hostile: str) -> None:
    name = fresh_name(hostile, hostile, AT, 1)
    assert name.count("/") == 2
    assert ".." not in name
    assert name.isascii()
    assert len(name) < 200


def test_a_file_is_found_under_its_final_name_and_while_it_is_written(tmp_path: Path) -> None:
    (tmp_path / "2026").mkdir()
    (tmp_path / "2026/a.warc.gz.open").touch()
    assert resolve(tmp_path, "2026/a.warc.gz") == tmp_path / "2026/a.warc.gz.open"
    (tmp_path / "2026/a.warc.gz.open").rename(tmp_path / "2026/a.warc.gz")
    assert resolve(tmp_path, "2026/a.warc.gz") == tmp_path / "2026/a.warc.gz"


@pytest.mark.parametrize("file", ["none.warc.gz", "../x.warc.gz", "/etc/passwd", "a\0.warc.gz"])
def test_a_missing_file_or_one_elsewhere_is_damage(tmp_path: Path, file: str) -> None:
    (tmp_path / "warc").mkdir()
    (tmp_path / "x.warc.gz").touch()
    with pytest.raises(DamagedRecord):
        resolve(tmp_path / "warc", file)


def test_files_are_listed_by_their_final_names(tmp_path: Path) -> None:
    (tmp_path / "imported").mkdir()
    for name in ("b.warc.gz.open", "a.warc.gz", "imported/c.warc", "a.warc.gz.partial", "notes.txt"):
        (tmp_path / name).touch()
    assert warc_files(tmp_path) == ("a.warc.gz", "b.warc.gz", "imported/c.warc")
    assert open_files(tmp_path) == ("b.warc.gz",)
    assert warc_files(tmp_path / "none") == open_files(tmp_path / "none") == ()


def test_files_behind_linked_folders_are_listed_once_and_loops_end(tmp_path: Path) -> None:
    warc, other = tmp_path / "warc", tmp_path / "other"
    for path in (warc / "2026/a.warc.gz", other / "11/b.warc.gz.open", other / "c.warc.gz.part"):
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    (warc / "0000").symlink_to(warc / "2026")  # another name of a folder that has its place here
    (warc / "2025").symlink_to(other)
    (warc / "imported").symlink_to(tmp_path / "imports")
    (other / "round").symlink_to(warc)
    (other / "itself").symlink_to(other / "itself")
    assert warc_files(warc) == ("2025/11/b.warc.gz", "2026/a.warc.gz")
    assert open_files(warc) == ("2025/11/b.warc.gz",)
    assert dead_links(warc) == (warc / "2025/itself", warc / "imported")
    (tmp_path / "imports").mkdir()
    (tmp_path / "imports/d.arc").touch()
    assert imported_files(warc) == ("imported/d.arc",)
    assert warc_files(warc)[-1] == "imported/d.arc"
    assert clear(warc) == (warc / "2025/c.warc.gz.part",)


def test_a_folder_that_cannot_be_read_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("2025", "2026", "lost+found"):
        (tmp_path / name).mkdir()
    (tmp_path / "2026/a.warc.gz").touch()
    real = os.scandir

    def scandir(path: Path) -> object:
        if Path(path).name in closed:
            raise PermissionError(13, "Permission denied", str(path))
        return real(path)

    monkeypatch.setattr(os, "scandir", scandir)
    closed = {"lost+found"}  # a file system's own
    assert warc_files(tmp_path) == ("2026/a.warc.gz",)
    closed = {"2025"}
    for listing in (warc_files, open_files, clear):
        with pytest.raises(NotReadable, match="2025 cannot be read"):
            listing(tmp_path)
