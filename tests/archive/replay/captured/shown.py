"""Both applications of an archive as they are really served, on two free ports of loopback, and one that counts."""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import httpx

from archive.replay.application import application
from archive.replay.captured.application import captured_application
from archive.replay.captured.targets import Use, address
from archive.replay.listening import ByPort, bound, server
from archive.replay.settings import Settings
from archive.replay.together import joined
from archive.store import Archive

from .hostile import AT, HOST


@dataclass(frozen=True)
class Shown:
    """The two origins; ``client`` follows no redirects."""

    app: str
    frames: str
    client: httpx.Client

    def address(self, path: str, use: Use = Use.PAGE, at: int = AT) -> str:
        """Where an archived file is shown."""
        return self.frames + address(f"{HOST}{path}", at, use)

    def get(self, path: str, use: Use = Use.PAGE, **headers: str) -> httpx.Response:
        """The answer for it; header names are written with underscores."""
        return self.client.get(
            self.address(path, use), headers={name.replace("_", "-"): one for name, one in headers.items()}
        )


@contextlib.contextmanager
def showing(path: Path, token: str | None = None, beside: Sequence[Path] = ()) -> Iterator[Shown]:
    """Serve the archive in a directory, and others beside it."""
    sockets = [bound("127.0.0.1", 0), bound("127.0.0.1", 0)]
    port, frames = (one.getsockname()[1] for one in sockets)
    opened = [Archive.open(one) for one in (path, *beside)]
    service = joined(opened, Settings(port=port, captured_port=frames, token=token))
    running = server(ByPort({port: application(service), frames: captured_application(service)}))
    thread = threading.Thread(target=running.run, args=(sockets,), name="shown")
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        with httpx.Client(timeout=20) as client:
            yield Shown(f"http://127.0.0.1:{port}", f"http://127.0.0.1:{frames}", client)
    finally:
        running.should_exit = True
        thread.join(20)
        assert not thread.is_alive()


@dataclass
class Sink:
    """A port that nobody should connect to: ``seen`` are the first bytes of whoever did."""

    port: int
    seen: list[bytes] = field(default_factory=list)


@contextlib.contextmanager
def sink() -> Iterator[Sink]:
    """Listen while the context lasts."""
    with socket.create_server(("127.0.0.1", 0)) as listening:
        listening.settimeout(0.1)
        made = Sink(listening.getsockname()[1])
        ended = threading.Event()

        def listen() -> None:
            while not ended.is_set():
                with contextlib.suppress(TimeoutError):
                    connection, _ = listening.accept()
                    with connection:
                        connection.settimeout(0.5)
                        with contextlib.suppress(TimeoutError, ConnectionError):
                            made.seen.append(b"")
                            made.seen[-1] = connection.recv(200)

        thread = threading.Thread(target=listen, name="sink")
        thread.start()
        try:
            yield made
        finally:
            ended.set()
            thread.join(5)
