"""The hostile half of `benchmarks/hostile.py`: a port for each way in which a server misbehaves.

    python benchmarks/hostile_server.py

Prints the ports, one JSON object by kind. But where a kind is about them, robots.txt and sitemap are answered as they
should be, so that the crawl has something to ask for. What each kind does stands in its docstring.
"""

from __future__ import annotations

import asyncio
import contextlib
import datetime
import gzip
import json
import random
import socket
import ssl
import struct
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path

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
_BOMB = gzip.compress(bytes(256 * 2**20))  # 256 KB that become 256 MB

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
    """A body of a quarter of a megabyte that unpacks to a thousand times as much."""
    writer.write(_HEAD + b"Content-Encoding: gzip\r\nContent-Length: %d\r\n\r\n" % len(_BOMB) + _BOMB)
    await writer.drain()


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
        *(reset, overloaded, broken, silent, closed),
    )
}
OF_EVERYTHING: dict[str, Misbehaving] = {
    f"{one.__name__}_everywhere": one for one in (silent, drip, endless_body, reset, garbage)
}
OF_TLS = ("tls_silent", "tls_garbage", "tls_closed", "tls_self_signed", "tls_expired")
KINDS = (*OF_ARTICLES, *OF_EVERYTHING, *OF_TLS)


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


async def _raw(_reader: asyncio.StreamReader, writer: Writer, kind: str) -> None:
    """What speaks no TLS where TLS is asked for."""
    with contextlib.suppress(ConnectionError, OSError):
        if kind == "tls_silent":
            await _hang(writer)
        if kind == "tls_garbage":
            await garbage(writer, "")
    writer.close()


def certificate(folder: Path, *, expired: bool) -> ssl.SSLContext:
    """A server's context with a certificate that nobody vouches for."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "hostile.example")])
    now = datetime.datetime.now(datetime.UTC)
    end = now + datetime.timedelta(days=-1 if expired else 30)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=60))
        .not_valid_after(end)
        .sign(key, hashes.SHA256())
    )
    pem = folder / f"expired-{expired}.pem"
    secret = key.private_bytes(
        serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption()
    )
    pem.write_bytes(secret + made.public_bytes(serialization.Encoding.PEM))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(pem)
    return context


async def _listening(kind: str, folder: Path) -> asyncio.Server:
    context: ssl.SSLContext | None = None
    if kind in {"tls_silent", "tls_garbage", "tls_closed"}:

        async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
            await _raw(reader, writer, kind)

    else:
        if kind in OF_TLS:
            context = certificate(folder, expired=kind == "tls_expired")
        everywhere = kind in OF_EVERYTHING
        misbehave = OF_EVERYTHING.get(kind) or OF_ARTICLES.get(kind, broken)

        async def serve(reader: asyncio.StreamReader, writer: Writer) -> None:
            await _serve(reader, writer, misbehave, everywhere=everywhere)

    return await asyncio.start_server(serve, "127.0.0.1", 0, ssl=context, backlog=256)


async def main() -> None:
    """Serve until it is terminated."""
    # What clients do to TLS connections is no news here.
    asyncio.get_running_loop().set_exception_handler(lambda _loop, _context: None)
    with tempfile.TemporaryDirectory() as folder:
        servers = {kind: await _listening(kind, Path(folder)) for kind in KINDS}
        print(json.dumps({kind: one.sockets[0].getsockname()[1] for kind, one in servers.items()}), flush=True)
        await asyncio.gather(*(one.serve_forever() for one in servers.values()))


if __name__ == "__main__":
    asyncio.run(main())
