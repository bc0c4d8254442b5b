"""A page that is to go out of an archive, what is left of it, and whether the archive is sound without it."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

from contents import Rows, files_with, rows
from exchanges import exchange, page
from warcio.archiveiterator import ArchiveIterator

from archive.catalogue import tables
from archive.catalogue.blocking import Target
from archive.crew import clean_pending
from archive.exchange import Exchange
from archive.removal.purge import Purged, purge
from archive.store import Archive
from archive.warc.paths import warc_files

SECRET = "Nobody but the harbour master had seen the drowned lantern of Brackhaven before that night. "
WORDS = (b"drowned lantern", b"SECRET-COOKIE")
URL = "https://courier.example/secret"


def secret(name: str = "secret", minute: int = 0, *, body: bytes | None = None) -> Exchange:
    """The page, under any name."""
    one = exchange(name, minute, sentence=SECRET, body=body)
    return replace(one, response=one.response.replace(b"\r\n\r\n", b"\r\nSet-Cookie: SECRET-COOKIE\r\n\r\n", 1))


def copied(archive: Archive, *names: str, start: int = 0) -> None:
    """The page under several addresses: the first as a response, the others as revisits of it, in a file each."""
    for minute, name in enumerate(names, start):
        with archive.writer("crawl") as writer:
            writer.add(secret(name, minute, body=page("one", SECRET) + b" " * 2000))


def purged(archive: Archive, url: str = URL, *, payload: bool = False, prefix: bool = False) -> Purged:
    """Purge the page, or another one."""
    target = Target.of(url, prefix=prefix)
    return purge(archive, target, given=url, reason="court order", by="desk", payload=payload)


def found(archive: Archive) -> set[str]:
    """The files that have anything of it."""
    return files_with(archive, *WORDS)


def held(archive: Archive) -> dict[str, bytes]:
    """The messages of what may be handed out, by capture."""
    return {one.id: one.message().raw for one in archive.captures()}


def dump(archive: Archive) -> Rows:
    """All rows, with what waits to be cleaned."""
    return rows(archive, tables.pending)


def is_sound(archive: Archive) -> None:
    """Nothing is to be done, every reader reads it to its end, and a rebuild makes the same."""
    clean_pending(archive)
    told = archive.verify(deep=True)
    assert not [one for one in told.findings if not one.severity.harmless], told.findings
    for file in warc_files(archive.warc_path):
        with (archive.warc_path / file).open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests="raise"):
                record.content_stream().read()
    before = dump(archive)
    archive.rebuild()
    assert dump(archive) == before


def warcs(archive: Archive) -> dict[Path, bytes]:
    """The archive's WARC files with their content, as a backup keeps them."""
    return {path: path.read_bytes() for path in sorted(archive.warc_path.rglob("*.warc.gz"))}
