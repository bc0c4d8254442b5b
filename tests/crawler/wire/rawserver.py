"""A server of raw bytes on loopback, for http and https, that remembers what it received and what it sent."""

from __future__ import annotations

import contextlib
import socket
import ssl
import struct
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum, auto
from types import TracebackType
from typing import Self

TLS_HANDSHAKE = b"\x16\x03"  # how a client begins that speaks TLS to a server that does not
PATIENCE = 30.0  # seconds before a test's socket gives up; nothing waits that long unless it is broken


class End(Enum):
    """What the server does after its bytes."""

    KEEP = auto()  # the connection stays open for the next request
    CLOSE = auto()
    RESET = auto()  # TCP RST instead of FIN
    HANG = auto()  # nothing more comes until the client goes away


@dataclass(frozen=True)
class Reply:
    """What the server answers to one request: pieces, each sent by a call of its own, and what then happens."""

    pieces: tuple[bytes, ...] = ()
    end: End = End.KEEP

    @property
    def whole(self) -> bytes:
        return b"".join(self.pieces)


@dataclass
class Crossing:
    """One request as the server received it and the bytes that it sent for it."""

    connection: int
    received: bytes
    sent: bytes = b""


@dataclass
class Log:
    """What crossed the wire, by path, in order."""

    crossings: dict[str, list[Crossing]] = field(default_factory=dict)
    connections: int = 0


class RawServer:
    """Answers each request by what ``answer`` says for its path; over TLS where a context is given."""

    def __init__(self, answer: Callable[[str], Reply], tls: ssl.SSLContext | None = None) -> None:
        self.log = Log()
        self._answer = answer
        self._tls = tls
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self.port: int = self._listener.getsockname()[1]
        self._lock = threading.Lock()
        self._open: set[socket.socket] = set()
        self._thread = threading.Thread(target=self._accept, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            for each in self._open:
                with contextlib.suppress(OSError):
                    each.shutdown(socket.SHUT_RDWR)

    def _accept(self) -> None:
        while True:
            try:
                connection, _ = self._listener.accept()
            except OSError:
                return
            connection.settimeout(PATIENCE)
            with self._lock:
                self._open.add(connection)
                self.log.connections += 1
                number = self.log.connections
            threading.Thread(target=self._serve, args=(connection, number), daemon=True).start()

    def _serve(self, bare: socket.socket, number: int) -> None:
        connection = bare
        with contextlib.suppress(OSError):
            bare.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            if self._tls is not None:
                connection = self._tls.wrap_socket(bare, server_side=True)
            while (request := _read_request(connection)) and self._reply(connection, number, request):
                pass
        with self._lock:
            self._open.discard(bare)
        with contextlib.suppress(OSError):
            connection.close()

    def _reply(self, connection: socket.socket, number: int, request: bytes) -> bool:
        """Answer a request; whether the connection is for another one."""
        if request.startswith(TLS_HANDSHAKE):
            connection.sendall(b"HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n")
            return False
        path = request.split(b" ", 2)[1].decode("ascii")
        reply = self._answer(path)
        crossing = Crossing(number, request)
        with self._lock:
            self.log.crossings.setdefault(path, []).append(crossing)
        for piece in reply.pieces:
            crossing.sent += piece
            connection.sendall(piece)
        match reply.end:
            case End.RESET:
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                socket.socket.close(connection)  # of TLS, too: no close_notify
            case End.CLOSE if isinstance(connection, ssl.SSLSocket):
                connection.unwrap()
            case End.HANG:
                while connection.recv(4096):
                    pass
            case _:
                pass
        return reply.end is End.KEEP


def _read_request(connection: socket.socket) -> bytes:
    received = b""
    while b"\r\n\r\n" not in received and not received.startswith(TLS_HANDSHAKE):
        piece = connection.recv(65536)
        if not piece:
            return b""
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    for line in head.split(b"\r\n"):
        if line.lower().startswith(b"content-length:"):
            while len(body) < int(line.partition(b":")[2]):
                body += connection.recv(65536)
    return head + b"\r\n\r\n" + body
