"""The crawling child: one reactor, one crawler, one spider. It ends with its work, on request, or with its parent."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
import threading
import time
import traceback
from typing import Any, BinaryIO

from scrapy import signals
from scrapy.crawler import AsyncCrawlerProcess, Crawler
from scrapy.settings import Settings
from scrapy.utils.defer import _schedule_coro
from twisted.python.failure import Failure

from archive import clock, heap
from archive.errors import PresskeepError
from archive.store import SPIDERS, Archive
from archive.terminal import one_line, translate
from archive.traffic import Traffic
from archive.writing import Committed
from crawler.agenda import Poll, Root, Task
from crawler.backfill import Backfill
from crawler.capturing import Capturing, captures_committed, crawl_paused
from crawler.custom import load_spider, place_of, start_urls
from crawler.jobs import (
    Asked,
    CommitProgress,
    CrawlJob,
    Job,
    JobSummary,
    NoMore,
    Paused,
    ProbeJob,
    Visited,
    VisitProgress,
    Visits,
    receive,
    send,
)
from crawler.peak import peak_memory
from crawler.politeness import Pacing
from crawler.remembering import Remembering
from crawler.room import Shortage
from crawler.running import require_delays, run_settings
from crawler.scheduling.articles import Phase
from crawler.scheduling.polling import Outcome
from crawler.spiders.asking import AskingSpider
from crawler.spiders.backfill import BackfillSpider
from crawler.spiders.news import NewsSpider
from crawler.spiders.probe import ProbeSpider
from crawler.visit import Visit
from crawler.visited import VisitReport

# Seconds that answers on their way get when the crawl is stopped; then they are cut, and stay due.
GRACE = 3.0
# Seconds to commit what came, after a second SIGTERM.
HASTE = 3.0
# Seconds after which what a visit brought is committed and noted, as it is each second.
_NOTED = 1.5
# Seconds between two words on how far a site is, for so many sites; of more, each is told of more rarely.
_OFTEN, _FEW = 0.1, 5

# What every run needs.
_EXTENSIONS = {
    "crawler.politeness.Pacing": 50,
    "crawler.capturing.Capturing": 100,
    "crawler.remembering.Remembering": 200,
}
_MIDDLEWARES = {"crawler.drawing.middleware.Drawing": 5, "crawler.hops.Hops": 10, "crawler.manners.Manners": 20}


class Child:
    """One job in this process: how it is going, and how it is ended."""

    def __init__(self, job: Job, out: BinaryIO) -> None:
        self._job = job
        self._out = out
        self._lock = threading.Lock()
        self._loop: asyncio.AbstractEventLoop | None = None
        self._asked = threading.Event()
        self._draining = False
        self._terminated = False
        self._errors = 0
        self._first_error = ""
        self._failure: PresskeepError | None = None
        self._reports: tuple[VisitReport, ...] = ()
        self._said: dict[str, float] = {}
        self._cpu = 0.0
        self._crawler: Crawler | None = None
        self._orders: list[Visits | NoMore] = []
        self._over: list[Visit] = []  # of a fed job, and the parent does not know

    def run(self) -> JobSummary:
        """Do the job; expected errors become its summary."""
        try:
            with Archive.open(self._job.archive) as archive:
                crawler = self._prepared(archive)
        except (PresskeepError, OSError) as error:
            known = translate(error)
            return JobSummary("failed", error=str(known), exit_code=known.exit_code)
        process = AsyncCrawlerProcess(crawler.settings)
        self._crawler = crawler
        crawler.signals.connect(self._committed, signal=captures_committed)
        crawler.signals.connect(self._paused, signal=crawl_paused)
        crawler.signals.connect(self._erred, signal=signals.spider_error)
        crawler.signals.connect(self._opened, signal=signals.spider_opened)
        crawler.signals.connect(self._stopped, signal=signals.engine_stopped)
        threading.Thread(target=self._watch_parent, name="parent", daemon=True).start()
        task = process.crawl(crawler, **self._arguments())
        process.start(install_signal_handlers=False)
        ended_by = task.exception() if task.done() and not task.cancelled() else None
        return self._summary(ended_by)

    def drain(self) -> None:
        """Stop in order: send nothing more, let answers on their way come or be cut, commit."""
        if self._draining:
            return
        self._draining = True
        asyncio.get_running_loop().call_later(GRACE, self._cut)
        crawler = self._crawler
        if crawler is None or crawler.spider is None:
            return
        if isinstance(crawler.spider, NewsSpider | ProbeSpider):
            crawler.spider.stop()
        pacing = crawler.get_extension(Pacing)
        if pacing is not None:
            pacing.pacer.stop()
        if crawler.engine.spider is not None:
            _schedule_coro(crawler.engine.close_spider_async(reason="stopped"))

    def drain_soon(self) -> None:
        """Drain, from a signal's handler or another thread; as soon as the reactor runs, where it does not yet."""
        self._asked.set()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self.drain)

    def terminate(self) -> None:
        """SIGTERM came: drain; a second time, cut what is on its way, and end in any case."""
        first, self._terminated = not self._terminated, True
        if first:
            self.drain_soon()
            return
        threading.Thread(target=_end_after, args=(HASTE,), name="haste", daemon=True).start()
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._cut)

    def _cut(self) -> None:
        """The grace is over: commit what came, and end with what is on the wire."""
        capturing = self._crawler.get_extension(Capturing) if self._crawler is not None else None
        if capturing is not None and self._crawler is not None and self._crawler.spider is not None:
            capturing.close(self._crawler.spider, "stopped")
            self._stopped()
        self._send(self._summary(None))
        os._exit(0)

    def _prepared(self, archive: Archive) -> Crawler:
        job = self._job
        sites = job.sites if isinstance(job, CrawlJob) else ()
        require_delays(archive.configuration, sites)
        settings = Settings()
        settings.setmodule("crawler.settings", priority="project")
        own = job.own if isinstance(job, CrawlJob) else None
        spider: Any = ProbeSpider if isinstance(job, ProbeJob) else BackfillSpider if job.backfill else NewsSpider
        if own is not None:
            spider = load_spider(archive.spiders_path, own)
        run = {
            **run_settings(archive, job.command, sites),
            "PRESSKEEP_RUN": job.run,
            "PRESSKEEP_WORKER": _name(job),
            "PRESSKEEP_PAUSES": isinstance(job, CrawlJob),  # a person waits for what is found out of a new site
            "LOG_INSTALL_ROOT_HANDLER": True,  # on standard error, whose last line tells of a death
            "LOG_LEVEL": "WARNING",
            "LOG_FORMAT": "%(levelname)s: %(message)s",
        }
        for name, value in run.items():
            settings.set(name, value, priority="cmdline")
        crawler = Crawler(spider, settings, init_reactor=True)
        for scheme in ("http", "https"):
            crawler.settings["DOWNLOAD_HANDLERS"].set(scheme, "crawler.wire.Wire", priority="cmdline")
        for path, place in _EXTENSIONS.items():
            crawler.settings["EXTENSIONS"].set(path, place, priority="cmdline")
        for path, place in _MIDDLEWARES.items():
            crawler.settings["DOWNLOADER_MIDDLEWARES"].set(path, place, priority="cmdline")
        crawler.settings["SPIDER_MIDDLEWARES"].set("crawler.marking.Marking", 10, priority="cmdline")
        return crawler

    def _arguments(self) -> dict[str, Any]:
        job = self._job
        if isinstance(job, ProbeJob):
            return {
                "site": job.site,
                "starts": job.starts,
                "listed": job.listed,
                "progress": lambda url: self._send(Asked(url)),
            }
        if (own := job.own) is not None:
            assert self._crawler is not None
            name = getattr(self._crawler.spidercls, "name", None) or own.host
            return {
                "name": name,
                "site": own,
                "start_urls": start_urls(own),
                "archive": Archive.open(job.archive),
            }
        if job.backfill:
            return {"sites": job.sites, "limit": job.limit, "walked": self._backfilled}
        return {
            **{"sites": job.sites, "limit": job.limit, "due": job.due, "fed": job.fed},
            "progress": self._progress,
        }

    def _backfilled(self, backfill: Backfill) -> None:
        site = backfill.site.host
        if backfill.finished or self._is_silent(site):
            self._send(VisitProgress(site, backfill.planned, backfill.answered, backfill.finished))

    def _progress(self, visit: Visit) -> None:
        site = visit.site.host
        if visit.finished and isinstance(self._job, CrawlJob) and self._job.fed:
            self._over.append(visit)
            asyncio.get_running_loop().call_later(_NOTED, self._tell, visit)
            return
        if visit.finished or self._is_silent(site):
            planned = None if visit.reading else visit.planned
            self._send(VisitProgress(site, planned, visit.answered, visit.finished, visit.parts))

    def _is_silent(self, site: str) -> bool:
        """Whether a word on a site is due, which is then taken for said."""
        now = time.monotonic()
        if now - self._said.get(site, 0.0) < _OFTEN * max(1.0, len(self._said) / _FEW):
            return False
        self._said[site] = now
        return True

    def _tell(self, visit: Visit) -> None:
        """A visit is over, and what came of it is committed: what is left is left."""
        if visit in self._over:
            self._over.remove(visit)
            self._send(Visited(visit.report()))

    def _committed(self, committed: Committed) -> None:
        self._send(CommitProgress(Traffic.of(committed.captures, committed.attempts)))

    def _paused(self, shortage: Shortage | None) -> None:
        self._send(Paused(_name(self._job), shortage))

    def _erred(self, failure: Failure) -> None:
        """An exception in a spider: its kind, its words and the line of it; the first one is told.

        One of ours is no fault of the program (the disk is full, the state damaged), and ends the work.
        """
        if isinstance(failure.value, PresskeepError):
            self._failure = self._failure or failure.value
            self.drain()
            return
        self._errors += 1
        if self._errors == 1:
            kind = failure.type.__name__ if failure.type else "error"
            place = place_of(failure.value, self._job.archive / SPIDERS) if failure.value else ""
            self._first_error = one_line(f"{kind}: {failure.value}{place}")

    def _ordered(self, order: Visits | NoMore) -> None:
        """An order came, in the thread that reads them: it is carried out as soon as the reactor runs."""
        with self._lock:
            self._orders.append(order)
        if self._loop is not None:
            self._loop.call_soon_threadsafe(self._obey)

    def _obey(self) -> None:
        spider = self._crawler.spider if self._crawler is not None else None
        if not isinstance(spider, NewsSpider):
            return
        with self._lock:
            orders, self._orders = self._orders, []
        for order in orders:
            if isinstance(order, Visits):
                spider.feed(order.sites)
            else:
                spider.end()

    def _opened(self) -> None:
        self._cpu -= time.process_time()
        self._loop = asyncio.get_running_loop()
        self._loop.call_soon(self._obey)
        if self._asked.is_set():
            self._loop.call_soon(self.drain)

    def _stopped(self) -> None:
        """The spider is closed and everything is committed, and the state is still open."""
        for visit in list(self._over):
            self._tell(visit)
        self._reports = self._all_reports()
        self._cpu += time.process_time()

    def _send(self, message: object) -> None:
        try:
            with self._lock:
                send(self._out, message)
        except OSError:
            self.drain()  # the parent is gone

    def _all_reports(self) -> tuple[VisitReport, ...]:
        assert self._crawler is not None
        spider = self._crawler.spider
        if isinstance(spider, NewsSpider):
            return spider.reports()
        remembering = self._crawler.get_extension(Remembering)
        if isinstance(self._job, ProbeJob) or remembering is None:
            return ()
        counted = remembering.frontier.count(self._job.sites[0].host)
        problem = f"its own spider failed {self._often()}: {self._first_error}" if self._errors else None
        if not self._draining:
            outcome = Outcome.FAILED if problem else Outcome.WHOLE
            root = Root(Task.SPIDER, Task.SPIDER, "declared")
            remembering.agenda.note(self._job.sites[0], Poll(root, clock.now(), outcome, (), problem or ""))
        return (VisitReport(self._job.sites[0].host, left=counted.get(Phase.DUE, 0), problem=problem),)

    def _often(self) -> str:
        return "once" if self._errors == 1 else f"{self._errors:,} times, first"

    def _summary(self, error: BaseException | None) -> JobSummary:
        crawler = self._crawler
        spider = crawler.spider if crawler is not None else None
        capturing = crawler.get_extension(Capturing) if crawler is not None and crawler._extensions else None
        remembering = crawler.get_extension(Remembering) if crawler is not None and crawler._extensions else None
        own = [one.failure for one in (capturing, remembering) if one is not None and one.failure is not None]
        failure: BaseException | None = error or (own[0] if own else self._failure)
        outcome = "stopped" if self._draining else "finished"
        said, code = None, 1
        if failure is not None:
            outcome = "failed"
            if isinstance(failure, PresskeepError | OSError):
                known = translate(failure)
                said, code = str(known), known.exit_code
            else:
                said = one_line(f"{type(failure).__name__}: {failure}")
        elif self._errors and isinstance(spider, AskingSpider):
            said = f"unexpected error, please report it: {self._first_error}"
        return JobSummary(
            outcome,
            self._reports,
            spider.probed if isinstance(spider, ProbeSpider) else None,
            said,
            code,
            capturing is not None and capturing.impatient,
            peak_memory(),
            max(0.0, self._cpu),
        )

    def _watch_parent(self) -> None:
        """Wait for the end of standard input, in a thread of its own; then end, even if the reactor never comes back.

        A spider of the user's own may loop for ever in a callback, and with a dead parent nobody else would end it.
        """
        with open(0, "rb", buffering=0, closefd=False) as given:
            while (order := receive(given)) is not None:
                if isinstance(order, Visits | NoMore):
                    self._ordered(order)
        self.drain_soon()
        _end_after(2 * GRACE)


