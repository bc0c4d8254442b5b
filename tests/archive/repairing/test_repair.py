"""Repairs: what can be proved is restored, what cannot is cut out, kept and known as lost."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import random
import shutil
import zlib
from pathlib import Path
from unittest import mock

import pytest
from contents import place, rows
from damaged import build, flip
from exchanges import attempt, exchange
from sqlalchemy import select

from archive.capture import Location
from archive.catalogue import holdings, losses, tables
from archive.catalogue.chains import REWRITE
from archive.catalogue.database import remove
from archive.crew import clean_pending
from archive.errors import NotFound, StorageFull
from archive.event import RunStarted
from archive.exchange import Role
from archive.repairing.repair import Outcome, Repaired, repair
from archive.store import Archive

from .harmed import EFFORT, Harmed, acts, damage, losses_told, outcomes


def test_a_sound_archive_is_left_as_it_is(harmed: Harmed) -> None:
    assert harmed.repaired() == Repaired()
    assert harmed.is_as_it_was()
    assert len(harmed.archive.runs()) == 4


@pytest.mark.parametrize(
    "where", ["response", "head", "request", "metadata", "checksum", "length", "modified", "flags", "padding"]
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
    }.get(where, 0)
    flip(harmed.path, padding(harmed.content) if where == "padding" else byte * 8)
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


def padding(content: bytes) -> int:
    """A bit behind the end of some member's packed content, which fills its byte and means nothing."""
    end = 0
    while content[end:]:
        inflate = zlib.decompressobj(31)
        inflate.decompress(content[end:])
        end = len(content) - len(inflate.unused_data)
        if content[end - 9] < 0x80:
            break
    return (end - 9) * 8 + 7


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
