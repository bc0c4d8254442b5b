"""Discovery: bytes to URLs, pure. What feeds, sitemaps, front and section pages announce, and how to find them."""

from crawler.discovery.announcement import Announcement, parse_date
from crawler.discovery.feeds import Feed, NotAFeed, parse_feed
from crawler.discovery.listing import read_listing
from crawler.discovery.pages import Link, Page, links
from crawler.discovery.probing import Candidate, Chosen, FoundSource, Rejected, candidates, choose, judge
from crawler.discovery.shape import Shape, may_be_article, shape_of
from crawler.discovery.sitemaps import NotASitemap, Sitemap, SitemapRef, parse_sitemap, recent

__all__ = [
    "Announcement",
    "Candidate",
    "Chosen",
    "Feed",
    "FoundSource",
    "Link",
    "NotAFeed",
    "NotASitemap",
    "Page",
    "Rejected",
    "Shape",
    "Sitemap",
    "SitemapRef",
    "candidates",
    "choose",
    "judge",
    "links",
    "may_be_article",
    "parse_date",
    "parse_feed",
    "parse_sitemap",
    "read_listing",
    "recent",
    "shape_of",
]
