"""One WARC file, as it lies on the disk or within a WACZ: what it is, and each of its records against the rules."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import BinaryIO

from archive.lint import digests, fields, http, revisit, values, warcinfo
from archive.lint.budget import TOO_MUCH, Budget, Exhausted
from archive.lint.finding import Fault, error, note, shown, warc
from archive.lint.links import Links
from archive.lint.record import Record
from archive.lint.runs import (
    BEGINNING,
    GZIP_MAGIC,
    Gap,
    GzipRun,
    PlainRun,
    Run,
    ZstdRun,
    gzip_runs,
    zstd_runs,
)
from archive.lint.walk import walk
from archive.warc import zstd

ZIP_MAGIC = b"PK\x03\x04"
_ARC = b"filedesc:"
_NOT_MODIFIED = re.compile(rb"HTTP/\S{1,4} 304\b")
# What checking costs beside the bytes, in bytes: the time for a record without a block, and for a transfer coding under
# the chunks, which may unpack to `archive.http.DECODED_LIMIT`.
_A_FAULT, _A_RECORD, _LAYERED = 4096, 8192, 64 * 2**20
_LAYERS = re.compile(rb"\ntransfer-encoding:[^\n]*(?:gzip|deflate|br|zstd)", re.IGNORECASE)
_LAYERS_WITHIN = 64 * 2**10
_INDEXED = {"response", "revisit"}
_OPEN = ".open"  # Heritrix and Presskeep add it while they write

EMPTY = error("file-empty", warc("4"), "A WARC file holds at least one record.", "There is nothing in it.")
NOT_WARC = error(
    "not-a-warc",
    warc("4"),
    "The file is neither a WARC file, plain, gzipped or in zstd, nor a WACZ.",
    "It does not begin like one.",
)
ARC = note(
    "arc",
    "ARC File Format 1.0",
    "An ARC file, which is older than WARC: no rule here is for it.",
    "`presskeep import` reads it.",
)
UNREADABLE = error(
    "file-unreadable",
    warc("4"),
    "The file cannot be read.",
    "It is not there, or the system does not give it.",
)
EXTENSION = note(
    "file-extension",
    warc("Annex D.3"),
    "A gzipped WARC file ends in .gz, a plain one does not.",
    "Readers go by the name.",
)

Progress = Callable[[int], None]


@dataclass(slots=True)
class Place:
    """Where a fault is: the offset of its record, and what names the record."""

    offset: int | None
    fault: Fault
    record: str | None = None
    uri: str | None = None


@dataclass(slots=True)
class Course:
    """One file while it is read: what its rules share, and what is told once."""

    number: int  # of the file among all
    name: str  # its own, without directories
    names: list[str]  # of all files, by number
    links: Links
    records: int = 0
    unregistered: set[str] = field(default_factory=set)
    http: http.Told = field(default_factory=http.Told)
    offsets: set[int] | None = None  # of its records, where a WACZ's index is to be held against them
    captures: set[int] = field(default_factory=set)  # those of them that an index leads to


def lint_warc(
    stream: BinaryIO, size: int, course: Course, progress: Progress, budget: Budget | None = None
) -> Iterator[Place]:
    """Everything about one WARC file, in the order of its bytes. ``progress`` hears how far it is.

    ``budget`` is what it may cost, where several files share one.
    """
    budget = Budget(size) if budget is None else budget
    try:
        opened = _opened(stream, size, budget)
        if isinstance(opened, Place):
            yield opened
            return
        name = course.name.removesuffix(_OPEN)
        gzipped = name.endswith(".gz")
        stream.seek(0)
        if gzipped != (stream.read(len(GZIP_MAGIC)) == GZIP_MAGIC) and not name.endswith(".zst"):
            yield Place(0, (EXTENSION, "it is not gzipped" if gzipped else "it is packed"))
        for came in walk(opened):
            if not isinstance(came, Record):
                budget.spend(_A_FAULT)
                yield Place(came.offset, came.fault)
                continue
            budget.spend(_LAYERED if _LAYERS.search(came.block[:_LAYERS_WITHIN]) else _A_RECORD)
            if course.offsets is not None:
                course.offsets.add(came.offset)
                if _is_indexed(came):
                    course.captures.add(came.offset)
            course.records += 1
            id_, uri = came.field("WARC-Record-ID"), came.target
            for fault in _faults(came, course):
                yield Place(came.offset, fault, id_, uri)
            progress(came.offset)
        if not course.records:
            yield Place(0, (NOT_WARC, "no record in it could be read"))
    except Exhausted:
        yield Place(None, (TOO_MUCH, f"{size:,} bytes, {course.records:,} records were read"))
    progress(size)


def _is_indexed(record: Record) -> bool:
    """Whether an index leads to a record. Indexers leave out answers of 304, which hold no page."""
    if record.kind not in _INDEXED or _NOT_MODIFIED.match(record.block):
        return False
    return (record.target or "").lower().startswith(("http:", "https:"))


def _faults(record: Record, course: Course) -> Iterator[Fault]:
    yield from record.faults
    yield from record.head.faults
    yield from fields.check(record)
    yield from fields.unregistered(record, course.unregistered)
    yield from values.check(record)
    yield from warcinfo.check(record, first=course.records == 1, name=course.name)
    yield from revisit.check(record)
    yield from digests.check(record)
    yield from http.check(record, course.http)
    yield from course.links.add(record, course.number, course.names)


def _opened(stream: BinaryIO, size: int, budget: Budget) -> Iterator[Run | Gap] | Place:
    """The parts of a file, or why it has none."""
    stream.seek(0)
    head = stream.read(16)
    if not size:
        return Place(0, (EMPTY, ""))
    if head.startswith(GZIP_MAGIC):
        if _begins(GzipRun(stream, 0, budget)).startswith(_ARC):
            return Place(0, (ARC, "gzipped"))
        return gzip_runs(stream, size, budget)
    if zstd.is_packed(head[:4]):
        if head.startswith(zstd.MAGIC) and _begins(ZstdRun(stream, 0, budget, None)).startswith(_ARC):
            return Place(0, (ARC, "in zstd"))
        return zstd_runs(stream, size, budget)
    if head.startswith(_ARC):
        return Place(0, (ARC, "plain"))
    if head.startswith(BEGINNING) or _has_record(stream, budget):
        return iter([PlainRun(stream, 0, budget)])
    return Place(0, (NOT_WARC, f"it begins with {shown(head.decode('latin-1'))}"))


def _begins(run: Run) -> bytes:
    return run.read(16)


def _has_record(stream: BinaryIO, budget: Budget) -> bool:
    """Whether a record begins within the first megabyte: then what precedes it is garbage in a WARC file."""
    stream.seek(0)
    part = stream.read(2**20)
    budget.spend(len(part))
    return b"\nWARC/1." in part


RULES = (UNREADABLE, EMPTY, NOT_WARC, ARC, EXTENSION, TOO_MUCH)
