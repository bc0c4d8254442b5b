"""robots.txt as RFC 9309 has it: fetched through the tap like everything else, remembered for a day, obeyed."""

from __future__ import annotations

import zlib
from dataclasses import dataclass, field
from enum import StrEnum
from functools import cached_property
from urllib.parse import urlsplit

from archive.exchange import NoAnswer
from crawler.robotstxt import MAX_ROBOTS, RobotsTxt, Rule
from crawler.state import State

DAY = 86_400 * 1_000_000  # microseconds; RFC 9309, section 2.4: no cached copy is used longer
# A server that fails is asked again in the next crawl, but not once for each of its pages in this one.
FAILED_FOR = 600 * 1_000_000
# Section 2.3.1.4: a file that was unreachable for so long may be taken for absent, or an old copy goes on to be used.
UNREACHABLE_FOR = 30 * DAY
MAX_HOPS = 5  # section 2.3.1.2
NOT_HAD = "robots.txt could not be had"  # begins the detail of what that forbids, which is for now alone
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
    def _rules(self) -> RobotsTxt:
        return RobotsTxt(self.body)

    def refusal(self, url: str, agent: str) -> str | None:
        """Why this URL is not to be fetched by the product token ``agent``, in words; None when it may be."""
        if self.access is Access.UNREACHABLE:
            return f"{NOT_HAD} ({self.detail}), so nothing may be fetched"
        if self.access is Access.ABSENT:
            return None
        rule = self._rules.rule(url, agent)
        return None if rule is None or rule.allow else f"robots.txt disallows it for {agent} ({rule.line})"

    def rule(self, url: str, agent: str) -> Rule | None:
        """The rule that counts for a URL; None where none does, or where there are no rules."""
        return self._rules.rule(url, agent) if self.access is Access.RULES else None

    def usage(self, url: str, agent: str) -> tuple[str, ...]:
        """What it says of the use of a page that may be fetched, in words (`crawler.usagerules`)."""
        return self._rules.usage(url, agent) if self.access is Access.RULES else ()

    def delay(self, agent: str) -> float:
        """The seconds between two requests that it asks for; 0 where it does not."""
        if self.access is not Access.RULES:
            return 0.0
        return min(self._rules.delay(agent), MAX_DELAY)


def after_answer(origin: str, at: int, status: int, body: bytes) -> Robots:
    """What an answer means; a redirect is one of more hops than are followed."""
    if status >= 500 or status == 429:
        # 429 is a 4xx, but what it says is "not now" (as Google reads it, too).
        return Robots(origin, at, Access.UNREACHABLE, f"it answers {status}")
    if 200 <= status < 300:
        return Robots(origin, at, Access.RULES, body=body[: MAX_ROBOTS + 1])  # one more tells that it was longer
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

    def last(self, url: str) -> Robots | None:
        """What is known of the file of a URL's origin, however old; None where it was never asked for."""
        origin = origin_of(url)
        rows = self._state.read("SELECT at, outcome, detail, body FROM robots WHERE origin = ?", (origin,))
        if not rows:
            return None
        at, outcome, detail, body = rows[0]
        text = zlib.decompress(body) if body else b""
        # The last copy goes on to hold while the file cannot be had.
        return Robots(
            origin, at, Access.RULES if body and outcome == Access.UNREACHABLE else Access(outcome), detail, text
        )

    def body(self, url: str) -> bytes | None:
        """The file of a URL's origin as it was read last, in this process or before; None where there is none."""
        origin = origin_of(url)
        known = self._here.get(origin) or self._load(origin)
        if known is not None and known.access is Access.RULES:
            return known.body
        return self._last_copy(origin)[1]

    def put(self, robots: Robots) -> Robots:
        """Remember what was fetched, and give what holds now.

        While the file is unreachable that is the last copy, however old; without one nothing is allowed, until it has
        been unreachable for 30 days: then it counts as absent. For how long is remembered across runs, but each new
        crawl asks again.
        """
        if robots.access is Access.UNREACHABLE:
            since, copy = self._last_copy(robots.origin)
            since = min(since or robots.at, robots.at)
            self._write(
                robots.origin, since, robots.access, robots.detail, b"" if copy is None else zlib.compress(copy)
            )
            again = robots.at - DAY + FAILED_FOR  # when what holds meanwhile is taken to be from: it is asked for soon
            if copy is not None:
                robots = Robots(robots.origin, again, Access.RULES, body=copy)
            elif robots.at - since >= UNREACHABLE_FOR:
                robots = Robots(robots.origin, again, Access.ABSENT, f"unreachable for 30 days: {robots.detail}")
        else:
            self._write(robots.origin, robots.at, robots.access, robots.detail, zlib.compress(robots.body))
        self._here[robots.origin] = robots
        return robots

    def _write(self, origin: str, at: int, access: Access, detail: str, body: bytes) -> None:
        with self._state.write() as db:
            db.execute("INSERT OR REPLACE INTO robots VALUES (?, ?, ?, ?, ?)", (origin, at, access, detail, body))

    def _load(self, origin: str) -> Robots | None:
        """The file as it came last; None where it did not come the last time."""
        rows = self._state.read("SELECT at, outcome, detail, body FROM robots WHERE origin = ?", (origin,))
        if not rows or rows[0][1] == Access.UNREACHABLE:
            return None
        at, outcome, detail, body = rows[0]
        return Robots(origin, at, Access(outcome), detail, zlib.decompress(body))

    def _last_copy(self, origin: str) -> tuple[int | None, bytes | None]:
        """Since when the file is unreachable, None where it is not, and the rules as they came last, if they did.

        The row of an unreachable file holds the first failure in ``at``, and the last copy in ``body``: no byte at all
        where there is none, which is not what an empty file is compressed to.
        """
        rows = self._state.read("SELECT at, outcome, body FROM robots WHERE origin = ?", (origin,))
        if not rows:
            return None, None
        at, outcome, body = rows[0]
        if outcome == Access.UNREACHABLE:
            return at, zlib.decompress(body) if body else None
        return None, zlib.decompress(body) if outcome == Access.RULES else None
