"""The service: crawls what is due for as long as it is wanted, cleans as it goes, and reloads what people edit.

A crawling process is started once and fed with visits (`crawler.jobs.Visits`), so that a thousand sites cost no more
starts than one; after an hour it is followed by a fresh one, so that nothing grows.
"""

from __future__ import annotations

import contextlib
import logging
import queue
import threading
import time
import uuid
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

from archive import clock
from archive.configuration import FILE_NAME, read_configuration
from archive.cores import cores
from archive.errors import PresskeepError, StorageFull
from archive.store import Archive
from crawler.agenda import Agenda
from crawler.cleaning import Cleaning
from crawler.counted import Counted
from crawler.feeding import Worker
from crawler.frontier import Frontier
from crawler.heartbeat import BEAT, beat, only_one
from crawler.jobs import BATCH, CommitProgress, CrawlJob, Paused, Progress, Stop, Visited, Visits
from crawler.jobs import run_job as do_job
from crawler.judging import Judging
from crawler.metrics import PATH, Address, served
from crawler.notifying import tell
from crawler.reach import Reach
from crawler.running import require_fit
from crawler.scheduling.durations import MINUTE, SECOND
from crawler.sitelocks import SiteLocks
from crawler.sites import Site, read_sites
from crawler.state import State
from crawler.status import status
from crawler.summaries import note_run
from crawler.visited import VisitCounts, VisitReport
from crawler.waiting import Patience, Pauses

TICK = 0.3  # seconds between two looks at what has come, and what is wanted
SCAN = 60.0  # seconds after which all sites' times are read again: other processes write them, too
RELOAD = 2.0  # seconds between two looks at the files that people edit
RECYCLE = 3600.0  # seconds after which a crawling process is followed by a fresh one
IDLE = 300.0  # seconds without a visit after which it ends; likewise the children that clean
COMPACT = 6 * 3600.0  # seconds between two times that the Parquet files are brought up to date
FIRST_COMPACT = 600.0
NOTIFY = 300.0  # seconds between two looks at what needs a person
BUSY = 30 * SECOND  # a site that another crawl is at is asked for again after so long
# A crawling process that dies is started again after so many seconds, then after twice as long, up to a bound.
FIRST_REST, LONGEST_REST = 5.0, 300.0
# What came to nothing because its process died is not due again before that.
AGAIN = MINUTE

log = logging.getLogger("presskeep.run")


