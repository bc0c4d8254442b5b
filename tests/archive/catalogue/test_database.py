"""The catalogue's file: what it refuses, several processes that write it, and its replacement in one step."""

from __future__ import annotations

import os
import resource
import signal
import sqlite3
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest
from sqlalchemy import insert, select

from archive.catalogue import database as catalog_module
from archive.catalogue.database import Catalog, replace
from archive.catalogue.filesystem import kind_of, require_local
from archive.catalogue.tables import SCHEMA, about, files
from archive.errors import ArchiveBusy, ConfigurationError, DamagedRecord, NotAnArchive, StorageFull
from archive.store import Archive

ARCHIVE = "urn:uuid:00000000-0000-0000-0000-000000000000"


@pytest.fixture
def catalog(tmp_path: Path) -> Iterator[Catalog]:
    made = Catalog(tmp_path / "catalog.sqlite", ARCHIVE)
    made.create()
    yield made
    made.close()


def put(catalog: Catalog, *names: str) -> None:
    with catalog.writing() as connection:
        connection.execute(insert(files), [{"file": name, "size": 1, "sha256": None} for name in names])


def names(catalog: Catalog) -> list[str]:
    with catalog.reading() as connection:
        return list(connection.scalars(select(files.c.file).order_by(files.c.file)))


def test_it_is_made_once(catalog: Catalog) -> None:
    put(catalog, "a")
    catalog.create()
    assert names(catalog) == ["a"]
    with catalog.reading() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2


def test_statements_are_compiled_once_for_all_catalogues_of_a_process(catalog: Catalog, tmp_path: Path) -> None:
    put(catalog, "a")
    assert names(catalog) == ["a"]
    compiled = len(catalog_module._COMPILED)
    other = Catalog(tmp_path / "other.sqlite", ARCHIVE)
    other.create()
    put(other, "b")
    assert (names(other), names(catalog)) == (["b"], ["a"])
    assert len(catalog_module._COMPILED) == compiled
    other.close()


def test_what_went_wrong_is_not_written(catalog: Catalog) -> None:
    def interrupted() -> None:
        with catalog.writing() as connection:
            connection.execute(insert(files), {"file": "a", "size": 1, "sha256": None})
            raise KeyError

    with pytest.raises(KeyError):
        interrupted()
    assert names(catalog) == []


@pytest.mark.parametrize(
    ("content", "error", "said"),
    [
        (None, DamagedRecord, "missing: run 'presskeep rebuild'"),
        (b"", DamagedRecord, "presskeep rebuild"),
        (b"garbage" * 1000, DamagedRecord, "presskeep rebuild"),
    ],
)
def test_what_is_no_catalogue_says_what_to_do(
    tmp_path: Path, content: bytes | None, error: type[Exception], said: str
) -> None:
    path = tmp_path / "catalog.sqlite"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(error, match=said):
        names(Catalog(path, ARCHIVE))
    assert path.exists() is (content is not None)


@pytest.mark.parametrize(
    ("schema", "error", "said"), [(SCHEMA - 1, DamagedRecord, "older"), (SCHEMA + 1, NotAnArchive, "newer Presskeep")]
)
def test_another_schema_is_refused(catalog: Catalog, schema: int, error: type[Exception], said: str) -> None:
    with catalog.writing() as connection:
        connection.execute(about.update().where(about.c.name == "schema").values(value=str(schema)))
    catalog.close()
    with pytest.raises(error, match=said):
        names(catalog)


def test_damage_within_is_told(catalog: Catalog) -> None:
    put(catalog, *(f"{number:0100}" for number in range(1000)))
    catalog.close()
    with sqlite3.connect(catalog.path) as connection:
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
    connection.close()
    content = bytearray(catalog.path.read_bytes())
    content[16384:] = os.urandom(len(content) - 16384)
    catalog.path.write_bytes(content)
    with pytest.raises(DamagedRecord, match="presskeep rebuild"):
        names(catalog)


def test_a_full_disk_is_told_and_nothing_half_written(catalog: Catalog) -> None:
    put(catalog, "a")
    limits = resource.getrlimit(resource.RLIMIT_FSIZE)
    before = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    try:
        log = catalog.path.with_name("catalog.sqlite-wal")
        resource.setrlimit(resource.RLIMIT_FSIZE, (log.stat().st_size + 100, limits[1]))
        with pytest.raises(StorageFull, match="free some space"):
            put(catalog, *(f"{number:0100}" for number in range(1000)))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, limits)
        signal.signal(signal.SIGXFSZ, before)
    assert names(catalog) == ["a"]
    put(catalog, "b")
    assert names(catalog) == ["a", "b"]


