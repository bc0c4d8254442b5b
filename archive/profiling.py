"""Profiling: a site's profile, learned from what the archive has of it."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from archive.article import Article, from_json
from archive.capture import Capture
from archive.catalogue import profiles
from archive.catalogue.cleaners import Pair
from archive.catalogue.revisits import followed
from archive.cleaning.learning import Observation
from archive.cleaning.observing import observation
from archive.cleaning.profile import Profile
from archive.cleaning.publisher import RULE
from archive.cleaning.version import CLEANER
from archive.cores import cores
from archive.crew import Children
from archive.durable import storage, written
from archive.errors import DamagedRecord, NotFound
from archive.failure import CleaningFailure
from archive.profiles import Profiles
from archive.progress import Progress

if TYPE_CHECKING:
    from archive.store import Archive

PROFILES = "profiles"  # the directory in an archive
PAGES = 300  # articles that a profile is learned from, the latest ones
TRIED = 30  # that a profile is tried on
_UNSAFE = re.compile(r"[^A-Za-z0-9._-]+")


def observed(archive: Archive, site: str, pages: int = PAGES, progress: Progress | None = None) -> list[Observation]:
    """The latest articles of a site, one capture of each, as the cleaner sees them without a profile.

    What cannot be read or cleaned now is left out. Raises NotFound where no article of the site has a text by the
    installed cleaner, ChildBroken.
    """
    ids = _latest(archive, site, pages)
    settings = archive.configuration.cleaning
    with Children(settings.memory * 2**20) as children, ThreadPoolExecutor(settings.workers or cores()) as threads:

        def seen(capture_id: str) -> Observation | None:
            capture = _capture(archive, capture_id)
            found = children.own().observe(capture, settings.timeout) if capture is not None else None
            return observation(found) if found is not None and not isinstance(found, CleaningFailure) else None

        found = []
        for done, one in enumerate(threads.map(seen, ids), 1):
            if progress is not None:
                progress(done, len(ids), "pages")
            if one is not None:
                found.append(one)
    return found


def _capture(archive: Archive, capture_id: str) -> Capture | None:
    try:
        return followed(archive.catalog, archive.warc_path, archive.capture(capture_id))
    except (NotFound, DamagedRecord, OSError):  # taken down, or damaged, since it was cleaned
        return None


@dataclass(frozen=True, slots=True)
class Effect:
    """What a profile would leave out of the pages that it is held against.

    ``lines`` are these blocks with the number of pages on which each was kept, those of most pages first.
    """

    pages: int
    touched: int  # pages that lose something
    blocks: int
    words: int  # of these blocks
    kept: int  # words that the texts have without a profile
    lines: tuple[tuple[str, int], ...]


def effect(profile: Profile, observations: Iterable[Observation]) -> Effect:
    """Hold a profile against pages."""
    pages = touched = words = kept = 0
    lines: Counter[str] = Counter()
    for page in observations:
        gone = [one for one in page.blocks if one.kept and profile.knows(one.text, one.place, one.linked)]
        pages += 1
        touched += bool(gone)
        words += sum(one.words for one in gone)
        kept += sum(one.words for one in page.blocks if one.kept)
        lines.update({one.text for one in gone})
    ordered = sorted(lines.items(), key=lambda one: (-one[1], one[0]))
    return Effect(pages, touched, lines.total(), words, kept, tuple(ordered))


def tried(archive: Archive, profile: Profile, pages: int = TRIED, progress: Progress | None = None) -> Iterator[Pair]:
    """What a profile makes of a site's latest articles, beside what the one makes that holds; nothing is kept.

    What cannot be cleaned now is left out. Raises NotFound where no article of the site has a text by the installed
    cleaner, ChildBroken.
    """
    ids = _latest(archive, profile.site, pages)
    holding = Profiles(archive.catalog)
    settings = archive.configuration.cleaning
    with Children(settings.memory * 2**20) as children, ThreadPoolExecutor(settings.workers or cores()) as threads:

        def both(capture_id: str) -> Pair | None:
            capture = _capture(archive, capture_id)
            if capture is None:
                return None
            before = children.own().clean(capture, holding.of(capture), settings.timeout)
            after = children.own().clean(capture, profile, settings.timeout)
            if isinstance(before, CleaningFailure) or isinstance(after, CleaningFailure):
                return None
            return Pair(capture.id, capture.site, capture.url, capture.at, from_json(before), from_json(after))

        for done, pair in enumerate(threads.map(both, ids), 1):
            if progress is not None:
                progress(done, len(ids), "pages")
            if pair is not None:
                yield pair


def met(pairs: Iterable[Pair]) -> dict[str, tuple[int, int]]:
    """On how many of the pages that a rule is about each of its selectors, as ``drop div.box``, means an element."""
    counted: dict[str, tuple[int, int]] = {}
    for pair in pairs:
        for one in pair.new.evidence if isinstance(pair.new, Article) else ():
            if one.field == RULE:
                times, of = counted.get(one.value, (0, 0))
                counted[one.value] = (times + one.chosen, of + 1)
    return counted


def _latest(archive: Archive, site: str, pages: int) -> list[str]:
    ids = profiles.latest(archive.catalog, CLEANER, site, pages)
    if not ids:
        raise NotFound(f"no article of {site!r} has a text by the installed cleaner: run 'presskeep clean' first")
    return ids


def keep(archive: Archive, profile: Profile) -> Path:
    """Write a profile where people can read it: ``profiles/SITE-DIGEST.json``. Raises StorageFull."""
    name = _UNSAFE.sub("_", profile.site).strip("._")[:80] or "site"
    digest = profile.digest.partition(":")[2][:12].lower()
    path = archive.path / PROFILES / f"{name}-{digest}.json"
    with storage(str(path)):
        path.parent.mkdir(exist_ok=True)
        written(path, [profile.readable()])
    return path
