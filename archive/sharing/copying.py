"""Records copied into WARC files of their own: their bytes as they are, never compressed or written anew.

Only what no reader of a package could read is put into another form, its content untouched: records of files that were
compressed as a whole or by zstd into a gzip member each, and those of ARC under the head of the WARC record that they
would be.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path

from isal import isal_zlib

from archive import digest
from archive.capture import Capture, Location
from archive.catalogue.holdings import FileState
from archive.errors import DamagedRecord
from archive.sharing.zipnum import Sink
from archive.warc import frame, ranges, zstd
from archive.warc.block import FileBlock
from archive.warc.fields import parse_fields
from archive.warc.foreign.form import Coding
from archive.warc.foreign.source import Source, open_source
from archive.warc.group import CAPTURED, Group, groups
from archive.warc.member import LEVEL, MAGIC, Tear
from archive.warc.scan import Gap, scan
from archive.warc.stored import Record

_STEP = 2**20
_GZIP = 31  # zlib's window bits for the gzip format


def is_copied_whole(directory: Path, file: str) -> bool:
    """Whether a file can go into a package as it is: WARC, plain or gzipped by record."""
    with open_source(directory, file) as source:
        return source.form.coding in {Coding.PLAIN, Coding.MEMBERS} and not source.form.arc


@dataclass(frozen=True, slots=True)
class Copied:
    """A capture whose record was copied: where it lies in the new file, and the SHA-256 of its bytes there, in hex."""

    capture: Capture
    place: Location
    sha256: str


def copy_file(directory: Path, state: FileState, captures: Iterable[Capture], name: str, out: Sink) -> Iterator[Copied]:
    """Copy a WARC file, as far as the catalogue knows it, as the new file ``name``; gives its captures.

    Those come in the order of their offsets. Raises DamagedRecord where the file is shorter, or its digest is not the
    one that it had when it was closed.
    """
    whole = hashlib.sha256()
    with open_source(directory, state.file) as source:
        at = 0

        def copied(until: int) -> str:
            nonlocal at
            found = hashlib.sha256()
            for part in ranges.whole(source.stream, at, until, state.file):
                whole.update(part)
                found.update(part)
                out.write(part)
            at = until
            return found.hexdigest()

        for capture in captures:
            place = capture.location
            assert place is not None
            if not at <= place.offset <= place.offset + place.length <= state.size:
                raise _moved(place)
            copied(place.offset)
            found = copied(place.offset + place.length)
            yield Copied(capture, Location(name, place.offset, place.length), found)
        copied(state.size)
    if state.sha256 is not None and digest.label("sha256", whole.digest()) != state.sha256:
        raise DamagedRecord(
            f"warc/{state.file} is not what it was when it was closed: 'presskeep verify' says what has changed",
            file=state.file,
        )


def copy_groups(directory: Path, file: str, captures: Iterable[Capture], name: str, out: Sink) -> Iterator[Copied]:
    """Copy the groups of captures of one file, in the order of their offsets, behind the file's warcinfo record.

    The new file is called ``name``. Request and metadata go with each answer. Raises DamagedRecord where a record
    cannot be read, or another one lies there than the catalogue says.
    """
    with open_source(directory, file) as source:
        copy = _Copy(source, out)
        first = _first(source)
        if first is not None and not source.form.arc:
            copy.add(first)
        own = first is not None and parse_fields(first.block).first("presskeep-schema") is not None
        following = None if own else _all_groups(source)
        for capture in captures:
            assert capture.location is not None
            found = _group(source, capture.location.offset) if following is None else _next(following, capture)
            answer = _checked(found, capture)
            place, sha256 = None, ""
            for record in found.records if found is not None else ():
                at, length, found_digest = copy.add(record, capture.id if record is answer else None)
                if record is answer:
                    place, sha256 = Location(name, at, length), found_digest
            assert place is not None
            yield Copied(capture, place, sha256)


class _Copy:
    """The new file while it is written."""

    def __init__(self, source: Source, out: Sink) -> None:
        self._source = source
        self._out = out
        self._at = 0
        self._digest = hashlib.sha256()

    def add(self, record: Record, record_id: str | None = None) -> tuple[int, int, str]:
        """Add a record; its offset, length and SHA-256 in the new file."""
        begin = self._at
        self._digest = hashlib.sha256()
        source = self._source
        if source.form.arc:
            self._pack([_head(record, record_id, source.file), record.block, b"\r\n\r\n"])
        else:
            source.stream.seek(record.offset)
            head = source.stream.read(len(zstd.MAGIC))
            parts = ranges.whole(source.stream, record.offset, record.offset + record.length, source.file)
            if head.startswith(MAGIC):
                for part in parts:
                    self._write(part)
            elif head == zstd.MAGIC:
                self._pack(_unpacked(source, record.offset))
            else:
                self._pack(parts)
        return begin, self._at - begin, self._digest.hexdigest()

    def _pack(self, parts: Iterable[bytes]) -> None:
        packing = isal_zlib.compressobj(LEVEL, isal_zlib.DEFLATED, _GZIP)
        for part in parts:
            self._write(packing.compress(part))
        self._write(packing.flush())

    def _write(self, part: bytes) -> None:
        self._out.write(part)
        self._digest.update(part)
        self._at += len(part)


def _unpacked(source: Source, offset: int) -> Iterator[bytes]:
    content = frame.Frame(source.stream, offset, source.file)
    while part := content.read(_STEP):
        yield part


def _head(record: Record, record_id: str | None, file: str) -> bytes:
    """The head of the WARC record that an ARC record is."""
    if not record.whole:
        raise Tear("a block too large to be put into a WARC record", file=file, offset=record.offset)
    pairs = [
        *([("WARC-Record-ID", f"<{record_id}>")] if record_id else []),
        *((name, value) for name, value in record.fields.pairs if name != "Content-Length"),
        ("WARC-Block-Digest", digest.sha256(record.block)),
        ("Content-Length", str(len(record.block))),
    ]
    return ("WARC/1.1\r\n" + "".join(f"{name}: {value}\r\n" for name, value in pairs) + "\r\n").encode()


def _first(source: Source) -> Record | None:
    """The file's warcinfo record; None where it begins with another one."""
    try:
        record = source.read(source.ranges[0][0]) if source.ranges else None
    except Tear:
        return None
    return record if record is not None and record.kind == "warcinfo" else None


def _all_groups(source: Source) -> Iterator[Group]:
    return (one for one in groups(source.scan()) if isinstance(one, Group))


def _group(source: Source, offset: int) -> Group | None:
    """The group of ours that begins at an offset."""
    for one in groups(scan(source.stream, offset, source.end, source.file)):
        if isinstance(one, Gap) and one.offset == offset:
            raise Tear(one.reason, file=source.file, offset=offset)
        if isinstance(one, Group):
            return one
    return None


def _next(following: Iterator[Group], capture: Capture) -> Group | None:
    """The group of a capture among those that follow; None where it is passed."""
    assert capture.location is not None
    for group in following:
        answer = group.find(*CAPTURED)
        if answer is not None and answer.offset >= capture.location.offset:
            return group
    return None


def _checked(group: Group | None, capture: Capture) -> Record:
    place = capture.location
    assert place is not None
    answer = group.find(*CAPTURED) if group is not None else None
    known = capture.block.record_id if isinstance(capture.block, FileBlock) else None
    if (
        answer is None
        or (answer.offset, answer.length) != (place.offset, place.length)
        or (known is not None and answer.id != known)
    ):
        raise _moved(place)
    return answer


def _moved(place: Location) -> Tear:
    return Tear("another record lies here than the catalogue says", file=place.file, offset=place.offset)
