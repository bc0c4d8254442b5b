"""A purge of a file that has two names below warc/ is refused until it has one: nothing would be gone for sure."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from exchanges import exchange
from withdrawn import is_sound, purged

from archive.errors import ConfigurationError
from archive.store import Archive
from archive.warc.paths import second_names

URL = "https://courier.example/secret"


@pytest.mark.parametrize("link", [os.link, os.symlink])
@pytest.mark.parametrize("entered", [True, False])
def test_it_is_refused_and_done_once_one_name_is_gone(tmp_path: Path, link: type, *, entered: bool) -> None:
    with Archive.create(tmp_path / "NEWS", contact="tests@example.org") as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange("secret"))
            writer.add(exchange("crane", 1))
        (file,) = archive.files()
        path = archive.warc_path / file.file
        other = path.with_name(f"Z-{path.name}")
        link(path, other)
        if entered:
            archive.adopt()
        content = path.read_bytes()
        with pytest.raises(ConfigurationError, match=r"are one file\. Remove one of the two names"):
            purged(archive, URL)
        assert not list(archive.captures(url=URL)), "it is blocked at once"
        assert path.read_bytes() == content
        other.unlink()
        archive.rebuild()
        purged(archive, URL)
        assert [one.url for one in archive.captures()] == ["https://courier.example/crane"]
        is_sound(archive)


def test_links_to_folders_and_to_files_elsewhere_are_no_second_names(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS", contact="tests@example.org") as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange("secret"))
        (file,) = archive.files()
        path = archive.warc_path / file.file
        there = tmp_path / "disk" / path.name
        there.parent.mkdir()
        path.rename(there)
        path.symlink_to(there)
        os.link(there, tmp_path / "backup")
        (archive.warc_path / "again").symlink_to(path.parent)
        assert second_names(archive.warc_path) == ()
        purged(archive, URL)
        assert path.is_symlink()
        assert list(archive.captures()) == []
