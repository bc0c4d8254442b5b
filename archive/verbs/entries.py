"""What the verbs ask of an archive: opening it, and what is known of a URL: texts, captures, attempts, failures."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from difflib import get_close_matches
from itertools import islice
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urljoin

from archive import heap
from archive.article import Article
from archive.capture import Capture
from archive.dataset.rows import Entry
from archive.dataset.selection import Selection
from archive.errors import DamagedRecord, NotFound, UsageError
from archive.event import StoredAttempt
from archive.exchange import is_for_a_page
from archive.url import host, normalise

if TYPE_CHECKING:
    from archive.store import Archive

_NEAR = 3  # addresses that are suggested for one that is not known
_NAMED = 5  # sites that are named for one that is not known
_LOOKED_THROUGH = 50_000  # captures that are looked through for them: a wrong address must not read a large archive


@dataclass(frozen=True, slots=True)
class Failure:
    """A URL about which the latest that is known is a failure: a fetch without an answer, or a page not cleaned.

    ``reason`` is a word of `NoAnswer`, or ``cleaning-`` and one of `FailureReason`; ``detail`` was recorded beside it.
    """

    url: str
    site: str | None
    at: int
    reason: str
    detail: str


@dataclass(frozen=True, slots=True)
class Known:
    """What the archive knows of one URL; each part in the order of time, and any may be empty, but not all three."""

    url: str
    entries: tuple[Entry, ...]
    timeline: tuple[Capture, ...]
    attempts: tuple[StoredAttempt, ...]


def open_archive(given: Path | None) -> Archive:
    """The archive that was named, or the one that the current directory lies in; raises NotAnArchive."""
    with heap.unsearched():
        from archive.store import Archive  # noqa: PLC0415 - SQL takes 0.3 s to import: help and usage errors need none

    return Archive.open(given) if given is not None else Archive.find()


def require_sites(archive: Archive, wanted: Sequence[str]) -> None:
    """Raises NotFound for a site of which the archive holds nothing."""
    if not wanted:
        return
    held = archive.sites()
    for site in wanted:
        if site not in held:
            near = get_close_matches(site, held, n=1)
            hint = f"did you mean {near[0]}?" if near else some_of(held)
            raise NotFound(f"the archive holds nothing of a site {site!r}: {hint}")


def some_of(held: Sequence[str]) -> str:
    """The archive's sites, the first few by name, for the message about one that it does not hold."""
    if not held:
        return "it is empty, so run 'presskeep crawl' first"
    named = sorted(held)[:_NAMED]
    return f"it has {', '.join(named)}{f' and {len(held) - len(named)} more' if len(held) > len(named) else ''}"


def still_to_clean(archive: Archive) -> int:
    """How many captures wait for the cleaner; what it could not do is not counted: it is listed as a failure."""
    waiting, failed = archive.count_waiting()
    return max(0, waiting - failed)


def all_entries(archive: Archive, selection: Selection, cleaner: str | None = None) -> Iterator[Entry]:
    """The texts of the selection's sites, ordered by site, key, time and id; raises NotFound for an unknown site."""
    require_sites(archive, selection.sites)
    return archive.entries(sites=selection.sites, cleaner=cleaner)


def meant(archive: Archive, given: str | None) -> str | None:
    """The version of a cleaner that somebody means by it, or by how it or its fingerprint begins; None for no wish.

    Raises NotFound where the archive has no text by such a one, UsageError where there are several.
    """
    if given is None:
        return None
    from archive.catalogue.cleaners import cleaners  # noqa: PLC0415 - SQL takes 0.3 s to import

    known = sorted(one.version for one in cleaners(archive.catalog))
    if given in known:
        return given
    found = [one for one in known if one.startswith(given) or one.partition("+")[2].startswith(given)]
    if len(found) == 1:
        return found[0]
    if not found:
        said = f"it has those of {', '.join(known)}" if known else "it has none at all: run 'presskeep clean'"
        raise NotFound(f"the archive has no texts by a cleaner {given}: {said}")
    raise UsageError(f"--cleaner {given} means several: {', '.join(found)}")


