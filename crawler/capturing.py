"""Capturing: what came over the wire goes into the archive, in batches that are acknowledged once they are durable."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self, TypeVar

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, DontCloseSpider
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.spiders import Spider
from scrapy.utils.defer import _schedule_coro, deferred_from_coro
from twisted.internet.defer import Deferred
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from archive import clock
from archive.errors import PresskeepError, StorageFull
from archive.exchange import Attempt, Drawn, Exchange, NoAnswer, Origin
from archive.store import Archive
from archive.terminal import translate
from archive.url import host as host_of
from archive.writing import FAILED, FINISHED, STOPPED, Committed
from crawler.addresses import Guard
from crawler.retention import NotStored, Retention
from crawler.room import Pause, Room

logger = logging.getLogger(__name__)

# An fsync and a catalogue transaction cost some 6 ms together; a hundred pages are lost at most, and fetched again.
BATCH = 100
# Bytes of answers after which it is committed, too: they stay in memory until then.
BATCH_BYTES = 8 * 2**20
# Seconds: cleaning follows the crawl, and a slow site must not wait for its hundredth page.
INTERVAL = 1.0

# Seconds between two looks at whether a pause is over, or the crawl.
_STEP = 0.2

T = TypeVar("T")

# Scrapy signal: captures and attempts became durable. Receivers get ``committed``, an `archive.writing.Committed`.
captures_committed = object()
# Scrapy signal: the crawl pauses. Receivers get ``shortage``, a `crawler.room.Shortage`; None when it goes on.
crawl_paused = object()


class Capturing:
    """The Scrapy extension that owns the process's way into the archive.

    Settings: PRESSKEEP_ARCHIVE (path; without it the archive is looked for from the current directory upwards),
    PRESSKEEP_COMMAND (what the run is called), PRESSKEEP_RUN (URN of a run that has begun), PRESSKEEP_WORKER (part of
    the WARC files' names), PRESSKEEP_SITES (site name to canonical configuration bytes), PRESSKEEP_PAUSES (whether it
    waits for room; True where nothing is said). Raises NotAnArchive.

    Where the archive takes no more bytes, or its reserve of free space is touched, the crawl pauses: nothing is sent,
    what came is kept in memory, and it goes on by itself (`crawler.room`). ``failure`` is what ended the capturing,
    where something did: nothing is sent or stored after it. ``impatient`` says that this was a pause of more than
    the configured length.
    """

    def __init__(self, crawler: Crawler, archive: Archive) -> None:
        self._crawler = crawler
        self._retention: Retention | None = None
        self._ticks = LoopingCall(self._tick)
        self._pause: Pause | None = None
        self._owed: list[Callable[[], None]] = []
        self.archive = archive
        self.room = Room(archive)
        network = archive.configuration.network
        self.guard = Guard(network.allow_loopback, network.resolve)
        self.failure: PresskeepError | None = None
        self.impatient = False
        self.amp: set[str] = set()  # addresses of pages that came as AMP pages, until they are committed and noted
        self.split: set[str] | None = None  # the same of pages with a sign of further ones, where they are asked for

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The extension for a crawler, its archive open for reading only as yet."""
        path = crawler.settings.get("PRESSKEEP_ARCHIVE")
        capturing = cls(crawler, Archive.open(Path(path)) if path else Archive.find())
        crawler.signals.connect(capturing.open, signal=signals.spider_opened)
        crawler.signals.connect(capturing.check, signal=signals.response_received)
        crawler.signals.connect(capturing.settle, signal=signals.spider_idle)
        crawler.signals.connect(capturing.close, signal=signals.spider_closed)
        crawler.signals.connect(capturing.archive.close, signal=signals.engine_stopped)
        return capturing

    @property
    def ready(self) -> bool:
        """Whether what comes can be stored, at once or after a pause; otherwise nothing may be sent."""
        return self._retention is not None and self.failure is None

    @property
    def paused(self) -> bool:
        """Whether nothing may be sent for now."""
        return self._pause is not None

    @property
    def run(self) -> str:
        """The URN of the run that is under way."""
        return self._opened().writer.run

    def open(self) -> None:
        """Begin to write; raises CloseSpider where the archive cannot be written."""
        settings = self._crawler.settings
        sites: Mapping[str, bytes] = settings.get("PRESSKEEP_SITES") or {}
        try:
            writer = self.archive.writer(
                settings.get("PRESSKEEP_COMMAND") or "scrapy",
                sites,
                run=settings.get("PRESSKEEP_RUN"),
                worker=settings.get("PRESSKEEP_WORKER") or "worker",
                user_agent=settings.get("USER_AGENT") or "",
            )
        except (PresskeepError, OSError) as error:
            self.failure = translate(error)
            logger.error("the archive cannot be written: %s", self.failure)
            raise CloseSpider("archive_unusable") from error
        self._retention = Retention(writer)
        self._ticks.start(INTERVAL).addErrback(self._broken)

    def origin(self, request: Request) -> Origin:
        """Why a request is sent: its ``presskeep_origin``, with run and site (the URL's host where none is given)."""
        given: Origin = request.meta.get("presskeep_origin") or Origin()
        if given.run is not None and given.site is not None:
            return given
        return replace(given, run=given.run or self.run, site=given.site or host_of(request.url) or None)

    def keep(self, what: Exchange | Attempt | Drawn, request: Request) -> asyncio.Future[None] | None:
        """Write what a request led to, and say in its meta what it became; ``captures_committed`` acknowledges it.

        None where it is written. Where the archive takes no more bytes, it is held, and the future is done when it is
        written. Both raise NotStored where it will not be: the crawl ends, or no file can be so large.
        """
        retention = self._opened()
        if self.failure is not None:
            raise NotStored(f"not stored: {self.failure}")
        self._count(what)
        if self._pause is None or self._pause.error is None:
            try:
                retention.write(what, request)
            except StorageFull as error:
                self.pause(error)
            else:
                if retention.pending >= BATCH or retention.bytes >= BATCH_BYTES:
                    self.commit()
                return None
        if self.failure is not None:
            raise NotStored(f"{what.url} is not stored: {self.failure}")
        return retention.hold(what, request)

    async def kept(self, what: Exchange | Attempt | Drawn, request: Request) -> None:
        """`keep`, and wait until it is written."""
        waiting = self.keep(what, request)
        if waiting is not None:
            await waiting

    def commit(self) -> None:
        """Make durable what was added, and tell; where there is no room for it, the crawl pauses."""
        retention = self._retention
        failing = self.failure is not None or (self._pause is not None and self._pause.error is not None)
        if retention is None or failing or not retention.pending:
            return
        try:
            self._tell(retention.commit())
        except StorageFull as error:
            self.pause(error)
        except PresskeepError as error:
            self._fail("archive_unusable", error)

    def pause(self, error: StorageFull | None = None) -> None:
        """Send nothing until there is room: the reserve is touched, or a write failed."""
        if self.failure is not None:
            return
        if self._pause is not None:
            if error is not None and self._pause.error is None:
                self._pause.failed(error)
        elif self._crawler.settings.getbool("PRESSKEEP_PAUSES", True):
            self._pause = Pause(self.room, error)
            logger.warning("paused: %s", self._pause.shortage)
            waiting: Deferred[None] = deferred_from_coro(self._wait(self._pause))
            waiting.addErrback(self._broken)
        elif error is not None:
            self._fail("storage_full", error)

    async def patiently(self, act: Callable[[], T]) -> T:
        """Do what needs room elsewhere in the archive; where there is none, pause, and do it then.

        Raises NotStored when the crawl ends meanwhile.
        """
        while True:
            try:
                return act()
            except StorageFull as error:
                self.pause(error)
            while self.paused and self.ready and not self.closing:
                await asyncio.sleep(_STEP)
            if not self.ready or self.closing:
                raise NotStored("the crawl ends")

    def owe(self, act: Callable[[], None], error: StorageFull) -> None:
        """Pause until an act, which failed with this error, raises no StorageFull any more."""
        if act not in self._owed:
            self._owed.append(act)
        self.pause(error)

    def check(self, response: Response, request: Request) -> None:
        """Record that a response did not come over the tapped wire, if it did not (a cache, another handler)."""
        if "presskeep_capture" in request.meta or self.failure is not None or self._retention is None:
            return
        if response.url.startswith("data:"):
            return  # its bytes are the URL itself
        how = "the HTTP cache" if "cached" in response.flags else "something other than crawler.wire"
        attempt = Attempt(
            response.url,
            clock.now(),
            NoAnswer.NOT_CAPTURED,
            f"the response came from {how}",
            method=request.method,
            origin=self.origin(request),
        )
        self.keep(attempt, request)

    def settle(self) -> None:
        """Commit as the spider idles, and tell Scrapy that a crawl is not over which waits for room."""
        self.commit()
        if self._pause is not None:
            raise DontCloseSpider

    def close(self, spider: Spider, reason: str) -> None:
        """Commit the rest, mark the end of the run, and close. What finds no room is not acknowledged."""
        if self._ticks.running:
            self._ticks.stop()
        retention, self._retention = self._retention, None
        if retention is None:
            return
        outcome = FAILED if self.failure is not None else FINISHED if reason == "finished" else STOPPED
        error = self._stored(retention)
        if error is not None:
            error = self._stored(retention)  # what one failure loses is written again
        try:
            self._tell(retention.writer.close(outcome))
        except PresskeepError as failed:
            error = error or failed
        retention.release("the crawl ends")
        if error is None:
            return
        logger.error("the archive was not closed in order: %s", error)
        if self._pause is None or not isinstance(error, StorageFull):  # of the pause everyone was told
            self.failure = self.failure or error

    def _stored(self, retention: Retention) -> PresskeepError | None:
        """Store the last of what came; what went wrong."""
        try:
            retention.retry(self._tell)
        except PresskeepError as error:
            return error
        return None

    @property
    def closing(self) -> bool:
        """Whether the crawl is about to end."""
        engine = self._crawler.engine
        slot = engine._slot
        return not engine.running or slot is None or slot.closing is not None

    def _opened(self) -> Retention:
        if self._retention is None:
            raise PresskeepError("nothing can be captured before the spider is open")
        return self._retention

    def _tick(self) -> None:
        self.commit()
        if self._pause is None and self.room.shortage() is not None:
            self.pause()

    async def _wait(self, pause: Pause) -> None:
        """Until there is room, and everything is stored; or until the crawl ends."""
        told = None
        while not (pause.over() and self._retry(pause)):
            if self._retention is None:
                return
            if pause.impatient and not self.closing:
                self.impatient = True
                why = f"no room within {self.room.patience:g} s ([storage] patience): {pause.shortage.why}"
                self._fail("storage_full", StorageFull(f"{why}; what was committed is safe"))
            if self.failure is not None or self.closing:
                self._retention.release("the crawl ends")
            if pause.shortage != told:
                told = pause.shortage
                self._crawler.signals.send_catch_log(crawl_paused, shortage=told)
            await asyncio.sleep(_STEP)
        self._pause = None
        logger.warning("it goes on after a pause of %.0f s", pause.seconds)
        self._crawler.signals.send_catch_log(crawl_paused, shortage=None)

    def _retry(self, pause: Pause) -> bool:
        """Store what could not be, if that is why it pauses; whether that worked."""
        if self._retention is None or pause.error is None:
            return self._retention is not None
        try:
            self._retention.retry(self._tell, anew=pause.failures > 1)
            while self._owed:
                self._owed[0]()
                del self._owed[0]
        except StorageFull as error:
            pause.failed(error)
            return False
        except PresskeepError as error:
            self._fail("archive_unusable", error)
            return False
        return True

    def _tell(self, committed: Committed) -> None:
        if len(committed):
            self._crawler.signals.send_catch_log(captures_committed, committed=committed)

    def _count(self, what: Exchange | Attempt | Drawn) -> None:
        stats = self._crawler.stats
        if isinstance(what, Exchange):
            stats.inc_value("presskeep/captures")
            stats.inc_value("presskeep/response_bytes", len(what.response))
            if what.truncated:
                stats.inc_value(f"presskeep/truncated/{what.truncated}")
            return
        if isinstance(what, Drawn):
            stats.inc_value("presskeep/drawn")
            return
        stats.inc_value("presskeep/attempts")
        stats.inc_value(f"presskeep/attempts/{what.reason}")
        if what.reason is NoAnswer.ADDRESS:
            # Scrapy says nothing of what is refused, and in a project of the user's own nobody else would.
            logger.info("%s is not fetched: %s", what.url, what.detail)

    def _broken(self, failure: Failure) -> None:
        """Storing failed in a way that nobody foresaw: the crawl stops, the failure is logged as one."""
        logger.error("storing failed", exc_info=failure.value)
        self._fail("archive_unusable", PresskeepError(f"storing failed: {failure.getErrorMessage()}"))

    def _fail(self, reason: str, error: PresskeepError) -> None:
        """Stop the crawl, once, with a reason that people see."""
        if self.failure is not None:
            return
        self.failure = error
        logger.error("the crawl stops: %s", error)
        _schedule_coro(self._crawler.engine.close_spider_async(reason=reason))


class CaptureAddon:
    """The add-on for any Scrapy project: ``ADDONS = {"crawler.capturing.CaptureAddon": 500}``.

    It taps http and https, and leaves the project's middlewares, pipelines and handlers of its own alone.
    """

    def update_settings(self, settings: Settings) -> None:
        """Add the tap, the extension, and what follows redirects and retries."""
        for scheme in ("http", "https"):
            # A project's own handler stays: what it fetches is recorded as not captured.
            settings["DOWNLOAD_HANDLERS"].set(scheme, "crawler.wire.Wire", priority="addon")
        settings["EXTENSIONS"].set("crawler.capturing.Capturing", 100, priority="addon")
        settings["DOWNLOADER_MIDDLEWARES"].set("crawler.hops.Hops", 10, priority="addon")
