"""What is named for import or attachment: files, directories, patterns, and all that is none of them."""

from __future__ import annotations

import os
import socket
from collections.abc import Callable
from pathlib import Path

import pytest
from bringing_in import attached, imported, laid, told, urls
from foreign_files import forms, gzipped, http, warc_record, warc_records

from archive.entering.importing import import_files, look
from archive.entering.sources import Absent, sources
from archive.errors import NotFound, PresskeepError, UsageError
from archive.store import Archive
from archive.warc import incoming

FORMS = forms()


def test_sources_are_files_directories_and_patterns(tmp_path: Path, archive: Archive) -> None:
    for name in ("a.warc", "b.WARC.GZ", "c.txt", "d.arc"):
        laid(tmp_path, name, b"x")
    base = tmp_path / "there"
    assert sources([str(base)], archive.path) == [base / name for name in ("a.warc", "b.WARC.GZ", "d.arc")]
    assert sources([str(base / "*.txt"), str(base / "c.txt")], archive.path) == [base / "c.txt"]
    for missing in ("nothing", "*.nothing"):
        with pytest.raises(NotFound):
            sources([str(base / missing)], archive.path)
    own = archive.warc_path / "own.warc"
    own.write_bytes(b"x")
    with pytest.raises(UsageError, match="in the archive itself"):
        sources([str(own)], archive.path)


def test_what_is_no_file_is_told_with_the_reason_and_the_rest_is_taken(tmp_path: Path, archive: Archive) -> None:
    good = laid(tmp_path, "a.warc", FORMS["plain.warc"])
    base = good.parent
    os.mkfifo(base / "pipe.warc")
    (base / "nowhere.warc").symlink_to(base / "gone.warc")
    (base / "loop.warc").symlink_to(base / "loop.warc")
    (base / "b.warc.gz.open").write_bytes(b"x")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(str(base / "socket.warc"))
        given = [str(base), "/nofile", str(base / "*.nothing"), "/dev/zero", "a\0b"]
        found = {one.given: one.error.message for one in sources(given, archive.path) if isinstance(one, Absent)}
    assert {Path(one).name: said.removeprefix(f"{one} ") for one, said in found.items()} == {
        "pipe.warc": "is no regular file, but a pipe, a socket or a device",
        "socket.warc": "is no regular file, but a pipe, a socket or a device",
        "zero": "is no regular file, but a pipe, a socket or a device",
        "nowhere.warc": "is a symbolic link that leads nowhere",
        "loop.warc": "cannot be read: Too many levels of symbolic links",
        "b.warc.gz.open": "is being written, or its writer was killed: name it to take it as it is",
        "nofile": "/nofile: there is no such file",
        "*.nothing": f"{base}/*.nothing: no file matches it",
        "a\0b": "a file's name cannot hold a NUL character",
    }
    done = imported(archive, *given)
    assert [one.entered.captures for one in done if not one.absent] == [3]
    assert sum(one.absent for one in done) == 9
    assert [one.refused for one in look([Absent("x", PresskeepError("x is away"))])] == ["is away"]


def test_links_are_followed_and_circles_are_not_walked(tmp_path: Path, archive: Archive) -> None:
    away = laid(tmp_path / "other", "b.warc", FORMS["plain.warc"]).parent
    inner = laid(tmp_path / "base", "deep/a.warc", FORMS["plain.warc"]).parent
    base = inner.parent
    for name, target in (("up", base), ("here", inner), ("away", away), ("again", away)):
        (inner / name).symlink_to(target, target_is_directory=True)
    (base / "same.warc").symlink_to(inner / "a.warc")
    found = sources([str(base)], archive.path)
    assert sorted(os.path.realpath(one) for one in found if isinstance(one, Path)) == sorted(
        [str(inner / "a.warc"), str(away / "b.warc")]
    )
    assert len(found) == 2
    for pattern in ("**/*.warc", "**"):
        found = sources([str(base / pattern)], archive.path)
        assert [one for one in found if isinstance(one, Path) and one.name.endswith(".warc")]


