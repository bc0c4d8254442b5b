"""Digests as records state them: their form, and whether they are those of the block and the payload."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterable
from dataclasses import dataclass

from archive.errors import DamagedRecord, PayloadRefused
from archive.http import HttpMessage
from archive.lint.finding import Faults, error, note, shown, warc
from archive.lint.record import TYPES, Record
from archive.warc.digests import value_of

_STATED = re.compile(r"([A-Za-z0-9!#$%&'*+.^_`|~-]+):([^\s:]+)", re.ASCII)
# A wrong Content-Type, which is told elsewhere, does not make the payload of these another one.
_MESSAGES = {"request", "response"}
_LABELS = {"sha-1": "sha1", "sha-224": "sha224", "sha-256": "sha256", "sha-384": "sha384", "sha-512": "sha512"}
_KNOWN = {name for name in hashlib.algorithms_guaranteed if not name.startswith("shake")}

FORMAT = error(
    "digest-format",
    warc("5.8"),
    "A digest is the name of an algorithm, a colon, and a value of the right length in base16, base32 or base64.",
    "It can be compared with nothing.",
)
UNKNOWN = note(
    "digest-unknown",
    warc("5.8"),
    "The algorithm of a digest is not known here, so that it is not checked.",
    "The standard recommends none; sha1, sha256, sha512, md5, blake2 and sha3 are known.",
)
BLOCK = error(
    "block-digest",
    warc("5.8"),
    "The block is not that of its digest.",
    "The bytes have changed, or a writer hashed something else.",
)
PAYLOAD = error(
    "payload-digest",
    warc("5.9"),
    "The payload is not that of its digest, by no reading.",
    "The bytes have changed, or a writer hashed something else.",
)
FRAMING = note(
    "payload-digest-framing",
    warc("5.9"),
    "The payload digest is over the body with its chunk framing, not over the entity body.",
    "warcio, wget, FastWARC and others read it so. Such digests do not find equal pages that were sent differently.",
)
WHOLE = note(
    "payload-digest-block",
    warc("5.9"),
    "The payload digest of a message is over the whole block, head included.",
    "warcprox writes it so in request records.",
)
NO_PAYLOAD = note(
    "payload-digest-no-payload",
    warc("5.9"),
    "A warcinfo or metadata record has no payload, and so no payload digest.",
    "warcio and warcprox repeat the block digest there.",
)
UNCHECKED = note(
    "block-too-large",
    warc("5.9"),
    "The block is too large to look into: its payload digest and its HTTP message are not checked.",
    "The block digest is.",
)


@dataclass(frozen=True, slots=True)
class Stated:
    """A digest as it is stated: the algorithm by its name in hashlib, None where it is not known, and the value."""

    algorithm: str | None
    value: bytes

    def of(self, parts: Iterable[bytes | memoryview]) -> bool:
        """Whether it is that of the parts."""
        running = hashlib.new(self.algorithm or "sha1", usedforsecurity=False)
        for part in parts:
            running.update(part)
        return running.digest() == self.value


def parse(text: str) -> Stated | None:
    """A digest from its text; None where it has no form that can be read."""
    found = _STATED.fullmatch(text.strip())
    if not found:
        return None
    label = found[1].lower()
    name = _LABELS.get(label, label)
    if name not in _KNOWN:
        return Stated(None, b"")
    value = value_of(found[2], hashlib.new(name, usedforsecurity=False).digest_size)
    return None if value is None else Stated(name, value)


def check(record: Record) -> Faults:
    """Both digests of a record; a block that is cut short is told elsewhere."""
    block = record.field("WARC-Block-Digest")
    payload = record.field("WARC-Payload-Digest")
    stated = _read(block)
    if isinstance(stated, Stated) and stated.algorithm and record.complete:
        right = stated.of([record.block]) if record.kept else record.streamed == stated.value
        if not right:
            yield BLOCK, f"it states {shown(block or '')}"
    elif block is not None and not isinstance(stated, Stated):
        yield FORMAT, f"WARC-Block-Digest: {shown(block)}"
    elif isinstance(stated, Stated) and stated.algorithm is None:
        yield UNKNOWN, f"WARC-Block-Digest: {shown(block or '')}"
    if payload is not None:
        yield from _payload(record, payload)
    if record.complete and not record.kept:
        yield UNCHECKED, f"{record.declared:,} bytes"


def _read(text: str | None) -> Stated | None:
    return None if text is None else parse(text)


def _payload(record: Record, text: str) -> Faults:
    stated = parse(text)
    if stated is None:
        yield FORMAT, f"WARC-Payload-Digest: {shown(text)}"
        return
    if stated.algorithm is None:
        yield UNKNOWN, f"WARC-Payload-Digest: {shown(text)}"
        return
    if record.kind in {"warcinfo", "metadata"}:
        yield NO_PAYLOAD, record.kind
    # The payload of a revisit is elsewhere; that of a segment is a part of the one that the digest is over.
    elsewhere = record.kind in {"revisit", "continuation"} or record.field("WARC-Segment-Number") is not None
    if elsewhere or not record.kept or not record.complete:
        return
    if not record.is_http and record.kind not in _MESSAGES:
        # What a record of an unknown type has for a payload, nobody knows.
        if record.kind in TYPES and not stated.of([record.block]):
            yield PAYLOAD, f"it states {shown(text)}"
        return
    entity, framed = _bodies(record)
    if entity is not None and stated.of([entity]):
        return
    if stated.of([framed]):
        if entity is not None:
            yield FRAMING, f"it states {shown(text)}"
    elif stated.of([record.block]):
        if record.is_http:
            yield WHOLE, f"it states {shown(text)}"
    else:
        yield PAYLOAD, f"it states {shown(text)}"


def _bodies(record: Record) -> tuple[bytes | None, memoryview]:
    """The entity body, where there is one, and all that follows the head."""
    view = memoryview(record.block)
    if record.kind == "request":
        end = record.block.find(b"\r\n\r\n")
        body = view[end + 4 :] if end >= 0 else view[len(view) :]
        return bytes(body), body
    try:
        message = HttpMessage.parse(record.block)
    except DamagedRecord:
        return None, view
    framed = view[message.body_offset :]
    try:
        return message.entity(), framed
    except PayloadRefused:
        return None, framed


RULES = (FORMAT, UNKNOWN, BLOCK, PAYLOAD, FRAMING, WHOLE, NO_PAYLOAD, UNCHECKED)
