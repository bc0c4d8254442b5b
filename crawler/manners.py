"""Manners: the downloader middleware that asks robots.txt, paces, and lets a host rest. It takes the place of Scrapy's.

Every request passes it, of a spider of ours, of a site's own, and every redirect. What robots.txt disallows becomes an
attempt in the archive, and is never fetched; what was taken down, likewise.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Self, TypeVar
from urllib.parse import urlsplit

from scrapy import Request
from scrapy.core.downloader import Slot
from scrapy.crawler import Crawler
from scrapy.exceptions import (
    CannotResolveHostError,
    DownloadCancelledError,
    DownloadConnectionRefusedError,
    DownloadFailedError,
    DownloadTimeoutError,
    IgnoreRequest,
    NotConfigured,
    NotSupported,
    ResponseDataLossError,
)
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive import clock
from archive.errors import PayloadRefused
from archive.event import StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role
from archive.url import host as host_of
from crawler.capturing import Capturing
from crawler.decoded import decoded
from crawler.downloading import waiting
from crawler.marking import dress, site_of
from crawler.names import is_ours
from crawler.politeness import Pacing, Resting, asked_rest
from crawler.remembering import Remembering
from crawler.robots import (
    MAX_HOPS,
    Access,
    Robots,
    after_answer,
    after_failure,
    origin_of,
    product_token,
)
from crawler.scheduling.articles import OVERLOADED
from crawler.tdmrep import PATH as TDMREP
from crawler.tdmrep import TdmRule, reservations_of_host
from crawler.urls import resolve
from crawler.walk import REDIRECTS

_T = TypeVar("_T")

# What is mined of a site, its articles: for their sake alone a host is asked for its tdmrep.json.
_MINED = frozenset({Role.ARTICLE, Role.FURTHER, Role.OTHER})

# What a download can fail with. Each has been recorded by the wire before it is raised.
FETCH_ERRORS = (
    IgnoreRequest,
    CannotResolveHostError,
    DownloadConnectionRefusedError,
    DownloadTimeoutError,
    DownloadCancelledError,
    DownloadFailedError,
    ResponseDataLossError,
    NotSupported,
    OSError,
)


class NotAllowed(IgnoreRequest):
    """A request that is not sent, for a reason that stands in the archive as an attempt."""


class Manners:
    """The middleware, after `crawler.hops.Hops` and before all others.

    Reads ``presskeep_delay`` (the site's own, in seconds) and sets it to the delay that holds, with robots.txt's
    crawl-delay: that only lengthens, and does not count for a delay of 0, which is for loopback alone.
    ``presskeep_width`` is the number of requests under way at once on the host.
    """

    def __init__(self, crawler: Crawler, capturing: Capturing, pacing: Pacing) -> None:
        self._crawler = crawler
        self._capturing = capturing
        self._pacing = pacing
        self._agent = product_token(crawler.settings["USER_AGENT"])
        self._taken_down = capturing.archive.taken_down()
        self._asking: dict[str, asyncio.Future[Robots]] = {}
        self._looking: dict[str, asyncio.Future[tuple[TdmRule, ...]]] = {}

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The middleware for a crawler; raises NotConfigured where nothing is captured or paced."""
        capturing, pacing = crawler.get_extension(Capturing), crawler.get_extension(Pacing)
        if capturing is None or pacing is None or crawler.get_extension(Remembering) is None:
            raise NotConfigured("manners need the extensions Capturing, Pacing and Remembering")
        return cls(crawler, capturing, pacing)

    async def process_request(self, request: Request) -> None:
        """Let a request pass, or raise NotAllowed."""
        if "presskeep_origin" not in request.meta:
            dress(request, site_of(self._crawler.spider))
        origin: Origin = request.meta["presskeep_origin"]
        delay = float(request.meta.setdefault("presskeep_delay", 0.0))
        if origin.role is not Role.ROBOTS:  # whose rules hold for what is fetched, whatever was taken down
            if self._taken_down(request.url):
                await self._refuse(request, NoAnswer.TAKEDOWN, "it was taken down: see 'presskeep takedown --list'")
            robots = await self._robots_of(request)
            refused = robots.refusal(request.url, self._agent)
            if refused is not None:
                unknown = NoAnswer.OTHER if robots.access is Access.UNREACHABLE else None
                request.meta["presskeep_cause"] = robots.failure or unknown
                await self._refuse(request, NoAnswer.ROBOTS, refused)
            if delay > 0:
                request.meta["presskeep_delay"] = max(delay, robots.delay(self._agent))
            rules = await self._tdmrep_of(request, robots, ask=origin.role in _MINED)
            said = reservations_of_host(rules, request.url), robots.usage(request.url, self._agent)
            request.meta["presskeep_reserved"] = (*said[0], *said[1])
        host = host_of(request.url)
        self._have_slot(request, host)
        try:
            self._pacing.pacer.check(host)
        except Resting as error:
            await self._refuse(request, NoAnswer.BUDGET, str(error))

    async def process_exception(self, request: Request, exception: Exception) -> None:
        """Record that a request was given up because its host began to rest while it waited."""
        if isinstance(exception, Resting):
            await self._refuse(request, NoAnswer.BUDGET, str(exception))

    async def process_response(self, request: Request, response: Response) -> Response:
        """Let the host rest where it says that it is overloaded."""
        host, now, reservations = host_of(request.url), clock.now(), self._pacing.pacer.reservations
        if response.status in OVERLOADED:
            field = response.headers.get("Retry-After")
            rest = asked_rest(field.decode("latin-1") if field else None, now)
            await self._capturing.patiently(lambda: reservations.strike(host, now, rest))
        elif response.status < 500:
            await self._capturing.patiently(lambda: reservations.pardon(host))
        return response

    async def _refuse(self, request: Request, reason: NoAnswer, detail: str) -> None:
        attempt = Attempt(
            request.url, clock.now(), reason, detail, method=request.method, origin=self._capturing.origin(request)
        )
        await self._capturing.kept(attempt, request)
        raise NotAllowed(f"{request.url}: {detail}")

    def _have_slot(self, request: Request, host: str) -> None:
        """One place on each host, whatever site asks; more only where there is no delay."""
        slots = self._crawler.engine.downloader.slots
        width = int(request.meta.get("presskeep_width", 1))
        request.meta["download_slot"] = host
        slot = slots.get(host)
        if slot is None:
            slots[host] = Slot(width, 0.0, 0.0)
        else:
            slot.concurrency = width

    async def _robots_of(self, request: Request) -> Robots:
        """The robots.txt that holds for a request."""
        origin = origin_of(request.url)
        known = self._remembering().robots.get(origin, clock.now())
        if known is not None:
            return known
        return await self._once(self._asking, origin, lambda: self._fetch(origin, request))

    async def _fetch(self, origin: str, request: Request) -> Robots:
        robots = await self._ask(origin, request)
        if is_ours(robots.failure, self._capturing.archive.configuration.network):
            return robots  # which says nothing of the host: it is asked again once the network is back
        return await self._capturing.patiently(lambda: self._remembering().robots.put(robots))

    async def _tdmrep_of(self, request: Request, robots: Robots, *, ask: bool) -> tuple[TdmRule, ...]:
        """What the host of a request reserves, where robots.txt lets that be read; as far as is known, or asked for."""
        origin = origin_of(request.url)
        known = self._remembering().tdmrep.get(origin, clock.now())
        if known is not None:
            return known
        if not ask or robots.refusal(origin + TDMREP, self._agent) is not None:
            return ()
        return await self._once(self._looking, origin, lambda: self._look(origin, request))

    async def _once(
        self, asking: dict[str, asyncio.Future[_T]], origin: str, ask: Callable[[], Coroutine[None, None, _T]]
    ) -> _T:
        """What a host says of itself, asked for once, however many requests wait for it."""
        under_way = asking.get(origin)
        if under_way is None:
            under_way = asking[origin] = asyncio.ensure_future(ask())
            under_way.add_done_callback(lambda _: asking.pop(origin, None))
        with waiting(self._crawler.engine.downloader):
            return await asyncio.shield(under_way)

    async def _look(self, origin: str, request: Request) -> tuple[TdmRule, ...]:
        _, came = await self._follow(f"{origin}{TDMREP}", request, "tdmrep")
        body: bytes | None = None
        if isinstance(came, Response) and came.status < 500 and came.status != 429:
            try:
                body = decoded(came).body if came.status == 200 else b""
            except PayloadRefused:
                body = b""
        memory = self._remembering().tdmrep
        return await self._capturing.patiently(lambda: memory.put(origin, clock.now(), body))

    def _remembering(self) -> Remembering:
        remembering = self._crawler.get_extension(Remembering)
        assert remembering is not None
        return remembering

    def _of_host(self, url: str, request: Request, source: str, via: str | None, hops: str) -> Request:
        """A request for what a host says of itself, before this one."""
        given: Origin = request.meta["presskeep_origin"]
        return Request(
            url,
            callback=NO_CALLBACK,
            dont_filter=True,
            priority=1000,
            meta={
                **{key: value for key, value in request.meta.items() if key in _PASSED_ON},
                "presskeep_origin": Origin(
                    site=given.site, run=given.run, role=Role.ROBOTS, via=via, source=source, hops=hops
                ),
                "dont_redirect": True,
                "dont_retry": True,
            },
        )

    async def _ask(self, origin: str, request: Request) -> Robots:
        """Fetch a robots.txt; the rules hold for the origin that was asked first, wherever redirects lead."""
        asked, came = await self._follow(f"{origin}/robots.txt", request, "robots")
        if not isinstance(came, Response):
            stored: StoredAttempt | None = asked.meta.get("presskeep_attempt")
            if stored is not None:
                return after_failure(origin, clock.now(), stored.attempt.reason, _words(stored.attempt))
            return after_failure(origin, clock.now(), NoAnswer.DISCONNECT, f"its answer was cut: {came}")
        try:
            return after_answer(origin, clock.now(), came.status, decoded(came).body)
        except PayloadRefused as error:
            return Robots(origin, clock.now(), Access.UNREACHABLE, str(error))

    async def _follow(self, url: str, request: Request, source: str) -> tuple[Request, Response | Exception]:
        """Fetch what a host says of itself, following redirects to any host (RFC 9309, section 2.3.1.2; TDMRep).

        The last request, and what came of it. Raises where nothing is known of it because the crawl stops.
        """
        given: Origin = request.meta["presskeep_origin"]
        asked = self._of_host(url, request, source, given.via, given.hops + "I")
        for _ in range(MAX_HOPS + 1):
            try:
                response = await self._crawler.engine.download_async(asked)
            except FETCH_ERRORS as error:
                if "presskeep_attempt" not in asked.meta and "presskeep_capture" not in asked.meta:
                    raise
                return asked, error
            location = response.headers.get("Location")
            target = resolve(response.url, location.decode("utf-8", "replace")) if location else None
            if response.status not in REDIRECTS or target is None:
                break
            hops = asked.meta["presskeep_origin"].hops + "R"
            onward = self._of_host(target, request, source, response.url, hops)
            if source == "tdmrep" and not await self._may_look(onward):
                break
            asked = onward
        return asked, response

    async def _may_look(self, request: Request) -> bool:
        """Whether a redirect from a tdmrep.json is worth following: to JSON, not to a front page, and if allowed."""
        if not urlsplit(request.url).path.endswith(".json"):
            return False
        return (await self._robots_of(request)).refusal(request.url, self._agent) is None


_PASSED_ON = frozenset(
    {"presskeep_delay", "presskeep_width", "presskeep_mask", "presskeep_keep_secrets", "download_timeout"}
)


def _words(attempt: Attempt) -> str:
    return f"{attempt.reason}: {attempt.detail}" if attempt.detail else str(attempt.reason)
