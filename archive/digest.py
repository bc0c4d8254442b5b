"""Digests as labels, in the one form used everywhere: ``sha256:`` and RFC 4648 base32.

Base32 is what warcio, FastWARC and the CDX tools write and compare (WARC/1.1, section 5.8, leaves it open).
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Iterable


def label(algorithm: str, raw: bytes) -> str:
    """The labelled form of a raw digest, such as ``sha256:QJYV…``; padding is kept, as warcio keeps it."""
    return f"{algorithm}:{base64.b32encode(raw).decode('ascii')}"


def sha256(*parts: bytes) -> str:
    """The labelled SHA-256 digest of the parts, read as one string of bytes."""
    return sha256_of(parts)


def sha256_of(parts: Iterable[bytes]) -> str:
    """The labelled SHA-256 digest of an iterable of bytes, without joining it in memory."""
    digest = hashlib.sha256()
    for part in parts:
        digest.update(part)
    return label("sha256", digest.digest())
