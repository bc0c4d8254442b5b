"""Platforms: the systems that sites are made with, told by their front page, and where each keeps its feeds."""

from __future__ import annotations

import re
from dataclasses import dataclass

from crawler.sites import SourceKind

# Signs stand in the head, or in the addresses of the first scripts and pictures.
_WITHIN = 300_000
_FEED, _SITEMAP, _NEWS = SourceKind.FEED, SourceKind.SITEMAP, SourceKind.NEWS_SITEMAP


@dataclass(frozen=True, slots=True)
class Platform:
    """A system with its signs in a page, and its usual places: kind, path, and what is there."""

    name: str
    signs: re.Pattern[str]
    places: tuple[tuple[SourceKind, str, str], ...]


def _platform(name: str, signs: str, *places: tuple[SourceKind, str, str]) -> Platform:
    said = re.escape(name)
    generator = (
        rf"""<meta\b[^>]{{0,80}}\bgenerator["'\s][^>]{{0,80}}\b{said}\b"""
        rf"""|<meta\b[^>]{{0,80}}\bcontent=["']?{said}\b[^>]{{0,80}}\bgenerator\b"""
    )
    return Platform(name, re.compile(f"{generator}|{signs}" if signs else generator, re.IGNORECASE), places)


PLATFORMS = (
    _platform(
        "WordPress",
        r"/wp-(?:content|includes)/",
        (_NEWS, "/news-sitemap.xml", "Yoast's news plug-in"),
        (_SITEMAP, "/sitemap_index.xml", "Yoast's plug-in"),
        (_SITEMAP, "/wp-sitemap.xml", "its own sitemap, since 5.5"),
        (_FEED, "/feed/", "its feed"),
    ),
    _platform(
        "Arc XP",
        r"/pf/resources/|fusion-app|/arc/outboundfeeds/|\bFusion\.arcSite\b",
        (_NEWS, "/arc/outboundfeeds/news-sitemap/?outputType=xml", "its news sitemap"),
        (_NEWS, "/arc/outboundfeeds/sitemap-news/?outputType=xml", "its news sitemap under another name"),
        (_SITEMAP, "/arc/outboundfeeds/sitemap-index/?outputType=xml", "its sitemap index"),
        (_FEED, "/arc/outboundfeeds/rss/?outputType=xml", "its feed"),
    ),
    _platform(
        "Ghost",
        r"/ghost/api/|@tryghost/|data-ghost=",
        (_SITEMAP, "/sitemap.xml", "its sitemap index"),
        (_SITEMAP, "/sitemap-posts.xml", "its sitemap of posts"),
        (_FEED, "/rss/", "its feed"),
    ),
    _platform(
        "Drupal",
        r"/sites/default/files/|data-drupal-|drupal-settings-json",
        (_SITEMAP, "/sitemap.xml", "where its sitemap modules put it"),
        (_FEED, "/rss.xml", "the feed of its front page"),
    ),
    _platform(
        "Joomla",
        r"/media/(?:system|vendor/joomla\w*)/js/|/components/com_\w",
        (_SITEMAP, "/index.php?option=com_osmap&view=xml&id=1", "OSMap's sitemap"),
        (_FEED, "/?format=feed&type=rss", "the feed of its front page"),
        (_FEED, "/index.php?format=feed&type=rss", "the same, where addresses are not rewritten"),
    ),
    _platform(
        "Blogger",
        r"//www\.blogger\.com/|\.blogspot\.com/feeds/|\.bp\.blogspot\.com/",
        (_SITEMAP, "/sitemap.xml", "its sitemap"),
        (_FEED, "/feeds/posts/default", "its feed"),
    ),
    _platform(
        "Substack",
        r"//substackcdn\.com/",
        (_SITEMAP, "/sitemap.xml", "its sitemap"),
        (_FEED, "/feed", "its feed"),
    ),
    _platform(
        "TYPO3",
        r"/typo3(?:conf|temp)/",
        (_SITEMAP, "/sitemap.xml", "its sitemap"),
        (_SITEMAP, "/?type=1533906435", "its sitemap, where addresses are not rewritten"),
        (_FEED, "/?type=9818", "the feed of its news extension"),
    ),
    _platform(
        "Squarespace",
        r"//static1\.squarespace\.com/",
        (_SITEMAP, "/sitemap.xml", "its sitemap"),
        (_FEED, "/?format=rss", "the feed of its front page"),
        (_FEED, "/news?format=rss", "the feed of a page called news"),
    ),
    _platform(
        "Wix",
        r"//static\.wixstatic\.com/|//static\.parastorage\.com/",
        (_SITEMAP, "/sitemap.xml", "its sitemap index"),
        (_FEED, "/blog-feed.xml", "its feed"),
    ),
    _platform(
        "BLOX",
        r"//bloximages\.|/tncms/",
        (_NEWS, "/tncms/sitemap/news.xml", "its news sitemap"),
        (_FEED, "/search/?f=rss&t=article&l=50&s=start_time&sd=desc", "its search as a feed, the newest first"),
    ),
    _platform(
        "Plone",
        r"\+\+plone\+\+",
        (_SITEMAP, "/sitemap.xml.gz", "its sitemap"),
        (_FEED, "/news/RSS", "the feed of its news folder"),
    ),
    _platform(
        "SPIP",
        r"/spip\.php\?",
        (_SITEMAP, "/sitemap.xml", "its sitemap"),
        (_FEED, "/spip.php?page=backend", "its feed"),
    ),
    _platform(
        "Medium",
        r"//cdn-client\.medium\.com/",
        (_SITEMAP, "/sitemap/sitemap.xml", "its sitemap index"),
        (_FEED, "/feed", "its feed"),
    ),
    _platform("Hugo", "", (_SITEMAP, "/sitemap.xml", "its sitemap"), (_FEED, "/index.xml", "its feed")),
    _platform(
        "Jekyll", "", (_SITEMAP, "/sitemap.xml", "its sitemap plug-in"), (_FEED, "/feed.xml", "its feed plug-in")
    ),
    _platform("Movable Type", "", (_FEED, "/atom.xml", "its feed"), (_FEED, "/index.xml", "its RSS feed")),
)
_BY_NAME = {one.name: one for one in PLATFORMS}


def platforms_of(text: str) -> tuple[str, ...]:
    """The names of the platforms whose signs a front page bears; mostly one or none. Linear in its length."""
    text = text[:_WITHIN]
    return tuple(one.name for one in PLATFORMS if one.signs.search(text))


def places_of(names: tuple[str, ...]) -> list[tuple[SourceKind, str, str]]:
    """The usual places of platforms, each with the reason why it is tried."""
    return [
        (kind, path, f"{name}: {what}, and the front page bears its signs")
        for name in names
        for kind, path, what in _BY_NAME[name].places
    ]