def test_the_archive_itself_is_left_out_of_a_directory_that_holds_it(tmp_path: Path, archive: Archive) -> None:
    laid(tmp_path, "a.warc", FORMS["plain.warc"])
    imported(archive, tmp_path / "there")
    (tmp_path / "way").symlink_to(archive.warc_path, target_is_directory=True)
    for inside in (archive.warc_path, archive.warc_path / "imported", tmp_path / "way"):
        with pytest.raises(UsageError, match="lies in the archive itself"):
            sources([str(inside)], archive.path)
    found = imported(archive, tmp_path)
    assert [one.there for one in found if not one.absent] == [True]
    assert {one.refused for one in found if one.absent} == {
        "lies in the archive itself: 'presskeep rebuild' enters what is missing of it"
    }


def test_a_directory_that_cannot_be_read_is_told(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid(tmp_path, "a.warc", FORMS["plain.warc"])
    closed = laid(tmp_path, "closed/b.warc", FORMS["plain.warc"]).parent
    listed = Path.iterdir

    def refused(path: Path) -> object:
        if path == closed:
            raise PermissionError(13, "Permission denied", str(path))
        return listed(path)

    monkeypatch.setattr(Path, "iterdir", refused)
    (one, two) = sources([str(tmp_path / "there")], archive.path)
    assert isinstance(one, Path)
    assert isinstance(two, Absent)
    assert "cannot be read: Permission denied" in two.error.message


@pytest.mark.parametrize(
    "name", ["new\nline.warc", "a: b\r\n c.warc", "\udcff\udcfe.warc", " .warc", "é" * 100 + ".warc"]
)
def test_odd_names(tmp_path: Path, archive: Archive, name: str) -> None:
    path = laid(tmp_path, name, b"".join(warc_record("crane", block=http("crane", status=302)) for _ in "x"))
    (brought,) = imported(archive, path)
    assert (brought.refused, brought.entered.captures) == ("", 1)
    assert brought.file is not None
    assert brought.file.isascii()
    (beside,) = attached(archive, laid(tmp_path / "more", name, warc_record("quay", 1, block=http("q", status=302))))
    if "\udcff" in name:
        assert "is not UTF-8" in beside.refused
    else:
        assert (beside.refused, beside.entered.captures) == ("", 1)
    assert told(archive.verify()) == set()
    before = urls(archive)
    archive.rebuild()
    assert urls(archive) == before


def test_a_file_that_is_cut_or_grows_while_it_is_copied_is_taken_as_it_was_read(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    records = [gzipped([one]) for one in warc_records()]
    path = laid(tmp_path, "a.warc.gz", b"".join(records))
    read = incoming._read
    changes: list[Callable[[], object]] = [
        lambda: os.truncate(path, len(records[0]) + len(records[1]) + 20),
        lambda: path.write_bytes(b"".join(records)),
    ]

    def meanwhile(stream: object, source: Path) -> bytes:
        if changes:
            changes.pop(0)()
        return read(stream, source)  # type: ignore[arg-type]

    monkeypatch.setattr(incoming, "_read", meanwhile)
    imported(archive, path)
    assert told(archive.verify()) == set()
    monkeypatch.undo()
    (whole,) = imported(archive, path)
    assert archive.count()[0] == 3
    assert not whole.refused
    assert told(archive.verify()) == set()


def test_a_file_that_another_has_taken_the_place_of_meanwhile(
    tmp_path: Path, archive: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = laid(tmp_path, "a.warc", FORMS["plain.warc"])
    given = sources([str(path)], archive.path)
    path.unlink()
    os.mkfifo(path)
    assert [one.refused for one in import_files(archive, given)] == ["it is no regular file"]
    assert [one.refused for one in look(given)] == ["it is no regular file"]
    path.unlink()
    assert [one.refused for one in import_files(archive, given)] == ["it cannot be read: No such file or directory"]
    assert [one.refused for one in look(given)] == ["it cannot be read: No such file or directory"]


def test_files_of_another_presskeep_are_taken_all_and_once(tmp_path: Path, archive: Archive) -> None:
    with Archive.create(tmp_path / "OTHER") as other:
        imported(other, laid(tmp_path, "a.warc", FORMS["plain.warc"]), site="herald")
        attached(other, laid(tmp_path, "b.arc", FORMS["plain.arc"]))
        done = imported(archive, other.path)
        assert sum(one.entered.captures for one in done) == 3
        assert not [one for one in done if one.refused]
        assert told(archive.verify()) == set()
        # And what it is writing just now is told of.
        with other.writer("crawl"):
            assert [one.absent for one in imported(archive, other.path)].count(True) == 1
