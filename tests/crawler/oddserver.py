"""A server on loopback that answers as a test says, host by host, and notes what it was asked."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Self

ALLOW_ALL = b"User-agent: *\nDisallow:\n"


@dataclass(frozen=True)
class Odd:
    """An answer: status, entity and further fields."""

    status: int = 200
    body: bytes = b""
    fields: Mapping[str, str] | None = None


@dataclass(frozen=True)
class Seen:
    """A request as the server saw it; ``at`` is in seconds of a monotonic clock."""

    host: str
    path: str
    at: float
    fields: Mapping[str, str]


Answers = Mapping[str, Odd | bytes | Callable[[int], Odd]]


class OddServer:
    """Serves while the context lasts. ``answers`` maps ``host/path`` to what is answered; anything else is a 404.

    A function gets how often the same was asked before. robots.txt allows everything where nothing else is said.
    """

    def __init__(self, answers: Answers) -> None:
        self.answers = answers
        self.seen: list[Seen] = []
        server = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_GET(self) -> None:
                host = (self.headers["Host"] or "").partition(":")[0]
                before = sum((one.host, one.path) == (host, self.path) for one in server.seen)
                server.seen.append(Seen(host, self.path, time.monotonic(), dict(self.headers.items())))
                odd = server.answer(host, self.path, before)
                self.send_response(odd.status)
                self.send_header("Content-Length", str(len(odd.body)))
                for name, value in {"Content-Type": "text/html; charset=utf-8", **(odd.fields or {})}.items():
                    self.send_header(name, value)
                self.end_headers()
                self.wfile.write(odd.body)

            def log_message(self, *_: object) -> None:
                pass

        self._server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.05,), daemon=True)

    def answer(self, host: str, path: str, before: int) -> Odd:
        """What is answered."""
        found = self.answers.get(f"{host}{path}")
        if found is None:
            return Odd(200, ALLOW_ALL) if path == "/robots.txt" else Odd(404, b"nothing here")
        if isinstance(found, bytes):
            return Odd(200, found)
        return found(before) if callable(found) else found

    @property
    def address(self) -> str:
        """Where a name must lead to come here, as ``[network.resolve]`` says it: no TLS is spoken."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def resolve(self, *hosts: str) -> dict[str, str]:
        """These names, leading here."""
        return dict.fromkeys(hosts, self.address)

    def paths(self, host: str) -> list[str]:
        """What was asked of a host, in its order."""
        return [one.path for one in self.seen if one.host == host]

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()
