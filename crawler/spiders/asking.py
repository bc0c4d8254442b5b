"""What the spiders of ours share: wants become requests, responses become answers, and no request waits in line."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any, Self

from scrapy import Request, Spider, signals
from scrapy.crawler import Crawler
from scrapy.exceptions import DontCloseSpider, DownloadCancelledError, IgnoreRequest
from scrapy.http import Response
from twisted.python.failure import Failure as TwistedFailure

from archive import clock
from archive.configuration import ArchiveConfiguration
from archive.errors import PayloadRefused, PresskeepError, StorageFull
from archive.event import StoredAttempt
from archive.exchange import NoAnswer, Origin, Role
from archive.store import Archive
from archive.url import host as host_of
from crawler.capturing import Capturing
from crawler.decoded import decoded
from crawler.marking import site_meta
from crawler.names import is_ours
from crawler.politeness import PATIENCE, Pacing
from crawler.remembering import Remembering
from crawler.sites import Render, Site
from crawler.spiders.lines import Lines
from crawler.validators import ROLES, Validators, validators_of
from crawler.walk import BACKFILL, Answer, Failure, Want

# Bytes of a page on the wire, and of one that is read for links once decoded: ten times the largest seen. Feeds and
# sitemaps alone follow `max_body` where that is set to more.
MAX_PAGE = 32 * 2**20
_DRAWN = frozenset({Role.FRONT, Role.SECTION})
_LISTS = frozenset({Role.FEED, Role.SITEMAP})
_UNREAD = frozenset({Role.ARTICLE, Role.FURTHER, Role.REQUISITE})

# Shorter waits than this are left to the wire, which waits anyway.
_SOON = 0.05


@dataclass(frozen=True, slots=True)
class Question:
    """A want of one site's walk: ``number`` is what the walk calls it by."""

    site: Site
    number: int
    want: Want


