"""A backfill as its parent process sees it: rounds of children, cleaning beside them, rests, and an end in order."""

from __future__ import annotations

import contextlib
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from archive import clock
from archive.errors import ArchiveBusy, StorageFull, UsageError
from archive.store import Archive
from archive.textjob import TextSummary
from crawler.backlog import Backfilled, Backlog
from crawler.cleaning import Cleaning
from crawler.crawling import CleanProgress, heard, run_jobs
from crawler.jobs import CrawlJob, JobSummary, Paused, Progress, Stop, split
from crawler.judging import judge
from crawler.running import require_delays
from crawler.sitelocks import SiteLocks
from crawler.sites import Site
from crawler.state import State
from crawler.summaries import note_run
from crawler.visited import VisitCounts, VisitReport
from crawler.waiting import Patience, Pauses

# A host that fails, or asked to be left alone, is asked again after so many seconds, then after twice as long; and
# given up for this call after so many rests in a row without an answer: half a day.
FIRST_REST, LONGEST_REST, RESTS = 300.0, 7200.0, 10


@dataclass(frozen=True, slots=True)
class Resting:
    """A backfill rests for so many seconds, because of this problem of a site."""

    site: str
    seconds: float
    problem: str


Heard = Callable[[Progress | CleanProgress | Resting], None]


@dataclass(frozen=True, slots=True)
class SiteBackfill:
    """What a call brought of one site: articles asked for, how its backfill ``stands``, and what went wrong.

    ``anew`` says that it was begun by this call.
    """

    site: str
    asked: int = 0
    stands: Backfilled | None = None
    problem: str | None = None
    anew: bool = False


@dataclass(frozen=True, slots=True)
class BackfillResult:
    """What a call came to; ``runs`` are the URNs of its rounds, times in microseconds since 1970, UTC."""

    runs: tuple[str, ...]
    started: int
    ended: int
    sites: tuple[SiteBackfill, ...]
    summaries: tuple[JobSummary, ...]
    texts: TextSummary
    stopped: bool = False
    cleaning_error: str | None = None
    pauses: int = 0
    paused: float = 0.0


def backfill(
    archive: Archive,
    sites: Sequence[Site],
    since: int | None = None,
    until: int | None = None,
    *,
    limit: int | None = None,
    clean: bool = True,
    listener: Heard = lambda _: None,
    stop: Stop | None = None,
) -> BackfillResult:
    """Fetch what sites published since a time, and before ``until``, from their archives; go on where one has begun.

    Without ``since`` it goes on with what is under way, and raises UsageError where nothing is. ``limit`` bounds the
    articles of each site that this call asks for. Where a host fails it rests and asks again; ``stop`` ends it in order
    within seconds. Raises ConfigurationError before anything is sent, and ArchiveBusy where another crawl is at all of
    the sites.
    """
    archive.configuration.require_contact()
    require_delays(archive.configuration, sites)
    stop = stop or Stop()
    started = clock.now()
    with contextlib.ExitStack() as stack:
        locks = stack.enter_context(SiteLocks(archive.state_path.parent))
        busy = locks.take(site.host for site in sites)
        if busy and len(busy) == len(sites):
            raise ArchiveBusy(f"another crawl is at {', '.join(sorted(busy))}: wait until it has ended")
        free = [site for site in sites if site.host not in busy]
        anew = _begun(archive, free, since, until, started)
        pauses = Pauses()

        def hear(progress: Progress | CleanProgress | Resting) -> None:
            if isinstance(progress, Paused):
                pauses.hear(progress)
            listener(progress)

        patience = Patience(archive, hear, stop)
        cleaning = None
        if clean:
            cleaning = stack.enter_context(Cleaning(archive, lambda done: hear(CleanProgress(done)), patience, stop))
        rounds = _Rounds(archive, free, limit, hear, cleaning, patience, stop)
        rounds.run()
        texts, cleaning_error = cleaning.finish() if cleaning is not None else (TextSummary(), None)
        with contextlib.suppress(StorageFull):  # edits are then looked for at the usual times
            judge(archive, sites)
        if clean and rounds.runs and not stop.asked.is_set():
            try:
                patience("text/", archive.compact)
            except StorageFull as error:
                cleaning_error = cleaning_error or str(error)
    stands: dict[str, Backfilled | None] = {}
    with contextlib.suppress(StorageFull), State(archive.state_path) as state:
        stands = {site.host: Backlog(state).of(site.host) for site in sites}
    told = [
        SiteBackfill(
            *(site.host, rounds.asked.get(site.host, 0), stands.get(site.host)),
            *("another crawl is at it" if site.host in busy else rounds.problems.get(site.host), site.host in anew),
        )
        for site in sites
    ]
    return BackfillResult(
        *(tuple(rounds.runs), started, clock.now(), tuple(told), tuple(rounds.summaries), texts),
        stopped=stop.asked.is_set(),
        cleaning_error=cleaning_error,
        pauses=pauses.count,
        paused=pauses.seconds,
    )


