"""A tape: what one exchange left on the wire, in the order in which it left it."""

from __future__ import annotations

from collections.abc import Callable, Iterable

from archive import clock
from archive.exchange import Truncation


class Tape:
    """The bytes and the circumstances of one request and its response, while they cross the wire.

    It runs from the moment a request may be sent until the exchange is over; what comes later is not recorded on it.
    Bytes are kept as they came, piece by piece, and joined once. Times are microseconds since 1970, UTC.
    """

    __slots__ = (
        "_request",
        "_response",
        "begun",
        "cipher",
        "complete",
        "cut",
        "ended",
        "ip",
        "leaving",
        "limit",
        "lost",
        "patience",
        "protocols",
        "running",
        "secured",
        "sent_at",
        "size",
        "stopped",
    )

    def __init__(self, limit: int = 0) -> None:
        self.begun = clock.now()
        self.sent_at: int | None = None  # the first byte of the request
        self.ended = self.begun  # the last byte that crossed
        self.ip: str | None = None  # of the peer, or the last address that was tried
        self.protocols: tuple[str, ...] = ()
        self.cipher: str | None = None
        self.secured = True  # False while a TLS handshake is not done: nothing was sent yet
        self.complete = False  # the whole response came
        self.cut: Truncation | None = None  # this side ended it, and why
        self.lost = False  # the connection ended before the response did
        self.running = True
        self.stopped = self.begun
        self.size = 0  # bytes of the response
        self.limit = limit  # bytes of a response, framing included; 0: none
        self.patience = 0.0  # seconds for a TLS handshake; 0: as long as the exchange may take
        self.leaving: Callable[[], None] | None = None  # told once, as the first byte of the request leaves
        self._request: list[bytes] = []
        self._response: list[bytes] = []

    def send(self, pieces: Iterable[bytes]) -> None:
        """Record what is written to the connection."""
        if self.running:
            if self.sent_at is None:
                self.sent_at = self.ended = clock.now()
                if self.secured:
                    self._tell()
            self._request.extend(pieces)

    def secure(self) -> None:
        """Note that the TLS handshake is done: only now do the bytes that were written before leave."""
        self.secured = True
        if self.sent_at is not None and not self.size:
            self.sent_at = self.ended = clock.now()
            self._tell()

    def _tell(self) -> None:
        told, self.leaving = self.leaving, None
        if told is not None:
            told()

    def receive(self, piece: bytes) -> None:
        """Record what came from the connection."""
        if self.running:
            self._response.append(piece)
            self.size += len(piece)
            self.ended = clock.now()

    def stop(self) -> None:
        """End the recording: nothing that comes later belongs to this exchange."""
        if self.running:
            self.stopped = clock.now()
        self.running = False

    @property
    def at(self) -> int:
        """The first byte of the request; where none was sent, the beginning of the attempt."""
        return self.begun if self.sent_at is None or not self.secured else self.sent_at

    @property
    def over_limit(self) -> bool:
        """Whether more came than may be kept."""
        return bool(self.limit) and self.size > self.limit

    def request(self) -> bytes:
        """The request's bytes; none where a TLS handshake failed before they could leave."""
        return b"".join(self._request) if self.secured else b""

    def take_response(self) -> bytes:
        """The response's bytes, as far as they came; the tape gives them away, and has none afterwards."""
        pieces, self._response = self._response, []
        return b"".join(pieces)
