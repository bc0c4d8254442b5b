"""What WARC files tell beside captures: attempts, runs and site configurations, as the archive holds them."""

from __future__ import annotations

from dataclasses import dataclass

from archive.capture import Capture, Location
from archive.exchange import Attempt


@dataclass(frozen=True, slots=True)
class StoredAttempt:
    """An attempt as the archive holds it: ``id`` is the URN of its metadata record, ``key`` the normalised URL.

    The attempt's ``request`` is read back from the request record beside it, where bytes were sent.
    """

    id: str
    key: str
    attempt: Attempt
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class RunStarted:
    """The beginning of a run: ``run`` is its URN, ``command`` what was asked for (``crawl``, ``add``, …)."""

    run: str
    at: int
    command: str
    sites: tuple[str, ...] = ()
    software: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class RunEnded:
    """The end of a run: ``outcome`` is ``finished``, ``stopped`` or ``failed``. A killed run has none."""

    run: str
    at: int
    outcome: str
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class SiteConfigured:
    """A site's whole configuration as it was crawled with: canonical JSON in a resource record, and its digest."""

    id: str
    site: str
    run: str | None
    at: int
    digest: str
    body: bytes
    location: Location | None = None


Event = Capture | StoredAttempt | RunStarted | RunEnded | SiteConfigured


@dataclass(frozen=True, slots=True)
class Run:
    """One run, summed up; ``ended`` and ``outcome`` are None while it lasts, or where it was killed."""

    id: str
    started: int
    command: str
    sites: tuple[str, ...] = ()
    software: str = ""
    ended: int | None = None
    outcome: str | None = None
