"""Whatever the bytes: reading and importing neither crash nor hang, and what is entered can be read again."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pytest
from foreign_files import forms
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from archive.entering.importing import import_files, look
from archive.errors import DamagedRecord, FileTooLarge, PayloadRefused
from archive.store import Archive
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import open_place
from archive.warc.stored import Record

FORMS = forms()
_INTERESTING = (
    b"\x00",
    b"\xff",
    b"\x1f\x8b\x08",
    b"\x28\xb5\x2f\xfd",
    b"PK\x03\x04",
    b"WARC/1.0\r\n",
    b"\r\n\r\n",
    b"\n",
    b"9",
)


@st.composite
def changes(draw: st.DrawFn) -> tuple[str, bytes]:
    """The bytes of a file of some form with a few changes, and its name."""
    name = draw(st.sampled_from(sorted(FORMS)))
    content = bytearray(FORMS[name])
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(content)))
        match draw(st.sampled_from(["flip", "set", "cut", "drop", "insert", "double", "zero"])):
            case "flip" if at < len(content):
                content[at] ^= 1 << draw(st.integers(0, 7))
            case "set":
                some = draw(st.sampled_from(_INTERESTING) | st.binary(min_size=1, max_size=8))
                content[at : at + len(some)] = some
            case "cut":
                del content[at:]
            case "drop":
                del content[at : at + draw(st.integers(1, 400))]
            case "insert":
                content[at:at] = draw(st.sampled_from(_INTERESTING) | st.binary(max_size=40))
            case "double":
                content[at:at] = content[at : at + draw(st.integers(1, 2000))]
            case "zero":
                size = min(draw(st.integers(1, 300)), len(content) - at)
                content[at : at + size] = bytes(size)
            case _:
                pass
    return name, bytes(content)


plenty = settings(deadline=None, max_examples=150, suppress_health_check=list(HealthCheck))
some = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


@pytest.mark.slow
@plenty
@given(changes())
@example(("a.wacz", b"PK\x05\x06" + bytes(18)))
@example(("a.warc.zst", b"\x5d\x2a\x4d\x18\xff\xff\xff\xff"))
@example(("a.warc.gz", b"\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\x03\xff\xff"))
def test_any_bytes_can_be_read(changed: tuple[str, bytes]) -> None:
    name, content = changed
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / name
        path.write_bytes(content)
        try:
            with open_place(path, Path(directory) / "seek", name) as source:
                pieces = list(source.scan())
                at = [piece.offset for piece in pieces]
                assert at == sorted(at)
                for piece in pieces:
                    if isinstance(piece, Record):
                        assert source.read(piece.offset).block == piece.block
        except (FormRefused, DamagedRecord) as error:
            assert error.message  # noqa: PT017 - most examples raise nothing
        assert len(list(look([path]))) == 1


@pytest.mark.slow
@some
@given(changes())
def test_any_bytes_can_be_imported(changed: tuple[str, bytes]) -> None:
    name, content = changed
    with tempfile.TemporaryDirectory() as directory, Archive.create(Path(directory) / "NEWS") as archive:
        path = Path(directory) / name
        path.write_bytes(content)
        (brought,) = import_files(archive, [path])
        assert bool(brought.refused) != (brought.file is not None)
        captures = list(archive.captures())
        assert len(captures) == brought.entered.captures
        for capture in captures:
            assert capture.block()
            try:
                capture.payload()
            except (DamagedRecord, PayloadRefused, FileTooLarge):
                continue  # cut bodies, broken codings
        found = archive.verify()
        assert not found.damaged
        assert not found.repairable


@pytest.mark.slow
@settings(deadline=None, max_examples=200, suppress_health_check=list(HealthCheck))
@given(
    st.binary(max_size=400), st.sampled_from([b"", b"WARC/1.0\r\n", b"filedesc://x 0.0.0.0 20030405060708 text/plain "])
)
def test_bytes_of_no_form_are_refused_or_told_of(content: bytes, head: bytes) -> None:
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "x"
        path.write_bytes(head + content)
        (found,) = look([path])
        assert found.refused or found.entered.gaps or found.entered.captures or found.form