class AskingSpider(Spider):
    """A spider that asks what walks want to know. Subclasses say what comes after an answer.

    A request is handed to Scrapy only when its host's turn has nearly come. So those that wait for a slow host take no
    place among CONCURRENT_REQUESTS, and no host can starve another; the wire reserves the turn itself.
    """

    # Bodies are decoded here, and of listings only: decoding every article would cost more than keeping it. Redirects
    # and retries are questions of the walk, so that each is asked for with its own origin.
    custom_settings = {  # noqa: RUF012 - Scrapy declares it so
        "COMPRESSION_ENABLED": False,
        "REDIRECT_ENABLED": False,
        "RETRY_ENABLED": False,
        "HTTPERROR_ALLOW_ALL": True,
    }

    capturing: Capturing
    pacing: Pacing
    remembering: Remembering
    configuration: ArchiveConfiguration
    _archive: Archive

    def __init__(self, name: str | None = None, **kwargs: object) -> None:
        super().__init__(name, **kwargs)
        self.stopping = False
        self._held: set[asyncio.TimerHandle] = set()
        self._lines: Lines[Question] = Lines()

    @classmethod
    def from_crawler(cls, crawler: Crawler, *args: object, **kwargs: object) -> Self:
        """The spider for a crawler."""
        spider = super().from_crawler(crawler, *args, **kwargs)
        crawler.signals.connect(spider.keep_open, signal=signals.spider_idle)
        return spider

    def prepare(self) -> None:
        """Find the extensions that every question needs; to be called before the first one."""
        pacing, remembering = self.crawler.get_extension(Pacing), self.crawler.get_extension(Remembering)
        capturing = self.crawler.get_extension(Capturing)
        assert pacing is not None
        assert remembering is not None
        assert capturing is not None
        self.capturing, self.pacing, self.remembering = capturing, pacing, remembering
        self.configuration = capturing.archive.configuration
        self._archive = capturing.archive

    def answer(self, question: Question, answer: Answer) -> Iterator[Question]:
        """What is asked next, now that a question was answered."""
        raise NotImplementedError

    def requests(self, questions: Iterator[Question] | list[Question]) -> Iterator[Request]:
        """The requests whose turn has come; the others follow by themselves."""
        for question in questions:
            if not self._stands_in_line(question) or self._lines.enter(host_of(question.want.url), question):
                yield from self._turn(question)

    def _turn(self, question: Question) -> Iterator[Request]:
        request = self._request(question)
        wait = self.pacing.pacer.ready_in(host_of(request.url), question.site.delay)
        if wait <= _SOON or wait > PATIENCE:  # the manners refuse what would wait too long, and say why
            yield request
        elif not self.stopping:
            self._hold(request, wait)

    def _stands_in_line(self, question: Question) -> bool:
        """Whether it is asked only when no other of its kind is under way on its host: what pages refer to."""
        return question.want.role is Role.REQUISITE and question.site.delay > 0

    def stop(self) -> None:
        """Ask for nothing more."""
        self.stopping = True
        for held in self._held:
            held.cancel()
        self._held.clear()
        self._lines.clear()

    def keep_open(self) -> None:
        """Tell Scrapy, which sees no request, that some wait for their turn."""
        if self._held:
            raise DontCloseSpider

    def robots_body(self, url: str) -> bytes | None:
        """The robots.txt of a URL's origin as it was read."""
        return self.remembering.robots.body(url)

    def _hold(self, request: Request, wait: float) -> None:
        def release() -> None:
            self._held.discard(handle)
            if not self.stopping:
                self.crawler.engine.crawl(request)

        handle = asyncio.get_running_loop().call_later(wait, release)
        self._held.add(handle)

    def _request(self, question: Question) -> Request:
        want, site = question.want, question.site
        origin = Origin(
            site=site.host,
            role=want.role,
            via=want.via,
            source=want.source,
            hops=want.hops,
            retry=want.retry,
            announced=want.announced,
        )
        known = self._validators(question)
        of_site = self.meta_of(site)
        if want.role is Role.REQUISITE:
            # They lie on whichever host, which is told nothing of anybody.
            of_site = {**of_site, "presskeep_scope": None, "cookiejar": None, "dont_merge_cookies": True}
        return Request(
            want.url,
            headers=known.fields if known is not None else _HEADERS.get(want.role),
            callback=self._answered,
            errback=self._failed,
            cb_kwargs={"question": question},
            dont_filter=True,  # what was asked before is the frontier's business
            meta={
                **of_site,
                "presskeep_origin": origin,
                "presskeep_confirms": known.capture if known is not None else None,
                "download_timeout": self.configuration.crawl.timeout,
                "download_maxsize": self._limit_of(want.role),
            },
        )

    def _limit_of(self, role: Role) -> int:
        limit = limit_of(role, self.configuration.crawl.max_body)
        return min(limit, self.configuration.requisites.max_body) if role is Role.REQUISITE else limit

    def meta_of(self, site: Site) -> dict[str, Any]:
        """What a site asks of each of its requests."""
        return site_meta(site)

    def _validators(self, question: Question) -> Validators | None:
        role = question.want.role
        if role not in ROLES or question.want.whole:
            return None
        if question.site.render is Render.BROWSER and role in _DRAWN:
            return None  # that the page is the same does not say that what it shows is
        return self.remembering.validators.of(question.site.host, question.want.url, clock.now())

    def _answered(self, response: Response, question: Question) -> Iterator[Request]:
        assert response.request is not None
        meta, want, validators = response.request.meta, question.want, self.remembering.validators
        if response.status == 304 and (confirmed := meta.get("presskeep_confirms")) is not None:
            unchanged = self._unchanged(confirmed, want)
            if unchanged is None:
                with contextlib.suppress(StorageFull):  # else it is found out once more
                    validators.forget(question.site.host, want.url)
                yield from self.requests([question])  # whole, now that nothing is known of it
            else:
                yield from self._next(question, unchanged)
            return
        answer = answer_of(response, want, self._limit_of(want.role))
        polled = want.role in ROLES and want.source != BACKFILL  # a poll is to see for itself what has changed
        if answer.ok and polled and (capture := meta.get("presskeep_capture")) is not None:
            learned = validators_of(capture, _text(response, "ETag"), _text(response, "Last-Modified"))
            if learned is not None:
                validators.learn(question.site.host, want.url, learned)
        yield from self._next(question, answer)

    def _unchanged(self, confirmed: str, want: Want) -> Answer | None:
        """What a 304 says: the payload of the capture that it confirms; None where that cannot be had."""
        try:
            message = self._archive.capture(confirmed).representation()
            return Answer(want.url, 200, message.decoded(), message.charset, unchanged=True)
        except (PresskeepError, OSError) as error:
            self.logger.warning("%s is asked for whole: %s", want.url, error)
            return None

    def _failed(self, failure: TwistedFailure) -> Iterator[Request]:
        request: Request = failure.request  # type: ignore[attr-defined]
        answer = answer_of_failure(request, failure.value)
        if answer is not None and answer.failure is not None and self._is_away(answer.failure):
            answer = replace(answer, failure=replace(answer.failure, away=True))
        if answer is not None:
            yield from self._next(request.cb_kwargs["question"], answer)

    def _is_away(self, failure: Failure) -> bool:
        """Whether a failure is that of this machine, which has no network."""
        return is_ours(failure.cause or failure.reason, self.configuration.network)

    def _next_in_line(self, host: str, question: Question, answer: Answer) -> Iterator[Request]:
        if answer.ok:
            self._lines.note(host, question.want.url)
        while (following := self._lines.leave(host)) is not None:
            if not self._lines.has_come(host, following.want.url):
                yield from self._turn(following)
                return
            came = Answer(following.want.url, 200)  # for another site, whose it is: it is not fetched twice
            yield from self.requests(self.answer(following, came))

    def _next(self, question: Question, answer: Answer) -> Iterator[Request]:
        if self._stands_in_line(question):
            yield from self._next_in_line(host_of(question.want.url), question, answer)
        yield from self.requests(self.answer(question, answer))


