"""What WARC files tell beside captures: attempts, runs, site configurations and acts, as the archive holds them."""

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


@dataclass(frozen=True, slots=True)
class Act:
    """What was decided about the archive or done to it, and its bytes do not show: a repair, a takedown, an import.

    ``id`` is the URN of its metadata record, ``act`` one lower-case word, ``facts`` what it is about: names of fields,
    without ``presskeep-``, and values, in their order; a name may come several times. What they mean is known to who
    does such acts. An act is never undone by removing it: a later one says the contrary.
    """

    id: str
    act: str
    at: int
    run: str | None
    facts: tuple[tuple[str, str], ...] = ()
    location: Location | None = None

    def first(self, name: str) -> str | None:
        """The value of the first fact of this name; None where there is none."""
        return next(iter(self.all(name)), None)

    def all(self, name: str) -> tuple[str, ...]:
        """The values of all facts of this name, in their order."""
        return tuple(value for one, value in self.facts if one == name)


Event = Capture | StoredAttempt | RunStarted | RunEnded | SiteConfigured | Act


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
