"""The wire: Scrapy's download handler for http and https that records every exchange exactly as it crossed.

``DOWNLOAD_HANDLERS = {"http": "crawler.wire.Wire", "https": "crawler.wire.Wire"}``. It reads these keys of a request's
meta: ``presskeep_origin`` (`archive.exchange.Origin`), ``presskeep_mask`` (names of request fields to mask),
``presskeep_keep_secrets`` (mask nothing), ``presskeep_confirms`` (the id of the capture whose validators it carries),
``presskeep_delay`` (seconds between two requests on this host), ``presskeep_render`` (a page is drawn before it is an
article: `crawler.drawing.middleware`), and Scrapy's ``download_timeout``,
``download_maxsize``, ``download_fail_on_dataloss`` and ``bindaddress``. It writes ``presskeep_capture``, the id of the
capture that was added, or ``presskeep_attempt``, the `archive.event.StoredAttempt` with the reason why there is none.
"""

from __future__ import annotations

import asyncio
import contextlib
import logging
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TypeVar
from urllib.parse import urldefrag

from scrapy import Request
from scrapy.core.downloader.handlers.http11 import HTTP11DownloadHandler
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    DownloadFailedError,
    IgnoreRequest,
    NotConfigured,
    NotSupported,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.utils._download_handlers import get_dataloss_msg, wrap_twisted_exceptions
from scrapy.utils.defer import maybe_deferred_to_future
from twisted.internet.defer import Deferred, maybeDeferred
from twisted.internet.error import ConnectError, ConnectionClosed
from twisted.python.failure import Failure
from twisted.web._newclient import RequestNotSent, _WrapperException

from archive import clock
from archive.errors import ArchiveBusy, StorageFull
from archive.exchange import Attempt, Exchange, NoAnswer, Role
from archive.url import host as host_of
from crawler.capturing import Capturing
from crawler.downloading import under_way
from crawler.drawing.replies import is_drawable
from crawler.politeness import SECOND, Pacing
from crawler.reserving import noticed
from crawler.tap.agent import Pace, TapAgent
from crawler.tap.connection import Pool
from crawler.tap.masking import masked
from crawler.tap.outcome import fact
from crawler.tap.tape import Tape
from crawler.tap.trust import Trust

logger = logging.getLogger(__name__)

_T = TypeVar("_T")
# The turn stays as it was reserved, a delay after the one before, where what would move it cannot be written.
_AS_RESERVED = contextlib.suppress(StorageFull, ArchiveBusy)
# Seconds between two looks at whether the crawl stops, while a request waits for its turn: Scrapy has no signal for it.
_LOOK = 0.2


class NotSent(IgnoreRequest):
    """A request that was not sent because the crawl stops: nothing is known of it, and nothing is recorded."""


