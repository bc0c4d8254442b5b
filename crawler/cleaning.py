"""Cleaning beside a crawl: a thread of the parent that makes the texts of what is committed."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from archive.crew import Crew
from archive.errors import PresskeepError
from archive.store import Archive
from archive.textjob import TextSummary
from crawler.jobs import Stop
from crawler.room import LOOK
from crawler.waiting import Patience

# Seconds that a page which is being cleaned gets when the crawl is stopped; then it goes on waiting.
GRACE = 10.0


class Cleaning:
    """The thread that cleans what is committed, for as long as the crawl goes on and once more at its end.

    ``made`` hears, in that thread, how many texts were made so far; ``after`` is called behind each round. With
    ``idle`` its children end when nothing was to be cleaned for so many seconds, and an error ends one round only: it
    is told to ``failed``, and what waits is tried again later.
    """

    def __init__(
        self,
        archive: Archive,
        made: Callable[[int], None],
        patience: Patience,
        stop: Stop,
        *,
        after: Callable[[], None] = lambda: None,
        idle: float | None = None,
        failed: Callable[[str], None] = lambda _: None,
    ) -> None:
        self._archive = archive
        self._made = made
        self._patience = patience
        self._stop = stop
        self._after = after
        self._idle = idle
        self._failed = failed
        self._woken = threading.Event()
        self._ended = threading.Event()
        self._done = TextSummary()  # of crews that are closed
        self._error: str | None = None
        self._crew: Crew | None = None
        self._short = False  # the last round ended because the reserve was touched
        self._looked = 0.0
        self._thread = threading.Thread(target=self._work, name="cleaning", daemon=True)

    def __enter__(self) -> Cleaning:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        if self._thread.is_alive():  # an error of the crawl: clean no more
            self._stop.asked.set()
            self.finish()

    def wake(self) -> None:
        """There may be something to clean."""
        self._woken.set()

    def finish(self) -> tuple[TextSummary, str | None]:
        """Clean the rest, unless the crawl was stopped, and tell what was made; and why not all, where it failed."""
        self._ended.set()
        self._woken.set()
        asked: float | None = None
        while self._thread.is_alive():
            self._thread.join(0.2)  # in slices, for the handlers of signals
            if self._stop.asked.is_set():
                asked = asked or time.monotonic()
                patience = 0.0 if self._stop.urgent.is_set() else GRACE
                if self._crew is not None and time.monotonic() - asked > patience:
                    self._crew.abandon()  # a page may take as long as its time-out
        return self._done, self._error

    def _work(self) -> None:
        while not self._over():
            try:
                self._with_crew()
            except (PresskeepError, OSError) as error:
                if self._stop.asked.is_set():
                    return
                self._error = str(error)
                if self._idle is None:
                    return
                self._failed(self._error)
                self._ended.wait(self._idle)
                continue
            if self._idle is not None and not self._over():
                self._woken.wait()

    def _over(self) -> bool:
        return self._stop.asked.is_set() or (self._ended.is_set() and not self._woken.is_set())

    def _with_crew(self) -> None:
        """Rounds by one crew, until the end or until it is idle."""
        with Crew(self._archive) as crew:
            self._crew = crew
            if self._idle is None:
                crew.prepare()  # they start while the crawling process does
            before = self._done
            while True:
                last = self._ended.is_set()
                self._woken.clear()
                self._clean(crew, before)
                self._after()
                if last or self._stop.asked.is_set() or not self._woken.wait(self._idle):
                    return

    def _clean(self, crew: Crew, before: TextSummary) -> None:
        """Clean what waits; where there is no room for it, later."""
        self._short = True
        while self._short and not self._stop.asked.is_set():
            self._short = False
            try:
                self._patience("texts", lambda: self._round(crew, before))
            finally:
                self._done = before + crew.done

    def _round(self, crew: Crew, before: TextSummary) -> None:
        made = before.done + crew.done.done
        crew.clean(lambda done, _total, _what: self._made(made + done), self._interrupted)

    def _interrupted(self) -> bool:
        """Whether to clean no further page: asked between any two of them, it looks at the disk now and then."""
        now = time.monotonic()
        if now - self._looked >= LOOK:
            self._looked = now
            self._short = self._short or self._patience.room.shortage() is not None
        return self._short or self._stop.asked.is_set()
