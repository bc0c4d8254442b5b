"""Readers who hold captures while their file is rewritten by a purge."""

from __future__ import annotations

import pickle
from pathlib import Path

import pytest
from bringing_in import imported, laid
from exchanges import OTHER, exchange
from foreign_files import gzipped, warc_records
from withdrawn import URL, purged, secret

from archive.catalogue import database
from archive.errors import DamagedRecord, TakenDown
from archive.store import Archive

QUAY = "http://herald.example/quay"


def test_captures_that_are_held_are_read_where_they_lie_after_a_purge(
    monkeypatch: pytest.MonkeyPatch, archive: Archive
) -> None:
    monkeypatch.setattr(database, "BUSY", 0.2)  # seconds that the purge waits for the running reader, in vain
    with archive.writer("crawl") as writer:
        writer.add(secret(minute=0))
        for minute in range(1, 4):
            writer.add(exchange(f"s{minute}", minute, sentence=OTHER))
    running = archive.captures()
    assert next(running).url == URL
    gone, *left = archive.captures()
    before = [one.message().raw for one in left]
    with Archive.open(archive.path) as other:
        purged(other)
    assert [one.message().raw for one in left] == before
    assert [pickle.loads(pickle.dumps(one)).message().raw for one in left] == before
    assert [one.message().raw for one in running] == before
    assert left[0].location != archive.capture(left[0].id).location, "or the test shows nothing"
    with pytest.raises(TakenDown, match="was removed"):
        gone.message()


def test_captures_of_imported_files_are_so_too(tmp_path: Path, archive: Archive) -> None:
    imported(archive, laid(tmp_path, "a.warc.gz", gzipped(warc_records())))
    gone = archive.memento(QUAY)
    left = [one for one in archive.captures() if one.url != QUAY]
    before = [one.block() for one in left]
    purged(archive, QUAY)
    assert [one.block() for one in left] == before
    with pytest.raises(TakenDown, match="was removed"):
        gone.block()


def test_a_record_that_is_nowhere_else_in_its_file_is_damaged(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        one = writer.add(exchange("a", 0))
    assert one.location is not None
    path = archive.warc_path / one.location.file
    damaged = bytearray(path.read_bytes())
    damaged[one.location.offset + 40] ^= 255
    path.write_bytes(damaged)
    with pytest.raises(DamagedRecord, match=f"damaged at offset {one.location.offset}"):
        next(archive.captures()).message()
