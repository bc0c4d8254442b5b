"""Cleaning again: whether each text is what its captures give, and which texts cannot be made here."""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import islice
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive import tables
from archive.article import identity
from archive.cleaning.version import CLEANER
from archive.comparison import CATALOG
from archive.crew import Children, cores
from archive.dataset.rows import Entry
from archive.textjob import profile_for
from archive.warc.check import Finding, Severity

if TYPE_CHECKING:
    from archive.store import Archive

_AHEAD = 200  # texts under way at once: the answers must not have to fit into memory


@dataclass(frozen=True, slots=True)
class Sample:
    """A share of all texts, above 0 and up to 1: the same ones at each run, and others with another seed.

    A text is in it by a digest of its capture's id, whatever else is in the archive.
    """

    share: float
    seed: int = 0

    def __contains__(self, capture_id: str) -> bool:
        drawn = hashlib.sha256(f"{self.seed} {capture_id}".encode()).digest()
        return int.from_bytes(drawn[:6], "big") < self.share * 2**48


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
    findings: list[Finding] = []
    same = different = undecided = left_out = 0
    with _workers(archive) as (threads, again):
        entries = archive.entries()
        while some := list(islice(entries, _AHEAD)):
            drawn = [entry for entry in some if entry.capture.id in sample]
            left_out += len(some) - len(drawn)
            for entry, made in zip(drawn, threads.map(again, drawn), strict=True):
                if made is None:
                    undecided += 1
                elif made == entry.identity:
                    same += 1
                else:
                    different += 1
                    said = f"the text of {entry.capture.id} is not what this cleaner makes: {entry.capture.url}"
                    findings.append(Finding(CATALOG, 0, "text", Severity.REPAIRABLE, said))
            if advanced is not None:
                advanced(same + different + undecided + left_out)
    return Recleaned(same, different, undecided, left_out, _elsewhere(archive)), tuple(findings)


@contextmanager
def _workers(archive: Archive) -> Iterator[tuple[ThreadPoolExecutor, Callable[[Entry], str | None]]]:
    limits = archive.configuration.cleaning
    with Children(limits.memory * 2**20) as children, ThreadPoolExecutor(limits.workers or cores()) as threads:

        def again(entry: Entry) -> str | None:
            made = children.own().clean(entry.capture, profile_for(entry.capture), limits.timeout)
            return identity(made) if isinstance(made, bytes) else None

        yield threads, again


def _elsewhere(archive: Archive) -> dict[str, int]:
    texts = tables.texts
    question = select(texts.c.cleaner, func.count()).where(texts.c.cleaner != CLEANER).group_by(texts.c.cleaner)
    with archive.catalog.reading() as connection:
        return dict(connection.execute(question).all())
