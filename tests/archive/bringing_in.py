"""Files of other writers laid somewhere and brought into an archive, and what it has of them then."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from sqlalchemy import select

from archive.catalogue import tables
from archive.entering.attaching import Asked, attach
from archive.entering.bringing import Brought
from archive.entering.importing import import_files
from archive.entering.sources import sources
from archive.store import Archive
from archive.verification.verify import Verification
from archive.warc.finding import Severity


def laid(tmp_path: Path, name: str, content: bytes) -> Path:
    """A file of another writer, outside of the archive."""
    path = tmp_path / "there" / name
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)
    return path


def imported(archive: Archive, *given: str | Path, **how: Any) -> list[Brought]:
    return list(import_files(archive, sources(map(str, given), archive.path), **how))


def attached(archive: Archive, *given: str | Path, **how: Any) -> list[Brought]:
    return list(attach(archive, Asked(tuple(map(str, given)), **how)))


def urls(archive: Archive) -> list[str]:
    return sorted({capture.url for capture in archive.captures()})


def told(found: Verification) -> set[tuple[str, Severity]]:
    """The findings of which something is to be done."""
    return {(one.rule, one.severity) for one in found.findings if not one.severity.harmless}


def derived(archive: Archive) -> dict[str, list[str]]:
    """All that a rebuild must make again."""
    with archive.catalog.reading() as connection:
        return {table.name: sorted(map(repr, connection.execute(select(table)).all())) for table in tables.DERIVED}


def few_workers(archive: Archive) -> None:
    given = archive.path / "archive.toml"
    given.write_text(f"{given.read_text()}\n[cleaning]\nworkers = 1\n")
