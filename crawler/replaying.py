"""Replaying: Scrapy's download handler that answers every request from archives, and never from the network.

``DOWNLOAD_HANDLERS = {"http": "crawler.replaying.Replay", "https": "crawler.replaying.Replay"}``. Further settings:
PRESSKEEP_ARCHIVE (the path of an archive, or a list of several; without it the archive is looked for from the current
directory upwards) and PRESSKEEP_AT (a day or time, ISO 8601, UTC where nothing is said; without it the latest captures
answer). It writes into a request's meta ``presskeep_capture``, the id of the capture that answered, and
``presskeep_captured``, its time in microseconds since 1970, UTC; it reads ``presskeep_render`` (the page as a browser
drew it, where the archive has that), and Scrapy's ``download_maxsize``, ``download_warnsize`` and
``download_fail_on_dataloss``.
"""

from __future__ import annotations

import ipaddress
import logging
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urldefrag

from scrapy import Request, signals
from scrapy.core.downloader.handlers.base import BaseDownloadHandler
from scrapy.exceptions import CloseSpider, DownloadCancelledError, IgnoreRequest, ResponseDataLossError
from scrapy.http import Headers, Response
from scrapy.utils._download_handlers import (
    check_stop_download,
    get_maxsize_msg,
    get_warnsize_msg,
    make_response,
)

from archive.clock import parse_warc_date
from archive.errors import ConfigurationError, NotFound, PresskeepError
from archive.http import HttpMessage
from archive.several import Archives, Held
from archive.store import Archive

if TYPE_CHECKING:
    from scrapy.crawler import Crawler
    from scrapy.settings import BaseSettings

logger = logging.getLogger(__name__)

# What is said of the connection, not of the answer (RFC 9110, section 7.6.1): Scrapy's own handler tells no spider.
_OF_THE_CONNECTION = frozenset(
    {"connection", "keep-alive", "te", "trailers", "transfer-encoding", "upgrade", "proxy-connection"}
)
_MAGIC = {"gzip": b"\x1f\x8b", "x-gzip": b"\x1f\x8b", "zstd": b"\x28\xb5\x2f\xfd"}


class NotArchived(IgnoreRequest):
    """The archive has no capture that answers a request: it was never fetched, or is taken down.

    An `IgnoreRequest`, so that errbacks get it, and a spider without one goes on to its next request.
    """


