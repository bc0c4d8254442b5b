"""A browser for tests, and what it is to draw: answers in memory, and pages written for it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Coroutine, Mapping
from dataclasses import dataclass, field
from typing import Any, TypeVar

from archive.configuration import ArchiveConfiguration
from crawler.drawing.browser import Browser
from crawler.drawing.sheet import Picture, Reply, Wanted

T = TypeVar("T")
URL = "http://paper.example/story"


def configuration(**browser: object) -> ArchiveConfiguration:
    """That of an archive, with ``[browser]``."""
    return ArchiveConfiguration.model_validate(
        {"format": 1, "id": "urn:uuid:00000000-0000-4000-8000-000000000001", "name": "TEST", "browser": browser}
    )


@dataclass
class Files:
    """What a page may ask for: bodies, statuses or replies, by URL; anything else has no answer. ``asked`` grows."""

    files: Mapping[str, bytes | int | Reply | Callable[[], Awaitable[bytes]]]
    asked: list[Wanted] = field(default_factory=list)
    is_halted: bool = False

    @property
    def urls(self) -> list[str]:
        """What was asked for, in its order."""
        return [one.url for one in self.asked]

    async def fetch(self, wanted: Wanted, limit: int) -> Reply | None:
        """The answer, as `crawler.drawing.sheet.Fetch`."""
        self.asked.append(wanted)
        found = self.files.get(wanted.url)
        if found is None or isinstance(found, Reply):
            return found
        if callable(found):
            found = await found()
        kind = "text/javascript" if wanted.url.endswith(".js") else "text/plain"
        fields = (("Content-Type", kind), ("Access-Control-Allow-Origin", "*"))
        body = b"" if isinstance(found, int) else found
        return Reply(found if isinstance(found, int) else 200, fields, body) if len(body) <= limit else None

    def halted(self) -> bool:
        """Whether the crawl ends."""
        return self.is_halted

    def paused(self) -> bool:
        """Whether it waits for room."""
        return False


def html(body: str, head: str = "") -> Reply:
    """An answer that is a page."""
    page = f"<!DOCTYPE html><html><head>{head}</head><body>{body}</body></html>".encode()
    return Reply(200, (("Content-Type", "text/html; charset=utf-8"),), page)


class Easel:
    """A browser, and the event loop that it lives in."""

    def __init__(self, **settings: object) -> None:
        self._runner = asyncio.Runner()
        self.browser = Browser(configuration(**settings))

    def run(self, act: Coroutine[Any, Any, T]) -> T:
        """What a coroutine gives."""
        return self._runner.run(act)

    def draw(self, page: Reply, files: Files | None = None) -> Picture:
        """A page as it is drawn."""
        given = files or Files({})
        return self.run(self.browser.draw(URL, page, given.fetch, given))

    def close(self) -> None:
        """End the browser."""

        async def end() -> None:
            self.browser.close()

        self.run(end())
        self._runner.close()
