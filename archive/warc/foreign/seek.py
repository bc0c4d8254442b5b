"""Files that were compressed as a whole, made readable by offset: derived files under ``seek/``, made when missing.

A gzip file gets an index of places at which unpacking can begin; offsets then count unpacked bytes. zstd has no such
places within a frame, so an unpacked copy is kept beside. Each file is unpacked once from end to end before, with its
checksums: an index alone passes over damage in silence.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, BinaryIO, cast

from archive.durable import replacing, written
from archive.errors import ArchiveBusy, DamagedRecord, StorageFull
from archive.warc.foreign.form import Coding, FormRefused
from archive.warc.foreign.unpacking import gunzipped, unzstd
from archive.warc.member import Tear

_STEP = 2**20
SPACING = 4 * 2**20  # unpacked bytes between two places of an index: half of it is unpacked for a record, in 5 ms
# Web pages shrink to a tenth, repeated ones to a fiftieth. What grows more is made to fill disks.
MOST_GROWTH, FREE_GROWTH = 200, 256 * 2**20
_RESERVE = 256 * 2**20  # bytes that an unpacked copy leaves free
_PAUSE = 0.1  # seconds between two looks whether another process has made them
_VERSION = 1  # of the derived files; older ones are made again


@dataclass(frozen=True, slots=True)
class Unpacked:
    """What unpacking a file from end to end has shown: its unpacked bytes, and why there are no more, if so."""

    size: int
    reason: str = ""


def opened(raw: BinaryIO, coding: Coding, beside: Path, stamp: str, file: str) -> tuple[BinaryIO, Unpacked]:
    """The unpacked content of a file, to be read and sought in, and what is known of it.

    ``beside`` is where the derived files lie, without their suffixes; ``stamp`` tells one state of the file from
    another. Raises FormRefused for a file that unpacks to absurd sizes, StorageFull, and DamagedRecord where the
    derived files are missing and cannot be made here.
    """
    told = beside.with_name(f"{beside.name}.json")
    kept = beside.with_name(beside.name + (".index" if coding is Coding.GZIP else ".unpacked"))
    known = _known(told, kept, stamp)
    if known is None:
        known = _made(raw, coding, kept, told, stamp, file)
    if coding is Coding.ZSTD:
        return kept.open("rb"), known
    return cast("BinaryIO", _Window(_indexed(raw, kept), known.size, file)), known


def _known(told: Path, kept: Path, stamp: str) -> Unpacked | None:
    try:
        said: dict[str, Any] = json.loads(told.read_bytes())
        if said["version"] != _VERSION or said["stamp"] != stamp or said["bytes"] != kept.stat().st_size:
            return None
        # An index goes into a C library, which would trust it.
        if kept.suffix == ".index" and hashlib.sha256(kept.read_bytes()).hexdigest() != said["sha256"]:
            return None
        return Unpacked(int(said["size"]), str(said["reason"]))
    except (OSError, ValueError, KeyError, TypeError):
        return None


def _made(raw: BinaryIO, coding: Coding, kept: Path, told: Path, stamp: str, file: str) -> Unpacked:
    """What is known once the derived file is there: made here, or by another that was about it already."""
    while True:
        try:
            return _make(raw, coding, kept, told, stamp, file)
        except ArchiveBusy:
            time.sleep(_PAUSE)
            if (known := _known(told, kept, stamp)) is not None:
                return known


def _make(raw: BinaryIO, coding: Coding, kept: Path, told: Path, stamp: str, file: str) -> Unpacked:
    """Unpack once, make the derived file, and say in ``told``, last of all, that it is whole."""
    try:
        kept.parent.mkdir(parents=True, exist_ok=True)
        with replacing(kept) as out:
            told.unlink(missing_ok=True)
            sha256 = ""
            if coding is Coding.GZIP:
                found = _walked(gunzipped(raw), _most(raw), file)
                index = _indexed(raw, None)
                with suppress(OSError):  # at the damage, of which `found` tells
                    index.build_full_index()
                exported = io.BytesIO()  # the library looks at a file's mode, and takes "wb" alone
                index.export_index(fileobj=exported)
                out.write(exported.getbuffer())
                sha256 = hashlib.sha256(exported.getbuffer()).hexdigest()
            else:
                found = _walked(unzstd(raw), _most(raw), file, _writing(out, kept.parent))
            size = out.seek(0, io.SEEK_END)
        said = {"version": _VERSION, "stamp": stamp, "size": found.size, "reason": found.reason, "sha256": sha256}
        written(told, [json.dumps({**said, "bytes": size}).encode()])
    except OSError as error:
        raise DamagedRecord(
            f"what is needed to read {file} by offset cannot be made in {kept.parent} ({error.strerror or error}): "
            "make room there, then run 'presskeep verify'",
            file=file,
        ) from error
    return found


def _most(raw: BinaryIO) -> int:
    return FREE_GROWTH + MOST_GROWTH * raw.seek(0, io.SEEK_END)


def _walked(parts: Iterator[bytes], most: int, file: str, use: Callable[[bytes], None] | None = None) -> Unpacked:
    """Unpack to the end, or to where nothing can be unpacked any more."""
    size = 0
    try:
        for part in parts:
            size += len(part)
            if size > most:
                raise FormRefused(f"{file}: it unpacks to more than {most:,} bytes, as no archive does", file=file)
            if use is not None:
                use(part)
    except Tear as tear:
        return Unpacked(size, tear.reason)
    return Unpacked(size)


def _writing(out: IO[bytes], directory: Path) -> Callable[[bytes], None]:
    def checked(part: bytes) -> None:
        if shutil.disk_usage(directory).free < _RESERVE:
            raise StorageFull(f"no room for an unpacked copy under {directory}: make some, then try again")
        out.write(part)

    return checked


def _indexed(raw: BinaryIO, kept: Path | None) -> Any:  # noqa: ANN401 - the library publishes no types
    import indexed_gzip  # noqa: PLC0415 - only where such a file is read

    # Its own checks are left out: they are made before, and a stream that is damaged must still be read up to there.
    stream = indexed_gzip.IndexedGzipFile(fileobj=raw, spacing=SPACING, skip_crc_check=True, buffer_size=_STEP)
    if kept is not None:
        with kept.open("rb") as source:
            stream.import_index(fileobj=source)
    return stream


class _Window:
    """The unpacked content as a file that ends where the first unpacking ended."""

    def __init__(self, stream: Any, size: int, file: str) -> None:  # noqa: ANN401 - the library publishes no types
        self._stream = stream
        self._size = size
        self._file = file
        self._at = 0

    def __enter__(self) -> _Window:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def read(self, size: int = -1) -> bytes:
        left = max(0, self._size - self._at)
        size = left if size < 0 else min(size, left)
        if not size:
            return b""
        try:
            self._stream.seek(self._at)
            part: bytes = self._stream.read(size)
        except (OSError, EOFError, ValueError) as error:
            raise Tear("its compressed stream cannot be read here", file=self._file, offset=self._at) from error
        if not part:
            raise Tear("its compressed stream cannot be read here", file=self._file, offset=self._at)
        self._at += len(part)
        return part

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._at, io.SEEK_END: self._size}[whence]
        self._at = max(0, base + offset)
        return self._at

    def tell(self) -> int:
        return self._at

    def close(self) -> None:
        self._stream.close()