class Replay(BaseDownloadHandler):
    """The download handler: nothing it does opens a socket or looks up a name.

    Requests are answered one after the other, each when the one before has been through the spider and its pipelines:
    so the same spider over the same archive gives the same items in the same order. Delays are not waited for.
    """

    lazy = False

    def __init__(self, crawler: Crawler) -> None:
        super().__init__(crawler)
        settings = crawler.settings
        self._archives: Archives | None = None
        self._at: int | None = None
        self._maxsize = settings.getint("DOWNLOAD_MAXSIZE")
        self._warnsize = settings.getint("DOWNLOAD_WARNSIZE")
        self._fail_on_dataloss = settings.getbool("DOWNLOAD_FAIL_ON_DATALOSS")
        self._told = False
        crawler.signals.connect(self.open, signal=signals.spider_opened)

    def open(self) -> None:
        """Open the archives, and let Scrapy ask for one thing at a time; raises CloseSpider where there is none."""
        if self._archives is not None:
            return  # one handler serves a scheme
        try:
            self._at = asked_time(self.crawler.settings)
            self._archives = archives_of(self.crawler.settings)
        except PresskeepError as error:
            logger.error("nothing can be replayed: %s", error)
            raise CloseSpider("archive_unusable") from error
        engine = self.crawler.engine
        assert engine is not None
        # There is nothing to wait for: more at once would only let timers of Scrapy's decide on the order.
        engine.downloader.total_concurrency = 1
        engine.downloader._delay = 0.0  # of new slots, whose first request would be waited for else
        engine.downloader.per_slot_settings = {}
        if engine.scraper.slot is not None:
            engine.scraper.slot.max_active_size = 0
        engine.scraper.concurrent_items = 1

    async def download_request(self, request: Request) -> Response:
        """Answer a request from the archives; raises NotArchived.

        Raises DamagedRecord and NotReadable where the bytes of the capture cannot be had, and what Scrapy's own handler
        raises of an answer that was cut, or is larger than DOWNLOAD_MAXSIZE.
        """
        if self._archives is None:
            raise IgnoreRequest("the archive is not open")
        self._without_delay(request)
        stats = self.crawler.stats
        assert stats is not None
        url = urldefrag(request.url).url
        try:
            held = self._archives.answer(
                url, self._at, method=request.method, drawn=bool(request.meta.get("presskeep_render"))
            )
        except NotFound as error:
            stats.inc_value("presskeep/not_archived")
            self._tell(request, error)
            raise NotArchived(f"{request}: {error.message}") from error
        response = self._response(request, url, held)
        stats.inc_value("presskeep/replayed")
        return response

    async def close(self) -> None:
        """Close the archives."""
        if self._archives is not None:
            self._archives.close()

    def _response(self, request: Request, url: str, held: Held) -> Response:
        """What Scrapy's own handler would make of the same bytes."""
        capture = held.capture
        message = capture.representation()
        headers, body = _headers(message), message.entity()
        request.meta["presskeep_capture"], request.meta["presskeep_captured"] = capture.id, capture.at
        stop = check_stop_download(
            signals.headers_received, self.crawler, request, headers=headers, body_length=len(body)
        )
        flags: list[str] = []
        if stop is not None:
            body = b""
        else:
            self._weigh(request, len(body))
            stop = check_stop_download(signals.bytes_received, self.crawler, request, data=body) if body else None
            if capture.truncated is not None or (capture.referent is not None and capture.referent.truncated):
                if request.meta.get("download_fail_on_dataloss", self._fail_on_dataloss):
                    raise ResponseDataLossError(f"{capture.id} was cut when it was captured: {capture.truncated}")
                flags.append("dataloss")
        return make_response(
            url,
            message.status,
            headers,
            body,
            flags=flags,
            ip_address=_address(capture.ip),
            protocol=f"HTTP/{message.version}",
            stop_download=stop,
        )

    def _weigh(self, request: Request, size: int) -> None:
        maxsize = request.meta.get("download_maxsize", self._maxsize)
        warnsize = request.meta.get("download_warnsize", self._warnsize)
        if maxsize and size > maxsize:
            said = get_maxsize_msg(size, maxsize, request, expected=True)
            logger.warning(said)
            raise DownloadCancelledError(said)
        if warnsize and size > warnsize:
            logger.warning(get_warnsize_msg(size, warnsize, request, expected=True))

    def _without_delay(self, request: Request) -> None:
        """Let the host's requests follow each other at once, whatever delays its settings have."""
        engine = self.crawler.engine
        assert engine is not None
        slot = engine.downloader.slots.get(request.meta.get("download_slot", ""))
        if slot is not None:
            slot.delay = slot.jitter = 0.0

    def _tell(self, request: Request, error: NotFound) -> None:
        if self._told:
            logger.debug("not archived: %s: %s", request, error.message)
            return
        self._told = True
        logger.warning(
            "not archived: %s: %s; further ones are counted as presskeep/not_archived, and told of at level DEBUG",
            *(request, error.message),
        )


def archives_of(settings: BaseSettings) -> Archives:
    """The archives that PRESSKEEP_ARCHIVE names, or the one above the current directory; raises NotAnArchive."""
    given = settings.get("PRESSKEEP_ARCHIVE")
    if not given:
        return Archives([Archive.find()])
    paths: Iterable[str | Path] = [given] if isinstance(given, str | Path) else given
    return Archives.open(*paths)


def asked_time(settings: BaseSettings) -> int | None:
    """The time that PRESSKEEP_AT names, in microseconds since 1970, UTC; raises ConfigurationError."""
    given = settings.get("PRESSKEEP_AT")
    if given is None or given == "":
        return None
    if isinstance(given, int):
        return given
    try:
        return parse_warc_date(str(given))
    except ValueError as error:
        raise ConfigurationError(
            f"PRESSKEEP_AT is a day or a time such as 2026-11-01 or 2026-11-01T09:30Z, not {given!r}"
        ) from error


def _headers(message: HttpMessage) -> Headers:
    """The fields in their order, without what is said of the connection.

    Neither is a content coding that the stored body does not have: some archives store what they decoded.
    """
    body = message.entity_view()
    dropped = set(_OF_THE_CONNECTION)
    if message.all("transfer-encoding"):
        dropped.add("content-length")
    magic = _MAGIC.get((message.field("content-encoding") or "").strip().lower())
    if magic is not None and len(body) and bytes(body[: len(magic)]) != magic:
        dropped |= {"content-encoding", "content-length"}
    headers = Headers()
    for name, value in message.fields:
        if name.lower() not in dropped:
            headers.appendlist(name.encode("latin-1"), value.encode("latin-1"))
    return headers


def _address(given: str | None) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(given) if given is not None else None
    except ValueError:
        return None