class Wire(HTTP11DownloadHandler):
    """The download handler. Every request that reaches it ends as one exchange or one attempt, or is not sent at all.

    Needs the `Capturing` extension. Responses are what Scrapy's own handler makes of the same bytes.
    """

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        capturing = crawler.get_extension(Capturing)
        if capturing is None:
            raise NotConfigured(
                "crawler.wire needs the extension crawler.capturing.Capturing: load both by"
                ' ADDONS = {"crawler.capturing.CaptureAddon": 500}'
            )
        self._capturing: Capturing = capturing
        self._pacing = crawler.get_extension(Pacing)
        from twisted.internet import reactor  # noqa: PLC0415 - importing it installs one

        pool = Pool(reactor, persistent=True)
        pool.maxPersistentPerHost = self._pool.maxPersistentPerHost
        self._pool: Pool = pool
        self._timeout = crawler.settings.getfloat("DOWNLOAD_TIMEOUT")
        # Foreign projects have no such setting.
        self._pace = Pace(
            connect=crawler.settings.getfloat("PRESSKEEP_CONNECT_TIMEOUT", self._timeout),
            first=crawler.settings.getfloat("PRESSKEEP_FIRST_BYTE_TIMEOUT"),
            rate=crawler.settings.getfloat("PRESSKEEP_MIN_RATE"),
            span=crawler.settings.getfloat("PRESSKEEP_RATE_SPAN"),
        )
        authorities = crawler.settings.get("PRESSKEEP_CA_FILE")
        self._trust = Trust(Path(authorities) if authorities else None)

    async def download_request(self, request: Request) -> Response:
        """Fetch a request and keep its exchange.

        Raises NotSent when the crawl stops, `crawler.capturing.NotStored` when the archive took no more bytes, and
        otherwise what Scrapy's handler raises, after the attempt or the cut exchange was recorded.
        """
        self._refuse_when_stopping(request)
        if request.meta.get("proxy"):
            await self._refuse_proxy(request)
        await self._wait_turn(request)
        while self._capturing.paused:
            await self._wait_for_room(request)
            await self._wait_turn(request)  # its turn went by, and others may have had theirs
        tape = Tape()
        tape.leaving = partial(self._left, request)
        agent = TapAgent(
            self._crawler,
            tape,
            guard=self._capturing.guard,
            policy=self._trust,
            pool=self._pool,
            timeout=self._timeout,
            pace=self._pace,
            maxsize=self._default_maxsize,
            warnsize=self._default_warnsize,
            fail_on_dataloss=self._fail_on_dataloss,
            bind=self._bind_address,
        )
        fetched: Deferred[Response] = maybeDeferred(agent.download_request, request)
        fetched.addBoth(self._keep, request, tape)
        try:
            with under_way(self._crawler.engine.downloader, tape), wrap_twisted_exceptions():
                return await maybe_deferred_to_future(fetched)
        except (_WrapperException, RequestNotSent, ConnectError, ConnectionClosed, ValueError) as error:
            # Scrapy lets these through as they are; whoever asked should need to know Scrapy's exceptions only.
            raise DownloadFailedError(str(error)) from error
        except ResponseDataLossError:
            if not self._fail_on_dataloss_warned:
                logger.warning(get_dataloss_msg(request.url))
                self._fail_on_dataloss_warned = True
            raise

    def _keep(self, result: _T, request: Request, tape: Tape) -> _T | Deferred[_T]:
        """Record what the tape holds, whatever the fetch ended with, and pass that on; in a pause, at its end."""
        tape.stop()
        self._over(request, tape)
        error = result.value if isinstance(result, Failure) else None
        sent, names = _stored(tape.request(), request)
        confirms: str | None = request.meta.get("presskeep_confirms")
        origin = self._capturing.origin(request)
        url = urldefrag(request.url).url
        what = fact(url, request.method, tape, error, origin=origin, request=sent, masked=names, confirms=confirms)
        if isinstance(what, Exchange):
            seen = noticed(what, request.meta.get("presskeep_reserved", ()))
            what = seen.exchange
            if seen.is_amp and origin.role is Role.ARTICLE:
                self._capturing.amp.add(what.url)
            if seen.may_be_split and self._capturing.split is not None:
                self._capturing.split.add(what.url)
            if request.meta.get("presskeep_render") and is_drawable(what):
                # What the page says is what it says as it is drawn, and that is archived as what was asked for.
                request.meta["presskeep_drawable"] = what.reservations
                what = replace(what, origin=replace(what.origin, role=Role.REQUISITE))
        waiting = self._capturing.keep(what, request)
        return result if waiting is None else Deferred.fromFuture(waiting).addCallback(lambda _: result)

    def _left(self, request: Request) -> None:
        """The first byte of a request leaves: the next turn on its host is counted from now.

        It is in a buffer as yet, and goes to the kernel when the reactor comes round: then it is counted again. The
        first count is for a process that is killed between the two.
        """
        if self._pacing is not None:
            self._count_from_now(request, self._pacing.pacer.reservations.leaving)
            sent = self._pacing.pacer.reservations.sent
            asyncio.get_running_loop().call_later(0, self._count_from_now, request, sent)

    def _count_from_now(self, request: Request, count: Callable[[str, float, int], None]) -> None:
        if self._pacing is not None and not self._pacing.closed:
            with _AS_RESERVED:
                count(host_of(request.url), request.meta.get("presskeep_delay", 0.0), clock.now())

    def _over(self, request: Request, tape: Tape) -> None:
        """An exchange is over: a host that took long for it is given time."""
        if self._pacing is not None and not self._pacing.closed:
            delay: float = request.meta.get("presskeep_delay", 0.0)
            took = max(0, tape.stopped - tape.at) / SECOND
            with _AS_RESERVED:
                self._pacing.pacer.reservations.answered(host_of(request.url), delay, took, clock.now())

    def _refuse_when_stopping(self, request: Request) -> None:
        if self._capturing.closing or not self._capturing.ready:
            raise NotSent(f"the crawl is stopping: {request} was not sent")

    async def _refuse_proxy(self, request: Request) -> None:
        detail = "proxies are not supported: their wire format is not that of the archive"
        origin = self._capturing.origin(request)
        url = urldefrag(request.url).url
        attempt = Attempt(url, clock.now(), NoAnswer.OTHER, detail, method=request.method, origin=origin)
        await self._capturing.kept(attempt, request)
        raise NotSupported(f"{detail}: unset HTTPPROXY_ENABLED, and http_proxy in the environment")

    async def _wait_turn(self, request: Request) -> None:
        if self._pacing is None:
            return
        delay: float = request.meta.get("presskeep_delay", 0.0)
        turn = asyncio.ensure_future(self._pacing.wait(host_of(request.url), delay))
        try:
            while not turn.done():
                await asyncio.wait({turn}, timeout=_LOOK)
                self._refuse_when_stopping(request)
            turn.result()
        except StorageFull as error:  # it could not be reserved
            self._capturing.pause(error)
        finally:
            turn.cancel()

    async def _wait_for_room(self, request: Request) -> None:
        while self._capturing.paused:
            await asyncio.sleep(_LOOK)
            self._refuse_when_stopping(request)


def _stored(sent: bytes, request: Request) -> tuple[bytes, tuple[str, ...]]:
    """What is stored of a request's bytes, and the names of the fields whose values are masked."""
    if request.meta.get("presskeep_keep_secrets"):
        return sent, ()
    return masked(sent, request.meta.get("presskeep_mask", ()))
