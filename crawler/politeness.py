"""Politeness: when a request may go to a host. Remembered in ``state.sqlite``: across runs, and for all processes."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections.abc import Callable
from dataclasses import dataclass, replace
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
# The longest time from a turn until its request leaves (in microseconds): look-up, connection and handshake have 10 s
# each. So long others wait for it, and look again so often (in microseconds).
LONGEST_CLAIM, LOOK = 35_000_000, 50_000
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
    """When a request may start (microseconds since 1970, UTC), and whether a rest that the host asked for is why.

    ``mine`` says that it has come, and is nobody else's. ``held`` says that somebody else's request is on its way, and
    that ``at`` is only when to look again.
    """

    at: int
    resting: bool
    mine: bool = False
    held: bool = False


class Reservations:
    """The turns of all hosts, as transactions on ``state.sqlite``: two processes never get the same one.

    Who takes a turn claims the host until the request has left: looking up the name, connecting and the TLS handshake
    may take seconds, and nobody else's turn comes before a delay has gone by since then. The claim of a process that is
    no more is none.
    """

    def __init__(self, state: State) -> None:
        self._state = state
        self._name = f"{os.getpid()}-{secrets.token_hex(4)}"
        self._claimed: set[str] = set()

    def take(self, host: str, delay: float, now: int) -> Turn:
        """Take the turn on a host, if it has come; the one after it comes no earlier than ``delay`` seconds later.

        Without a delay nothing is written: such a request waits only for the end of a rest.
        """
        turn = self._turn(host, delay, now)
        if turn.at > now or delay <= 0:
            return replace(turn, mine=turn.at <= now)
        with self._state.write() as db:
            turn = self._turn(host, delay, now)
            if turn.at > now:
                return turn
            if self._is_held(host, now):
                return Turn(now + LOOK, resting=False, held=True)
            db.execute(
                "INSERT INTO hosts (host, next, claim, until) VALUES (?, ?, ?, ?) ON CONFLICT (host) DO UPDATE"
                " SET next = excluded.next, claim = excluded.claim, until = excluded.until",
                (host, now + self._gap(host, delay), self._name, now + LONGEST_CLAIM),
            )
        self._claimed.add(host)
        return replace(turn, mine=True)

    def _is_held(self, host: str, now: int) -> bool:
        """Whether another one's request is on its way to a host."""
        found = self._state.read("SELECT claim, until FROM hosts WHERE host = ? AND claim <> ''", (host,))
        if not found or found[0][0] == self._name or not now < found[0][1] <= now + LONGEST_CLAIM:
            return False
        return _lives(str(found[0][0]))

    def leaving(self, host: str, delay: float, now: int) -> None:
        """A request is about to leave: where that is later than its turn was, the next one comes later, too."""
        if delay > 0:
            self._not_before(host, now + self._gap(host, delay), LATE)

    def sent(self, host: str, delay: float, now: int) -> None:
        """A request has left: the next turn is counted from now, and may be anybody's."""
        if delay > 0:
            self._release(host, now + self._gap(host, delay))

    def answered(self, host: str, delay: float, took: float, now: int) -> None:
        """An answer came or failed after so many seconds: a host that is slow is given time to recover."""
        if delay > 0:
            at = now + round(min(RECOVERY * took, LONGEST_RECOVERY) * SECOND)
            if host in self._claimed:  # nothing was sent
                self._release(host, at)
            else:
                self._not_before(host, at)

    def _release(self, host: str, at: int) -> None:
        with self._state.write() as db:
            db.execute(
                "UPDATE hosts SET next = max(next, ?), until = CASE claim WHEN ? THEN 0 ELSE until END,"
                " claim = CASE claim WHEN ? THEN '' ELSE claim END WHERE host = ?",
                (at, self._name, self._name, host),
            )
        self._claimed.discard(host)

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
        found = self._state.read("SELECT factor FROM hosts WHERE host = ?", (host,))
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
            factor = self.factor(host)
            if rest <= now:
                strikes, factor = strikes + 1, min(factor * SLOWER, SLOWEST)
            db.execute(
                "INSERT INTO hosts (host, rest, strikes, factor) VALUES (?, ?, ?, ?) ON CONFLICT (host) DO UPDATE"
                " SET rest = excluded.rest, strikes = excluded.strikes, factor = excluded.factor",
                (host, until, strikes, factor),
            )
        return until

    def pardon(self, host: str) -> None:
        """The host answers again: its next rest begins small, and its delay grows shorter again."""
        if self._state.read("SELECT 1 FROM hosts WHERE host = ? AND (factor > 1 OR strikes > 0)", (host,)):
            with self._state.write() as db:  # by what stands there now: another process may just have lengthened it
                db.execute(
                    "UPDATE hosts SET factor = max(1.0, min(factor, ?) * ?), strikes = 0 WHERE host = ?",
                    (SLOWEST, EASING, host),
                )


def _lives(name: str) -> bool:
    """Whether the process that such a name is of is there."""
    try:
        os.kill(int(name.partition("-")[0]), 0)
    except ProcessLookupError:
        return False
    except (ValueError, OSError):  # PermissionError: somebody else's
        pass
    return True


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
        while not (turn := self.reservations.take(host, delay, self._now())).mine:
            try:
                await asyncio.wait_for(self._stopped.wait(), max(0, turn.at - self._now()) / SECOND)
            except TimeoutError:
                self.check(host)  # a rest may have begun while this request waited
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
