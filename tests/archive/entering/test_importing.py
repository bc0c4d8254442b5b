"""Importing: a copy of any form gives captures, texts and proofs like the archive's own, and a rebuild the same."""

from __future__ import annotations

import errno
import gzip
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from bringing_in import derived, few_workers, imported, laid
from exchanges import exchange
from foreign_files import NAMES, arc_records, forms, gzipped, warc_record, warc_records, warcinfo
from sqlalchemy import select

from archive.article import Article
from archive.catalogue import tables
from archive.catalogue.blocking import Target
from archive.catalogue.terms import IMPORT, in_force
from archive.crew import clean_pending
from archive.entering import adoption
from archive.entering.bringing import safe_name
from archive.entering.importing import import_files, look
from archive.entering.sources import sources
from archive.errors import StorageFull
from archive.prove import prove
from archive.removal.takedown import take_down
from archive.store import Archive
from archive.warc import incoming
from archive.warc.finding import Severity

FORMS = forms()


@pytest.mark.slow
def test_every_form_from_the_file_to_the_proof_and_back_again(tmp_path: Path, archive: Archive) -> None:
    few_workers(archive)
    apart = forms(apart=True)
    for name, content in apart.items():
        laid(tmp_path, name, content)
    with Archive.open(archive.path) as opened:
        for brought in imported(opened, tmp_path / "there", by_host=True):
            assert (brought.refused, brought.entered.captures, brought.entered.gaps) == ("", 3, ())
            assert brought.file is not None
            assert (opened.warc_path / brought.file).read_bytes() == apart[Path(brought.source).name]
        hosts = sorted(f"{name.replace('.', '-')}.example" for name in apart)
        assert list(opened.sites()) == hosts
        urls = sorted(f"http://{host}/{name}" for host in hosts for name in NAMES)
        assert sorted(capture.url for capture in opened.captures()) == urls
        assert clean_pending(opened).cleaned == len(urls)
        for entry in opened.entries():
            assert isinstance(entry.text, Article)
            assert prove(entry.text, [entry.capture]).holds
        found = opened.verify(deep=True)
        assert not [one for one in found.findings if not one.severity.harmless]
        assert found.deep is not None
        assert (found.deep.same, found.deep.different) == (len(urls), 0)
        before = derived(opened)
        opened.catalog.path.unlink()
        shutil.rmtree(opened.path / "seek")
        opened.close()
        assert opened.rebuild().unreached == ()
        assert derived(opened) == before


