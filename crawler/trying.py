"""Trials: a few articles of a site fetched and cleaned in the ordinary way, and what they let one expect of it."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from statistics import median

from archive.article import Article, Verdict
from archive.capture import Capture
from archive.catalogue.texts import Outcome
from archive.exchange import NoAnswer, Role
from archive.store import Archive
from crawler.crawling import CleanProgress, CrawlResult, crawl
from crawler.discovery.rates import Rate, rate_of
from crawler.jobs import Progress, Stop
from crawler.newcomer import Newcomer

# Sources that a trial reads again: the freshest say enough, and a person waits.
MAX_SOURCES = 3
# Bytes that an archive spends on a capture beside its answer: the request's record and the metadata's, compressed.
BESIDE = 900
# Verdicts of pages that a machine does not get to see whole.
WALLS = (Verdict.PAYWALL, Verdict.CONSENT_WALL, Verdict.BOT_CHALLENGE, Verdict.TEASER)
_DAYS = 30


@dataclass(slots=True)
class Expectation:
    """What to expect of a site, by its sources and by the articles that were tried.

    ``tried`` counts answers to requests for articles; ``words`` are of each text that came; ``verdicts`` what the
    cleaner made of each page; ``walls`` those that a machine does not see whole, ``access`` what articles say of
    theirs; ``statuses`` answers other than 200, ``unanswered`` attempts without an answer, by reason; ``signs`` how
    many pages said what of machines, or their host of them; ``sizes`` the bytes of each article on disk.
    """

    site: str
    rate: Rate | None = None
    tried: int = 0
    words: list[int] = field(default_factory=list)
    verdicts: Counter[str] = field(default_factory=Counter)
    access: Counter[str] = field(default_factory=Counter)
    statuses: Counter[int] = field(default_factory=Counter)
    unanswered: Counter[str] = field(default_factory=Counter)
    signs: Counter[str] = field(default_factory=Counter)
    sizes: list[int] = field(default_factory=list)
    problem: str | None = None

    @property
    def walls(self) -> dict[str, int]:
        """How many pages were behind which wall."""
        return {str(one): self.verdicts[one] for one in WALLS if self.verdicts[one]}

    @property
    def forbidden(self) -> int:
        """How many of its articles robots.txt does not allow."""
        return self.unanswered[NoAnswer.ROBOTS]

    @property
    def typical_words(self) -> int | None:
        """The words of a typical text."""
        return round(median(self.words)) if self.words else None

    @property
    def bytes_a_month(self) -> int | None:
        """What its articles of a month take on disk; feeds, sitemaps and editions not counted."""
        if self.rate is None or not self.sizes:
            return None
        return round(self.rate.per_day * _DAYS * sum(self.sizes) / len(self.sizes))


def try_articles(
    archive: Archive,
    newcomers: Sequence[Newcomer],
    number: int,
    *,
    listener: Callable[[Progress | CleanProgress], None] = lambda _: None,
    stop: Stop | None = None,
) -> tuple[Expectation, ...]:
    """Fetch ``number`` articles of each site, the newest, as a crawl does, and tell what to expect of it.

    Everything is archived and cleaned like any other capture, whether the site is declared or not. Raises what `crawl`
    raises.
    """
    sites = []
    for one in newcomers:
        fresh = [
            source for source in one.site.sources if source.url in {found.url for found in one.sources if found.items}
        ]
        sites.append(one.site.model_copy(update={"sources": tuple(fresh[:MAX_SOURCES]) or one.site.sources}))
    result = crawl(archive, sites, limit=number, listener=listener, stop=stop)
    found = {one.site.host: Expectation(one.site.host, rate_of(one.sources)) for one in newcomers}
    _tell(found, result)
    captures = set()
    for capture in archive.captures(run=result.run, role=Role.ARTICLE):
        captures.add(capture.id)
        if capture.site in found:
            _count(found[capture.site], capture)
    for stored in archive.attempts(run=result.run):
        expected = found.get(stored.attempt.origin.site or "")
        if expected is not None and stored.attempt.origin.role is Role.ARTICLE:
            expected.unanswered[stored.attempt.reason] += 1
    for outcome in archive.outcomes(result.started):
        if outcome.capture_id in captures and outcome.site in found:
            _judge(archive, found[outcome.site], outcome)
    return tuple(found.values())


def _count(one: Expectation, capture: Capture) -> None:
    if capture.status is not None and 300 <= capture.status < 400:
        return  # a step on the way
    one.tried += 1
    if capture.status != 200:
        one.statuses[capture.status or 0] += 1
        return
    if capture.location is not None:
        one.sizes.append(capture.location.length + BESIDE)
    one.signs.update(capture.reservations)


def _judge(archive: Archive, one: Expectation, outcome: Outcome) -> None:
    one.verdicts[outcome.verdict] += 1
    for entry in archive.entries(url=outcome.url):
        if entry.capture.id == outcome.capture_id and isinstance(entry.text, Article):
            one.words.append(entry.text.word_count)
            one.access[entry.text.access or "not said"] += 1


def _tell(found: dict[str, Expectation], result: CrawlResult) -> None:
    for summary in result.summaries:
        for report in summary.reports:
            if report.site in found:
                found[report.site].problem = report.problem
    errors: Iterable[str] = (one.error for one in result.summaries if one.error)
    error = next(iter(errors), None) or result.cleaning_error
    for name, one in found.items():
        one.problem = "another crawl is at it" if name in result.busy else one.problem or error
