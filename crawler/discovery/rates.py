"""Rates: how much a site publishes, by the dates in its sources."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from crawler.discovery.probing import FoundSource
from crawler.sites import SourceKind

# A week has all days of a paper's rhythm in it; what is older tells of another time.
WINDOW_DAYS = 7.0
_LEAST_DATES = 5
_LEAST_HOURS = 3.0  # less is a burst
_DAY = 86_400 * 1_000_000


@dataclass(frozen=True, slots=True)
class Rate:
    """Articles a day, as the dates of one source over some days show it: the site publishes at least so many."""

    per_day: float
    days: float
    source: str


def rate_of(sources: Iterable[FoundSource]) -> Rate | None:
    """The rate of the source that shows most, None where none has dates enough.

    Feeds and news sitemaps date publication. Other sitemaps date changes: they are asked where the former say nothing.
    """
    found = [(one.kind is SourceKind.SITEMAP, rate) for one in sources if (rate := _rate(one)) is not None]
    known = [rate for changes, rate in found if not changes] or [rate for _, rate in found]
    return max(known, key=lambda rate: rate.per_day, default=None)


def _rate(source: FoundSource) -> Rate | None:
    if not source.dates:
        return None
    newest = source.dates[0]
    within = [at for at in source.dates if newest - at <= WINDOW_DAYS * _DAY]
    whole = len(within) < len(source.dates)  # it reaches back beyond the window
    days = WINDOW_DAYS if whole else (newest - within[-1]) / _DAY
    if len(within) < _LEAST_DATES or days * 24 < _LEAST_HOURS:
        return None
    # Of a list that ends within the window, the last one opens the span and is not counted in it.
    return Rate((len(within) if whole else len(within) - 1) / days, days, source.url)
