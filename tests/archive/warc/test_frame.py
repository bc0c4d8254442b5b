"""Zstandard frames: read back by offset, with and without a dictionary, torn at every byte, and made to hurt."""

from __future__ import annotations

import io
from pathlib import Path

import pytest
import zstandard
from hypothesis import given
from hypothesis import strategies as st

from archive.warc import frame, zstd
from archive.warc.frame import Frame
from archive.warc.member import Tear
from archive.warc.scan import Gap, scan
from archive.warc.stored import Record, read_record, read_records

from .test_reader import response


def pack(content: bytes, dictionary: bytes | None = None, *, checksum: bool = True) -> bytes:
    given = zstandard.ZstdCompressionDict(dictionary) if dictionary else None
    return zstandard.ZstdCompressor(dict_data=given, write_checksum=checksum).compress(content)


def skippable(content: bytes, magic: bytes = zstd.DICTIONARY) -> bytes:
    return magic + len(content).to_bytes(4, "little") + content


def read(raw: bytes, offset: int = 0, most: int | None = None) -> tuple[bytes, int]:
    found = Frame(io.BytesIO(raw), offset, "x.warc.zst", most)
    return b"".join(iter(lambda: found.read(1000), b"")), found.length


def trained() -> bytes:
    samples: list[bytes | bytearray | memoryview] = [
        f"HTTP/1.1 200 OK\r\nDate: {n}\r\nServer: quay\r\n\r\n<html>{n * 7}</html>".encode() for n in range(999)
    ]
    return zstandard.train_dictionary(4096, samples).as_bytes()


@given(st.binary(max_size=3000), st.binary(max_size=50), st.booleans())
def test_a_frame_ends_where_it_ends(content: bytes, behind: bytes, checksum: bool) -> None:
    raw = pack(content, checksum=checksum)
    assert read(b"##" + raw + behind, 2) == (content, len(raw))


def test_a_frame_of_many_blocks_and_of_unknown_size_is_read() -> None:
    content = bytes(range(256)) * 20_000 + b"\0" * 2**21
    stream = zstandard.ZstdCompressor().compressobj()
    raw = b"".join([stream.compress(content), stream.flush()])
    assert read(raw + raw) == (content, len(raw))


def test_a_frame_torn_at_any_byte_is_seen() -> None:
    raw = pack(b"WARC/1.1\r\n" + bytes(range(256)) * 3)
    for end in range(len(raw)):
        with pytest.raises(Tear) as caught:
            read(b"####" + raw[:end], 4)
        assert caught.value.offset == 4
        assert "x.warc.zst" in str(caught.value)


def test_a_changed_byte_of_content_or_checksum_is_seen() -> None:
    raw = pack(bytes(range(256)) * 3)
    for at in range(6, len(raw)):
        changed = bytearray(raw)
        changed[at] ^= 0x10
        with pytest.raises(Tear):
            read(bytes(changed) + raw)


@pytest.mark.parametrize("packed", [False, True])
def test_records_are_read_with_the_file_s_dictionary(tmp_path: Path, packed: bool) -> None:
    dictionary = trained()
    begin = skippable(pack(dictionary) if packed else dictionary)
    one, two = pack(response("urn:x:1"), dictionary), pack(response("urn:x:2"), dictionary)
    path = tmp_path / "x.warc.zst"
    between = skippable(b"nothing", b"\x50\x2a\x4d\x18")
    path.write_bytes(begin + one + between + two)
    records = list(read_records(path))
    assert [(record.id, record.offset, record.length) for record in records] == [
        ("urn:x:1", len(begin), len(one)),
        ("urn:x:2", len(begin + one + between), len(two)),
    ]
    with path.open("rb") as stream:
        assert read_record(stream, records[1].offset, file=path.name) == records[1]


def test_behind_damage_reading_goes_on_at_the_next_frame() -> None:
    begin, dictionary = skippable(trained()), trained()
    one, two = pack(response("urn:x:1"), dictionary), pack(response("urn:x:2"), dictionary)
    raw = begin + one[:-3] + b"\1\2\3" + b"noise" + two
    found = list(scan(io.BytesIO(raw), 0, len(raw), "x.warc.zst"))
    assert [(type(piece), piece.offset, piece.length) for piece in found] == [
        (Gap, len(begin), len(one) + 5),
        (Record, len(begin + one) + 5, len(two)),
    ]


def test_without_its_dictionary_a_record_is_a_tear_that_says_so(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.zst"
    path.write_bytes(pack(response(), trained()))
    with pytest.raises(Tear, match="no dictionary"):
        list(read_records(path))


def test_several_records_in_one_frame_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "x.warc.zst"
    path.write_bytes(pack(response() + response()))
    with pytest.raises(Tear, match="several records"):
        list(read_records(path))


def test_a_dictionary_that_is_absurd_or_torn_is_a_tear() -> None:
    one = pack(b"WARC/1.1\r\n")
    huge = zstd.DICTIONARY + (2**32 - 1).to_bytes(4, "little") + b"x" * 100
    bomb = skippable(pack(b"\0" * (zstd.DICTIONARY_LIMIT + 1)))
    for begin in (huge, bomb, skippable(pack(trained())[:-9])):
        with pytest.raises(Tear):
            read(begin + one, len(begin))


def test_windows_and_content_beyond_the_limits_are_tears() -> None:
    wide = zstandard.ZstdCompressionParameters(window_log=28, compression_level=1)
    stream = zstandard.ZstdCompressor(compression_params=wide).compressobj()
    with pytest.raises(Tear, match="cannot be unpacked"):
        read(stream.compress(b"x" * 5000) + stream.flush())
    with pytest.raises(Tear, match="too much content"):
        read(pack(b"\0" * 2**22), most=2**20)


def test_a_frame_of_countless_blocks_is_given_up_and_counted(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(frame, "_MOST_BLOCKS", 1000)
    head = pack(b"x" * 300)[:6]
    with pytest.raises(Tear, match="too many blocks") as caught:
        read(head + b"\0\0\0" * 100_000)
    assert caught.value.cost >= 1000 * 3


def test_skippable_frames_are_stepped_over_within_the_file_only() -> None:
    one = skippable(b"abc")
    assert frame.skip(io.BytesIO(b"#" + one + one), 1, 23) == 23
    assert frame.skip(io.BytesIO(b"#" + one + one), 1, 22) == 12
    assert frame.skip(io.BytesIO(b"#####"), 1, 5) == 1
    assert zstd.is_packed(one[:4])
    assert zstd.is_packed(zstd.MAGIC)
    assert not zstd.is_packed(b"WARC")
