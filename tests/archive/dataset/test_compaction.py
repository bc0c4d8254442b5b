"""The compaction: the same texts give the same bytes, and only what changed is written again."""

from __future__ import annotations

import errno
import json
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pyarrow.dataset as ds
import pyarrow.parquet as pq
import pytest

from archive.article import Article, CaptureRef, Provenance, Refusal, Verdict, canonical_json, identity
from archive.capture import Capture
from archive.clock import parse_warc_date
from archive.dataset.compaction import COMPACTED, Part, Stamp, Texts, compact_texts
from archive.dataset.rows import Entry
from archive.digest import sha256
from archive.errors import StorageFull

CLEANER = "0.1.0+abc"


def entry(
    number: int, date: str, *, cleaner: str = CLEANER, site: str | None = "gazette", refusal: bool = False
) -> Entry:
    at = parse_warc_date(date)
    url = f"http://a.example/{number}"
    record = f"<urn:uuid:{number:04}>"
    provenance = Provenance((CaptureRef(record, url, at, None),), cleaner, "sha256:EMPTY")
    text = Refusal(provenance, Verdict.EMPTY, "no words") if refusal else Article(provenance, f"Headline {number}", ())
    return Entry(text, identity(canonical_json(text)), Capture(id=record, url=url, key=url, at=at, site=site))


class Memory:
    """Texts in a list, asked as the catalogue is."""

    def __init__(self, *entries: Entry) -> None:
        self.entries = list(entries)
        self.read: list[Part] = []

    def stamps(self) -> Iterator[Stamp]:
        for one in self.entries:
            cleaner = one.text.provenance.cleaner
            yield Stamp(cleaner, one.capture.site, one.capture.id, one.capture.at, one.identity)

    def of(self, part: Part) -> list[Entry]:
        self.read.append(part)
        here = [
            one
            for one in self.entries
            if one.text.provenance.cleaner == part.cleaner and part.start <= one.capture.at < part.end
        ]
        return sorted(here, key=lambda one: (one.capture.site or "", one.capture.id))

    @property
    def texts(self) -> Texts:
        return Texts(self.stamps, self.of)


@pytest.fixture
def memory() -> Memory:
    return Memory(
        entry(3, "2026-11-30T23:59:59.999999Z"),
        entry(1, "2026-11-02T00:00:00Z", refusal=True),
        entry(2, "2026-12-01T00:00:00Z"),
        entry(4, "2026-12-31T12:00:00Z", site=None),
        entry(5, "2026-12-31T12:00:00Z", cleaner="0.2.0+def"),
    )


def files(directory: Path) -> dict[str, bytes]:
    return {str(path.relative_to(directory)): path.read_bytes() for path in directory.rglob("*") if path.is_file()}


def test_files_by_cleaner_and_month(memory: Memory, tmp_path: Path) -> None:
    done = compact_texts(memory.texts, tmp_path)
    assert done.texts == 5
    assert (
        sorted(files(tmp_path))
        == list(done.written)
        == [
            "cleaner=0.1.0+abc/month=2026-11/part-0.parquet",
            "cleaner=0.1.0+abc/month=2026-12/part-0.parquet",
            "cleaner=0.2.0+def/month=2026-12/part-0.parquet",
        ]
    )
    november = pq.ParquetFile(tmp_path / done.written[0]).read().to_pylist()
    assert [row["capture_id"] for row in november] == ["<urn:uuid:0001>", "<urn:uuid:0003>"]
    assert [row["verdict"] for row in november] == ["empty", "article"]
    assert november[0]["reason"] == "no words"
    assert all(sha256(row["canonical"].encode()) == row["id"] for row in november)
    assert json.loads(november[1]["canonical"])["headline"] == "Headline 3"


def test_deleted_files_come_back_with_the_same_bytes(memory: Memory, tmp_path: Path) -> None:
    compact_texts(memory.texts, tmp_path / "one")
    memory.entries.reverse()
    compact_texts(memory.texts, tmp_path / "two")
    assert files(tmp_path / "one") == files(tmp_path / "two")


def test_only_what_changed_is_written_again(memory: Memory, tmp_path: Path) -> None:
    compact_texts(memory.texts, tmp_path)
    memory.read.clear()
    again = compact_texts(memory.texts, tmp_path)
    assert (again.written, len(again.kept), memory.read) == ((), 3, [])
    memory.entries[2] = replace(memory.entries[2], identity="sha256:OTHER")
    assert compact_texts(memory.texts, tmp_path).written == ("cleaner=0.1.0+abc/month=2026-12/part-0.parquet",)


def test_a_damaged_file_is_written_again(memory: Memory, tmp_path: Path) -> None:
    compact_texts(memory.texts, tmp_path)
    before = files(tmp_path)
    victim = tmp_path / "cleaner=0.1.0+abc/month=2026-11/part-0.parquet"
    victim.write_bytes(victim.read_bytes()[:100])
    assert len(compact_texts(memory.texts, tmp_path).written) == 1
    assert files(tmp_path) == before


def test_files_without_texts_are_removed(memory: Memory, tmp_path: Path) -> None:
    compact_texts(memory.texts, tmp_path)
    (tmp_path / "notes.txt").write_text("the user's own")
    memory.entries.pop()
    assert compact_texts(memory.texts, tmp_path).removed == ("cleaner=0.2.0+def/month=2026-12/part-0.parquet",)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["cleaner=0.1.0+abc", "notes.txt"]


def test_readers_of_partitioned_datasets_see_cleaner_and_month(memory: Memory, tmp_path: Path) -> None:
    compact_texts(memory.texts, tmp_path)
    rows = ds.dataset(tmp_path, format="parquet", partitioning="hive").to_table().to_pylist()
    assert sorted((row["cleaner"], row["month"]) for row in rows) == [
        ("0.1.0+abc", "2026-11"),
        ("0.1.0+abc", "2026-11"),
        ("0.1.0+abc", "2026-12"),
        ("0.1.0+abc", "2026-12"),
        ("0.2.0+def", "2026-12"),
    ]
    assert pq.read_table(tmp_path).num_rows == 5


def test_nothing_in_a_file_depends_on_later_captures_or_moved_files() -> None:
    names = {column.name for column in COMPACTED.columns}
    assert not names & {"edition", "editions", "warc_file", "warc_offset"}


def test_a_full_disk_is_told_as_such_and_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(*_: object, **__: object) -> None:
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr("archive.dataset.parquet.write_parquet", full)
    with pytest.raises(StorageFull, match="free space"):
        compact_texts(Memory(entry(1, "2026-11-25")).texts, tmp_path)
    assert not [path for path in tmp_path.rglob("*") if path.is_file()]
