"""pywb in a process of its own: it replays collections on a loopback port."""

from __future__ import annotations

import contextlib
import http.client
import socket
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from peers import program

from archive.clock import to_datetime


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
        cwd=directory, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True,
    ) as server:  # fmt: skip
        try:
            assert server.stderr is not None
            said = ""
            for line in server.stderr:  # it ends where the server does
                said += line
                if f"on {port}" in line:
                    break
            else:
                raise AssertionError(f"pywb did not start: {said}")
            yield Replay(port)
        finally:
            server.terminate()
