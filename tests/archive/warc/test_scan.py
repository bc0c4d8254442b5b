"""Reading on behind damage: every byte is told of, only the file's own is taken, and the cost is bounded."""

from __future__ import annotations

import gzip
import io
import os
from dataclasses import replace
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.exchange import Origin
from archive.warc import scan as scanning
from archive.warc.member import compress
from archive.warc.reader import read_events, read_on
from archive.warc.scan import Gap, scan
from archive.warc.stored import Record, read_record

from .samples import RESPONSE, exchange, writer
from .test_reader import lay, request, response


def pieces(raw: bytes) -> list[Record | Gap]:
    return list(scan(io.BytesIO(raw), 0, len(raw), "x.warc.gz"))


def extents(raw: bytes) -> list[tuple[str, int, int]]:
    return [(type(one).__name__, one.offset, one.offset + one.length) for one in pieces(raw)]


def member(block: bytes = RESPONSE) -> bytes:
    return b"".join(compress(response(block=block)))


def test_every_byte_is_in_a_record_or_a_gap() -> None:
    one = member()
    size = len(one)
    noise = bytes(range(256))
    assert extents(one + one) == [("Record", 0, size), ("Record", size, 2 * size)]
    assert extents(one + noise + one) == [
        ("Record", 0, size),
        ("Gap", size, size + 256),
        ("Record", size + 256, 2 * size + 256),
    ]
    assert extents(noise + one[:-1]) == [("Gap", 0, 256 + size - 1)]
    assert extents(b"") == []


def test_a_head_by_chance_is_no_record() -> None:
    one = member()
    assert [type(piece) for piece in pieces(one + b"\x1f\x8b\x08\x00" * 50 + gzip.compress(b"no record") + one)] == [
        Record,
        Gap,
        Record,
    ]


def test_a_head_across_the_border_of_two_reads_is_found(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(scanning, "_STEP", 64)
    for before in range(1, 140):
        found = pieces(b"x" * before + member())
        assert [type(one) for one in found] == [Gap, Record]


def test_nested_heads_cost_no_more_than_the_bound(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each head begins a record that goes on through all the others and then fails."""
    monkeypatch.setattr(scanning, "_EFFORT", 2**20)
    monkeypatch.setattr(scanning, "_EFFORT_BY_SIZE", 0)
    inner = b"WARC/1.1\r\nContent-Length: 99999999\r\n\r\n"
    # A gzip head, then a stored block that holds as much as one can, of which the next head is the beginning.
    head = b"\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\xff" + b"\x00\xff\xff\x00\x00" + inner
    raw = head * 3000
    tried = []

    def counted(*given: object, **named: object) -> Record:
        tried.append(given)
        return read_record(*given, **named)  # type: ignore[arg-type]

    monkeypatch.setattr(scanning, "read_record", counted)
    (gap,) = pieces(raw + member())
    assert isinstance(gap, Gap)
    assert (gap.offset, gap.end) == (0, len(raw) + len(member()))
    assert "given up" in gap.reason
    assert len(tried) < 300


def damaged(directory: Path, payload: bytes) -> tuple[str, list[Capture]]:
    """A file of ours whose second of three captures is damaged at its end; the captures."""
    with writer(directory) as to:
        made = [to.add(exchange(RESPONSE + body)) for body in (b"", payload, b"")]
    where = made[1].location
    assert where
    raw = bytearray((directory / where.file).read_bytes())
    raw[where.offset + where.length - 5] ^= 0xFF  # in its checksum
    (directory / where.file).write_bytes(raw)
    return where.file, made


@pytest.mark.parametrize("own", [True, False])
def test_records_in_a_damaged_payload_are_not_taken(tmp_path: Path, own: bool) -> None:
    """A site may serve a WARC file, with captures of other sites in it."""
    (tmp_path / "served").mkdir()
    if own:
        with writer(tmp_path / "served") as hostile:
            hostile.add(replace(exchange(), origin=Origin(run="urn:uuid:another")))
        (closed,) = hostile.take_closed()
        served = (tmp_path / "served" / closed.file).read_bytes()
    else:
        served = b"".join(b"".join(compress(one)) for one in (response(), request()))
    # So much that cannot be made smaller is stored as it is.
    file, made = damaged(tmp_path / "warc", b"".join(os.urandom(40_000) + served for _ in range(20)))
    assert served in (tmp_path / "warc" / file).read_bytes()
    read = list(read_on(tmp_path / "warc", file))
    assert [one for one in read if isinstance(one, Capture)] == [made[0], made[2]]
    gaps = [one for one in read if isinstance(one, Gap)]
    assert sum(one.records for one in gaps) > 0
    assert gaps[0].offset == made[1].location.offset  # type: ignore[union-attr]


def test_the_first_run_behind_a_damaged_beginning_is_the_file_s_own(tmp_path: Path) -> None:
    file, made = damaged(tmp_path, b"")
    path = tmp_path / file
    path.write_bytes(b"\0" * 50 + path.read_bytes()[50:])
    assert [one for one in read_on(tmp_path, file) if isinstance(one, Capture)] == [made[0], made[2]]


def test_what_is_damaged_between_a_response_and_its_metadata_leaves_the_capture_as_it_was(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        made = [to.add(exchange()) for _ in range(2)]
    where = made[0].location
    assert where
    path = tmp_path / where.file
    raw = bytearray(path.read_bytes())
    raw[where.offset + where.length + 50] ^= 0xFF  # in the request
    path.write_bytes(raw)
    gap, *rest = read_on(tmp_path, where.file)
    assert isinstance(gap, Gap)
    assert gap.offset == where.offset + where.length
    assert rest == made


def test_other_writers_records_behind_damage_are_taken_as_they_are(tmp_path: Path) -> None:
    one, two = "urn:uuid:1", "urn:uuid:2"
    file = lay(tmp_path, response(one), response(two))
    path = tmp_path / file
    path.write_bytes(b"damage" + path.read_bytes())
    gap, first, second = read_on(tmp_path, file)
    assert (gap.offset, gap.end) == (0, 6)  # type: ignore[union-attr]
    assert [first.id, second.id] == [one, two]  # type: ignore[union-attr]


def test_fields_that_cannot_be_read_are_a_gap_and_the_rest_is_read(tmp_path: Path) -> None:
    wrong = response().replace(b"WARC-Date: 2", b"WARC-Date: x")
    gap, capture = read_on(tmp_path, lay(tmp_path, wrong, response("urn:uuid:9")))
    assert isinstance(gap, Gap)
    assert "date" in gap.reason
    assert capture.id == "urn:uuid:9"  # type: ignore[union-attr]


def test_reading_from_an_offset_knows_the_file_s_run(tmp_path: Path) -> None:
    file, made = damaged(tmp_path, b"")
    assert made[1].location
    start = made[1].location.offset
    gap, last = read_on(tmp_path, file, start)
    assert isinstance(gap, Gap)
    assert last == made[2]
    assert next(iter(read_events(tmp_path, file))) == made[0]
