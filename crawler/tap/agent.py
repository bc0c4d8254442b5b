"""The agent: one Scrapy request, sent with a tape running."""

from __future__ import annotations

from typing import Any, TypeVar

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.utils._download_handlers import normalize_bind_address
from twisted.internet.defer import Deferred
from twisted.web.client import Agent
from twisted.web.http_headers import Headers

from archive.exchange import Truncation
from crawler.addresses import Guard, GuardedEndpoints
from crawler.tap.connection import MAX_HEAD, Pool, TapedRequest, TappedConnection
from crawler.tap.tape import Tape

_T = TypeVar("_T")


class _TapedAgent(Agent):
    """Twisted's agent for one request: it takes a connection from the pool and sends on it, recorded."""

    def __init__(self, endpoints: GuardedEndpoints, pool: Pool, tape: Tape) -> None:
        self._init(endpoints.reactor, endpoints, pool)
        self._tape = tape
        self._bind = endpoints.bind

    def _requestWithEndpoint(
        self,
        key: tuple[Any, ...],
        endpoint: Any,
        method: bytes,
        parsedURI: Any,
        headers: Headers | None,
        bodyProducer: Any,
        requestPath: bytes,
    ) -> Deferred[Any]:
        # Host stands first, as RFC 9110 (section 7.2) asks for.
        fields = Headers()
        host = self._computeHostValue(parsedURI.scheme, parsedURI.host, parsedURI.port)
        given = headers or Headers()
        fields.setRawHeaders(b"Host", given.getRawHeaders(b"Host") or [host])
        for name, values in given.getAllRawHeaders():
            if name != b"Host":
                fields.setRawHeaders(name, values)
        request = TapedRequest(method, requestPath, fields, bodyProducer, self._tape)

        def send(connection: TappedConnection) -> Deferred[Any]:
            return connection.perform(request)

        connected: Deferred[Any] = self._pool.getConnection((*key, self._bind), endpoint)
        return connected.addCallback(send)


class TapAgent(_ScrapyAgent):
    """Scrapy's agent (time-outs, size limits, signals) over connections that record.

    One serves one request. Proxies are not for it. ``patience`` is how many seconds a connection may take, and then
    its TLS handshake.
    """

    def __init__(
        self,
        crawler: Crawler,
        tape: Tape,
        *,
        guard: Guard,
        policy: Any,
        pool: Pool,
        timeout: float,
        patience: float,
        maxsize: int,
        warnsize: int,
        fail_on_dataloss: bool,
        bind: str | tuple[str, int] | None,
    ) -> None:
        super().__init__(
            contextFactory=policy,
            connectTimeout=timeout,
            bindAddress=bind,
            pool=pool,
            maxsize=maxsize,
            warnsize=warnsize,
            fail_on_dataloss=fail_on_dataloss,
            crawler=crawler,
        )
        self._tape = tape
        self._guard = guard
        self._patience = patience

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        bind = normalize_bind_address(request.meta.get("bindaddress") or self._bindAddress)
        patience = min(timeout, self._patience)
        endpoints = GuardedEndpoints(reactor, self._guard, self._contextFactory, patience, bind, self._note_address)
        self._tape.patience = patience
        maxsize = request.meta.get("download_maxsize", self._maxsize)
        # Scrapy counts the body's own bytes; chunks of one byte with long extensions would weigh a thousand times more.
        self._tape.limit = maxsize + MAX_HEAD if maxsize else 0
        assert isinstance(self._pool, Pool)
        return _TapedAgent(endpoints, self._pool, self._tape)

    def _note_address(self, address: str) -> None:
        self._tape.ip = address

    def _cb_timeout(self, result: _T, request: Request, url: str, timeout: float) -> _T:
        expiry: Any = self._timeout_cl
        if not expiry.active() and self._tape.cut is None:
            self._tape.cut = Truncation.TIME
        return super()._cb_timeout(result, request, url, timeout)
