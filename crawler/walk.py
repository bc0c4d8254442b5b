"""Walks: what a site's crawl asks for and what comes back, as generators that know no Scrapy.

A walk yields a `Want` and is sent the `Answer`. So the order of questions stands in plain code, and whoever runs it
decides when and how they are asked.
"""

from __future__ import annotations

from collections.abc import Callable, Generator
from dataclasses import dataclass, field, replace

from archive.exchange import NoAnswer, Role
from archive.url import normalise
from crawler.scheduling.articles import RETRIED_FAILURES, RETRIED_STATUS
from crawler.urls import resolve

MAX_REDIRECTS = 10  # browsers follow 20; consent and language switches of real sites need five or six
MAX_RETRIES = 2  # three requests in all; what still fails stays due for the next crawl
REDIRECTS = frozenset({301, 302, 303, 307, 308})
BACKFILL = "backfill"  # the source of what the backfill of a site asks for (`crawler.backfill`)


@dataclass(frozen=True, slots=True)
class Want:
    """A URL to be fetched, and why: what becomes the `archive.exchange.Origin` of the exchange."""

    url: str
    role: Role
    source: str | None = None
    via: str | None = None
    hops: str = ""
    announced: str | None = None
    retry: int = 0
    whole: bool = False  # to be asked for without conditions


@dataclass(frozen=True, slots=True)
class Failure:
    """Why there is no answer. ``cause`` tells of a URL that robots.txt forbids because that file could not be had.

    ``away`` says that this machine has no network, or no resolver: it is nobody's fault.
    """

    reason: NoAnswer
    detail: str = ""
    cause: NoAnswer | None = None
    away: bool = False

    @property
    def no_connection(self) -> bool:
        """Whether nobody speaks this scheme there: http may be worth a question where https was asked.

        A name that does not resolve is the same for both, and a certificate that is not believed is no reason to do
        without one.
        """
        reason = self.cause or self.reason
        if reason is NoAnswer.TLS:
            return "certificate" not in self.detail.lower()
        return reason in {NoAnswer.REFUSED, NoAnswer.UNREACHABLE, NoAnswer.TIMEOUT, NoAnswer.DISCONNECT}


@dataclass(frozen=True, slots=True)
class Answer:
    """What came back: a status with its decoded body (of listings only), or a failure.

    ``unchanged`` says that it is the body that the archive has, which a 304 confirmed.
    """

    url: str
    status: int | None = None
    body: bytes = field(default=b"", repr=False)
    charset: str | None = None
    location: str | None = None
    failure: Failure | None = None
    unchanged: bool = False

    @property
    def ok(self) -> bool:
        """Whether a page came."""
        return self.status == 200

    @property
    def why(self) -> str:
        """What is wrong, in words."""
        if self.failure is None:
            return f"it answers {self.status}"
        if self.failure.away:
            named = (self.failure.cause or self.failure.reason) is NoAnswer.DNS
            return "this machine has no network, or no resolver" if named else "this machine has no network"
        words = _WORDS.get(self.failure.cause or self.failure.reason)
        return words or self.failure.detail or str(self.failure.reason)

    @property
    def worth_retrying(self) -> bool:
        """Whether the same request may get another answer in a moment."""
        if self.failure is not None:
            return not self.failure.away and self.failure.reason in RETRIED_FAILURES
        return self.status in RETRIED_STATUS


# What people read of a host that cannot be reached; the details stand in the archive.
_WORDS = {
    NoAnswer.DNS: "its name does not resolve",
    NoAnswer.REFUSED: "the connection was refused",
    NoAnswer.UNREACHABLE: "there is no route to it",
    NoAnswer.TIMEOUT: "it does not answer in time",
    NoAnswer.DISCONNECT: "it closed the connection without an answer",
}

Walk = Generator[Want, Answer, None]


def once(url: str, key: str, is_open: Callable[[str], bool]) -> Callable[[str], bool]:
    """Which targets of an article's redirects to follow: in no circle, and no page that ``is_open`` says no to by key.

    Another spelling of the same address (https for http, without utm_source) is a step on the way.
    """
    urls, keys = {url}, {key}

    def follow(target: str) -> bool:
        if target in urls:
            return False
        urls.add(target)
        if (other := normalise(target)) in keys:
            return True
        keys.add(other)
        return is_open(other)

    return follow


def fetch(
    want: Want, retries: int = MAX_RETRIES, follow: Callable[[str], bool] = lambda _: True
) -> Generator[Want, Answer, Answer]:
    """Ask, follow redirects, and ask again where that may help; gives the last answer.

    Each step is an exchange of its own. ``follow`` is asked of a redirect's target; whether it leads out of scope is
    judged where it is asked for.
    """
    redirects = 0
    while True:
        answer = yield want
        if answer.status in REDIRECTS and answer.location and redirects < MAX_REDIRECTS:
            target = resolve(answer.url, answer.location)
            if target is None or not follow(target):
                return answer
            redirects += 1
            want = replace(want, url=target, via=want.url, source="redirect", hops=want.hops + "R", retry=0)
        elif answer.worth_retrying and want.retry < retries:
            want = replace(want, retry=want.retry + 1)
        else:
            return answer
