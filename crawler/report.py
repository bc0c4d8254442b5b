"""The report of a crawl: what the archive holds of a run, site by site, counted from the archive itself."""

from __future__ import annotations

import contextlib
from collections import Counter
from collections.abc import Collection, Iterable
from dataclasses import dataclass, field

from archive.article import Verdict
from archive.capture import Capture
from archive.catalogue.texts import Outcome
from archive.errors import ConfigurationError, DamagedRecord, PresskeepError, StorageFull
from archive.event import StoredAttempt
from archive.exchange import Role, is_for_a_page
from archive.store import Archive
from crawler.crawling import CrawlResult
from crawler.frontier import Frontier
from crawler.jobs import CrawlJob, JobSummary
from crawler.pairs import TEXTS
from crawler.requisites.memory import waiting
from crawler.scheduling.articles import Phase
from crawler.state import State
from crawler.visited import VisitReport


@dataclass(slots=True)
class SiteResult:
    """What a crawl brought of one site.

    ``fetched`` counts answers of all kinds, ``articles`` those to requests for articles with status 200, ``bytes`` the
    entity bodies. ``new`` counts articles with a text that were not there before, ``changed`` new editions of others.
    ``refused`` counts pages without a text by verdict, ``failed`` attempts without an answer by reason, ``errors``
    answers with a status of 400 or more by status, ``cut`` answers that are not whole by reason. ``left`` URLs stay
    due, ``unchosen`` new ones were more than max_articles.

    ``requisites`` counts what came of that to which pages refer, ``lacking`` what did not or not whole, by reason or
    status, and ``waiting`` what stays due: none of it is counted as a failure or an error of the site.
    """

    site: str
    fetched: int = 0
    articles: int = 0
    bytes: int = 0
    new: int = 0
    changed: int = 0
    refused: Counter[str] = field(default_factory=Counter)
    failed: Counter[str] = field(default_factory=Counter)
    errors: Counter[int] = field(default_factory=Counter)
    cut: Counter[str] = field(default_factory=Counter)
    left: int = 0
    unchosen: int = 0
    requisites: int = 0
    lacking: Counter[str] = field(default_factory=Counter)
    waiting: int = 0
    pages: int = 0  # answers that are not robots.txt with status 200, or 304 to what the archive has
    problem: str | None = None

    @property
    def failed_entirely(self) -> bool:
        """Whether nothing of the site could be had at all."""
        return self.pages == 0


def report(archive: Archive, result: CrawlResult) -> tuple[SiteResult, ...]:
    """The results of a crawl's sites, in the order of its jobs."""
    sites = {site.host: SiteResult(site.host) for job in result.jobs for site in job.sites}
    captures: dict[str, Capture] = {}
    for capture in archive.captures(run=result.run):
        captures[capture.id] = capture
        if capture.site in sites:
            _count(sites[capture.site], capture)
    secure = {capture.site for capture in captures.values() if capture.url.startswith("https://")}
    for stored in archive.attempts(run=result.run):
        site = sites.get(stored.attempt.origin.site or "")
        if site is not None and is_for_a_page(stored.attempt.origin.role, stored.attempt.origin.hops):
            site.lacking[str(stored.attempt.reason)] += 1
        elif site is not None and not _is_detour(stored, site, secure):
            site.failed[str(stored.attempt.reason)] += 1
    outcomes = (one for one in archive.outcomes(result.started) if one.capture_id in captures)
    absent: frozenset[tuple[str, str]] = frozenset()
    # Where the disk is full and the crawl came to nothing, there may be no room to make a state: then nothing is due.
    with contextlib.suppress(StorageFull), State(archive.state_path) as state:
        question = "SELECT site, key FROM urls INDEXED BY urls_absent WHERE verdict = 'soft-404' AND at >= ?"
        absent = frozenset((site, key) for site, key in state.read(question, (result.started,)))
        frontier = Frontier(state)
        for name, one in sites.items():
            one.left = frontier.count(name).get(Phase.DUE, 0)
            one.waiting = waiting(state, name)
    _judge(archive, sites, outcomes, absent, result.started)
    for job, summary in zip(result.jobs, result.summaries, strict=True):
        _tell(sites, job, summary)
    for name in result.busy:
        sites[name] = SiteResult(name, problem="another crawl is at it")
    return tuple(sites.values())


