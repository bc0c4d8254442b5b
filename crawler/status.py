"""The status of an archive's crawl: its service, its sites and their sources, its disk, and what needs a person."""

from __future__ import annotations

import datetime
import shutil
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import mean
from typing import Any

from archive import clock
from archive.errors import ConfigurationError
from archive.profiles import Layout, layouts
from archive.store import Archive
from archive.url import host as host_of
from crawler.agenda import Agenda, Remembered, Task
from crawler.backlog import Backfilled, Backlog
from crawler.frontier import Frontier
from crawler.heartbeat import STALE, read_beat
from crawler.requisites.memory import lately, waiting
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY
from crawler.scheduling.health import Health, State, health_of
from crawler.sites import Keep, Site, read_sites
from crawler.state import State as StateFile

USUAL = 28  # days that tell what is usual
LEAST = 3  # days that must have gone by before anything is
SOON = 7  # days of room that are few enough to need a person
# Visits in a row that came to nothing: with the rests between them, most of a working day.
HOPELESS = 8


@dataclass(frozen=True, slots=True)
class SourceStatus:
    """A source: its last and next poll, and how it is. Times in microseconds since 1970, UTC."""

    kind: str
    url: str
    last: int | None
    next: int | None
    health: Health


@dataclass(frozen=True, slots=True)
class SiteStatus:
    """A site: ``today`` counts the articles first captured in the last 24 hours, ``usual`` the mean of days before.

    ``usual`` is None while too little is known; what a backfill brings counts in neither. ``due`` URLs wait to be
    fetched, ``failed`` ones are given up. ``requisites`` are parts of pages, where the site keeps whole ones: those
    that wait to be fetched, those that came today and yesterday (UTC), and their bytes; None elsewhere. None of them
    ever needs a person. ``allowed`` is when its host may be asked next; ``problem`` is what the last visit came to
    nothing for.
    """

    site: str
    last: int | None
    next: int | None
    today: int
    usual: float | None
    due: int
    failed: int
    watched: int
    allowed: int | None
    problem: str | None
    failures: int
    sources: tuple[SourceStatus, ...]
    requisites: tuple[int, int, int] | None = None
    backfill: Backfilled | None = None
    layout: Layout | None = None  # against the site's profile, where it has one

    @property
    def health(self) -> Health:
        """That of the worst of its sources."""
        if not self.sources:
            return Health(State.NEW if self.last is None else State.OK)
        order = list(State)
        return min((one.health for one in self.sources), key=lambda one: order.index(one.state))


@dataclass(frozen=True, slots=True)
class Disk:
    """The archive on its disk, in bytes: WARC files, what they grew by a day, and what is free beyond the reserve."""

    warc: int
    daily: float | None
    free: int

    @property
    def days(self) -> float | None:
        """In how many days it is full at this pace; None where that cannot be said."""
        return self.free / self.daily if self.daily else None


@dataclass(frozen=True, slots=True)
class Need:
    """Something that needs a person: ``said`` in a sentence; ``key`` stays the same for as long as it does."""

    key: str
    said: str


@dataclass(frozen=True, slots=True)
class Status:
    """All of that at a time. ``service`` is the last heartbeat, ``alive`` whether it is of now."""

    at: int
    service: dict[str, Any] | None
    alive: bool
    sites: tuple[SiteStatus, ...]
    disk: Disk
    problem: str | None = None  # of sites.toml

    def needs(self) -> list[Need]:
        """What needs a person; empty where all is well."""
        found: list[Need] = []
        beaten = self.service
        if beaten is not None and not self.alive and not beaten.get("stopped"):
            said = f"the service gave its last sign of life at {beaten.get('at')}: see whether it runs"
            found.append(Need("silent", said))
        if self.problem is not None:
            found.append(Need("sites.toml", self.problem))
        if beaten is not None and self.alive and beaten.get("paused"):
            found.append(Need("paused", f"the service pauses: {beaten['paused']}"))
        if self.disk.days is not None and self.disk.days < SOON:
            days = max(0, round(self.disk.days))
            found.append(Need("disk", f"the disk is full in {days} days at this pace: make room"))
        for site in self.sites:
            found += [
                Need(
                    f"{site.site} {one.url} {one.health.state}",
                    f"{site.site}: {one.kind} {one.url} is {one.health.state}: {one.health.reason}",
                )
                for one in site.sources
                if one.health.needs_a_person
            ]
            if site.failures >= HOPELESS and site.problem:
                said = f"{site.site}: {site.failures} visits in a row came to nothing: {site.problem}"
                found.append(Need(f"{site.site} visits", said))
            if site.layout is not None and site.layout.has_drifted:
                said = (
                    f"{site.site}: its layout has changed: the bodies of {site.layout.elsewhere} of its latest "
                    f"{site.layout.pages} articles stand elsewhere than its profile knows: "
                    f"'presskeep profile {site.site} --activate' learns it anew"
                )
                found.append(Need(f"{site.site} layout", said))
        return found


