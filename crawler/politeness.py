"""Politeness: when a request may go to a host. Remembered in ``state.sqlite``: across runs, and for all processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Self

from scrapy import signals
from scrapy.crawler import Crawler
from scrapy.exceptions import IgnoreRequest
from scrapy.settings import BaseSettings

from archive import clock
from archive.store import Archive
from crawler.state import State

SECOND = 1_000_000
# An overloaded host that names no time rests this long, then twice as long, and so on (in seconds).
FIRST_REST = 30.0
# The longest gap that grew by itself (in seconds); what a site or its robots.txt says may be longer.
LONGEST_GAP = 600.0
# The longest rest: a server's clock may be wrong by years, and a day later it is worth another question.
LONGEST_REST = 86_400.0
# A host that said so gets that many times its delay, up to a bound; each answer since then takes a tenth off, so that
# the old pace is reached again after some dozen of good ones.
SLOWER, SLOWEST, EASING = 2.0, 16.0, 0.9
# A host that takes long to answer is left alone afterwards for as long twice over, so that we keep it busy for a third
# of the time at most (Heritrix waits five times as long); up to a bound, since some are always slow (in seconds).
RECOVERY, LONGEST_RECOVERY = 2.0, 30.0
# A request that left so much later than its turn moves the next one (in microseconds): connections may take seconds.
# For those that are less late, turns are so much longer than the delay: so it is never undercut.
LATE = 5_000
# Nobody waits longer than this within a crawl: the site's remaining URLs stay due for the next one.
PATIENCE = 600.0


class Stopped(IgnoreRequest):
    """The crawl ends: a request that waited for its turn is not sent, and stays due."""


class Resting(IgnoreRequest):
    """A host asked to be left alone for longer than a crawl waits."""

    def __init__(self, until: int) -> None:
        super().__init__(f"the host asked to be left alone until {shown(until)}")


@dataclass(frozen=True, slots=True)
class Turn:
    """When a request may start (microseconds since 1970, UTC), and whether a rest that the host asked for is why."""

    at: int
    resting: bool


class Reservations:
    """The turns of all hosts, as transactions on ``state.sqlite``: two processes never get the same one."""

    def __init__(self, state: State) -> None:
        self._state = state

    def reserve(self, host: str, delay: float, now: int) -> Turn:
        """Take the next turn on a host, the one after which comes no earlier than ``delay`` seconds later.

        Without a delay nothing is written: such a request waits only for the end of a rest.
        """
        if delay <= 0:
            return self.peek(host, delay, now)
        with self._state.write() as db:
            turn = self._turn(host, delay, now)
            db.execute(
                "INSERT INTO hosts (host, next) VALUES (?, ?) ON CONFLICT (host) DO UPDATE SET next = excluded.next",
                (host, turn.at + self._gap(host, delay)),
            )
        return turn

    def sent(self, host: str, delay: float, now: int) -> None:
        """A request leaves only now: where that is later than its turn was, the next one comes later, too."""
        if delay > 0:
            self._not_before(host, now + self._gap(host, delay), LATE)

    def answered(self, host: str, delay: float, took: float, now: int) -> None:
        """An answer came or failed after so many seconds: a host that is slow is given time to recover."""
        if delay > 0:
            self._not_before(host, now + round(min(RECOVERY * took, LONGEST_RECOVERY) * SECOND))

    def _not_before(self, host: str, at: int, margin: int = 0) -> None:
        if self._state.read("SELECT 1 FROM hosts WHERE host = ? AND next + ? >= ?", (host, margin, at)):
            return
        with self._state.write() as db:
            db.execute(
                "INSERT INTO hosts (host, next) VALUES (?, ?) ON CONFLICT (host) DO UPDATE"
                " SET next = max(next, excluded.next)",
                (host, at),
            )

    def factor(self, host: str) -> float:
        """How many times its delay a host gets, since it said that it is overloaded; 1 where it did not."""
        found = self._state.read("SELECT factor FROM paces WHERE host = ?", (host,))
        return min(max(float(found[0][0]), 1.0), SLOWEST) if found else 1.0

    def _gap(self, host: str, delay: float) -> int:
        return round(max(delay, min(delay * self.factor(host), LONGEST_GAP)) * SECOND) + LATE

    def peek(self, host: str, delay: float, now: int) -> Turn:
        """The next turn, without taking it."""
        return self._turn(host, delay, now)

    def _turn(self, host: str, delay: float, now: int) -> Turn:
        found = self._state.read("SELECT next, rest FROM hosts WHERE host = ?", (host,))
        if not found:
            return Turn(now, resting=False)
        following, rest = found[0]
        # A clock that was set back must not silence a host for years.
        following = min(following, now + round(2 * LONGEST_REST * SECOND)) if delay > 0 else now
        rest = min(rest, now + round(LONGEST_REST * SECOND))
        return Turn(max(now, following, rest), resting=rest > max(now, following))

    def strike(self, host: str, now: int, asked: float | None) -> int:
        """The host said that it is overloaded: it rests for the seconds that it asked for, or longer each time.

        Gives the instant until which it rests.
        """
        with self._state.write() as db:
            found = db.execute("SELECT rest, strikes FROM hosts WHERE host = ?", (host,)).fetchone()
            rest, strikes = found or (0, 0)
            length = asked if asked is not None else FIRST_REST * 2.0 ** min(strikes, 16)
            # Answers that were under way when the first one came tell nothing new.
            until = max(min(rest, now + round(LONGEST_REST * SECOND)), now + round(min(length, LONGEST_REST) * SECOND))
            counted = strikes + (1 if rest <= now else 0)
            if rest <= now:
                db.execute(
                    "INSERT OR REPLACE INTO paces VALUES (?, ?)", (host, min(self.factor(host) * SLOWER, SLOWEST))
                )
            db.execute(
                "INSERT INTO hosts (host, rest, strikes) VALUES (?, ?, ?) ON CONFLICT (host) DO UPDATE"
                " SET rest = excluded.rest, strikes = excluded.strikes",
                (host, until, counted),
            )
        return until

    def pardon(self, host: str) -> None:
        """The host answers again: its next rest begins small, and its delay grows shorter again."""
        if self.factor(host) > 1:
            with self._state.write() as db:  # by what stands there now: another process may just have lengthened it
                db.execute("UPDATE paces SET factor = min(factor, ?) * ? WHERE host = ?", (SLOWEST, EASING, host))
                db.execute("DELETE FROM paces WHERE host = ? AND factor <= 1", (host,))
        if self._state.read("SELECT 1 FROM hosts WHERE host = ? AND strikes > 0", (host,)):
            with self._state.write() as db:
                db.execute("UPDATE hosts SET strikes = 0 WHERE host = ?", (host,))


class Pacer:
    """Lets requests wait for their turn, on the asyncio loop of the process."""

    def __init__(self, reservations: Reservations, now: Callable[[], int] = clock.now) -> None:
        self.reservations = reservations
        self._now = now
        self._stopped = asyncio.Event()

    async def wait(self, host: str, delay: float) -> None:
        """Return when a request to this host may go onto the wire; ``delay`` is in seconds.

        Raises Stopped when the crawl ends meanwhile, and Resting where the host rests for too long.
        """
        if self._stopped.is_set():
            raise Stopped("the crawl ends")
        self.check(host)
        turn = self.reservations.reserve(host, delay, self._now())
        while (left := turn.at - self._now()) > 0:
            try:
                await asyncio.wait_for(self._stopped.wait(), left / SECOND)
            except TimeoutError:
                # A rest may have begun while this request waited: then it waits for its end, too.
                self.check(host)
                turn = max(turn, self.reservations.peek(host, 0, self._now()), key=lambda one: one.at)
                continue
            raise Stopped("the crawl ends")

    def check(self, host: str) -> None:
        """Raise Resting where the host rests for longer than anybody waits."""
        now = self._now()
        turn = self.reservations.peek(host, 0, now)
        if turn.resting and turn.at - now > PATIENCE * SECOND:
            raise Resting(turn.at)

    def ready_in(self, host: str, delay: float) -> float:
        """Seconds until the host's next turn, without taking it."""
        now = self._now()
        return max(0.0, (self.reservations.peek(host, delay, now).at - now) / SECOND)

    def stop(self) -> None:
        """Let no further request go: whoever waits gets Stopped."""
        self._stopped.set()


