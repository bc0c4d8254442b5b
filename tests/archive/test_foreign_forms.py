"""Reading files of other writers: every form gives the same records, by scanning and by offset, whole or damaged."""

from __future__ import annotations

import gzip
import random
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import zstandard
from foreign_files import (
    NAMES,
    arc_record,
    arc_records,
    filedesc,
    forms,
    framed,
    gzipped,
    http,
    wacz,
    warc_record,
    warc_records,
    warcinfo,
)

from archive.warc.foreign.form import Coding, FormRefused
from archive.warc.foreign.source import open_place
from archive.warc.scan import Gap, Piece
from archive.warc.stored import Record

FORMS = forms()
CODINGS = {
    "members.warc.gz": Coding.MEMBERS,
    "plain.warc": Coding.PLAIN,
    "whole.warc.gz": Coding.GZIP,
    "frames.warc.zst": Coding.FRAMES,
    "whole.warc.zst": Coding.ZSTD,
    "members.arc.gz": Coding.MEMBERS,
    "plain.arc": Coding.PLAIN,
    "second.arc": Coding.PLAIN,
    "whole.arc.gz": Coding.GZIP,
    "crawl.wacz": Coding.WACZ,
}


def read(tmp_path: Path, content: bytes) -> tuple[Coding, list[Piece]]:
    """All pieces of a file, after each record was read again by its offset alone."""
    path = tmp_path / "file"
    path.write_bytes(content)
    with open_place(path, tmp_path / "seek", "file") as source:
        pieces = list(source.scan())
        records = [one for one in pieces if isinstance(one, Record)]
        random.Random(7).shuffle(records)
        for record in records:
            again = source.read(record.offset)
            assert (again.block, again.length, again.fields) == (record.block, record.length, record.fields)
        return source.form.coding, pieces


def answers(pieces: list[Piece]) -> list[bytes]:
    return [one.block for one in pieces if isinstance(one, Record) and one.kind == "response"]


def gaps(pieces: list[Piece]) -> list[Gap]:
    return [one for one in pieces if isinstance(one, Gap)]


@pytest.mark.parametrize("name", FORMS)
def test_every_form_gives_the_same_records(tmp_path: Path, name: str) -> None:
    coding, pieces = read(tmp_path, FORMS[name])
    assert coding is CODINGS[name]
    assert answers(pieces) == [http(one) for one in NAMES]
    assert not gaps(pieces)
    targets = [one.fields.first("WARC-Target-URI") for one in pieces if isinstance(one, Record)]
    assert targets[1:] == [f"http://herald.example/{one}" for one in NAMES]


def test_a_gzip_of_which_only_the_second_member_holds_several_records_was_packed_as_a_whole(tmp_path: Path) -> None:
    content = gzip.compress(warcinfo()) + gzip.compress(b"".join(warc_records()[1:]))
    coding, pieces = read(tmp_path, content)
    assert coding is Coding.GZIP
    assert len(answers(pieces)) == 3


def test_several_whole_gzip_streams_one_after_the_other_are_read_to_the_end(tmp_path: Path) -> None:
    half = gzip.compress(b"".join(warc_records()))
    _, pieces = read(tmp_path, half + half + bytes(512))
    assert len(answers(pieces)) == 6
    assert not gaps(pieces)


def test_a_large_file_that_was_packed_as_a_whole_is_sought_in(tmp_path: Path) -> None:
    noise = random.Random(1)
    blocks = [b"HTTP/1.1 200 OK\r\n\r\n" + noise.randbytes(700_000) for _ in range(20)]
    records = [warc_record(f"page{n}", n % 9, block=block, record_id=None) for n, block in enumerate(blocks)]
    _, pieces = read(tmp_path, gzip.compress(b"".join(records), 1))
    assert answers(pieces) == blocks


