"""What a finished tape tells: an exchange where an answer came, an attempt where none did."""

from __future__ import annotations

from collections.abc import Iterator

from OpenSSL import SSL
from scrapy.exceptions import CannotResolveHostError, DownloadCancelledError, DownloadTimeoutError
from service_identity import CertificateError, VerificationError
from twisted.internet import error as tx
from twisted.internet.defer import CancelledError
from twisted.web._newclient import _WrapperException
from twisted.web.http import _DataLoss

from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Truncation
from crawler.addresses import AddressForbidden
from crawler.tap.connection import HandshakeTimedOut
from crawler.tap.tape import Tape

MAX_DETAIL = 300  # characters of what a failure says; hostile certificates have long names

# In this order: a refused connection is a ConnectError, too.
_REASONS: tuple[tuple[NoAnswer, tuple[type[BaseException], ...]], ...] = (
    (NoAnswer.ADDRESS, (AddressForbidden,)),
    (NoAnswer.DNS, (tx.DNSLookupError, CannotResolveHostError)),
    (NoAnswer.REFUSED, (tx.ConnectionRefusedError,)),
    (NoAnswer.TIMEOUT, (DownloadTimeoutError, tx.TimeoutError, tx.TCPTimedOutError)),
    (NoAnswer.TLS, (HandshakeTimedOut, SSL.Error, VerificationError, CertificateError, tx.SSLError, tx.VerifyError)),
    (NoAnswer.UNREACHABLE, (tx.ConnectError,)),
    (NoAnswer.DISCONNECT, (tx.ConnectionClosed,)),
)


def fact(
    url: str,
    method: str,
    tape: Tape,
    error: BaseException | None,
    *,
    origin: Origin,
    request: bytes,
    masked: tuple[str, ...] = (),
    confirms: str | None = None,
) -> Exchange | Attempt:
    """The exchange or the attempt that a stopped tape holds; ``request`` is what is stored of the request's bytes.

    ``confirms`` is the id of the capture whose validators the request carried. ``error`` is what the fetch ended with,
    None where it gave a response.
    """
    response = tape.take_response()
    if response:
        return Exchange(
            url=url,
            at=tape.at,
            request=request,
            response=response,
            method=method,
            duration=max(0, tape.ended - tape.at),
            truncated=truncation(tape, error),
            ip=tape.ip,
            protocols=tape.protocols,
            cipher=tape.cipher,
            masked=masked,
            confirms=confirms,
            origin=origin,
        )
    reason, detail = no_answer(tape, error)
    return Attempt(
        url=url,
        at=tape.at,
        reason=reason,
        detail=detail,
        method=method,
        duration=max(0, tape.stopped - tape.at),
        request=request,
        ip=tape.ip,
        protocols=tape.protocols,
        cipher=tape.cipher,
        masked=masked,
        origin=origin,
    )


def truncation(tape: Tape, error: BaseException | None) -> Truncation | None:
    """Why the bytes on a tape are not the whole response; None where they are."""
    if tape.complete:
        return None
    if tape.cut is not None:
        return tape.cut
    if isinstance(error, DownloadCancelledError | CancelledError):
        return Truncation.LENGTH  # Scrapy cancels where a body is larger than it may be
    return Truncation.DISCONNECT if tape.lost else Truncation.UNSPECIFIED


def no_answer(tape: Tape, error: BaseException | None) -> tuple[NoAnswer, str]:
    """Why no byte of an answer came, and what the failure says."""
    chain = list(_causes(error)) if error is not None else []
    for reason, kinds in _REASONS:
        found = next((one for one in chain if isinstance(one, kinds)), None)
        if found is not None:
            if reason is NoAnswer.DISCONNECT and not tape.secured:
                return NoAnswer.TLS, f"closed during the handshake: {_said(found)}"
            return reason, _said(found)
    return NoAnswer.OTHER, _said(chain[-1]) if chain else "ended without an answer"


def _causes(error: BaseException) -> Iterator[BaseException]:
    """An error, what it wraps and what caused it, outermost first."""
    yield error
    if isinstance(error, _WrapperException):
        for failure in error.reasons:
            if not isinstance(failure.value, _DataLoss):
                yield from _causes(failure.value)
    if error.__cause__ is not None:
        yield from _causes(error.__cause__)


def _said(error: BaseException) -> str:
    text = str(error)
    if isinstance(error, SSL.Error) and error.args and isinstance(error.args[0], list | tuple):
        # OpenSSL's error queue: (library, function, reason) each.
        text = "; ".join(str(one[-1]) for one in error.args[0] if one) or "the connection broke"
    text = " ".join(text.split())
    return (text or type(error).__name__)[:MAX_DETAIL]
