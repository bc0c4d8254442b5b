"""Remnants: bytes in the quarantine that come from what is removed, and files that were killed half-written."""

from __future__ import annotations

import fcntl
import re
import zlib
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO

from archive.durable import PART, remove, sync_directory
from archive.warc.folders import below
from archive.warc.member import MAGIC
from archive.warc.scan import Gap, scan
from archive.warc.stored import bare

_BYTES, _REPORT = ".bytes", ".json"
_TARGET = re.compile(rb"^(?:WARC-Target-URI|presskeep-url):[ \t]*(\S+)", re.IGNORECASE | re.MULTILINE)
_HEAD = 2**16  # bytes in which the head of a torn record stands
_SOUGHT = 2**24  # bytes of a gap in which beginnings of torn records are looked for

IsMeant = Callable[[str | None, str], bool]  # a record's id, its URL


def clear_quarantine(quarantine: Path, is_meant: IsMeant) -> tuple[str, ...]:
    """Remove the kept bytes that hold a record which is meant, with their reports; the names of what is gone."""
    found = []
    for path in sorted(quarantine.glob(f"*{_BYTES}")):
        if _holds(path, is_meant):
            remove(path)
            path.with_name(path.name.removesuffix(_BYTES) + _REPORT).unlink(missing_ok=True)
            found.append(path.name)
    if found:
        sync_directory(quarantine)
    return tuple(found)


def clear_parts(directory: Path) -> None:
    """Remove half-written files below a directory, but for those that a living process is writing."""
    for path in sorted(one for one in below(directory) if one.name.endswith(PART)):
        with path.open("rb") as part:
            try:
                fcntl.flock(part, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                continue
            path.unlink(missing_ok=True)


def _holds(path: Path, is_meant: IsMeant) -> bool:
    with path.open("rb") as stream:
        size = stream.seek(0, 2)
        for piece in scan(stream, 0, size, path.name):
            if isinstance(piece, Gap):
                if any(is_meant(None, url) for url in _torn_targets(stream, piece)):
                    return True
            elif is_meant(piece.id, bare(piece.fields.first("WARC-Target-URI")) or ""):
                return True
    return False


def _torn_targets(stream: BinaryIO, gap: Gap) -> list[str]:
    """The URLs that stand in the heads of torn records, as far as those can be unpacked."""
    stream.seek(gap.offset)
    raw = stream.read(min(gap.length, _SOUGHT))
    texts = [raw]
    at = raw.find(MAGIC)
    while at >= 0:
        texts.append(_unpacked(raw[at:]))
        at = raw.find(MAGIC, at + 1)
    return [hit[1].decode("utf-8", "replace").strip("<>") for text in texts for hit in _TARGET.finditer(text)]


def _unpacked(data: bytes) -> bytes:
    """The beginning of a torn gzip member."""
    inflate = zlib.decompressobj(31)
    try:
        return inflate.decompress(data[:_HEAD], _HEAD)
    except zlib.error:
        return b""