class Pacing:
    """The extension that owns the process's `Pacer` and ``state.sqlite``; the wire asks it before each request.

    PRESSKEEP_STATE names the file; without it, it is the one of the archive (PRESSKEEP_ARCHIVE, or found upwards).
    """

    def __init__(self, state: State) -> None:
        self.state = state
        self.closed = False
        self.pacer = Pacer(Reservations(state))

    @classmethod
    def from_crawler(cls, crawler: Crawler) -> Self:
        """The extension for a crawler; raises NotAnArchive."""
        pacing = cls(State(_state_path(crawler.settings)))
        crawler.signals.connect(pacing.close, signal=signals.engine_stopped)
        return pacing

    async def wait(self, host: str, delay: float) -> None:
        """See `Pacer.wait`."""
        await self.pacer.wait(host, delay)

    def close(self) -> None:
        """End with the crawl."""
        self.pacer.stop()
        self.closed = True
        self.state.close()


def _state_path(settings: BaseSettings) -> Path:
    given = settings.get("PRESSKEEP_STATE")
    if given:
        return Path(given)
    path = settings.get("PRESSKEEP_ARCHIVE")
    with Archive.open(Path(path)) if path else Archive.find() as archive:
        return archive.state_path


def asked_rest(retry_after: str | None, now: int) -> float | None:
    """The seconds of a Retry-After field (RFC 9110, section 10.2.3), within bounds; None where it says nothing."""
    if retry_after is None:
        return None
    text = retry_after.strip()[:64]
    if text.isascii() and text.isdigit():
        return min(float(text), LONGEST_REST)
    try:
        when = parsedate_to_datetime(text)
        moment = clock.from_datetime(when if when.tzinfo else when.replace(tzinfo=UTC))
    except (TypeError, ValueError, OverflowError, IndexError):
        return None
    return min(max(0.0, (moment - now) / SECOND), LONGEST_REST)


def shown(at: int) -> str:
    """A point in time for people, in UTC."""
    when: datetime = clock.to_datetime(at)
    return f"{when:%Y-%m-%d %H:%M} UTC"
