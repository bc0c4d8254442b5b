"""Digests in the forms that other writers use."""

from __future__ import annotations

import base64
import hashlib

import pytest

from archive.warc.digests import matches

RAW = hashlib.sha1(b"quay").digest()
LONG = hashlib.sha256(b"quay").digest()


@pytest.mark.parametrize(
    "stated",
    [
        f"sha1:{base64.b32encode(RAW).decode()}",
        f"SHA-1:{base64.b32encode(RAW).decode().lower()}",
        f"sha1:{RAW.hex()}",
        f"sha1:{base64.b64encode(RAW).decode()}",
        f"sha256:{base64.b32encode(LONG).decode()}",
        f"sha256:{base64.b32encode(LONG).decode().rstrip('=')}",
        f"sha-256:{LONG.hex().upper()}",
        f"sha256:{base64.urlsafe_b64encode(LONG).decode().rstrip('=')}",
        f"md5:{hashlib.md5(b'quay').hexdigest()}",
    ],
)
def test_a_digest_is_recognised_in_every_written_form(stated: str) -> None:
    assert matches(stated, [b"qu", memoryview(b"ay")]) is True
    assert matches(stated, [b"Quay"]) is False


@pytest.mark.parametrize("stated", ["", "sha1", "sha1:", "sha1:????", "sha9:AAAA", "shake_128:00", f"sha1:{'é' * 40}"])
def test_what_is_no_known_digest_is_neither_right_nor_wrong(stated: str) -> None:
    assert matches(stated, [b"quay"]) is None