def look_up(archive: Archive, given: str, cleaner: str | None = None) -> Known:
    """What is known of a URL, which may lack its scheme; raises NotFound, which suggests near ones, and TakenDown."""
    url = address(given)
    entries = tuple(
        sorted(archive.entries(url=url, cleaner=cleaner), key=lambda entry: (entry.capture.at, entry.capture.id))
    )
    known = Known(url, entries, archive.timeline(url), tuple(archive.attempts(url=url)))
    if not known.timeline and not known.attempts:
        from archive.catalogue.blocking import refuse  # noqa: PLC0415 - SQL takes 0.3 s to import

        refuse(archive.catalog, url=url)
        near = near_ones(archive, url)
        hint = f"did you mean {' or '.join(near)}?" if near else "'presskeep list --verdict all' shows what is there"
        raise NotFound(f"nothing was fetched from {given}: {hint}")
    return known


def address(given: str) -> str:
    """The URL that somebody typed; https is put before one without a scheme. Raises UsageError."""
    url = given.strip() if "://" in given or given.startswith("urn:") else f"https://{given.strip()}"
    if not host(url):
        raise UsageError(f"{given!r} is no web address: write it as in https://example-news.org/2026/story")
    return url


def near_ones(archive: Archive, url: str) -> list[str]:
    """Captured URLs that look like one that was not, the nearest first."""
    seen: dict[str, str] = {}
    for capture in islice(archive.captures(), _LOOKED_THROUGH):
        seen.setdefault(capture.key, capture.url)
    wanted = normalise(url)
    place = host(wanted).removeprefix("www.")
    # On one host, what is equal in all its addresses says nothing: paths alone are compared.
    paths = {key.partition(host(key))[2]: key for key in seen if host(key).removeprefix("www.") == place}
    near = get_close_matches(wanted.partition(host(wanted))[2], paths, n=_NEAR, cutoff=0.7)
    keys = [paths[path] for path in near] if paths else get_close_matches(wanted, seen, n=_NEAR, cutoff=0.8)
    return [seen[key] for key in keys]


def entry_at(entries: Sequence[Entry], at: int | None) -> Entry:
    """The text nearest to a time; without one, the latest article, or the latest refusal where there is none."""
    if at is not None:
        return min(entries, key=lambda entry: abs(entry.capture.at - at))
    articles = [entry for entry in entries if isinstance(entry.text, Article)]
    return (articles or list(entries))[-1]


def capture_at(timeline: Sequence[Capture], at: int | None) -> Capture:
    """The capture nearest to a time; the latest without one."""
    return timeline[-1] if at is None else min(timeline, key=lambda capture: abs(capture.at - at))


def redirected_to(capture: Capture) -> str | None:
    """Where a redirect leads; None for any other answer, and for one whose bytes cannot be read."""
    if capture.status is None or not 300 <= capture.status < 400:
        return None
    try:
        location = capture.message().location
    except (DamagedRecord, OSError):
        return None
    return urljoin(capture.url, location) if location else None


def failures(archive: Archive, sites: Sequence[str] = ()) -> Iterator[Failure]:
    """URLs whose latest fetch gave no answer, and captures that could not be cleaned; by site and URL."""
    require_sites(archive, sites)
    latest: dict[tuple[str, str], StoredAttempt] = {}
    for site in sites or (None,):
        for stored in archive.attempts(site=site):
            if is_for_a_page(stored.attempt.origin.role, stored.attempt.origin.hops):
                continue  # no page is missing for it
            latest[stored.attempt.origin.site or "", stored.key] = stored
    for (_, _), stored in sorted(latest.items()):
        attempt = stored.attempt
        timeline = archive.timeline(attempt.url)
        if not timeline or timeline[-1].at < attempt.at:
            yield Failure(attempt.url, attempt.origin.site, attempt.at, str(attempt.reason), attempt.detail)
    for failed in archive.failures():
        if not sites or failed.site in sites:
            yield Failure(failed.url, failed.site, failed.at, f"cleaning-{failed.reason}", failed.detail)
