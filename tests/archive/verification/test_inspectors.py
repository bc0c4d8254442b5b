"""Files inspected side by side: the same findings as one after the other, in the same order, whatever a child does."""

from __future__ import annotations

import subprocess

import pytest
from exchanges import exchange

from archive.store import Archive
from archive.verification import inspectors
from archive.verification.verify import Verification, verify

FILES = 4


@pytest.fixture
def archive_of_files(archive: Archive) -> Archive:
    """An archive of several files, one of them damaged, one unknown to the catalogue."""
    for number in range(FILES):
        with archive.writer("crawl", worker=f"w{number}") as writer:
            writer.add(exchange())
    first, *_, last = sorted(archive.warc_path.rglob("*.warc.gz"))
    raw = bytearray(first.read_bytes())
    raw[len(raw) // 2] ^= 0xFF
    first.write_bytes(raw)
    (last.parent / "zz.warc.gz").write_bytes(last.read_bytes())
    return archive


@pytest.fixture
def side_by_side(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspectors, "WORTH_IT", 0)
    monkeypatch.setattr(inspectors, "cores", lambda: 2)


def found(archive: Archive) -> Verification:
    heard: list[tuple[int, int]] = []

    def progress(done: int, total: int, what: str) -> None:
        if what == "records":
            heard.append((done, total))

    made = verify(archive, progress=progress)
    assert [done for done, _ in heard] == sorted(done for done, _ in heard)
    assert heard[-1][0] == heard[-1][1] == made.bytes
    return made


@pytest.mark.slow
def test_side_by_side_as_one_after_the_other(
    archive_of_files: Archive, monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest
) -> None:
    alone = found(archive_of_files)
    assert alone.damaged
    request.getfixturevalue("side_by_side")
    started = []
    popen = subprocess.Popen

    def counted(*given: object, **named: object) -> subprocess.Popen[bytes]:
        started.append(given)
        return popen(*given, **named)  # type: ignore[call-overload, no-any-return]

    monkeypatch.setattr(inspectors.subprocess, "Popen", counted)  # type: ignore[attr-defined]
    assert found(archive_of_files) == alone
    assert len(started) == 1


@pytest.mark.usefixtures("side_by_side")
def test_what_a_child_cannot_do_is_done_here(archive_of_files: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(inspectors.sys, "executable", "/bin/false")  # type: ignore[attr-defined]
    broken = found(archive_of_files)
    monkeypatch.undo()
    assert broken == found(archive_of_files)


@pytest.mark.usefixtures("side_by_side")
def test_an_error_of_reading_is_raised(archive_of_files: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    def missing(*_: object, **__: object) -> None:
        raise OSError("gone")

    monkeypatch.setattr(inspectors.sys, "executable", "/bin/false")  # type: ignore[attr-defined]
    monkeypatch.setattr("archive.verification.inspection.read_on", missing)
    with pytest.raises(OSError, match="gone"):
        verify(archive_of_files)
