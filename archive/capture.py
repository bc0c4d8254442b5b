"""Captures: fetch events as the archive holds them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Literal

from archive.exchange import Role, Truncation
from archive.http import HttpMessage

BlockReader = Callable[[], bytes]


def _unbound() -> bytes:
    raise LookupError("this capture is a description only: get it from an Archive to read its bytes")


@dataclass(frozen=True, slots=True)
class Location:
    """Where a record lies: a hint that may move. ``file`` is relative to ``warc/``; offsets count file bytes."""

    file: str
    offset: int
    length: int


@dataclass(frozen=True, slots=True)
class Capture:
    """One fetch event in the archive: a response or revisit record with its request and metadata.

    ``id`` is the record's URN. ``key`` is the normalised URL (`archive.url.normalise`). ``at`` is WARC-Date in
    microseconds since 1970, UTC. ``payload_digest`` is over the entity body: transfer coding removed, content
    coding kept. ``block`` reads the stored HTTP message; a capture can be pickled, and reads from its file anew.
    """

    id: str
    url: str
    key: str
    at: int
    kind: Literal["response", "revisit"] = "response"
    method: str = "GET"
    status: int | None = None
    mime: str | None = None  # media type of the response head, lower case, without parameters
    role: Role = Role.OTHER
    site: str | None = None
    run: str | None = None
    via: str | None = None
    source: str | None = None
    hops: str = ""
    announced: str | None = None
    ip: str | None = None
    truncated: Truncation | None = None
    masked: tuple[str, ...] = ()
    payload_digest: str | None = None
    payload_length: int | None = None  # bytes of the entity body
    duration: int | None = None  # microseconds
    refers_to: str | None = None  # of a revisit: the record that holds the payload
    location: Location | None = None
    block: BlockReader = field(default=_unbound, repr=False, compare=False)

    def message(self) -> HttpMessage:
        """The stored HTTP response message; raises DamagedRecord when its bytes cannot be read."""
        return HttpMessage.parse(self.block())

    def payload(self) -> bytes:
        """The entity with transfer and content coding removed; raises PayloadRefused past the limits."""
        return self.message().decoded()