@pytest.mark.parametrize("name", ["whole.warc.gz", "whole.warc.zst", "whole.arc.gz"])
def test_a_whole_stream_that_is_cut_gives_what_lies_before(tmp_path: Path, name: str) -> None:
    noise = random.Random(2)
    blocks = [b"HTTP/1.1 200 OK\r\n\r\n" + noise.randbytes(90_000) for _ in range(6)]
    if "arc" in name.split(".")[1:2]:
        records = [filedesc(), *(arc_record(f"p{n}", n, block=block) for n, block in enumerate(blocks))]
    else:
        records = [warc_record(f"p{n}", n, block=block) for n, block in enumerate(blocks)]
    whole = b"".join(records)
    packed = zstandard.ZstdCompressor().compress(whole) if name.endswith("zst") else gzip.compress(whole)
    _, pieces = read(tmp_path, packed[: len(packed) * 2 // 3])
    assert answers(pieces) == blocks[: len(answers(pieces))]
    assert 2 <= len(answers(pieces)) < 6
    assert any("compressed stream" in gap.reason for gap in gaps(pieces))


def test_a_whole_gzip_whose_checksum_differs_is_read_and_said_to_differ(tmp_path: Path) -> None:
    content = bytearray(FORMS["whole.warc.gz"])
    content[-6] ^= 1
    _, pieces = read(tmp_path, bytes(content))
    assert len(answers(pieces)) == 3
    assert ["checksum" in gap.reason for gap in gaps(pieces)] == [True]


@pytest.mark.parametrize("name", ["plain.warc", "whole.warc.gz", "plain.arc", "whole.arc.gz"])
def test_behind_a_broken_record_the_next_one_is_found(tmp_path: Path, name: str) -> None:
    records = arc_records() if "arc" in name.split(".")[1] and "warc" not in name else warc_records()
    records[2] = b"\x00\x01 nonsense" + records[2][40:]
    content = b"".join(records)
    _, pieces = read(tmp_path, gzip.compress(content) if name.endswith("gz") else content)
    assert answers(pieces) == [http("crane"), http("ferry")]
    (gap,) = gaps(pieces)
    assert content[gap.offset : gap.end] == records[2]


@pytest.mark.parametrize("wrong", [-30, 25])
def test_a_wrong_length_in_an_arc_file_is_put_right_by_the_next_record(tmp_path: Path, wrong: int) -> None:
    records = arc_records()
    records[2] = arc_record("quay", 1, declared=len(http("quay")) + wrong)
    for content in (b"".join(records), gzipped(records)):
        _, pieces = read(tmp_path, content)
        assert answers(pieces) == [http("crane"), http("quay"), http("ferry")]
        assert not gaps(pieces)


@pytest.mark.parametrize(("date", "told"), [("20030405060708", "06:07:08"), ("200304050607", "06:07:00")])
def test_arc_dates_of_several_lengths_are_read(tmp_path: Path, date: str, told: str) -> None:
    _, pieces = read(tmp_path, filedesc() + arc_record("crane", date=date))
    record = pieces[1]
    assert isinstance(record, Record)
    assert record.fields.first("WARC-Date") == f"2003-04-05T{told}Z"
    assert record.fields.first("WARC-IP-Address") == "192.0.2.9"


def test_arc_urls_with_spaces_and_other_schemes_are_read(tmp_path: Path) -> None:
    odd = [
        arc_record("x", url="http://herald.example/two words"),
        arc_record("x", url="dns:herald.example", block=b"20030405060708\nherald.example. 300 IN A 192.0.2.9\n"),
        arc_record("x", url="http://herald.example/caf\u00e9"),
    ]
    _, pieces = read(tmp_path, filedesc() + b"".join(odd))
    told = [(one.kind, one.fields.first("WARC-Target-URI")) for one in pieces[1:] if isinstance(one, Record)]
    assert told == [
        ("response", "http://herald.example/two words"),
        ("resource", "dns:herald.example"),
        ("response", "http://herald.example/caf\u00e9"),
    ]


def test_a_zstd_dictionary_serves_whole_files_and_single_frames(tmp_path: Path) -> None:
    samples: list[bytes | bytearray | memoryview] = [warc_record(f"sample{n}", n % 9) for n in range(200)]
    trained = zstandard.train_dictionary(8192, samples)
    head = b"\x5d\x2a\x4d\x18" + len(trained.as_bytes()).to_bytes(4, "little") + trained.as_bytes()
    packer = zstandard.ZstdCompressor(dict_data=trained)
    for content in (
        b"".join(packer.compress(one) for one in warc_records()),
        packer.compress(b"".join(warc_records())),
    ):
        _, pieces = read(tmp_path, head + content)
        assert answers(pieces) == [http(one) for one in NAMES]


@pytest.mark.parametrize(
    "content",
    [b"", b"<html>no archive</html>", b"\x1f\x8b\x08 torn", gzip.compress(b"a letter", mtime=0), b"PK\x03\x04", b"PK"],
    ids=["empty", "page", "torn", "letter", "zip", "short"],
)
def test_what_is_no_archive_is_refused(tmp_path: Path, content: bytes) -> None:
    with pytest.raises(FormRefused):
        read(tmp_path, content)


def test_a_bomb_is_refused_before_it_fills_the_disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.warc.foreign.seek.FREE_GROWTH", 2**20)
    block = bytes(8 * 2**20)
    for packed in (
        gzip.compress(warcinfo() + warc_record("bomb", block=block)),
        zstandard.ZstdCompressor().compress(warcinfo() + warc_record("bomb", block=block)),
    ):
        with pytest.raises(FormRefused, match="unpacks to more than"):
            read(tmp_path, packed)
    assert not list((tmp_path / "seek").glob("*"))


@pytest.mark.parametrize("name", ["whole.warc.gz", "whole.warc.zst"])
def test_derived_files_that_a_killed_process_left_half_made_are_taken_over(tmp_path: Path, name: str) -> None:
    seek = tmp_path / "seek"
    seek.mkdir()
    kind = "index" if name.endswith(".gz") else "unpacked"
    for one in (f".file.{kind}.part", ".file.json.part"):
        (seek / one).write_bytes(b"half" * 100_000)
    read(tmp_path, FORMS[name])
    assert {one.name for one in seek.iterdir()} == {f"file.{kind}", "file.json"}


@pytest.mark.parametrize("name", ["whole.warc.gz", "whole.warc.zst"])
def test_many_that_need_derived_files_at_once_wait_for_the_first(tmp_path: Path, name: str) -> None:
    path = tmp_path / "file"
    path.write_bytes(FORMS[name])

    def records(_: int) -> int:
        with open_place(path, tmp_path / "seek", "file") as source:
            return sum(isinstance(one, Record) for one in source.scan())

    with ThreadPoolExecutor(8) as pool:
        (number,) = set(pool.map(records, range(16)))
    assert number > 1


def test_derived_files_are_made_again_when_they_are_missing_or_not_whole(tmp_path: Path) -> None:
    path = tmp_path / "file"
    for name in ("whole.warc.gz", "whole.warc.zst"):
        path.write_bytes(FORMS[name])
        for harm in ("none", "gone", "cut", "changed"):
            derived = [one for one in (tmp_path / "seek").glob("file.*") if one.suffix != ".json"]
            for one in derived:
                match harm:
                    case "gone":
                        one.unlink()
                    case "cut":
                        one.write_bytes(one.read_bytes()[:-1])
                    case "changed" if one.suffix == ".index":
                        one.write_bytes(bytes(one.stat().st_size))
            with open_place(path, tmp_path / "seek", "file") as source:
                assert len(answers(list(source.scan()))) == 3


def test_all_warc_files_of_a_wacz_are_read_where_they_lie(tmp_path: Path) -> None:
    for warc in (gzipped(warc_records()), b"".join(warc_records())):
        content = wacz(warc, name="archive/data.warc.gz" if warc[:2] == b"\x1f\x8b" else "archive/data.warc")
        _, pieces = read(tmp_path, content)
        first = pieces[0]
        assert first.offset == content.index(warc)
        assert len(answers(pieces)) == 3


def test_behind_a_broken_record_in_a_wacz_the_next_one_is_found(tmp_path: Path) -> None:
    records = warc_records()
    records[2] = records[2][50:]
    for warc, name in ((b"".join(records), "a.warc"), (gzipped(records), "a.warc.gz")):
        _, pieces = read(tmp_path, wacz(warc, name=name))
        assert answers(pieces) == [http("crane"), http("ferry")]
        assert len(gaps(pieces)) == 1


def test_records_of_one_member_too_many_are_told_of(tmp_path: Path) -> None:
    content = gzipped(warc_records()) + gzip.compress(warc_record("a", 5) + warc_record("b", 6)) + framed([])
    _, pieces = read(tmp_path, content)
    assert len(answers(pieces)) == 3
    assert len(gaps(pieces)) == 1
