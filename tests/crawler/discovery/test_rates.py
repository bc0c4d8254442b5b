from __future__ import annotations

import pytest

from crawler.discovery import Candidate, FoundSource
from crawler.discovery.rates import rate_of
from crawler.sites import SourceKind

HOUR = 3600 * 1_000_000
NOW = 1_800_000_000_000_000


def source(kind: SourceKind, *hours: float) -> FoundSource:
    url = f"https://a.example/{kind}"
    dates = tuple(sorted((NOW - int(one * HOUR) for one in hours), reverse=True))
    return FoundSource(Candidate(kind, url, ""), kind, str(kind), len(dates), NOW, dates=dates)


def test_a_feed_that_ends_within_the_week() -> None:
    rate = rate_of([source(SourceKind.FEED, *range(0, 25, 2))])  # 12 within 24 hours of the oldest
    assert rate is not None
    assert (rate.per_day, rate.days, rate.source) == (12.0, 1.0, "https://a.example/feed")


def test_a_list_that_reaches_further_back_is_counted_over_a_week() -> None:
    rate = rate_of([source(SourceKind.NEWS_SITEMAP, *range(0, 24 * 20, 4))])
    assert rate is not None
    assert rate.per_day == pytest.approx(6, abs=0.2)
    assert rate.days == 7


def test_the_source_that_shows_most_counts_and_changes_only_where_there_is_nothing_else() -> None:
    slow, fast = source(SourceKind.FEED, *range(0, 100, 20)), source(SourceKind.NEWS_SITEMAP, *range(0, 100, 2))
    edits = source(SourceKind.SITEMAP, *(one / 60 for one in range(1000)))
    found, alone = rate_of([slow, edits, fast]), rate_of([edits])
    assert found is not None
    assert found.per_day == 12.0
    assert alone is not None
    assert alone.per_day == pytest.approx(1440)


@pytest.mark.parametrize("hours", [(), (1.0,), (1.0, 2.0, 30.0), (0.0, 0.1, 0.2, 0.3, 0.4, 0.5), (5.0,) * 50])
def test_too_little_says_nothing(hours: tuple[float, ...]) -> None:
    assert rate_of([source(SourceKind.FEED, *hours)]) is None
