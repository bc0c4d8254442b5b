"""The same spider over the archive and over Scrapy's own HTTP caches: pages a second of CPU.

    python -m benchmarks.replay_crawl [--pages 2000] [--rounds 3] [--json]

Pages of some 50 KB, half of them gzipped, are written into an archive. Scrapy fills its two caches from it once
(FilesystemCacheStorage, and DbmCacheStorage with Python's own dbm). Then a spider that follows a list to all pages and
takes each one's title runs over each of the three, and once over answers that are there already and cost nothing
(`memory`), which is what Scrapy costs by itself. Rounds take turns; each run is a process of its own, of which the CPU
time between the opening and the closing of the spider counts. The items of all runs must be the same.
"""

from __future__ import annotations

import argparse
import gzip
import hashlib
import json
import random
import subprocess
import sys
import tempfile
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

from scrapy import Request, Spider, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.http import Headers, HtmlResponse, Response

from archive.exchange import Exchange, Origin
from archive.store import Archive
from benchmarks.grown import paragraph

HOST = "http://replayed.example"
START = 1_795_600_000_000_000  # 2026-11-25T09:46:40Z
PARAGRAPHS = 60
STORES = ("memory", "archive", "filesystem", "dbm")
HANDLER = "crawler.replaying.Replay"


class Titles(Spider):
    """From the list to each page."""

    name = "titles"

    async def start(self) -> AsyncIterator[Request]:
        """The list."""
        yield Request(f"{HOST}/")

    def parse(self, response: Response) -> Iterator[Request]:
        """Each page of the list."""
        for link in response.css("a::attr(href)").getall():
            yield response.follow(link, self.page)

    def page(self, response: Response) -> Iterator[dict[str, Any]]:
        """A title, and how long the page is."""
        yield {"url": response.url, "title": response.css("title::text").get(), "bytes": len(response.body)}


class Memory(BaseDownloadHandler):
    """Answers that cost nothing: one page for all."""

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        self._answers = listed(int(crawler.settings["PAGES"])), page(0, random.Random(0))

    async def download_request(self, request: Request) -> Response:
        """The list, or a page."""
        body = self._answers[request.url != f"{HOST}/"]
        return HtmlResponse(request.url, 200, Headers({"Content-Type": "text/html; charset=utf-8"}), body)


def listed(pages: int) -> bytes:
    """The list of all pages."""
    return b"<title>all</title>" + b"".join(b'<a href="/%d">%d</a>' % (one, one) for one in range(pages))


def page(number: int, luck: random.Random) -> bytes:
    """One page: its markup is as large as that of news pages."""
    body = "".join(f"<div class='block'><p class='text'>{paragraph(luck)}</p></div>\n" for _ in range(PARAGRAPHS))
    return f"<!doctype html><html><head><title>Page {number}</title></head><body>{body}</body></html>".encode()


def fill(path: Path, pages: int) -> int:
    """An archive of them; bytes of all pages."""
    luck = random.Random(3)
    total = 0
    with Archive.create(path, contact="bench@example.org") as archive, archive.writer("bench") as writer:
        for number in range(-1, pages):
            body = listed(pages) if number < 0 else page(number, luck)
            total += len(body)
            packed = number % 2 == 1
            entity = gzip.compress(body, 6, mtime=0) if packed else body
            head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(entity)}\r\n"
            head += "Server: bench\r\nDate: Wed, 25 Nov 2026 09:46:40 GMT\r\nCache-Control: max-age=60\r\n"
            head += "Content-Encoding: gzip\r\n\r\n" if packed else "\r\n"
            where = "/" if number < 0 else f"/{number}"
            asked = f"GET {where} HTTP/1.1\r\nHost: replayed.example\r\n\r\n".encode()
            at = START + number * 1_000_000
            writer.add(
                Exchange(HOST + where, at, asked, head.encode() + entity, origin=Origin(site="replayed.example"))
            )
            if number % 100 == 0:
                writer.commit()
    return total


