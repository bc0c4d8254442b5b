"""Zstandard in WARC files: how frames begin, what hostile ones may ask for, and the dictionary that a file begins with.

The format is that of "Zstandard Compression for WARC Files 1.0"
(https://iipc.github.io/warc-specifications/specifications/warc-zstd/).
"""

from __future__ import annotations

import re
from typing import BinaryIO

import zstandard

MAGIC = b"\x28\xb5\x2f\xfd"
SKIPPABLE = re.compile(rb"[\x50-\x5f]\x2a\x4d\x18", re.DOTALL)  # RFC 8878, section 3.1.2
DICTIONARY = b"\x5d\x2a\x4d\x18"  # of the skippable frame that holds a dictionary
# Every reader must take windows and dictionaries of 8 MiB; larger ones are allowed, and may be refused. zstd's own
# --long mode asks for windows of 128 MiB, and beyond that it refuses to unpack without being told.
WINDOW_LIMIT = 128 * 2**20
# Trained dictionaries have some hundred kilobytes: four times of what every reader takes is no one's by chance.
DICTIONARY_LIMIT = 32 * 2**20


def is_packed(head: bytes) -> bool:
    """Whether a file that begins with these four bytes is one of Zstandard frames."""
    return head == MAGIC or SKIPPABLE.match(head) is not None


def dictionary_of(stream: BinaryIO) -> zstandard.ZstdCompressionDict | None:
    """The dictionary that a file begins with, and the stream behind it; None, and the stream at its start, without one.

    Raises ValueError, with the reason, for a dictionary that cannot be used.
    """
    stream.seek(0)
    head = stream.read(8)
    if not head.startswith(DICTIONARY) or len(head) < 8:
        stream.seek(0)
        return None
    size = int.from_bytes(head[4:], "little")
    content = stream.read(min(size, DICTIONARY_LIMIT + 1))
    if len(content) < min(size, DICTIONARY_LIMIT + 1):
        raise ValueError("the file ends within it")
    return dictionary(content)


def dictionary(content: bytes) -> zstandard.ZstdCompressionDict:
    """The dictionary that a dictionary frame holds, which may itself be compressed; raises ValueError, with the reason.

    Bytes beyond the limit need not be given: one more than it are enough.
    """
    if len(content) > DICTIONARY_LIMIT:
        raise ValueError(f"it has more than {DICTIONARY_LIMIT:,} bytes")
    try:
        return zstandard.ZstdCompressionDict(_unpacked(content) if content.startswith(MAGIC) else content)
    except (zstandard.ZstdError, MemoryError) as error:
        raise ValueError(f"it cannot be unpacked ({error})") from error


def _unpacked(content: bytes) -> bytes:
    # A frame that states its size is not held to max_output_size: so much memory is taken at once.
    stated = zstandard.get_frame_parameters(content).content_size
    if DICTIONARY_LIMIT < stated < zstandard.CONTENTSIZE_UNKNOWN:
        raise ValueError(f"it unpacks to {stated:,} bytes")
    unpacker = zstandard.ZstdDecompressor(max_window_size=DICTIONARY_LIMIT)
    return unpacker.decompress(content, max_output_size=DICTIONARY_LIMIT)
