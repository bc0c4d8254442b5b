"""Listings: what stands behind the URL of a feed or sitemap, whichever of the two it turns out to be."""

from __future__ import annotations

from crawler.discovery.feeds import Feed, NotAFeed, parse_feed
from crawler.discovery.sitemaps import NotASitemap, Sitemap, parse_sitemap


def read_listing(body: bytes, url: str, charset: str | None = None) -> Feed | Sitemap | NotASitemap | NotAFeed:
    """The sitemap or feed in these bytes, told by what they are and not by what they were declared.

    robots.txt may name a feed as a sitemap (sitemaps.org allows it), and people mix the two up. Never raises.
    """
    sitemap = parse_sitemap(body, url, charset)
    if isinstance(sitemap, Sitemap):
        return sitemap
    feed = parse_feed(body, url, charset)
    if isinstance(feed, Feed):
        return feed
    # The sitemap's reason tells of gzip, bombs and DOCTYPEs; the feed's of JSON, and of feeds that cannot be read.
    return feed if body.lstrip().startswith(b"{") or sitemap.reason == "it is a feed" else sitemap