def test_what_is_there_is_not_imported_again(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc.gz", FORMS["members.warc.gz"])
    imported(archive, path)
    before = derived(archive)
    (again,) = imported(archive, path)
    assert again.there
    (renamed,) = imported(archive, laid(tmp_path, "other.name", FORMS["members.warc.gz"]))
    assert renamed.there
    assert derived(archive) == before
    # The same records in another form are known by their ids.
    (other,) = imported(archive, laid(tmp_path, "b.warc", FORMS["plain.warc"]))
    assert (other.entered.captures, other.entered.known) == (0, 3)
    assert archive.count()[0] == 3
    assert not archive.verify().damaged


@pytest.mark.slow
def test_another_capture_of_the_same_id_gets_one_of_its_own(tmp_path: Path, archive: Archive) -> None:
    imported(archive, laid(tmp_path, "a.warc", FORMS["plain.warc"]))
    (other,) = imported(archive, laid(tmp_path, "b.warc", warc_record("tower", 0)))
    assert other.entered.captures == 1
    (capture,) = archive.timeline("http://herald.example/tower")
    assert capture.id != "urn:uuid:00000000-0000-4000-8000-000000000000"
    assert b"tower" in capture.block()
    assert not [one for one in archive.verify().findings if not one.severity.harmless]
    clean_pending(archive)
    before = derived(archive)
    archive.rebuild()
    assert derived(archive) == before


def test_broken_records_are_counted_with_their_offsets_and_the_rest_is_imported(
    tmp_path: Path, archive: Archive
) -> None:
    records = warc_records()
    torn = [gzipped([one]) for one in records]
    torn[2] = torn[2][:60] + b"????" + torn[2][64:]
    (brought,) = imported(archive, laid(tmp_path, "a.warc.gz", b"".join(torn)))
    assert brought.entered.captures == 2
    assert [gap.offset for gap in brought.entered.gaps] == [len(torn[0]) + len(torn[1])]
    found = archive.verify()
    assert [(one.rule, one.severity) for one in found.findings] == [("readable", Severity.NOTE)]
    assert found.findings[0].message.startswith("as it came")
    # Harm that comes later is damage.
    assert brought.file is not None
    path = archive.warc_path / brought.file
    path.write_bytes(b"".join(torn[:2]) + bytes(len(torn[2])) + torn[3])
    assert archive.verify().damaged


def test_captures_can_be_given_a_site(tmp_path: Path, archive: Archive) -> None:
    imported(archive, laid(tmp_path, "a.warc", FORMS["plain.warc"]), site="The Herald")
    assert archive.sites() == ("The Herald",)
    archive.rebuild()
    assert archive.sites() == ("The Herald",)


def test_files_of_another_presskeep_bring_captures_with_their_sites_and_nothing_else(
    tmp_path: Path, archive: Archive
) -> None:
    with Archive.create(tmp_path / "OTHER") as other:
        with other.writer("crawl", {"courier": b"{}"}) as writer:
            writer.add(exchange("crane"))
            writer.add(exchange("quay", 1))
        take_down(other, Target.of("https://courier.example/quay"), given="quay", reason="a test")
        files = [str(other.warc_path / one.file) for one in other.files()]
    done = list(import_files(archive, sources(files, archive.path)))
    assert sum(one.entered.captures for one in done) == 2
    assert [(capture.site, capture.role.value) for capture in archive.captures()] == [("courier", "article")] * 2
    assert [run.command for run in archive.runs()] == [IMPORT]
    assert not [one for one in archive.verify().findings if not one.severity.harmless]


def test_a_file_that_was_laid_below_imported_is_held_against_what_it_was(archive: Archive) -> None:
    path = archive.warc_path / "imported" / "a.warc.gz"
    path.parent.mkdir()
    path.write_bytes(FORMS["whole.warc.gz"])
    assert archive.adopt().files == ("imported/a.warc.gz",)
    assert archive.count()[0] == 3
    assert not archive.verify().damaged
    path.write_bytes(path.read_bytes()[:-9] + bytes(9))
    assert archive.verify().damaged


class _Stop(Exception):
    pass


def test_an_import_that_was_killed_goes_on(tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    paths = [laid(tmp_path, f"{number}.warc", b"".join(arc_or_warc)) for number, arc_or_warc in _three()]

    def entering(*given: Any, **named: Any) -> Any:
        raise _Stop

    with monkeypatch.context() as patched:
        patched.setattr(adoption, "enter_foreign", entering)
        with pytest.raises(_Stop):
            list(import_files(archive, paths))
    (archive.warc_path / "imported" / "left.warc.4194999.part").write_bytes(b"half")
    assert [one.severity for one in archive.verify().findings] == [Severity.REPAIRABLE]
    done = list(import_files(archive, paths))
    assert [one.there for one in done] == [False, False, False]
    assert len(in_force(archive.catalog)) == 3
    with archive.catalog.reading() as connection:
        assert len(connection.execute(select(tables.acts)).all()) == 3
    assert not list((archive.warc_path / "imported").glob("*.part"))
    assert not [one for one in archive.verify().findings if not one.severity.harmless]


def _three() -> Iterator[tuple[int, list[bytes]]]:
    yield 0, warc_records()
    yield 1, [warcinfo(), warc_record("tower", 7)]
    yield 2, arc_records()


def test_a_full_disk_leaves_nothing_half_imported(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", FORMS["plain.warc"])

    def full(handle: int) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(incoming.os, "fsync", full)  # type: ignore[attr-defined]
        with pytest.raises(StorageFull):
            imported(archive, path)
    assert not [one for one in (archive.warc_path / "imported").rglob("*") if one.is_file()]
    assert archive.verify().findings == ()
    (brought,) = imported(archive, path)
    assert brought.entered.captures == 3


def test_an_imported_file_that_went_missing_is_told_and_comes_back(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc", FORMS["plain.warc"])
    (brought,) = imported(archive, path)
    assert brought.file is not None
    (archive.warc_path / brought.file).unlink()
    assert archive.verify().damaged
    assert archive.rebuild().lost == 3
    assert archive.count()[0] == 3
    (again,) = imported(archive, path)
    assert not again.there
    assert not archive.verify().damaged


def test_refused_files_leave_no_trace(tmp_path: Path, archive: Archive) -> None:
    before = derived(archive)
    laid(tmp_path, "a.warc", b"<html>")
    laid(tmp_path, "b.warc.gz", b"")
    (one, two) = imported(archive, tmp_path / "there")
    assert "no record of WARC or ARC" in one.refused
    assert "empty" in two.refused
    assert derived(archive) == before
    assert not [one for one in (archive.warc_path / "imported").rglob("*") if one.is_file()]


def test_a_dry_run_writes_nothing(tmp_path: Path) -> None:
    paths = [laid(tmp_path, name, content) for name, content in FORMS.items()]
    assert [one.entered.captures for one in look(paths)] == [3] * len(FORMS)
    assert len(list((tmp_path / "there").iterdir())) == len(FORMS)


@pytest.mark.parametrize("name", ["../../etc/passwd", "a b\x1b.warc.gz.part", ".open", "x.open.part", "\u00e9" * 300])
def test_names_are_made_safe(name: str) -> None:
    safe = safe_name(name)
    assert safe
    assert len(safe) <= 120
    assert not safe.startswith(".")
    assert not safe.endswith((".part", ".open"))
    assert safe.isascii()
    assert "/" not in safe


def test_of_many_broken_places_some_are_told_and_all_are_counted(tmp_path: Path, archive: Archive) -> None:
    bad = b"WARC/1.0\r\nWARC-Type: response\r\nWARC-Target-URI: http://a.example/\r\nContent-Length: 0\r\n\r\n\r\n\r\n"
    path = laid(tmp_path, "bad.warc.gz", gzip.compress(bad * 1500, mtime=0))
    (brought,) = imported(archive, path)
    assert (len(brought.entered.gaps), brought.entered.broken) == (1000, 1500)
