"""Ends: what tells a file from others where reading it all would be too much: its size, its beginning and its end.

Where a file lies and when it was changed is no part of it: copied or mounted elsewhere, or behind a URL, it is the same
file, and ids made from it are the same (docs/decisions/0007).
"""

from __future__ import annotations

import hashlib
import io
from typing import BinaryIO

from archive.digest import label

ALGORITHM = "ends-sha256"
# Bytes of each end. The first hold the warcinfo record with its own id and date, the last the newest records.
_END = 64 * 1024


def ends(stream: BinaryIO) -> tuple[int, str]:
    """The size of an open file, and the labelled digest of its ends."""
    size = stream.seek(0, io.SEEK_END)
    digest = hashlib.sha256(f"{size}\n".encode())
    for begin, end in ((0, min(_END, size)), (max(_END, size - _END), size)):
        at = stream.seek(begin)
        while at < end and (part := stream.read(end - at)):
            digest.update(part)
            at += len(part)
    return size, label(ALGORITHM, digest.digest())
