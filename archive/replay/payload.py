"""What is sent of a stored answer: its payload byte for byte, and of its head what is safe."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from urllib.parse import urljoin

from archive import streaming
from archive.capture import Capture, pieces_of
from archive.errors import NotHttp, PayloadRefused
from archive.http import HttpMessage

# Sent as they are. All others steer browsers, connections or caches, or are about a connection that is long gone; as
# ``X-Archive-Orig-…`` every field of the answer is there to be read.
SAFE = frozenset({"content-type", "content-language", "content-disposition", "content-range", "last-modified"})
PREFIX = "X-Archive-Orig-"
LARGE = 16 * 2**20  # bytes of a payload from which on it is sent in pieces, whatever its size
MAX_HEAD = 48_000  # bytes of original fields that are passed on; clients have limits
_NAME = re.compile(r"[!#$%&'*+.^_`|~0-9A-Za-z-]{1,100}")
_UNSENDABLE = re.compile(r"[^\t\x20-\x7e\x80-\xff]")
_BODILESS = {204, 205, 304}
_REDIRECTS = {301, 302, 303, 307, 308}
_SENDABLE = range(200, 600)
_NOT_SENDABLE = 502

# Codings that a client may be sent as they are stored, where it takes them.
_CODINGS = {"gzip": "gzip", "x-gzip": "gzip", "deflate": "deflate", "br": "br", "zstd": "zstd"}
_BEGINNINGS = {"gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}

# What a browser would run or draw as a document.
_ACTIVE = re.compile(r"(?:text/(?:html|xml|xsl)|application/(?:xhtml\+xml|xml)|[^;]*\+xml|multipart/|message/)", re.I)

# A document in the application's origin that is not the application's: it has an origin of its own that nobody shares,
# runs nothing, loads nothing, and is in no frame.
SANDBOX = (
    "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; form-action 'none'; "
    "frame-ancestors 'none'"
)


@dataclass(frozen=True, slots=True)
class Sent:
    """An answer as it is sent: its fields are latin-1 without control characters.

    ``target`` is the archived URL to which a redirect leads; who sends it adds the field Location. Of a large payload
    ``pieces`` gives what follows the body, in pieces, and its length is not known.
    """

    status: int
    fields: tuple[tuple[str, str], ...]
    body: bytes
    target: str | None = None
    pieces: Iterator[bytes] | None = None


def sent(capture: Capture, accept_encoding: str, *, navigating: bool) -> Sent:
    """The payload of a capture with the fields of its answer.

    ``accept_encoding`` is what the client takes. ``navigating`` says that a browser would show it as a document: what
    could be one is sent as plain text then. Raises DamagedRecord and TakenDown as `Capture.message` does.
    """
    pieces: Iterator[bytes] | None = None
    if is_large(capture):
        message, codings, found = _in_pieces(capture, accept_encoding)
        pieces = filter(None, found)
        body = next(pieces, b"")  # what is wrong can still be told
    else:
        message = _answer_of(capture)
        codings, body = _body(message, accept_encoding, whole=capture.truncated is None)
    status = message.status if message.status in _SENDABLE else _NOT_SENDABLE
    fields = list(_original(message))
    if message.status != status:
        fields.append((f"{PREFIX}Status", str(message.status)))
    if codings:
        fields.append(("Content-Encoding", codings))
    media_type = _clean(message.field("content-type") or "")
    # Of several in one field browsers take the last that they know.
    if navigating and any(not one.strip() or _ACTIVE.match(one.strip()) for one in media_type.split(",")):
        fields = [one for one in fields if one[0].lower() != "content-type"]
        charset = re.sub(r"[^A-Za-z0-9._:-]", "", message.charset or "utf-8")[:40]
        fields.append(("Content-Type", f"text/plain; charset={charset}"))
    elif not media_type:
        fields.append(("Content-Type", "application/octet-stream"))
    given = message.location if status in _REDIRECTS else None
    target = None if given is None else _absolute(capture.url, given)
    if status in _BODILESS:
        body, pieces = b"", None
    return Sent(status, tuple(fields), body, target, pieces)


def is_large(capture: Capture, than: int | None = None) -> bool:
    """Whether an answer is sent in pieces, by the length of its payload, or of its record where that is not known."""
    place = (capture.referent or capture).location
    length = capture.payload_length
    if length is None:
        length = place.length if place is not None else 0
    return length > (LARGE if than is None else than)


def _in_pieces(capture: Capture, accept_encoding: str) -> tuple[HttpMessage, str, Iterator[bytes]]:
    """The head, the content coding under which the body is sent, and the body in pieces: as `_body` decides it."""
    try:
        head, entity = capture.opened()
    except NotHttp:
        return HttpMessage(b"", "0.9", 200, "", (), 0), "", pieces_of(capture.block)
    codings = _codings(head)
    if not codings:
        return head, "", entity
    first = next(entity, b"")
    whole = chain([first], entity)
    if len(codings) == 1 and capture.truncated is None and (coding := _CODINGS.get(codings[0])):
        begins = _BEGINNINGS.get(coding)  # the others have no beginning by which they could be known: they are undone
        if begins is not None and first.startswith(begins) and takes(accept_encoding, coding):
            return head, coding, whole
    try:
        decoded = streaming.decoded(head, whole)
        begun = next(decoded, b"")
    except PayloadRefused:
        return head, "", capture.opened()[1]
    return head, "", chain([begun], decoded)


def _answer_of(capture: Capture) -> HttpMessage:
    try:
        return capture.message()
    except NotHttp:
        # Bytes that are no HTTP message were answered all the same, and browsers showed them (HTTP/0.9).
        return HttpMessage(capture.block(), "0.9", 200, "", (), 0)


def _original(message: HttpMessage) -> Iterator[tuple[str, str]]:
    size = 0
    passed: set[str] = set()
    for name, value in message.fields:
        if not _NAME.fullmatch(name):
            continue
        clean = _clean(value)
        size += len(name) + len(clean) + len(PREFIX)
        if size > MAX_HEAD:
            continue
        yield PREFIX + name, clean
        low = name.lower()
        if low in SAFE and low not in passed and (low != "content-range" or message.status == 206):
            passed.add(low)
            yield name, clean


def _absolute(url: str, target: str) -> str | None:
    """Where a redirect leads; None for what is no web address."""
    try:
        found = urljoin(url, target.strip())
    except ValueError:
        return None
    return found if found.lower().startswith(("http://", "https://")) else None


def _clean(value: str) -> str:
    return _UNSENDABLE.sub("", value).strip()


def _body(message: HttpMessage, accept_encoding: str, *, whole: bool) -> tuple[str, bytes]:
    """The content coding under which the body is sent, and the body; the coding is empty for none.

    It stays as it is stored where the client takes it so, and else is decoded. What cannot be decoded is sent as it is
    stored, without a coding that no client could undo: ``X-Archive-Orig-Content-Encoding`` has it.
    """
    codings = _codings(message)
    if not codings:
        return "", message.entity()
    if len(codings) == 1 and whole and (coding := _CODINGS.get(codings[0])) and takes(accept_encoding, coding):
        entity = message.entity()
        if _is(message, entity, coding):
            return coding, entity
    try:
        return "", message.decoded()
    except PayloadRefused:
        return "", message.entity()


def _codings(message: HttpMessage) -> list[str]:
    named = [one.strip().lower() for given in message.all("content-encoding") for one in given.split(",")]
    return [one for one in named if one and one != "identity"]


def _is(message: HttpMessage, entity: bytes, coding: str) -> bool:
    """Whether an entity is what its coding says, so that a client can undo it."""
    begins = _BEGINNINGS.get(coding)
    if begins is not None:
        return entity.startswith(begins)
    if not entity:
        return False
    try:
        message.beginning(1)
    except PayloadRefused:
        return False
    return True


def takes(accept_encoding: str, coding: str) -> bool:
    """Whether a client takes a content coding (RFC 9110, section 12.5.3); without a header, none."""
    for one in accept_encoding.lower().split(",")[:50]:
        name, _, weight = one.partition(";")
        if name.strip() in {coding, "*"}:
            return not re.fullmatch(r"\s*q\s*=\s*0(?:\.0{0,3})?\s*", weight)
    return False
