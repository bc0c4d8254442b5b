"""How records are written, by setting: every form is read, verified and made again alike."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import exchange

from archive.errors import ConfigurationError
from archive.exchange import Role
from archive.store import Archive
from archive.warc.paths import resolve
from archive.warc.reader import read_records


def opened(path: Path, settings: str) -> Archive:
    """The archive in a directory, made where it is missing, with other settings for its WARC files."""
    if not path.exists():
        Archive.create(path).close()
    told = path / "archive.toml"
    told.write_text(f"{told.read_text().partition('[warc]')[0].removesuffix('# ')}\n[warc]\n{settings}\n")
    return Archive.open(path)


@pytest.mark.parametrize("level", [0, 1, 3])
@pytest.mark.parametrize("algorithm", ["sha1", "sha256"])
def test_every_form_is_read_verified_and_made_again_alike(tmp_path: Path, level: int, algorithm: str) -> None:
    with opened(tmp_path / "NEWS", f'level = {level}\ndigest = "{algorithm}"') as archive:
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            made = writer.add(exchange(role=Role.FEED))
        assert made.location
        for record in read_records(resolve(archive.warc_path, made.location.file)):
            for name in ("WARC-Block-Digest", "WARC-Payload-Digest"):
                assert all(value.startswith(f"{algorithm}:") for value in record.fields.all(name))
            assert record.fields.first("WARC-Block-Digest")
        assert (made.payload_digest or "").startswith(f"{algorithm}:")
        assert list(archive.captures()) == [made]
        assert archive.verify().findings == ()
        archive.rebuild()
        assert list(archive.captures()) == [made]


def test_lower_levels_take_more_room(tmp_path: Path) -> None:
    lengths = []
    for level in (0, 3):
        with opened(tmp_path / str(level), f"level = {level}") as archive, archive.writer("crawl") as writer:
            location = writer.add(exchange(sentence="The quay is open again. " * 400)).location
            assert location
            lengths.append(location.length)
    assert lengths[0] > lengths[1]


def test_captures_of_both_algorithms_live_in_one_archive(tmp_path: Path) -> None:
    """A payload is known again by its digest: of another algorithm it is stored whole once more."""
    captures = []
    for minute, algorithm in enumerate(("sha256", "sha1", "sha1")):
        with opened(tmp_path / "NEWS", f'digest = "{algorithm}"') as archive, archive.writer("crawl") as writer:
            one = exchange("a", minute, role=Role.FEED)
            captures.append(writer.add(replace(one, origin=replace(one.origin, site="courier"))))
    with Archive.open(tmp_path / "NEWS") as archive:
        assert archive.verify().findings == ()
        assert [capture.block() for capture in archive.captures()][:2] == [capture.block() for capture in captures[:2]]
    assert [capture.kind for capture in captures[:2]] == ["response", "response"]


@pytest.mark.parametrize("settings", ["level = 4", "level = -1", 'digest = "md5"'])
def test_what_is_no_form_is_refused(tmp_path: Path, settings: str) -> None:
    with pytest.raises(ConfigurationError, match=r"warc\."):
        opened(tmp_path / "NEWS", settings)
