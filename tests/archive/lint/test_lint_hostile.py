"""Whatever the bytes, the linter ends, in bounded memory, and raises nothing."""

from __future__ import annotations

import gzip
import json
import os
import struct
import tracemalloc
import zipfile
import zlib
from io import BytesIO
from pathlib import Path

import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.lint import budget, links
from archive.lint.linter import Result, lint

from .bad_cases import CASES
from .dialects import GOOD
from .making import INDEX_NAME, cdxj, frames, members, request, resource, response, revisit, uid, wacz, warcinfo

SEEDS = [
    *(one.make() for one in GOOD),
    *(one.make() for one in CASES if one.name != "a head without an end"),
    wacz(),
    wacz({INDEX_NAME: None, "indexes/index.cdx.gz": gzip.compress(cdxj())}, deflated=["archive/data.warc.gz"]),
]
NAMES = ["case.warc.gz", "case.warc", "case.warc.zst", "case.wacz"]


def linted(directory: Path, data: bytes, name: str = "case.warc.gz") -> Result:
    path = directory / name
    path.write_bytes(data)
    found = lint([path])
    for one in found.files[0].findings:
        assert one.offset is None or one.inner or 0 <= one.offset <= len(data)
    return found


def rules(found: Result) -> set[str]:
    return {one.rule.id for one in found.files[0].findings}


@st.composite
def mutated(draw: st.DrawFn) -> bytes:
    """A file of the tables with some of its bytes changed, cut out, doubled, or put in from elsewhere."""
    data = bytearray(draw(st.sampled_from(SEEDS)))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        length = draw(st.integers(0, 60))
        match draw(st.integers(0, 4)):
            case 0 if at < len(data):
                data[at] ^= 1 << draw(st.integers(0, 7))
            case 1:
                del data[at : at + length]
            case 2:
                data[at:at] = data[at : at + length]
            case 3:
                data[at : at + length] = draw(st.binary(max_size=60))
            case _:
                del data[at:]
    return bytes(data)


@settings(deadline=None, max_examples=150, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated(), st.sampled_from(NAMES))
def test_mutated_files(tmp_path: Path, data: bytes, name: str) -> None:
    linted(tmp_path, data, name)


