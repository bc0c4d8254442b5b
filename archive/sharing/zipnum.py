"""ZipNum: an index in compressed blocks, and the index of those blocks.

So a reader on the other side of a network takes the one block of a large index in which an address can be.
"""

from __future__ import annotations

import hashlib
import json
import zlib
from collections.abc import Iterable, Iterator
from itertools import islice
from typing import Protocol

LINES = 1024  # in a block, as py-wacz and ArchiveWeb.page have it
_GZIP = 31  # zlib's window bits for the gzip format
_LEVEL = 9


class Sink(Protocol):
    """What bytes are written to."""

    def write(self, data: bytes, /) -> object: ...


def write_blocks(lines: Iterable[bytes], data: Sink, name: str) -> Iterator[bytes]:
    """Write sorted CDXJ lines as gzip members to ``data``, a file called ``name``; gives the lines of its index.

    The blocks are written while the index is read.
    """
    yield f"!meta 0 {json.dumps({'format': 'cdxj-gzip-1.0', 'filename': name})}\n".encode()
    waiting = iter(lines)
    offset = 0
    while block := list(islice(waiting, LINES)):
        packing = zlib.compressobj(_LEVEL, zlib.DEFLATED, _GZIP)  # without a time: the same lines give the same bytes
        packed = packing.compress(b"".join(block)) + packing.flush()
        data.write(packed)
        where = {
            "offset": offset,
            "length": len(packed),
            "digest": f"sha256:{hashlib.sha256(packed).hexdigest()}",
        }
        yield block[0].partition(b" {")[0] + f" {json.dumps(where)}\n".encode()
        offset += len(packed)
