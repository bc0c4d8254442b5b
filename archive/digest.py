"""Digests as labels, in the one form used everywhere: ``sha256:`` and RFC 4648 base32.

Base32 is what warcio, FastWARC and the CDX tools write and compare (WARC/1.1, section 5.8, leaves it open).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import BinaryIO

_ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567"
_PAIRS = [first + second for first in _ALPHABET for second in _ALPHABET]  # of ten bits each
_STEP = 2**20


def label(algorithm: str, raw: bytes) -> str:
    """The labelled form of a raw digest, such as ``sha256:QJYV…``; padding is kept, as warcio keeps it."""
    return f"{algorithm}:{_base32(raw)}"


def _base32(raw: bytes) -> str:
    """Base32 with padding, in half the time that `base64.b32encode` takes: a capture has four digests."""
    characters = -(-len(raw) * 8 // 5)
    pairs = -(-characters // 2)
    bits = int.from_bytes(raw, "big") << pairs * 10 - len(raw) * 8
    text = "".join([_PAIRS[bits >> shift & 1023] for shift in range(pairs * 10 - 10, -1, -10)])[:characters]
    return text + "=" * (-characters % 8)


def sha256(*parts: bytes) -> str:
    """The labelled SHA-256 digest of the parts, read as one string of bytes."""
    return sha256_of(parts)


def sha256_of(parts: Iterable[bytes]) -> str:
    """The labelled SHA-256 digest of an iterable of bytes, without joining it in memory."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return label("sha256", digest.digest())


def sha256_of_file(stream: BinaryIO) -> str:
    """The labelled SHA-256 digest of an open file, from where it stands up to its end."""
    return sha256_of(iter(lambda: stream.read(_STEP), b""))
