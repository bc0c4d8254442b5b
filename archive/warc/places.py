"""Places of attached files: where lies what the archive knows under a name of its own, and what it was like.

``attached.json``, beside ``warc/``, is derived from the acts of the archive, and made anew with each of them: whoever
has nothing but a location finds the file by it.
"""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from functools import lru_cache
from pathlib import Path

from archive.errors import DamagedRecord
from archive.target import replacing

IMPORTED, ATTACHED = "imported", "attached"  # directories that begin the names of foreign files
NAME = "attached.json"
SUFFIXES = (".warc", ".warc.gz", ".warc.zst", ".arc", ".arc.gz", ".arc.zst", ".wacz")  # of names of foreign files


@dataclass(frozen=True, slots=True)
class Place:
    """Where an attached file lies: its name in the archive, a path or URL, its size, and what tells it from others.

    ``identity`` is the labelled SHA-256 of a local file; of a remote one that of its URL, size and entity tag.
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
        stamp = registry.stat().st_mtime_ns
        return _read(registry, stamp)[file]
    except (OSError, ValueError, TypeError, KeyError) as error:
        raise DamagedRecord(
            f"nothing is attached as {file}: run `presskeep rebuild`, which notes again what is attached", file=file
        ) from error


@lru_cache(maxsize=8)
def _read(registry: Path, stamp: int) -> dict[str, Place]:  # `stamp`: another state is read again
    return {one["file"]: Place(**one) for one in json.loads(registry.read_bytes())}


def note(directory: Path, places: Iterable[Place]) -> None:
    """Write the registry anew; raises StorageFull."""
    found = sorted(places, key=lambda one: one.file)
    registry = directory.parent / NAME
    if not found and not registry.exists():
        return
    with replacing(registry) as out:
        out.write(json.dumps([asdict(one) for one in found], indent=1, ensure_ascii=False).encode())
