"""Revisits: what is written of an answer whose payload is stored already."""

from __future__ import annotations

from archive.capture import Capture
from archive.exchange import Exchange
from archive.http import HttpMessage
from archive.warc.answer import Answer
from archive.warc.record import Revisited


def revisited_by(exchange: Exchange, answer: Answer, referent: Capture) -> Revisited | None:
    """The revisit of a capture that an exchange is; None where it can only be stored whole.

    Nothing of what crossed the wire may be lost: head and framing in the revisit and the referent's payload must give
    the same bytes again. Trailers, chunk extensions and bytes behind the end of the body would be missing.
    """
    if exchange.truncated is not None or referent.payload_digest is None:
        return None
    if answer.status == 304:
        return _revisited(referent, exchange.response, None)
    if answer.entity is None:
        return None
    message = HttpMessage.parse(exchange.response)
    framing = message.framing()
    if framing is None or message.with_entity(bytes(answer.entity), framing).raw != message.raw:
        return None
    return _revisited(referent, message.raw[: message.body_offset], framing)


def _revisited(referent: Capture, block: bytes, framing: str | None) -> Revisited:
    assert referent.payload_digest is not None
    return Revisited(referent.id, referent.url, referent.at, referent.payload_digest, block, framing)
