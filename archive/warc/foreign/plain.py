"""Records of WARC files without compression, looked for behind damage."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import BinaryIO

_STEP = 2**20
_HEAD = re.compile(rb"\n(?=WARC/(?:1\.[01]|0\.1[78])[ \t]*\r?\n)")
_LONGEST = 32  # bytes that the pattern looks at


def heads(stream: BinaryIO, start: int, end: int) -> Iterator[int]:
    """The offsets, from ``start`` on, at which a line says that a record begins; it may stand there by chance."""
    start -= 1
    while start < end:
        stream.seek(start)
        part = stream.read(min(_STEP, end - start))
        for found in _HEAD.finditer(part):
            yield start + found.end()
        if len(part) <= _LONGEST:
            return
        start += len(part) - _LONGEST
