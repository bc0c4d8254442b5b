"""The agent: one Scrapy request, sent with a tape running."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, TypeVar

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import _ScrapyAgent
from scrapy.crawler import Crawler
from scrapy.exceptions import DownloadTimeoutError
from scrapy.utils._download_handlers import normalize_bind_address
from twisted.internet.defer import Deferred
from twisted.web.client import Agent
from twisted.web.http_headers import Headers

from archive.exchange import Truncation
from crawler.addresses import Guard, GuardedEndpoints
from crawler.tap.connection import MAX_HEAD, Pool, TapedRequest, TappedConnection
from crawler.tap.tape import Tape

_T = TypeVar("_T")
_LOOK = 1.0  # seconds between two looks at how an exchange goes on


@dataclass(frozen=True, slots=True)
class Pace:
    """How an exchange must go on, in seconds and bytes.

    ``connect`` is for the connection, and again for its TLS handshake; ``first`` from then to the first byte of an
    answer; of that, ``rate`` bytes for each second must come in each ``span`` of seconds. 0 is no limit.
    """

    connect: float
    first: float = 0.0
    rate: float = 0.0
    span: float = 0.0


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

    One serves one request. Proxies are not for it.
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
        pace: Pace,
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
        self._pace = pace
        self._watch: Any = None  # the next look
        self._since = 0.0  # by the reactor's clock: when it was to answer, then when the span began
        self._had = 0  # bytes at that time
        self._looked = 0.0
        self._slow = ""  # why it was ended before its time

    def _get_agent(self, request: Request, timeout: float) -> Agent:
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        bind = normalize_bind_address(request.meta.get("bindaddress") or self._bindAddress)
        patience = min(timeout, self._pace.connect)
        endpoints = GuardedEndpoints(reactor, self._guard, self._contextFactory, patience, bind, self._note_address)
        self._tape.patience = patience
        maxsize = request.meta.get("download_maxsize", self._maxsize)
        # Scrapy counts the body's own bytes; chunks of one byte with long extensions would weigh a thousand times more.
        self._tape.limit = maxsize + MAX_HEAD if maxsize else 0
        assert isinstance(self._pool, Pool)
        clock: Any = reactor
        self._looked = clock.seconds()
        self._watch = clock.callLater(_LOOK, self._look, clock)
        return _TapedAgent(endpoints, self._pool, self._tape)

    def _note_address(self, address: str) -> None:
        self._tape.ip = address

    def _look(self, reactor: Any) -> None:
        """End the exchange where nothing comes, or too little."""
        tape, pace, now = self._tape, self._pace, reactor.seconds()
        late = now - self._looked > 2 * _LOOK + 1  # this process stood still: what came meanwhile is yet to be read
        self._looked = now
        if tape.sent_at is not None and tape.secured:
            if not self._since or late or (tape.size and not self._had):
                self._since, self._had = now, tape.size
            elif not tape.size and pace.first and now - self._since >= pace.first:
                self._slow = f"no byte of an answer within {pace.first:g} s"
            elif tape.size and pace.span and now - self._since >= pace.span:
                if tape.size - self._had < pace.rate * pace.span:
                    self._slow = f"fewer than {pace.rate:g} bytes a second for {pace.span:g} s"
                self._since, self._had = now, tape.size
        expiry: Any = self._timeout_cl
        if self._slow and expiry.active():
            expiry.reset(0)  # its time-out comes now
        elif tape.running:
            self._watch = reactor.callLater(_LOOK, self._look, reactor)

    def _cb_timeout(self, result: _T, request: Request, url: str, timeout: float) -> _T:
        if self._watch is not None and self._watch.active():
            self._watch.cancel()
        expiry: Any = self._timeout_cl
        if not expiry.active() and self._tape.cut is None:
            self._tape.cut = Truncation.TIME
        try:
            return super()._cb_timeout(result, request, url, timeout)
        except DownloadTimeoutError as error:
            if self._slow:
                raise DownloadTimeoutError(f"{url}: {self._slow}") from error
            raise
