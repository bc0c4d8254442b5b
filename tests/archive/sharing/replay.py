"""pywb in a process of its own: it replays collections on a loopback port."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from peers import program

from archive.clock import to_datetime

TRIES = 1200  # a minute: until then it listens, or never will


@dataclass(frozen=True)
class Answer:
    """What pywb replayed."""

    status: int
    location: str | None
    body: bytes


@dataclass(frozen=True)
class Replay:
    """A running pywb."""

    port: int

    def fetch(self, collection: str, url: str, at: int) -> Answer:
        """A capture as it is stored: nothing rewritten in its body."""
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=30)
        with contextlib.closing(connection):
            when = f"{to_datetime(at):%Y%m%d%H%M%S}"
            connection.request("GET", f"/{collection}/{when}id_/{quote(url, safe=':/?&=%@[]')}")
            answer = connection.getresponse()
            return Answer(answer.status, answer.getheader("Location"), answer.read())


@contextlib.contextmanager
def replaying(directory: Path) -> Iterator[Replay]:
    """pywb over the collections of a directory; it ends with the block."""
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    with subprocess.Popen(
        [program("wayback"), "--bind", "127.0.0.1", "--port", str(port)],
        cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    ) as server:  # fmt: skip
        try:
            assert any(_listens(port) or server.poll() is not None for _ in range(TRIES))
            assert server.poll() is None, "pywb did not start"
            yield Replay(port)
        finally:
            server.terminate()


def _listens(port: int) -> bool:
    """Whether a server takes connections by now; it is given a moment where it does not."""
    with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
        return True
    time.sleep(0.05)
    return False
