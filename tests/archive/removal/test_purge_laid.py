"""Purges of what lies in files that somebody laid below ``warc/imported/``, about which no act says anything."""

from __future__ import annotations

from pathlib import Path

import pytest
from foreign_files import gzipped, warc_records
from withdrawn import is_sound, purged

from archive.entering import rewrites
from archive.store import Archive

SITE = "http://herald.example/"


class Killed(BaseException):
    """A kill: nothing catches it."""


@pytest.fixture
def laid(archive: Archive) -> Path:
    path = archive.warc_path / "imported" / "mine" / "a.warc.gz"
    path.parent.mkdir(parents=True)
    path.write_bytes(gzipped(warc_records()))
    archive.adopt()
    assert len(list(archive.captures())) == 3
    return path


def test_a_purge_leaves_the_other_captures_as_they_are_and_another_one_goes_on(laid: Path, archive: Archive) -> None:
    purged(archive, f"{SITE}quay")
    assert sorted(one.url for one in archive.captures()) == [f"{SITE}crane", f"{SITE}ferry"]
    is_sound(archive)
    purged(archive, f"{SITE}crane")
    assert [one.url for one in archive.captures()] == [f"{SITE}ferry"]
    is_sound(archive)


def test_a_purge_that_was_killed_is_gone_on_with(laid: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def killed(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(rewrites, "_enter", killed)
        with pytest.raises(Killed):
            purged(archive, f"{SITE}quay")
    assert not archive.verify().damaged
    purged(archive, f"{SITE}quay")
    assert sorted(one.url for one in archive.captures()) == [f"{SITE}crane", f"{SITE}ferry"]
    is_sound(archive)
