"""Packages beside a purge: what it removes is not in them, and what it leaves is."""

from __future__ import annotations

import gzip
import json
import zipfile
from pathlib import Path

import pytest

from archive.catalogue import database
from archive.catalogue.blocking import Target
from archive.exchange import Role
from archive.lint.linter import lint
from archive.removal.purge import purge
from archive.sharing import packing
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.store import Archive

from .conftest import fill

SELECTIONS = {"whole": Selection(), "part": Selection(sites=("courier",))}


@pytest.mark.parametrize("name", SELECTIONS)
def test_a_file_that_is_rewritten_before_its_turn(
    monkeypatch: pytest.MonkeyPatch, archive: Archive, tmp_path: Path, name: str
) -> None:
    fill(archive)
    monkeypatch.setattr(database, "BUSY", 0.2)  # seconds that the purge waits for the one who packs, in vain
    monkeypatch.setattr(packing, "_OFTEN", 1)
    first, *_, last = sorted(
        (one for one in archive.captures(site="courier") if one.location), key=lambda one: str(one.location)
    )
    assert first.location is not None
    assert last.location is not None
    assert first.location.file != last.location.file
    gone = next(
        one
        for one in archive.captures(site="courier", role=Role.ARTICLE)
        if one.location and one.location.file == last.location.file and one.kind == "response"
    )
    purges: list[int] = []

    def report(done: int, total: int, what: str) -> None:
        if not purges and what == "captures":
            purges.append(done)
            with Archive.open(archive.path) as other:
                purge(other, Target.of(gone.url), given=gone.url, reason="a test")

    path = tmp_path / "news.wacz"
    done = pack(archive, str(path), SELECTIONS[name], progress=report)
    assert purges == [1]
    with zipfile.ZipFile(path) as package:
        lines = gzip.decompress(package.read("indexes/index.cdx.gz")).decode().splitlines()
        held = {json.loads(one.split(" ", 2)[2])["url"] for one in lines}
        for one in package.namelist():
            content = package.read(one)
            assert b"A second crane came" not in (gzip.decompress(content) if one.endswith(".gz") else content)
    assert gone.url not in held
    assert first.url in held
    assert done.captures == len(list(archive.captures(site="courier" if name == "part" else None)))
    assert not [one.rule.id for one in lint([path]).files[0].findings if one.rule.severity == "error"]
    again = pack(archive, str(tmp_path / "again.wacz"), SELECTIONS[name])
    assert again.bytes == done.bytes
    assert (tmp_path / "again.wacz").read_bytes() == path.read_bytes()
