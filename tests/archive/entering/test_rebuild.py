"""Rebuilding: the same catalogue and the same texts, from the WARC files alone, in one step."""

from __future__ import annotations

import contextlib
import os
import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from exchanges import OTHER, SENTENCE, attempt, exchange
from sqlalchemy import select

from archive.article import Article, CaptureRef, Provenance, canonical_json
from archive.catalogue import database, tables
from archive.catalogue.blocking import Target
from archive.catalogue.database import Catalog
from archive.catalogue.tables import DERIVED, about, pending
from archive.crew import clean_pending
from archive.entering.rebuild import SUFFIX
from archive.errors import ArchiveBusy, ConfigurationError, DamagedRecord, NotAnArchive, StorageFull
from archive.exchange import NoAnswer, Role
from archive.removal.takedown import take_down
from archive.store import Archive

Dump = dict[str, list[tuple[Any, ...]]]


def dump(archive: Archive) -> Dump:
    """All that a rebuild must make again, row by row."""
    with archive.catalog.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in (*DERIVED, pending)
        }


def parquet(archive: Archive) -> dict[str, bytes]:
    return {
        str(path.relative_to(archive.text_path)): path.read_bytes() for path in archive.text_path.rglob("*.parquet")
    }


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive of several runs, sites, files and editions, with all kinds of events; closed."""
    path = tmp_path_factory.mktemp("rebuild") / "NEWS"
    Archive.create(path, contact="tests@example.org").close()
    told = path / "archive.toml"
    told.write_text(f"{told.read_text()}\n[cleaning]\nworkers = 1  # each takes a second to start\n")
    with Archive.open(path) as archive:
        sites = {"courier": b'{"host":"courier.example"}', "gazette": b"{}"}
        with archive.writer("crawl", sites, worker="one") as first:
            with archive.writer("crawl", sites, run=first.run, worker="two") as second:
                second.add(exchange("b", 1, site="gazette"))
                second.add(exchange("feed", 1, role=Role.FEED))
            first.add(exchange("a", 0))
            first.add(exchange("gone", 0, status=404))
            first.add_attempt(attempt("x", 2, NoAnswer.DNS))
        clean_pending(archive)
        for minute, sentence in ((10, SENTENCE), (20, OTHER), (30, SENTENCE)):
            with archive.writer("crawl") as later:
                later.add(exchange("a", minute, sentence=sentence))
        child = os.fork()
        if child == 0:
            writer = archive.writer("crawl", sites)
            writer.add(exchange("late", 40))
            writer.add_attempt(attempt("y", 41))
            os._exit(9)
        os.waitpid(child, 0)
        archive.adopt()
        clean_pending(archive)
        archive.compact()
    return path


@pytest.fixture
def copy(original: Path, tmp_path: Path) -> Iterator[Archive]:
    shutil.copytree(original, tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as archive:
        yield archive


@pytest.mark.slow
def test_what_was_only_decided_is_no_run(copy: Archive) -> None:
    take_down(copy, Target.of("https://courier.example/a"), given="a", reason="a test")
    take_down(copy, Target.of("https://courier.example/b"), given="b", reason="a test")
    assert len(copy.runs()) == 7
    assert copy.rebuild().runs == 5


def test_a_rebuild_gives_the_same(copy: Archive) -> None:
    before, files, runs = dump(copy), parquet(copy), copy.runs()
    assert [one.edition for one in copy.entries(url="https://courier.example/a")] == [1, 1, 2, 3]
    heard: list[tuple[int, int, str]] = []
    done = copy.rebuild(lambda *said: heard.append(said))
    assert dump(copy) == before
    assert copy.runs() == runs
    assert parquet(copy) == files
    assert done.captures == len(before["captures"]) == 8
    assert done.attempts == 2
    assert done.runs == 5
    assert done.texts.verdicts == {"article": 6, "http-error": 1}
    assert done.damaged == ()
    assert heard[-1] == (7, 7, "texts")
    assert max(said for said in heard if said[2] == "records") == (done.bytes, done.bytes, "records")
    assert not copy.verify(deep=True).findings
    assert not list(copy.path.glob(f"*{SUFFIX}*"))


def _garbage(path: Path) -> None:
    path.write_bytes(b"not a database " * 5000)
    path.with_name("catalog.sqlite-wal").write_bytes(b"nor a log")


def _older(path: Path) -> None:
    with sqlite3.connect(path) as connection:
        connection.execute("UPDATE about SET value = '0' WHERE name = 'schema'")
        connection.execute("DROP TABLE texts")
        connection.execute("CREATE TABLE archaic (x)")
    connection.close()


def _missing(path: Path) -> None:
    path.unlink()


def _torn(path: Path) -> None:
    content = bytearray(path.read_bytes())
    content[8192:] = os.urandom(len(content) - 8192)
    path.write_bytes(content)


@pytest.mark.slow
@pytest.mark.parametrize("harm", [_garbage, _older, _missing, _torn])
def test_whatever_happened_to_the_catalogue(copy: Archive, harm: Any) -> None:
    before = dump(copy)
    copy.close()
    harm(copy.catalog.path)
    with Archive.open(copy.path) as harmed:
        with pytest.raises(DamagedRecord, match="presskeep rebuild"):
            list(harmed.entries())
        assert harmed.verify().repairable
        harmed.rebuild()
        assert dump(harmed) == before
        with harmed.writer("crawl") as writer:
            writer.add(exchange("after"))
        assert not harmed.verify().findings


@pytest.mark.slow
@pytest.mark.parametrize("harm", [_garbage, _older, _missing])
def test_a_catalogue_behind_a_link_is_made_again_there(copy: Archive, tmp_path: Path, harm: Any) -> None:
    before = dump(copy)
    copy.close()
    link = copy.catalog.path
    there = tmp_path / "elsewhere" / link.name
    there.parent.mkdir()
    link.rename(there)
    link.symlink_to(there)
    harm(there)
    with Archive.open(copy.path) as harmed:
        harmed.rebuild()
        assert dump(harmed) == before
        assert not harmed.verify().findings
    assert link.is_symlink()
    with contextlib.closing(sqlite3.connect(there)) as connection:
        assert connection.execute("SELECT count(*) FROM captures").fetchone()[0] > 0
    assert {one.name for one in there.parent.iterdir()} == {link.name}


def test_a_catalogue_behind_a_link_to_nowhere_is_told(copy: Archive, tmp_path: Path) -> None:
    copy.close()
    link = copy.catalog.path
    link.unlink()
    link.symlink_to(tmp_path / "gone" / link.name)
    with Archive.open(copy.path) as harmed:
        with pytest.raises(ConfigurationError, match="bring its disk back, or remove the link"):
            list(harmed.entries())
        with pytest.raises(ConfigurationError, match="bring its disk back, or remove the link"):
            harmed.rebuild()
    assert link.is_symlink()


@pytest.mark.slow
def test_nothing_but_the_warc_files_is_left(copy: Archive, tmp_path: Path) -> None:
    before, files = dump(copy), parquet(copy)
    bare = tmp_path / "BARE"
    bare.mkdir()
    (copy.path / "warc").rename(bare / "warc")
    with Archive.create(bare) as again:
        with pytest.raises(DamagedRecord, match="presskeep rebuild"), again.writer("crawl"):
            pass
        again.rebuild()
        assert dump(again) == before
        assert parquet(again) == files


def test_a_newer_catalogue_is_not_replaced(copy: Archive) -> None:
    with copy.catalog.writing() as connection:
        connection.execute(about.update().where(about.c.name == "schema").values(value="99"))
    copy.close()
    with pytest.raises(NotAnArchive, match="newer Presskeep"):
        copy.rebuild()


def test_texts_of_other_cleaners_are_kept_as_far_as_they_are_sound(copy: Archive) -> None:
    first, second = list(copy.captures(url="https://courier.example/a"))[:2]
    refs = [CaptureRef(one.id, one.url, one.at, one.payload_digest) for one in (first, second)]
    made = [Article(Provenance((ref,), "0.0.1+old", "sha256:E"), "Cranes", ()) for ref in refs]
    copy.add_texts([(first, canonical_json(made[0])), (second, canonical_json(made[1]))])
    before = dump(copy)
    with copy.catalog.writing() as connection:
        others = tables.texts.c.cleaner == "0.0.1+old"
        (row,) = connection.execute(select(tables.texts).where(others, tables.texts.c.capture == first.id)).mappings()
        connection.execute(tables.texts.insert(), {**row, "capture": "urn:uuid:gone"})
        connection.execute(tables.texts.insert(), {**row, "cleaner": "0.0.2+other", "identity": "sha256:FALSE"})
    assert copy.rebuild().kept == 2
    assert dump(copy) == before
    assert [one.edition for one in copy.entries(cleaner="0.0.1+old")] == [1, 1]


def test_nobody_else_may_write(copy: Archive) -> None:
    with copy.writer("crawl"), pytest.raises(ArchiveBusy, match="writing"):
        copy.rebuild()
    with copy.locked(), pytest.raises(ArchiveBusy):
        copy.rebuild()


def test_who_reads_goes_on(copy: Archive) -> None:
    before = [one.identity for one in copy.entries()]
    with Archive.open(copy.path) as reader:
        entries = reader.entries()
        first = next(entries).identity
        copy.rebuild()
        assert [first, *(one.identity for one in entries)] == before
        assert [one.identity for one in reader.entries()] == before


@pytest.mark.slow
@pytest.mark.parametrize("what", ["records", "texts"])
def test_a_rebuild_that_ends_midway_leaves_the_old_catalogue(copy: Archive, what: str) -> None:
    before = dump(copy)

    def killed(done: int, total: int, counted: str) -> None:
        if counted == what:
            os._exit(9)

    child = os.fork()
    if child == 0:
        copy.rebuild(killed)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 9
    assert copy.catalog.path.with_name(f"catalog.sqlite{SUFFIX}").exists()
    with Archive.open(copy.path) as opened:
        assert dump(opened) == before
        assert not opened.verify().findings
        opened.rebuild()
        assert dump(opened) == before
    assert not list(copy.path.glob(f"*{SUFFIX}*"))


def test_a_replacement_that_fails_leaves_the_old_catalogue(copy: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    before = dump(copy)

    def full(old: Path, new: Path) -> None:
        raise StorageFull("no room")

    monkeypatch.setattr(database, "replace", full)
    with pytest.raises(StorageFull):
        copy.rebuild()
    assert dump(copy) == before
    assert not list(copy.path.glob(f"*{SUFFIX}*"))


@pytest.mark.slow
def test_damage_is_told_and_the_rest_is_entered(copy: Archive) -> None:
    capture = next(copy.captures(url="https://courier.example/gone"))
    assert capture.location is not None
    path = copy.warc_path / capture.location.file
    content = bytearray(path.read_bytes())
    content[capture.location.offset + capture.location.length // 2] ^= 0xFF
    path.write_bytes(content)
    copy.close()
    database.remove(copy.catalog.path)
    done = copy.rebuild()
    assert [one.file for one in done.damaged] == [capture.location.file]
    assert sorted(one.url.rpartition("/")[2] for one in copy.captures()) == ["a", "a", "a", "a", "b", "feed", "late"]
    checked = copy.verify()
    assert checked.damaged
    assert not checked.repairable


@pytest.mark.slow
def test_a_dead_writer_s_file_is_recovered_first(copy: Archive) -> None:
    child = os.fork()
    if child == 0:
        writer = copy.writer("crawl")
        writer.add(exchange("unseen", 50))
        os._exit(9)
    os.waitpid(child, 0)
    done = copy.rebuild()
    assert len(done.recovered) == 1
    assert len(copy.timeline("https://courier.example/unseen")) == 1
    assert not copy.verify().findings


def test_the_new_catalogue_knows_its_archive(copy: Archive) -> None:
    copy.rebuild()
    with Catalog(copy.catalog.path, copy.configuration.id).reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
