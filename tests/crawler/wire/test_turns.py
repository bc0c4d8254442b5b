"""Two processes, one host: whose turn it is, by the server's own log."""

from __future__ import annotations

import threading
import time
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import pytest
from fetched import Fetching
from rawserver import RawServer, Reply

from crawler.state import State

pytestmark = pytest.mark.slow  # processes of their own

DELAY = 1.0  # seconds
PATIENCE = 120.0  # seconds that a loaded machine may take for what takes two
HOST = "shared.example"
OK = Reply((b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok",))


class Seen:
    """A server's log: when each path was asked for, in seconds."""

    def __init__(self) -> None:
        self.at: dict[str, float] = {}
        self._news = threading.Condition()

    def __call__(self, path: str) -> Reply:
        with self._news:
            self.at[path] = time.monotonic()
            self._news.notify_all()
        return OK

    def waited(self, path: str, seconds: float) -> bool:
        """Whether a path is asked for within so many seconds."""
        with self._news:
            return self._news.wait_for(lambda: path in self.at, seconds)


def test_a_request_that_leaves_late_moves_the_turn_of_another_process(tmp_path: Path) -> None:
    seen, state, found = Seen(), tmp_path / "state.sqlite", tmp_path / "found"

    def process(name: str, port: int, **settings: Any) -> Fetching:
        directory = tmp_path / name
        directory.mkdir()
        chain: list[dict[str, Any]] = [
            {"url": f"http://ready.example:{port}/ready-{name}"},
            {"url": f"http://{HOST}:{port}/{name}", "meta": {"presskeep_delay": DELAY}},
        ]
        return Fetching(
            directory, [chain], allow_loopback=True, settings={"PRESSKEEP_STATE": str(state), **settings}, read=False
        )

    with RawServer(seen) as server, ExitStack() as stack:
        State(state).close()
        late = {"TWISTED_DNS_RESOLVER": "names.Late", "LATE_NAME": HOST, "LATE_UNTIL": str(found)}
        first = process("first", server.port, **late)
        stack.callback(first.process.kill)
        assert seen.waited("/ready-first", PATIENCE)
        with State(state) as memory:
            deadline = time.monotonic() + PATIENCE
            while not memory.read("SELECT 1 FROM hosts WHERE claim <> ''"):
                assert time.monotonic() < deadline, "it takes no turn"
                time.sleep(0.02)
        second = process("second", server.port, **{**late, "LATE_NAME": ""})
        stack.callback(second.process.kill)
        assert seen.waited("/ready-second", PATIENCE)
        assert not seen.waited("/second", 2 * DELAY), "the first one's request is on its way"
        found.touch()
        for one in (first, second):
            assert [said["status"] for said in one.finish().seen] == [200, 200]
    # The server's threads may note the first one late, but never by as much on a machine that runs at all.
    assert seen.at["/second"] - seen.at["/first"] > DELAY / 2
