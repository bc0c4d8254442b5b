"""The child of a replay: one spider over the archive. It tells of its items one by one, and writes nothing."""

from __future__ import annotations

import os
import signal
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO, Self

from scrapy import Request, signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import Settings
from scrapy.utils.defer import _schedule_coro
from scrapy.utils.serialize import ScrapyJSONEncoder
from twisted.python.failure import Failure

from archive.errors import PresskeepError
from archive.several import Archives
from archive.store import SPIDERS, Archive
from archive.terminal import one_line, translate
from crawler.custom import load_spider, place_of, start_urls
from crawler.jobs import JobSummary, Replayed, ReplayJob, Scraped, receive, send
from crawler.spiders.archived import ArchivedSpider
from crawler.urls import Scope, refusal

# What a crawl needs to record, to pace and to remember: here is nothing to be recorded, paced or remembered.
_WITHOUT = {
    "EXTENSIONS": (
        *("crawler.politeness.Pacing", "crawler.capturing.Capturing", "crawler.remembering.Remembering"),
        "scrapy.extensions.memusage.MemoryUsage",
    ),
    "DOWNLOADER_MIDDLEWARES": (
        *("crawler.drawing.middleware.Drawing", "crawler.hops.Hops", "crawler.manners.Manners"),
    ),
}
# Seconds that a spider with enough items has to come to its end.
_PATIENCE = 5.0
_HANDLER = "crawler.replaying.Replay"


class WithinScope:
    """The downloader middleware that refuses what a crawl of the site would not ask for."""

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The middleware for a crawler."""
        return cls()

    async def process_request(self, request: Request) -> None:
        """Raise IgnoreRequest for an address beyond the site's scope."""
        scope: Scope | None = request.meta.get("presskeep_scope")
        refused = refusal(request.url, scope) if scope is not None else None
        if refused is not None:
            raise IgnoreRequest(f"{request.url}: {refused.detail}")


