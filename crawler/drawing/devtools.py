"""A browser's pipe: Chrome's DevTools protocol as JSON messages, each ended by a zero byte.

https://chromedevtools.github.io/devtools-protocol/ — the pipe is that of ``--remote-debugging-pipe``.
"""

from __future__ import annotations

import asyncio
import contextlib
import json
import os
from collections.abc import Callable, Mapping
from itertools import count
from typing import Any

# A page of 32 MB, its characters escaped; whatever is longer is no answer to a question of ours.
LONGEST = 256 * 2**20
# Seconds for an answer; none is waited for that depends on a network.
PATIENCE = 30.0

Event = Callable[[str, Mapping[str, Any], str | None], None]


class BrowserGone(Exception):
    """The browser ended, or does not answer any more."""


class Refused(Exception):
    """The browser did not do what was asked, and says why."""


class DevTools:
    """One end of the pipe. ``heard`` gets each event: its method, what it tells, and its session."""

    def __init__(self, heard: Event) -> None:
        self._heard = heard
        self._numbers = count(1)
        self._asked: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._writer: asyncio.WriteTransport | None = None
        self._reader: asyncio.ReadTransport | None = None
        self._reading: asyncio.Task[None] | None = None
        self.gone = False

    async def open(self, read: int, write: int) -> None:
        """Take over two descriptors."""
        loop = asyncio.get_running_loop()
        stream = asyncio.StreamReader(limit=LONGEST)
        self._reader, _ = await loop.connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(stream), os.fdopen(read, "rb", 0)
        )
        self._writer, _ = await loop.connect_write_pipe(asyncio.BaseProtocol, os.fdopen(write, "wb", 0))
        self._reading = loop.create_task(self._read(stream))

    async def ask(self, method: str, session: str | None = None, /, patience: float = PATIENCE, **given: Any) -> Any:  # noqa: ANN401 - JSON
        """What the browser answers to a command; raises Refused, or BrowserGone."""
        number = self._send(method, session, given)
        answer: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._asked[number] = answer
        try:
            told = await asyncio.wait_for(answer, patience)
        except TimeoutError as error:
            raise BrowserGone(f"no answer to {method} within {patience:g} s") from error
        finally:
            self._asked.pop(number, None)
        if "error" in told:
            raise Refused(f"{method}: {told['error'].get('message', '')}"[:200])
        return told.get("result", {})

    def tell(self, method: str, session: str | None = None, /, **given: Any) -> None:  # noqa: ANN401 - JSON
        """Give a command whose answer nobody waits for."""
        with contextlib.suppress(BrowserGone):
            self._send(method, session, given)

    def close(self) -> None:
        """Close the pipe: the browser ends by it."""
        self._end()
        if self._reading is not None:
            self._reading.cancel()
        if self._reader is not None:
            self._reader.close()
        if self._writer is not None and not self._writer.is_closing():
            self._writer.abort()

    def _send(self, method: str, session: str | None, given: Mapping[str, Any]) -> int:
        if self.gone or self._writer is None or self._writer.is_closing():
            raise BrowserGone("the browser has ended")
        number = next(self._numbers)
        message: dict[str, Any] = {"id": number, "method": method, "params": given}
        if session is not None:
            message["sessionId"] = session
        self._writer.write(json.dumps(message).encode() + b"\0")
        return number

    async def _read(self, stream: asyncio.StreamReader) -> None:
        try:
            while True:
                self._take(json.loads((await stream.readuntil(b"\0"))[:-1]))
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, OSError, ValueError):
            self._end()

    def _take(self, message: dict[str, Any]) -> None:
        if "id" in message:
            waiting = self._asked.get(message["id"])
            if waiting is not None and not waiting.done():
                waiting.set_result(message)
        elif "method" in message:
            self._heard(message["method"], message.get("params", {}), message.get("sessionId"))

    def _end(self) -> None:
        if self.gone:
            return
        self.gone = True
        for waiting in self._asked.values():
            if not waiting.done():
                waiting.set_exception(BrowserGone("the browser has ended"))
        self._heard("gone", {}, None)
