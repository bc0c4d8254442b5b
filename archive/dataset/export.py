"""The export: chosen texts as rows of a schema, written in a format to a target, streaming."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from itertools import chain, islice
from pathlib import Path

from archive.dataset.comma import write_csv
from archive.dataset.jsonl import write_jsonl
from archive.dataset.rows import PRESSKEEP, ROWS, Entry, Schema
from archive.dataset.selection import Selection, choose
from archive.errors import NOTHING, NotFound
from archive.target import STDOUT, open_target


class Format(StrEnum):
    """The file formats of an export."""

    JSONL = "jsonl"
    CSV = "csv"
    PARQUET = "parquet"


@dataclass(frozen=True, slots=True)
class Exported:
    """What an export wrote; ``bytes`` is None for standard output."""

    target: str
    format: str
    schema: str
    schema_version: int
    rows: int
    bytes: int | None


def export(
    entries: Iterable[Entry],
    target: str,
    form: Format,
    *,
    selection: Selection | None = None,
    schema: Schema = PRESSKEEP,
    csv_safe: bool = False,
    require_rows: bool = False,
) -> Exported:
    """Write the chosen entries to ``target``, a path or ``-`` for standard output.

    The entries come ordered by site, key, time and id; the same entries give the same bytes. Memory is bounded by one
    row group (`archive.dataset.parquet`), whatever the archive's size. Raises as `open_target` does, and with
    ``require_rows`` NotFound, before anything is written, where nothing is chosen.
    """
    chosen = iter(choose(entries, selection or Selection()))
    with open_target(target) as out:
        first = list(islice(chosen, 1))
        if require_rows and not first:
            raise NotFound(NOTHING)
        rows = (schema.row(entry) for entry in chain(first, chosen))
        match form:
            case Format.JSONL:
                count = write_jsonl(rows, schema, out)
            case Format.CSV:
                count = write_csv(rows, schema, out, guard=csv_safe)
            case Format.PARQUET:
                from archive.dataset.parquet import write_parquet  # noqa: PLC0415 - only who writes Parquet waits for it

                count = write_parquet(rows, schema, out)
    size = None if target == STDOUT else Path(target).stat().st_size
    return Exported(target, str(form), schema.name, ROWS, count, size)
