"""Hops: what Scrapy's redirects and retries mean for the origin of a request, and where they may not lead."""

from __future__ import annotations

from dataclasses import replace
from typing import Self

from scrapy import Request
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest, NotConfigured

from archive import clock
from archive.exchange import Attempt, Origin
from crawler.capturing import Capturing
from crawler.robots import origin_of
from crawler.tap.masking import SECRET_FIELDS
from crawler.urls import Scope, refusal

# What the wire said of the request before this one; Scrapy copies the meta of a request that it redirects or retries.
_OF_ONE_EXCHANGE = ("presskeep_capture", "presskeep_attempt", "presskeep_drawable")


class OutOfScope(IgnoreRequest):
    """A request that leads where its ``presskeep_scope`` does not."""


class Hops:
    """The downloader middleware, before all others, that sees each request as it is about to be sent.

    A redirected request keeps its role and gets source ``redirect``, a further ``R`` in its hops and, as ``via``, the
    URL that redirected; one that is sent again counts in ``retry``. A request whose ``presskeep_scope``
    (`crawler.urls.Scope`) does not hold its URL is refused, and recorded as an attempt. A redirect to another origin
    leaves the fields behind that are masked in the archive: what is secret is so for the origin that it was sent to.
    """

    def __init__(self, capturing: Capturing) -> None:
        self._capturing = capturing

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The middleware for a crawler; raises NotConfigured where nothing is captured."""
        capturing = crawler.get_extension(Capturing)
        if capturing is None:
            raise NotConfigured("nothing is captured")
        return cls(capturing)

    async def process_request(self, request: Request) -> None:
        """Bring a request's origin up to date; raises OutOfScope."""
        for key in _OF_ONE_EXCHANGE:
            request.meta.pop(key, None)
        self._trace(request)
        scope: Scope | None = request.meta.get("presskeep_scope")
        if scope is None:
            return
        refused = refusal(request.url, scope)
        if refused is not None:
            origin = self._capturing.origin(request)
            attempt = Attempt(
                request.url, clock.now(), refused.reason, refused.detail, method=request.method, origin=origin
            )
            await self._capturing.kept(attempt, request)
            raise OutOfScope(f"{request.url}: {refused.detail}")

    def _trace(self, request: Request) -> None:
        urls: list[str] = request.meta.get("redirect_urls", [])
        seen = (len(urls), int(request.meta.get("retry_times", 0)))
        redirects, retries = request.meta.get("presskeep_seen", (0, 0))
        if seen == (redirects, retries):
            return
        origin: Origin = request.meta.get("presskeep_origin") or Origin()
        if seen[0] > redirects:
            if origin_of(urls[-1]) != origin_of(request.url):
                _leave_secrets(request)
            hops = origin.hops + "R" * (seen[0] - redirects)
            origin = replace(origin, via=urls[-1], source="redirect", hops=hops, retry=0)
        elif seen[1] > retries:
            origin = replace(origin, retry=origin.retry + seen[1] - retries)
        request.meta["presskeep_origin"] = origin
        request.meta["presskeep_seen"] = seen


def _leave_secrets(request: Request) -> None:
    """Scrapy leaves credentials behind, too, but knows none of the fields that a site names in ``mask``."""
    named = (name.lower().encode("latin-1", "replace") for name in request.meta.get("presskeep_mask", ()))
    for name in SECRET_FIELDS.union(named):
        request.headers.pop(name, None)
