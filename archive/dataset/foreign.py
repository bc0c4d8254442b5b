"""The schemas of other tools: the field names and shapes that users of news-please and trafilatura know.

news-please: the dictionary that its ``NewsArticle.get_dict`` makes (newsplease/NewsArticle.py). trafilatura: what
``build_json_output`` of version 2.3 writes (trafilatura/xml.py). A field that Presskeep does not know is null, never
made up: no simhash fingerprint, no title of the RSS entry.
"""

from __future__ import annotations

from urllib.parse import quote_plus, urlsplit

from archive.clock import to_datetime
from archive.dataset.rows import PRESSKEEP, Column, Entry, Kind, Schema, Value, list_of_article, of_article


def _host(entry: Entry) -> Value:
    return urlsplit(entry.capture.url).hostname


def _url(entry: Entry) -> Value:
    return entry.capture.url


def _nothing(entry: Entry) -> Value:
    return None


def spaced(date: str | None) -> str | None:
    """An ISO date in news-please's form: ``2026-11-24 09:30:00``, midnight for a day; an offset is kept."""
    if not date:
        return None
    day, _, clock = date.partition("T")
    if not clock:
        return f"{day} 00:00:00"
    clock = clock.replace("Z", "+00:00")
    end = next((place for place, letter in enumerate(clock) if letter in "+-"), len(clock))
    time, offset = clock[:end], clock[end:]
    return f"{day} {time}{':00' if time.count(':') == 1 else ''}{offset}"


def _downloaded(entry: Entry) -> Value:
    return to_datetime(entry.capture.at).strftime("%Y-%m-%d %H:%M:%S+00:00")


NEWSPLEASE = Schema(
    "newsplease",
    (
        Column("authors", Kind.TEXTS, "byline", list_of_article(lambda text: list(text.byline))),
        Column("date_download", Kind.TEXT, "time of the capture, UTC", _downloaded),
        Column("date_modify", Kind.TEXT, "modified", of_article(lambda text: spaced(text.modified))),
        Column("date_publish", Kind.TEXT, "published", of_article(lambda text: spaced(text.published))),
        Column("description", Kind.TEXT, "standfirst", of_article(lambda text: text.standfirst)),
        Column("filename", Kind.TEXT, "the URL, quoted, and `.json`", lambda e: quote_plus(e.capture.url) + ".json"),
        Column("image_url", Kind.TEXT, "lead image", of_article(lambda text: text.lead_image)),
        Column("language", Kind.TEXT, "two letters", of_article(lambda text: _primary(text.language))),
        Column("localpath", Kind.TEXT, "always null: the page lies in a WARC file", _nothing),
        Column("maintext", Kind.TEXT, "body, one line a block", of_article(lambda text: _lines(text.text))),
        Column("source_domain", Kind.TEXT, "host of the URL", _host),
        Column("text", Kind.TEXT, "the same as `maintext`, its older name", of_article(lambda text: _lines(text.text))),
        Column("title", Kind.TEXT, "headline", of_article(lambda text: text.headline)),
        Column("title_page", Kind.TEXT, "always null", _nothing),
        Column("title_rss", Kind.TEXT, "always null", _nothing),
        Column("url", Kind.TEXT, "URL as it was requested", _url),
    ),
)

TRAFILATURA = Schema(
    "trafilatura",
    (
        Column("title", Kind.TEXT, "headline", of_article(lambda text: text.headline)),
        Column("author", Kind.TEXT, "byline, joined by `; `", of_article(lambda text: "; ".join(text.byline) or None)),
        Column("hostname", Kind.TEXT, "host of the URL", _host),
        Column("date", Kind.TEXT, "day of publication", of_article(lambda text: (text.published or "")[:10] or None)),
        Column("fingerprint", Kind.TEXT, "always null", _nothing),
        Column("id", Kind.TEXT, "identity of the text", lambda entry: entry.identity),
        Column("license", Kind.TEXT, "always null", _nothing),
        Column("comments", Kind.TEXT, "always empty: comments are no part of an article", lambda entry: ""),
        Column("raw_text", Kind.TEXT, "body on one line", of_article(lambda text: " ".join(text.text.split()))),
        Column("text", Kind.TEXT, "body, one line a block", of_article(lambda text: _lines(text.text))),
        Column("language", Kind.TEXT, "two letters", of_article(lambda text: _primary(text.language))),
        Column("image", Kind.TEXT, "lead image", of_article(lambda text: text.lead_image)),
        Column("pagetype", Kind.TEXT, "always `article` for an article", of_article(lambda text: str(text.verdict))),
        Column("filedate", Kind.TEXT, "day of the capture", lambda e: to_datetime(e.capture.at).strftime("%Y-%m-%d")),
        Column("source", Kind.TEXT, "URL as it was requested", _url),
        Column("source-hostname", Kind.TEXT, "name of the site", of_article(lambda text: text.site_name)),
        Column("excerpt", Kind.TEXT, "standfirst", of_article(lambda text: text.standfirst)),
        Column("categories", Kind.TEXT, "section", of_article(lambda text: text.section or "")),
        Column("tags", Kind.TEXT, "tags, joined by `;`", of_article(lambda text: ";".join(text.tags))),
    ),
)

SCHEMAS = {schema.name: schema for schema in (PRESSKEEP, NEWSPLEASE, TRAFILATURA)}


def _primary(language: str | None) -> str | None:
    return language.split("-")[0].lower() if language else None


def _lines(text: str) -> str:
    return text.replace("\n\n", "\n")