@settings(deadline=None, max_examples=100, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(mutated(), st.booleans())
def test_mutated_content_in_sound_members(tmp_path: Path, data: bytes, packed: bool) -> None:
    """Bytes that a checksum would stop reach the rules: mutated before they are packed."""
    content = gzip.decompress(data) if data[:2] == b"\x1f\x8b" and _sound(data) else data
    linted(tmp_path, gzip.compress(content) if packed else frames(content), "case.warc.gz")
    linted(tmp_path, content, "case.warc")


def _sound(data: bytes) -> bool:
    try:
        gzip.decompress(data)
    except (OSError, EOFError, ValueError, zlib.error):
        return False
    return True


LINES = st.lists(
    st.one_of(
        st.sampled_from(
            [
                "WARC/1.1", "WARC/1.0", "WARC-Type: response", "WARC-Type: revisit", "WARC-Type: continuation",
                f"WARC-Record-ID: {uid(1)}", f"WARC-Refers-To: {uid(1)}", f"WARC-Segment-Origin-ID: {uid(1)}",
                "WARC-Segment-Number: 2", "WARC-Segment-Total-Length: 9", "Content-Length: 5", "Content-Length: 99999",
                "Content-Type: application/http;msgtype=response", "WARC-Payload-Digest: sha1:A", "", "hello",
                "HTTP/1.1 200 OK", "Transfer-Encoding: chunked", "Content-Encoding: gzip, br, deflate", "ffffffffffff",
            ]
        ),
        st.text(max_size=30),
    ),
    max_size=40,
)  # fmt: skip


@settings(deadline=None, max_examples=80, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(LINES)
def test_words_of_the_format_in_any_order(tmp_path: Path, lines: list[str]) -> None:
    data = "\r\n".join(["WARC/1.1", *lines]).encode("utf-8", "surrogatepass")
    linted(tmp_path, data, "case.warc")
    linted(tmp_path, gzip.compress(data))


@pytest.fixture
def poor(monkeypatch: pytest.MonkeyPatch) -> None:
    """A budget that a test can exhaust: 4 MB and a hundred times the file."""
    monkeypatch.setattr(budget, "_FREE", 4 * 2**20)


@pytest.mark.usefixtures("poor")
def test_bombs_are_given_up(tmp_path: Path) -> None:
    zeros = response({"Content-Length": str(2**25)}, bytes(2**25))
    assert "too-much-content" in rules(linted(tmp_path, members(warcinfo(), zeros)))
    packed = frames(warcinfo()) + zstandard.ZstdCompressor().compress(zeros)
    assert "too-much-content" in rules(linted(tmp_path, packed, "case.warc.zst"))
    deflated = wacz({"archive/data.warc": zeros}, deflated=["archive/data.warc"])
    assert "wacz-absurd-size" in rules(linted(tmp_path, deflated, "case.wacz"))


@pytest.mark.usefixtures("poor")
def test_lengths_that_overlap_are_given_up(tmp_path: Path) -> None:
    """Each record claims the whole rest of the file: to check them all would cost the square of its size."""
    greedy = b"".join(resource({"Content-Length": "999999999"}, number=number) for number in range(10, 1500))
    found = linted(tmp_path, warcinfo() + greedy, "case.warc")
    assert {"content-length-wrong", "too-much-content"} <= rules(found)


def test_a_large_block_is_hashed_but_not_kept(tmp_path: Path) -> None:
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr("archive.lint.walk.BLOCK_LIMIT", 1000)
        block = b"HTTP/1.1 200 OK\r\n\r\n" + bytes(5000)
        assert rules(linted(tmp_path, members(warcinfo(), response(block=block)))) == {"block-too-large"}
        changed = response({"WARC-Block-Digest": "sha1:" + "A" * 32}, block)
        assert rules(linted(tmp_path, members(warcinfo(), changed))) == {"block-too-large", "block-digest"}


def test_memory_does_not_grow_with_a_head(tmp_path: Path) -> None:
    """A packed head of 40 MB."""
    packer = zstandard.ZstdCompressor()
    head = packer.compress(b"WARC/1.1\r\nX-A: " + b"a" * (40 * 2**20))
    tracemalloc.start()
    try:
        found = linted(tmp_path, frames(warcinfo()) + head, "case.warc.zst")
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert "head-too-long" in rules(found)
    assert peak < 32 * 2**20


def test_references_beyond_the_limit_are_told(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(links, "_MOST", 1)
    data = members(warcinfo(), *(request({"WARC-Concurrent-To": uid(900 + n)}, number=n) for n in range(10, 13)))
    assert rules(linted(tmp_path, data)) == {"concurrent-to-dangling", "references-unchecked"}


def test_a_zip_whose_directory_lies(tmp_path: Path) -> None:
    raw = bytearray(wacz())
    end = raw.rindex(b"PK\x05\x06")
    for field, width in ((8, 2), (10, 2), (12, 4), (16, 4), (20, 2)):
        for value in (0, 1, 2 ** (8 * width) - 1):
            lying = bytearray(raw)
            lying[end + field : end + field + width] = value.to_bytes(width, "little")
            linted(tmp_path, bytes(lying), "case.wacz")


def test_a_zip_bomb_of_many_names(tmp_path: Path) -> None:
    out = BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as made:
        for number in range(2000):
            made.writestr(f"logs/{number}", b"0" * 1000)
    assert "wacz-datapackage-missing" in rules(linted(tmp_path, out.getvalue(), "case.wacz"))


def test_zip64_end_records_that_lie(tmp_path: Path) -> None:
    wide = b"PK\x06\x06" + struct.pack("<QHHIIQQQQ", 44, 45, 45, 0, 0, 1, 1, 2**62, 0)
    locator = b"PK\x06\x07" + struct.pack("<IQI", 0, 0, 1)
    end = b"PK\x05\x06" + struct.pack("<HHHHIIH", 0, 0, 65535, 65535, 2**32 - 1, 2**32 - 1, 0)
    assert rules(linted(tmp_path, wide + locator + end, "case.wacz")) == {"wacz-absurd-size"}


def test_a_revisit_before_its_original(tmp_path: Path) -> None:
    assert rules(linted(tmp_path, members(warcinfo(), revisit(), response()))) == set()


@pytest.mark.usefixtures("poor")
def test_many_small_bombs_are_one(tmp_path: Path) -> None:
    """Each within the limits, all together not; and records of nothing, which cost time instead of bytes."""
    small = members(warcinfo(), response(block=bytes(2**21)))
    package = wacz({f"archive/{number}.warc.gz": small for number in range(40)})
    assert "too-much-content" in rules(linted(tmp_path, package, "case.wacz"))
    nothing = gzip.compress(b"WARC/1.1\r\nContent-Length: 0\r\n\r\n\r\n\r\n" * 5000)
    assert "too-much-content" in rules(linted(tmp_path, nothing))


def test_ids_beyond_the_limit_are_told_and_nothing_is_called_absent(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(links, "_IDS", 2)
    data = members(warcinfo(), response(), resource(), request({"WARC-Concurrent-To": uid(900)}))
    assert rules(linted(tmp_path, data)) == {"references-unchecked"}


KEYS = st.sampled_from(
    ["profile", "wacz_version", "resources", "path", "name", "hash", "bytes", "created", "url", "ts", "format",
     "filename", "offset", "length", "digest", "mime", "status"]
)  # fmt: skip
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=8) | st.just("data.warc.gz"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(KEYS, inner, max_size=6),
    max_leaves=12,
)


@settings(deadline=None, max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(JSON, JSON, st.lists(JSON, max_size=4), st.lists(JSON, max_size=4))
def test_any_json_in_a_wacz(
    tmp_path: Path, package: object, digest: object, pages: list[object], index: list[object]
) -> None:
    listed = "".join(f"{json.dumps(one)}\n" for one in pages)
    indexed = "".join(f"org,example)/ 20261124093000 {json.dumps(one)}\n" for one in index)
    last = {"datapackage.json": json.dumps(package).encode(), "datapackage-digest.json": json.dumps(digest).encode()}
    changes = {
        "pages/pages.jsonl": listed.encode(),
        INDEX_NAME: indexed.encode(),
        "indexes/index.idx": indexed.encode(),
    }
    linted(tmp_path, wacz(changes, last=last), "case.wacz")


def test_a_pipe_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "case.warc.gz")
    assert rules(lint([tmp_path / "case.warc.gz"])) == {"file-unreadable"}