def _begun(archive: Archive, sites: Sequence[Site], since: int | None, until: int | None, now: int) -> frozenset[str]:
    """Begin the backfills of sites, or go on; gives those that were begun."""
    with State(archive.state_path) as state:
        backlog = Backlog(state)
        if since is not None:
            return frozenset(site.host for site in sites if backlog.begin(site.host, since, until, now))
        for site in sites:
            if backlog.span(site.host) is None:
                raise UsageError(
                    f"no backfill of {site.host} is under way: say from when on, such as --since 2022-01-01"
                )
    return frozenset()


class _Rounds:
    """Rounds of children: each ends with its work, or after an hour, or because a host is to be left alone."""

    def __init__(
        self,
        archive: Archive,
        sites: Sequence[Site],
        limit: int | None,
        hear: Heard,
        cleaning: Cleaning | None,
        patience: Patience,
        stop: Stop,
    ) -> None:
        self._archive, self._sites, self._limit = archive, list(sites), limit
        self._hear, self._cleaning, self._patience, self._stop = hear, cleaning, patience, stop
        self.runs: list[str] = []
        self.summaries: list[JobSummary] = []
        self.asked: dict[str, int] = {}
        self.problems: dict[str, str] = {}
        self._rests = 0

    def run(self) -> None:
        """All rounds."""
        open_sites = self._sites
        while open_sites and not self._stop.asked.is_set():
            reports = self._round(open_sites)
            further = {one.site: one for one in reports if one.more and not self._is_spent(one.site)}
            open_sites = [site for site in open_sites if site.host in further]
            resting = [one for one in further.values() if one.problem is not None]
            brought = any(one.answered for one in reports)
            self._rests = 0 if brought else self._rests + 1
            if resting and len(resting) == len(further) and not self._rested(resting[0], brought=brought):
                return

    def _round(self, sites: Sequence[Site]) -> list[VisitReport]:
        run, started = f"urn:uuid:{uuid.uuid4()}", clock.now()
        with contextlib.suppress(StorageFull), State(self._archive.state_path) as state:  # else the next round does it
            for site in sites:
                Backlog(state).revive(site.host, started)
        jobs: list[CrawlJob] = []
        for limit in sorted({self._room(site.host) for site in sites}, key=lambda one: (one is None, one)):
            these = [site for site in sites if self._room(site.host) == limit]
            jobs += split(self._archive.path, run, these, limit, backfill=True)
        jobs = [
            CrawlJob(one.archive, run, one.sites, number, one.limit, one.command, backfill=True)
            for number, one in enumerate(jobs, 1)
        ]
        summaries = run_jobs(jobs, heard(self._hear, self._cleaning), self._patience, self._stop)
        reports = [report for one in summaries for report in one.reports]
        note_run(self._archive, jobs, started, summaries, VisitCounts.of(reports))
        self.runs.append(run)
        self.summaries.extend(summaries)
        for one in reports:
            self.asked[one.site] = self.asked.get(one.site, 0) + one.answered
            self.problems.pop(one.site, None)
            if one.problem is not None:
                self.problems[one.site] = one.problem
        for job, summary in zip(jobs, summaries, strict=True):
            if summary.outcome == "failed":
                self.problems.update((site.host, summary.error or "the crawl failed") for site in job.sites)
        return reports

    def _room(self, site: str) -> int | None:
        return None if self._limit is None else self._limit - self.asked.get(site, 0)

    def _is_spent(self, site: str) -> bool:
        room = self._room(site)
        return room is not None and room <= 0

    def _rested(self, report: VisitReport, *, brought: bool) -> bool:
        """Rest because of a problem; False where there is no use in that, or it is to end."""
        if self._rests > RESTS or (len(self.runs) == 1 and not brought):
            return False  # at the beginning a person is there, and is told
        seconds = min(FIRST_REST * 2 ** max(0, self._rests - 1), LONGEST_REST)
        self._hear(Resting(report.site, seconds, report.problem or ""))
        return not self._stop.asked.wait(seconds)