class ReplayingChild:
    """One replay in this process."""

    def __init__(self, job: ReplayJob, out: BinaryIO) -> None:
        self._job = job
        self._out = out
        self._items = 0
        self._errors = 0
        self._first_error = ""
        self._failure: BaseException | None = None
        self._encoder = ScrapyJSONEncoder(ensure_ascii=False)
        self._crawler: Crawler | None = None

    def run(self) -> JobSummary:
        """Do the job; expected errors become its summary."""
        job = self._job
        try:
            archives = Archives.open(job.archive)
            crawler = self._prepared(archives.archives[0])
        except (PresskeepError, OSError) as error:
            known = translate(error)
            return JobSummary("failed", error=str(known), exit_code=known.exit_code)
        self._crawler = crawler
        process = AsyncCrawlerProcess(crawler.settings)
        crawler.signals.connect(self._scraped, signal=signals.item_scraped)
        crawler.signals.connect(self._erred, signal=signals.spider_error)
        own: dict[str, Any] = {"site": job.site, "start_urls": start_urls(job.site), "archive": archives.archives[0]}
        own["name"] = getattr(crawler.spidercls, "name", None) or job.site.host
        given = own if job.site.spider else {"site": job.site, "archives": archives, "at": job.at, "limit": job.limit}
        task = process.crawl(crawler, **given)
        process.start(install_signal_handlers=False)
        archives.close()
        ended_by = task.exception() if task.done() and not task.cancelled() else None
        return self._summary(ended_by or self._failure)

    def _prepared(self, archive: Archive) -> Crawler:
        job = self._job
        settings = Settings()
        settings.setmodule("crawler.settings", priority="project")
        run = {
            "PRESSKEEP_ARCHIVE": str(job.archive),
            "PRESSKEEP_AT": job.at,
            "ROBOTSTXT_OBEY": True,  # the archived one: what a crawl would not ask for is not asked for
            "DOWNLOADER": "scrapy.core.downloader.Downloader",
            "TWISTED_DNS_RESOLVER": "scrapy.resolver.CachingThreadedResolver",  # ours would ask who its servers are
            "COOKIES_ENABLED": job.site.cookies,
            "RETRY_ENABLED": False,
            "HTTPCACHE_ENABLED": False,
            "TELNETCONSOLE_ENABLED": False,
            "REMOTE_CONTROL_ENABLED": False,
            "LOG_INSTALL_ROOT_HANDLER": True,
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "%(levelname)s: %(message)s",
        }
        for name, value in run.items():
            settings.set(name, value, priority="cmdline")
        spider = load_spider(archive.spiders_path, job.site) if job.site.spider else ArchivedSpider
        crawler = Crawler(spider, settings, init_reactor=True)
        for scheme in ("http", "https"):
            crawler.settings["DOWNLOAD_HANDLERS"].set(scheme, _HANDLER, priority="cmdline")
        for name, paths in _WITHOUT.items():
            for path in paths:
                crawler.settings[name].set(path, None, priority="cmdline")
        middlewares = crawler.settings["DOWNLOADER_MIDDLEWARES"]
        middlewares.set("crawler.replayingchild.WithinScope", 10, priority="cmdline")
        crawler.settings["SPIDER_MIDDLEWARES"].set("crawler.marking.Marking", 10, priority="cmdline")
        return crawler

    def _scraped(self, item: Any) -> None:  # noqa: ANN401 - whatever a spider takes for an item
        if self._job.limit is not None and self._items >= self._job.limit:
            return
        line = self._encoder.encode(item).encode("utf-8", "surrogatepass")
        self._items += 1
        send(self._out, Scraped(line))
        if self._items == self._job.limit and self._job.site.spider and self._crawler is not None:
            assert self._crawler.engine is not None
            _schedule_coro(self._crawler.engine.close_spider_async(reason="limit"))
            threading.Thread(target=self._insist, name="limit", daemon=True).start()

    def _insist(self) -> None:
        """End in any case: Scrapy never comes to an end that is closed as it starts, or a spider that loops."""
        time.sleep(_PATIENCE)
        send(self._out, self._summary(None))
        os._exit(0)

    def _erred(self, failure: Failure) -> None:
        self._errors += 1
        if isinstance(failure.value, PresskeepError):
            self._failure = self._failure or failure.value
        elif self._errors == 1:
            kind = failure.type.__name__ if failure.type else "error"
            place = place_of(failure.value, self._job.archive / SPIDERS) if failure.value else ""
            self._first_error = one_line(f"{kind}: {failure.value}{place}")

    def _summary(self, error: BaseException | None) -> JobSummary:
        stats = self._crawler.stats if self._crawler is not None else None
        if stats is not None:
            often = "once" if self._errors == 1 else f"{self._errors:,} times, first"
            problem = f"its spider failed {often}: {self._first_error}" if self._first_error else None
            answered, missing = (stats.get_value(f"presskeep/{one}", 0) for one in ("replayed", "not_archived"))
            send(self._out, Replayed(self._job.site.host, self._items, answered, missing, problem))
        if error is None:
            return JobSummary("finished")
        if isinstance(error, PresskeepError | OSError):
            known = translate(error)
            return JobSummary("failed", error=str(known), exit_code=known.exit_code)
        return JobSummary("failed", error=one_line(f"{type(error).__name__}: {error}"))


def _end_with_parent() -> None:
    """End when standard input does: the parent wants it, or is dead. Nothing is lost by it."""
    with open(0, "rb", buffering=0, closefd=False) as given:
        while receive(given) is not None:
            pass
    os._exit(1)


def main() -> None:
    """Do the job that comes on standard input; answer on standard output until it is done."""
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)  # a spider may print
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent
    with open(0, "rb", buffering=0, closefd=False) as given:
        job = receive(given)
    if not isinstance(job, ReplayJob):
        sys.exit("crawler.replayingchild: no job on standard input: use 'presskeep crawl --replay'")
    threading.Thread(target=_end_with_parent, name="parent", daemon=True).start()
    code = 1
    try:
        summary = ReplayingChild(job, out).run()
        send(out, summary)
        out.close()
        code = 0
    except BaseException:  # noqa: BLE001 - its last words; a spider's own sys.exit() is among them
        traceback.print_exc()
    finally:
        os._exit(code)


if __name__ == "__main__":
    main()
