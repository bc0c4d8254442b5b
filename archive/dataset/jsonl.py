"""JSON Lines: one object a line, UTF-8, every field in the order of the schema, missing values null."""

from __future__ import annotations

import json
from collections.abc import Iterable
from typing import IO

from archive.dataset.rows import Row, Schema, json_value

# Python, JavaScript and others end a line there, though JSON does not: a row must stay one line for all of them.
LINE_ENDS = {ord(end): f"\\u{ord(end):04x}" for end in "\x85\u2028\u2029"}


def write_jsonl(rows: Iterable[Row], schema: Schema, out: IO[bytes]) -> int:
    """Write the rows; returns how many."""
    count = 0
    for row in rows:
        line = {column.name: json_value(column, row[column.name]) for column in schema.columns}
        text = json.dumps(line, ensure_ascii=False, separators=(",", ":"), allow_nan=False).translate(LINE_ENDS)
        out.write(text.encode() + b"\n")
        count += 1
    return count
