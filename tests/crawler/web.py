"""A web of answers in memory, and what drives walks over it: walks know no network, so they need none."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from archive.exchange import NoAnswer
from crawler.visit import Ask, Visit
from crawler.walk import Answer, Failure, Want

T = TypeVar("T")
Page = Answer | bytes | int | Callable[[int], Answer | bytes | int]


@dataclass
class Web:
    """What is answered to a URL: a body, a status, an Answer, or a function of how often it was asked before.

    Anything else answers 404. ``asked`` grows by each want.
    """

    pages: Mapping[str, Page]
    asked: list[Want] = field(default_factory=list)

    @property
    def urls(self) -> list[str]:
        """What was asked for, in its order."""
        return [want.url for want in self.asked]

    def answer(self, want: Want) -> Answer:
        """The answer to a want."""
        page = self.pages.get(want.url, 404)
        if callable(page):
            page = page(self.urls.count(want.url))
        self.asked.append(want)
        if isinstance(page, int):
            return Answer(want.url, page)
        return page if isinstance(page, Answer) else Answer(want.url, 200, page)

    def walk(self, walk: Generator[Want, Answer, T]) -> T:
        """A walk to its end."""
        try:
            want = next(walk)
            while True:
                want = walk.send(self.answer(want))
        except StopIteration as done:
            value: T = done.value
            return value

    def visit(self, visit: Visit, most: int = 10_000) -> None:
        """A visit to its end, its questions answered in the order in which they are asked."""
        waiting: list[Ask] = visit.begin()
        while waiting and len(self.asked) < most:
            ask = waiting.pop(0)
            waiting += visit.answered_by(ask.number, self.answer(ask.want))


def moved(url: str, target: str, status: int = 301) -> Answer:
    """A redirect."""
    return Answer(url, status, location=target)


def failed(url: str, reason: NoAnswer, detail: str = "", cause: NoAnswer | None = None) -> Answer:
    """No answer."""
    return Answer(url, failure=Failure(reason, detail, cause))


def rss(*links: str, dates: tuple[str, ...] = ()) -> bytes:
    """A feed of links, with publication dates as far as they go."""
    items = "".join(
        f"<item><title>A title of some length</title><link>{link}</link>"
        + (f"<pubDate>{dates[at]}</pubDate>" if at < len(dates) else "")
        + "</item>"
        for at, link in enumerate(links)
    )
    return f'<?xml version="1.0"?><rss version="2.0"><channel><title>F</title>{items}</channel></rss>'.encode()


def sitemap(*links: str, lastmod: Mapping[str, str] | None = None) -> bytes:
    """A sitemap of links."""
    dates = lastmod or {}
    urls = "".join(
        f"<url><loc>{link}</loc>" + (f"<lastmod>{dates[link]}</lastmod>" if link in dates else "") + "</url>"
        for link in links
    )
    return f'<urlset xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{urls}</urlset>'.encode()


def index(*links: str) -> bytes:
    """A sitemap index."""
    children = "".join(f"<sitemap><loc>{link}</loc></sitemap>" for link in links)
    return f'<sitemapindex xmlns="http://www.sitemaps.org/schemas/sitemap/0.9">{children}</sitemapindex>'.encode()


def front(*links: str, head: str = "") -> bytes:
    """A front page that shows links as headlines."""
    items = "".join(f'<h2><a href="{link}">A headline of more than twenty-five letters</a></h2>' for link in links)
    page = f"<title>The Gazette</title>{head}</head><body><main>{items}</main></body></html>"
    return f"<html lang='en'><head>{page}".encode()
