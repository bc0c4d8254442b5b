"""The hostile half of `benchmarks/hostile.py`: a port for each way in which a server misbehaves.

    python benchmarks/hostile_server.py FOLDER

Prints the ports, one JSON object by kind; FOLDER gets ``ca.pem``, the authority that vouches for some of them. But
where a kind is about them, robots.txt and sitemap are answered as they should be, so that the crawl has something to
ask for. What each kind does stands in its docstring.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import json
import random
import socket
import ssl
import struct
import sys
import zlib
from collections.abc import Awaitable, Callable
from functools import cache
from pathlib import Path

import brotli
import zstandard
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from benchmarks.crawl_server import ROBOTS, answer, sitemap  # noqa: E402

PAGES = 500
DRIP = 1.0  # seconds between two bytes
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n"
_NOISE = random.Random(1).randbytes(65_536)
BOMB = 256 * 2**20  # bytes that a bomb becomes; it has 250 KB at most
DAY, MONTH = datetime.timedelta(days=1), datetime.timedelta(days=30)


def _brotli() -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    packer = brotli.Compressor(quality=5)
    return packer.process, packer.finish


def _gzip() -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    packer = zlib.compressobj(9, zlib.DEFLATED, 31)
    return packer.compress, packer.flush


def _zstd() -> tuple[Callable[[bytes], bytes], Callable[[], bytes]]:
    packer = zstandard.ZstdCompressor().compressobj()
    return packer.compress, packer.flush


_PACKERS = {"gzip": _gzip, "br": _brotli, "zstd": _zstd}


@cache
def bomb_of(coding: str) -> bytes:
    """Zeros, packed."""
    pack, end = _PACKERS[coding]()
    part = bytes(2**20)
    return b"".join([*(pack(part) for _ in range(BOMB // len(part))), end()])


Writer = asyncio.StreamWriter
Misbehaving = Callable[[Writer, str], Awaitable[None]]


async def drip(writer: Writer, _path: str) -> None:
    """A body of a byte a second."""
    writer.write(_HEAD + b"Content-Length: 100000\r\n\r\n")
    await _drip(writer, b"x" * 100_000)


async def drip_head(writer: Writer, _path: str) -> None:
    """A head of a byte a second."""
    await _drip(writer, _HEAD + b"X: " + b"x" * 100_000)


async def endless_head(writer: Writer, _path: str) -> None:
    """Fields without an end, as fast as they are taken."""
    writer.write(_HEAD)
    await _for_ever(writer, b"X-Field: " + b"x" * 1000 + b"\r\n")


async def endless_body(writer: Writer, _path: str) -> None:
    """Chunks without an end."""
    writer.write(_HEAD + b"Transfer-Encoding: chunked\r\n\r\n")
    await _for_ever(writer, b"10000\r\n" + _NOISE + b"\r\n")


async def endless_redirects(writer: Writer, path: str) -> None:
    """Each address leads to another one."""
    where = f"{path}x".encode("latin-1")
    writer.write(b"HTTP/1.1 302 Found\r\nContent-Length: 0\r\nLocation: " + where + b"\r\n\r\n")
    await writer.drain()


async def huge_chunk(writer: Writer, _path: str) -> None:
    """A chunk of as many bytes as nobody has."""
    writer.write(_HEAD + b"Transfer-Encoding: chunked\r\n\r\nffffffffffffffff\r\n" + _NOISE)
    await _hang(writer)


async def bomb(writer: Writer, _path: str) -> None:
    """A body of gzip that unpacks to a thousand times as much."""
    await _answer(writer, "gzip")


async def bomb_br(writer: Writer, _path: str) -> None:
    """The same of brotli, to a million times as much."""
    await _answer(writer, "br")


async def bomb_zstd(writer: Writer, _path: str) -> None:
    """The same of Zstandard."""
    await _answer(writer, "zstd")


async def short(writer: Writer, _path: str) -> None:
    """Fewer bytes than Content-Length says."""
    writer.write(_HEAD + b"Content-Length: 50000\r\n\r\n<p>half a page")
    await _close(writer)


async def long(writer: Writer, _path: str) -> None:
    """More bytes than Content-Length says."""
    writer.write(_HEAD + b"Content-Length: 10\r\n\r\n" + b"<p>and more than that" * 500)
    await _close(writer)


async def garbage(writer: Writer, _path: str) -> None:
    """Bytes that are no HTTP."""
    writer.write(_NOISE)
    await _close(writer)


async def reset(writer: Writer, _path: str) -> None:
    """A reset in place of an answer."""
    writer.get_extra_info("socket").setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
    writer.transport.abort()


async def overloaded(writer: Writer, _path: str) -> None:
    """429, and a Retry-After of thirty years."""
    writer.write(b"HTTP/1.1 429 Too Many Requests\r\nRetry-After: 999999999\r\nContent-Length: 0\r\n\r\n")
    await writer.drain()


async def broken(writer: Writer, _path: str) -> None:
    """500, each time."""
    writer.write(b"HTTP/1.1 500 Internal Server Error\r\nContent-Length: 5\r\n\r\nsorry")
    await writer.drain()


async def silent(writer: Writer, _path: str) -> None:
    """Nothing."""
    await _hang(writer)


async def closed(writer: Writer, _path: str) -> None:
    """The connection's end."""
    await _close(writer)


