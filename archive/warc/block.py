"""The bytes of one record, read by its location."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from archive.capture import Location
from archive.warc.foreign.source import open_source
from archive.warc.member import Tear
from archive.warc.paths import resolve
from archive.warc.places import is_foreign
from archive.warc.quarantine import is_kept, lost
from archive.warc.relocation import moved
from archive.warc.stored import BLOCK_LIMIT, Record, content_at, head_end, read_record
from archive.warc.tombstone import tombstone_of

_TOMBSTONE = 256 * 1024  # bytes: no tombstone is as large, and blocks that are not are handed out at once
_STEP = 2**20


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

    def pieces(self) -> Iterator[bytes]:
        """The same in pieces of at most a MiB, whatever the size of the block; raises before the first of them."""
        return block_pieces(self.directory, self.location, self.record_id)


def block_pieces(directory: Path, location: Location, record_id: str | None = None) -> Iterator[bytes]:
    """The block of a record as `read_block` gives it, in pieces; one that is too large to be read at once, too.

    The record is read once before, to know that it is whole and the right one.
    """
    try:
        return _pieces(directory, location, record_id)
    except Tear:
        now = moved(directory, location, record_id) if record_id is not None else None
        if now is None:
            raise
        return _pieces(directory, now, record_id)


def _pieces(directory: Path, location: Location, record_id: str | None) -> Iterator[bytes]:
    if is_kept(location.file):
        raise lost(location.file, location.length)
    with open_source(directory, location.file) as source:
        record = source.read(location.offset, limit=_TOMBSTONE)
        other = record.length != location.length or (record_id is not None and record.id != record_id)
        if other or tombstone_of(record) is not None:
            raise Tear("another record lies here than the catalogue says", file=location.file, offset=location.offset)
        if record.whole:
            return iter([record.block])
        if source.form.arc:
            return iter([_read(directory, location, record_id)])
    return _flowing(directory, location, record.declared)


def _flowing(directory: Path, location: Location, left: int) -> Iterator[bytes]:
    with open_source(directory, location.file) as source:
        stream = content_at(source.stream, location.offset, location.file)
        buffer = b""
        while not (begin := head_end(buffer, 0)):
            buffer += stream.read(_STEP)
        piece = buffer[begin:]
        while left and piece:
            yield piece[:left]
            left -= min(left, len(piece))
            piece = stream.read(min(_STEP, left)) if left else b""


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
