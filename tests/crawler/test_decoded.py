"""What a response decodes to; that it stops at its limit, whatever the coding."""

from __future__ import annotations

import zlib

import brotli
import pytest
import zstandard
from scrapy.http import Response

from archive.configuration import Crawl
from archive.errors import PayloadTooLarge
from archive.exchange import Role
from crawler.decoded import decoded
from crawler.spiders.asking import MAX_PAGE, answer_of, limit_of
from crawler.walk import Want

MEBIBYTE = 2**20
SIZE = 256 * MEBIBYTE


def _gzip() -> bytes:
    packer = zlib.compressobj(9, wbits=31)
    return b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(SIZE // MEBIBYTE)) + packer.flush()


def _brotli() -> bytes:
    packer = brotli.Compressor(quality=1)
    parts: list[bytes] = [packer.process(bytes(MEBIBYTE)) for _ in range(SIZE // MEBIBYTE)]
    return b"".join([*parts, packer.finish()])


def _zstd() -> bytes:
    packer = zstandard.ZstdCompressor(level=1).compressobj()
    return b"".join(packer.compress(bytes(MEBIBYTE)) for _ in range(SIZE // MEBIBYTE)) + packer.flush()


def answer(coding: str, body: bytes) -> Response:
    fields = {"Content-Encoding": coding, "Content-Type": "text/html; charset=koi8-r"}
    return Response("https://a.example/", headers=fields, body=body)


@pytest.mark.parametrize(("coding", "bomb"), [("gzip", _gzip), ("br", _brotli), ("zstd", _zstd)])
def test_a_bomb_is_refused_at_the_limit(coding: str, bomb: object) -> None:
    assert callable(bomb)
    packed = bomb()
    assert len(packed) < MEBIBYTE
    with pytest.raises(PayloadTooLarge, match=str(MAX_PAGE)):
        decoded(answer(coding, packed), MAX_PAGE)


def test_what_is_within_the_limit_is_decoded() -> None:
    read = decoded(answer("br", brotli.compress(b"x" * 1000)), 1000)
    assert (read.body, read.charset) == (b"x" * 1000, "koi8-r")
    with pytest.raises(PayloadTooLarge):
        decoded(answer("br", brotli.compress(b"x" * 1001)), 1000)


@pytest.mark.parametrize("role", [Role.FEED, Role.SITEMAP, Role.FRONT, Role.SECTION, Role.PROBE, Role.OTHER])
def test_the_limit_of_every_role_holds_on_the_wire_and_once_decoded(role: Role) -> None:
    want = Want("https://a.example/", role)
    for largest in (1024, Crawl().max_body):
        limit = limit_of(role, largest)
        assert limit <= largest
        packed = zlib.compress(bytes(limit + 1), wbits=31)
        failed = answer_of(answer("gzip", packed), want, limit)
        assert failed.failure is not None
        assert str(limit) in failed.failure.detail
    assert limit_of(role, 2**30) == (2**30 if role in {Role.FEED, Role.SITEMAP} else MAX_PAGE)
    assert Crawl().max_body == MAX_PAGE