# Kinds of which articles alone are hostile; of which everything is, robots.txt too; and of TLS.
OF_ARTICLES: dict[str, Misbehaving] = {
    one.__name__: one
    for one in (
        *(drip, drip_head, endless_head, endless_body, endless_redirects, huge_chunk, bomb, short, long, garbage),
        *(bomb_br, bomb_zstd, reset, overloaded, broken, silent, closed),
    )
}
OF_EVERYTHING: dict[str, Misbehaving] = {
    f"{one.__name__}_everywhere": one for one in (silent, drip, endless_body, reset, garbage)
}
# Handshakes that come to no end: no byte, bytes that are none, the connection's end, a byte a second, the first half.
OF_RAW = ("tls_silent", "tls_garbage", "tls_closed", "tls_drip", "tls_cut")
# Certificates: nobody's, one of yesterday, one of another host, and one that is in order, before a server that is not:
# it shows that each of the others fails for its own reason.
OF_TLS = (*OF_RAW, "tls_self_signed", "tls_expired", "tls_other_name", "tls_trusted")
KINDS = (*OF_ARTICLES, *OF_EVERYTHING, *OF_TLS)


async def _answer(writer: Writer, coding: str) -> None:
    body = bomb_of(coding)
    writer.write(_HEAD + f"Content-Encoding: {coding}\r\nContent-Length: {len(body)}\r\n\r\n".encode() + body)
    await writer.drain()


async def _drip(writer: Writer, content: bytes) -> None:
    for byte in content:
        writer.write(bytes([byte]))
        await writer.drain()
        await asyncio.sleep(DRIP)


async def _for_ever(writer: Writer, part: bytes) -> None:
    while True:
        writer.write(part)
        await writer.drain()


async def _hang(writer: Writer) -> None:
    await writer.drain()
    await asyncio.sleep(3600)


async def _close(writer: Writer) -> None:
    await writer.drain()
    writer.close()


async def _serve(reader: asyncio.StreamReader, writer: Writer, misbehave: Misbehaving, *, everywhere: bool) -> None:
    """One connection."""
    with contextlib.suppress(asyncio.IncompleteReadError, ConnectionError, OSError):
        while not writer.is_closing():
            head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
            path = head.split(" ")[1]
            host = head.lower().partition("host:")[2].partition("\r\n")[0].strip()
            if everywhere or path not in {"/robots.txt", "/sitemap.xml"}:
                await misbehave(writer, path)
            else:
                writer.write(
                    answer(ROBOTS, "text/plain")
                    if path == "/robots.txt"
                    else answer(sitemap(host, PAGES), "application/xml")
                )
                await writer.drain()
    writer.close()


