"""Feeds and sitemaps of the newsroom: RSS 2.0 in WordPress's manner, Atom, sitemaps plain, packed and indexed."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Sequence
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from xml.sax.saxutils import escape

from crawler.newsroom.manuscript import Kind, Manuscript, plain
from crawler.newsroom.rendering import address
from crawler.newsroom.site import Site

FEED_ITEMS = 10  # what WordPress puts into a feed unless told otherwise
# Google's news sitemaps list the last two days; a week keeps a fictional site with few articles from an empty one.
NEWS_DAYS = timedelta(days=7)
_SITEMAPS = "http://www.sitemaps.org/schemas/sitemap/0.9"


def _excerpt(article: Manuscript, paragraphs: int = 1) -> list[str]:
    found = [plain(passage.text) for passage in article.passages if passage.kind is Kind.PARAGRAPH]
    return found[:paragraphs]


def rss(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """RSS 2.0 with the content, dc, atom and sy modules, excerpts only, dates in UTC as WordPress gives them."""
    items = []
    for article in articles[:FEED_ITEMS]:
        url = escape(address(site, article))
        tags = "".join(f"\t\t<category><![CDATA[{tag}]]></category>\n" for tag in article.tags)
        text = "".join(f"<p>{escape(paragraph)}</p>\n" for paragraph in _excerpt(article, 2))
        more = f'<p>The post <a href="{url}">{escape(article.headline)}</a> appeared first on {escape(site.name)}.</p>'
        items.append(
            f"\t<item>\n\t\t<title>{escape(article.headline)}</title>\n\t\t<link>{url}</link>\n"
            f"\t\t<comments>{url}#respond</comments>\n"
            f"\t\t<dc:creator><![CDATA[{site.authors[article.author].name}]]></dc:creator>\n"
            f"\t\t<pubDate>{format_datetime(article.published.astimezone(UTC))}</pubDate>\n"
            f"\t\t<category><![CDATA[{site.sections[article.section]}]]></category>\n{tags}"
            f'\t\t<guid isPermaLink="false">{site.base}/?p={article.number}</guid>\n'
            f"\t\t<description><![CDATA[{article.standfirst} [&#8230;]]]></description>\n"
            f"\t\t<content:encoded><![CDATA[{text}{more}]]></content:encoded>\n\t</item>\n"
        )
    return _channel(site, site.name, "/feed/", max(article.published for article in articles), "".join(items))


def comments_rss(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """The feed of comments that WordPress announces beside the real one: its links are articles with a fragment."""
    items = []
    for article in articles[:3]:
        comment = site.words["comments"][article.number % len(site.words["comments"])]
        when = format_datetime((article.published + timedelta(hours=3)).astimezone(UTC))
        items.append(
            f"\t<item>\n\t\t<title>Comment on {escape(article.headline)} by {escape(comment['name'])}</title>\n"
            f"\t\t<link>{escape(address(site, article))}#comment-{article.number}1</link>\n"
            f"\t\t<dc:creator><![CDATA[{comment['name']}]]></dc:creator>\n\t\t<pubDate>{when}</pubDate>\n"
            f"\t\t<description><![CDATA[{comment['text']}]]></description>\n\t</item>\n"
        )
    last = max(article.published for article in articles)
    return _channel(site, f"Comments for {site.name}", "/comments/feed/", last, "".join(items))


def _channel(site: Site, title: str, path: str, built: datetime, items: str) -> bytes:
    return (
        '<?xml version="1.0" encoding="UTF-8"?><rss version="2.0"\n'
        '\txmlns:content="http://purl.org/rss/1.0/modules/content/"\n'
        '\txmlns:dc="http://purl.org/dc/elements/1.1/"\n\txmlns:atom="http://www.w3.org/2005/Atom"\n'
        '\txmlns:sy="http://purl.org/rss/1.0/modules/syndication/">\n<channel>\n'
        f"\t<title>{escape(title)}</title>\n"
        f'\t<atom:link href="{site.base}{path}" rel="self" type="application/rss+xml" />\n'
        f"\t<link>{site.base}/</link>\n\t<description>{escape(site.words['tagline'])}</description>\n"
        f"\t<lastBuildDate>{format_datetime(built.astimezone(UTC))}</lastBuildDate>\n"
        f"\t<language>{site.language}</language>\n\t<sy:updatePeriod>hourly</sy:updatePeriod>\n"
        f"\t<sy:updateFrequency>1</sy:updateFrequency>\n\t<generator>https://wordpress.org/?v=6.8</generator>\n"
        f"{items}</channel>\n</rss>\n"
    ).encode()


def atom(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """Atom (RFC 4287) with published and updated dates apart, summaries only."""
    updated = max(article.modified for article in articles).isoformat()
    entries = []
    for article in articles[:FEED_ITEMS]:
        url = escape(address(site, article))
        language = f' xml:lang="{article.language}"' if article.language else ""
        entries.append(
            f"\t<entry{language}>\n\t\t<author><name>{escape(site.authors[article.author].name)}</name></author>\n"
            f'\t\t<title type="html"><![CDATA[{escape(article.headline)}]]></title>\n'
            f'\t\t<link rel="alternate" type="text/html" href="{url}" />\n'
            f"\t\t<id>{site.base}/?p={article.number}</id>\n\t\t<updated>{article.modified.isoformat()}</updated>\n"
            f"\t\t<published>{article.published.isoformat()}</published>\n"
            f'\t\t<category scheme="{site.base}/" term="{escape(site.sections[article.section])}" />\n'
            f'\t\t<summary type="html"><![CDATA[{escape(article.standfirst)}]]></summary>\n'
            f'\t\t<link rel="replies" type="text/html" href="{url}#comments" />\n\t</entry>\n'
        )
    return (
        '<?xml version="1.0" encoding="UTF-8"?><feed xmlns="http://www.w3.org/2005/Atom"\n'
        f'\txml:lang="{site.language}">\n\t<title type="text">{escape(site.name)}</title>\n'
        f'\t<subtitle type="text">{escape(site.words["tagline"])}</subtitle>\n\t<updated>{updated}</updated>\n'
        f'\t<link rel="alternate" type="text/html" href="{site.base}/" />\n\t<id>{site.base}/feed/atom/</id>\n'
        f'\t<link rel="self" type="application/atom+xml" href="{site.base}/feed/atom/" />\n'
        f"{''.join(entries)}</feed>\n"
    ).encode()


def sitemap(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """A sitemap of all articles with the date of their last change (sitemaps.org, protocol 0.9)."""
    urls = "".join(
        f"\t<url>\n\t\t<loc>{escape(address(site, article))}</loc>\n"
        f"\t\t<lastmod>{article.modified.isoformat()}</lastmod>\n\t</url>\n"
        for article in articles
    )
    return f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAPS}">\n{urls}</urlset>\n'.encode()


def packed_sitemap(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """The same as a gzip file: a packed entity, not a content coding."""
    return gzip.compress(sitemap(site, articles), mtime=0)


def news_sitemap(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """A news sitemap: the newest articles with publication, language, date and title."""
    newest = max(article.published for article in articles)
    urls = "".join(
        f"\t<url>\n\t\t<loc>{escape(address(site, article))}</loc>\n\t\t<news:news>\n\t\t\t<news:publication>\n"
        f"\t\t\t\t<news:name>{escape(site.name)}</news:name>\n"
        f"\t\t\t\t<news:language>{(article.language or site.language)[:2]}</news:language>\n"
        f"\t\t\t</news:publication>\n"
        f"\t\t\t<news:publication_date>{article.published.isoformat()}</news:publication_date>\n"
        f"\t\t\t<news:title>{escape(article.headline)}</news:title>\n\t\t</news:news>\n"
        f"\t\t<lastmod>{article.modified.isoformat()}</lastmod>\n\t</url>\n"
        for article in articles
        if newest - article.published <= NEWS_DAYS
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<urlset xmlns="{_SITEMAPS}"\n'
        f'\txmlns:news="http://www.google.com/schemas/sitemap-news/0.9">\n{urls}</urlset>\n'
    ).encode()


def sitemap_index(site: Site, articles: Sequence[Manuscript]) -> bytes:
    """The index of the sitemaps that the site's declaration names."""
    changed = max(article.modified for article in articles).isoformat()
    maps = "".join(
        f"\t<sitemap>\n\t\t<loc>{site.base}{path}</loc>\n\t\t<lastmod>{changed}</lastmod>\n\t</sitemap>\n"
        for path, feed in site.words["feeds"].items()
        if feed["kind"] in {"packed_sitemap", "news_sitemap"}
    )
    return (
        f'<?xml version="1.0" encoding="UTF-8"?>\n<sitemapindex xmlns="{_SITEMAPS}">\n{maps}</sitemapindex>\n'.encode()
    )


MAKERS: dict[str, Callable[[Site, Sequence[Manuscript]], bytes]] = {
    "rss": rss,
    "comments_rss": comments_rss,
    "atom": atom,
    "sitemap": sitemap,
    "packed_sitemap": packed_sitemap,
    "news_sitemap": news_sitemap,
    "sitemap_index": sitemap_index,
}