def test_who_waits_too_long_for_the_lock_is_told(catalog: Catalog, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(catalog_module, "BUSY", 0.05)
    other = Catalog(catalog.path, ARCHIVE)
    with catalog.writing() as connection:
        connection.execute(insert(files), {"file": "a", "size": 1, "sha256": None})
        assert names(other) == []  # readers do not wait
        with pytest.raises(ArchiveBusy, match="try again"), other.writing():
            pass
    assert names(other) == ["a"]
    other.close()


WRITER = """
import sys
from pathlib import Path
from sqlalchemy import insert
from archive.catalogue.database import Catalog
from archive.catalogue.tables import files
catalog = Catalog(Path(sys.argv[1]), sys.argv[2])
for number in range(50):
    with catalog.writing() as connection:
        connection.execute(insert(files), {"file": f"{sys.argv[3]}-{number}", "size": 1, "sha256": None})
"""


def test_several_processes_write_at_once(catalog: Catalog) -> None:
    words = [sys.executable, "-c", WRITER, str(catalog.path), ARCHIVE]
    writers = [subprocess.Popen([*words, str(number)]) for number in range(3)]
    assert [writer.wait(60) for writer in writers] == [0, 0, 0]
    assert len(names(catalog)) == 150


def test_a_child_by_fork_opens_its_own_connections(catalog: Catalog) -> None:
    put(catalog, "a")
    child = os.fork()
    if child == 0:
        done = 1
        try:
            put(catalog, "b")
            done = 0
        finally:
            os._exit(done)
    assert os.waitpid(child, 0)[1] == 0
    put(catalog, "c")
    assert names(catalog) == ["a", "b", "c"]


def test_a_replacement_is_seen_by_those_who_have_it_open(catalog: Catalog, tmp_path: Path) -> None:
    put(catalog, "old")
    other = Catalog(catalog.path, ARCHIVE)
    new = Catalog(tmp_path / "new.sqlite", ARCHIVE)
    new.create()
    put(new, "new")
    new.close()
    with other.reading() as connection:
        assert connection.scalar(select(files.c.file)) == "old"
        catalog.close()
        replace(catalog.path, new.path)
        assert connection.scalar(select(files.c.file)) == "old"  # still its one state
    assert names(other) == ["new"]
    put(other, "newer")
    assert names(catalog) == ["new", "newer"]
    other.close()


@pytest.mark.parametrize("content", [None, b"", b"garbage" * 1000])
def test_what_is_no_catalogue_is_replaced(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "catalog.sqlite"
    if content is not None:
        path.write_bytes(content)
        path.with_name("catalog.sqlite-wal").write_bytes(content)
    new = Catalog(tmp_path / "new.sqlite", ARCHIVE)
    new.create()
    put(new, "new")
    new.close()
    replace(path, new.path)
    assert names(Catalog(path, ARCHIVE)) == ["new"]


# File systems

MOUNTS = """\
22 27 0:21 / /proc rw,relatime - proc proc rw
27 1 254:0 / / rw,relatime shared:1 - ext4 /dev/vda rw
30 27 0:40 / /mnt/press\\040room rw,relatime - nfs4 server:/export rw,vers=4.2
31 30 0:41 / /mnt/press\\040room/local rw - xfs /dev/sdb rw
32 27 0:42 / /home rw - ext4 /dev/sdc rw
33 32 0:43 / /home rw - fuse.sshfs me@there: rw
broken line
"""


@pytest.mark.parametrize(
    ("directory", "kind"),
    [
        ("/srv/news", "ext4"),
        ("/mnt/press room", "nfs4"),
        ("/mnt/press room/NEWS", "nfs4"),
        ("/mnt/press rooms", "ext4"),
        ("/mnt/press room/local/NEWS", "xfs"),
        ("/home/me", "fuse.sshfs"),
    ],
)
def test_the_kind_of_a_file_system(directory: str, kind: str) -> None:
    assert kind_of(Path(directory), MOUNTS) == kind


def test_a_network_file_system_is_refused_with_the_way_out(tmp_path: Path) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text("27 1 0:40 / / rw - nfs4 server:/export rw\n")
    with pytest.raises(ConfigurationError, match="state_dir"):
        require_local(tmp_path, mounts=mounts)
    mounts.write_text("27 1 254:0 / / rw - ext4 /dev/vda rw\n")
    require_local(tmp_path, mounts=mounts)
    require_local(tmp_path, mounts=tmp_path / "none")


def test_an_archive_on_a_network_file_system_goes_on_with_a_state_directory(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    mounts = tmp_path / "mountinfo"
    mounts.write_text(f"27 1 0:40 / / rw - ext4 /dev/vda rw\n28 27 0:41 / {tmp_path}/far rw - cifs //server/share rw\n")
    monkeypatch.setattr("archive.catalogue.filesystem.MOUNTS", mounts)
    path = tmp_path / "far" / "NEWS"
    with pytest.raises(ConfigurationError, match="cifs"):
        Archive.create(path)
    assert sorted(one.name for one in path.iterdir()) == ["archive.toml", "warc"]
    told = path / "archive.toml"
    told.write_text(f'state_dir = "{tmp_path / "near"}"\n{told.read_text()}')
    with Archive.open(path) as archive, archive.writer("crawl"):
        assert archive.catalog.path == tmp_path / "near" / "catalog.sqlite"


def test_no_room_for_shared_memory_is_not_called_a_failed_write(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def connect(*_: object, **__: object) -> None:
        error = sqlite3.OperationalError("disk I/O error")
        error.sqlite_errorcode = sqlite3.SQLITE_IOERR_SHMSIZE
        raise error

    catalog = Catalog(tmp_path / "catalog.sqlite", "urn:x:1")
    catalog.create()
    monkeypatch.setattr(catalog_module, "_connect", connect)
    with pytest.raises(StorageFull, match="keeps some 32 KiB beside it"), catalog.writing():
        pass


def test_one_that_goes_away_while_it_is_in_use_is_told_of_as_gone(catalog: Catalog) -> None:
    put(catalog, "a")
    with catalog.reading() as connection:  # the pool has no other connection
        catalog.path.unlink()
        with (
            pytest.raises(DamagedRecord, match="is gone: bring it back, or run 'presskeep rebuild'"),
            catalog.reading(),
        ):
            pass
        assert connection.scalar(select(files.c.file)) == "a"
