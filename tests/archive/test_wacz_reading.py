"""WACZ files from anywhere: good ones are read in place, hostile ones are refused with the reason."""

from __future__ import annotations

import io
import stat
import struct
import zipfile
from collections.abc import Callable
from pathlib import Path

import pytest
from foreign_files import gzipped, wacz, warc_records

from archive.entering.importing import look
from archive.warc.foreign import zipped
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.zipped import mismatches, read_wacz

WARC = gzipped(warc_records())


def zipped_with(*entries: tuple[zipfile.ZipInfo | str, bytes]) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as target:
        for name, content in entries:
            target.writestr(name, content)
    return out.getvalue()


def refused(content: bytes) -> str:
    with pytest.raises(FormRefused) as told:
        read_wacz(io.BytesIO(content), "x.wacz")
    return told.value.message


def link(name: str) -> zipfile.ZipInfo:
    entry = zipfile.ZipInfo(name)
    entry.create_system = 3
    entry.external_attr = (stat.S_IFLNK | 0o777) << 16
    return entry


def encrypted(name: str) -> bytes:
    content = bytearray(zipped_with((name, WARC)))
    for magic, place in ((b"PK\x03\x04", 6), (b"PK\x01\x02", 8)):
        content[content.index(magic) + place] |= 1
    return bytes(content)


def changed(offset: int, form: str, value: int, *, magic: bytes = b"PK\x01\x02") -> bytes:
    """A WACZ in whose directory one number is another."""
    content = bytearray(zipped_with(("archive/data.warc.gz", WARC)))
    struct.pack_into(form, content, content.rindex(magic) + offset, value)
    return bytes(content)


def overlapping() -> bytes:
    content = bytearray(zipped_with(("archive/a.warc.gz", WARC), ("archive/b.warc.gz", WARC)))
    first = content.index(b"PK\x01\x02")
    second = content.index(b"PK\x01\x02", first + 4)
    # The second one lies where the first one does, under the first one's name.
    content[second + 42 : second + 46] = content[first + 42 : first + 46]
    content[second + 46 : second + 63] = content[first + 46 : first + 63]
    content[second + 47 : second + 48] = b"r"
    return bytes(content)


CASES: dict[str, tuple[Callable[[], bytes], str]] = {
    "a step upwards": (lambda: zipped_with(("../../etc/data.warc.gz", WARC)), "leads out"),
    "an absolute path": (lambda: zipped_with(("/etc/data.warc.gz", WARC)), "leads out"),
    "a drive": (lambda: zipped_with(("C:data.warc.gz", WARC)), "leads out"),
    "a backward step": (lambda: zipped_with(("a\\..\\..\\data.warc.gz", WARC)), "leads out"),
    "a control character": (lambda: zipped_with(("archive/\x1b[2Jdata.warc.gz", WARC)), "leads out"),
    "a symbolic link": (lambda: zipped_with((link("archive/data.warc.gz"), b"/etc/passwd")), "symbolic link"),
    "an encrypted entry": (lambda: encrypted("archive/data.warc.gz"), "encrypted"),
    "a deflated WARC": (lambda: wacz(compression=zipfile.ZIP_DEFLATED), "compressed by the ZIP"),
    "no WARC": (lambda: zipped_with(("pages/pages.jsonl", b"{}")), "no WARC file"),
    "one name twice": (lambda: overlapping().replace(b"brchive", b"archive"), "two names|same name|overlap"),
    "two sizes": (lambda: changed(24, "<I", len(WARC) + 1), "two sizes"),
    "too large an entry": (lambda: changed(24, "<I", 2**31), "two sizes"),
    "an offset beyond the end": (lambda: changed(42, "<I", 2**31), "does not lie where"),
    "ZIP64 sizes that are missing": (lambda: changed(24, "<I", 2**32 - 1), "ZIP64"),
    "a directory beyond the end": (lambda: changed(12, "<I", 2**30, magic=b"PK\x05\x06"), "outside of the file"),
    "one of several parts": (lambda: changed(4, "<H", 3, magic=b"PK\x05\x06"), "several parts"),
    "more entries than there are": (lambda: changed(10, "<H", 9, magic=b"PK\x05\x06"), "directory is damaged"),
    "a cut file": (lambda: zipped_with(("archive/data.warc.gz", WARC))[:-30], "directory is missing"),
    "a WARC that is none": (lambda: wacz(b"<html>nothing</html>"), "no WARC file, plain or gzipped"),
}


@pytest.mark.parametrize("case", CASES)
def test_what_cannot_be_trusted_is_refused_with_the_reason(tmp_path: Path, case: str) -> None:
    make, reason = CASES[case]
    path = tmp_path / "x.wacz"
    path.write_bytes(make())
    (found,) = look([path])
    assert found.refused
    assert any(one in found.refused for one in reason.split("|")), found.refused


def test_entries_without_number_are_refused_before_they_are_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipped, "MOST_ENTRIES", 50)
    content = zipped_with(("archive/data.warc.gz", WARC), *((f"pages/{n}", b"") for n in range(60)))
    assert "too many entries" in refused(content)


def test_a_zip64_directory_is_read(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(zipfile, "ZIP64_LIMIT", 100)
    content = zipped_with(("archive/data.warc.gz", WARC), ("datapackage.json", b"{}"))
    assert b"PK\x06\x06" in content
    (entry,) = read_wacz(io.BytesIO(content), "x").warcs
    assert content[entry.start : entry.end] == WARC


def test_what_datapackage_says_is_held_against_the_files() -> None:
    def said(content: bytes) -> list[str]:
        stream = io.BytesIO(content)
        return list(mismatches(stream, read_wacz(stream, "x")))

    assert said(wacz()) == []
    assert "has another digest" in said(wacz(digest=f"sha256:{'0' * 64}"))[0]
    assert "no datapackage.json" in said(wacz(package=False))[0]
    with_other = zipped_with(
        ("archive/data.warc.gz", WARC), ("datapackage.json", b'{"resources": [{"path": "gone"}, 7]}')
    )
    assert ["is missing" in one for one in said(with_other)] == [True, False]
    assert "lists no resources" in said(zipped_with(("a.warc", b"WARC/1.0"), ("datapackage.json", b"[" * 9999)))[0]


def test_nothing_of_a_wacz_is_ever_written_anywhere(tmp_path: Path) -> None:
    path = tmp_path / "x.wacz"
    path.write_bytes(wacz())
    (found,) = look([path])
    assert (found.form, found.entered.captures, found.remarks) == ("WACZ", 3, ())
    assert [one.name for one in tmp_path.iterdir()] == ["x.wacz"]
