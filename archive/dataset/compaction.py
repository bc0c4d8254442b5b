"""The compaction of texts under ``text/``: one Parquet file for each cleaner version and month of capture.

It is derived from the catalogue: the same texts give the same bytes, and only what changed is written again.
"""

from __future__ import annotations

import datetime
import hashlib
import os
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from importlib.metadata import version
from pathlib import Path
from urllib.parse import quote

from archive.article import canonical_json
from archive.clock import from_datetime, to_datetime
from archive.dataset.rows import PRESSKEEP, ROWS, Column, Entry, Kind, Schema
from archive.durable import remove, replacing, storage

PART = "part-0.parquet"
STATE = b"presskeep.texts"  # metadata key: number and sum of what the file holds


def _canonical(entry: Entry) -> str:
    return canonical_json(entry.text).decode()


# The cleaner is in the path, where readers of partitioned datasets take it from: twice it would clash.
COMPACTED = Schema(
    "presskeep-text",
    (
        *(column for column in PRESSKEEP.columns if column.lasting and column.name != "cleaner"),
        Column("canonical", Kind.TEXT, "canonical JSON; its digest is `id`", _canonical),
    ),
)


@dataclass(frozen=True, slots=True)
class Stamp:
    """What tells one text from another: enough to see whether a file is up to date without reading any text."""

    cleaner: str
    site: str | None
    capture_id: str
    at: int
    identity: str


@dataclass(frozen=True, slots=True, order=True)
class Part:
    """One file: the texts of a cleaner from ``start`` up to ``end``, microseconds since 1970, a month in UTC."""

    cleaner: str
    month: str

    @property
    def path(self) -> Path:
        """Its path below ``text/``, with the keys in Hive's manner."""
        return Path(f"cleaner={quote(self.cleaner, safe='+')}") / f"month={self.month}" / PART

    @property
    def start(self) -> int:
        """The first instant of the month."""
        return from_datetime(self._first())

    @property
    def end(self) -> int:
        """The first instant of the next month."""
        return from_datetime((self._first() + datetime.timedelta(days=31)).replace(day=1))

    def _first(self) -> datetime.datetime:
        return datetime.datetime.fromisoformat(f"{self.month}-01T00:00:00+00:00")


@dataclass(frozen=True, slots=True)
class Compaction:
    """What a compaction did; paths are relative to ``text/``."""

    texts: int
    written: tuple[str, ...]
    kept: tuple[str, ...]
    removed: tuple[str, ...]


@dataclass(slots=True)
class _Tally:
    """A number and a sum over the stamps of a part; the sum does not depend on their order."""

    number: int = 0
    total: int = 0

    def add(self, stamp: Stamp) -> None:
        said = "\n".join((stamp.site or "", stamp.capture_id, stamp.identity))
        self.number += 1
        self.total = (self.total + int.from_bytes(hashlib.sha256(said.encode()).digest(), "big")) % 2**256

    @property
    def state(self) -> bytes:
        # The versions that shape the bytes are part of it: a newer one writes all files again.
        rows = f"{ROWS}.{len(PRESSKEEP.columns)}"
        return f"{self.number} {self.total:064x} rows={rows} pyarrow={version('pyarrow')}".encode()


@dataclass(frozen=True, slots=True)
class Texts:
    """The two questions that a compaction asks the catalogue."""

    stamps: Callable[[], Iterable[Stamp]]  # of all texts, in any order
    entries: Callable[[Part], Iterable[Entry]]  # of one part, ordered by site and capture id


def compact_texts(texts: Texts, directory: Path) -> Compaction:
    """Bring ``text/`` up to date with the catalogue; raises StorageFull, and ArchiveBusy as
    `archive.durable.replacing` does.

    A file is replaced in one step, so that a reader sees the old or the new one. Files without texts are removed.
    """
    from archive.dataset.parquet import write_parquet  # noqa: PLC0415 - who opens an archive need not wait for pyarrow

    tallies: dict[Part, _Tally] = {}
    for stamp in texts.stamps():
        tallies.setdefault(Part(stamp.cleaner, to_datetime(stamp.at).strftime("%Y-%m")), _Tally()).add(stamp)
    written, kept = [], []
    for part, tally in sorted(tallies.items()):
        path = directory / part.path
        if _state(path) == tally.state:
            kept.append(str(part.path))
            continue
        rows = (COMPACTED.row(entry) for entry in texts.entries(part))
        with storage(str(path)):
            path.parent.mkdir(parents=True, exist_ok=True)
        with storage(str(path)), replacing(path) as out:
            write_parquet(rows, COMPACTED, out, metadata={STATE.decode(): tally.state.decode()})
        written.append(str(part.path))
    removed = tuple(_remove_others(directory, {directory / part.path for part in tallies}))
    return Compaction(sum(tally.number for tally in tallies.values()), tuple(written), tuple(kept), removed)


def _state(path: Path) -> bytes | None:
    """The state that a file was written for; None when it is not there or cannot be read."""
    import pyarrow as pa  # noqa: PLC0415 - as above
    import pyarrow.parquet as pq  # noqa: PLC0415

    try:
        metadata = pq.read_schema(path).metadata or {}
    except (OSError, pa.ArrowInvalid):
        return None
    state: bytes | None = metadata.get(STATE)
    return state


def _remove_others(directory: Path, wanted: set[Path]) -> Iterator[str]:
    for path in sorted(directory.glob(f"cleaner=*/month=*/{PART}")):
        if path not in wanted:
            remove(path)
            yield str(path.relative_to(directory))
            for folder in (path.parent, path.parent.parent):
                if not os.listdir(folder):  # noqa: PTH208 - empty or not is all that counts
                    folder.rmdir()
