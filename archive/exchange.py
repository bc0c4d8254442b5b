"""What crosses the wire: exchanges with an answer, and attempts without one; and what is drawn from exchanges."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum


class Role(StrEnum):
    """What a fetch was for; decided by the crawler and written into the capture's metadata record."""

    ARTICLE = "article"
    FRONT = "front"
    SECTION = "section"
    FEED = "feed"
    SITEMAP = "sitemap"
    ROBOTS = "robots"
    PROBE = "probe"
    REQUISITE = "requisite"
    FURTHER = "further"  # a further page of a story, which is no article by itself
    OTHER = "other"


class Truncation(StrEnum):
    """Reasons of ``WARC-Truncated`` (WARC/1.1, section 5.13)."""

    LENGTH = "length"
    TIME = "time"
    DISCONNECT = "disconnect"
    UNSPECIFIED = "unspecified"


class NoAnswer(StrEnum):
    """Why an attempt has no answer, or why an answer is not in the archive."""

    DNS = "dns"  # the name does not resolve
    REFUSED = "refused"  # nobody listens
    UNREACHABLE = "unreachable"  # no route, network down
    TIMEOUT = "timeout"  # no byte within the limit
    TLS = "tls"  # handshake or certificate failed
    DISCONNECT = "disconnect"  # closed before the first byte of an answer
    ADDRESS = "address"  # the address guard forbids the resolved address
    ROBOTS = "robots"  # robots.txt disallows it, or could not be had
    TAKEDOWN = "takedown"  # taken down: it must not be fetched again
    SCOPE = "scope"  # outside the site's own hosts, or a scheme that is never fetched
    BUDGET = "budget"  # a limit of the run was reached
    NOT_CAPTURED = "not-captured"  # the response did not come over the tapped wire
    NOT_DRAWN = "not-drawn"  # an answer came, and the page that its scripts make of it could not be had
    STORAGE = "storage"  # the archive took no more bytes
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Origin:
    """Why a URL was fetched: written into the metadata record of each capture and attempt."""

    site: str | None = None  # the site's name in sites.toml
    run: str | None = None  # URN of the run
    role: Role = Role.OTHER
    via: str | None = None  # URL of the page, feed or sitemap that named it
    source: str | None = None  # "feed", "sitemap", "front", "redirect", "seed", "page", …
    hops: str = ""  # Heritrix's hopsFromSeed letters: L link, R redirect, E embed, I inferred (robots, favicon)
    retry: int = 0  # how many times the same request was sent before, in this run
    announced: str | None = None  # the date that the source gave for it, verbatim


def is_for_a_page(role: Role, hops: str) -> bool:
    """Whether a fetch was for the looks of another page: a requisite, or what the host of one says of itself.

    What such a fetch fails at is counted apart: no page is missing for it.
    """
    return role is Role.REQUISITE or (role is Role.ROBOTS and "E" in hops)


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request and its response, exactly as they crossed the wire.

    ``request`` and ``response`` are the bytes of the HTTP/1.x messages: nothing re-serialised, nothing decoded.
    ``response`` may be cut, with the reason in ``truncated``; it is never empty (that is an `Attempt`).
    Times are microseconds since 1970, UTC; ``at`` is the first byte of the request.
    """

    url: str
    at: int
    request: bytes
    response: bytes
    method: str = "GET"
    duration: int = 0  # microseconds from the first byte of the request to the last of the response
    truncated: Truncation | None = None
    ip: str | None = None
    protocols: tuple[str, ...] = ("http/1.1",)  # WARC-Protocol values, such as ("http/1.1", "tls/1.3")
    cipher: str | None = None  # WARC-Cipher-Suite
    masked: tuple[str, ...] = ()  # names of request fields whose values were masked at the same length
    reservations: tuple[str, ...] = ()  # what the answer says of keeping and mining it (`archive.reservation`)
    confirms: str | None = None  # the id of the capture whose validators the request carried; it is told by a 304
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Attempt:
    """A fetch that gave no answer to keep: recorded as a metadata record with its target URI and reason.

    ``request`` holds the bytes that were sent before the attempt failed, if any were.
    """

    url: str
    at: int
    reason: NoAnswer
    detail: str = ""
    method: str = "GET"
    duration: int = 0
    request: bytes = b""
    ip: str | None = None
    protocols: tuple[str, ...] = ()
    cipher: str | None = None
    masked: tuple[str, ...] = ()
    origin: Origin = field(default_factory=Origin)


@dataclass(frozen=True, slots=True)
class Drawn:
    """A page as a browser drew it from answers that are in the archive: derived, no bytes of the wire.

    ``page`` is its markup in UTF-8 as it stood at ``at``; ``by`` names the browser with its version. ``made_from`` are
    the ids of the captures whose answers the browser was given, the page's own first, whose URL this is, too.
    ``without`` tells what it asked for and did not get, by kind, with how often; ``cut`` by which limit the drawing was
    ended, where one was.
    """

    url: str
    at: int
    page: bytes
    by: str
    made_from: tuple[str, ...]
    without: tuple[str, ...] = ()
    cut: str = ""
    duration: int = 0  # microseconds, waits for hosts included
    reservations: tuple[str, ...] = ()  # those of the page's own answer
    origin: Origin = field(default_factory=Origin)
