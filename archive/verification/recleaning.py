"""Cleaning again: whether each text is what its captures give, and which texts cannot be made here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive.article import identity
from archive.catalogue import tables
from archive.catalogue.comparison import CATALOG
from archive.cleaning.version import CLEANER
from archive.cores import cores
from archive.crew import Children
from archive.dataset.rows import Entry
from archive.profiles import Profiles
from archive.warc.finding import Finding, Rule

if TYPE_CHECKING:
    from archive.store import Archive

_AHEAD = 200  # texts under way at once: the answers must not have to fit into memory


@dataclass(frozen=True, slots=True)
class Sample:
    """A share of all texts, above 0 and up to 1: the same ones at each run, and others with another seed.

    A text is in it by a digest of its capture's id, whatever else is in the archive; where that draws none of all
    texts, the one that is nearest to being drawn is. Raises ValueError for a share that is none.
    """

    share: float
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.share <= 1:
            raise ValueError(f"a share is above 0 and up to 1, not {self.share}")

    def __contains__(self, capture_id: str) -> bool:
        return self.draw(capture_id) < self.share * 2**48

    def draw(self, capture_id: str) -> int:
        """The number by which a text is drawn, below 2**48: the lowest ones are."""
        drawn = hashlib.sha256(f"{self.seed} {capture_id}".encode()).digest()
        return int.from_bytes(drawn[:6], "big")


WHOLE = Sample(1.0)


@dataclass(frozen=True, slots=True)
class Recleaned:
    """What cleaning everything again, or a sample of it, has shown.

    ``same`` and ``different`` count texts of the installed cleaner, ``undecided`` those that it could not do this time,
    ``left_out`` those that are not in the sample. ``elsewhere`` counts the texts of other versions, which only an
    environment with that version can make.
    """

    same: int = 0
    different: int = 0
    undecided: int = 0
    left_out: int = 0
    elsewhere: Mapping[str, int] = field(default_factory=dict)


def reclean(
    archive: Archive, sample: Sample = WHOLE, advanced: Callable[[int], None] | None = None
) -> tuple[Recleaned, tuple[Finding, ...]]:
    """Clean again what the installed cleaner has cleaned, or a sample of it, and compare identities.

    ``advanced`` hears how many texts were done or left out.
    """
    counts = _Counts()
    nearest: Entry | None = None
    with _workers(archive) as (threads, again):
        entries = archive.entries()
        while some := list(islice(entries, _AHEAD)):
            drawn = [entry for entry in some if entry.capture.id in sample]
            counts.left_out += len(some) - len(drawn)
            if not counts.compared and not drawn:
                near = [*some, nearest] if nearest is not None else some
                nearest = min(near, key=lambda entry: sample.draw(entry.capture.id))
            counts.compare(drawn, threads.map(again, drawn))
            if advanced is not None:
                advanced(counts.compared + counts.left_out)
        if nearest is not None and not counts.compared:
            counts.left_out -= 1
            counts.compare([nearest], [again(nearest)])
    shown = Recleaned(counts.same, counts.different, counts.undecided, counts.left_out, _elsewhere(archive))
    return shown, tuple(counts.findings)


@dataclass(slots=True)
class _Counts:
    """What has been compared so far."""

    same: int = 0
    different: int = 0
    undecided: int = 0
    left_out: int = 0
    findings: list[Finding] = field(default_factory=list)

    @property
    def compared(self) -> int:
        return self.same + self.different + self.undecided

    def compare(self, entries: Iterable[Entry], made: Iterable[str | None]) -> None:
        """Hold texts against what was made again, in the same order."""
        for entry, identity_now in zip(entries, made, strict=True):
            if identity_now is None:
                self.undecided += 1
            elif identity_now == entry.identity:
                self.same += 1
            else:
                self.different += 1
                said = f"the text of {entry.capture.id} is not what this cleaner makes: {entry.capture.url}"
                self.findings.append(Finding(CATALOG, 0, Rule.TEXT, said))


@contextmanager
def _workers(archive: Archive) -> Iterator[tuple[ThreadPoolExecutor, Callable[[Entry], str | None]]]:
    limits = archive.configuration.cleaning
    profiles = Profiles(archive.catalog)
    with Children(limits.memory * 2**20) as children, ThreadPoolExecutor(limits.workers or cores()) as threads:

        def again(entry: Entry) -> str | None:
            profile = profiles.named(entry.text.provenance.profile)
            if profile is None:
                return None  # of a profile that the archive never had: nobody can say what it made
            made = children.own().clean([entry.capture, *entry.beside], profile, limits.timeout)
            return identity(made) if isinstance(made, bytes) else None

        yield threads, again


def _elsewhere(archive: Archive) -> dict[str, int]:
    texts = tables.texts
    question = select(texts.c.cleaner, func.count()).where(texts.c.cleaner != CLEANER).group_by(texts.c.cleaner)
    with archive.catalog.reading() as connection:
        return dict(connection.execute(question).all())
