"""Gathering: a visit's part that fetches what the pages of its site refer to. Plain code without Scrapy.

It comes after the articles. Pages and stylesheets are read from the archive, once they are committed; what they refer
to is then asked for, a host by one request at a time, and several hosts side by side.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable
from dataclasses import dataclass

from archive.errors import StorageFull
from archive.exchange import NoAnswer, Role
from crawler.discovery.embeds import Embeds, embeds, sheet_embeds
from crawler.requisites.known import LeftOut, Requisite, Unread
from crawler.requisites.memory import Requisites
from crawler.scheduling.durations import HOUR, SECOND
from crawler.walk import Answer, Walk, Want

# Hosts that are asked side by side: a browser would ask all of a page's at once, and few pages name more.
WIDTH = 8
# Requisites that are chosen together: so often the limits of bytes are looked at.
BATCH = 50
# Pages that are read in one go, each some 5 ms; while articles are fetched, one after each answer.
MAX_READ = 100
# Failures in a row after which a host is left alone, by this visit and for an hour.
MAX_FAILURES = 3
# Seconds between two looks at whether something more urgent is due for the site.
_LOOK = 5 * SECOND


@dataclass(frozen=True, slots=True)
class Stored:
    """A page or stylesheet as the archive has it: its URL, decoded body and charset."""

    url: str
    body: bytes
    charset: str | None


class Gathering:
    """The requisites of one site within one visit.

    ``read`` gives what a capture holds (None where that cannot be had); ``commit`` makes durable, and noted, what came;
    ``leave`` records what a limit left out; ``urgent`` says that it is to end, since something else is due.
    """

    def __init__(
        self,
        site: str,
        memory: Requisites,
        now: Callable[[], int],
        *,
        read: Callable[[str], Stored | None],
        commit: Callable[[], None],
        leave: Callable[[LeftOut], None],
        urgent: Callable[[], bool] = lambda: False,
        unpaced: bool = False,
    ) -> None:
        self._site = site
        self._memory = memory
        self._now = now
        self._read = read
        self._commit = commit
        self._leave = leave
        self._urgent = urgent
        self._unpaced = unpaced  # a host may be asked for several at once
        self._waiting: list[Requisite] = []
        self._busy: dict[str, int] = {}  # hosts and their requests under way
        self._failures: dict[str, int] = {}  # in a row, by host
        self._skipped: set[str] = set()
        self._asked: set[str] = set()  # nothing is asked twice by one visit, whatever becomes of its note
        self._looked: int | None = None
        self._ended = False
        self.under_way = 0
        self.answered = 0

    def glance(self) -> None:
        """Read one page, while articles are being fetched."""
        with contextlib.suppress(StorageFull):  # it stays unread
            self._learn(1)

    def more(self) -> list[Walk]:
        """What to ask now; none where it is over, or waits for what is under way. Raises StorageFull: see `Visit`."""
        if self._is_urgent():
            self._ended = True
            self._waiting.clear()
        if not self._ended and not self._waiting and not self.under_way:
            self._choose()
        walks: list[Walk] = []
        kept: list[Requisite] = []
        for one in self._waiting:
            if one.host in self._skipped:
                continue
            if self.under_way >= WIDTH or (self._busy.get(one.host) and not self._unpaced):
                kept.append(one)
                continue
            self.under_way += 1
            self._busy[one.host] = self._busy.get(one.host, 0) + 1
            walks.append(self._walk(one))
        self._waiting = kept
        return walks

    def _is_urgent(self) -> bool:
        """Whether it is to make room; not before some have been asked for, so that it comes on in any case."""
        now, last = self._now(), self._looked
        if self._ended or (last is not None and 0 <= now - last < _LOOK):
            return False
        self._looked = now
        return last is not None and self._urgent()

    def _choose(self) -> None:
        """Take up what is due, stylesheets that came and pages read before."""
        self._commit()
        self._memory.settle(self._site, self._now())
        read = 0
        while not self._waiting:
            learned = self._learn(min(BATCH, MAX_READ - read))
            read += learned
            due, left = self._memory.due(self._site, self._now(), BATCH, sorted(self._skipped))
            for one in left:
                self._leave(one)
            self._waiting = [one for one in due if one.url not in self._asked]
            if not learned and not left:
                break
        self._ended = not self._waiting
        self._asked.update(one.url for one in self._waiting)

    def _learn(self, most: int) -> int:
        """Read so many pages and stylesheets; how many there were."""
        unread = self._memory.unread(self._site, most) if most > 0 else []
        for one in unread:
            stored = self._read(one.capture)
            left = self._memory.learn(
                self._site, one, stored.url if stored is not None else one.key, _embeds(one, stored), self._now()
            )
            if left is not None:
                self._leave(left)
        return len(unread)

    def _walk(self, one: Requisite) -> Walk:
        try:
            answer = yield Want(one.url, Role.REQUISITE, one.source, one.via, one.hops)
        finally:
            self.under_way -= 1
            self._busy[one.host] -= 1
        self.answered += 1
        self._judge(one, answer)

    def _judge(self, one: Requisite, answer: Answer) -> None:
        """Leave a host alone that does not answer, or asked for it: its requisites are no reason to give up a visit."""
        failure = answer.failure
        if failure is None:
            self._failures[one.host] = 0
            return
        if failure.away:
            self._ended = True
            self._waiting.clear()
        elif failure.reason is NoAnswer.BUDGET:
            self._skip(one.host)
        elif failure.reason in _NO_ANSWER or failure.cause in _NO_ANSWER:
            self._failures[one.host] = self._failures.get(one.host, 0) + 1
            if self._failures[one.host] >= MAX_FAILURES:
                self._skip(one.host)

    def _skip(self, host: str) -> None:
        self._skipped.add(host)
        with contextlib.suppress(StorageFull):  # else the next visit finds it out
            self._memory.postpone(self._site, host, self._now() + HOUR)


_NO_ANSWER = frozenset(
    {NoAnswer.DNS, NoAnswer.REFUSED, NoAnswer.UNREACHABLE, NoAnswer.TIMEOUT, NoAnswer.TLS, NoAnswer.DISCONNECT}
)


def _embeds(one: Unread, stored: Stored | None) -> Embeds:
    if stored is None:
        return Embeds()
    return (embeds if one.is_page else sheet_embeds)(stored.body, stored.url, stored.charset)
