"""Places of attached files: where lies what the archive knows under a name of its own, and what it was like.

``attached.jsonl``, beside ``warc/``, is derived from the acts of the archive: whoever has nothing but a location finds
the file by it. A place that is noted twice is what the last line says.
"""

from __future__ import annotations

import contextlib
import json
import os
import threading
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path
from typing import BinaryIO

from archive.durable import replacing
from archive.errors import DamagedRecord

IMPORTED, ATTACHED = "imported", "attached"  # directories that begin the names of foreign files
NAME = "attached.jsonl"
SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".arc.zst", ".wacz")  # of names of foreign files


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attached file lies: its name in the archive, a path or URL, its size, and what tells it from others.

    ``identity`` is the labelled SHA-256 of a local file; of a remote one, and of one that is read by an index, that of
    its size and its ends (`archive.warc.foreign.ends`).
    """

    file: str
    place: str
    size: int
    identity: str

    @property
    def remote(self) -> bool:
        """Whether it lies behind a URL."""
        return "://" in self.place


def is_foreign(file: str) -> bool:
    """Whether a name is that of an imported or attached file."""
    return file.startswith((f"{IMPORTED}/", f"{ATTACHED}/"))


def place_of(directory: Path, file: str) -> Place | None:
    """Where a file that is attached to the archive of this ``warc/`` lies; None for a file of the archive's own.

    Raises DamagedRecord where nothing is attached under that name.
    """
    if not file.startswith(f"{ATTACHED}/"):
        return None
    registry = directory.parent / NAME
    try:
        with _lock:
            return _registry(registry).place(file)
    except (OSError, KeyError) as error:
        raise DamagedRecord(
            f"nothing is attached as {file}: run 'presskeep rebuild', which notes again what is attached", file=file
        ) from error


class _Registry:
    """A registry as far as it was read: what is added to it is read alone, so that many files can be attached."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._state = (0, 0, 0)  # inode, time of its last change, and how many bytes of it were read
        self._last = b""  # the last line of those
        self._places: dict[str, Place] = {}

    def place(self, file: str) -> Place:
        """Raises OSError, and KeyError for what is not in it, however it is read."""
        found = self._up_to_date().get(file)
        return self._up_to_date(anew=True)[file] if found is None else found

    def _up_to_date(self, *, anew: bool = False) -> dict[str, Place]:
        with self._path.open("rb") as source:
            about = os.fstat(source.fileno())
            inode, changed, read = self._state
            if not anew and (about.st_ino, about.st_mtime_ns, about.st_size) == (inode, changed, read):
                return self._places
            # A registry that was written anew may have the inode of an older one: its number is free again.
            if anew or about.st_ino != inode or not self._goes_on(source, read):
                self._places, self._last, read = {}, b"", 0
            source.seek(read)
            for line in source:
                if not line.endswith(b"\n"):
                    break  # being written
                read += len(line)
                self._last = line
                with contextlib.suppress(ValueError, TypeError):  # a line that a loss of power has torn
                    place = Place(**json.loads(line))
                    self._places[place.file] = place
            self._state = (about.st_ino, about.st_mtime_ns, read)
        return self._places

    def _goes_on(self, source: BinaryIO, read: int) -> bool:
        """Whether what was read last still stands where it stood."""
        source.seek(read - len(self._last))
        return source.read(len(self._last)) == self._last


_lock = threading.Lock()


@lru_cache(maxsize=8)
def _registry(path: Path) -> _Registry:
    return _Registry(path)


def note(directory: Path, places: Iterable[Place]) -> None:
    """Write the registry anew; raises OSError."""
    found = sorted(places, key=lambda one: one.file)
    registry = directory.parent / NAME
    if found or registry.exists():
        with replacing(registry) as out:
            out.writelines(map(_line, found))


def add(directory: Path, place: Place) -> None:
    """Add a place to the registry; raises OSError."""
    with (directory.parent / NAME).open("ab") as out:
        out.write(b"" if out.tell() == 0 else b"\n")  # behind what a loss of power may have torn
        out.write(_line(place))
        out.flush()
        os.fsync(out.fileno())


def _line(place: Place) -> bytes:
    return json.dumps(asdict(place)).encode("ascii") + b"\n"
