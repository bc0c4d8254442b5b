"""Damage to closed WARC files: each is detected, and takes away nothing but what it hit."""

from __future__ import annotations

import os
import random
from collections.abc import Iterator
from pathlib import Path

import pytest
from contents import place
from damaged import build, flip
from exchanges import exchange

from archive.catalogue.database import remove
from archive.crew import clean_pending
from archive.entering.rebuild import Rebuilt
from archive.errors import DamagedRecord
from archive.exchange import Role
from archive.store import Archive
from archive.verification.verify import Verification
from archive.warc.finding import Severity


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    """An archive of one closed file with ten captures, which are not to be cleaned, and an attempt."""
    build(tmp_path / "NEWS", captures=10, files=1, largest=2.8)
    with Archive.open(tmp_path / "NEWS") as made:
        yield made


def only_file(archive: Archive) -> Path:
    (file,) = archive.files()
    return archive.warc_path / file.file


def rebuilt_from_files_alone(archive: Archive) -> Rebuilt:
    archive.close()
    remove(archive.catalog.path)
    return archive.rebuild()


def harmed(found: Verification) -> set[str]:
    return {one.rule for one in found.findings if one.severity is Severity.DAMAGED}


@pytest.mark.parametrize("seed", range(25))
def test_a_flipped_bit_is_detected_and_takes_away_what_it_hit_alone(archive: Archive, seed: int) -> None:
    path, before = only_file(archive), list(archive.captures())
    sound = path.read_bytes()
    bit = random.Random(seed).randrange(len(sound) * 8)
    flip(path, bit)
    found = archive.verify()
    assert "file" in harmed(found)
    assert any("its checksum differs" in one.message for one in found.findings)
    hit = [one for one in before if place(one).offset <= bit // 8 < place(one).offset + place(one).length]
    # With a catalogue, nothing is forgotten, and a backup of the file puts all right.
    done = archive.rebuild()
    assert list(archive.captures()) == before
    assert ("file" in harmed(archive.verify())) is bool(done.damaged)
    assert done.lost <= 1
    damaged = path.read_bytes()
    path.write_bytes(sound)
    assert not (archive.verify().damaged and done.damaged)
    # Without one, all is found that was not hit; bits in the heads of gzip members may mean nothing.
    path.write_bytes(damaged)
    done = rebuilt_from_files_alone(archive)
    ids = {one.id for one in archive.captures()}
    assert ids >= {one.id for one in before if one not in hit}
    assert done.damaged or ids == {one.id for one in before}
    assert all(gap.offset <= bit // 8 < gap.end for gap in done.damaged)
    for one in archive.captures():
        if one.id not in {capture.id for capture in hit}:
            assert one.block()


@pytest.mark.parametrize("seed", range(15))
def test_a_truncated_file_gives_what_is_whole(archive: Archive, seed: int) -> None:
    path, before = only_file(archive), list(archive.captures())
    end = random.Random(seed).randrange(1, path.stat().st_size)
    os.truncate(path, end)
    found = archive.verify()
    assert "file" in harmed(found)
    kept = {one.id for one in before if place(one).offset + place(one).length <= end}
    archive.rebuild()
    assert list(archive.captures()) == before
    assert archive.verify().damaged
    done = rebuilt_from_files_alone(archive)
    assert {one.id for one in archive.captures()} == kept
    assert all(gap.end == end for gap in done.damaged)


def test_what_the_catalogue_has_of_a_missing_file_is_kept_and_named(archive: Archive) -> None:
    before = list(archive.captures())
    content = only_file(archive).read_bytes()
    path = only_file(archive)
    path.unlink()
    done = archive.rebuild()
    assert done.lost == len(before) + 1 + 3  # the attempt, two marks and the site's configuration
    assert list(archive.captures()) == before
    assert harmed(archive.verify()) == {"file"}
    path.write_bytes(content)
    assert archive.verify().findings == ()
    assert archive.rebuild().lost == 0


def test_a_file_that_has_another_name_now_is_not_lost(archive: Archive) -> None:
    path = only_file(archive)
    path.rename(path.with_name("renamed.warc.gz"))
    done = archive.rebuild()
    assert done.captures == 10
    assert {place(one).file.rpartition("/")[2] for one in archive.captures()} == {"renamed.warc.gz"}
    assert len(archive.runs()) == 1
    assert not archive.verify().damaged


def test_a_capture_whose_metadata_is_damaged_keeps_its_bytes_and_what_the_catalogue_said(archive: Archive) -> None:
    path, before = only_file(archive), list(archive.captures())
    next_one, block = place(before[4]).offset, before[3].block()
    content = bytearray(path.read_bytes())
    content[next_one - 20] ^= 0xFF  # in the metadata of the fourth
    path.write_bytes(content)
    archive.rebuild()
    assert list(archive.captures()) == before
    rebuilt_from_files_alone(archive)
    again = archive.capture(before[3].id)
    assert (again.url, again.at, again.site, again.role) == (before[3].url, before[3].at, None, Role.OTHER)
    assert again.block() == block
    assert [one for one in archive.captures() if one.id != again.id] == [one for one in before if one.id != again.id]


@pytest.mark.slow
def test_the_text_of_a_lost_capture_is_kept(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS") as archive:
        with archive.writer("crawl") as writer:
            for name in "abc":
                writer.add(exchange(name))
        clean_pending(archive, workers=1)
        texts = list(archive.entries())
        path = only_file(archive)
        content = bytearray(path.read_bytes())
        lost = place(texts[1].capture)
        content[lost.offset + lost.length // 2] ^= 0xFF
        path.write_bytes(content)
        done = archive.rebuild()
        assert (done.lost, len(done.damaged), done.texts.done) == (1, 1, 2)
        assert list(archive.entries()) == texts
        with pytest.raises(DamagedRecord):
            texts[1].capture.block()
        assert archive.verify().damaged
