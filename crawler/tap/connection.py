"""The connections of the tap: HTTP/1.1 as Scrapy speaks it, recorded on a tape while an exchange is under way."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import Any

from scrapy.core.downloader.handlers.http11 import _LenientHTTP11ClientProtocol, _LenientHTTPClientParser
from twisted.internet.defer import Deferred
from twisted.internet.error import ConnectionDone
from twisted.internet.interfaces import IHandshakeListener, ISSLTransport
from twisted.internet.protocol import Factory
from twisted.logger import Logger
from twisted.python.failure import Failure
from twisted.web._newclient import BODY, DONE, Request
from twisted.web.client import HTTPConnectionPool
from twisted.web.http import _ChunkedTransferDecoder
from twisted.web.http_headers import InvalidHeaderName
from zope.interface import implementer

from archive.exchange import Truncation
from crawler.tap.tape import Tape
from crawler.tap.trust import cipher_suite, protocol_of

# Bytes of everything before a body: interim heads, status line and fields. Browsers stop at 256 KiB; Twisted drops a
# connection at a line of 16 KiB, which content security policies of real sites reach.
MAX_HEAD = 2**20
# Seconds before the end that a server announces for an idle connection: a request that crosses the close is lost.
_MARGIN = 1.0
# An idle connection is kept no longer: most servers close theirs after 5 to 75 s, and do not say so.
IDLE = 30.0

_KEEP_ALIVE_TIMEOUT = re.compile(rb"timeout\s*=\s*\"?(\d{1,6})", re.IGNORECASE)


class _Recorder:
    """The transport as a request sees it while it is written: what is written is recorded first."""

    def __init__(self, transport: Any, tape: Tape) -> None:
        self._transport = transport
        self._tape = tape
        self.registerProducer = transport.registerProducer
        self.unregisterProducer = transport.unregisterProducer

    def write(self, data: bytes) -> None:
        self._tape.send((data,))
        self._transport.write(data)

    def writeSequence(self, pieces: Iterable[bytes]) -> None:
        pieces = list(pieces)
        self._tape.send(pieces)
        self._transport.writeSequence(pieces)


class TapedRequest(Request):
    """A request that is written to a tape and to the connection alike."""

    def __init__(self, method: bytes, uri: bytes, headers: Any, body: Any, tape: Tape) -> None:
        super().__init__(method, uri, headers, body, persistent=True)
        self.tape = tape

    def writeTo(self, transport: Any) -> Any:
        """Write the request to a transport, and to the tape."""
        return super().writeTo(_Recorder(transport, self.tape))


class _Chunks(_ChunkedTransferDecoder):
    """Twisted's decoder of chunks, for servers that pad a chunk's size with spaces: browsers read those, too."""

    def _dataReceived_CHUNK_LENGTH(self) -> bool:
        end = self._buffer.find(b"\r\n", self._start)
        size = self._buffer[: max(end, 0)]
        if b" " in size or b"\t" in size:
            bare, semicolon, extension = size.partition(b";")
            self._buffer[:end] = bare.strip(b" \t") + semicolon + extension
        return super()._dataReceived_CHUNK_LENGTH()


class _Parser(_LenientHTTPClientParser):
    """Scrapy's parser, with room for the fields of real sites; a field with an impossible name is passed over."""

    MAX_LENGTH = MAX_HEAD
    _transferDecoders = {b"chunked": _Chunks}  # noqa: RUF012 - Twisted declares it so

    def headerReceived(self, name: bytes, value: bytes) -> None:
        """Take a field. A space before the colon, as some servers write it, does not belong to the name."""
        try:
            super().headerReceived(name.rstrip(b" \t"), value)
        except InvalidHeaderName:
            return  # browsers do the same; the bytes are on the tape


