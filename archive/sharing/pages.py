"""Pages: what a package is entered through, with titles and the clean text, which replay tools search.

One line a page and state of it: where the same URL gave the same payload again, the first capture stands for all.
"""

from __future__ import annotations

import html
import json
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from archive.article import Article, from_json
from archive.capture import Capture
from archive.clock import to_datetime
from archive.errors import PresskeepError
from archive.exchange import Role
from archive.warc.fields import target_uri

HEADER = {"format": "json-pages-1.0", "id": "pages", "title": "All Pages", "hasText": True}
# What readers open by themselves. Of what was fetched for no stated purpose, as in files of other writers, only what
# the cleaner took for an article: frames and answers to scripts are HTML, too.
_ENTERED = frozenset({Role.ARTICLE, Role.FRONT, Role.SECTION})
_HTML = frozenset({"text/html", "application/xhtml+xml"})
_TITLE = re.compile(r"<title\b[^>]*>([^<]{0,2000})", re.IGNORECASE)
_LOOK = 256 * 1024  # characters in which a title is looked for
_LONGEST = 300  # characters of a title


@dataclass(frozen=True, slots=True)
class Page:
    """One line of the list of pages."""

    capture: Capture
    title: str
    text: str | None

    @property
    def url(self) -> str:
        """The URL as record and index have it."""
        return target_uri(self.capture.url)

    @property
    def date(self) -> str:
        """The time of the capture to the second, as the index has it."""
        return f"{to_datetime(self.capture.at):%Y-%m-%dT%H:%M:%SZ}"

    def line(self) -> bytes:
        """The line, with its line feed."""
        said = {
            "id": self.capture.id.removeprefix("urn:uuid:"),
            "url": self.url,
            "ts": self.date,
            "title": self.title,
            **({"text": self.text} if self.text else {}),
        }
        return (json.dumps(said, ensure_ascii=False) + "\n").encode("utf-8", "replace")


def pages(captures: Iterable[tuple[Capture, str | None]]) -> Iterator[Page]:
    """The pages among captures, which come ordered by key and time, each with its text as canonical JSON."""
    key, seen = "", set[str]()
    for capture, canonical in captures:
        if capture.key != key:
            key, seen = capture.key, set()
        if not _is_html(capture) or capture.payload_digest in seen:
            continue
        text = from_json(canonical) if canonical is not None else None
        article = text if isinstance(text, Article) else None
        if article is None and capture.role not in _ENTERED:
            continue
        if capture.payload_digest is not None:
            seen.add(capture.payload_digest)
        yield Page(capture, _title(capture, article), _text(article))


def _is_html(capture: Capture) -> bool:
    shown = capture.referent if capture.status == 304 and capture.referent is not None else capture
    return capture.method == "GET" and shown.status == 200 and shown.mime in _HTML


def _text(article: Article | None) -> str | None:
    if article is None:
        return None
    return "\n\n".join(part for part in (article.headline, article.standfirst, article.text) if part)


def _title(capture: Capture, article: Article | None) -> str:
    """The headline; of what is no article, the title that the page gives itself, or its URL."""
    if article is not None and article.headline:
        return article.headline
    from archive.cleaning.charset import decode  # noqa: PLC0415 - only pages without a headline need it

    try:
        message = capture.representation()
        text, _ = decode(message.decoded()[:_LOOK], message.charset)
    except (PresskeepError, OSError):
        return target_uri(capture.url)
    found = _TITLE.search(text)
    title = " ".join(html.unescape(found[1]).split())[:_LONGEST] if found else ""
    return title or target_uri(capture.url)
