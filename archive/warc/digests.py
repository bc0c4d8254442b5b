"""Digests as WARC files state them, compared with bytes: any algorithm and any written form that is in use."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable, Iterable
from functools import lru_cache

from archive.digest import label

# Base32 as the digits of Python's own base 32: `base64.b32decode` takes ten times as long.
_BASE32 = bytes.maketrans(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567", b"0123456789abcdefghijklmnopqrstuv")
_USUAL = re.compile(r"sha256:([A-Z2-7]{52})={0,4}")  # as ours are written: nearly all that are ever compared
_IN_BASE32 = re.compile(r"[A-Z2-7]+")
_SHA = {"sha256": hashlib.sha256, "sha1": hashlib.sha1}  # what ours are made with
_LONGEST = 32  # characters of an algorithm's name
# What writers label differently from Python's hashlib.
_NAMES = {"sha-1": "sha1", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}


def labelled(algorithm: str, content: bytes | memoryview) -> str:
    """The digest of a content as WARC files of ours state it; ``algorithm`` is ``sha256`` or ``sha1``."""
    return label(algorithm, _SHA[algorithm](content, usedforsecurity=False).digest())


def matches(stated: str, parts: Iterable[bytes | memoryview]) -> bool | None:
    """Whether a labelled digest (``sha1:…``) is that of the parts; None where the label or its form is not known.

    The value may be base32, base16 or base64 (WARC/1.1, section 5.8, leaves it open); padding may be missing.
    """
    if (usual := _USUAL.fullmatch(stated)) is not None:
        running = hashlib.sha256(usedforsecurity=False)
        for part in parts:
            running.update(part)
        # 52 characters hold 260 bits, of which the last four mean nothing.
        return int.from_bytes(running.digest(), "big") == int(usual[1].encode().translate(_BASE32), 32) >> 4
    algorithm, colon, value = stated.strip().partition(":")
    known = _algorithm(algorithm) if colon and len(algorithm) < _LONGEST else None
    if known is None:
        return None
    make, size = known
    expected = value_of(value.strip(), size)
    if expected is None:
        return None
    running = make(usedforsecurity=False)
    for part in parts:
        running.update(part)
    return running.digest() == expected


def algorithm_of(label: str) -> str | None:
    """The name in `hashlib` of the algorithm that a label says; None where it is not known."""
    known = _algorithm(label) if len(label) < _LONGEST else None
    return None if known is None else known[0](usedforsecurity=False).name


def parsed(stated: str) -> tuple[str, bytes] | None:
    """The algorithm, by its name in `hashlib`, and the raw digest of a labelled one; None where it is not known."""
    algorithm, colon, value = stated.strip().partition(":")
    known = _algorithm(algorithm) if colon and len(algorithm) < _LONGEST else None
    if known is None:
        return None
    make, size = known
    raw = value_of(value.strip(), size)
    return None if raw is None else (make(usedforsecurity=False).name, raw)


@lru_cache(maxsize=32)
def _algorithm(label: str) -> tuple[Callable[..., hashlib._Hash], int] | None:
    """What makes digests of an algorithm, and their bytes; None for one that is not known."""
    name = label.strip().lower()
    name = _NAMES.get(name, name)
    # Digests of variable length, such as shake, have no value to compare.
    if name not in hashlib.algorithms_guaranteed or name.startswith("shake"):
        return None
    make = getattr(hashlib, name)
    return make, make(usedforsecurity=False).digest_size


def value_of(text: str, size: int) -> bytes | None:
    """The raw digest of this size that base32, base16 or base64 stands for; None where it is none of them."""
    bare = text.rstrip("=")
    try:
        if len(text) == size * 2:
            return bytes.fromhex(text)
        if len(bare) == -(-size * 8 // 5):
            return _base32(bare.upper(), size)
        if len(bare) == -(-size * 8 // 6):
            return base64.b64decode(bare + "=" * (-len(bare) % 4), altchars=b"-_" if {"-", "_"} & set(bare) else None)
    except (ValueError, binascii.Error):
        return None
    return None


def _base32(text: str, size: int) -> bytes | None:
    """The bytes of unpadded base32 of the right length; the bits beyond the last byte mean nothing (RFC 4648)."""
    if not _IN_BASE32.fullmatch(text):
        return None
    return (int(text.encode().translate(_BASE32), 32) >> (len(text) * 5 - size * 8)).to_bytes(size, "big")
