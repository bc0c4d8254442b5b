"""Captures: fetch events as the archive holds them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import chain
from typing import Literal, Protocol

from archive import streaming
from archive.errors import DamagedRecord, TakenDown
from archive.exchange import Role, Truncation
from archive.http import HttpMessage

BlockReader = Callable[[], bytes]
Kind = Literal["response", "revisit", "conversion"]

# What is said of a page that a browser drew: it has no answer of its own, and only answers of this status are drawn.
DRAWN_STATUS, DRAWN_MIME = 200, "text/html"
_DRAWN_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\n\r\n"


class PieceReader(Protocol):
    """A block that can be read in pieces, too."""

    def pieces(self) -> Iterator[bytes]:
        """The block in pieces; raises before the first of them."""
        ...


def pieces_of(block: BlockReader) -> Iterator[bytes]:
    """A block in pieces: in one, where it cannot be read otherwise."""
    reader: PieceReader | None = block if hasattr(block, "pieces") else None
    return iter([block()]) if reader is None else reader.pieces()


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
    """One fetch event in the archive: a response or revisit record with its request and metadata, or a page drawn.

    ``id`` is the record's URN. ``key`` is the normalised URL (`archive.url.normalise`). ``at`` is WARC-Date in
    microseconds since 1970, UTC. ``payload_digest`` is over the entity body: transfer coding removed, content
    coding kept. ``block`` reads the stored block; a capture can be pickled, and reads from its file anew.

    A revisit has no body of its own: its payload is that of its ``referent``, which an archive gives with it where it
    has that capture. So message and payload of a revisit are read as those of any other.

    A conversion is a page as a browser drew it from other captures (`archive.exchange.Drawn`), of which it names the
    page's own answer in ``refers_to``; its block is the markup alone.
    """

    id: str
    url: str
    key: str
    at: int
    kind: Kind = "response"
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
    reservations: tuple[str, ...] = ()  # what the answer says of keeping and mining it (`archive.reservation`)
    payload_digest: str | None = None
    payload_length: int | None = None  # bytes of the entity body
    duration: int | None = None  # microseconds
    refers_to: str | None = None  # of a revisit: the id of the record that holds the payload
    refers_to_uri: str | None = None  # its target URI, as it is written
    refers_to_at: int | None = None  # its date
    framing: str | None = None  # of a revisit of ours: how its body was framed (`HttpMessage.framing`)
    location: Location | None = None
    referent: Capture | None = field(default=None, repr=False, compare=False)  # the capture that holds the payload
    block: BlockReader = field(default=_unbound, repr=False, compare=False)

    def message(self) -> HttpMessage:
        """The HTTP response message as it crossed the wire; raises DamagedRecord when its bytes cannot be read.

        Of a revisit without its referent, only the head. Of a conversion, which crossed no wire, its page behind a head
        that says how it is to be read.
        """
        if self.kind == "conversion":
            return HttpMessage.parse(_DRAWN_HEAD + self.block())
        if self.kind == "revisit" and self.referent is not None and not self._is_confirmation:
            return self.representation()
        return HttpMessage.parse(self.block())

    def representation(self) -> HttpMessage:
        """The message that carries the payload: this one; of a 304, that of the capture which it confirms.

        Raises DamagedRecord where that capture is not known, and where bytes cannot be read; TakenDown where it was
        removed since this one was handed out, which then has no payload any more.
        """
        if self.kind != "revisit":
            return self.message()
        message = None if self._is_confirmation else HttpMessage.parse(self.block())
        if message is not None and message.body_offset < len(message.raw):
            return message  # another writer's, who kept the body
        if self.referent is None:
            named = self.refers_to or self.refers_to_uri or "which is not named"
            raise DamagedRecord(f"the archive does not have the capture that this one revisits ({named})")
        try:
            kept = self.referent.representation()
        except TakenDown as gone:
            what = "confirms" if message is None else "revisits"
            said = f"the capture that this one {what} went, and its payload with it: {gone.message}"
            raise TakenDown(said, url=self.url, file=gone.file) from gone
        return kept if message is None else message.with_entity(kept.entity(), self.framing)

    def payload(self) -> bytes:
        """The entity with transfer and content coding removed; raises as `representation` does, and PayloadRefused."""
        return self.representation().decoded()

    def raw_pieces(self) -> Iterator[bytes]:
        """The bytes of `message`, in pieces; raises as it does, before the first of them.

        In bounded memory, whatever their number; a revisit whose body came in chunks is made as a whole.
        """
        if self.kind == "response":
            return pieces_of(self.block)
        if self.kind == "conversion":
            return chain([_DRAWN_HEAD], pieces_of(self.block))
        if self.referent is not None and not self._is_confirmation and not self.framing:
            head, body = self.opened()
            return chain([head.raw], body)
        return iter([self.message().raw])

    def entity_pieces(self) -> Iterator[bytes]:
        """The entity of `representation` in pieces: transfer coding removed, content coding kept; raises the same."""
        return self.opened()[1]

    def payload_pieces(self) -> Iterator[bytes]:
        """The payload in pieces, without a limit of its size; raises as `payload` does.

        What is wrong with a coding is found where it stands, perhaps after many pieces.
        """
        return streaming.decoded(*self.opened())

    def opened(self) -> tuple[HttpMessage, Iterator[bytes]]:
        """The head of `representation`, as a message without a body, and its entity in pieces; raises the same."""
        if self.kind == "conversion":
            return HttpMessage.parse(_DRAWN_HEAD), pieces_of(self.block)
        if self.kind == "response":
            head, body = streaming.split(pieces_of(self.block))
            return head, streaming.entity(head, body)
        message = self.representation() if self.referent is None else None
        if message is not None:  # another writer's, who kept the body, or who says why there is none
            return HttpMessage.parse(message.raw[: message.body_offset]), iter([message.entity()])
        own = None if self._is_confirmation else HttpMessage.parse(self.block())
        if own is not None and own.body_offset < len(own.raw):
            return HttpMessage.parse(own.raw[: own.body_offset]), iter([own.entity()])
        assert self.referent is not None
        try:
            head, body = self.referent.opened()
        except TakenDown:
            self.representation()  # says what went
            raise
        return (head if own is None else own), body

    @property
    def _is_confirmation(self) -> bool:
        """Whether a revisit says nothing of the page itself: a 304, or another writer's without a head."""
        return self.kind == "revisit" and self.status in {None, 304}
