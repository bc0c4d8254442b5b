"""Parquet: typed columns, every option pinned so that equal rows give equal bytes with one version of pyarrow."""

from __future__ import annotations

from collections.abc import Iterable
from typing import IO

import pyarrow as pa
import pyarrow.parquet as pq

from archive.dataset.rows import ROWS, Kind, Row, Schema

# A row group is held in memory by writers and by most readers. The row's weight is counted in characters of its
# text, the only value that grows; both bounds depend on the rows alone, so the bytes do too.
GROUP_ROWS = 4096
GROUP_CHARACTERS = 16 * 2**20

TYPES = {
    Kind.TEXT: pa.string(),
    Kind.INTEGER: pa.int64(),
    Kind.TIME: pa.timestamp("us", tz="UTC"),
    Kind.TEXTS: pa.list_(pa.string()),
    Kind.IMAGES: pa.list_(pa.struct([(name, pa.string()) for name in ("url", "alt", "caption", "credit")])),
}


def arrow_schema(schema: Schema, metadata: dict[str, str] | None = None) -> pa.Schema:
    """The Arrow schema of a row schema; the file's metadata names the schema and its version."""
    fields = [pa.field(column.name, TYPES[column.kind]) for column in schema.columns]
    return pa.schema(fields, metadata={"presskeep.schema": f"{schema.name}/{ROWS}", **(metadata or {})})


def write_parquet(
    rows: Iterable[Row], schema: Schema, out: IO[bytes], *, metadata: dict[str, str] | None = None
) -> int:
    """Write the rows in bounded row groups; returns how many."""
    arrow = arrow_schema(schema, metadata)
    count = 0
    with pq.ParquetWriter(
        Sink(out),
        arrow,
        version="2.6",
        data_page_version="1.0",
        compression="zstd",
        compression_level=3,
        use_dictionary=True,
        write_statistics=True,
        store_schema=True,
    ) as writer:
        group: list[Row] = []
        weight = 0
        for row in rows:
            group.append(row)
            weight += sum(len(value) for value in row.values() if isinstance(value, str))
            if len(group) >= GROUP_ROWS or weight >= GROUP_CHARACTERS:
                count += _flush(writer, group, arrow)
                group, weight = [], 0
        if group:
            count += _flush(writer, group, arrow)
    return count


def _flush(writer: pq.ParquetWriter, group: list[Row], arrow: pa.Schema) -> int:
    columns = [pa.array([row[field.name] for row in group], type=field.type) for field in arrow]
    writer.write_table(pa.Table.from_arrays(columns, schema=arrow), row_group_size=len(group))
    return len(group)


class Sink:
    """A byte stream that knows its position without being asked to seek: a pipe cannot tell it."""

    def __init__(self, out: IO[bytes]) -> None:
        self._out = out
        self._position = 0
        self.closed = False

    def write(self, chunk: bytes) -> int:
        """Pass the bytes on."""
        self._out.write(chunk)
        self._position += len(chunk)
        return len(chunk)

    def tell(self) -> int:
        """Bytes written so far."""
        return self._position

    def flush(self) -> None:
        """Hand what is buffered to the system."""
        self._out.flush()

    def close(self) -> None:
        """End the stream; the file below it is its owner's to close."""
        self.closed = True

    def readable(self) -> bool:
        """Never: it only takes bytes."""
        return False

    def writable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Never."""
        return False
