"""The viewer's package: only the known one is unpacked, and of it only what is served."""

from __future__ import annotations

import base64
import hashlib
import io
import stat
import tarfile
from dataclasses import replace
from pathlib import Path

import pytest

from archive.errors import NotFound, NotReadable, UsageError
from archive.replay import viewer
from archive.replay.viewer import KNOWN, Known


def package(*more: tarfile.TarInfo, **files: bytes) -> bytes:
    """A package as npm packs one; names are written with underscores for dots."""
    out = io.BytesIO()
    with tarfile.open(fileobj=out, mode="w:gz") as made:
        for name, body in files.items():
            member = tarfile.TarInfo(f"package/{name.replace('_', '.')}")
            member.size = len(body)
            made.addfile(member, io.BytesIO(body))
        for one in more:
            made.addfile(one)
    return out.getvalue()


def known(body: bytes) -> Known:
    digest = base64.b64encode(hashlib.sha512(body).digest()).decode()
    return replace(KNOWN, integrity=f"sha512-{digest}", files=("ui.js", "sw.js"))


@pytest.fixture(autouse=True)
def data(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path / "data"))
    return tmp_path / "data"


def test_a_known_package_is_unpacked_as_a_whole(tmp_path: Path) -> None:
    body = package(ui_js=b"let ui", sw_js=b"let sw", README_md=b"words")
    file = tmp_path / "package.tgz"
    file.write_bytes(body)
    assert viewer.installed(known(body)) is None
    folder = viewer.install(str(file), known(body))
    assert {one.name: one.read_bytes() for one in folder.iterdir()} == {"ui.js": b"let ui", "sw.js": b"let sw"}
    assert viewer.installed(known(body)) == folder
    assert viewer.install(str(file), known(body)) == folder, "again is no error"
    assert [one.name for one in folder.parent.iterdir()] == [folder.name]
    assert viewer.remove(known(body))
    assert not viewer.remove(known(body))
    assert list(folder.parent.iterdir()) == []


def test_another_package_is_refused(data: Path) -> None:
    body = package(ui_js=b"let ui", sw_js=b"let sw")
    with pytest.raises(UsageError, match="not replaywebpage"):
        viewer.unpack(body + b" ", known(body))
    assert not data.exists()


def test_members_of_other_kinds_and_names_are_not_looked_at(data: Path) -> None:
    link = tarfile.TarInfo("package/sw.js")
    link.type, link.linkname = tarfile.SYMTYPE, "/etc/passwd"
    above, absolute = tarfile.TarInfo("package/../../ui.js"), tarfile.TarInfo("/tmp/ui.js")
    body = package(link, above, absolute, ui_js=b"let ui")
    with pytest.raises(UsageError, match=r"has no sw\.js"):
        viewer.unpack(body, known(body))
    assert not data.exists()


@pytest.mark.parametrize("body", [b"", b"\x1f\x8b\x08", b"no archive at all", package(ui_js=b"x" * 5000)[:-40]])
def test_a_broken_package_is_said_to_be_one(body: bytes) -> None:
    with pytest.raises(UsageError, match="fetch it again"):
        viewer.unpack(body, known(body))


def test_a_file_that_is_not_there_is_said_to_be_missing() -> None:
    with pytest.raises(NotReadable, match="cannot be read"):
        viewer.install("/nowhere/at/all.tgz")


def test_npm_is_asked_without_scripts(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """By a stand-in that does what npm does, and writes down what it was asked for."""
    body = package(ui_js=b"let ui", sw_js=b"let sw")
    (tmp_path / "theirs.tgz").write_bytes(body)
    program = tmp_path / "bin" / "npm"
    program.parent.mkdir()
    program.write_text(f'#!/bin/sh\necho "$@" > {tmp_path}/asked\ncp {tmp_path}/theirs.tgz "$6/it.tgz"\n')
    program.chmod(program.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", f"{program.parent}:/usr/bin:/bin")
    assert viewer.install(None, known(body)).is_dir()
    asked = (tmp_path / "asked").read_text().split()
    assert asked[:4] == ["pack", KNOWN.spec, "--ignore-scripts", "--silent"]
    program.write_text("#!/bin/sh\necho 'no network' >&2\nexit 1\n")
    with pytest.raises(NotReadable, match="no network"):
        viewer.install("https://packages.example/it.tgz", known(body))
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(NotFound, match="npm is not installed"):
        viewer.install(None, known(body))