def _text(response: Response, name: str) -> str | None:
    value = response.headers.get(name)
    return value.decode("latin-1") if value is not None else None


# A picture that is asked for as a page may be answered by one: by the page around it.
_HEADERS = {Role.REQUISITE: {"Accept": "*/*"}}


def limit_of(role: Role, largest: int) -> int:
    """How many bytes an answer of this role may have, on the wire and once decoded, where ``largest`` is max_body."""
    return largest if role in _LISTS else min(largest, MAX_PAGE)


def answer_of(response: Response, want: Want, limit: int = MAX_PAGE) -> Answer:
    """What a response says, decoded within so many bytes.

    The body of an article or requisite is left alone: it is read from the archive.
    """
    location = response.headers.get("Location")
    target = location.decode("utf-8", "replace") if location else None
    if want.role in _UNREAD or response.status != 200:
        return Answer(want.url, response.status, location=target)
    try:
        read = decoded(response, limit)
    except PayloadRefused as error:
        return Answer(want.url, failure=Failure(NoAnswer.OTHER, str(error)))
    return Answer(want.url, response.status, read.body, read.charset)


def answer_of_failure(request: Request, error: BaseException | None) -> Answer | None:
    """What it means that a request failed; None where the crawl stops and nothing is known."""
    stored: StoredAttempt | None = request.meta.get("presskeep_attempt")
    if stored is not None:
        cause: NoAnswer | None = request.meta.get("presskeep_cause")
        return Answer(request.url, failure=Failure(stored.attempt.reason, stored.attempt.detail, cause))
    if "presskeep_capture" in request.meta:
        # An answer came, and is in the archive as far as it came.
        if isinstance(error, DownloadCancelledError):
            return Answer(request.url, failure=Failure(NoAnswer.OTHER, "cut at the size limit"))
        return Answer(request.url, failure=Failure(NoAnswer.DISCONNECT, "the answer was cut"))
    if isinstance(error, IgnoreRequest):
        return None
    return Answer(request.url, failure=Failure(NoAnswer.OTHER, f"{type(error).__name__}: {error}"))
