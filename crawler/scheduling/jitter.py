"""Jitter: what keeps a thousand sources out of step. The same key and moment always give the same."""

from __future__ import annotations

from hashlib import blake2b

_WHOLE = 1 << 32


def jitter(key: str, moment: int, width: int) -> int:
    """A number from 0 to below ``width`` that looks random, for a key at a moment; 0 where there is no width.

    By a digest, not by Python's hash, which differs from process to process.
    """
    if width <= 0:
        return 0
    said = blake2b(f"{moment} {key}".encode("utf-8", "surrogatepass"), digest_size=4).digest()
    return int.from_bytes(said, "big") * width // _WHOLE


def around(key: str, moment: int, length: int, tenths: int = 1) -> int:
    """A length moved by up to so many tenths of it, to either side."""
    width = length * tenths // 10
    return length - width + jitter(key, moment, 2 * width + 1)
