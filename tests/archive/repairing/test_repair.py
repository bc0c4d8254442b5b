"""Repairs: what can be proved is restored, what cannot is cut out, kept and known as lost."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
from collections.abc import Iterator
from pathlib import Path
from unittest import mock

import pytest
from contents import Rows, place, rows
from damaged import build, flip
from exchanges import attempt, exchange
from sqlalchemy import select

from archive.capture import Location
from archive.catalogue import holdings, losses, tables
from archive.catalogue.blocking import Target
from archive.catalogue.chains import REWRITE
from archive.catalogue.database import remove
from archive.crew import clean_pending
from archive.entering.importing import import_files
from archive.errors import DamagedRecord, NotFound, StorageFull
from archive.event import RunStarted
from archive.exchange import Role
from archive.removal.purge import purge
from archive.repairing.repair import Outcome, Repaired, repair
from archive.store import Archive
from archive.verification.verify import Verification
from archive.warc.finding import Severity
from archive.warc.places import is_foreign

EFFORT = 2**28


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """An archive of 36 captures in four files; the response of each capture by its id."""
    path = tmp_path_factory.mktemp("repair") / "NEWS"
    return path, build(path)


class Harmed:
    """A copy of that archive, to be harmed; ``file`` is one of its files, ``before`` what the catalogue had."""

    def __init__(self, archive: Archive, held: dict[str, bytes], number: int = 1) -> None:
        self.archive = archive
        self.held = held
        self.captures = {one.id: one for one in archive.captures()}
        self.before = rows(archive)
        self.file = archive.files()[number].file
        self.path = archive.warc_path / self.file
        self.content = self.path.read_bytes()
        self.in_file = [one for one in self.captures.values() if place(one).file == self.file]

    def repaired(self, *files: str) -> Repaired:
        return repair(self.archive, files, effort=EFFORT)

    def is_as_it_was(self) -> bool:
        assert self.path.read_bytes() == self.content
        return of_others(rows(self.archive)) == of_others(self.before)

    def check(self, lost: set[str], *, rebuilt: bool = True) -> None:
        """All but the lost captures are there byte for byte, and a rebuild from the files alone gives the same."""
        found = self.archive.verify()
        assert not [one for one in found.findings if not one.severity.harmless]
        assert {one.id for one in self.archive.captures()} == set(self.held)
        for one in self.archive.captures():
            if one.id in lost:
                with pytest.raises(DamagedRecord, match="lost to damage"):
                    one.block()
            else:
                assert one.block() == self.held[one.id]
        if not rebuilt:
            return
        before = rows(self.archive)
        self.archive.close()
        remove(self.archive.catalog.path)
        self.archive.rebuild()
        assert rows(self.archive) == before
        assert repair(self.archive) == Repaired()


@pytest.fixture
def harmed(sound: tuple[Path, dict[str, bytes]], tmp_path: Path) -> Iterator[Harmed]:
    path, held = sound
    shutil.copytree(path, tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as archive:
        yield Harmed(archive, held)


def of_others(found: Rows) -> Rows:
    """All rows but those of the files in which repairs tell what they did."""
    return {name: [row for row in some if "-repair.warc.gz" not in repr(row)] for name, some in found.items()}


def acts(archive: Archive) -> list[str]:
    return [one.act for one in holdings.acts(archive.catalog)]


def outcomes(done: Repaired) -> set[Outcome]:
    return {one.outcome for one in done.actions}


def overwrite(path: Path, offset: int, content: bytes) -> None:
    with path.open("r+b") as out:
        out.seek(offset)
        out.write(content)


def damage(path: Path, offset: int, length: int) -> None:
    """Noise over a range: nothing can restore that."""
    overwrite(path, offset, random.Random(offset).randbytes(length))


def losses_told(found: Verification) -> str:
    return "\n".join(one.message for one in found.findings if one.rule == "loss")


def test_a_sound_archive_is_left_as_it_is(harmed: Harmed) -> None:
    assert harmed.repaired() == Repaired()
    assert harmed.is_as_it_was()
    assert len(harmed.archive.runs()) == 4


@pytest.mark.parametrize(
    "where", ["response", "head", "request", "metadata", "checksum", "length", "modified", "flags"]
)
def test_a_turned_bit_is_turned_back(harmed: Harmed, where: str) -> None:
    response = place(harmed.in_file[2])
    start, end = response.offset, response.offset + response.length
    following = place(harmed.in_file[3]).offset
    byte = {
        "response": end - 40,
        "head": start + 30,
        "request": end + 100,
        "metadata": following - 60,
        "checksum": end - 6,
        "length": end - 2,
        "modified": start + 5,
        "flags": start + 3,
    }[where]
    flip(harmed.path, byte * 8)
    assert harmed.archive.verify().damaged
    done = harmed.repaired()
    assert outcomes(done) == {Outcome.RESTORED}
    assert done.whole
    assert harmed.is_as_it_was()
    assert harmed.archive.verify().findings == ()
    assert not harmed.archive.quarantine_path.exists()
    repaired, rewritten = holdings.acts(harmed.archive.catalog)
    assert (repaired.act, repaired.first("file"), repaired.first("lost")) == ("repair", harmed.file, None)
    assert json.loads(repaired.first("restored") or "")["length"] > 0
    assert (rewritten.act, rewritten.first("reason")) == ("rewrite", "repair")
    assert rewritten.first("serves") == repaired.id
    assert repaired.first("closed") == rewritten.first("is") != rewritten.first("was")
    assert rewritten.first("is-size") == rewritten.first("was-size") == str(len(harmed.content))


def test_what_verify_says_of_bytes_that_no_checksum_covers(harmed: Harmed) -> None:
    flip(harmed.path, (place(harmed.in_file[2]).offset + 5) * 8)
    (found,) = harmed.archive.verify().findings
    assert "all records are whole" in found.message


def test_what_cannot_be_restored_is_cut_out_kept_and_known_as_lost(harmed: Harmed) -> None:
    victim = harmed.in_file[2]
    damage(harmed.path, place(victim).offset + 20, 60)
    torn = harmed.path.read_bytes()
    done = harmed.repaired()
    assert done.lost == (victim.url,)
    (cut,) = done.actions
    assert (cut.outcome, cut.offset, cut.length) == (Outcome.CUT, place(victim).offset, place(victim).length)
    kept = harmed.archive.quarantine_path / str(cut.kept)
    assert kept.read_bytes() == torn[cut.offset : cut.offset + cut.length]
    report = json.loads(kept.with_suffix(".json").read_text())
    assert (report["file"], report["offset"], report["bytes"]) == (harmed.file, cut.offset, cut.length)
    act, rewritten = holdings.acts(harmed.archive.catalog)
    assert (act.act, rewritten.act) == (losses.REPAIR, REWRITE)
    assert (act.first("file"), act.first("closed") is None) == (harmed.file, False)
    assert (rewritten.first("serves"), rewritten.first("was-size")) == (act.id, str(len(torn)))
    assert rewritten.first("is-size") == str(len(torn) - cut.length)
    assert victim.url in losses_told(harmed.archive.verify())
    again = harmed.archive.capture(victim.id)
    assert place(again) == Location(f"quarantine/{cut.kept}", 0, cut.length)
    harmed.check({victim.id})


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


def test_a_metadata_record_is_made_again(harmed: Harmed) -> None:
    following = place(harmed.in_file[3]).offset
    damage(harmed.path, following - 100, 60)
    done = harmed.repaired()
    assert done.lost == ()
    assert outcomes(done) == {Outcome.CUT, Outcome.AGAIN}
    found = {one.id: one for one in harmed.archive.captures()}
    assert [(one.site, one.role, one.run, one.via) for one in found.values()] == [
        (one.site, one.role, one.run, one.via) for one in harmed.captures.values()
    ]
    harmed.check(set())


def test_without_the_catalogue_the_metadata_says_what_the_record_says(harmed: Harmed) -> None:
    damage(harmed.path, place(harmed.in_file[3]).offset - 100, 60)
    harmed.archive.close()
    remove(harmed.archive.catalog.path)
    done = repair(harmed.archive, effort=EFFORT)
    assert done.rebuilt
    assert outcomes(done) == {Outcome.CUT, Outcome.AGAIN}
    again = harmed.archive.capture(harmed.in_file[2].id)
    assert (again.url, again.at, again.site) == (harmed.in_file[2].url, harmed.in_file[2].at, None)
    harmed.check(set())


def test_everything_of_a_file_but_its_answers_is_made_again(harmed: Harmed) -> None:
    damage(harmed.path, 20, place(harmed.in_file[0]).offset - 40)  # warcinfo, beginning of the run, configuration
    started = list(harmed.archive.runs())
    done = harmed.repaired()
    assert done.lost == ()
    said = " ".join(one.said for one in done.actions)
    assert "the warcinfo record" in said
    assert "the configuration of courier" in said
    assert [one for one in harmed.archive.runs() if one.command != "repair"] == started
    with harmed.archive.catalog.reading() as connection:
        marks = [one for one in holdings.marks(connection) if isinstance(one, RunStarted)]
        assert {bytes(one.body) for one in connection.execute(select(tables.sites))} == {b'{"host":"courier.example"}'}
    assert len(marks) == 5  # with that of the repair
    harmed.check(set())


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


def test_only_the_named_files_are_repaired(harmed: Harmed) -> None:
    other = harmed.archive.warc_path / harmed.archive.files()[2].file
    flip(harmed.path, 5000)
    flip(other, 5000)
    done = harmed.repaired(f"warc/{harmed.file}")
    assert {one.file for one in done.actions} == {harmed.file}
    assert harmed.archive.verify().damaged
    assert harmed.repaired().whole
    assert harmed.archive.verify().findings == ()
    with pytest.raises(NotFound):
        harmed.repaired("no-such-file.warc.gz")


def test_a_dry_run_says_the_same_and_changes_nothing(harmed: Harmed) -> None:
    flip(harmed.path, 5000)
    damage(harmed.path, place(harmed.in_file[4]).offset + 20, 60)
    before = {path: path.read_bytes() for path in harmed.archive.path.rglob("*.warc*") if path.is_file()}
    said = repair(harmed.archive, dry_run=True, effort=EFFORT)
    assert {path: path.read_bytes() for path in before} == before
    assert not harmed.archive.quarantine_path.exists()
    done = harmed.repaired()
    assert said == done


def test_a_catalogue_at_odds_with_the_files_is_made_again(harmed: Harmed) -> None:
    with harmed.archive.catalog.writing() as connection:
        connection.execute(tables.captures.delete().where(tables.captures.c.id == harmed.in_file[0].id))
    assert harmed.repaired().rebuilt
    assert rows(harmed.archive) == harmed.before
    assert harmed.archive.verify().findings == ()


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


def test_a_request_of_an_attempt_is_made_again(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS") as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange("a", role=Role.FEED))
            writer.add_attempt(attempt())
        (stored,) = archive.attempts()
        assert stored.location is not None
        damage(archive.warc_path / stored.location.file, stored.location.offset - 60, 40)
        done = repair(archive, effort=EFFORT)
        assert [one.said for one in done.actions if one.outcome is Outcome.AGAIN] == [
            "the request of the attempt at https://courier.example/gone"
        ]
        assert next(archive.attempts()).attempt == stored.attempt
        assert archive.verify().findings[0].rule == "loss"


@pytest.mark.parametrize("durable", range(0, 16, 2))
def test_a_full_disk_leaves_everything_as_it_was_and_it_can_be_done_again(harmed: Harmed, durable: int) -> None:
    """The disk takes what is made durable so many times; from then on nothing."""
    damage(harmed.path, place(harmed.in_file[1]).offset + 20, 60)
    torn = harmed.path.read_bytes()
    fsync, replace = os.fsync, Path.replace
    left, replaced = durable, False

    def full(descriptor: int) -> None:
        nonlocal left
        left -= 1
        if left < 0:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        fsync(descriptor)

    def noted(path: Path, target: Path) -> Path:
        nonlocal replaced
        replaced = replaced or target == harmed.path
        return replace(path, target)

    with (
        mock.patch.object(os, "fsync", full),
        mock.patch.object(Path, "replace", noted),
        contextlib.suppress(StorageFull),
    ):
        harmed.repaired()
    assert left < 0, "the disk was not full"
    assert replaced or harmed.path.read_bytes() == torn
    assert not list(harmed.archive.path.rglob("*.part"))
    harmed.repaired()
    assert acts(harmed.archive) == [losses.REPAIR, REWRITE]
    harmed.check({harmed.in_file[1].id})


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


@pytest.mark.slow
def test_the_text_of_a_lost_capture_stays(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "NEWS") as archive:
        with archive.writer("crawl") as writer:
            for minute, name in enumerate("abc"):
                writer.add(exchange(name, minute))
        clean_pending(archive, workers=1)
        texts = [one.text for one in archive.entries()]
        lost = place(list(archive.captures())[1])
        damage(archive.warc_path / lost.file, lost.offset + 30, 60)
        assert repair(archive, effort=EFFORT).lost == ("https://courier.example/b",)
        assert [one.text for one in archive.entries()] == texts
        assert not archive.text_jobs()
        archive.rebuild()
        assert [one.text for one in archive.entries()] == texts
        assert archive.count_waiting() == (0, 0)
        assert {one.rule for one in archive.verify(deep=True).findings} == {"loss"}


@pytest.fixture(scope="module")
def small(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    path = tmp_path_factory.mktemp("small") / "NEWS"
    return path, build(path, captures=24, files=3, largest=4.0)


@pytest.mark.slow
@pytest.mark.parametrize("part", range(8))
@pytest.mark.parametrize("kind", ["bit", "truncation"])
def test_whatever_is_hit_is_found_and_costs_nothing_else(
    small: tuple[Path, dict[str, bytes]], tmp_path: Path, kind: str, part: int
) -> None:
    """200 turned bits and 200 truncations in all; benchmarks/damage.py does any number."""
    path, held = small
    shutil.copytree(path, tmp_path / "NEWS")
    for seed in range(part * 25, part * 25 + 25):
        chance = random.Random(f"{kind} {seed}")
        with Archive.open(tmp_path / "NEWS") as archive:
            harmed = Harmed(archive, held, chance.randrange(3))
            end = len(harmed.content)
            if kind == "bit":
                flip(harmed.path, chance.randrange(end * 8))
                assert archive.verify().damaged
                assert harmed.repaired().whole
                assert harmed.is_as_it_was()
                assert archive.verify().findings == ()
                continue
            end = chance.randrange(end)
            os.truncate(harmed.path, end)
            assert archive.verify().damaged
            harmed.repaired()
            lost = {one.id for one in harmed.in_file if place(one).offset + place(one).length > end}
            harmed.check(lost, rebuilt=seed % 5 == 0)
        shutil.rmtree(tmp_path / "NEWS")
        shutil.copytree(path, tmp_path / "NEWS")
