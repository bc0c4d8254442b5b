"""The records of a file, one after the other, and what is wrong with their framing."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass

from archive.lint import head as heads
from archive.lint.cursor import Cursor
from archive.lint.digests import parse as parse_digest
from archive.lint.finding import Fault, error, shown, warc, warning
from archive.lint.record import BLOCK_LIMIT, Record
from archive.lint.runs import BEGINNING, BROKEN, CHECKSUM, DICTIONARY, EMPTY_MEMBER, GARBAGE, TORN, Gap, PlainRun, Run

_HEAD_END = re.compile(rb"\r?\n\r?\n")
_STEP = 256 * 1024
_TRAILER = b"\r\n\r\n"
_TRAILER_LIMIT = 64
_DIGITS = 19  # of a length: 2^63 has so many

LENGTH_MISSING = error(
    "content-length-missing",
    warc("5.3"),
    "All records have a Content-Length.",
    "Nobody can say where the record ends.",
)
LENGTH_FORMAT = error(
    "content-length-format",
    warc("5.3"),
    "A Content-Length is a number in digits.",
    "Nobody can say where the record ends.",
)
LENGTH_WRONG = error(
    "content-length-wrong",
    warc("5.3"),
    "The Content-Length is the number of bytes in the block.",
    "Readers take bytes of the block for the next record, or the next record for the block.",
)
RECORD_CUT = error(
    "record-cut",
    warc("5.3"),
    "The file ends within a record's block.",
    "A writer was killed, or a copy cut off.",
)
TRAILER = error(
    "trailer",
    warc("4"),
    "Two line ends (CRLF CRLF) stand behind the block.",
    "Strict readers lose the next record.",
)
SPLIT = warning(
    "member-split",
    warc("Annex D.2"),
    "A record lies in several gzip members.",
    "Each record should be a member of its own: readers that take one member by its offset get a part of it.",
)
SHARED = warning(
    "member-shared",
    warc("Annex D.2"),
    "A gzip member or zstd frame holds several records.",
    "Each record should be a member of its own: only the first can be read by its offset.",
)
WHOLE_FILE = warning(
    "member-whole-file",
    warc("Annex D.2"),
    "The file is one gzip member or zstd frame over all its records.",
    "Each record should be a member of its own: no record but the first can be read by its offset.",
)


@dataclass(frozen=True, slots=True)
class Loose:
    """A fault that belongs to no record that could be read, and its offset in the file."""

    offset: int
    fault: Fault


def walk(runs: Iterator[Run | Gap]) -> Iterator[Record | Loose]:
    """The records of a file, and what stands between them, in the order of its bytes."""
    cursor = Cursor(runs)
    while (came := cursor.proceed()) is not None:
        if isinstance(came, Gap):
            yield Loose(came.offset, came.fault)
            continue
        run, begun = came, 0
        if not isinstance(run, PlainRun) and not cursor.fill(1, across=False) and run.fault is None:
            yield Loose(run.offset, (EMPTY_MEMBER, "it has no content"))
        while cursor.fill(len(BEGINNING), across=False):
            offset, inner = cursor.place
            if cursor.look(len(BEGINNING)) != BEGINNING:
                passed = cursor.seek_record()
                at = offset + inner if isinstance(run, PlainRun) else offset
                yield Loose(at, (GARBAGE, f"{passed:,} bytes that are no record"))
                continue
            begun += 1
            yield from _record(cursor)
            if cursor.run is not None and cursor.run is not run:
                yield from _shared(run, begun, whole=False)
                run, begun = cursor.run, 1
        if run.fault is not None:
            yield Loose(run.offset, run.fault)
        if begun > 1 and not isinstance(run, PlainRun):
            yield from _shared(run, begun, whole=run.offset == 0 and not cursor.follows())


def _shared(run: Run, begun: int, *, whole: bool) -> Iterator[Loose]:
    if begun > 1:
        yield Loose(run.offset, (WHOLE_FILE if whole else SHARED, f"{begun:,} records in it"))


def _record(cursor: Cursor) -> Iterator[Record | Loose]:
    offset, inner = cursor.place
    plain = isinstance(cursor.run, PlainRun)
    at = offset + inner if plain else offset
    cursor.crossed = 0
    raw = _head(cursor)
    if raw is None:
        faulty = cursor.run is not None and cursor.run.fault is not None
        too_long = cursor.fill(heads.HEAD_LIMIT, across=False) >= heads.HEAD_LIMIT
        cursor.skip(min(len(BEGINNING), cursor.fill(len(BEGINNING), across=False)))
        passed = cursor.seek_record()
        if too_long:
            yield Loose(at, (heads.TOO_LONG, f"the next record begins {passed:,} bytes behind it"))
        elif not faulty:
            yield Loose(at, (heads.CUT, f"{passed:,} bytes of it are there"))
        return
    record = Record(at, 0 if plain else inner, heads.parse(raw))
    behind = cursor.place[1] + offset
    length = record.field("Content-Length")
    if length is None or not (length.isascii() and length.isdigit() and len(length) <= _DIGITS):
        record.faults.append((LENGTH_MISSING, "") if length is None else (LENGTH_FORMAT, shown(length)))
        record.found = cursor.seek_record()
    else:
        record.declared = int(length)
        _block(cursor, record)
        if record.complete:
            _trailer(cursor, record, behind)
        elif cursor.run is None or cursor.run.fault is None:
            _short(cursor, record, behind)
    if cursor.crossed:
        record.faults.append((SPLIT, f"it lies in {cursor.crossed + 1} of them"))
    yield record


def _head(cursor: Cursor) -> bytes | None:
    """The head with its empty line; None where it has no end."""
    wanted = 4096
    while True:
        ready = cursor.fill(wanted, across=False)
        seen = cursor.look(ready)
        found = _HEAD_END.search(seen)
        if found:
            cursor.skip(found.end())
            return seen[: found.end()]
        if ready >= heads.HEAD_LIMIT or (ready < wanted and cursor.fill(ready + 1, across=True) == ready):
            return None
        wanted = min(max(wanted, ready) * 4, heads.HEAD_LIMIT) if ready >= wanted else wanted


def _block(cursor: Cursor, record: Record) -> None:
    missing = record.declared or 0
    stated = parse_digest(record.field("WARC-Block-Digest") or "") if missing > BLOCK_LIMIT else None
    running = hashlib.new(stated.algorithm, usedforsecurity=False) if stated and stated.algorithm else None
    parts: list[bytes] = []
    kept = 0
    while missing and (part := cursor.take(min(missing, _STEP))):
        missing -= len(part)
        record.found += len(part)
        if kept < BLOCK_LIMIT:
            parts.append(part[: BLOCK_LIMIT - kept])
            kept += len(parts[-1])
        if running:
            running.update(part)
    record.block = b"".join(parts)
    if running:
        record.streamed = running.digest()


def _trailer(cursor: Cursor, record: Record, behind: int) -> None:
    ready = cursor.fill(_TRAILER_LIMIT, across=False)
    if ready < len(_TRAILER) and _TRAILER.startswith(cursor.look(ready)):
        ready = cursor.fill(len(_TRAILER), across=True)
    seen = cursor.look(ready)
    trailer = seen[: len(seen) - len(seen.lstrip(b"\r\n"))]
    cursor.skip(len(trailer))
    cursor.fill(len(BEGINNING), across=False)
    rest = cursor.look(len(BEGINNING))
    faulty = cursor.run is not None and cursor.run.fault is not None
    plain = isinstance(cursor.run, PlainRun)
    if rest and rest != BEGINNING and (not plain or trailer != _TRAILER):
        if cursor.back(behind):
            where = cursor.seek_record()
            more = f"{record.declared:,} declared; the next record begins {where:,} bytes behind the head"
        else:
            more = f"{record.declared:,} declared, {cursor.seek_record():,} bytes more stand behind the block"
        record.faults.append((LENGTH_WRONG, more))
        record.bounded = False
    elif trailer != _TRAILER and not (faulty and not rest):
        record.faults.append((TRAILER, f"there stands {shown(trailer.decode('latin-1'), 24)}" if trailer else "none"))


def _short(cursor: Cursor, record: Record, behind: int) -> None:
    """The block is shorter than declared: because of the length, or because the file ends."""
    there = f"{record.declared:,} declared, {record.found:,} are there"
    if cursor.back(behind):
        passed = cursor.seek_record()
        if cursor.fill(1, across=False):
            record.found = passed
            record.block = b""
            message = f"{record.declared:,} declared; the next record begins {passed:,} bytes behind the head"
            record.faults.append((LENGTH_WRONG, message))
        else:
            record.faults.append((RECORD_CUT, there))
    else:
        record.faults.append((LENGTH_WRONG, there))


RULES = (
    TORN, CHECKSUM, BROKEN, GARBAGE, EMPTY_MEMBER, SPLIT, SHARED, WHOLE_FILE, DICTIONARY,
    LENGTH_MISSING, LENGTH_FORMAT, LENGTH_WRONG, RECORD_CUT, TRAILER,
)  # fmt: skip
