"""Verification: an archive that is sound has no findings; each kind of harm has its own."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchanges import OTHER, attempt, exchange
from sqlalchemy import delete, insert, update

from archive.article import from_json
from archive.capture import Capture, Location
from archive.catalogue import tables
from archive.cleaning.version import CLEANER
from archive.crew import clean_pending
from archive.store import Archive
from archive.verification.recleaning import Sample
from archive.verification.verify import Verification
from archive.warc.finding import Severity
from archive.warc.paths import open_files


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("verify") / "NEWS"
    Archive.create(path).close()
    told = path / "archive.toml"
    told.write_text(f"{told.read_text()}\n[cleaning]\nworkers = 1\n")
    with Archive.open(path) as archive:
        with archive.writer("crawl", {"courier": b"{}"}) as writer:
            for name, minute, text in (("a", 0, OTHER), ("b", 1, OTHER), ("a", 2, OTHER * 2)):
                writer.add(exchange(name, minute, sentence=text))
            writer.add_attempt(attempt())
        clean_pending(archive)
    return path


@pytest.fixture
def copy(sound: Path, tmp_path: Path) -> Iterator[Archive]:
    target = tmp_path / "NEWS"
    for path in sound.rglob("*"):
        if path.is_file():
            (target / path.relative_to(sound)).parent.mkdir(parents=True, exist_ok=True)
            (target / path.relative_to(sound)).write_bytes(path.read_bytes())
    with Archive.open(target) as archive:
        yield archive


def place(capture: Capture) -> Location:
    assert capture.location is not None
    return capture.location


def rules(found: Verification) -> set[tuple[str, Severity]]:
    return {(finding.rule, finding.severity) for finding in found.findings}


def test_a_sound_archive_has_no_findings(copy: Archive) -> None:
    heard: list[tuple[int, int, str]] = []
    found = copy.verify(progress=lambda *said: heard.append(said))
    assert found.findings == ()
    assert (found.files, found.captures, found.attempts, found.texts) == (1, 3, 1, 3)
    assert (found.waiting, found.failed, found.deep) == (0, 0, None)
    assert found.bytes == copy.files()[0].size
    assert (found.bytes, found.bytes, "records") in heard
    assert heard[-1] == (3, 3, "texts")


def test_an_empty_archive_is_sound(archive: Archive) -> None:
    assert archive.verify(deep=True).findings == ()


def test_a_flipped_bit_is_damage(copy: Archive) -> None:
    where = place(next(copy.captures()))
    path = copy.warc_path / where.file
    content = bytearray(path.read_bytes())
    content[where.offset + where.length // 2] ^= 1
    path.write_bytes(content)
    found = copy.verify()
    assert {("file", Severity.DAMAGED), ("readable", Severity.DAMAGED), ("gone", Severity.DAMAGED)} <= rules(found)
    assert not found.repairable
    (lost,) = [one for one in found.findings if one.rule == "gone"]
    assert "https://courier.example/a" in lost.message


def test_a_missing_file_and_a_cut_one_are_damage(copy: Archive) -> None:
    path = copy.warc_path / copy.files()[0].file
    os.truncate(path, path.stat().st_size - 10)
    assert copy.verify().damaged
    path.unlink()
    found = copy.verify()
    assert rules(found) == {("file", Severity.DAMAGED)}
    assert "missing" in found.findings[0].message


def test_bytes_appended_to_a_closed_file_are_found(copy: Archive) -> None:
    with (copy.warc_path / copy.files()[0].file).open("ab") as out:
        out.write(b"more")
    assert ("file", Severity.DAMAGED) in rules(copy.verify())


def test_what_the_catalogue_lacks_or_has_changed_is_repairable(copy: Archive) -> None:
    first, second, _ = copy.captures()
    with copy.catalog.writing() as connection:
        connection.execute(delete(tables.captures).where(tables.captures.c.id == first.id))
        connection.execute(update(tables.captures).where(tables.captures.c.id == second.id).values(status=500))
        connection.execute(delete(tables.attempts))
    found = copy.verify()
    assert not found.damaged
    said = "\n".join(one.message for one in found.findings)
    assert "lacks the capture of https://courier.example/a" in said
    assert "something else of the capture of https://courier.example/b" in said
    assert "lacks the attempt at https://courier.example/gone" in said
    assert "no such capture" in said
    copy.rebuild()
    assert copy.verify().findings == ()


def test_a_capture_that_no_file_has_is_damage(copy: Archive) -> None:
    with copy.catalog.writing() as connection:
        known = next(copy.captures())
        values = {column.name: getattr(known, column.name, None) for column in tables.captures.c}
        where = {"file": place(known).file, "offset": 999_999, "length": 1}
        made = {
            **values,
            **where,
            "id": "urn:uuid:made-up",
            "masked": "[]",
            "reservations": "[]",
            "role": "article",
            "truncated": None,
        }
        connection.execute(insert(tables.captures), made)
    assert copy.verify().damaged


def test_texts_and_editions_that_do_not_follow_are_repairable(copy: Archive) -> None:
    with copy.catalog.writing() as connection:
        texts = tables.texts.c
        connection.execute(
            update(tables.texts)
            .where(texts.key == "https://courier.example/b")
            .values(canonical=texts.canonical.concat(" "))
        )
        connection.execute(update(tables.editions).where(tables.editions.c.number == 2).values(number=7))
    found = copy.verify()
    said = sorted(one.message for one in found.findings)
    assert len(said) == 2
    assert "the editions of https://courier.example/a do not follow" in said[0]
    assert "not that of its identity" in said[1]
    assert found.repairable
    assert not found.damaged


def test_files_that_the_catalogue_does_not_know_are_repairable(copy: Archive) -> None:
    (file,) = copy.files()
    with copy.catalog.writing() as connection:
        connection.execute(delete(tables.files))
        connection.execute(delete(tables.captures))
    assert rules(copy.verify()) >= {("unknown-file", Severity.REPAIRABLE)}
    copy.adopt()
    assert copy.files() == (file,)
    assert copy.verify().findings == ()


def test_records_of_one_id_in_two_files_are_told_apart(copy: Archive) -> None:
    first = copy.warc_path / copy.files()[0].file
    (copy.warc_path / "zz-the-same.warc.gz").write_bytes(first.read_bytes())
    copy.adopt()
    found = copy.verify()
    assert ("held-twice", Severity.NOTE) in rules(found)
    assert not found.damaged
    record = (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2026-11-25T00:00:00Z\r\nWARC-Record-ID: <%s>\r\n"
        b"WARC-Target-URI: https://other.example/\r\nContent-Length: 19\r\n\r\nHTTP/1.1 200 OK\r\n\r\n\r\n\r\n"
    )
    (copy.warc_path / "zz-the-same.warc.gz").unlink()
    (copy.warc_path / "zz-other.warc").write_bytes(record % next(copy.captures()).id.encode())
    copy.rebuild()
    (other,) = [one for one in copy.verify().findings if one.severity is Severity.DAMAGED and one.offset == 0]
    assert "has the id of another record" in other.message


def test_an_unreadable_catalogue_is_repairable_and_the_files_are_checked_all_the_same(copy: Archive) -> None:
    path = copy.warc_path / copy.files()[0].file
    copy.close()
    copy.catalog.path.write_bytes(b"garbage" * 1000)
    assert rules(copy.verify()) == {("catalogue", Severity.REPAIRABLE)}
    os.truncate(path, path.stat().st_size - 10)
    assert copy.verify().damaged


def test_a_living_writer_is_no_finding_and_a_dead_one_is_repairable(copy: Archive) -> None:
    child = os.fork()
    if child == 0:
        writer = copy.writer("crawl")
        writer.add(exchange("c", 3))
        writer.commit()
        writer.add(exchange("d", 4))
        with (copy.warc_path / f"{open_files(copy.warc_path)[0]}.open").open("ab") as torn:
            torn.write(b"half a rec")
        with Archive.open(copy.path) as other:
            os._exit(0 if other.verify().findings == () else 1)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
    found = copy.verify()
    assert found.repairable
    assert not found.damaged
    copy.adopt()
    assert copy.verify().findings == ()


def test_captures_without_text_are_counted_and_no_finding(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange())
    found = archive.verify()
    assert (found.findings, found.waiting) == ((), 1)


def test_a_sample_is_the_same_at_each_run_and_another_with_another_seed() -> None:
    ids = [f"urn:uuid:{number}" for number in range(2000)]
    drawn = [one for one in ids if one in Sample(0.1)]
    assert 150 < len(drawn) < 250
    assert drawn == [one for one in ids if one in Sample(0.1)]
    others = [one for one in ids if one in Sample(0.1, seed=1)]
    assert len(set(others) & set(drawn)) < len(drawn) / 2
    assert all(one in Sample(1.0, seed=5) for one in ids)


def test_a_sample_of_the_texts_is_made_again(copy: Archive) -> None:
    ids = [entry.capture.id for entry in copy.entries()]
    seed = next(seed for seed in range(1000) if sum(one in Sample(0.5, seed) for one in ids) == 1)
    heard: list[int] = []
    found = copy.verify(deep=Sample(0.5, seed), progress=lambda done, *_: heard.append(done))
    assert found.deep is not None
    assert (found.deep.same, found.deep.different, found.deep.left_out) == (1, 0, len(ids) - 1)
    assert heard[-1] == len(ids)
    assert found.findings == ()


def test_a_sample_that_draws_none_has_the_text_that_is_nearest(copy: Archive) -> None:
    found = copy.verify(deep=Sample(1e-9))
    assert found.deep is not None
    assert (found.deep.same, found.deep.different, found.deep.left_out) == (1, 0, 2)
    for share in (0.0, -1.0, 1.1, float("nan")):
        with pytest.raises(ValueError, match="a share"):
            Sample(share)


def test_deep_tells_same_different_and_made_elsewhere(copy: Archive) -> None:
    first = next(copy.entries())
    with copy.catalog.writing() as connection:
        texts = tables.texts.c
        row = dict(connection.execute(tables.texts.select().where(texts.capture == first.capture.id)).mappings().one())
        connection.execute(insert(tables.texts), {**row, "cleaner": "0.0.1+old"})
        connection.execute(
            update(tables.texts)
            .where(texts.key == "https://courier.example/b", texts.cleaner == CLEANER)
            .values(identity="sha256:OTHER")
        )
    found = copy.verify(deep=True)
    assert found.deep is not None
    assert (found.deep.same, found.deep.different, found.deep.undecided) == (2, 1, 0)
    assert found.deep.elsewhere == {"0.0.1+old": 1}
    assert ("text", Severity.REPAIRABLE) in rules(found)
    assert from_json(row["canonical"]) == first.text
