"""Judging: what the cleaner found out of captures, told to the frontier; what was edited is looked at again sooner."""

from __future__ import annotations

from collections.abc import Iterable

from archive.store import Archive
from crawler.frontier import Frontier, Judged
from crawler.sites import Site
from crawler.state import State


def judge(archive: Archive, sites: Iterable[Site], since: int) -> None:
    """Tell the frontier of the captures since a time (microseconds since 1970, UTC); twice changes nothing more.

    Raises StorageFull, and ArchiveBusy where another process keeps the state locked.
    """
    steps = {site.host: site.steps for site in sites}
    judged = (
        Judged(one.site, one.key, one.at, one.verdict, one.new_edition)
        for one in archive.outcomes(since)
        if one.site in steps
    )
    with State(archive.state_path) as state:
        Frontier(state, steps).judge(judged)
