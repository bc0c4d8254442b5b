"""Marking: how a spider of the user's own says what its requests are, and what the others are taken for.

A site's own spider (``spider = "awkward:Spider"`` in sites.toml) yields ordinary Scrapy requests. Those for articles it
passes through `article`; everything is captured, paced and asked of robots.txt as always.
"""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any, Self

from scrapy import Request, Spider
from scrapy.crawler import Crawler
from scrapy.http import Response

from archive.exchange import Origin, Role
from archive.url import normalise
from crawler.remembering import Remembering
from crawler.sites import Render, Site
from crawler.visit import UNPACED_WIDTH


def article(request: Request, *, announced: str | None = None, again: bool = False) -> Request:
    """The same request, marked as an article's: its text is cleaned, and it is fetched once.

    ``announced`` is the date that the source gives for it, verbatim. ``again`` fetches it although the archive has it.
    """
    origin: Origin = request.meta.get("presskeep_origin") or Origin()
    request.meta["presskeep_origin"] = replace(origin, role=Role.ARTICLE, announced=announced)
    request.meta["presskeep_again"] = again
    return request


def dress(request: Request, site: Site | None, via: Response | None = None) -> Request:
    """Give a request what it lacks of its origin and its site's manners; nothing that it has is changed."""
    origin: Origin = request.meta.get("presskeep_origin") or Origin()
    if via is not None and origin.via is None:
        before: Origin = via.meta.get("presskeep_origin") or Origin()
        origin = replace(origin, via=via.url, source=origin.source or "spider", hops=before.hops + "L")
    if site is not None:
        # What is no article leads to articles, and is not cleaned.
        role = Role.SECTION if origin.role is Role.OTHER else origin.role
        origin = replace(origin, site=origin.site or site.host, role=role, source=origin.source or "spider")
        for key, value in site_meta(site).items():
            request.meta.setdefault(key, value)
    request.meta["presskeep_origin"] = origin
    return request


def site_meta(site: Site) -> dict[str, Any]:
    """What a site asks of each of its requests, as the wire, the manners and Scrapy read it."""
    cookies = {"cookiejar": site.host} if site.cookies else {"dont_merge_cookies": True}
    return {
        "presskeep_scope": site.scope,
        "presskeep_delay": site.delay,
        "presskeep_width": UNPACED_WIDTH if site.delay == 0 else 1,
        "presskeep_mask": site.mask,
        "presskeep_keep_secrets": site.keep_secrets,
        "presskeep_render": site.render is Render.BROWSER,
        **cookies,
    }


class Marking:
    """The spider middleware that dresses the requests of a site's own spider, and drops articles that are known."""

    def __init__(self, crawler: Crawler) -> None:
        self._crawler = crawler

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The middleware for a crawler."""
        return cls(crawler)

    async def process_start(self, start: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Dress what the spider starts with."""
        async for one in start:
            if not isinstance(one, Request) or self._wanted(one, None):
                yield one

    async def process_spider_output(self, response: Response, result: AsyncIterator[Any]) -> AsyncIterator[Any]:
        """Dress what the spider found on a page."""
        async for one in result:
            if not isinstance(one, Request) or self._wanted(one, response):
                yield one

    def _wanted(self, request: Request, via: Response | None) -> bool:
        site = site_of(self._crawler.spider)
        if site is None:
            return True
        dress(request, site, via)
        origin: Origin = request.meta["presskeep_origin"]
        if origin.role is not Role.ARTICLE or request.meta.get("presskeep_again"):
            return True
        remembering = self._crawler.get_extension(Remembering)
        return remembering is None or not remembering.frontier.is_done(site.host, normalise(request.url))


def site_of(spider: Spider | None) -> Site | None:
    """The site whose own spider this is; None for all others."""
    site = getattr(spider, "site", None)
    return site if isinstance(site, Site) else None
