"""Gzip members without content, as some writers begin or end a file with: they hold no record, and are no damage."""

from __future__ import annotations

import re
from typing import BinaryIO

_LOOK = 64  # bytes: nearly always there is none, and the file may lie behind a URL
_STEP = 2**20
_LONGEST = 23  # bytes of such a member
# A head without fields, an empty block (of Huffman codes, or stored), and a trailer of zeros (RFC 1951, RFC 1952).
_MEMBER = rb"\x1f\x8b\x08\x00.{6}(?:\x03\x00|\x01\x00\x00\xff\xff)\x00{8}"
_MEMBERS = re.compile(rb"(?:%b)+" % _MEMBER, re.DOTALL)


def skip(stream: BinaryIO, at: int, end: int) -> int:
    """The offset behind the empty members at a place, however many; the place itself where there are none."""
    step = _LOOK
    while at < end:
        stream.seek(at)
        part = stream.read(min(step, end - at))
        step = _STEP
        found = _MEMBERS.match(part)
        if found is None:
            return at
        at += found.end()
        if found.end() < len(part) - _LONGEST:
            return at
    return at
