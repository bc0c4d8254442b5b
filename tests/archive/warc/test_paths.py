"""Names of WARC files."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import DamagedRecord
from archive.warc.paths import fresh_name, open_files, resolve, warc_files

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
