"""What an archive holds: the rows of its catalogue, and all bytes below its directory."""

from __future__ import annotations

import contextlib
import zlib
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy import Table, select

from archive.capture import Capture, Location
from archive.catalogue import tables
from archive.store import Archive

Rows = dict[str, list[tuple[object, ...]]]


def rows(archive: Archive, *also: Table) -> Rows:
    """All rows of the catalogue that a rebuild must make again, and those of other tables."""
    with archive.catalog.reading() as connection:
        return {
            table.name: sorted((tuple(row) for row in connection.execute(select(table))), key=repr)
            for table in (*tables.DERIVED, *also)
        }


def place(capture: Capture) -> Location:
    """Where a capture lies."""
    assert capture.location is not None
    return capture.location


def created(path: Path) -> Archive:
    """A new archive that is cleaned by one child."""
    Archive.create(path, contact="tests@example.org").close()
    told = path / "archive.toml"
    told.write_text(f"{told.read_text()}\n[cleaning]\nworkers = 1\n")
    return Archive.open(path)


def everything(archive: Archive) -> Iterator[tuple[str, bytes]]:
    """All bytes below the archive's directory: as they lie there, and unpacked."""
    import pyarrow.parquet as pq

    for path in sorted(archive.path.rglob("*")):
        if not path.is_file():
            continue
        raw = path.read_bytes()
        yield path.name, raw
        at = raw.find(b"\x1f\x8b\x08")
        while at >= 0:
            inflate = zlib.decompressobj(31)
            with contextlib.suppress(zlib.error):
                yield path.name, inflate.decompress(raw[at:])
            at = raw.find(b"\x1f\x8b\x08", at + 1)
        if path.suffix == ".parquet":
            yield path.name, repr(pq.read_table(path).to_pylist()).encode()


def files_with(archive: Archive, *words: bytes) -> set[str]:
    """The names of the files that hold one of some words."""
    return {name for name, content in everything(archive) for word in words if word in content}
