"""The peer of `benchmarks/newsweb.py`: plain Scrapy, by itself or with trafilatura in its reactor.

Reads from standard input a JSON object: ``port``, ``concurrency``, ``per_host``, ``extract`` and ``requests``, a list
of [host, path, whether it is an article]. Scrapy's defaults otherwise; names lead to loopback by the Host field. Writes
a JSON object: what was fetched, CPU and wall seconds from the first request to the last answer, peak memory in bytes.
"""

from __future__ import annotations

import json
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import scrapy
from scrapy.crawler import CrawlerProcess
from scrapy.http import Response

PLAN: dict[str, Any] = {}
RESULT: dict[str, Any] = {"fetched": 0, "articles": 0, "texts": 0, "bytes": 0}


class Peer(scrapy.Spider):
    """Fetches what it is told to; a page in, nothing out."""

    name = "peer"

    async def start(self) -> AsyncIterator[scrapy.Request]:
        """All requests, spread over the hosts by Scrapy's own slots."""
        RESULT["cpu"], RESULT["wall"] = -time.process_time(), -time.monotonic()
        for host, path, article in PLAN["requests"]:
            yield scrapy.Request(
                f"http://127.0.0.1:{PLAN['port']}{path}",
                headers={"Host": host},
                meta={"download_slot": host, "article": article, "host": host, "path": path},
                dont_filter=True,
            )

    def parse(self, response: Response) -> None:
        """Count it, and hand an article to trafilatura where that is what is measured."""
        RESULT["fetched"] += 1
        RESULT["bytes"] += len(response.body)
        if response.meta["article"]:
            RESULT["articles"] += 1
            if PLAN["extract"]:
                import trafilatura

                url = f"http://{response.meta['host']}{response.meta['path']}"
                found = trafilatura.bare_extraction(response.body, url=url, with_metadata=True)
                RESULT["texts"] += found is not None

    def closed(self, reason: str) -> None:
        """The end: nothing is under way any more."""
        RESULT["cpu"] += time.process_time()
        RESULT["wall"] += time.monotonic()


def main() -> None:
    """One crawl in this process."""
    PLAN.update(json.load(sys.stdin))
    if PLAN["extract"]:
        import trafilatura  # noqa: F401 - its import is no part of a page's cost
    process = CrawlerProcess(
        {
            "LOG_LEVEL": "ERROR",
            "TELNETCONSOLE_ENABLED": False,
            "ROBOTSTXT_OBEY": False,
            "CONCURRENT_REQUESTS": PLAN["concurrency"],
            "CONCURRENT_REQUESTS_PER_DOMAIN": PLAN["per_host"],
            "DOWNLOAD_DELAY": PLAN.get("delay", 0),
            "RANDOMIZE_DOWNLOAD_DELAY": False,
            "CLOSESPIDER_TIMEOUT": PLAN.get("seconds", 0),
            "HTTPERROR_ALLOW_ALL": True,
            "RETRY_ENABLED": False,
            "REDIRECT_ENABLED": False,
        }
    )
    process.crawl(Peer)
    process.start()
    with Path("/proc/self/status").open("rb") as status:  # ru_maxrss would count the parent's memory, too
        RESULT["peak"] = next(int(line.split()[1]) * 1024 for line in status if line.startswith(b"VmHWM:"))
    json.dump(RESULT, sys.stdout)


if __name__ == "__main__":
    main()
