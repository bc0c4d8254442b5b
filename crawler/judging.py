"""Judging: what the cleaner found out of captures, told to the frontier; what was edited is looked at again sooner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable, Iterator
from itertools import islice

from archive import clock
from archive.catalogue.texts import Outcome
from archive.errors import ConfigurationError
from archive.store import Archive
from crawler.absence import Absences, likeness
from crawler.frontier import Frontier, Judged
from crawler.scheduling.durations import DAY, MINUTE
from crawler.sites import Site, read_sites
from crawler.state import State

# An exchange is dated by its request, and may be committed so long after it.
BACK = 10 * MINUTE
# Where some pages wait for the cleaner for good, what is older than this is not looked for again.
WAITING = 2 * DAY
_PART = 500  # findings in one transaction


class Judging:
    """Tells the frontier of an archive what was found out, again and again, by one process.

    It is noted in the state how far that is, so that what a killed process had left is told by the next one; to tell
    the same twice changes nothing more.
    """

    def __init__(self, archive: Archive) -> None:
        self._archive = archive
        self._told: set[str] = set()  # captures of the last minutes, which are asked for each time

    def tell(self, sites: Iterable[Site]) -> None:
        """Tell what was found out since, of all sites; those that are declared are given.

        Raises StorageFull, and ArchiveBusy where another process keeps the state locked.
        """
        steps = {site.host: site.steps for site in sites}
        begun = clock.now()
        with State(self._archive.state_path) as state:
            rows = state.read("SELECT value FROM meta WHERE name = 'judged'")
            since = min(int(rows[0][0]), begun) if rows else 0
            frontier, absences = Frontier(state, steps), Absences(state)
            kept: set[str] = set()
            outcomes = self._new(since, begun - BACK, kept)
            while part := list(islice(outcomes, _PART)):
                judged = [
                    Judged(one.site or "", one.key, one.at, one.verdict, one.new_edition, likeness(one.headline))
                    for one in part
                ]
                frontier.judge(judged)
                absences.judge(self._archive, judged, steps)
            self._told = kept
            until = begun - BACK if not self._archive.text_jobs() else max(since, begun - WAITING)
            with state.write() as db:
                db.execute("INSERT OR REPLACE INTO meta VALUES ('judged', ?)", (str(until),))

    def _new(self, since: int, lately: int, kept: set[str]) -> Iterator[Outcome]:
        """What was not told yet; those that will be asked for again are ``kept``."""
        first: int | None = since
        if self._told:
            first = None
            for one in self._archive.outcomes(since):
                if one.capture_id not in self._told:
                    first = one.at  # headlines are looked up from here on
                    break
                if one.at >= lately:
                    kept.add(one.capture_id)
        for one in self._archive.outcomes(first, headlines=True) if first is not None else ():
            if one.at >= lately:
                kept.add(one.capture_id)
            if one.site is not None and one.capture_id not in self._told:
                yield one


def judge(archive: Archive, sites: Iterable[Site]) -> None:
    """The same once, of all sites: those of sites.toml, the given ones as they are. Raises as `Judging.tell` does."""
    declared: dict[str, Site] = {}
    with contextlib.suppress(ConfigurationError):
        declared = {site.host: site for site in read_sites(archive.sites_path)}
    Judging(archive).tell({**declared, **{site.host: site for site in sites}}.values())
