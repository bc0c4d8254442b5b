"""A long file inspected in stretches: what is found is what is found in one piece, wherever it is cut and harmed."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from exchanges import attempt, exchange
from sqlalchemy import delete, update

from archive.catalogue import tables
from archive.entering.adoption import measure
from archive.store import Archive
from archive.verification import inspectors, stretch
from archive.verification.inspection import Inspection
from archive.verification.stretch import Checksum, Stretch
from archive.verification.verify import verify
from archive.warc.finding import Finding, Rule
from archive.warc.member import compress
from archive.warc.reader import read_records

CAPTURES = 24
PYTHON = sys.executable


@pytest.fixture
def news(archive: Archive) -> Archive:
    """One closed file of captures of several sizes, and attempts between them."""
    with archive.writer("crawl", {"courier": b"{}"}) as writer:
        for number in range(CAPTURES):
            writer.add(exchange(f"page-{number}", number, body=os.urandom(200 + number % 5 * 700)))
            if number % 4 == 0:
                writer.add_attempt(attempt(f"gone-{number}", number))
    return archive


@pytest.fixture(autouse=True)
def in_this_process(monkeypatch: pytest.MonkeyPatch) -> None:
    """Two workers, and no child that lives: what it would do is done by its thread."""
    monkeypatch.setattr(inspectors, "WORTH_IT", 0)
    monkeypatch.setattr(sys, "executable", "/bin/false")


def path_of(archive: Archive) -> Path:
    return archive.warc_path / archive.files()[0].file


def found(archive: Archive, monkeypatch: pytest.MonkeyPatch, *, length: int | None) -> tuple[Finding, ...]:
    """The findings; in stretches of about this length, or in one piece."""
    monkeypatch.setattr(inspectors, "cores", lambda: 2 if length else 1)
    monkeypatch.setattr(stretch, "LENGTH", length or 2**40)
    heard: list[tuple[int, int]] = []
    made = verify(archive, progress=lambda done, of, what: heard.append((done, of)) if what == "records" else None)
    assert [one for one, _ in heard] == sorted(one for one, _ in heard)
    assert all(done <= of for done, of in heard)
    assert heard[-1][0] == heard[-1][1] == made.bytes
    return made.findings


def the_same(archive: Archive, monkeypatch: pytest.MonkeyPatch, *lengths: int) -> tuple[Finding, ...]:
    whole = found(archive, monkeypatch, length=None)
    for length in lengths or (700, 3_000, 11_000):
        assert found(archive, monkeypatch, length=length) == whole
    return whole


def test_a_sound_file_is_read_in_stretches_alone(news: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def as_a_whole(*_: object) -> None:
        raise AssertionError("it was inspected as a whole")

    lengths: list[int] = []
    ids = Stretch.ids

    def counted(part: Stretch, advanced: Callable[[int], None]) -> frozenset[str] | None:
        lengths.append(part.length)
        return ids(part, advanced)

    monkeypatch.setattr(Inspection, "findings", as_a_whole)
    monkeypatch.setattr(Stretch, "ids", counted)
    assert found(news, monkeypatch, length=3_000) == ()
    assert len(lengths) > 5
    assert sum(lengths) == path_of(news).stat().st_size
    assert all(one >= 3_000 for one in lengths[:1])


@pytest.mark.slow
def test_a_child_reads_stretches_too(news: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "executable", PYTHON)
    by_child: list[object] = []
    answered = threading.Event()
    ids, done = Stretch.ids, inspectors._Child.done

    def here(part: Stretch, advanced: Callable[[int], None]) -> frozenset[str] | None:
        assert answered.wait(60), "the child did nothing"
        return ids(part, advanced)

    def there(child: inspectors._Child, part: Inspection | inspectors.Part, reached: Callable[[int], None]) -> object:
        outcome = done(child, part, reached)
        by_child.append(outcome)
        answered.set()
        return outcome

    monkeypatch.setattr(Stretch, "ids", here)
    monkeypatch.setattr(inspectors._Child, "done", there)
    assert found(news, monkeypatch, length=3_000) == ()
    assert all(isinstance(one, frozenset) for one in by_child)


@pytest.mark.parametrize("seen", range(0, 100, 7))
def test_a_turned_bit_is_found_wherever_it_is(news: Archive, monkeypatch: pytest.MonkeyPatch, seen: int) -> None:
    path = path_of(news)
    raw = bytearray(path.read_bytes())
    raw[len(raw) * seen // 100 + seen % 3] ^= 1 << seen % 8
    path.write_bytes(raw)
    assert any(one.rule is Rule.FILE for one in the_same(news, monkeypatch))


@pytest.mark.parametrize("records", [(-1,), (0,), (-1, 0), (-2, -1, 0, 1), (0, 1, 2)])
def test_damage_at_a_cut_is_one_gap(news: Archive, monkeypatch: pytest.MonkeyPatch, records: tuple[int, ...]) -> None:
    path = path_of(news)
    monkeypatch.setattr(stretch, "LENGTH", 3_000)
    inspection = Inspection(
        news.warc_path, news.files()[0].file, news.files()[0], news.catalog.path, news.configuration.id
    )
    parts = [one for one in stretch.cut(inspection, path.stat().st_size) if isinstance(one, Stretch)]
    offsets = [(one.offset, one.length) for one in read_records(path)]
    first = [offset for offset, _ in offsets].index(parts[2].start)
    raw = bytearray(path.read_bytes())
    for record in records:
        offset, length = offsets[first + record]
        raw[offset + length // 2] ^= 0xFF
        raw[offset + length - 6] ^= 0xFF  # within its checksum
    path.write_bytes(raw)
    told = [one for one in the_same(news, monkeypatch, 3_000) if one.rule is Rule.READABLE]
    assert len(told) == 1
    assert told[0].offset == offsets[first + records[0]][0]


def cut_off(archive: Archive, path: Path) -> None:
    os.truncate(path, path.stat().st_size - 20)


def grown(archive: Archive, path: Path) -> None:
    with path.open("ab") as out:
        out.write(b"".join(compress(b"WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n")))


def without_a_metadata_record(archive: Archive, path: Path) -> None:
    """Nothing but the group is wrong: the catalogue knows the file as it is."""
    records = [one for one in read_records(path) if one.kind == "metadata"]
    gone = records[len(records) // 2]
    raw = path.read_bytes()
    path.write_bytes(raw[: gone.offset] + raw[gone.offset + gone.length :])
    enter(archive, path)


def twice_one_id(archive: Archive, path: Path) -> None:
    """The first record again at the end: within each stretch all is well."""
    raw = path.read_bytes()
    path.write_bytes(raw + raw[: next(read_records(path)).length])
    enter(archive, path)


def a_false_tombstone(archive: Archive, path: Path) -> None:
    head = (
        b"WARC/1.1\r\nWARC-Type: metadata\r\nWARC-Record-ID: <urn:uuid:7c5f2c52-3f5e-4a35-9d3b-6f0f1f7a3c1e>\r\n"
        b"WARC-Date: 2026-11-25T00:00:00Z\r\nContent-Type: application/warc-fields\r\n"
        b"Content-Length: %d\r\n\r\n%s\r\n\r\n"
    )
    block = b"presskeep-schema: 1\r\npresskeep-tombstone: response\r\npresskeep-purge: urn:uuid:none\r\n"
    path.write_bytes(path.read_bytes() + b"".join(compress(head % (len(block), block))))
    enter(archive, path)


def enter(archive: Archive, path: Path) -> None:
    size, sha256 = measure(path)
    with archive.catalog.writing() as connection:
        connection.execute(update(tables.files).values(size=size, sha256=sha256))


def a_capture_that_the_catalogue_lacks(archive: Archive, path: Path) -> None:
    ids = [one.id for one in archive.captures()]
    with archive.catalog.writing() as connection:
        connection.execute(delete(tables.captures).where(tables.captures.c.id == ids[len(ids) // 2]))


def captures_elsewhere_than_said(archive: Archive, path: Path) -> None:
    """The catalogue has each capture three bytes behind its place: no cut is between two groups."""
    with archive.catalog.writing() as connection:
        connection.execute(update(tables.captures).values(offset=tables.captures.c.offset + 3))


def captures_at_their_requests(archive: Archive, path: Path) -> None:
    """Each cut falls into a group."""
    lengths = {one.offset: one.length for one in read_records(path)}
    with archive.catalog.writing() as connection:
        for one in archive.captures():
            assert one.location is not None
            where = one.location.offset + lengths[one.location.offset]
            connection.execute(update(tables.captures).where(tables.captures.c.id == one.id).values(offset=where))


def another_status(archive: Archive, path: Path) -> None:
    with archive.catalog.writing() as connection:
        connection.execute(update(tables.captures).where(tables.captures.c.url.endswith("page-17")).values(status=404))


@pytest.mark.parametrize(
    "harm",
    [
        *(cut_off, grown, without_a_metadata_record, twice_one_id, a_false_tombstone),
        *(a_capture_that_the_catalogue_lacks, captures_elsewhere_than_said, captures_at_their_requests, another_status),
    ],
)
def test_every_harm_is_found_as_in_one_piece(
    news: Archive, monkeypatch: pytest.MonkeyPatch, harm: Callable[[Archive, Path], None]
) -> None:
    harm(news, path_of(news))
    assert the_same(news, monkeypatch)


def test_a_file_of_another_writer_is_read_in_one_piece(
    archive: Archive, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """Its groups have no certain end: a request may stand before its response."""
    with Archive.create(tmp_path / "OTHER") as other:
        with other.writer("crawl") as writer:
            for number in range(CAPTURES):
                writer.add(exchange(f"page-{number}", number))
        raw = path_of(other).read_bytes()
        records = list(read_records(path_of(other)))
    archive.warc_path.mkdir(parents=True, exist_ok=True)
    (archive.warc_path / "other.warc.gz").write_bytes(raw[records[0].length :])
    archive.adopt()
    assert the_same(archive, monkeypatch)


def test_nothing_is_cut_that_is_short_open_or_not_known_as_closed(
    news: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (state,) = news.files()
    size = path_of(news).stat().st_size
    inspection = Inspection(news.warc_path, state.file, state, news.catalog.path, news.configuration.id)
    assert stretch.cut(inspection, size) == ()
    monkeypatch.setattr(stretch, "LENGTH", 3_000)
    parts = stretch.cut(inspection, size)
    assert isinstance(parts[0], Checksum)
    assert stretch.cut(inspection, size + 1) == ()
    path_of(news).with_name(f"{path_of(news).name}.open").touch()
    assert stretch.cut(inspection, size) == ()
