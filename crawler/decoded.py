"""A response's payload, decoded by the same code that reads it back from the archive."""

from __future__ import annotations

from dataclasses import dataclass

from scrapy.http import Response

from archive.http import HttpMessage


@dataclass(frozen=True, slots=True)
class Decoded:
    """The body with its content codings removed, and the charset of the HTTP head."""

    body: bytes
    charset: str | None


def decoded(response: Response, limit: int | None = None) -> Decoded:
    """The payload of a response; raises PayloadRefused where it cannot be decoded within the limits.

    ``limit`` is in bytes, once decoded; None is the archive's own. Decoding stops there, so that bombs cost no more.

    What Scrapy's own middleware decoded has no Content-Encoding any more, and comes back as it is.
    """
    head = b"HTTP/1.1 200 OK\r\n"
    for name in (b"Content-Encoding", b"Content-Type"):
        for value in response.headers.getlist(name):
            head += name + b": " + b" ".join(value.splitlines()) + b"\r\n"
    message = HttpMessage.parse(head + b"\r\n" + response.body)
    body = message.decoded() if limit is None else message.decoded(limit)
    return Decoded(body, message.charset)
