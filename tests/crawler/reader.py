"""A Scrapy project in one file: a spider that tells of everything it is given. Run as a program, by `read`."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import import_module
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.crawler import AsyncCrawlerProcess
from scrapy.http import Response, TextResponse
from twisted.python.failure import Failure

REPLAY = "crawler.replaying.Replay"
OFFLINE = {"DOWNLOAD_HANDLERS": {"http": REPLAY, "https": REPLAY}}


@dataclass(frozen=True)
class Read:
    """What a crawl came to: items in their order, Scrapy's stats, what touched the network, and the log."""

    items: list[dict[str, Any]]
    stats: dict[str, Any]
    network: list[str]
    log: str


def read(start: Sequence[str | Mapping[str, Any]], settings: Mapping[str, Any], *, sealed: bool = False) -> Read:
    """Let the spider read from these addresses on; ``sealed`` in a process that can open no socket."""
    done = subprocess.run(
        [sys.executable, __file__],
        input=json.dumps({"start": list(start), "settings": dict(settings), "sealed": sealed}),
        capture_output=True,
        text=True,
        check=False,
        timeout=100,
    )
    assert done.returncode == 0, done.stderr
    told = json.loads(done.stdout)
    return Read(told["items"], told["stats"], told["network"], done.stderr)


class Reader(Spider):
    """Follows every link, in the order of the pages, and makes an item of each answer and each failure."""

    name = "reader"
    wanted: Sequence[str | Mapping[str, Any]] = ()

    async def start(self) -> AsyncIterator[Request]:
        for one in self.wanted:
            given = {"url": one} if isinstance(one, str) else dict(one)
            yield Request(**given, callback=self.parse, errback=self.failed, dont_filter=True)

    def parse(self, response: Response) -> Iterator[Any]:
        capture = response.meta.get("presskeep_capture")
        fields = {name.decode(): response.headers.getlist(name) for name in response.headers}
        yield {
            "url": response.url,
            "status": response.status,
            "headers": {name: [one.decode("latin-1") for one in values] for name, values in fields.items()},
            "body": response.body.decode("latin-1"),
            "flags": response.flags,
            "hops": response.meta.get("redirect_urls", []),
            "address": str(response.ip_address),
            "protocol": response.protocol,
            "capture": capture,
        }
        if isinstance(response, TextResponse):
            for link in response.css("a::attr(href)").getall():
                yield response.follow(link, callback=self.parse, errback=self.failed)

    def failed(self, failure: Failure) -> Iterator[Any]:
        yield {"url": failure.request.url, "failed": type(failure.value).__name__}  # type: ignore[attr-defined]


def main() -> None:
    """Crawl as standard input says; tell on standard output."""
    told = json.load(sys.stdin)
    items: list[Any] = []
    network: list[str] = []

    def watch(event: str, args: tuple[Any, ...]) -> None:
        reaches = event in {"socket.getaddrinfo", "socket.gethostbyname", "socket.connect", "socket.bind"}
        if reaches or (event == "socket.__new__" and args[1] != 1):  # asyncio wakes itself by a pair of Unix sockets
            network.append(f"{event} {args}")
            raise PermissionError(f"no network here: {event}")

    def take(item: Any) -> None:
        items.append(item)

    if told["sealed"]:
        import_module("urllib3.util.connection")  # it tries whether the machine knows IPv6
        sys.addaudithook(watch)
    # Two of Scrapy's extensions listen for whoever wants to steer the crawl.
    quiet = {"TELNETCONSOLE_ENABLED": False, "REMOTE_CONTROL_ENABLED": False}
    settings = {"LOG_LEVEL": "INFO", "HTTPERROR_ALLOW_ALL": True, **quiet, **told["settings"]}
    process = AsyncCrawlerProcess(settings)
    crawler = process.create_crawler(Reader)
    crawler.signals.connect(take, signal=signals.item_scraped)
    process.crawl(crawler, wanted=told["start"])
    process.start()
    stats = crawler.stats.get_stats() if crawler.stats else {}
    json.dump({"items": items, "stats": stats, "network": network}, sys.stdout, default=str)


if __name__ == "__main__":
    main()