def _name(job: Job) -> str:
    return job.name if isinstance(job, CrawlJob) else f"{job.command}1"


def _end_after(seconds: float) -> None:
    """End the process, if it has not ended by then."""
    time.sleep(seconds)
    os.write(2, b"it did not stop when it was asked to\n")
    os._exit(1)


def main() -> None:
    """Do the job that comes on standard input; answer on standard output until it is done."""
    # Messages keep the real standard output to themselves: a spider of the user's own may print.
    out = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    signal.signal(signal.SIGINT, signal.SIG_IGN)  # Ctrl-C is for the parent, which then asks this process to end
    with open(0, "rb", buffering=0, closefd=False) as given:
        job = receive(given)
    if not isinstance(job, CrawlJob | ProbeJob):
        sys.exit("crawler.jobs: no job on standard input: use 'presskeep crawl'")
    heap.seldom()
    child = Child(job, out)
    signal.signal(signal.SIGTERM, lambda *_: child.terminate())
    code = 1
    try:
        send(out, child.run())
        out.close()
        code = 0
    except BaseException:  # noqa: BLE001 - its last words; a spider's own sys.exit() is among them, and ends the reactor
        traceback.print_exc()
    finally:
        os._exit(code)  # threads of libraries and a spider's own must not keep a child alive that is done, or dead