def status(archive: Archive, names: Sequence[str] = ()) -> Status:
    """How an archive's crawl is now; of these sites, else of all that are enabled. Raises NotFound for unknown ones."""
    now = clock.now()
    problem: str | None = None
    sites: tuple[Site, ...] = ()
    try:
        declared = read_sites(archive.sites_path)
        sites = tuple(declared.get(name) for name in names) if names else declared.enabled
    except ConfigurationError as error:
        problem = str(error)
    with StateFile(archive.state_path) as state:
        agenda, frontier = Agenda(state), Frontier(state)
        days = _by_day(state, now)
        known = layouts(archive)
        told = tuple(
            replace(_site(state, agenda, frontier, site, days.get(site.host, {}), now), layout=known.get(site.host))
            for site in sites
        )
    service = read_beat(archive.state_path.parent)
    return Status(now, service, _is_alive(service, now), told, _disk(archive, now), problem)


def _is_alive(service: dict[str, Any] | None, now: int) -> bool:
    if service is None or service.get("stopped"):
        return False
    try:
        at = clock.from_datetime(datetime.datetime.fromisoformat(str(service["at"])))
    except (KeyError, ValueError):
        return False
    return abs(now - at) < STALE * 1_000_000


def _by_day(state: StateFile, now: int) -> dict[str, dict[int, int]]:
    """How many articles of each site were captured first so many days ago."""
    found: dict[str, dict[int, int]] = {}
    rows = state.read(
        "SELECT site, (? - captured) / ?, count(*) FROM urls WHERE captured > ? AND captured <= ?"
        " AND coalesce(source, '') != 'backfill' GROUP BY 1, 2",
        (now, DAY, now - (USUAL + 1) * DAY, now),
    )
    # Pages that say that they are not there, with status 200.
    absent = state.read(
        "SELECT site, (? - captured) / ?, -count(*) FROM urls INDEXED BY urls_absent"
        " WHERE verdict = 'soft-404' AND captured > ? AND captured <= ? GROUP BY 1, 2",
        (now, DAY, now - (USUAL + 1) * DAY, now),
    )
    # Those that are another page of an article which is counted, too.
    twins = state.read(
        "SELECT urls.site, (? - captured) / ?, -count(*) FROM twins JOIN urls USING (site, key)"
        " WHERE twins.state = 'twin' AND twins.at > ? AND captured > ? AND captured <= ?"
        " AND coalesce(verdict, '') != 'soft-404' GROUP BY 1, 2",
        (now, DAY, now - (USUAL + 1) * DAY, now - (USUAL + 1) * DAY, now),
    )
    for site, ago, number in [*rows, *absent, *twins]:
        of_site = found.setdefault(site, {})
        of_site[ago] = of_site.get(ago, 0) + number
    return found


def _site(
    state: StateFile, agenda: Agenda, frontier: Frontier, site: Site, days: dict[int, int], now: int
) -> SiteStatus:
    counted = frontier.count(site.host)
    known = agenda.sources(site.host)
    visits = state.read("SELECT at, problem, failures FROM visits WHERE site = ?", (site.host,))
    last, problem, failures = visits[0] if visits else (None, None, 0)
    hosts = state.read("SELECT max(next, rest) FROM hosts WHERE host = ?", (host_of(site.starts[0]),))
    following = agenda.when(site, frontier, now)
    oldest = max(days, default=0)
    usual = mean(days.get(ago, 0) for ago in range(1, oldest + 1)) if oldest >= LEAST else None
    return SiteStatus(
        site.host,
        last,
        max(following, now) if following is not None else None,
        days.get(0, 0),
        usual,
        counted.get(Phase.DUE, 0),
        counted.get(Phase.FAILED, 0),
        len(site.watch),
        hosts[0][0] if hosts else None,
        problem,
        failures,
        tuple(_sources(site, known, now)),
        (waiting(state, site.host), *lately(state, site.host, now)) if site.keep is Keep.PAGE else None,
        Backlog(state).of(site.host),
    )


def _sources(site: Site, known: Iterable[Remembered], now: int) -> Iterable[SourceStatus]:
    """Those that are declared, polled or not; or those that were found."""
    polled = {one.root.url: one for one in known}
    if site.spider is not None:
        wanted: dict[str, str] = {Task.SPIDER: "spider"}
    elif site.sources:
        wanted = {one.url: str(one.kind) for one in site.sources}
    else:
        wanted = {url: one.root.kind for url, one in polled.items() if url not in set(Task)}
        search = polled.get(Task.SEARCH)
        if search is not None and (search.memory.failures or not wanted):
            wanted[Task.SEARCH] = "search"
    for url, kind in wanted.items():
        one = polled.get(url)
        if one is None:
            yield SourceStatus(kind, url, None, None, Health(State.NEW))
        else:
            yield SourceStatus(kind, url, one.asked, one.next, health_of(one.memory, now))


def _disk(archive: Archive, now: int) -> Disk:
    total = lately = 0
    first = float(now)
    for path in archive.warc_path.rglob("*.warc*"):
        try:
            there = path.stat()
        except OSError:
            continue
        total += there.st_size
        if "imported" in path.parts or "attached" in path.parts:
            continue
        changed = there.st_mtime * 1_000_000
        first = min(first, changed)
        if changed > now - USUAL * DAY:
            lately += there.st_size
    since = min(USUAL * DAY, now - first)
    free = shutil.disk_usage(_there(archive.warc_path)).free - archive.configuration.storage.reserve
    return Disk(total, lately * DAY / since if since >= LEAST * DAY else None, max(0, free))


def _there(path: Path) -> Path:
    return next(one for one in (path, *path.parents) if one.exists())
