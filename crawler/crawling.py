"""A crawl as its parent process sees it: jobs in children, cleaning beside them, an end in order."""

from __future__ import annotations

import contextlib
import os
import signal
import threading
import time
import uuid
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace
from types import FrameType

from archive import clock
from archive.cores import cores
from archive.errors import ArchiveBusy, StorageFull
from archive.store import Archive
from archive.terminal import INTERRUPTED
from archive.textjob import TextSummary
from crawler.agenda import Agenda
from crawler.cleaning import Cleaning
from crawler.frontier import Frontier
from crawler.jobs import CommitProgress, CrawlJob, JobSummary, Listener, Paused, Progress, Stop, run_job, split
from crawler.judging import judge
from crawler.running import require_fit
from crawler.sitelocks import SiteLocks
from crawler.sites import Site
from crawler.state import State
from crawler.summaries import note_run
from crawler.visited import VisitCounts
from crawler.waiting import Patience, Pauses

# Seconds to end in after a second Ctrl-C or SIGTERM.
HASTE = 4.0


@dataclass(frozen=True, slots=True)
class CleanProgress:
    """So many texts were made so far."""

    done: int


@dataclass(frozen=True, slots=True)
class CrawlResult:
    """What a crawl came to; the archive itself tells the rest (`crawler.report`).

    ``busy`` are sites that another crawl was at. ``cleaning_error`` says why texts are missing, where cleaning failed.
    It paused ``pauses`` times for want of room, ``paused`` seconds in all. ``next`` is when something is due again, in
    microseconds since 1970, UTC.
    """

    run: str
    started: int
    ended: int
    jobs: tuple[CrawlJob, ...]
    summaries: tuple[JobSummary, ...]
    texts: TextSummary
    busy: tuple[str, ...] = ()
    stopped: bool = False
    cleaning_error: str | None = None
    pauses: int = 0
    paused: float = 0.0
    next: int | None = None


def crawl(
    archive: Archive,
    sites: Sequence[Site],
    *,
    limit: int | None = None,
    clean: bool = True,
    due: bool = False,
    listener: Callable[[Progress | CleanProgress], None] = lambda _: None,
    stop: Stop | None = None,
) -> CrawlResult:
    """Crawl sites, each in one job, and clean what they commit while they go on; then bring the Parquet up to date.

    With ``due``, only those are visited of which something is due, and they are asked for nothing else.

    Where there is no room, it pauses, and goes on by itself. ``listener`` may be called from several threads. ``stop``
    ends it in order within seconds. Raises ConfigurationError before anything is sent, and ArchiveBusy where another
    crawl is at all of the sites.
    """
    archive.configuration.require_contact()
    require_fit(archive.configuration, sites)
    stop = stop or Stop()
    started, run, declared = clock.now(), f"urn:uuid:{uuid.uuid4()}", sites
    if due:
        sites = [site for site, at in agenda_of(archive, sites) if at <= started]
    with contextlib.ExitStack() as stack:
        locks = stack.enter_context(SiteLocks(archive.state_path.parent))
        busy = locks.take(site.host for site in sites)
        if busy and len(busy) == len(sites) and not due:
            raise ArchiveBusy(f"another crawl is at {', '.join(sorted(busy))}: wait until it has ended")
        jobs = split(archive.path, run, (site for site in sites if site.host not in busy), limit, due=due)
        pauses = Pauses()

        def hear(progress: Progress | CleanProgress) -> None:
            if isinstance(progress, Paused):
                pauses.hear(progress)
            listener(progress)

        def made(done: int) -> None:
            hear(CleanProgress(done))

        patience = Patience(archive, hear, stop)
        cleaning = stack.enter_context(Cleaning(archive, made, patience, stop)) if clean else None
        summaries = run_jobs(jobs, heard(hear, cleaning), patience, stop)
        note_run(
            archive, jobs, started, summaries, VisitCounts.of(report for one in summaries for report in one.reports)
        )
        texts, cleaning_error = cleaning.finish() if cleaning is not None else (TextSummary(), None)
        with contextlib.suppress(StorageFull):  # edits are then looked for at the usual times
            judge(archive, declared)
        if clean and jobs and not stop.asked.is_set():  # else the next crawl or `clean` does it: it may take a while
            try:
                patience("text/", archive.compact)
            except StorageFull as error:
                cleaning_error = cleaning_error or str(error)
    return CrawlResult(
        run,
        started,
        clock.now(),
        jobs,
        summaries,
        texts,
        tuple(sorted(busy)),
        stopped=stop.asked.is_set(),
        cleaning_error=cleaning_error,
        pauses=pauses.count,
        paused=pauses.seconds,
        next=_next(archive, declared),
    )


