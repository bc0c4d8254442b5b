"""The server: uvicorn on one socket or two, with limits on what a client may hold up."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from typing import Any

import uvicorn
from starlette.types import ASGIApp, Receive, Scope, Send
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from archive.errors import UsageError
from archive.replay.guard import MAX_HEAD, MAX_TARGET
from archive.replay.settings import bracketed

CONNECTIONS = 512  # at one time; more are told to come again
HEAD_WITHIN = 15.0  # seconds in which a request's head must be whole
TAKEN_WITHIN = 60.0  # seconds in which a client must take some of what waits for it
IDLE = 15  # seconds for which a connection is kept without a request
GRACE = 5  # seconds for answers on their way when the server ends
_TCP, _NODELAY = 6, 1  # IPPROTO_TCP and TCP_NODELAY, the same on all systems


class Bounded(HttpToolsProtocol):
    """uvicorn's protocol, which waits for ever and keeps all that it is sent, with limits in time and bytes."""

    _waiting: Any = None
    _stuck: Any = None
    _size = 0

    def connection_made(self, transport: Any) -> None:  # noqa: ANN401 - asyncio's
        """Begin to wait for a head."""
        super().connection_made(transport)
        # asyncio does that only for sockets whose protocol was named when they were made, which uvicorn's was not.
        # Without it each answer waits 40 ms for the client to acknowledge its head.
        transport.get_extra_info("socket").setsockopt(_TCP, _NODELAY, 1)
        self._await_head()

    def connection_lost(self, exc: Exception | None) -> None:
        """Wait for nothing more."""
        self._forget()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """Bytes came: of a head, only so many are kept until it is whole."""
        super().data_received(data)
        if self._waiting is not None:
            self._size += len(data)
            if self._size > 2 * (MAX_HEAD + MAX_TARGET):  # of what is a little too much, the guard tells
                self._end()

    def on_message_begin(self) -> None:
        """A head begins."""
        if self._waiting is None:
            self._await_head()
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        """The head is whole."""
        self._size = 0
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None
        super().on_headers_complete()

    def pause_writing(self) -> None:
        """The client takes nothing for now."""
        super().pause_writing()
        self._stuck = self._stuck or self.loop.call_later(TAKEN_WITHIN, self._end)

    def resume_writing(self) -> None:
        """It takes something again."""
        if self._stuck is not None:
            self._stuck.cancel()
            self._stuck = None
        super().resume_writing()

    def _await_head(self) -> None:
        self._waiting = self.loop.call_later(HEAD_WITHIN, self._end)

    def _forget(self) -> None:
        for one in (self._waiting, self._stuck):
            if one is not None:
                one.cancel()
        self._waiting = self._stuck = None

    def _end(self) -> None:
        self._forget()
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()


class ByPort:
    """ASGI: one application for each port that one server listens on; the life of all of them is that of the first."""

    def __init__(self, applications: Mapping[int, ASGIApp]) -> None:
        self._applications = dict(applications)
        self._first = next(iter(self._applications.values()))

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Hand a request to the application whose port it came in by."""
        server = scope.get("server")
        chosen = self._applications.get(server[1], self._first) if server else self._first
        await chosen(scope, receive, send)


def bound(host: str, port: int) -> Any:  # noqa: ANN401 - a socket; this package opens none itself
    """A listening socket; port 0 is any that is free. Raises UsageError where it cannot be had."""
    logger = logging.getLogger("uvicorn.error")
    said, logger.disabled = logger.disabled, True
    try:
        return _configured(_nothing, host, port).bind_socket()
    except SystemExit as error:  # uvicorn's way of telling it
        raise UsageError(
            f"{bracketed(host)}:{port} cannot be listened on (in use, or not an address of this machine): "
            "give another with --port or --host"
        ) from error
    finally:
        logger.disabled = said


class Announced(uvicorn.Server):
    """A server that says when it listens: before that, nobody is answered and no signal ends it in order."""

    def __init__(self, config: uvicorn.Config, ready: Callable[[], None]) -> None:
        super().__init__(config)
        self._ready = ready

    async def startup(self, sockets: list[Any] | None = None) -> None:
        """Begin to listen."""
        await super().startup(sockets)
        if self.started:
            self._ready()


def server(app: ASGIApp, ready: Callable[[], None] = lambda: None) -> uvicorn.Server:
    """A server of an application; ``run`` takes the sockets, and ``ready`` is called when it listens."""
    return Announced(_configured(app), ready)


async def _nothing(_scope: Scope, _receive: Receive, _send: Send) -> None:
    """An application that is never asked."""


def _configured(app: ASGIApp, host: str = "127.0.0.1", port: int = 0) -> uvicorn.Config:
    return uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="asyncio",
        http=Bounded,
        ws="none",
        lifespan="on",
        log_config=None,
        access_log=False,
        proxy_headers=False,
        server_header=False,
        limit_concurrency=CONNECTIONS,
        timeout_keep_alive=IDLE,
        timeout_graceful_shutdown=GRACE,
    )
