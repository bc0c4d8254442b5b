"""Records of files of every form, copied into a package: other tools read them, and their content is the same."""

from __future__ import annotations

import gzip
import hashlib
import io
from pathlib import Path

import pytest
import zstandard
from warcio.archiveiterator import ArchiveIterator
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.capture import Capture
from archive.errors import DamagedRecord
from archive.sharing.copying import copy_groups, is_copied_whole
from archive.warc.reader import read_events

NAMES = ("harbour", "bridge", "ferry")
DATE = "2020-01-02T03:04:05Z"


def body(name: str) -> bytes:
    return f"<title>{name}</title><p>What another writer stored.</p>".encode() * 20


def warc_records() -> list[bytes]:
    """A warcinfo record, then request and response of each page, without compression."""
    out = io.BytesIO()
    writer = WARCWriter(out, gzip=False)
    records = [writer.create_warcinfo_record("other.warc", {"software": "another writer"})]
    for name in NAMES:
        url, dated = f"http://other.example/{name}", {"WARC-Date": DATE}
        asked = StatusAndHeaders(f"GET /{name} HTTP/1.1", [("Host", "other.example")])
        answered = StatusAndHeaders("200 OK", [("Content-Type", "text/html")], protocol="HTTP/1.1")
        payload = io.BytesIO(body(name))
        request = writer.create_warc_record(url, "request", http_headers=asked, warc_headers_dict=dated)
        records.append(request)
        records.append(
            writer.create_warc_record(url, "response", payload, http_headers=answered, warc_headers_dict=dated)
        )
    found = []
    for record in records:
        out.seek(0)
        out.truncate()
        writer.write_record(record)
        found.append(out.getvalue())
    return found


def arc_records() -> list[bytes]:
    about = b"1 0 Other\nURL IP-address Archive-date Content-type Archive-length\n"
    found = [b"filedesc://x.arc 0.0.0.0 20200102030405 text/plain %d\n%b\n" % (len(about), about)]
    for name in NAMES:
        block = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body(name)
        line = f"http://other.example/{name} 192.0.2.1 20200102030405 text/html {len(block)}\n"
        found.append(line.encode() + block + b"\n")
    return found


def zstd(data: bytes) -> bytes:
    return zstandard.ZstdCompressor(write_checksum=True).compress(data)


FORMS = {
    "members.warc.gz": lambda: b"".join(gzip.compress(one) for one in warc_records()),
    "plain.warc": lambda: b"".join(warc_records()),
    "whole.warc.gz": lambda: gzip.compress(b"".join(warc_records())),
    "frames.warc.zst": lambda: b"".join(zstd(one) for one in warc_records()),
    "old.arc": lambda: b"".join(arc_records()),
    "old.arc.gz": lambda: b"".join(gzip.compress(one) for one in arc_records()),
}


def stored(directory: Path, name: str) -> tuple[str, list[Capture]]:
    """A file of another writer in a ``warc/``, and its captures."""
    file = f"imported/0000/{name}"
    (directory / file).parent.mkdir(parents=True)
    (directory / file).write_bytes(FORMS[name]())
    captures = [one for one in read_events(directory, file) if isinstance(one, Capture)]
    assert [one.url.rpartition("/")[2] for one in captures] == list(NAMES)
    return file, captures


@pytest.mark.parametrize("name", FORMS)
def test_what_is_copied_is_gzipped_by_record_and_reads_the_same(tmp_path: Path, name: str) -> None:
    file, captures = stored(tmp_path / "warc", name)
    wanted = [captures[0], captures[2]]
    out = io.BytesIO()
    placed = list(copy_groups(tmp_path / "warc", file, wanted, "copy.warc.gz", out))
    assert [copied.capture for copied in placed] == wanted
    for copied in placed:
        capture, place = copied.capture, copied.place
        packed = out.getvalue()[place.offset : place.offset + place.length]
        assert copied.sha256 == hashlib.sha256(packed).hexdigest()
        record = gzip.decompress(packed)
        head, _, rest = record.partition(b"\r\n\r\n")
        assert f"WARC-Record-ID: <{capture.id}>".encode() in head
        assert f"WARC-Target-URI: {capture.url}".encode() in head
        assert rest == capture.block() + b"\r\n\r\n"
    out.seek(0)
    kinds = [one.rec_type for one in ArchiveIterator(out, check_digests="raise") if one.raw_stream.read() is not None]
    is_arc = ".arc" in name
    assert kinds == (["response"] * 2 if is_arc else ["warcinfo", *["request", "response"] * 2])


@pytest.mark.parametrize(("name", "whole"), [*((one, one in {"members.warc.gz", "plain.warc"}) for one in FORMS)])
def test_only_what_readers_of_packages_read_goes_in_as_it_is(tmp_path: Path, name: str, whole: bool) -> None:
    file, _ = stored(tmp_path / "warc", name)
    assert is_copied_whole(tmp_path / "warc", file) is whole


def test_members_are_copied_without_a_change(tmp_path: Path) -> None:
    file, captures = stored(tmp_path / "warc", "members.warc.gz")
    out = io.BytesIO()
    list(copy_groups(tmp_path / "warc", file, captures, "copy.warc.gz", out))
    assert out.getvalue() == (tmp_path / "warc" / file).read_bytes()


def test_another_record_than_the_catalogue_says(tmp_path: Path) -> None:
    file, captures = stored(tmp_path / "warc", "members.warc.gz")
    others = FORMS["members.warc.gz"]()  # the same pages, other ids
    (tmp_path / "warc" / file).write_bytes(others)
    with pytest.raises(DamagedRecord, match="than the catalogue says"):
        list(copy_groups(tmp_path / "warc", file, captures, "copy.warc.gz", io.BytesIO()))
