"""Texts under ``text/`` that must not be there: taken down, purged or let go of, with a kill before it was told, or
withheld since by ``[reservations]`` in archive.toml.

Whoever takes texts away brings ``text/`` up to date in the end. Until then, and after a kill just before it, the files
hold what must not be handed out.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import unquote

from sqlalchemy import ColumnElement, func, select

from archive.catalogue import tables, withholding
from archive.dataset.compaction import PART
from archive.warc.finding import Finding, Rule

if TYPE_CHECKING:
    from archive.store import Archive

_CAPTURE = "capture_id"  # the column of `archive.dataset.rows.PRESSKEEP`
_SOME = 10_000  # texts that are asked for at once


def of_files(archive: Archive) -> Iterator[Finding]:
    """The files under ``text/`` with texts of captures of which the catalogue has none, and those that are broken."""
    import pyarrow as pa  # noqa: PLC0415 - who verifies an archive without texts need not wait for it

    with archive.catalog.reading() as connection:
        kept_back = withholding.texts_withheld(connection, archive.configuration.reservations.withheld, news=False)
    for path in sorted(archive.text_path.glob(f"cleaner=*/month=*/{PART}")):
        name = f"{archive.text_path.name}/{path.relative_to(archive.text_path)}"
        cleaner = unquote(path.parent.parent.name.removeprefix("cleaner="))
        try:
            number = sum(_withdrawn(archive, cleaner, some, kept_back) for some in _captures(path))
        except FileNotFoundError:
            continue  # a compaction has removed it meanwhile
        except (OSError, pa.ArrowException) as error:
            yield Finding(name, 0, Rule.TEXT_FILE, f"the file cannot be read ({error})")
            continue
        if number:
            of_them = "one text of a capture" if number == 1 else f"{number:,} texts of captures"
            yield Finding(name, 0, Rule.TEXT_FILE, f"it has {of_them} that may not be handed out any more, or is gone")


def _captures(path: Path) -> Iterator[list[str]]:
    """The ids of the captures whose texts a file holds."""
    import pyarrow.parquet as pq  # noqa: PLC0415 - as above

    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_SOME, columns=[_CAPTURE]):
            yield batch.column(0).to_pylist()


def _withdrawn(archive: Archive, cleaner: str, captures: list[str], kept_back: ColumnElement[bool]) -> int:
    """How many of these have no text by a cleaner that may be there.

    Asked after the file was read, so that it cannot be ahead.
    """
    made = tables.texts.c
    ids = select(func.json_each(json.dumps(captures)).table_valued("value").c.value)
    of_capture = tables.captures.c.id == made.capture
    question = select(func.count()).select_from(tables.texts).where(made.cleaner == cleaner, made.capture.in_(ids))
    with archive.catalog.reading() as connection:
        if archive.configuration.reservations.withheld:
            question = question.join(tables.captures, of_capture).where(~kept_back)
        return len(set(captures)) - (connection.scalar(question) or 0)
