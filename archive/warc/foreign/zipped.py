"""WACZ files: the WARC files that are stored in a ZIP, found as ranges of its bytes, and what makes a ZIP unfit.

Nothing is ever extracted: no name in a ZIP becomes a path. Its directory is read here, byte by byte, because what a
hostile ZIP says of itself must not decide how much memory or time it costs (APPNOTE.TXT, sections 4.3 to 4.5).
"""

from __future__ import annotations

import hashlib
import io
import json
import struct
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise
from pathlib import PurePosixPath
from typing import Any, BinaryIO

from archive.warc.foreign.form import FormRefused
from archive.warc.ranges import pieces

MOST_ENTRIES = 20_000  # a crawl of a thousand files has some 1,010
_MOST_DIRECTORY = 16 * 2**20
_MOST_PACKAGE = 16 * 2**20  # bytes of datapackage.json
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_CENTRAL, _LOCAL = b"PK\x01\x02", b"PK\x03\x04"
_STORED, _DEFLATED = 0, 8
_ENCRYPTED = 0x1 | 0x40 | 0x2000  # flags: encrypted, strongly encrypted, directory encrypted
_SYMLINK = 0o120000
_WARC_NAMES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz")


@dataclass(frozen=True, slots=True)
class Entry:
    """A file in a ZIP: its name, and where its bytes lie."""

    name: str
    method: int
    start: int  # offset of its content in the ZIP
    packed: int  # bytes there
    size: int  # bytes of content

    @property
    def end(self) -> int:
        """The offset behind its content."""
        return self.start + self.packed


@dataclass(frozen=True, slots=True)
class Wacz:
    """A WACZ: its WARC files, by their place in it, and all its entries by name."""

    warcs: tuple[Entry, ...]
    entries: dict[str, Entry]


def read_wacz(stream: BinaryIO, file: str) -> Wacz:
    """What a WACZ holds; raises FormRefused, with the reason, for one that cannot be read in place or is hostile."""
    try:
        entries = list(_entries(stream, file))
    except (struct.error, OverflowError, OSError, ValueError) as error:
        raise _refused(file, "its ZIP directory cannot be read") from error
    names = {entry.name: entry for entry in entries}
    if len(names) < len(entries):
        raise _refused(file, "two entries of its ZIP have the same name")
    in_order = sorted((entry for entry in entries if entry.packed), key=lambda entry: entry.start)
    for before, after in pairwise(in_order):
        if before.end > after.start:
            raise _refused(file, f"the entries {before.name[:80]!r} and {after.name[:80]!r} overlap")
    warcs = tuple(entry for entry in in_order if entry.name.lower().endswith(_WARC_NAMES))
    for entry in warcs:
        if entry.method != _STORED:
            raise _refused(
                file, f"{entry.name[:80]!r} is compressed by the ZIP (WACZ 1.1.1 requires WARC files to be stored)"
            )
    if not warcs:
        raise _refused(file, "it holds no WARC file")
    return Wacz(warcs, names)


def mismatches(stream: BinaryIO, wacz: Wacz) -> Iterator[str]:
    """What datapackage.json says of the files that is not so: missing ones, other lengths, other digests."""
    entry = wacz.entries.get("datapackage.json")
    content = None if entry is None else _content(stream, entry, _MOST_PACKAGE)
    if content is None:
        yield "it has no datapackage.json that can be read"
        return
    try:
        said: Any = json.loads(content)
        resources = list(said["resources"])
    except (ValueError, KeyError, TypeError, RecursionError):
        yield "its datapackage.json lists no resources"
        return
    for one in resources[:MOST_ENTRIES]:
        path = one.get("path") if isinstance(one, dict) else None
        if not isinstance(path, str):
            yield "a resource of its datapackage.json has no path"
        elif (entry := wacz.entries.get(path)) is None:
            yield f"{path[:80]!r}, which datapackage.json names, is missing"
        elif isinstance(one.get("bytes"), int) and one["bytes"] != entry.size:
            yield f"{path[:80]!r} has {entry.size:,} bytes, not {one['bytes']:,}"
        elif (wrong := _wrong_digest(stream, entry, one.get("hash"))) is not None:
            yield wrong


def _wrong_digest(stream: BinaryIO, entry: Entry, stated: object) -> str | None:
    if not isinstance(stated, str) or entry.method != _STORED:
        return None
    algorithm, _, value = stated.partition(":")
    if algorithm not in {"sha256", "sha512", "sha1", "md5"}:
        return None
    running = hashlib.new(algorithm, usedforsecurity=False)
    for piece in pieces(stream, entry.start, entry.end):
        running.update(piece)
    if running.hexdigest() == value.lower():
        return None
    return f"{entry.name[:80]!r} has another digest than its datapackage.json says"


def _content(stream: BinaryIO, entry: Entry, most: int) -> bytes | None:
    """The content of a small entry; None where it is too large, or cannot be unpacked."""
    if entry.packed > most:
        return None
    stream.seek(entry.start)
    packed = stream.read(entry.packed)
    if entry.method == _STORED:
        return packed
    if entry.method != _DEFLATED:
        return None
    inflate = zlib.decompressobj(-zlib.MAX_WBITS)
    try:
        content = inflate.decompress(packed, most)
    except zlib.error:
        return None
    return content if inflate.eof else None


