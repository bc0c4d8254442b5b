"""CSV as RFC 4180 has it: UTF-8, CRLF, a header line, quotes where needed; lists as JSON, missing values empty."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Iterable
from typing import IO

from archive.dataset.rows import Row, Schema, Value, json_value

# Spreadsheets run a cell that starts so as a formula (OWASP, "CSV Injection").
FORMULA = ("=", "+", "-", "@", "\t", "\r")


def write_csv(rows: Iterable[Row], schema: Schema, out: IO[bytes], *, guard: bool = False) -> int:
    """Write the rows; returns how many. ``guard`` puts an apostrophe before what a spreadsheet would run."""
    line = io.StringIO()
    writer = csv.writer(line)
    count = -1  # the header is no row

    def flush() -> None:
        nonlocal count
        out.write(line.getvalue().encode())
        line.seek(0)
        line.truncate()
        count += 1

    writer.writerow(column.name for column in schema.columns)
    flush()
    for row in rows:
        writer.writerow(_cell(json_value(column, row[column.name]), guard) for column in schema.columns)
        flush()
    return count


def _cell(value: Value, guard: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    cell = str(value)
    return f"'{cell}" if guard and cell.startswith(FORMULA) else cell
