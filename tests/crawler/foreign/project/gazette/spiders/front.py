"""The project's own spider."""

from collections.abc import AsyncIterator, Iterator
from typing import Any

import scrapy
from scrapy.http import Response


class Front(scrapy.Spider):
    """Reads the front page and the pages it links to."""

    name = "front"

    def __init__(self, start: str, **named: Any) -> None:
        super().__init__(**named)
        self._start = start

    async def start(self) -> AsyncIterator[scrapy.Request]:
        yield scrapy.Request(self._start)

    def parse(self, response: Response) -> Iterator[scrapy.Request]:
        for link in response.css("a::attr(href)").getall():
            yield response.follow(link, self.parse_page, dont_filter=True)

    def parse_page(self, response: Response) -> Iterator[dict[str, Any]]:
        yield {
            "url": response.url,
            "title": response.css("title::text").get(),
            "capture": response.meta.get("presskeep_capture"),
        }
