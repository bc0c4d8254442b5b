"""Digests as WARC files state them, compared with bytes: any algorithm and any written form that is in use."""

from __future__ import annotations

import base64
import binascii
import hashlib
from collections.abc import Iterable

# What writers label differently from Python's hashlib.
_NAMES = {"sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}


def matches(stated: str, parts: Iterable[bytes | memoryview]) -> bool | None:
    """Whether a labelled digest (``sha1:…``) is that of the parts; None where the label or its form is not known.

    The value may be base32, base16 or base64 (WARC/1.1, section 5.8, leaves it open); padding may be missing.
    """
    algorithm, colon, value = stated.strip().partition(":")
    name = algorithm.strip().lower()
    name = _NAMES.get(name, name)
    # Digests of variable length, such as shake, have no value to compare.
    if not colon or name not in hashlib.algorithms_guaranteed or name.startswith("shake"):
        return None
    running = hashlib.new(name, usedforsecurity=False)
    expected = _value(value.strip(), running.digest_size)
    if expected is None:
        return None
    for part in parts:
        running.update(part)
    return running.digest() == expected


def _value(text: str, size: int) -> bytes | None:
    """The raw digest of this size that a text stands for."""
    bare = text.rstrip("=")
    try:
        if len(text) == size * 2:
            return bytes.fromhex(text)
        if len(bare) == -(-size * 8 // 5):
            return base64.b32decode(bare.upper() + "=" * (-len(bare) % 8))
        if len(bare) == -(-size * 8 // 6):
            return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_" if {"-", "_"} & set(bare) else None)
    except (ValueError, binascii.Error):
        return None
    return None
