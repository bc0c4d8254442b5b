"""Where a record lies now, in a file that was rewritten since its place was asked for.

Whoever holds captures while a purge or a repair replaces their file has old places. The file itself tells the new ones:
also before the catalogue knows them, and to a process that has no catalogue.
"""

from __future__ import annotations

from dataclasses import replace
from functools import lru_cache
from pathlib import Path

from archive.capture import Location
from archive.errors import DamagedRecord, TakenDown
from archive.warc.foreign.form import FormRefused
from archive.warc.foreign.source import open_source
from archive.warc.paths import resolve
from archive.warc.places import ATTACHED
from archive.warc.scan import Gap
from archive.warc.tombstone import tombstone_of

_KEPT = 2**16  # bytes of a block that are kept: tombstones have some hundred
_FILES = 4  # whose records are remembered: some 200 bytes each

_Places = dict[str, tuple[int, int] | None]  # offset and length by id; None for what was removed


def moved(directory: Path, location: Location, record_id: str) -> Location | None:
    """Where the record of this id lies now, if elsewhere in its file than at ``location``; None where it does not.

    Raises TakenDown where a tombstone stands for it. A file is read once for all of its records.
    """
    if location.file.startswith(f"{ATTACHED}/"):
        return None  # it is not ours to rewrite
    try:
        there = resolve(directory, location.file).stat()
        places = _places(directory, location.file, there.st_ino, there.st_size, there.st_mtime_ns)
    except (DamagedRecord, FormRefused, OSError):
        return None
    if record_id not in places:
        return None
    place = places[record_id]
    if place is None:
        said = f"the record {record_id} was removed from {location.file} by a purge: 'presskeep takedown --list' tells"
        raise TakenDown(said, file=location.file)
    offset, length = place
    return None if offset == location.offset else replace(location, offset=offset, length=length)


@lru_cache(maxsize=_FILES)
def _places(directory: Path, file: str, inode: int, size: int, changed: int) -> _Places:  # the last: of which state
    found: _Places = {}
    with open_source(directory, file) as source:
        for piece in source.scan(limit=_KEPT):
            if isinstance(piece, Gap) or piece.id is None:
                continue
            if tombstone_of(piece) is not None:
                found.setdefault(piece.id, None)
            elif found.get(piece.id) is None:
                found[piece.id] = (piece.offset, piece.length)
    return found
