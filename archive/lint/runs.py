"""The parts of a WARC file that can be read in one go: gzip members, zstd frames, a whole plain file; and the gaps."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import BinaryIO, Protocol, cast

import zstandard
from isal import igzip_lib

from archive.lint.budget import Budget
from archive.lint.finding import Fault, error, note, warc
from archive.warc import zstd

GZIP_MAGIC = b"\x1f\x8b\x08"
BEGINNING = b"WARC/"
_ISAL_ERROR = cast("type[Exception]", igzip_lib.IsalError)  # the library's stub says that it is an instance
_GZIP_HEAD = re.compile(rb"\x1f\x8b\x08[\x00-\x1f]", re.DOTALL)  # RFC 1952: three flags must be 0
_ZSTD_HEAD = re.compile(re.escape(zstd.MAGIC))
_FIRST, _LAST = 16 * 1024, 256 * 1024  # file bytes read at a time
_CONTENT = 256 * 1024  # bytes of content at a time
_SLICE = 512  # of a zstd frame: one byte of it may stand for 32 KiB
_SEARCH = 2**20
_LEAST = 4096  # what an attempt costs in any case

TORN = error(
    "member-torn",
    warc("Annex D.2"),
    "The file ends within a gzip member or zstd frame.",
    "A writer was killed, or a copy cut off. Many readers pass over it without an error.",
)
CHECKSUM = error(
    "member-checksum",
    warc("Annex D.2"),
    "A member's checksum or length is not that of its content (RFC 1952, section 2.3.1).",
    "Bytes have changed since they were written.",
)
BROKEN = error(
    "member-broken",
    warc("Annex D.2"),
    "A gzip member or zstd frame cannot be unpacked.",
    "Bytes have changed since they were written, or something wrote over them.",
)
GARBAGE = error(
    "garbage",
    warc("4"),
    "Bytes that belong to no record stand before, between or behind records.",
    "A WARC file is a sequence of records and nothing else; readers stop there, or lose the next record.",
)
EMPTY_MEMBER = note(
    "member-empty",
    warc("Annex D.2"),
    "A gzip member without content.",
    "Harmless; but some readers take it for the end.",
)
DICTIONARY = error(
    "zstd-dictionary",
    "Zstandard for WARC 1.0, Dictionary frame format",
    "The zstd dictionary in front of the records cannot be used.",
    "Without it no record can be unpacked.",
)


class Run(Protocol):
    """Content that follows on itself. ``read`` gives up to so many bytes, and nothing at the end.

    Then ``end`` is the offset in the file behind it, or ``fault`` says why it ended early.
    """

    offset: int
    end: int
    fault: Fault | None

    def read(self, size: int) -> bytes: ...


@dataclass(frozen=True, slots=True)
class Gap:
    """Bytes of the file that are passed over, from ``offset`` up to ``end``."""

    offset: int
    end: int
    fault: Fault


class PlainRun:
    """A file, or the rest of one, without compression."""

    def __init__(self, stream: BinaryIO, offset: int, budget: Budget) -> None:
        self.offset = self.end = offset
        self.fault: Fault | None = None
        self._stream = stream
        self._budget = budget

    def read(self, size: int) -> bytes:
        """Up to so many bytes; nothing at the end."""
        self._stream.seek(self.end)
        part = self._stream.read(min(size, _CONTENT))
        self.end += len(part)
        self._budget.spend(len(part))
        return part


class _Packed:
    """What gzip members and zstd frames share: file bytes in, content out, a fault where that cannot go on."""

    def __init__(self, stream: BinaryIO, offset: int, budget: Budget) -> None:
        self.offset = offset
        self.end = offset
        self.fault: Fault | None = None
        self._stream = stream
        self._budget = budget
        self._fed = 0
        self._step = _FIRST

    def _more(self) -> bytes | None:
        """The next file bytes; None at the end of the file, which is a fault."""
        self._stream.seek(self.offset + self._fed)
        given = self._stream.read(self._step)
        self._step = min(self._step * 4, _LAST)
        if not given:
            self.fault = (TORN, f"{self._fed:,} bytes of it are there")
            return None
        self._fed += len(given)
        return given

    def _counted(self, content: bytes) -> bytes:
        self._budget.spend(len(content))
        return content


class GzipRun(_Packed):
    """One gzip member; its checksum and its length are checked at its end."""

    def __init__(self, stream: BinaryIO, offset: int, budget: Budget) -> None:
        super().__init__(stream, offset, budget)
        self._inflate = igzip_lib.IgzipDecompressor(flag=igzip_lib.DECOMP_GZIP)

    def read(self, size: int) -> bytes:
        """Up to so many bytes of content; nothing at the end, or at a fault."""
        while self.fault is None and not self._inflate.eof:
            given = self._more() if self._inflate.needs_input else b""
            if given is None:
                return b""
            try:
                content: bytes = self._inflate.decompress(given, min(size, _CONTENT))
            except _ISAL_ERROR as problem:
                said = str(problem).lower()
                wrong = "checksum" in said or "crc" in said
                self.fault = (CHECKSUM, "its checksum differs") if wrong else (BROKEN, "it cannot be unpacked")
                return b""
            if content:
                return self._counted(content)
            if not (given or self._inflate.eof or self._inflate.needs_input):
                self.fault = (BROKEN, "it leads nowhere")
        if self.fault is None:
            self.end = self.offset + self._fed - len(self._inflate.unused_data)
        return b""


class ZstdRun(_Packed):
    """One zstd frame; its checksum, where it has one, is checked at its end."""

    def __init__(
        self, stream: BinaryIO, offset: int, budget: Budget, shared: zstandard.ZstdCompressionDict | None
    ) -> None:
        super().__init__(stream, offset, budget)
        unpacker = zstandard.ZstdDecompressor(dict_data=shared, max_window_size=zstd.WINDOW_LIMIT)
        self._frame = unpacker.decompressobj()
        self._waiting = b""  # file bytes that are not given to the frame yet
        self._content = b""
        self._given = 0  # how much of it is given out

    def read(self, size: int) -> bytes:
        """Up to so many bytes of content; nothing at the end, or at a fault."""
        while self._given == len(self._content) and self.fault is None and not self._frame.eof:
            if not self._waiting:
                more = self._more()
                if more is None:
                    return b""
                self._waiting = more
            given, self._waiting = self._waiting[:_SLICE], self._waiting[_SLICE:]
            try:
                self._content, self._given = self._counted(self._frame.decompress(given)), 0
            except zstandard.ZstdError as problem:
                said = str(problem).lower()
                self.fault = (CHECKSUM, "its checksum differs") if "checksum" in said else (BROKEN, said[:200])
                return b""
        if part := self._content[self._given : self._given + size]:
            self._given += len(part)
            return part
        if self.fault is None:
            self.end = self.offset + self._fed - len(self._waiting) - len(self._frame.unused_data)
        return b""


def gzip_runs(stream: BinaryIO, size: int, budget: Budget) -> Iterator[Run | Gap]:
    """The members of a gzipped file, and what lies between them; each must be read to its end before the next."""
    at = 0
    while at < size:
        stream.seek(at)
        if stream.read(len(GZIP_MAGIC)) != GZIP_MAGIC:
            found = _next(stream, at, size, budget, _GZIP_HEAD, GzipRun)
            yield Gap(at, found, (GARBAGE, _described(stream, at, found)))
            at = found
            continue
        run = GzipRun(stream, at, budget)
        yield run
        while run.read(_CONTENT):
            pass
        at = _next(stream, at + 1, size, budget, _GZIP_HEAD, GzipRun) if run.fault else run.end


def zstd_runs(stream: BinaryIO, size: int, budget: Budget) -> Iterator[Run | Gap]:
    """The same of a file of zstd frames; frames that are to be skipped are, and the dictionary is used."""
    at = 0
    shared: zstandard.ZstdCompressionDict | None = None

    def opened(stream: BinaryIO, offset: int, budget: Budget) -> Run:
        return ZstdRun(stream, offset, budget, shared)

    while at < size:
        stream.seek(at)
        head = stream.read(8)
        if zstd.SKIPPABLE.match(head) and len(head) == 8:
            end = at + 8 + int.from_bytes(head[4:], "little")
            if end > size:
                yield Gap(at, size, (TORN, "the file ends within a frame that is to be skipped"))
                return
            if head.startswith(zstd.DICTIONARY) and at == 0:
                try:
                    shared = zstd.dictionary(stream.read(min(end - at - 8, zstd.DICTIONARY_LIMIT + 1)))
                    budget.spend(len(shared))
                except ValueError as problem:
                    yield Gap(at, end, (DICTIONARY, str(problem)[:200]))
            at = end
            continue
        if not head.startswith(zstd.MAGIC):
            found = _next(stream, at, size, budget, _ZSTD_HEAD, opened)
            yield Gap(at, found, (GARBAGE, _described(stream, at, found)))
            at = found
            continue
        run = ZstdRun(stream, at, budget, shared)
        yield run
        while run.read(_CONTENT):
            pass
        at = _next(stream, at + 1, size, budget, _ZSTD_HEAD, opened) if run.fault else run.end


class _Opens(Protocol):
    def __call__(self, stream: BinaryIO, offset: int, budget: Budget) -> Run: ...


def _next(stream: BinaryIO, start: int, size: int, budget: Budget, head: re.Pattern[bytes], opens: _Opens) -> int:
    """The offset of the next run that begins like a record; the file's size where there is none."""
    while start < size:
        stream.seek(start)
        part = stream.read(min(_SEARCH, size - start))
        budget.spend(len(part))
        for one in head.finditer(part):
            budget.spend(_LEAST)
            run = opens(stream, start + one.start(), budget)
            begun = b""
            while len(begun) < len(BEGINNING) and (more := run.read(len(BEGINNING) - len(begun))):
                begun += more
            if begun == BEGINNING:
                return start + one.start()
        if len(part) < 4:
            break
        start += len(part) - 3
    return size


def _described(stream: BinaryIO, start: int, end: int) -> str:
    """What lies in a gap: how many bytes, and whether they are zeros."""
    stream.seek(start)
    zeros = not stream.read(min(end - start, 4096)).strip(b"\0")
    return f"{end - start:,} bytes that are no record{', zeros as after a loss of power' if zeros else ''}"