def settings_of(store: str, folder: Path, pages: int) -> dict[str, Any]:
    """What tells the runs from one another."""
    handler = "benchmarks.replay_crawl.Memory" if store == "memory" else HANDLER
    storages = {"filesystem": "FilesystemCacheStorage", "dbm": "DbmCacheStorage"}
    cache = {
        "HTTPCACHE_ENABLED": True,
        "HTTPCACHE_DIR": str(folder / store),
        "HTTPCACHE_STORAGE": f"scrapy.extensions.httpcache.{storages.get(store)}",
    }
    return {
        "DOWNLOAD_HANDLERS": {"http": handler},
        "PRESSKEEP_ARCHIVE": str(folder / "A"),
        "PAGES": pages,
        "LOG_LEVEL": "WARNING",
        "CONCURRENT_ITEMS": 1,  # the default makes a hundred tasks for each page, which is no matter of storage
        "TELNETCONSOLE_ENABLED": False,
        "REMOTE_CONTROL_ENABLED": False,
        **(cache if store in storages else {}),
    }


def crawl(given: dict[str, Any]) -> dict[str, Any]:
    """One run, in this process: CPU seconds, and what the items were."""
    cpu = 0.0
    digest = hashlib.sha256()
    items: list[str] = []

    def opened() -> None:
        nonlocal cpu
        cpu -= time.process_time()

    def closed() -> None:
        nonlocal cpu
        cpu += time.process_time()

    def scraped(item: dict[str, Any]) -> None:
        items.append(json.dumps(item))

    process = AsyncCrawlerProcess(given)
    crawler = process.create_crawler(Titles)
    crawler.signals.connect(opened, signal=signals.spider_opened)
    crawler.signals.connect(closed, signal=signals.spider_closed)
    crawler.signals.connect(scraped, signal=signals.item_scraped)
    process.crawl(crawler)
    process.start()
    for one in sorted(items):
        digest.update(one.encode())
    return {"cpu": cpu, "items": len(items), "digest": digest.hexdigest()}


def run(given: dict[str, Any]) -> dict[str, Any]:
    """The same in a process of its own."""
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks.replay_crawl", "--child"],
        input=json.dumps(given),
        capture_output=True,
        text=True,
        check=True,
    )
    told: dict[str, Any] = json.loads(done.stdout)
    return told


def main() -> None:
    """Run it and print what came of it."""
    options = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else "")
    options.add_argument("--pages", type=int, default=2_000)
    options.add_argument("--rounds", type=int, default=3)
    options.add_argument("--json", action="store_true")
    options.add_argument("--child", action="store_true", help=argparse.SUPPRESS)
    given = options.parse_args()
    if given.child:
        json.dump(crawl(json.load(sys.stdin)), sys.stdout)
        return
    with tempfile.TemporaryDirectory() as temporary:
        folder = Path(temporary)
        total = fill(folder / "A", given.pages)
        runs = {store: settings_of(store, folder, given.pages) for store in STORES}
        for store in ("filesystem", "dbm"):
            run(runs[store])  # fills it, from the archive
        told: dict[str, list[dict[str, Any]]] = {store: [] for store in STORES}
        for _ in range(given.rounds):
            for store in STORES:
                told[store].append(run(runs[store]))
        digests = {one["digest"] for store in STORES[1:] for one in told[store]}
        assert len(digests) == 1, "the same items from each"
        assert all(one["items"] == given.pages for those in told.values() for one in those)
        sizes = {
            store: sum(path.stat().st_size for path in where.rglob("*") if path.is_file())
            for store, where in {
                "archive": folder / "A",
                "filesystem": folder / "filesystem",
                "dbm": folder / "dbm",
            }.items()
        }
    best = {store: given.pages / min(one["cpu"] for one in those) for store, those in told.items()}
    if given.json:
        print(json.dumps({"pages": given.pages, "bytes": total, "per_cpu_second": best, "disk": sizes}))
        return
    print(f"{given.pages:,} pages, {total / 1e6:.0f} MB; best of {given.rounds} rounds")
    for store, rate in best.items():
        disk = f"{sizes[store] / 1e6:8.1f} MB" if store in sizes else ""
        print(f"{store:12} {rate:8.0f} pages a second of CPU {disk}")


if __name__ == "__main__":
    main()
