"""A process that fetches what a plan says, in an archive, with Presskeep's own settings: ``fetching.py PLAN``.

The plan is JSON: ``settings``; ``chains``, each a list of requests that are sent one after the other (``url``,
``method``, ``headers``, ``body``, ``meta``). It writes a JSON list of what Scrapy saw to the plan's ``seen`` file.
"""

from __future__ import annotations

import base64
import itertools
import json
import os
import resource
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response
from scrapy.settings import Settings
from twisted.python.failure import Failure

import crawler.settings
from archive.exchange import Origin, Role
from archive.writing import Committed
from crawler.capturing import captures_committed
from crawler.urls import Scope


class Planned(scrapy.Spider):
    """Sends the requests of a plan."""

    name = "planned"
    chains: list[list[dict[str, Any]]]
    reason = "not closed"

    def __init__(self, *rest: Any, **named: Any) -> None:
        super().__init__(*rest, **named)
        self.seen: list[dict[str, Any]] = []
        self.committed: list[str] = []

    @classmethod
    def from_crawler(cls, crawler: Any, *rest: Any, **named: Any) -> Planned:
        spider = super().from_crawler(crawler, *rest, **named)
        crawler.signals.connect(spider.on_commit, signal=captures_committed)
        crawler.signals.connect(spider.on_close, signal=scrapy.signals.spider_closed)
        return spider

    async def start(self) -> AsyncIterator[scrapy.Request]:
        for chain in self.chains:
            for request in self._next(chain, 0):
                yield request

    def _next(self, chain: list[dict[str, Any]], number: int) -> Iterator[scrapy.Request]:
        if number >= len(chain):
            return
        step = dict(chain[number])
        meta = dict(step.pop("meta", {}))
        if "presskeep_scope" in meta:
            meta["presskeep_scope"] = Scope.of(meta["presskeep_scope"])
        if "origin" in meta:
            given = meta.pop("origin")
            meta["presskeep_origin"] = Origin(**{**given, "role": Role(given.get("role", "other"))})
        yield scrapy.Request(
            **step,
            meta={"handle_httpstatus_list": [204, 299, 304, 404, 500], **meta},
            callback=self.on_response,
            errback=self.on_failure,
            cb_kwargs={"chain": chain, "number": number},
            dont_filter=True,
        )

    def on_response(self, response: Response, chain: list[dict[str, Any]], number: int) -> Iterator[scrapy.Request]:
        self.seen.append(
            {
                "url": chain[number]["url"],
                "status": response.status,
                "body": base64.b64encode(response.body).decode("ascii"),
                "kind": type(response).__name__,
                "flags": response.flags,
                "capture": response.meta.get("presskeep_capture"),
                "ip": str(response.ip_address),
                "tls": response.certificate is not None,
            }
        )
        yield from self._next(chain, number + 1)

    def on_failure(self, failure: Failure) -> Iterator[scrapy.Request]:
        request: scrapy.Request = failure.request  # type: ignore[attr-defined]
        attempt = request.meta.get("presskeep_attempt")
        chain, number = request.cb_kwargs["chain"], request.cb_kwargs["number"]
        self.seen.append(
            {
                "url": chain[number]["url"],
                "error": type(failure.value).__name__,
                "said": str(failure.value),
                "capture": request.meta.get("presskeep_capture"),
                "reason": attempt and attempt.attempt.reason,
            }
        )
        yield from self._next(chain, number + 1)

    def on_commit(self, committed: Committed) -> None:
        self.committed += [capture.id for capture in committed.captures]

    def on_close(self, reason: str) -> None:
        self.reason = reason


def fail(name: str, code: int, first: int, calls: int) -> None:
    """Let a call of the system fail, so many times from the first one on. No real disk does so on demand."""
    real: Any = getattr(os, name)
    count = itertools.count()

    def failing(*given: Any) -> Any:
        if first <= next(count) < first + calls:
            raise OSError(code, os.strerror(code))
        return real(*given)

    setattr(os, name, failing)


def main() -> None:
    """Fetch."""
    plan = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    if plan["file_limit"]:
        resource.setrlimit(resource.RLIMIT_FSIZE, (plan["file_limit"], resource.RLIM_INFINITY))
    if plan["failing"]:
        fail(*plan["failing"])
    settings = Settings()
    settings.setmodule(crawler.settings)
    # robots.txt and the marks of sites are tested elsewhere; here only what the plan says crosses the wire.
    settings["DOWNLOADER_MIDDLEWARES"]["crawler.manners.Manners"] = None
    settings["SPIDER_MIDDLEWARES"]["crawler.marking.Marking"] = None
    settings.setdict(plan["settings"])
    process = CrawlerProcess(settings)
    one = process.create_crawler(Planned)
    process.crawl(one, chains=plan["chains"])
    process.start()
    spider: Any = one.spider
    stats = {name: value for name, value in one.stats.get_stats().items() if isinstance(value, int | float | str)}
    resource.setrlimit(resource.RLIMIT_FSIZE, (resource.RLIM_INFINITY, resource.RLIM_INFINITY))
    Path(plan["seen"]).write_text(
        json.dumps(
            {"seen": spider.seen, "committed": spider.committed, "reason": spider.reason, "stats": stats}, default=str
        ),
        "utf-8",
    )


if __name__ == "__main__":
    main()
