"""Drawing as Scrapy sees it: the downloader middleware that has a page drawn once its answer has come.

What the page asks for goes through the same downloader as everything: robots.txt, the address guard, turns, limits and
the tap, and is archived as requisites of the page. The page as it was drawn is archived beside them, in the role in
which it was asked for.
"""

from __future__ import annotations

from typing import NoReturn, Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured
from scrapy.http import Response
from scrapy.http.request import NO_CALLBACK

from archive import clock
from archive.errors import ConfigurationError, PayloadRefused
from archive.exchange import Attempt, Drawn, NoAnswer, Origin, Role
from crawler.capturing import Capturing
from crawler.downloading import waiting
from crawler.drawing.browser import Browser
from crawler.drawing.lasting import Kept, Lasting
from crawler.drawing.replies import asked_fields, drawn_response, reply_of
from crawler.drawing.sheet import Halted, NotDrawn, Picture, Reply, Wanted
from crawler.manners import FETCH_ERRORS
from crawler.urls import Scope

# What a page's own request passes on to those of its requisites. Its scope is not: files lie on other hosts.
_PASSED_ON = (
    *("presskeep_delay", "presskeep_width", "presskeep_mask", "presskeep_keep_secrets"),
    "download_timeout",
)
_COOKIES = ("cookiejar", "dont_merge_cookies")


class Drawing:
    """The middleware, before all others: it sees answers last.

    It draws where the wire has set ``presskeep_drawable``: the reservations of a page that is to be drawn.
    """

    def __init__(self, crawler: Crawler, capturing: Capturing) -> None:
        self._crawler = crawler
        self._capturing = capturing
        self._lasting = Lasting()
        self._browser: Browser | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The middleware for a crawler; raises NotConfigured where nothing is captured."""
        capturing = crawler.get_extension(Capturing)
        if capturing is None:
            raise NotConfigured("nothing is captured")
        drawing = cls(crawler, capturing)
        crawler.signals.connect(drawing.close, signal=signals.engine_stopped)
        return drawing

    def halted(self) -> bool:
        """Whether the crawl ends."""
        return self._capturing.closing or not self._capturing.ready

    def paused(self) -> bool:
        """Whether it waits for room."""
        return self._capturing.paused

    def close(self) -> None:
        """End the browser with the crawl."""
        if self._browser is not None:
            self._browser.close()

    async def process_response(self, request: Request, response: Response) -> Response:
        """The response with the page as it was drawn; raises IgnoreRequest, the attempt recorded, where it was not."""
        reservations: tuple[str, ...] | None = request.meta.pop("presskeep_drawable", None)
        if reservations is None:
            return response
        browser = self._browser = self._browser or Browser(self._capturing.archive.configuration)
        page = _Page(self._crawler, self._lasting, request)
        begun = clock.now()
        try:
            first = reply_of(response)
            with waiting(self._crawler.engine.downloader):
                picture = await browser.draw(request.url, first, page.fetch, self, page.given.clear)
        except Halted:
            request.meta.pop("presskeep_capture", None)  # whose answer is not that of an article
            raise IgnoreRequest(f"the crawl is stopping: {request.url} was not drawn") from None
        except (NotDrawn, ConfigurationError, PayloadRefused) as error:
            await self._not_drawn(request, str(error))
        await self._keep(request, page, picture, browser.name, begun, reservations)
        return drawn_response(response, picture)

    async def _keep(
        self, request: Request, page: _Page, picture: Picture, by: str, begun: int, reservations: tuple[str, ...]
    ) -> None:
        origin, now = self._capturing.origin(request), clock.now()
        drawn = Drawn(
            *(request.url.partition("#")[0], now, picture.page, by, ()),
            without=picture.without,
            cut=picture.cut,
            duration=now - begun,
            reservations=reservations,
            origin=origin,
        )
        # A request of its own, in whose meta its capture is named; and where those are named that it was made from.
        beside = Request(request.url, callback=NO_CALLBACK, meta={"presskeep_made_from": [request, *page.given]})
        await self._capturing.kept(drawn, beside)

    async def _not_drawn(self, request: Request, why: str) -> NoReturn:
        attempt = Attempt(
            request.url,
            clock.now(),
            NoAnswer.NOT_DRAWN,
            why,
            origin=self._capturing.origin(request),
        )
        await self._capturing.kept(attempt, request)
        raise IgnoreRequest(f"{request.url} was not drawn: {why}")


class _Page:
    """What one page asks for while it is drawn; ``given`` are the requests whose answers it got, in their order."""

    def __init__(self, crawler: Crawler, lasting: Lasting, request: Request) -> None:
        self._crawler = crawler
        self._lasting = lasting
        self._request = request
        self._origin: Origin = request.meta["presskeep_origin"]
        self.given: list[Request] = []

    async def fetch(self, wanted: Wanted, limit: int) -> Reply | None:
        """The answer to a request, of so many bytes at most; None where there is none, which is recorded."""
        if wanted.lasting:
            site = self._origin.site or ""
            kept = await self._lasting.once(site, wanted.url, lambda: self._answered(wanted, limit))
        else:
            kept = await self._answered(wanted, limit)
        if kept is None:
            return None
        self.given.append(kept.request)
        return kept.reply

    async def _answered(self, wanted: Wanted, limit: int) -> Kept | None:
        request = self._asked(wanted, limit)
        try:
            response = await self._crawler.engine.download_async(request)
            reply = reply_of(response, limit)
        except (*FETCH_ERRORS, PayloadRefused):
            return None
        # What came another way than over the wire could not be followed to its bytes.
        return Kept(reply, request) if "presskeep_capture" in request.meta else None

    def _asked(self, wanted: Wanted, limit: int) -> Request:
        of_page, meta = self._origin, self._request.meta
        scope: Scope | None = meta.get("presskeep_scope")
        own = scope is not None and scope.in_scope(wanted.url)
        # Cookies of a site that wants them are for its own hosts.
        cookies = {key: meta[key] for key in _COOKIES if key in meta} if own else {"dont_merge_cookies": True}
        origin = Origin(
            site=of_page.site,
            run=of_page.run,
            role=Role.REQUISITE,
            via=self._request.url,
            source="drawing",
            hops=of_page.hops + "E",
        )
        return Request(
            wanted.url.partition("#")[0],
            headers=asked_fields(wanted.fields),
            callback=NO_CALLBACK,
            dont_filter=True,
            meta={
                **{key: meta[key] for key in _PASSED_ON if key in meta},
                **cookies,
                "presskeep_origin": origin,
                "download_maxsize": min(limit, meta.get("download_maxsize", limit)),
                "dont_redirect": True,  # the browser follows, and asks for the target
                "dont_retry": True,
            },
        )
