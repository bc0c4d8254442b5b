"""Takedowns and purges of what came with files of other writers."""

from __future__ import annotations

import gzip
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contents import rows
from foreign_files import forms, gzipped, http, warc_record, warc_records

from archive.catalogue.blocking import Target
from archive.crew import clean_pending
from archive.entering.attaching import Asked, attach
from archive.entering.bringing import Brought
from archive.entering.importing import import_files
from archive.entering.sources import sources
from archive.errors import TakenDown
from archive.removal.purge import Purged, plan, purge
from archive.removal.takedown import lift, take_down
from archive.store import Archive

URL = "http://herald.example/quay"


def bring(archive: Archive, path: Path) -> list[Brought]:
    return list(import_files(archive, sources([str(path)], archive.path)))


def laid(tmp_path: Path, name: str, content: bytes) -> Path:
    path = tmp_path / "from" / name
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(content)
    return path


def purged(archive: Archive, **given: Any) -> Purged:
    return purge(archive, Target.of(URL), given=URL, reason="court order", **given)


def left_in(archive: Archive, word: bytes) -> list[str]:
    found = []
    for path in archive.warc_path.rglob("*.warc*"):
        raw = path.read_bytes()
        content = gzip.decompress(raw) if raw.startswith(b"\x1f\x8b") else raw
        if word in content:
            found.append(path.name)
    return found


def test_what_is_imported_later_enters_blocked(tmp_path: Path, archive: Archive) -> None:
    take_down(archive, Target.of(URL), given=URL, reason="court order")
    bring(archive, laid(tmp_path, "a.warc.gz", gzipped(warc_records())))
    assert sorted(one.url.rpartition("/")[2] for one in archive.captures()) == ["crane", "ferry"]
    with pytest.raises(TakenDown):
        archive.memento(URL)


def test_what_was_imported_below_a_prefix_is_seen_once_that_is_lifted(tmp_path: Path, archive: Archive) -> None:
    whole = Target.of("herald.example", prefix=True)
    take_down(archive, whole, given="herald.example", reason="court order")
    bring(archive, laid(tmp_path, "a.warc.gz", gzipped(warc_records())))
    assert list(archive.captures()) == []
    take_down(archive, Target.of(URL), given=URL, reason="another one")
    lift(archive, whole, given="herald.example", reason="settled")
    assert sorted(one.url.rpartition("/")[2] for one in archive.captures()) == ["crane", "ferry"]
    assert not archive.verify().damaged
    before = rows(archive)
    archive.rebuild()
    assert {**rows(archive), "texts": [], "editions": []} == {**before, "texts": [], "editions": []}


@pytest.mark.slow
@pytest.mark.parametrize("pack", [gzipped, b"".join], ids=["gzip", "plain"])
def test_a_purge_rewrites_imported_files(tmp_path: Path, archive: Archive, pack: Callable[[Any], bytes]) -> None:
    beside = warc_record("quay", 7, kind="conversion", block=b"The words of the quay page, on their own.")
    bring(archive, laid(tmp_path, "a.warc.gz", pack([*warc_records(), beside])))
    clean_pending(archive)
    others = {one.id: one.message().raw for one in archive.captures() if one.url != URL}
    texts = {one.capture.id: one.identity for one in archive.entries() if one.capture.url != URL}
    assert left_in(archive, http("quay"))
    assert left_in(archive, b"words of the quay")
    done = purged(archive)
    assert (done.records, len(done.files), done.plan.foreign) == (2, 1, ())
    assert not left_in(archive, http("quay"))
    assert not left_in(archive, b"words of the quay")
    assert {one.id: one.message().raw for one in archive.captures()} == others
    assert {one.capture.id: one.identity for one in archive.entries()} == texts
    assert archive.count_waiting() == (0, 0)
    told = archive.verify()
    assert not [one for one in told.findings if not one.severity.harmless], told.findings
    before = rows(archive)
    archive.rebuild()
    assert rows(archive) == before


@pytest.mark.slow
def test_a_kill_in_the_midst_of_an_imported_file_is_gone_on_from(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    bring(archive, laid(tmp_path, "a.warc.gz", gzipped(warc_records())))
    wanted = {one.id: one.message().raw for one in archive.captures() if one.url != URL}

    def killed(*_: object) -> None:
        raise KeyboardInterrupt

    for where in ("put_in_place", "forget", "enter_foreign"):
        with monkeypatch.context() as patch:
            patch.setattr(f"archive.entering.rewrites.{where}", killed)
            with pytest.raises(KeyboardInterrupt):
                purged(archive)
        assert not archive.verify().damaged, where
    archive.adopt()
    assert {one.id: one.message().raw for one in archive.captures()} == wanted
    purged(archive)
    assert {one.id: one.message().raw for one in archive.captures()} == wanted
    told = archive.verify()
    assert not told.damaged
    assert not told.repairable


def test_files_whose_records_cannot_be_replaced_are_named(tmp_path: Path, archive: Archive) -> None:
    for name, content in forms().items():
        laid(tmp_path, name, content)
    nameless = [warc_record("quay", 1, record_id=None), warc_record("crane", 2, record_id=None)]
    laid(tmp_path, "nameless.warc.gz", gzipped(nameless))
    bring(archive, tmp_path / "from")
    told = plan(archive, Target.of(URL))
    assert told.files
    assert any("nameless" in file for file in told.foreign)
    done = purged(archive)
    assert done.plan.foreign == told.foreign
    assert all(one.url != URL for one in archive.captures())
    assert not archive.verify().damaged


def test_attached_files_are_left_as_they_are(tmp_path: Path, archive: Archive) -> None:
    path = laid(tmp_path, "a.warc.gz", gzipped(warc_records()))
    before = path.read_bytes()
    list(attach(archive, Asked((str(path),))))
    done = purged(archive)
    assert (done.records, len(done.plan.foreign)) == (0, 1)
    assert path.read_bytes() == before
    assert all(one.url != URL for one in archive.captures())


def test_what_an_attached_file_holds_as_well_is_had_from_there(tmp_path: Path, archive: Archive) -> None:
    """Blocked, as after a rebuild: what is removed from the copy, the file that lies elsewhere still has."""
    path = laid(tmp_path, "a.warc.gz", gzipped(warc_records()))
    list(attach(archive, Asked((str(path),))))
    bring(archive, path)
    assert len(purged(archive).plan.foreign) == 1
    assert all(one.url != URL for one in archive.captures())
    assert not [one for one in archive.verify().findings if not one.severity.harmless]
    before = rows(archive)
    archive.rebuild()
    assert {**rows(archive), "texts": [], "editions": []} == {**before, "texts": [], "editions": []}
