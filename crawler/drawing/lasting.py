"""Lasting answers: the scripts and styles that all pages of a site ask for, kept for the pages after the first."""

from __future__ import annotations

import asyncio
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field

from scrapy import Request

from crawler.drawing.sheet import Reply

# Bytes of bodies in one process: the bundles of some thirty sites.
ROOM = 64 * 2**20
# Seconds: a site that has rolled out a new version names it in its pages anyhow.
LIFE = 3600.0


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer, and the request whose meta names the capture of it."""

    reply: Reply
    request: Request = field(repr=False)


class Lasting:
    """A bounded memory of answers by site and URL; the one that was used longest ago goes first."""

    def __init__(self, room: int = ROOM, now: Callable[[], float] = time.monotonic) -> None:
        self._room = room
        self._now = now
        self._kept: OrderedDict[tuple[str, str], tuple[float, Kept]] = OrderedDict()
        self._asking: dict[tuple[str, str], asyncio.Future[Kept | None]] = {}
        self.bytes = 0

    async def once(self, site: str, url: str, ask: Callable[[], Awaitable[Kept | None]]) -> Kept | None:
        """What is known, or what ``ask`` gives: it is asked once, however many pages want it at the same time."""
        known = self.get(site, url)
        if known is not None:
            return known
        under_way = self._asking.get((site, url))
        if under_way is not None:
            return await asyncio.shield(under_way)
        answer = self._asking[site, url] = asyncio.get_running_loop().create_future()
        kept = None
        try:
            kept = await ask()
            if kept is not None:
                self.put(site, url, kept)
            return kept
        finally:
            answer.set_result(kept)
            del self._asking[site, url]

    def get(self, site: str, url: str) -> Kept | None:
        """What was answered within the last hour; None where nothing is known."""
        found = self._kept.get((site, url))
        if found is None:
            return None
        at, kept = found
        if self._now() - at > LIFE:
            self._forget((site, url))
            return None
        self._kept.move_to_end((site, url))
        return kept

    def put(self, site: str, url: str, kept: Kept) -> None:
        """Keep an answer, where it is one that the next page would get, too."""
        asked = {name.lower(): value for name, value in kept.reply.fields}.get("cache-control", "").lower()
        if kept.reply.status != 200 or "no-store" in asked or len(kept.reply.body) > self._room:
            return
        self._forget((site, url))
        self._kept[site, url] = (self._now(), kept)
        self.bytes += len(kept.reply.body)
        while self.bytes > self._room:
            self._forget(next(iter(self._kept)))

    def _forget(self, key: tuple[str, str]) -> None:
        found = self._kept.pop(key, None)
        if found is not None:
            self.bytes -= len(found[1].reply.body)
