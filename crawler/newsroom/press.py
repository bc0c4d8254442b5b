"""What a fictional site answers to a path, at a visit."""

from __future__ import annotations

import mimetypes
from dataclasses import replace
from datetime import datetime

from crawler.newsroom import feeds, rendering
from crawler.newsroom.answer import Answer, page, redirect
from crawler.newsroom.site import SITES, Site

_KINDS = {".woff2": "font/woff2"}  # which Python has only since 3.14
STATIC = ("/wp-content/uploads/2026/11/", "/wp-content/themes/")


def answer_of(site: Site, path: str, visit: int, today: datetime) -> Answer:
    """The site's answer; ``path`` without the query, which changes nothing here."""
    words = site.words
    if path in words["redirects"]:
        return redirect(f"{site.base}{words['redirects'][path]}")
    made = _document(site, path, visit, today) or _articles(site, path, visit, today) or _static(site, path)
    if made:
        return made
    if not path.endswith("/") and _articles(site, f"{path}/", visit, today):
        return redirect(f"{site.base}{path}/")
    lost = words["not_found"]
    return page(rendering.notice(site, lost["title"], lost["text"], today), 404)


def _document(site: Site, path: str, visit: int, today: datetime) -> Answer | None:
    """The pages of fixed address: robots, feeds, sitemaps, front page, notices."""
    words = site.words
    if path == "/":
        return page(rendering.front_page(site, visit, today))
    if path == "/robots.txt":
        return page(words["robots"].lstrip(), content_type="text/plain")
    if path in words["feeds"]:
        feed, articles = words["feeds"][path], site.articles(visit)
        return Answer(
            content_type=feed["type"],
            body=feeds.MAKERS[feed["kind"]](site, articles),
            modified=max(article.modified for article in articles),
            packed=feed["kind"] != "packed_sitemap",
        )
    if path in words["notices"]:
        text = words["notices"][path]
        return page(rendering.notice(site, text["title"], text["text"], today))
    return None


def _articles(site: Site, path: str, visit: int, today: datetime) -> Answer | None:
    """An article, or a list of them."""
    articles = site.articles(visit)
    for article in articles:
        if article.path == path:
            text = rendering.article_page(site, article, visit, today)
            # A page in an old charset says so in its own head only, as pages of that age do.
            old = article.encoding != "utf-8"
            made = page(
                text, content_type="text/html" if old else "text/html; charset=UTF-8", encoding=article.encoding
            )
            return replace(made, modified=article.modified, chunked=article.chunked)
    kind, _, slug = path.strip("/").partition("/")
    paths = site.words["paths"]
    if kind == paths["section"] and slug in site.sections:
        chosen = [article for article in articles if article.section == slug]
        return page(rendering.listing(site, site.sections[slug], path, chosen, today))
    if kind == paths["author"] and slug in site.authors:
        chosen = [article for article in articles if article.author == slug]
        return page(rendering.listing(site, site.authors[slug].name, path, chosen, today))
    if kind == paths["tag"]:
        named = {rendering.word_slug(tag): tag for article in articles for tag in article.tags}
        if slug in named:
            chosen = [article for article in articles if named[slug] in article.tags]
            return page(rendering.listing(site, named[slug], path, chosen, today))
    return None


def _static(site: Site, path: str) -> Answer | None:
    """Stylesheets, pictures and a font. The name is looked for among the files that are there, so no path leads out."""
    if not path.startswith(STATIC):
        return None
    name = path.rpartition("/")[2]
    for file in (SITES / site.host / "static").iterdir():
        if file.name == name:
            kind = _KINDS.get(file.suffix) or mimetypes.types_map.get(file.suffix, "application/octet-stream")
            return Answer(content_type=kind, body=file.read_bytes())
    return None
