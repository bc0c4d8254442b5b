"""robots.txt as RFC 9309 has it: fetched through the tap like everything else, remembered for a day, obeyed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

from protego import Protego

from archive.exchange import NoAnswer
from crawler.discovery.decoding import decode
from crawler.discovery.probing import MAX_ROBOTS
from crawler.state import State

DAY = 86_400 * 1_000_000  # microseconds; RFC 9309, section 2.4: no cached copy is used longer
# A server that fails is asked again in the next crawl, but not once for each of its pages in this one.
FAILED_FOR = 600 * 1_000_000
# Section 2.4 allows an old copy while the file is unreachable, without a bound; a month is section 2.3.1.4's measure.
STALE_FOR = 30 * DAY
MAX_HOPS = 5  # section 2.3.1.2
# Publishers ask for 10 to 60 seconds; a day would mean "never", which Disallow can say.
MAX_DELAY = 3600.0


class Access(StrEnum):
    """What came of fetching a robots.txt (RFC 9309, section 2.3.1)."""

    RULES = "rules"  # it is there: its rules hold
    ABSENT = "absent"  # 4xx: everything is allowed
    UNREACHABLE = "unreachable"  # 5xx or no answer: nothing is allowed


@dataclass(frozen=True)
class Robots:
    """The robots.txt of one origin (scheme, host and port), as it was at a time.

    ``detail`` says in words why it is absent or unreachable; ``failure`` is the reason where nothing answered.
    """

    origin: str
    at: int
    access: Access
    detail: str = ""
    body: bytes = field(default=b"", repr=False)
    failure: NoAnswer | None = None

    @cached_property
    def _rules(self) -> Protego:
        return Protego.parse(decode(self.body[:MAX_ROBOTS]))

    def refusal(self, url: str, agent: str) -> str | None:
        """Why this URL is not to be fetched by the product token ``agent``, in words; None when it may be."""
        if self.access is Access.UNREACHABLE:
            return f"robots.txt could not be had ({self.detail}), so nothing may be fetched"
        if self.access is Access.ABSENT or self._rules.can_fetch(url, agent):
            return None
        return f"robots.txt disallows it for {agent}"

    def delay(self, agent: str) -> float:
        """The seconds between two requests that it asks for; 0 where it does not."""
        if self.access is not Access.RULES:
            return 0.0
        asked = self._rules.crawl_delay(agent) or 0.0
        rate = self._rules.request_rate(agent)
        if rate is not None and rate.requests > 0:
            asked = max(asked, rate.seconds / rate.requests)
        return min(max(asked, 0.0), MAX_DELAY)


def after_answer(origin: str, at: int, status: int, body: bytes) -> Robots:
    """What an answer means; a redirect is one of more hops than are followed."""
    if status >= 500 or status == 429:
        # 429 is a 4xx, but what it says is "not now" (as Google reads it, too).
        return Robots(origin, at, Access.UNREACHABLE, f"it answers {status}")
    if 200 <= status < 300:
        return Robots(origin, at, Access.RULES, body=body[:MAX_ROBOTS])
    detail = f"it answers {status}" if status >= 400 else f"more than {MAX_HOPS} redirects"
    return Robots(origin, at, Access.ABSENT, detail)


def after_failure(origin: str, at: int, reason: NoAnswer, detail: str) -> Robots:
    """What it means that nothing answered."""
    return Robots(origin, at, Access.UNREACHABLE, detail or str(reason), failure=reason)


def origin_of(url: str) -> str:
    """Scheme, host and port of a URL: what one robots.txt is for."""
    parts = urlsplit(url)
    return f"{parts.scheme}://{parts.netloc.rpartition('@')[2]}".lower()


def product_token(user_agent: str) -> str:
    """The name by which robots.txt calls a crawler (section 2.2.1): the first product of its User-Agent."""
    return user_agent.partition("/")[0].partition(" ")[0] or user_agent


class RobotsMemory:
    """The robots.txt files that are known, in ``state.sqlite`` and in this process."""

    def __init__(self, state: State) -> None:
        self._state = state
        self._here: dict[str, Robots] = {}

    def get(self, origin: str, now: int) -> Robots | None:
        """The file as it may still be used, or None when it must be fetched."""
        known = self._here.get(origin) or self._load(origin)
        if known is None or not 0 <= now - known.at < (FAILED_FOR if known.access is Access.UNREACHABLE else DAY):
            return None
        self._here[origin] = known
        return known

    def body(self, url: str) -> bytes | None:
        """The file of a URL's origin as it was read last, in this process or before; None where there is none."""
        origin = origin_of(url)
        known = self._here.get(origin) or self._load(origin)
        return known.body if known is not None and known.access is Access.RULES else None

    def put(self, robots: Robots) -> Robots:
        """Remember what was fetched, and give what holds now.

        That is an older copy where the file is unreachable. What is unreachable is remembered in this process only:
        a new crawl asks again.
        """
        if robots.access is Access.UNREACHABLE:
            older = self._load(robots.origin)
            if older is not None and older.access is Access.RULES and robots.at - older.at < STALE_FOR:
                robots = Robots(robots.origin, robots.at - DAY + FAILED_FOR, Access.RULES, body=older.body)
            self._here[robots.origin] = robots
            return robots
        self._here[robots.origin] = robots
        with self._state.write() as db:
            db.execute(
                "INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?, ?)",
                (robots.origin, robots.at, robots.access, robots.detail, zlib.compress(robots.body)),
            )
        return robots

    def _load(self, origin: str) -> Robots | None:
        rows = self._state.read("SELECT at, outcome, detail, body FROM robots WHERE origin = ?", (origin,))
        if not rows:
            return None
        at, outcome, detail, body = rows[0]
        return Robots(origin, at, Access(outcome), detail, zlib.decompress(body))