def _count(site: SiteResult, capture: Capture) -> None:
    if capture.kind == "conversion":  # made of what is counted as requisites
        site.pages += 1
        site.articles += capture.role is Role.ARTICLE
        return
    site.fetched += 1
    site.bytes += capture.payload_length or 0
    if is_for_a_page(capture.role, capture.hops):
        _count_requisite(site, capture)
        return
    # A host need not have what it may say of itself: robots.txt, tdmrep.json.
    absent = 500 if capture.role is Role.ROBOTS else 400
    if capture.status is not None and capture.status >= absent and capture.role is not Role.PROBE:
        site.errors[capture.status] += 1
    if capture.truncated is not None:
        site.cut[str(capture.truncated)] += 1
    confirmed = capture.kind == "revisit" and capture.status == 304  # the page that is in the archive has not changed
    if (capture.status == 200 or confirmed) and capture.role is not Role.ROBOTS:
        site.pages += 1
        site.articles += capture.role is Role.ARTICLE


def _count_requisite(site: SiteResult, capture: Capture) -> None:
    if capture.role is Role.ROBOTS:
        return  # of whichever host, which need not have any
    if capture.truncated is not None:
        site.lacking[f"cut: {capture.truncated}"] += 1
    elif capture.status is not None and capture.status >= 400:
        site.lacking[f"status {capture.status}"] += 1
    elif capture.status == 200:
        site.requisites += 1


def _is_detour(stored: StoredAttempt, site: SiteResult, secure: set[str | None]) -> bool:
    """Whether an attempt was the question over https of a site that then answered over http: no failure to tell of."""
    attempt = stored.attempt
    first = attempt.origin.role in {Role.FRONT, Role.ROBOTS} and attempt.url.startswith("https://")
    return first and site.pages > 0 and site.site not in secure


def _judge(
    archive: Archive,
    sites: dict[str, SiteResult],
    outcomes: Iterable[Outcome],
    absent: Collection[tuple[str | None, str]],
    started: int,
) -> None:
    """Count texts and what is none; ``absent`` are pages that other pages have shown to be none."""
    for outcome in outcomes:
        site = sites.get(outcome.site or "")
        if site is None:
            continue
        if (outcome.site, outcome.key) in absent:
            site.refused[str(Verdict.SOFT_404)] += 1
        elif outcome.verdict not in TEXTS:
            site.refused[str(outcome.verdict)] += 1
        elif outcome.new_edition:
            first = next(archive.captures(url=outcome.url), None)
            if first is not None and first.at < started:
                site.changed += 1
            else:
                site.new += 1


def _tell(sites: dict[str, SiteResult], job: CrawlJob, summary: JobSummary) -> None:
    """What the crawling process itself said of its sites."""
    said: dict[str, VisitReport] = {one.site: one for one in summary.reports}
    for site in job.sites:
        result, visit = sites[site.host], said.get(site.host)
        if visit is not None:
            result.unchosen, result.problem = visit.unchosen, visit.problem
        if summary.outcome == "failed" and result.problem is None:
            result.problem = summary.error


def error_of(result: CrawlResult) -> PresskeepError | None:
    """The error that ended the crawl's jobs, where one did that is more than a site's own."""
    return error_among(result.summaries)


def error_among(summaries: Iterable[JobSummary]) -> PresskeepError | None:
    """The same of the jobs themselves."""
    for summary in summaries:
        kind = _KINDS.get(summary.exit_code)
        if summary.outcome == "failed" and summary.error is not None and kind is not None:
            return kind(summary.error)
    return None


_KINDS: dict[int, type[PresskeepError]] = {
    kind.exit_code: kind for kind in (ConfigurationError, StorageFull, DamagedRecord)
}
