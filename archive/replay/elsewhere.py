"""What the archives that are served beside one have taken down: none of them hands it out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from threading import Lock

from sqlalchemy import Column, ColumnElement, false, or_, select

from archive.catalogue import blocking, tables
from archive.catalogue.blocking import Rules, Target
from archive.errors import TakenDown
from archive.store import Archive
from archive.url import normalise

_AGAIN = 1.0  # seconds for which what was decided before counts
_others = tables.captures.alias("revisited").c


class Elsewhere:
    """The takedowns of other archives; of none, nothing is taken down. Safe for threads."""

    def __init__(self, archives: Sequence[Archive] = ()) -> None:
        self._archives = tuple(archives)
        self._lock = Lock()
        self._read = float("-inf")
        self._rules: tuple[Rules, ...] = ()

    def targets(self) -> tuple[Target, ...]:
        """What is taken down in any of them, by now or a second ago."""
        return tuple(
            sorted({one for each in self._now() for one in each.active}, key=lambda one: (one.key, one.prefix))
        )

    def covers(self, url: str) -> bool:
        """Whether a URL is taken down in one of them."""
        return any(one.active and one.covers(normalise(url)) for one in self._now())

    def refuse(self, url: str) -> None:
        """Raise TakenDown where it is."""
        if self.covers(url):
            raise TakenDown("this URL is taken down in an archive that is served with this one", url=url)

    def condition(self) -> ColumnElement[bool]:
        """The same on the table of captures, of what they revisit, too."""
        targets = self.targets()
        if not targets:
            return false()
        return or_(
            blocking.covered(targets, tables.captures.c.key), self._revisited(targets, tables.captures.c.refers_to)
        )

    def _revisited(self, targets: Sequence[Target], refers_to: Column[str]) -> ColumnElement[bool]:
        return select(_others.id).where(_others.id == refers_to, blocking.covered(targets, _others.key)).exists()

    def _now(self) -> tuple[Rules, ...]:
        if not self._archives:
            return ()
        with self._lock:
            if time.monotonic() - self._read > _AGAIN:
                found = []
                for one in self._archives:
                    with one.catalog.reading() as connection:
                        found.append(blocking.rules(connection))
                self._rules, self._read = tuple(found), time.monotonic()
            return self._rules
