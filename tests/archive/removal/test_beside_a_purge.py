"""Verification while a purge goes on: what it replaces meanwhile is no damage."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from exchanges import exchange
from foreign_files import gzipped, warc_records
from withdrawn import purged

from archive.entering.importing import import_files
from archive.store import Archive
from archive.verification import verify
from archive.verification.inspectors import inspect

QUAY = "http://herald.example/quay"


@pytest.fixture
def filled(tmp_path: Path, archive: Archive) -> Archive:
    with archive.writer("crawl") as writer:
        writer.add(exchange("a", 0))
        writer.add(exchange("b", 1))
    path = tmp_path / "a.warc.gz"
    path.write_bytes(gzipped(warc_records()))
    (brought,) = import_files(archive, [path])
    assert not brought.refused
    return archive


@pytest.mark.parametrize("url", ["https://courier.example/a", QUAY])
@pytest.mark.parametrize("step", ["in_force", "warc_files", "inspect", "_purges"])
def test_what_a_purge_replaces_meanwhile_is_not_damaged(
    filled: Archive, monkeypatch: pytest.MonkeyPatch, url: str, step: str
) -> None:
    real: Callable[..., Any] = getattr(verify, step)

    def after_a_purge(*given: Any) -> Any:
        monkeypatch.setattr(verify, step, real)
        with Archive.open(filled.path) as other:
            purged(other, url)
        return real(*given)

    monkeypatch.setattr(verify, step, after_a_purge)
    told = filled.verify()
    assert not told.damaged, told.findings
    assert url not in {one.url for one in filled.captures()}


def test_damage_is_told_also_where_a_purge_has_ended_meanwhile(
    filled: Archive, monkeypatch: pytest.MonkeyPatch
) -> None:
    (file,) = (one.file for one in filled.files() if "/imported/" not in one.file and "import" not in one.file)
    path = filled.warc_path / file
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)

    def after_a_purge(*given: Any) -> Any:
        monkeypatch.setattr(verify, "inspect", inspect)
        with Archive.open(filled.path) as other:
            purged(other, QUAY)
        return inspect(*given)

    monkeypatch.setattr(verify, "inspect", after_a_purge)
    assert filled.verify().damaged
