"""The changelog of extraction: how the texts of one version of the cleaner differ from those of another."""

from __future__ import annotations

import hashlib
from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from archive.article import from_json
from archive.catalogue.cleaners import Pair, sample
from archive.cores import cores
from archive.crew import Children
from archive.difference import Change, changes
from archive.failure import CleaningFailure
from archive.profiles import Profiles
from archive.progress import Progress
from archive.textjob import cleaned

if TYPE_CHECKING:
    from archive.store import Archive


_SPARE = 4  # times as many examples are kept as are asked for: a page may serve another class better


@dataclass(slots=True)
class SiteChanges:
    """What changed of one site: how many pairs of texts there are, how many differ, and in what."""

    compared: int = 0
    changed: int = 0
    classes: Counter[Change] = field(default_factory=Counter)


@dataclass(frozen=True, slots=True)
class Changelog:
    """The sum over all pairs, by site (None for captures of no site), and examples of each kind of change.

    A pair that differs in several ways counts in each class, and once in ``changed``.
    """

    sites: dict[str | None, SiteChanges]
    examples: dict[Change, list[Pair]]

    @property
    def compared(self) -> int:
        """How many captures have a text by both."""
        return sum(site.compared for site in self.sites.values())

    @property
    def changed(self) -> int:
        """How many of them differ in what a reader or a program sees."""
        return sum(site.changed for site in self.sites.values())

    @property
    def classes(self) -> Counter[Change]:
        """How many differ in what."""
        return sum((site.classes for site in self.sites.values()), Counter[Change]())


def changelog(pairs: Iterable[Pair], examples: int = 3) -> Changelog:
    """Sum up; of each class so many examples are kept, by chance but always the same ones, a page only once."""
    sites: dict[str | None, SiteChanges] = {}
    kept: dict[Change, dict[str, tuple[str, Pair]]] = {}
    for pair in pairs:
        site = sites.setdefault(pair.site, SiteChanges())
        site.compared += 1
        found = changes(pair.old, pair.new)
        if not found:
            continue
        site.changed += 1
        site.classes.update(found)
        chance = hashlib.sha256(pair.capture.encode()).hexdigest()
        for change in found:
            some = kept.setdefault(change, {})
            if pair.url not in some or chance < some[pair.url][0]:
                some[pair.url] = (chance, pair)
            if len(some) > examples * _SPARE:
                del some[max(some, key=lambda url: some[url][0])]
    return Changelog(sites, _shown(kept, examples))


def _shown(kept: Mapping[Change, Mapping[str, tuple[str, Pair]]], examples: int) -> dict[Change, list[Pair]]:
    """The examples of each class, in the order of classes; a page that stands for one class stands for others last."""
    shown: dict[Change, list[Pair]] = {}
    seen: set[str] = set()
    for change in Change:
        some = sorted(kept.get(change, {}).values(), key=lambda one: (one[1].url in seen, one[0]))[:examples]
        if some:
            shown[change] = [pair for _, pair in some]
            seen.update(pair.url for _, pair in some)
    return shown


def tried(
    archive: Archive, old: str, number: int, sites: tuple[str, ...] = (), progress: Progress | None = None
) -> Iterator[Pair]:
    """Some texts of a cleaner, and what the installed one makes of the same captures: nothing of it is kept.

    What cannot be cleaned now is left out. Raises ChildBroken.
    """
    chosen = sample(archive.catalog, archive.warc_path, old, number, sites)
    settings = archive.configuration.cleaning
    profiles = Profiles(archive.catalog)
    with Children(settings.memory * 2**20) as children, ThreadPoolExecutor(settings.workers or cores()) as threads:
        made = threads.map(lambda one: cleaned(archive, one[0], children.own(), profiles, settings.timeout), chosen)
        for done, ((capture, text), new) in enumerate(zip(chosen, made, strict=True), 1):
            if progress is not None:
                progress(done, len(chosen), "texts")
            if not isinstance(new, CleaningFailure):
                yield Pair(capture.id, capture.site, capture.url, capture.at, text, from_json(new))
