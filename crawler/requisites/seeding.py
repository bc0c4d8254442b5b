"""Seeding: what is known of requisites after a loss of ``state.sqlite``, from the archive."""

from __future__ import annotations

import json
from collections.abc import Iterator

from archive.catalogue.declared import configurations
from archive.exchange import Role
from archive.store import Archive
from crawler.requisites.known import FRESH
from crawler.requisites.noted import note_page, seed_requisite
from crawler.scheduling.durations import DAY
from crawler.sites import Keep
from crawler.state import State

# A run may have begun so long before the captures that it made; a service follows its processes each hour.
_RUN = 7 * DAY


def seed(state: State, archive: Archive, now: int) -> None:
    """Note what was fetched lately, and the pages of those days: what is missing of them is found by reading them.

    Only pages count that were captured by a run which kept whole pages of their site.
    """
    whole = set(_runs(state, archive, now - FRESH - _RUN))
    if not whole:
        return
    with state.write() as db:
        for capture in archive.captures(role=Role.REQUISITE, since=now - FRESH):
            if (capture.site, capture.run) in whole and "E" in capture.hops:
                seed_requisite(db, capture)
        for role in (Role.ARTICLE, Role.FURTHER):
            for capture in archive.captures(role=role, since=now - FRESH):
                if (capture.site, capture.run) in whole:
                    note_page(db, capture)


def _runs(state: State, archive: Archive, since: int) -> Iterator[tuple[str | None, str | None]]:
    """The sites that keep whole pages now, each with the runs that did."""
    for (site,) in state.read("SELECT site FROM keeping"):
        for one in configurations(archive.catalog, site, since):
            try:
                keeps = json.loads(one.body).get("keep")
            except (ValueError, AttributeError):  # another program's
                continue
            if keeps == Keep.PAGE:
                yield site, one.run
