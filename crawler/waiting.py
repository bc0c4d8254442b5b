"""Waiting: what the parent of a crawl does where there is no room, and how long all pauses of a crawl were."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from typing import TypeVar

from archive.durable import STORAGE_ERRORS
from archive.errors import StorageFull
from archive.store import Archive
from archive.terminal import translate
from crawler.jobs import Paused, Stop
from crawler.room import LONGEST, Pause, Room

_STEP = 0.2  # seconds

T = TypeVar("T")


class Patience:
    """Does what needs room, and where there is none waits until there is. For any thread."""

    def __init__(self, archive: Archive, tell: Callable[[Paused], None], stop: Stop) -> None:
        self.room = Room(archive)
        self._tell = tell
        self._stop = stop

    def __call__(self, who: str, act: Callable[[], T]) -> T:
        """What ``act`` gives, as soon as there is room for it; where it raises StorageFull, it is done again.

        Raises the last StorageFull when the wait is longer than is configured, or is to end.
        """
        error: StorageFull | None = None
        failures = 0
        while True:
            if error is not None or self.room.shortage() is not None:
                self._wait(who, Pause(self.room, error, failures=failures))
            began = time.monotonic()
            try:
                return act()
            except StorageFull as full:
                error = full
            except OSError as failed:
                if failed.errno not in STORAGE_ERRORS:
                    raise
                error = StorageFull(str(translate(failed)))
            # What went on for long did not fail at once.
            failures = 0 if time.monotonic() - began > LONGEST else failures + 1

    def _wait(self, who: str, pause: Pause) -> None:
        told = None
        try:
            while not pause.over():
                if pause.shortage != told:
                    told = pause.shortage
                    self._tell(Paused(who, told))
                if self._stop.asked.wait(_STEP) or pause.impatient:
                    raise pause.error or StorageFull(f"{pause.shortage.why}: free some space and run it again")
        finally:
            self._tell(Paused(who, None))


class Pauses:
    """The pauses of a crawl's parts, taken together: whether one of them pauses, and how long at least one did."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._who: set[str] = set()
        self._since = 0.0
        self._seconds = 0.0
        self.count = 0

    def hear(self, paused: Paused) -> None:
        """A part of the crawl pauses, or goes on."""
        with self._lock:
            before = bool(self._who)
            if paused.shortage is not None:
                self._who.add(paused.who)
            else:
                self._who.discard(paused.who)
            if self._who and not before:
                self._since = time.monotonic()
                self.count += 1
            elif before and not self._who:
                self._seconds += time.monotonic() - self._since

    @property
    def seconds(self) -> float:
        """How long it paused so far."""
        with self._lock:
            return self._seconds + (time.monotonic() - self._since if self._who else 0.0)
