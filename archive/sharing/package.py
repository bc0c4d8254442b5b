"""A WACZ while it is written: a ZIP file whose members are named, with their digests, in its manifest.

Web Archive Collection Zipped 1.1.1 (https://specs.webrecorder.net/wacz/1.1.1/).
"""

from __future__ import annotations

import contextlib
import hashlib
import json
from collections.abc import Iterator, Mapping
from typing import IO, Self
from zipfile import ZIP_DEFLATED, ZIP_STORED, ZipFile, ZipInfo

from archive.clock import to_datetime

WACZ_VERSION = "1.1.1"
MANIFEST, DIGEST = "datapackage.json", "datapackage-digest.json"
_LARGE = 2**31 - 1  # from here on zipfile wants to be told that a member may need 64 bits
_READABLE = 0o100644 << 16  # a regular file, as ZIP has the modes of Unix
_YEARS = (1980, 2107)  # of ZIP's dates, which have seven bits for them


class Member:
    """One member being written: its bytes are counted and their digest is taken."""

    def __init__(self, stream: IO[bytes]) -> None:
        self._stream = stream
        self._digest = hashlib.sha256()
        self.bytes = 0

    def write(self, data: bytes, /) -> None:
        """Write on."""
        self._stream.write(data)
        self._digest.update(data)
        self.bytes += len(data)

    @property
    def digest(self) -> str:
        """The digest of what was written, as the manifest has it."""
        return f"sha256:{self._digest.hexdigest()}"


class Package:
    """A WACZ that is written to a stream; a context manager. All dates in it are the one that is given."""

    def __init__(self, out: IO[bytes], at: int) -> None:
        """``at`` is in microseconds since 1970, UTC."""
        when = to_datetime(at)
        year = min(max(when.year, _YEARS[0]), _YEARS[1])
        self._date = (year, when.month, when.day, when.hour, when.minute, when.second)
        self._zip = ZipFile(out, "w")
        self._resources: list[dict[str, object]] = []

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self._zip.close()

    @contextlib.contextmanager
    def member(self, path: str, *, stored: bool = False, most: int = 0) -> Iterator[Member]:
        """Write a member; ``stored`` for what is compressed already. It has at most ``most`` bytes, if those are many.

        Members are written one after the other.
        """
        with self._zip.open(self._info(path, stored=stored), "w", force_zip64=most > _LARGE) as stream:
            member = Member(stream)
            yield member
        self._resources.append(
            {
                "name": path.rpartition("/")[2].lower(),
                "path": path,
                "hash": member.digest,
                "bytes": member.bytes,
            }
        )

    def finish(self, facts: Mapping[str, str]) -> None:
        """Write the manifest, with facts about the whole, and its digest; nothing may follow."""
        said = {"profile": "data-package", "wacz_version": WACZ_VERSION, **facts, "resources": self._resources}
        manifest = json.dumps(said, indent=2, ensure_ascii=False).encode("utf-8", "replace")
        found = {"path": MANIFEST, "hash": f"sha256:{hashlib.sha256(manifest).hexdigest()}"}
        self._zip.writestr(self._info(MANIFEST), manifest)
        self._zip.writestr(self._info(DIGEST), json.dumps(found, indent=2))

    def _info(self, path: str, *, stored: bool = False) -> ZipInfo:
        info = ZipInfo(path, self._date)
        info.compress_type = ZIP_STORED if stored else ZIP_DEFLATED
        info.create_system = 3  # Unix, on whatever system
        info.external_attr = _READABLE
        return info
