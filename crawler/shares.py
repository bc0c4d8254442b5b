"""Shares: what one crawl of a site fetches of its hosts, each in turn, so that none of them starves the others."""

from __future__ import annotations

from collections.abc import Sequence
from heapq import nlargest

from archive.url import host as host_of
from crawler.frontier import Found


def shared(found: Sequence[Found], most: int) -> list[Found]:
    """The newest, so many in all: of each host as many as of any other, as far as it has them.

    A host of the site that makes up addresses without end, all of today, so leaves their places to the others.
    """
    if len(found) <= most:
        return list(found)
    by_host: dict[str, list[Found]] = {}
    for one in found:
        by_host.setdefault(host_of(one.url), []).append(one)
    newest = {host: nlargest(most, these, key=lambda one: one.rank) for host, these in by_host.items()}
    # In rounds: the first of each host, then the second of each, the newest first within a round.
    turns = [(turn, -one.rank, one) for these in newest.values() for turn, one in enumerate(these)]
    turns.sort(key=lambda place: place[:2])
    return [one for _, _, one in turns[:most]]
