"""Capturing: what came over the wire goes into the archive, in batches that are acknowledged once they are durable."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Self

from scrapy import Request, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import CloseSpider, IgnoreRequest
from scrapy.http import Response
from scrapy.settings import Settings
from scrapy.spiders import Spider
from scrapy.utils.defer import _schedule_coro
from twisted.internet.task import LoopingCall
from twisted.python.failure import Failure

from archive import clock
from archive.capture import Capture
from archive.errors import PresskeepError, StorageFull
from archive.event import StoredAttempt
from archive.exchange import Attempt, Exchange, NoAnswer, Origin
from archive.store import Archive
from archive.url import host as host_of
from archive.writing import FAILED, FINISHED, STOPPED, ArchiveWriter, Committed
from crawler.addresses import Guard

logger = logging.getLogger(__name__)

# An fsync and a catalogue transaction cost some 6 ms together; a hundred pages are lost at most, and fetched again.
BATCH = 100
# Seconds: cleaning follows the crawl, and a slow site must not wait for its hundredth page.
INTERVAL = 1.0

# Scrapy signal: captures and attempts became durable. Receivers get ``committed``, an `archive.writing.Committed`.
captures_committed = object()


class NotStored(IgnoreRequest):
    """An answer came, but the archive took no more bytes: whoever asked must not count it as fetched."""


class Capturing:
    """The Scrapy extension that owns the process's way into the archive.

    Settings: PRESSKEEP_ARCHIVE (path; without it the archive is looked for from the current directory upwards),
    PRESSKEEP_COMMAND (what the run is called), PRESSKEEP_RUN (URN of a run that has begun), PRESSKEEP_WORKER (part of
    the WARC files' names), PRESSKEEP_SITES (site name to canonical configuration bytes). Raises NotAnArchive.

    ``failure`` is what ended the capturing, where something did: nothing is sent or stored after it.
    """

    def __init__(self, crawler: Crawler, archive: Archive) -> None:
        self._crawler = crawler
        self._writer: ArchiveWriter | None = None
        self._ticks = LoopingCall(self.commit)
        self.archive = archive
        network = archive.configuration.network
        self.guard = Guard(network.allow_loopback, network.resolve)
        self.failure: PresskeepError | None = None

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The extension for a crawler, its archive open for reading only as yet."""
        path = crawler.settings.get("PRESSKEEP_ARCHIVE")
        capturing = cls(crawler, Archive.open(Path(path)) if path else Archive.find())
        crawler.signals.connect(capturing.open, signal=signals.spider_opened)
        crawler.signals.connect(capturing.check, signal=signals.response_received)
        crawler.signals.connect(capturing.close, signal=signals.spider_closed)
        crawler.signals.connect(capturing.archive.close, signal=signals.engine_stopped)
        return capturing

    @property
    def ready(self) -> bool:
        """Whether what comes can be stored; otherwise nothing may be sent."""
        return self._writer is not None and self.failure is None

    @property
    def run(self) -> str:
        """The URN of the run that is under way."""
        return self._opened().run

    def open(self) -> None:
        """Begin to write; raises CloseSpider where the archive cannot be written."""
        settings = self._crawler.settings
        sites: Mapping[str, bytes] = settings.get("PRESSKEEP_SITES") or {}
        try:
            self._writer = self.archive.writer(
                settings.get("PRESSKEEP_COMMAND") or "scrapy",
                sites,
                run=settings.get("PRESSKEEP_RUN"),
                worker=settings.get("PRESSKEEP_WORKER") or "worker",
                user_agent=settings.get("USER_AGENT") or "",
            )
        except (PresskeepError, OSError) as error:
            message = f"the archive cannot be written: {error}"
            self.failure = error if isinstance(error, PresskeepError) else PresskeepError(message)
            logger.error("%s", message)
            raise CloseSpider("archive_unusable") from error
        self._ticks.start(INTERVAL, now=False).addErrback(self._broken)

    def origin(self, request: Request) -> Origin:
        """Why a request is sent: its ``presskeep_origin``, with run and site (the URL's host where none is given)."""
        given: Origin = request.meta.get("presskeep_origin") or Origin()
        if given.run is not None and given.site is not None:
            return given
        return replace(given, run=given.run or self.run, site=given.site or host_of(request.url) or None)

    def add(self, what: Exchange | Attempt) -> Capture | StoredAttempt:
        """Write an exchange or an attempt; it is durable once ``captures_committed`` names it.

        Raises NotStored when the archive takes no more bytes; the crawl is then about to stop.
        """
        writer = self._opened()
        if self.failure is not None:
            raise NotStored(f"not stored: {self.failure}")
        try:
            stored = writer.add(what) if isinstance(what, Exchange) else writer.add_attempt(what)
        except StorageFull as error:
            self._fail("storage_full", error)
            if isinstance(what, Exchange):
                self._note_refused(writer, what)
            raise NotStored(f"{what.url} is not stored: {error}") from error
        self._count(what)
        if writer.pending >= BATCH:
            self.commit()
        return stored

    def keep(self, what: Exchange | Attempt, request: Request) -> None:
        """Write what a request led to, and say in its meta what it became; raises NotStored."""
        stored = self.add(what)
        if isinstance(stored, Capture):
            request.meta["presskeep_capture"] = stored.id
        else:
            request.meta["presskeep_attempt"] = stored
            if stored.attempt.reason is NoAnswer.ADDRESS:
                # Scrapy says nothing of what is refused, and in a project of the user's own nobody else would.
                logger.info("%s is not fetched: %s", stored.attempt.url, stored.attempt.detail)

    def commit(self) -> None:
        """Make durable what was added, and tell; where that fails the crawl is stopped, and nothing is acknowledged."""
        if self._writer is None or not self._writer.pending or self.failure is not None:
            return
        try:
            committed = self._writer.commit()
        except PresskeepError as error:
            self._fail("storage_full" if isinstance(error, StorageFull) else "archive_unusable", error)
        else:
            self._tell(committed)

    def check(self, response: Response, request: Request) -> None:
        """Record that a response did not come over the tapped wire, if it did not (a cache, another handler)."""
        if "presskeep_capture" in request.meta or self.failure is not None or self._writer is None:
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

    def close(self, spider: Spider, reason: str) -> None:
        """Commit the rest, mark the end of the run, and close."""
        if self._ticks.running:
            self._ticks.stop()
        writer, self._writer = self._writer, None
        if writer is None:
            return
        outcome = FAILED if self.failure is not None else FINISHED if reason == "finished" else STOPPED
        try:
            committed = writer.close(outcome)
        except PresskeepError as error:
            self.failure = self.failure or error
            logger.error("the archive was not closed in order: %s", error)
        else:
            self._tell(committed)

    def _opened(self) -> ArchiveWriter:
        if self._writer is None:
            raise PresskeepError("nothing can be captured before the spider is open")
        return self._writer

    def _tell(self, committed: Committed) -> None:
        if len(committed):
            self._crawler.signals.send_catch_log(captures_committed, committed=committed)

    def _count(self, what: Exchange | Attempt) -> None:
        stats = self._crawler.stats
        if isinstance(what, Exchange):
            stats.inc_value("presskeep/captures")
            stats.inc_value("presskeep/response_bytes", len(what.response))
            if what.truncated:
                stats.inc_value(f"presskeep/truncated/{what.truncated}")
        else:
            stats.inc_value("presskeep/attempts")
            stats.inc_value(f"presskeep/attempts/{what.reason}")

    def _note_refused(self, writer: ArchiveWriter, lost: Exchange) -> None:
        """Record that an answer was lost: a few hundred bytes may still fit where a page does not."""
        attempt = Attempt(
            lost.url,
            lost.at,
            NoAnswer.STORAGE,
            f"an answer of {len(lost.response)} bytes did not fit",
            method=lost.method,
            ip=lost.ip,
            protocols=lost.protocols,
            cipher=lost.cipher,
            origin=lost.origin,
        )
        try:
            writer.add_attempt(attempt)
        except StorageFull:
            logger.error("nor could it be recorded that %s is lost", lost.url)
        else:
            self._count(attempt)

    def _broken(self, failure: Failure) -> None:
        """A commit failed in a way that nobody foresaw: the crawl stops, the failure is logged as one."""
        logger.error("committing failed", exc_info=failure.value)
        self._fail("archive_unusable", PresskeepError(f"committing failed: {failure.getErrorMessage()}"))

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
