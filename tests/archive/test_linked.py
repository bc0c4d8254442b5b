"""Folders of WARC files that lie elsewhere, behind a link below ``warc/``."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest
from exchanges import exchange

from archive.blocking import Target
from archive.errors import NotReadable
from archive.store import Archive
from archive.takedown import take_down


def behind_a_link(archive: Archive, elsewhere: Path) -> Path:
    """Moves the first folder below ``warc/`` away, and leaves a link."""
    folder = next(iter(archive.warc_path.iterdir()))
    shutil.move(folder, elsewhere)
    folder.symlink_to(elsewhere)
    return folder


def test_all_that_lies_behind_a_link_is_accounted_for(tmp_path: Path, archive: Archive) -> None:
    url = "https://courier.example/a"
    with archive.writer("crawl") as writer:
        writer.add(exchange("a", 0))
        writer.add(exchange("b", 1))
    take_down(archive, Target.of(url), given=url, reason="court order")
    folder = behind_a_link(archive, tmp_path / "other")
    (file,) = (tmp_path / "other").rglob("*00001-worker.warc.gz")
    file.rename(f"{file}.open")  # as a writer leaves it that was killed
    archive.adopt()
    assert file.exists(), "it was recovered"
    assert archive.verify().files == 2
    damaged = bytearray(file.read_bytes())
    damaged[-40] ^= 255
    file.write_bytes(damaged)
    assert archive.verify().damaged
    archive.rebuild()
    assert archive.count() == (1, 0), "what was taken down is so after a rebuild"
    (tmp_path / "other").rename(tmp_path / "away")
    with pytest.raises(NotReadable, match=f"{folder} leads nowhere"):
        archive.rebuild()
    assert archive.count() == (1, 0)
