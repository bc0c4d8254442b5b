"""HTTP/1.1 as the newsroom speaks it: requests off a connection, and the parts of a response."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import format_datetime, parsedate_to_datetime
from http import HTTPStatus

MAX_HEAD = 64 * 1024  # more request head than any client of ours sends
IDLE_SECONDS = 60  # how long a kept connection may say nothing
TLS_HANDSHAKE = b"\x16"  # the content type that a ClientHello begins with (RFC 8446, section 5.1)
CHUNK = 1500  # bytes of a chunk: several to a page, as servers that flush early send them


@dataclass(frozen=True, slots=True)
class Request:
    """A request's head; its body is read and thrown away."""

    method: str
    target: str
    version: str
    fields: dict[str, str]  # by lower-case name

    @property
    def host(self) -> str:
        """The host that is asked for, without the port, in lower case."""
        return self.fields.get("host", "").rpartition("@")[2].partition(":")[0].lower()

    @property
    def keeps(self) -> bool:
        """Whether the connection stays open afterwards (RFC 9112, section 9.3)."""
        wish = self.fields.get("connection", "").lower()
        return "close" not in wish if self.version == "HTTP/1.1" else "keep-alive" in wish


async def requests(reader: asyncio.StreamReader) -> AsyncIterator[Request]:
    """The requests of one connection; what is not HTTP/1.x comes as one without a method, and is the last."""
    while True:
        try:
            async with asyncio.timeout(IDLE_SECONDS):
                first = await reader.readexactly(1)
                if first == TLS_HANDSHAKE:  # there is no https here, and whoever asks for it must not wait to hear so
                    yield Request("", "TLS", "", {})
                    return
                head = first + await reader.readuntil(b"\r\n\r\n")
        except asyncio.IncompleteReadError:
            return
        except asyncio.LimitOverrunError:
            yield Request("", "", "", {})
            return
        line, *lines = head.decode("latin-1").split("\r\n")
        parts = line.split(" ")
        if len(parts) != 3 or not parts[2].startswith("HTTP/1."):
            yield Request("", line[:200], "", {})
            return
        fields = {name.strip().lower(): value.strip() for name, _, value in (entry.partition(":") for entry in lines)}
        length = fields.get("content-length", "")
        if length.isdigit():
            async with asyncio.timeout(IDLE_SECONDS):
                await _discard(reader, int(length))
        method, target, version = parts
        if target.startswith("http://"):  # the form that proxies get (RFC 9112, section 3.2.2)
            fields["host"], _, rest = target.removeprefix("http://").partition("/")
            target = f"/{rest}"
        yield Request(method, target, version, fields)


async def _discard(reader: asyncio.StreamReader, length: int) -> None:
    """Reads a request's body, which nothing here wants."""
    while length > 0:
        part = await reader.read(min(length, MAX_HEAD))
        if not part:
            return
        length -= len(part)


def head(status: int, fields: list[tuple[str, str]], *, keeps: bool) -> bytes:
    """The head of a response, with the present as its Date."""
    lines = [f"HTTP/1.1 {status} {HTTPStatus(status).phrase}", "Server: nginx"]
    lines.append(f"Date: {format_datetime(datetime.now(UTC), usegmt=True)}")
    lines += [f"{name}: {value}" for name, value in fields]
    lines.append(f"Connection: {'keep-alive' if keeps else 'close'}")
    return ("\r\n".join(lines) + "\r\n\r\n").encode("latin-1")


def chunks(body: bytes) -> Iterator[bytes]:
    """A body in the chunked transfer coding (RFC 9112, section 7.1)."""
    for start in range(0, len(body), CHUNK):
        part = body[start : start + CHUNK]
        yield b"%x\r\n%b\r\n" % (len(part), part)
    yield b"0\r\n\r\n"


def unchanged(request: Request, tag: str, modified: datetime | None) -> bool:
    """Whether the client's copy will do (RFC 9110, section 13.1); If-None-Match outweighs If-Modified-Since."""
    asked = request.fields.get("if-none-match")
    if asked is not None:
        return asked.strip() == "*" or tag in [part.strip() for part in asked.split(",")]
    since = request.fields.get("if-modified-since")
    if since is None or modified is None:
        return False
    try:
        return modified <= parsedate_to_datetime(since)
    except (TypeError, ValueError):  # a date that is none, or one without a zone
        return False