def _next(archive: Archive, sites: Sequence[Site]) -> int | None:
    try:
        return min((at for _, at in agenda_of(archive, sites)), default=None)
    except StorageFull:
        return None


def agenda_of(archive: Archive, sites: Sequence[Site]) -> list[tuple[Site, int]]:
    """The sites with the times at which something is due there, perhaps gone by, the earliest first."""
    with State(archive.state_path) as state:
        agenda, frontier, now = Agenda(state), Frontier(state), clock.now()
        times = [(site, agenda.when(site, frontier, now)) for site in sites]
    return sorted(((site, at) for site, at in times if at is not None), key=lambda one: one[1])


def run_jobs(jobs: Sequence[CrawlJob], listener: Listener, patience: Patience, stop: Stop) -> tuple[JobSummary, ...]:
    """All jobs, as many at once as there are cores."""
    with ThreadPoolExecutor(max_workers=max(1, min(len(jobs), cores())), thread_name_prefix="crawl") as executor:
        futures = [executor.submit(_unless_stopped, job, listener, patience, stop) for job in jobs]
        waiting: set[Future[JobSummary]] = set(futures)
        try:
            while waiting:
                # In slices: a signal's handler runs only when the main thread comes back from the kernel.
                _, waiting = wait(waiting, timeout=0.2, return_when=FIRST_COMPLETED)
        except KeyboardInterrupt:
            stop.asked.set()
            stop.urgent.set()
            raise
        return tuple(future.result() for future in futures)


class _NoRoom(StorageFull):
    """A job ended because it found no room where it could not wait for it: to be done again, with what is left."""

    def __init__(self, summary: JobSummary) -> None:
        super().__init__(summary.error or "no room")
        self.summary = summary


def _unless_stopped(job: CrawlJob, listener: Listener, patience: Patience, stop: Stop) -> JobSummary:
    def run() -> JobSummary:
        if stop.asked.is_set():
            return JobSummary("stopped")
        summary = run_job(job, listener, stop)
        listener(Paused(job.name, None))  # whatever it said last
        full = summary.outcome == "failed" and summary.exit_code == StorageFull.exit_code
        if full and not summary.impatient:
            raise _NoRoom(summary)
        return summary

    try:
        return patience(job.name, run)
    except _NoRoom as error:
        return replace(error.summary, outcome="stopped") if stop.asked.is_set() else error.summary
    except StorageFull as error:  # there was no room to begin with
        return JobSummary("failed", error=str(error), exit_code=error.exit_code)
    except OSError as error:  # no process could be started
        return JobSummary("failed", error=f"no crawling process could be started: {error.strerror or error}")


def heard(listener: Callable[[Progress | CleanProgress], None], cleaning: Cleaning | None) -> Listener:
    """A listener that also wakes the cleaning when something was committed."""

    def hear(progress: Progress) -> None:
        if isinstance(progress, CommitProgress) and cleaning is not None:
            cleaning.wake()
        listener(progress)

    return hear


@contextlib.contextmanager
def stopping() -> Iterator[Stop]:
    """A wish that the first Ctrl-C or SIGTERM makes; a second one makes it urgent, and raises KeyboardInterrupt.

    After that the process ends within seconds, whatever holds it.
    """
    stop = Stop()

    def asked(_number: int, _frame: FrameType | None) -> None:
        if stop.asked.is_set():
            stop.urgent.set()
            threading.Thread(target=_end, name="haste", daemon=True).start()
            raise KeyboardInterrupt
        stop.asked.set()

    before = {number: signal.signal(number, asked) for number in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield stop
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _end() -> None:
    time.sleep(HASTE)
    os._exit(INTERRUPTED)
