"""The bytes of one record, read by its location."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from archive.capture import Location
from archive.warc.foreign.source import open_source
from archive.warc.member import Tear
from archive.warc.paths import resolve
from archive.warc.places import is_foreign
from archive.warc.quarantine import is_kept, lost
from archive.warc.relocation import moved
from archive.warc.stored import BLOCK_LIMIT, Record, read_record
from archive.warc.tombstone import tombstone_of


@dataclass(frozen=True, slots=True)
class FileBlock:
    """Reads a record's block anew with each call; a small value that can be pickled into another process.

    ``record_id``, where given, must be that of the record found there: a location is a hint that may move.
    """

    directory: Path
    location: Location
    record_id: str | None = None

    def __call__(self) -> bytes:
        """The block; raises DamagedRecord where the record cannot be read, TakenDown where it was removed since."""
        return read_block(self.directory, self.location, self.record_id)


def read_block(directory: Path, location: Location, record_id: str | None = None) -> bytes:
    """The block of the record at a location below ``directory`` (an archive's ``warc/``), byte for byte.

    Of a file that was rewritten meanwhile, the record of ``record_id`` is read where it lies now; TakenDown is raised
    where it was removed. Raises DamagedRecord, with file and offset, where there is no whole record, another one than
    ``record_id``, one of another length than the location says, or one too large to be read at once.
    """
    if is_kept(location.file):
        raise lost(location.file, location.length)
    try:
        return _read(directory, location, record_id)
    except Tear:
        now = moved(directory, location, record_id) if record_id is not None else None
        if now is None:
            raise
        return _read(directory, now, record_id)


def _read(directory: Path, location: Location, record_id: str | None) -> bytes:
    if is_foreign(location.file):
        with open_source(directory, location.file) as source:
            return _checked(source.read(location.offset, limit=BLOCK_LIMIT), location, record_id)
    path = resolve(directory, location.file)
    try:
        with path.open("rb") as stream:
            record = read_record(stream, location.offset, limit=BLOCK_LIMIT, file=location.file)
    except FileNotFoundError:
        # The writer gave the file its final name just now.
        with resolve(directory, location.file).open("rb") as stream:
            record = read_record(stream, location.offset, limit=BLOCK_LIMIT, file=location.file)
    return _checked(record, location, record_id)


def _checked(record: Record, location: Location, record_id: str | None) -> bytes:
    # A tombstone keeps the id, and may be as long as what it stands for.
    other = record.length != location.length or (record_id is not None and record.id != record_id)
    if other or tombstone_of(record) is not None:
        raise Tear("another record lies here than the catalogue says", file=location.file, offset=location.offset)
    if not record.whole:
        raise Tear(f"a block of {record.declared} bytes, too large to read", file=location.file, offset=location.offset)
    return record.block
