"""The ZIP file that a WACZ is: its entries, read within limits, and what makes them dangerous or useless."""

from __future__ import annotations

import io
import itertools
import stat
import struct
import zipfile
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, BinaryIO

from archive.lint.budget import Budget
from archive.lint.files import Place
from archive.lint.finding import error, shown, wacz

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer

# What zipfile raises over bytes that somebody made: its own errors, and those of what it calls.
ZIP_ERRORS = (
    zipfile.BadZipFile, zlib.error, struct.error, EOFError, OSError, ValueError, NotImplementedError, RuntimeError,
    OverflowError, IndexError,
)  # fmt: skip
_DIRECTORY_LIMIT = 8 * 2**20  # 100,000 entries; a WACZ has a few dozen
_END, _END64, _LOCATOR64 = b"PK\x05\x06", b"PK\x06\x06", b"PK\x06\x07"
_END_LENGTH, _COMMENT = 22, 65535
_LOCAL_LENGTH = 30
_ENCRYPTED = 0x1
_STEP = 2**20

NOT_ZIP = error(
    "wacz-not-zip",
    wacz("Zip Format"),
    "A WACZ is a ZIP file that can be read.",
    "Its directory is missing or broken; often the end of the file was cut off.",
)
TOO_MANY = error(
    "wacz-absurd-size",
    wacz("Zip Format"),
    "The directory or the contents are far larger than a web archive's could be.",
    "Bombs of compression are made to exhaust their readers. They are not unpacked.",
)
NAME_UNSAFE = error(
    "wacz-name-unsafe",
    wacz("Directory Layout"),
    "Names are relative paths within the WACZ.",
    "A name with `..`, a leading slash, a drive or a backslash makes an unpacker write elsewhere.",
)
SYMLINK = error(
    "wacz-symlink",
    wacz("Directory Layout"),
    "Entries are files and directories, not symbolic links.",
    "A link makes an unpacker read or write elsewhere.",
)
NAME_TWICE = error(
    "wacz-name-duplicate",
    wacz("Directory Layout"),
    "Each name stands once in the ZIP file.",
    "Readers take the first or the last: two people see different archives.",
)
OVERLAP = error(
    "wacz-overlap",
    wacz("Zip Format"),
    "The entries of the ZIP file do not overlap.",
    "Overlapping entries are how a small file unpacks to a giant one.",
)
ENCRYPTED = error(
    "wacz-encrypted",
    wacz("Zip Format"),
    "Entries are not encrypted.",
    "Nobody can read them.",
)
METHOD = error(
    "wacz-compression",
    wacz("Zip Compression"),
    "Entries are stored or deflated.",
    "Browsers cannot unpack anything else.",
)
ENTRY_BROKEN = error(
    "wacz-entry-broken",
    wacz("Zip Format"),
    "An entry can be read, and has the checksum and the size that the directory says.",
    "Bytes have changed since they were written.",
)


