"""Zstandard in WARC files: the dictionary that one begins with, whole, torn and hostile."""

from __future__ import annotations

import io
import random

import pytest
import zstandard

from archive.warc import zstd

WORDS = [random.Random(at).randbytes(8).hex() for at in range(200)]
SAMPLES: list[bytes | bytearray | memoryview[int]] = [
    " ".join(random.Random(at).choices(WORDS, k=40)).encode() for at in range(300)
]
TRAINED = zstandard.train_dictionary(4096, SAMPLES).as_bytes()


def skippable(content: bytes) -> bytes:
    return zstd.DICTIONARY + len(content).to_bytes(4, "little") + content


@pytest.mark.parametrize("content", [TRAINED, zstandard.ZstdCompressor().compress(TRAINED)])
def test_a_dictionary_is_read_plain_or_packed_and_the_stream_left_behind_it(content: bytes) -> None:
    stream = io.BytesIO(skippable(content) + b"next")
    found = zstd.dictionary_of(stream)
    assert found is not None
    assert found.as_bytes() == TRAINED
    assert stream.read() == b"next"


@pytest.mark.parametrize("raw", [b"", b"WARC/1.1", zstd.MAGIC + b"....", zstd.DICTIONARY])
def test_a_file_without_one_is_read_from_its_start(raw: bytes) -> None:
    stream = io.BytesIO(raw)
    assert zstd.dictionary_of(stream) is None
    assert stream.read() == raw


def stating(size: int) -> bytes:
    """A frame that says of itself to have so much content."""
    return zstd.MAGIC + b"\xe0" + size.to_bytes(8, "little") + b"\x01\x00\x00"


@pytest.mark.parametrize(
    ("raw", "said"),
    [
        (skippable(TRAINED)[:-1], "ends within it"),
        (zstd.DICTIONARY + b"\xff\xff\xff\xff" + TRAINED, "ends within it"),
        (skippable(b"x" * (zstd.DICTIONARY_LIMIT + 1)), "more than 33,554,432 bytes"),
        (skippable(stating(2**40)), "unpacks to 1,099,511,627,776 bytes"),  # that much memory would be asked for
        (skippable(zstandard.ZstdCompressor().compress(TRAINED)[:-9]), "cannot be unpacked"),
    ],
)
def test_one_that_is_torn_or_absurd_is_refused_with_the_reason(raw: bytes, said: str) -> None:
    with pytest.raises(ValueError, match=said):
        zstd.dictionary_of(io.BytesIO(raw))
