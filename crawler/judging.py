"""Judging: what the cleaner found out of captures, told to the frontier; what was edited is looked at again sooner."""

from __future__ import annotations

import contextlib
from collections.abc import Iterable
from itertools import islice

from archive import clock
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


def judge(archive: Archive, sites: Iterable[Site]) -> None:
    """Tell the frontier what was found out since it was told last, of all sites; the given ones are declared so.

    It is noted how far that is, so that what a killed process had left is told by the next one; twice changes nothing
    more. Raises StorageFull, and ArchiveBusy where another process keeps the state locked.
    """
    steps = {}
    with contextlib.suppress(ConfigurationError):
        steps = {site.host: site.steps for site in read_sites(archive.sites_path)}
    steps |= {site.host: site.steps for site in sites}
    begun = clock.now()
    with State(archive.state_path) as state:
        rows = state.read("SELECT value FROM meta WHERE name = 'judged'")
        since = min(int(rows[0][0]), begun) if rows else 0
        frontier, absences = Frontier(state, steps), Absences(state)
        outcomes = archive.outcomes(since, headlines=True)
        while part := list(islice(outcomes, _PART)):
            judged = [
                Judged(one.site, one.key, one.at, one.verdict, one.new_edition, likeness(one.headline))
                for one in part
                if one.site is not None
            ]
            frontier.judge(judged)
            absences.judge(archive, judged, steps)
        until = begun - BACK if not archive.text_jobs() else max(since, begun - WAITING)
        with state.write() as db:
            db.execute("INSERT OR REPLACE INTO meta VALUES ('judged', ?)", (str(until),))
