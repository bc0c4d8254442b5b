"""Folders of WARC files, and single ones, that lie elsewhere, behind a link below ``warc/``."""

from __future__ import annotations

import errno
import gzip
import shutil
from pathlib import Path

import pytest
from exchanges import exchange
from withdrawn import URL, WORDS, found, is_sound, purged, secret

from archive.catalogue.blocking import Target
from archive.errors import NotReadable, PresskeepError
from archive.removal.takedown import take_down
from archive.store import Archive
from archive.warc import rewriting
from archive.warc.finding import Rule


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


@pytest.fixture
def linked(tmp_path: Path, archive: Archive) -> Path:
    """The archive's only file lies elsewhere, and holds a page that is to go; the link to it."""
    with archive.writer("crawl") as writer:
        writer.add(secret())
        writer.add(exchange("b", 1))
    archive.close()
    (file,) = archive.warc_path.rglob("*.warc.gz")
    elsewhere = tmp_path / "disk" / "kept.warc.gz"
    elsewhere.parent.mkdir()
    shutil.move(file, elsewhere)
    file.symlink_to(elsewhere)
    return file


def test_a_purge_removes_the_bytes_from_the_file_that_a_link_names(linked: Path, archive: Archive) -> None:
    elsewhere = linked.resolve()
    purged(archive)
    assert linked.is_symlink()
    assert [one.name for one in elsewhere.parent.iterdir()] == [elsewhere.name]
    assert not any(word in gzip.decompress(elsewhere.read_bytes()) for word in WORDS)
    assert not found(archive)
    is_sound(archive)


def test_a_purge_says_where_it_cannot_write_behind_a_link_and_is_gone_on_with(
    linked: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    def refused(*_: object) -> None:
        raise PermissionError(errno.EACCES, "Permission denied")

    with monkeypatch.context() as patched:
        patched.setattr(rewriting, "made", refused)
        with pytest.raises(PresskeepError, match="put the file itself in the place of the link"):
            purged(archive)
    assert linked.is_symlink()
    assert any(one.rule is Rule.PURGE for one in archive.verify().findings)
    purged(archive)
    assert not found(archive)
    assert URL not in {one.url for one in archive.captures()}
    is_sound(archive)


def test_what_a_killed_rewriting_left_behind_a_link_goes_with_the_next_one(linked: Path, archive: Archive) -> None:
    left = linked.resolve().with_name(f"{linked.resolve().name}.part")
    left.write_bytes(b"half of it")
    purged(archive)
    assert not left.exists()