@implementer(IHandshakeListener)
class TappedConnection(_LenientHTTP11ClientProtocol):
    """A connection that records on the tape of the exchange under way, and on none between exchanges.

    A connection on which something came that no request asked for is closed: the next exchange must not begin with
    bytes that were not sent for it.
    """

    tape: Tape | None = None
    keeps: float = IDLE  # seconds for which the server keeps the connection when idle
    _log = Logger()
    _handshaken = False
    _lost: Failure | None = None

    def handshakeCompleted(self) -> None:
        """Note that TLS stands: what was written before leaves only now."""
        self._handshaken = True
        if self.tape is not None:
            self._describe(self.tape)
            self.tape.secure()

    @property
    def _transport(self) -> Any:
        return self.transport

    def perform(self, request: TapedRequest) -> Deferred[Any]:
        """Send a request; what crosses the wire until its response is over goes to its tape."""
        self.tape = tape = request.tape
        tape.ip = self._transport.getPeer().host
        tape.secured = self._handshaken or not ISSLTransport.providedBy(self._transport)
        if self._handshaken:
            self._describe(tape)
        elif tape.secured:
            tape.protocols = ("http/1.1",)
        elif tape.patience:
            from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

            waiting: Any = reactor
            waiting.callLater(tape.patience, self._give_up_handshake, tape)
        done: Deferred[Any] = self.request(request)
        if self._parser is not None:
            self._parser.__class__ = _Parser
        return done

    def _give_up_handshake(self, tape: Tape) -> None:
        """End a connection on which no TLS came about; what was to be sent over it never left."""
        if tape is self.tape and tape.running and not self._handshaken:
            self._giveUp(Failure(HandshakeTimedOut(f"no TLS handshake within {tape.patience:g} s")))
            self._transport.abortConnection()

    def _describe(self, tape: Tape) -> None:
        handle = self._transport.getHandle()
        tape.protocols = ("http/1.1", protocol_of(handle.get_protocol_version_name()))
        name = handle.get_cipher_name()
        tape.cipher = cipher_suite(name) if name else None

    def dataReceived(self, data: bytes) -> None:
        """Record what came, and read on."""
        tape, parser = self.tape, self._parser
        if tape is None or parser is None:
            self._log.warn("{size} bytes came that no request asked for: the connection is closed", size=len(data))
            self._transport.loseConnection()
            return
        tape.receive(data)
        super().dataReceived(data)
        head_too_long = tape.size > MAX_HEAD and parser.state not in {BODY, DONE}
        if (head_too_long or tape.over_limit) and tape.running and not tape.complete:
            tape.cut = Truncation.LENGTH
            self._giveUp(Failure(TooLong(f"more than {MAX_HEAD if head_too_long else tape.limit} bytes")))

    def _finishResponse(self, rest: bytes) -> None:
        tape, parser, request = self.tape, self._parser, self._currentRequest
        self.tape = None
        if tape is not None:
            # A body that ends with its connection is whole only if that was closed in order (RFC 9112, section 8).
            tape.complete = parser is not None or (
                self._lost is not None and self._lost.check(ConnectionDone) is not None
            )
        if parser is not None and request is not None and (rest or not self._stays_open(parser)):
            request.persistent = False
        super()._finishResponse(rest)

    def _stays_open(self, parser: Any) -> bool:
        """Whether the server says that it keeps the connection (RFC 9112, section 9.3); Twisted asks less."""
        options = {
            option.strip().lower()
            for value in parser.connHeaders.getRawHeaders(b"Connection", ())
            for option in value.split(b",")
        }
        if b"close" in options or (parser.response.version < (b"HTTP", 1, 1) and b"keep-alive" not in options):
            return False
        announced = _KEEP_ALIVE_TIMEOUT.search(b",".join(parser.connHeaders.getRawHeaders(b"Keep-Alive", ())))
        self.keeps = min(IDLE, int(announced[1]) - _MARGIN) if announced else IDLE
        return self.keeps > 0

    def connectionLost(self, reason: Failure) -> None:  # type: ignore[override]
        """Note how the connection ended: it tells whether the last body is whole."""
        self._lost = reason
        if self.tape is not None and self.tape.running:
            self.tape.lost = True
        super().connectionLost(reason)
        self.tape = None


class HandshakeTimedOut(Exception):
    """A TLS handshake that did not end within its time."""


class TooLong(Exception):
    """A response that is cut because it has more bytes than may be kept."""


class _Connections(Factory):
    """What makes the pool's connections."""

    noisy = False

    def __init__(self, quiescent: Callable[[TappedConnection], None], metadata: str) -> None:
        self._quiescent = quiescent

    def buildProtocol(self, addr: Any) -> TappedConnection:
        return TappedConnection(self._quiescent)


class Pool(HTTPConnectionPool):
    """The kept connections of one crawler: nothing is sent again without being recorded again.

    Twisted would repeat a request on its own where a kept connection turns out to be closed.
    """

    _factory: Any = _Connections
    retryAutomatically = False
    cachedConnectionTimeout: Any = IDLE  # Twisted says int, and takes any number

    def _putConnection(self, key: Any, connection: TappedConnection) -> None:
        super()._putConnection(key, connection)
        expiry = self._timeouts.get(connection)
        if expiry is not None and connection.keeps < IDLE:
            expiry.reset(connection.keeps)
