"""Indexes by which attached files are read: which of their records a CDXJ lists, and which of those are wanted."""

from __future__ import annotations

import contextlib
import gzip
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path, PurePosixPath
from typing import Any
from urllib.parse import urljoin

from archive.catalogue.terms import Filter, lines
from archive.clock import from_datetime
from archive.entering.sources import is_url, path_of
from archive.errors import DamagedRecord, NotFound, UsageError
from archive.warc.wellformed import well_formed

Lines = Callable[[], Iterator[bytes]]  # those of an index that are about one file

_PLAIN = re.compile(rb"[A-Za-z0-9._-]+")
_MAGIC = b"\x1f\x8b"
_MOST_LINE = 2**20  # bytes of a line of a CDXJ


def by_name(given: str, index: Path) -> dict[str | None, str]:
    """The places that the file names in an index stand for; None for all of its lines, of one file."""
    directory = given.endswith("/") if is_url(given) else path_of(given).is_dir()
    if not directory:
        return {None: given if is_url(given) else str(path_of(given))}
    names = {said.get("filename") for _, said in lines(_read(index))}
    found: dict[str | None, str] = {}
    for name in sorted(one for one in names if isinstance(one, str)):
        if not name or "\0" in name or well_formed(name) != name:
            raise UsageError(f"{index}: {name[:80]!r} is no file name")
        if ".." in PurePosixPath(name).parts or name.startswith("/") or "://" in name:
            raise UsageError(f"{index}: the file name {name[:80]!r} leads out of {given}")
        found[name] = urljoin(given, name) if is_url(given) else str(path_of(given) / name)
    if not found:
        raise UsageError(f"{index} names no file")
    return found


def lines_of(index: Path, name: str | None, wanted: Filter) -> Lines:
    """The lines of an index that are about a file of this name and may be wanted, each time they are asked for."""

    # An index of a thousand files is read for each, and most of its lines can be told from afar. In JSON a slash may be
    # written with a backslash before it, and any letter by its number.
    told = (name or "").rpartition("/")[2].encode("ascii", "replace")
    near = told if _PLAIN.fullmatch(told) else b""

    def given() -> Iterator[bytes]:
        for line in _read(index):
            if near not in line and b"\\u" not in line:
                continue
            for _, said in lines([line]):
                if (name is None or said.get("filename") == name) and _may_take(wanted, said):
                    yield line.rstrip(b"\r\n") + b"\n"

    return given


def _may_take(wanted: Filter, said: dict[str, Any]) -> bool:
    """Whether a line can be about a capture that is wanted; what it does not say is left to the record."""
    url, mime = said.get("url"), said.get("mime")
    at = _time(str(said["timestamp"]))
    if at is not None and not replace(wanted, hosts=(), mimes=()).takes("", None, at):
        return False
    if isinstance(url, str) and not Filter(hosts=wanted.hosts).takes(url, None, 0):
        return False
    # Of revisits an index has another type than the record; "unk" says that it knows none.
    if not isinstance(mime, str) or mime in {"", "-", "unk", "warc/revisit"}:
        return True
    return Filter(mimes=wanted.mimes).takes("", mime, 0)


def _time(timestamp: str) -> int | None:
    """Microseconds of the 14 digits of a CDXJ, or of the first of them; None for what is no time."""
    digits = timestamp[:14]
    try:
        return from_datetime(datetime.strptime(digits.ljust(14, "0"), "%Y%m%d%H%M%S").replace(tzinfo=UTC))
    except ValueError:
        return None


def _read(index: Path) -> Iterator[bytes]:
    """The lines of a CDXJ, gzipped or not; raises NotFound, DamagedRecord, and UsageError for a pipe."""
    if index.exists() and not index.is_file():
        raise UsageError(
            f"the index {index} is no regular file: write it into one first, since it is read several times"
        )
    try:
        with index.open("rb") as raw:
            packed = raw.read(2) == _MAGIC
            raw.seek(0)
            with gzip.open(raw) if packed else contextlib.nullcontext(raw) as content:
                while line := content.readline(_MOST_LINE):
                    yield line
    except EOFError as error:
        raise DamagedRecord(f"{index} is cut", file=str(index)) from error
    except zlib.error as error:
        raise DamagedRecord(f"{index} cannot be unpacked: its bytes have changed", file=str(index)) from error
    except OSError as error:
        raise NotFound(f"the index {index} cannot be read: {error.strerror or error}") from error