def _refused(file: str, reason: str) -> FormRefused:
    return FormRefused(f"{file}: refused: {reason}", file=file)


def _entries(stream: BinaryIO, file: str) -> Iterator[Entry]:
    whole = stream.seek(0, io.SEEK_END)
    count, size, start = _directory(stream, whole, file)
    if count > MOST_ENTRIES or size > _MOST_DIRECTORY:
        raise _refused(file, f"its ZIP has too many entries ({count:,}; a WACZ of {MOST_ENTRIES:,} is read)")
    stream.seek(start)
    directory = stream.read(size)
    at = 0
    for _ in range(count):
        if directory[at : at + 4] != _CENTRAL:
            raise _refused(file, "its ZIP directory is damaged")
        flags, method = struct.unpack_from("<HH", directory, at + 8)
        packed, unpacked, name_length, extra_length, note_length = struct.unpack_from("<IIHHH", directory, at + 20)
        mode, header = struct.unpack_from("<II", directory, at + 38)
        raw_name = directory[at + 46 : at + 46 + name_length]
        extra = directory[at + 46 + name_length : at + 46 + name_length + extra_length]
        at += 46 + name_length + extra_length + note_length
        if at > len(directory):
            raise _refused(file, "its ZIP directory is damaged")
        unpacked, packed, header = _wide(extra, unpacked, packed, header, file)
        name = _checked_name(raw_name, file)
        if flags & _ENCRYPTED:
            raise _refused(file, f"{name[:80]!r} is encrypted")
        if (mode >> 16) & 0o170000 == _SYMLINK:
            raise _refused(file, f"{name[:80]!r} is a symbolic link")
        if method == _STORED and packed != unpacked:
            raise _refused(file, f"{name[:80]!r} has two sizes")
        begin = _begin(stream, header, raw_name, file)
        if begin + packed > start:
            raise _refused(file, f"{name[:80]!r} reaches beyond the end of the files in its ZIP")
        yield Entry(name, method, begin, packed, unpacked)


def _directory(stream: BinaryIO, whole: int, file: str) -> tuple[int, int, int]:
    """How many entries the ZIP's directory has, its size and its offset."""
    tail_start = max(0, whole - 22 - 0xFFFF)
    stream.seek(tail_start)
    tail = stream.read(22 + 0xFFFF)
    found = tail.rfind(_END)
    if found < 0 or len(tail) - found < 22:
        raise _refused(file, "its ZIP directory is missing, as in a download that was cut")
    disks, count, size, start = struct.unpack_from("<HxxxxHII", tail, found + 4)[:4]
    if disks not in {0, 0xFFFF}:
        raise _refused(file, "its ZIP is one of several parts")
    place = tail_start + found
    if 0xFFFF in {count} or 0xFFFFFFFF in {size, start}:
        stream.seek(max(0, place - 20))
        locator = stream.read(20)
        if locator[:4] == _LOCATOR64:
            (offset,) = struct.unpack_from("<Q", locator, 8)
            if offset + 56 > whole:
                raise _refused(file, "its ZIP64 directory lies outside of the file")
            stream.seek(offset)
            record = stream.read(56)
            if record[:4] != _END64:
                raise _refused(file, "its ZIP64 directory is damaged")
            count, size, start = struct.unpack_from("<QQQ", record, 32)
            place = offset
    if start + size > place:
        raise _refused(file, "its ZIP directory lies outside of the file")
    return count, size, start


def _wide(extra: bytes, unpacked: int, packed: int, header: int, file: str) -> tuple[int, int, int]:
    """Sizes and offset with those that ZIP64 has in the extra field; ``unpacked, packed, header``."""
    given = [unpacked, packed, header]
    if 0xFFFFFFFF not in given:
        return unpacked, packed, header
    at = 0
    while at + 4 <= len(extra):
        kind, length = struct.unpack_from("<HH", extra, at)
        if kind == 1:
            values = extra[at + 4 : at + 4 + length]
            for index, value in enumerate(given):
                if value == 0xFFFFFFFF:
                    if len(values) < 8:
                        break
                    (given[index],) = struct.unpack_from("<Q", values)
                    values = values[8:]
            return given[0], given[1], given[2]
        at += 4 + length
    raise _refused(file, "its ZIP64 sizes are missing")


def _checked_name(raw: bytes, file: str) -> str:
    """A name that leads nowhere: no absolute path, no step upwards, no drive, no control character."""
    name = raw.decode("utf-8", "replace")
    parts = PurePosixPath(name.replace("\\", "/")).parts
    if not name or name.startswith(("/", "\\")) or ".." in parts or ":" in name[:2] or not name.isprintable():
        raise _refused(file, f"the name {name[:80]!r} in its ZIP leads out of it")
    return name


def _begin(stream: BinaryIO, header: int, name: bytes, file: str) -> int:
    """Where an entry's content begins, by its local header; raises FormRefused where that is another one."""
    stream.seek(header)
    local = stream.read(30)
    if len(local) < 30 or local[:4] != _LOCAL:
        raise _refused(file, f"{name[:80].decode('utf-8', 'replace')!r} does not lie where its ZIP says")
    name_length, extra_length = struct.unpack_from("<HH", local, 26)
    if stream.read(name_length) != name:
        raise _refused(file, f"{name[:80].decode('utf-8', 'replace')!r} has two names")
    return header + 30 + int(name_length) + int(extra_length)
