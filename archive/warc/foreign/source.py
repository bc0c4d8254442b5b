"""Sources: opened files of any form, from which records are read by offset, one after the other or one alone."""

from __future__ import annotations

import contextlib
import io
from collections.abc import Iterator
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from archive import digest
from archive.warc import frame, places
from archive.warc.foreign import arc, empty, plain, remote, seek
from archive.warc.foreign.form import Coding, Form, FormRefused, detect
from archive.warc.foreign.zipped import read_wacz
from archive.warc.member import Tear
from archive.warc.paths import resolve
from archive.warc.places import is_foreign
from archive.warc.scan import Gap, Piece, scan
from archive.warc.stored import BLOCK_LIMIT, Record, read_record

SEEK = "seek"  # the directory beside warc/ of what is derived from files that were compressed as a whole
_BUFFER = 2**20


@dataclass(frozen=True, slots=True)
class Source:
    """An opened file: its records by offset. In a file that was compressed as a whole offsets count unpacked bytes."""

    file: str
    form: Form
    stream: BinaryIO
    ranges: tuple[tuple[int, int], ...]  # where records lie
    broken: str = ""  # why nothing can be unpacked behind the last range, if so

    @property
    def end(self) -> int:
        """The offset behind the last record."""
        return self.ranges[-1][1] if self.ranges else 0

    def read(self, offset: int, *, limit: int = BLOCK_LIMIT) -> Record:
        """The record at an offset; raises Tear where there is none."""
        if not any(begin <= offset < end for begin, end in self.ranges):
            raise Tear("no record lies here", file=self.file, offset=offset)
        reading = arc.read_arc if self.form.arc else read_record
        return reading(self.stream, offset, limit=limit, file=self.file)

    def scan(self, start: int = 0, *, limit: int = BLOCK_LIMIT) -> Iterator[Piece]:
        """The records from an offset on, and the gaps between them."""
        for begin, end in self.ranges:
            if start < end:
                yield from self._scan(max(begin, start), end, limit)
        if self.broken:
            yield Gap(self.file, self.end, self.end, self.broken)

    def _scan(self, start: int, end: int, limit: int) -> Iterator[Piece]:
        # In files of our own nothing stands between members: what does is told.
        skip = empty.skip if self.form.coding is Coding.MEMBERS and is_foreign(self.file) else frame.skip
        if self.form.arc:
            finder = arc.heads if self.form.coding is not Coding.MEMBERS else None
            return scan(self.stream, start, end, self.file, limit=limit, reader=arc.read_arc, heads=finder, skip=skip)
        unpacked = self.form.coding in {Coding.PLAIN, Coding.GZIP, Coding.ZSTD}
        if self.form.coding is Coding.WACZ:
            self.stream.seek(start)
            unpacked = self.stream.read(4) == b"WARC"
        finder = plain.heads if unpacked else None
        return scan(self.stream, start, end, self.file, limit=limit, heads=finder, skip=skip)


@contextlib.contextmanager
def open_source(directory: Path, file: str) -> Iterator[Source]:
    """Open a file below ``directory`` (an archive's ``warc/``), or one that is attached there under a name.

    Raises DamagedRecord where it is missing or changed, FormRefused where it is of no form that can be read.
    """
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(open_raw(directory, file))
        yield _source(directory, file, raw, stack)


def open_place(path: Path, derived: Path, file: str) -> contextlib.AbstractContextManager[Source]:
    """A source of a file that is not in the archive yet; what is derived from it goes below ``derived``."""
    return _opened_place(path, derived, file)


@contextlib.contextmanager
def _opened_place(path: Path, derived: Path, file: str) -> Iterator[Source]:
    with contextlib.ExitStack() as stack:
        raw = stack.enter_context(path.open("rb", buffering=_BUFFER))
        yield _made(raw, detect(raw, file), file, derived / file, f"{path.stat().st_size}", stack)


def open_raw(directory: Path, file: str) -> contextlib.AbstractContextManager[BinaryIO]:
    """The bytes of a file as they lie, wherever that is; raises as `open_source` does."""
    place = places.place_of(directory, file)
    if place is not None and place.remote:
        return remote.opened(place, file)
    return resolve(directory, file).open("rb", buffering=_BUFFER)


def _source(directory: Path, file: str, raw: BinaryIO, stack: contextlib.ExitStack) -> Source:
    size = raw.seek(0, io.SEEK_END)
    if not is_foreign(file):  # written by us, or laid beside our files: members by record, or none
        return Source(file, Form(Coding.MEMBERS), raw, ((0, size),))
    form = _form(directory, file, size)
    return _made(raw, form, file, directory.parent / SEEK / file, str(size), stack)


@lru_cache(maxsize=512)
def _form(directory: Path, file: str, size: int) -> Form:  # the size: a file that has changed is looked at again
    with open_raw(directory, file) as raw:
        return detect(raw, file)


def _made(raw: BinaryIO, form: Form, file: str, derived: Path, stamp: str, stack: contextlib.ExitStack) -> Source:
    if form.coding is Coding.WACZ:
        wacz = read_wacz(raw, file)
        for entry in wacz.warcs:
            _require_fit(raw, entry.start, entry.name, file)
        return Source(file, form, raw, tuple((one.start, one.end) for one in wacz.warcs))
    if form.coding in {Coding.GZIP, Coding.ZSTD}:
        stream, known = seek.opened(raw, form.coding, derived, stamp, file)
        stack.callback(stream.close)
        if form.coding is Coding.ZSTD:
            form = detect_content(stream, form, file)
        return Source(file, form, stream, ((0, known.size),), known.reason)
    return Source(file, form, raw, ((0, raw.seek(0, io.SEEK_END)),))


def detect_content(stream: BinaryIO, form: Form, file: str) -> Form:
    """The form of a file whose beginning could only be told once it was unpacked."""
    return Form(form.coding, detect(stream, file).arc)


def _require_fit(raw: BinaryIO, start: int, name: str, file: str) -> None:
    """Raise FormRefused for a file in a WACZ whose records cannot be read where they lie."""
    raw.seek(start)
    head = raw.read(4)
    if not head.startswith((b"WARC", b"\x1f\x8b\x08")):
        raise FormRefused(
            f"{file}: refused: {name[:80]!r} in it is no WARC file, plain or gzipped by record", file=file
        )


def identity(directory: Path, file: str) -> str:
    """What ids are made from for records that have none: the file's digest, or what an attached one is told by."""
    place = places.place_of(directory, file)
    if place is not None:
        return place.identity
    with resolve(directory, file).open("rb") as stream:
        return digest.sha256_of_file(stream)