async def _raw(reader: asyncio.StreamReader, writer: Writer, kind: str, authority: Authority) -> None:
    """What never comes to the end of a handshake."""
    with contextlib.suppress(ConnectionError, OSError):
        if kind == "tls_silent":
            await _hang(writer)
        if kind == "tls_garbage":
            await garbage(writer, "")
        if kind in {"tls_drip", "tls_cut"}:
            said = _first_flight(await reader.read(65_536), authority.context("tls_trusted"))
            if kind == "tls_drip":
                await _drip(writer, said)
            writer.write(said[: len(said) // 2])
            await writer.drain()
    writer.close()


def _first_flight(hello: bytes, context: ssl.SSLContext) -> bytes:
    """What a server with this context says to a client's first bytes."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    incoming.write(hello)
    with contextlib.suppress(ssl.SSLWantReadError):
        context.wrap_bio(incoming, outgoing, server_side=True).do_handshake()
    return outgoing.read()


class Authority:
    """A certificate authority, believed by whom its file ``ca.pem`` is named to, and what it vouches for."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder
        self._key = ec.generate_private_key(ec.SECP256R1())
        self._name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "An authority of a benchmark")])
        self._made: dict[str, ssl.SSLContext] = {}
        own = self._built(self._name, self._key.public_key(), MONTH)
        signed = own.add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True).sign(
            self._key, hashes.SHA256()
        )
        (folder / "ca.pem").write_bytes(signed.public_bytes(serialization.Encoding.PEM))

    def context(self, kind: str) -> ssl.SSLContext:
        """A server's context of one of `OF_TLS`: each name that is asked for gets a certificate of its own."""
        context = self._vouched("other.example", kind)

        def named(connection: ssl.SSLObject | ssl.SSLSocket, name: str | None, _context: ssl.SSLContext) -> None:
            if kind != "tls_other_name" and name:
                connection.context = self._vouched(name, kind)

        context.sni_callback = named
        return context

    def _vouched(self, host: str, kind: str) -> ssl.SSLContext:
        if (known := self._made.get(f"{kind} {host}")) is not None:
            return known
        key = ec.generate_private_key(ec.SECP256R1())
        subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, host)])
        self_signed = kind == "tls_self_signed"
        lasts = -DAY if kind == "tls_expired" else MONTH
        built = self._built(subject, key.public_key(), lasts, subject if self_signed else None)
        names = x509.SubjectAlternativeName([x509.DNSName(host)])
        made = built.add_extension(names, critical=False).sign(key if self_signed else self._key, hashes.SHA256())
        pem = self._folder / f"{kind}-{host}.pem"
        secret = key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
        )
        pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(pem)
        return self._made.setdefault(f"{kind} {host}", context)

    def _built(
        self,
        subject: x509.Name,
        key: ec.EllipticCurvePublicKey,
        lasts: datetime.timedelta,
        issuer: x509.Name | None = None,
    ) -> x509.CertificateBuilder:
        now = datetime.datetime.now(datetime.UTC)
        return (
            x509.CertificateBuilder()
            .subject_name(subject)
            .issuer_name(issuer or self._name)
            .public_key(key)
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - 2 * MONTH)
            .not_valid_after(now + lasts)
        )


async def _listening(kind: str, authority: Authority) -> asyncio.Server:
    context: ssl.SSLContext | None = None
    if kind in OF_RAW:

        async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
            await _raw(reader, writer, kind, authority)

    else:
        if kind in OF_TLS:
            context = authority.context(kind)
        everywhere = kind in OF_EVERYTHING
        misbehave = OF_EVERYTHING.get(kind) or OF_ARTICLES.get(kind, broken)

        async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
            await _serve(reader, writer, misbehave, everywhere=everywhere)

    return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, backlog=256)


async def main() -> None:
    """Serve until it is terminated."""
    # What clients do to TLS connections is no news here.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    for coding in _PACKERS:
        bomb_of(coding)  # now, not when somebody waits for it
    authority = Authority(Path(sys.argv[1]))
    servers = {kind: await _listening(kind, authority) for kind in KINDS}
    print(json.dumps({kind: one.sockets[0].getsockname()[1] for kind, one in servers.items()}), flush=True)
    await asyncio.gather(*(one.serve_forever() for one in servers.values()))


if __name__ == "__main__":
    asyncio.run(main())
