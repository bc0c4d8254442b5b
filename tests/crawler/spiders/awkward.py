"""A spider of a user's own: the site has no feed, only numbered pages whose links stand in attributes."""

import sys
from collections.abc import Iterator
from typing import Any

from scrapy import Request, Spider
from scrapy.http import Response

from crawler.marking import article


class ByNumber(Spider):
    """Reads ``/list?page=1`` and on; articles stand in ``data-story``, with their dates."""

    name = "by-number"

    def parse(self, response: Response) -> Iterator[Any]:
        """The articles of a list, and the next list."""
        for row in response.css("li[data-story]"):
            yield article(response.follow(row.attrib["data-story"]), announced=row.attrib.get("data-date"))
        following = response.css("a.next::attr(href)").get()
        if following:
            yield response.follow(following)
        yield Request("https://tracker.example/pixel")  # not the site's: refused, and recorded
        yield response.follow("/private/diary")  # not for robots
        yield {"an": "item"}  # nothing is done with these


class Failing(Spider):
    """Fails on its first page."""

    name = "failing"

    def parse(self, response: Response) -> Iterator[Any]:
        """Nothing."""
        raise ValueError(f"no list\non {response.url}")


class Leaving(Spider):
    """Ends the program on its first page."""

    name = "leaving"

    def parse(self, response: Response) -> Iterator[Any]:
        """Nothing."""
        sys.exit(3)


class Looping(Spider):
    """Never comes back from its first page."""

    name = "looping"

    def parse(self, response: Response) -> Iterator[Any]:
        """Nothing, for ever."""
        while True:
            pass


class Rude(ByNumber):
    """Tries to be without manners."""

    name = "rude"
    custom_settings = {  # noqa: RUF012 - Scrapy declares it so
        "DOWNLOADER_MIDDLEWARES": {"crawler.manners.Manners": None, "crawler.hops.Hops": None},
        "EXTENSIONS": {"crawler.capturing.Capturing": None, "crawler.politeness.Pacing": None},
        "DOWNLOAD_HANDLERS": {"http": "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"},
        "USER_AGENT": "Mozilla/5.0",
    }


NOT_A_SPIDER = 7
