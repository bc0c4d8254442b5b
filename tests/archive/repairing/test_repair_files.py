"""Repairs of files as a whole: cut, too long, missing, brought back from a backup, imported."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import pytest
from contents import place, rows
from damaged import flip
from exchanges import exchange

from archive.catalogue import losses
from archive.catalogue.blocking import Target
from archive.catalogue.chains import REWRITE
from archive.entering.importing import import_files
from archive.errors import DamagedRecord
from archive.removal.purge import purge
from archive.repairing.repair import Outcome
from archive.store import Archive
from archive.warc.finding import Severity
from archive.warc.places import is_foreign

from .harmed import Harmed, acts, damage, losses_told, of_others, outcomes


def test_a_file_that_comes_back_from_a_backup_is_as_it_was(harmed: Harmed) -> None:
    damage(harmed.path, place(harmed.in_file[2]).offset + 20, 5000)
    assert len(harmed.repaired().lost) > 1
    harmed.path.write_bytes(harmed.content)
    done = harmed.repaired()
    assert outcomes(done) == {Outcome.ENTERED}
    assert done.whole
    found = harmed.archive.verify()
    assert found.findings == ()
    assert {one.id: one for one in harmed.archive.captures()} == harmed.captures
    harmed.check(set())


def test_a_truncated_file_loses_what_lay_behind(harmed: Harmed) -> None:
    last = harmed.in_file[-3]
    os.truncate(harmed.path, place(last).offset + 50)
    done = harmed.repaired()
    assert set(done.lost) == {one.url for one in harmed.in_file[-3:]}
    assert any("the attempt at" in one.said for one in done.actions if one.outcome is Outcome.AGAIN)
    assert any("a mark of the run" in one.said for one in done.actions if one.outcome is Outcome.AGAIN)
    attempts = [one.attempt for one in harmed.archive.attempts()]
    assert len(attempts) == 4
    harmed.check({one.id for one in harmed.in_file[-3:]})


def test_a_file_cut_between_two_records_is_told_from_a_whole_one(harmed: Harmed) -> None:
    os.truncate(harmed.path, place(harmed.in_file[-1]).offset)
    done = harmed.repaired()
    assert done.lost == (harmed.in_file[-1].url,)
    assert [one.kept for one in done.actions] == [None] * len(done.actions)
    assert not harmed.archive.quarantine_path.exists()  # there is nothing to keep
    said = losses_told(harmed.archive.verify())
    assert "the bytes from here on were gone" in said
    assert "quarantine" not in said
    with pytest.raises(DamagedRecord, match="no byte of it is left"):
        harmed.archive.capture(harmed.in_file[-1].id).block()
    harmed.check({harmed.in_file[-1].id})


def test_bytes_behind_the_end_of_a_closed_file_are_taken_away(harmed: Harmed) -> None:
    with harmed.path.open("ab") as out:
        out.write(b"more" * 100)
    done = harmed.repaired()
    assert (outcomes(done), done.whole) == ({Outcome.RESTORED}, True)
    assert harmed.is_as_it_was()
    assert [one.read_bytes() for one in harmed.archive.quarantine_path.glob("*.bytes")] == [b"more" * 100]


def test_a_missing_file_is_left_until_it_is_given_up(harmed: Harmed) -> None:
    harmed.path.unlink()
    done = harmed.repaired()
    assert (outcomes(done), done.whole, done.lost) == ({Outcome.LEFT}, False, ())
    assert rows(harmed.archive) == harmed.before
    done = harmed.repaired(harmed.file)
    assert set(done.lost) == {one.url for one in harmed.in_file}
    assert not harmed.archive.quarantine_path.exists()
    found = harmed.archive.verify()
    assert {one.severity for one in found.findings} == {Severity.NOTE}
    harmed.path.write_bytes(harmed.content)
    harmed.archive.adopt()
    assert {one.id: one for one in harmed.archive.captures()} == harmed.captures
    harmed.check(set())


def test_two_repairs_of_one_file_and_a_backup_of_it(harmed: Harmed) -> None:
    damage(harmed.path, place(harmed.in_file[1]).offset + 20, 60)
    first = harmed.repaired()
    now = {one.id: one for one in harmed.archive.captures()}[harmed.in_file[5].id]
    damage(harmed.path, place(now).offset + 20, 60)
    second = harmed.repaired()
    assert (first.lost, second.lost) == ((harmed.in_file[1].url,), (harmed.in_file[5].url,))
    harmed.check({harmed.in_file[1].id, harmed.in_file[5].id})
    harmed.path.write_bytes(harmed.content)
    assert outcomes(harmed.repaired()) == {Outcome.ENTERED}
    harmed.check(set())


def test_an_older_copy_does_not_bring_back_what_was_purged(harmed: Harmed) -> None:
    damage(harmed.path, place(harmed.in_file[1]).offset + 20, 60)
    harmed.repaired()
    purge(harmed.archive, Target.of(harmed.in_file[5].url), given="x", reason="asked for")
    harmed.path.write_bytes(harmed.content)
    done = harmed.repaired()
    assert outcomes(done) == {Outcome.RETURNED}
    assert "had removed from this file is in it again: purge again" in done.actions[0].said
    assert harmed.in_file[5].id not in {one.id for one in harmed.archive.captures()}


def test_an_imported_file_is_restored_or_left_as_it_is(harmed: Harmed, sound: tuple[Path, dict[str, bytes]]) -> None:
    source = harmed.archive.path.parent / "other.warc.gz"
    with Archive.create(harmed.archive.path.parent / "OTHER") as other:
        with other.writer("crawl") as writer:
            for number in range(4):
                writer.add(exchange(f"other-{number}", number))
        shutil.copy(other.warc_path / other.files()[0].file, source)
    assert list(import_files(harmed.archive, [source]))
    (name,) = [one.file for one in harmed.archive.files() if is_foreign(one.file)]
    path, content = harmed.archive.warc_path / name, source.read_bytes()
    before = rows(harmed.archive)
    flip(path, 3000 * 8)
    done = harmed.repaired()
    assert (outcomes(done), done.whole) == ({Outcome.RESTORED}, True)
    assert path.read_bytes() == content
    damage(path, 700, 60)
    torn = path.read_bytes()
    assert outcomes(harmed.repaired()) == {Outcome.LEFT}
    assert path.read_bytes() == torn
    assert of_others(rows(harmed.archive)) == before
    assert acts(harmed.archive) == ["import", losses.REPAIR, REWRITE]
