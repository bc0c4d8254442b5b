"""An archive that is really served, on a free port of loopback, by a server in a thread of its own."""

from __future__ import annotations

import contextlib
import socket as sockets
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

import httpx

from archive.replay.application import application
from archive.replay.listening import bound, server
from archive.replay.settings import Settings
from archive.replay.together import joined
from archive.store import Archive


@dataclass(frozen=True)
class Served:
    """Where it is, and a client that follows no redirects."""

    url: str
    client: httpx.Client
    settings: Settings

    def get(self, path: str, **headers: str) -> httpx.Response:
        """The answer to a path; header names are written with underscores."""
        return self.client.get(self.url + path, headers={name.replace("_", "-"): one for name, one in headers.items()})


@contextlib.contextmanager
def served(path: Path, settings: Settings | None = None, beside: Sequence[Path] = ()) -> Iterator[Served]:
    """Serve the archive in a directory, and others beside it; they are closed with the server."""
    socket = bound("127.0.0.1", 0)
    port = socket.getsockname()[1]
    given = replace(settings or Settings(), port=port)
    running = server(application(joined([Archive.open(one) for one in (path, *beside)], given)))
    thread = threading.Thread(target=running.run, args=([socket],), name="served")
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        with httpx.Client(timeout=20) as client:
            yield Served(f"http://127.0.0.1:{port}", client, given)
    finally:
        running.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


def open_to(url: str, wait: float = 20) -> sockets.socket:
    """A connection to the server."""
    host, _, port = url.removeprefix("http://").rpartition(":")
    return sockets.create_connection((host, int(port)), timeout=wait)


def taken(connection: sockets.socket) -> bytes:
    """What comes until its end, however that comes."""
    parts = []
    with contextlib.suppress(ConnectionError):
        while part := connection.recv(65536):
            parts.append(part)
    return b"".join(parts)


def said(url: str, message: bytes, wait: float = 20) -> bytes:
    """What the server answers to bytes that no client would send, up to its end of the connection."""
    with open_to(url, wait) as connection:
        connection.sendall(message)
        return taken(connection)
