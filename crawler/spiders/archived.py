"""The spider of a site that has none of its own, over an archive: which articles its sources announced as of a time."""

from __future__ import annotations

from collections.abc import AsyncIterator, Generator
from typing import Any, TypeVar
from urllib.parse import urljoin

from scrapy import Request, Spider
from scrapy.exceptions import IgnoreRequest
from scrapy.http.request import NO_CALLBACK

from archive.clock import warc_date
from archive.errors import PresskeepError
from archive.exchange import NoAnswer, Role
from archive.several import Archives
from archive.url import normalise
from crawler.discovery import Announcement, may_be_article
from crawler.replaying import NotArchived
from crawler.sites import Site, SourceKind
from crawler.sources import Listing, SourceWalk, in_scope
from crawler.spiders.asking import AskingSpider, answer_of
from crawler.walk import Answer, Failure, Want, fetch

T = TypeVar("T")
# A front page links to much that is no article, and a crawl finds that out by its text.
_UNVOUCHED = frozenset({SourceKind.FRONT, SourceKind.SECTION})


class ArchivedSpider(Spider):
    """Reads a site's sources as they were archived, and gives an item for each article that they announce.

    Items have ``site``, ``url``, ``title`` and ``announced`` as the source gives them, ``source`` (its kind), ``via``
    (its address), and of the capture that answers ``status``, ``location`` (where redirects ended), ``capture`` and
    ``captured``; these are None where it was never archived.
    """

    name = "archived"
    custom_settings = AskingSpider.custom_settings

    def __init__(
        self, site: Site, archives: Archives, at: int | None = None, limit: int | None = None, **given: object
    ) -> None:
        super().__init__(self.name, **given)
        self.site = site
        self._archives = archives
        self._at = at
        self._limit = limit
        self._found: dict[str, tuple[Listing, Announcement]] = {}

    async def start(self) -> AsyncIterator[Any]:
        """Read the sources, then ask for the articles in the order in which they were announced."""
        walk = SourceWalk(self.site, self._take, self._robots)
        await self._walk(walk())
        for listing, one in list(self._found.values())[: self._limit]:
            yield await self._item(listing, one)

    async def _item(self, listing: Listing, one: Announcement) -> dict[str, Any]:
        want = Want(one.url, Role.ARTICLE, source=str(listing.kind), via=listing.url, announced=one.announced)
        self._last: dict[str, Any] = {}
        answer = await self._walk(fetch(want, retries=0))
        captured = self._last.get("presskeep_captured")
        return {
            "site": self.site.host,
            "url": one.url,
            "title": one.title,
            "announced": one.announced,
            "source": str(listing.kind),
            "via": listing.url,
            "status": answer.status,
            "location": answer.url if answer.status is not None else None,
            "capture": self._last.get("presskeep_capture"),
            "captured": warc_date(captured) if captured is not None else None,
        }

    async def _walk(self, walk: Generator[Want, Answer, T]) -> T:
        """What a walk comes to, each of its questions answered from the archive."""
        try:
            want = next(walk)
            while True:
                want = walk.send(await self._ask(want))
        except StopIteration as end:
            result: T = end.value
            return result

    async def _ask(self, want: Want) -> Answer:
        request = Request(want.url, callback=NO_CALLBACK)
        engine = self.crawler.engine
        assert engine is not None
        try:
            response = await engine.download_async(request)
        except NotArchived:
            self._last = {}
            return Answer(want.url, failure=Failure(NoAnswer.OTHER, "it was never archived"))
        except (IgnoreRequest, PresskeepError) as error:
            self._last = {}
            return Answer(want.url, failure=Failure(NoAnswer.OTHER, str(error)))
        self._last = request.meta
        return answer_of(response, want)

    def _take(self, listing: Listing) -> None:
        if listing.problem:
            self.logger.info("%s: %s", listing.url, listing.problem)
            return
        for one in in_scope(listing.announcements, self.site):
            if listing.kind in _UNVOUCHED or may_be_article(one.url):
                self._found.setdefault(normalise(one.url), (listing, one))

    def _robots(self, url: str) -> bytes | None:
        """The robots.txt of a URL's origin, which may name sitemaps."""
        try:
            return self._archives.answer(urljoin(url, "/robots.txt"), self._at).capture.payload()
        except PresskeepError:
            return None
