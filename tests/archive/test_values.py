"""Values in the catalogue that SQLite finds nothing wrong with, and no program of ours wrote."""

from __future__ import annotations

import shutil
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
from exchanges import exchange

from archive.crew import clean_pending
from archive.errors import ConfigurationError, DamagedCatalogue
from archive.repairing.repair import repair
from archive.store import Archive

_LATEST = "WHERE id = (SELECT id FROM captures ORDER BY at DESC LIMIT 1)"
VALUES = {
    "text": "UPDATE texts SET canonical = CAST(x'7bff' AS TEXT) WHERE capture = (SELECT min(capture) FROM texts)",
    "json": "UPDATE texts SET canonical = '{' WHERE capture = (SELECT min(capture) FROM texts)",
    "url": f"UPDATE captures SET url = CAST(x'7bff' AS TEXT) {_LATEST}",
    "role": f"UPDATE captures SET role = 'x' {_LATEST}",
    "kind": f"UPDATE captures SET kind = 'x' {_LATEST}",
}


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("values") / "NEWS"
    with Archive.create(path, contact="tests@example.org") as archive:
        for minute in range(2):
            with archive.writer("crawl") as writer:
                writer.add(exchange(f"a{minute}", minute))
                writer.add(exchange(f"b{minute}", minute))
        clean_pending(archive)
    return path


@pytest.fixture(params=list(VALUES.values()), ids=list(VALUES))
def archive(original: Path, tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Archive]:
    shutil.copytree(original, tmp_path / "NEWS")
    with sqlite3.connect(tmp_path / "NEWS/catalog.sqlite") as connection:
        connection.execute(request.param)
    connection.close()
    with Archive.open(tmp_path / "NEWS") as opened:
        yield opened


def test_it_is_told_what_to_do_and_repair_does_it(archive: Archive) -> None:
    with pytest.raises(DamagedCatalogue, match="presskeep rebuild"):
        list(archive.entries())
    found = archive.verify()
    assert not found.damaged, "the files are whole"
    assert found.repairable
    assert repair(archive, dry_run=True).rebuilt
    assert repair(archive).rebuilt
    assert not archive.verify().findings
    assert len(list(archive.entries())) == 4


def test_a_rebuild_keeps_all_other_rows(archive: Archive) -> None:
    gone = archive.files()[-1].file
    (archive.warc_path / gone).unlink()
    lost = archive.rebuild().lost
    assert lost >= 3  # of two captures, the beginning and the end of their run, where one may be the broken row
    assert archive.count()[0] >= 3


def test_repair_leaves_the_catalogue_of_another_archive_alone(original: Path, tmp_path: Path) -> None:
    with Archive.create(tmp_path / "OTHER", contact="tests@example.org") as other:
        other.close()
        shutil.copy(original / "catalog.sqlite", other.path / "catalog.sqlite")
        for dry_run in (True, False):
            with pytest.raises(ConfigurationError, match="another archive"):
                repair(other, dry_run=dry_run)
