"""What a visit was, once it is over: a value that goes from the crawling child to its parent."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class VisitReport:
    """How a visit went, beside what the archive itself tells of it.

    ``planned`` is the number of articles that were due, ``answered`` how many of them were asked for, ``left`` what
    stays due, ``unchosen`` how many new ones were announced beyond the site's ``max_articles``. ``problem`` says why
    nothing or not all could be done. ``sources`` are the URLs that were read, with what they announced.
    ``away`` says that this machine had no network, or no resolver. ``more`` says that a
    process ended which another one is to follow, with what a backfill has left.
    """

    site: str
    planned: int = 0
    answered: int = 0
    again: int = 0
    left: int = 0
    unchosen: int = 0
    sources: tuple[tuple[str, int, str], ...] = ()
    problem: str | None = None
    away: bool = False
    more: bool = False


@dataclass(frozen=True, slots=True)
class VisitCounts:
    """Several visits, counted: those that came to less than they should, and articles that were looked at again."""

    visits: int = 0
    problems: int = 0
    again: int = 0

    @classmethod
    def of(cls, reports: Iterable[VisitReport]) -> VisitCounts:
        """The counts of these."""
        return sum((cls(1, one.problem is not None, one.again) for one in reports), cls())

    def __add__(self, other: VisitCounts) -> VisitCounts:
        return VisitCounts(self.visits + other.visits, self.problems + other.problems, self.again + other.again)