class Service:
    """What `run_service` does, in one thread; children report through a queue."""

    def __init__(
        self, archive: Archive, stop: Stop, executor: Executor | None = None, metrics: Address | None = None
    ) -> None:
        self.counted = Counted()
        self._archive = archive
        self._stop = stop
        self._metrics = metrics
        self._most = cores()
        self._executor = executor or ThreadPoolExecutor(2 * self._most + 2, thread_name_prefix="crawl")
        self._heard: queue.Queue[tuple[Worker, Progress]] = queue.Queue()
        self._workers: list[Worker] = []
        self._number = 0
        self._sites: dict[str, Site] = {}
        self._due: dict[str, int] = {}
        self._problem: str | None = None  # of sites.toml or archive.toml as they are now
        self._signature: tuple[object, ...] = ()
        self._scanned = self._reloaded = self._beaten = self._compacted = 0.0
        self._failures = 0
        self._rest_until = 0.0
        self._away = False
        self._reach = Reach()
        self._short: str | None = None
        self._started = clock.now()
        self._judging = Judging(archive)
        self._pauses = Pauses()
        self._patience = Patience(archive, self._paused, stop)

    def run(self) -> None:
        """Serve until it is to stop; raises ArchiveBusy where another one serves, ConfigurationError at the start."""
        archive = self._archive
        archive.configuration.require_contact()
        self._load()
        directory = archive.state_path.parent
        with contextlib.ExitStack() as stack:
            stack.enter_context(only_one(directory))
            self._locks = stack.enter_context(SiteLocks(directory))
            self._state = stack.enter_context(State(archive.state_path))
            self._agenda, self._frontier = Agenda(self._state), Frontier(self._state)
            self._compacted = time.monotonic() - COMPACT + FIRST_COMPACT
            cleaning = Cleaning(
                *(archive, lambda _: None, self._patience, self._stop),
                after=self._cleaned,
                idle=IDLE,
                failed=lambda said: log.error("cleaning stopped, and is tried again: %s", said),
            )
            self._cleaning = stack.enter_context(cleaning)
            self._cleaning.wake()  # what an earlier crawl left
            threading.Thread(target=self._notify, name="notify", daemon=True).start()
            if self._metrics is not None:
                at = stack.enter_context(served(self._metrics, archive, self.counted))
                log.info("metrics are at http://%s%s", at, PATH, extra={"metrics": str(at)})
            log.info("serving %s: %d sites", archive.path, len(self._sites), extra={"sites": len(self._sites)})
            try:
                while not self._stop.asked.is_set():
                    self._tick()
            finally:
                self._stop.asked.set()
                self._drain()
                self._cleaning.finish()
                self._beat(stopped=True)
                visits = self.counted.visits.visits
                log.info("stopped after %d visits", visits, extra={"visits": visits})

    def _tick(self) -> None:
        self._hear(TICK)
        for worker in [one for one in self._workers if one.future is not None and one.future.done()]:
            self._ended(worker)
        now = time.monotonic()
        if now - self._reloaded >= RELOAD:
            self._reloaded = now
            self._reload()
        if now - self._scanned >= SCAN:
            self._scan()
        for worker in self._workers:
            if now - worker.began > RECYCLE or (not worker.out and now - worker.busy > IDLE):
                worker.end()
        self._dispatch()
        if now - self._beaten >= BEAT:
            self._beat()

    def _hear(self, patience: float) -> None:
        """Take what the children said."""
        with contextlib.suppress(queue.Empty):
            worker, progress = self._heard.get(timeout=patience)
            while True:
                if isinstance(progress, Visited):
                    self._visited(worker, progress.report)
                elif isinstance(progress, CommitProgress):
                    self.counted.traffic += progress.traffic
                    self._cleaning.wake()
                elif isinstance(progress, Paused):
                    self._paused(progress)
                worker, progress = self._heard.get_nowait()

    def _visited(self, worker: Worker, report: VisitReport) -> None:
        self._failures = 0
        if report.away:
            self._reach.doubt()
        visit = VisitCounts.of([report])
        self.counted.visits += visit
        worker.visits += visit
        worker.out.discard(report.site)
        worker.busy = time.monotonic()
        self._free(report.site)
        said = f"{report.site}: {len(report.sources)} sources, {report.answered} articles"
        said += f" ({report.again} again)" if report.again else ""
        said += f", {report.left} still due" if report.left else ""
        extra = {
            **{"site": report.site, "sources": len(report.sources), "articles": report.answered},
            **{"again": report.again, "left": report.left, "problem": report.problem},
        }
        if report.problem:
            log.warning("%s: %s", said, report.problem, extra=extra)
        else:
            log.info("%s", said, extra=extra)

    def _free(self, name: str, earliest: int = 0) -> None:
        """A site is not visited any more: others may, and its next time is read."""
        self._locks.release([name])
        if name in self._sites:
            self._look(self._sites[name], earliest)

    def _look(self, site: Site, earliest: int = 0) -> None:
        at = self._agenda.when(site, self._frontier, clock.now())
        if at is None:
            self._due.pop(site.host, None)
        else:
            self._due[site.host] = max(at, earliest)

    def _scan(self) -> None:
        self._scanned = time.monotonic()
        out = self._out()
        for site in self._sites.values():
            if site.host not in out:
                self._look(site)

    def _out(self) -> set[str]:
        return {name for worker in self._workers for name in worker.out}

    def _ended(self, worker: Worker) -> None:
        """A crawling process is over: what it was at is free again."""
        self._workers.remove(worker)
        assert worker.future is not None
        summary = worker.future.result()
        for report in summary.reports:
            if report.site in worker.out and not worker.job.fed:
                self._visited(worker, report)
        note_run(self._archive, [worker.job], worker.started, [summary], worker.visits)
        failed = summary.outcome == "failed"
        for name in sorted(worker.out):
            self._free(name, clock.now() + AGAIN if failed else 0)
        if failed:
            self.counted.deaths += 1
            rest = min(FIRST_REST * 2**self._failures, LONGEST_REST)
            self._failures += 1
            self._rest_until = time.monotonic() + rest
            log.error(
                "a crawling process ended, the next one is started in %.0f s: %s", rest, summary.error,
                extra={"error": summary.error, "sites": sorted(worker.out)},
            )  # fmt: skip
        elif summary.error:
            log.error("%s", summary.error, extra={"error": summary.error})
        self._cleaning.wake()

    def _dispatch(self) -> None:
        """Have those visited of which something is due."""
        now, out = clock.now(), self._out()
        due = sorted((at, name) for name, at in self._due.items() if at <= now and name not in out)
        if not due or time.monotonic() < self._rest_until or not self._may_begin():
            return
        orders: dict[int, list[str]] = {}
        for _, name in due:
            if self._locks.take([name]):
                self._due[name] = now + BUSY  # another crawl is at it
                continue
            site = self._sites[name]
            if site.spider is not None:
                if not self._own(site):
                    self._locks.release([name])
                continue
            worker = self._least_busy()
            worker.out.add(name)
            worker.busy = time.monotonic()
            orders.setdefault(id(worker), []).append(name)
        for worker in self._workers:
            if id(worker) in orders:
                worker.orders.append(Visits(tuple(orders[id(worker)])))

    def _may_begin(self) -> bool:
        """Whether there is a network and room; what is missing is told once."""
        shortage = self._patience.room.shortage()
        short = str(shortage) if shortage is not None else None
        if (short is None) != (self._short is None):
            log.warning("paused: %s", short) if short else log.info("there is room again: it goes on")
        self._short = short
        away = not self._reach.is_there(self._archive.configuration.network)
        if away != self._away:
            log.warning("the network is away: waiting for it") if away else log.info("the network is back")
        self._away = away
        return short is None and not away

    def _least_busy(self) -> Worker:
        """A crawling process for one more visit: another one where there are sites enough for it."""
        plain = [site for site in self._sites.values() if site.spider is None]
        there = [one for one in self._workers if one.job.fed and not one.ending]
        wanted = min(self._most, -(-len(plain) // BATCH))
        if not there or (len(there) < wanted and min(len(one.out) for one in there) > 0):
            there = [self._start(CrawlJob(self._archive.path, _run(), tuple(plain), due=True, fed=True, command="run"))]
        return min(there, key=lambda one: len(one.out))

    def _own(self, site: Site) -> bool:
        """Start a spider of the user's own, unless so many of them are running."""
        if sum(not one.job.fed for one in self._workers) >= self._most:
            return False
        worker = self._start(CrawlJob(self._archive.path, _run(), (site,), due=True, command="run"))
        worker.out.add(site.host)
        return True

    def _start(self, job: CrawlJob) -> Worker:
        self._number = self._number % 999 + 1
        worker = Worker(replace(job, number=self._number), time.monotonic(), busy=time.monotonic())

        def listen(progress: Progress) -> None:
            self._heard.put((worker, progress))

        log.info("a crawling process is started", extra={"started": worker.job.name})
        worker.future = self._executor.submit(do_job, worker.job, listen, self._stop, worker.order)
        self._workers.append(worker)
        self.counted.processes += 1
        return worker

    def _reload(self) -> None:
        """Take over what people have changed; a file with an error leaves what was."""
        if _signature(self._archive) == self._signature:
            return
        try:
            self._load()
        except PresskeepError as error:
            if str(error) != self._problem:
                self._problem = str(error)
                log.error("not taken over, the former stands: %s", error, extra={"error": str(error)})
            return
        for worker in self._workers:
            worker.end()  # the next one knows the new declaration
        log.info("sites.toml and archive.toml were read again: %d sites", len(self._sites))
        self._scan()

    def _load(self) -> None:
        self._signature = _signature(self._archive)
        configuration = read_configuration(self._archive.path / FILE_NAME)
        configuration.require_contact()
        declared = read_sites(self._archive.sites_path).enabled
        require_fit(configuration, declared)
        self._sites = {site.host: site for site in declared}
        self._due = {name: at for name, at in self._due.items() if name in self._sites}
        self._problem = None

    def _cleaned(self) -> None:
        """A round of cleaning is over (in its thread): edits are told to the frontier, Parquet is made now and then."""
        try:
            self._judging.tell(list(self._sites.values()))
        except PresskeepError as error:
            log.warning("what was edited is looked at again at the usual times: %s", error)
        if time.monotonic() - self._compacted >= COMPACT:
            self._compacted = time.monotonic()
            with contextlib.suppress(StorageFull):
                self._patience("text/", self._archive.compact)

    def _notify(self) -> None:
        """Now and then, tell what needs a person (in a thread of its own: whoever is told may take his time)."""
        while not self._stop.asked.wait(NOTIFY):
            try:
                if read_configuration(self._archive.path / FILE_NAME).notify:
                    said = tell(self._archive, status(self._archive).needs())
                    if said:
                        log.info("%s", said)
            except (PresskeepError, OSError) as error:
                log.warning("nobody could be told what needs a person: %s", error)

    def _paused(self, paused: Paused) -> None:
        self._pauses.hear(paused)
        if paused.shortage is not None:
            log.warning("paused: %s", paused.shortage, extra={"paused": paused.who})

    def _drain(self) -> None:
        """Wait for the children, which have been asked to end."""
        for worker in self._workers:
            while worker.future is not None and not worker.future.done():
                self._hear(TICK)
        self._hear(0)
        self._executor.shutdown(wait=True)

    def _beat(self, *, stopped: bool = False) -> None:
        self._beaten = time.monotonic()
        now, out = clock.now(), self._out()
        following = min((at for name, at in self._due.items() if name not in out), default=None)
        self.counted.running = len(self._workers)
        self.counted.beat = {
            "started_at": clock.warc_date(self._started),
            "stopped": stopped,
            "sites": len(self._sites),
            "visits": self.counted.visits.visits,
            "visiting": sorted(out)[:100],
            "overdue": sum(at <= now for name, at in self._due.items() if name not in out),
            "next_due": None if following is None else clock.warc_date(following),
            "network": not self._away,
            "paused": self._short,
            "problem": self._problem,
        }
        beat(self._archive.state_path.parent, self.counted.beat)


def _run() -> str:
    return f"urn:uuid:{uuid.uuid4()}"


def _signature(archive: Archive) -> tuple[object, ...]:
    """What changes when somebody edits what is declared."""
    return tuple(_stamp(path) for path in (archive.sites_path, archive.path / FILE_NAME))


def _stamp(path: Path) -> object:
    try:
        there = path.stat()
    except OSError:
        return None
    return there.st_mtime_ns, there.st_size, there.st_ino


def run_service(archive: Archive, stop: Stop, metrics: Address | None = None) -> None:
    """Serve an archive until ``stop`` asks for an end, and its metrics at an address; see `Service.run`."""
    Service(archive, stop, metrics=metrics).run()