class Window(io.RawIOBase):
    """A part of an open file as a file of its own: the bytes of a stored entry, without a copy."""

    def __init__(self, stream: BinaryIO, start: int, size: int) -> None:
        super().__init__()
        self._stream = stream
        self._start = start
        self._size = size
        self._at = 0

    def readable(self) -> bool:
        """It is."""
        return True

    def seekable(self) -> bool:
        """It is."""
        return True

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Goes to an offset of the window."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        """The offset in the window."""
        return self._at

    def readinto(self, buffer: WriteableBuffer) -> int:
        """Bytes of the window."""
        view = memoryview(buffer).cast("B")
        self._stream.seek(self._start + self._at)
        part = self._stream.read(max(0, min(len(view), self._size - self._at)))
        view[: len(part)] = part
        self._at += len(part)
        return len(part)


def open_zip(stream: BinaryIO, size: int) -> zipfile.ZipFile | Place:
    """The ZIP file, or why it cannot be opened."""
    try:
        directory = _directory_size(stream, size)
        if directory is None:
            return Place(None, (NOT_ZIP, "it has no directory at its end"))
        if directory > _DIRECTORY_LIMIT:
            return Place(None, (TOO_MANY, f"its directory has {directory:,} bytes"))
        return zipfile.ZipFile(stream)
    except ZIP_ERRORS as problem:
        return Place(None, (NOT_ZIP, str(problem)[:200]))


def entries(opened: zipfile.ZipFile, size: int, budget: Budget) -> Iterator[Place | zipfile.ZipInfo]:
    """The entries that can be read, and what is wrong with all of them."""
    seen: set[str] = set()
    used: list[tuple[int, int, str]] = []
    left = budget.left
    for info in opened.infolist():
        name = info.filename
        at = info.header_offset
        inside = at if 0 <= at < size else None
        if _unsafe(info.orig_filename) or _unsafe(name):
            yield Place(inside, (NAME_UNSAFE, shown(info.orig_filename)))
        if name in seen:
            yield Place(inside, (NAME_TWICE, shown(name)))
            continue
        seen.add(name)
        if inside is None:
            yield Place(None, (ENTRY_BROKEN, f"{shown(name)} is said to begin at {at:,}, outside of the file"))
            continue
        if stat.S_ISLNK(info.external_attr >> 16):
            yield Place(at, (SYMLINK, shown(name)))
            continue
        if name.endswith("/"):  # a directory; zipfile's own question fails where there is no name at all
            continue
        if info.flag_bits & _ENCRYPTED:
            yield Place(at, (ENCRYPTED, shown(name)))
            continue
        if info.compress_type not in {zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED}:
            yield Place(at, (METHOD, f"{shown(name)}: method {info.compress_type}"))
            continue
        used.append((at, at + _LOCAL_LENGTH + info.compress_size, name))
        left -= max(info.file_size, info.compress_size)
        if left < 0:
            yield Place(at, (TOO_MANY, f"{shown(name)}: {info.file_size:,} bytes from {info.compress_size:,}"))
            continue
        yield info
    used.sort()
    for (_, end, name), (start, _, other) in itertools.pairwise(used):
        if start < end:
            yield Place(start, (OVERLAP, f"{shown(name)} and {shown(other)}"))
            return
    if used and used[-1][1] > size:
        yield Place(used[-1][0], (OVERLAP, f"{shown(used[-1][2])} ends behind the file's end"))


def content(opened: zipfile.ZipFile, info: zipfile.ZipInfo, budget: Budget) -> Iterator[bytes]:
    """An entry's bytes in parts; raises one of ZIP_ERRORS where it cannot be read, Exhausted where it is a bomb."""
    with opened.open(info) as stream:
        while part := stream.read(_STEP):
            budget.spend(len(part))
            yield part


def window(stream: BinaryIO, info: zipfile.ZipInfo, size: int) -> BinaryIO:
    """A stored entry as a file; raises ValueError where it does not lie in the ZIP file."""
    stream.seek(info.header_offset)
    local = stream.read(_LOCAL_LENGTH)
    if len(local) < _LOCAL_LENGTH or not local.startswith(b"PK\x03\x04"):
        raise ValueError("its local header is missing")
    name, extra = struct.unpack("<HH", local[26:30])
    start = info.header_offset + _LOCAL_LENGTH + name + extra
    if start + info.file_size > size:
        raise ValueError("it ends behind the file's end")
    return io.BufferedReader(Window(stream, start, info.file_size), 2**18)


def _unsafe(name: str) -> bool:
    parts = name.replace("\\", "/").split("/")
    return (
        not name
        or "\\" in name
        or "\0" in name
        or name.startswith("/")
        or ".." in parts
        or (len(name) > 1 and name[1] == ":")
    )


def _directory_size(stream: BinaryIO, size: int) -> int | None:
    """How many bytes the directory has, by the record at the file's end; None where there is none."""
    start = max(0, size - _END_LENGTH - _COMMENT)
    stream.seek(start)
    tail = stream.read(_END_LENGTH + _COMMENT)
    found = tail.rfind(_END)
    if found < 0 or len(tail) < found + _END_LENGTH:
        return None
    length = int.from_bytes(tail[found + 12 : found + 16], "little")
    locator = tail[found - 20 : found] if found >= 20 else b""
    if locator.startswith(_LOCATOR64):
        stream.seek(min(int.from_bytes(locator[8:16], "little"), size))
        wide = stream.read(56)
        if wide.startswith(_END64) and len(wide) == 56:
            length = max(length if length != 2**32 - 1 else 0, int.from_bytes(wide[40:48], "little"))
    return length


RULES = (
    NOT_ZIP, TOO_MANY, NAME_UNSAFE, SYMLINK, NAME_TWICE, OVERLAP, ENCRYPTED, METHOD, ENTRY_BROKEN,
)  # fmt: skip
