"""The crew: threads that each supervise a cleaning child, and do what waits between them."""

from __future__ import annotations

import threading
from concurrent.futures import FIRST_EXCEPTION, Executor, Future, ThreadPoolExecutor, wait
from types import TracebackType
from typing import TYPE_CHECKING, Self

from archive.cores import cores
from archive.progress import Progress
from archive.textjob import Stop, TextJob, TextSummary, committed, run_text_job
from archive.worker import CleaningChild

if TYPE_CHECKING:
    from archive.store import Archive

# Captures in a job of a crew's: small, so that no thread idles while another has many, and as many as are worth a child
# of their own: it takes half a second to start, and a page a thirtieth of one.
PIECE = 8
LARGE_PIECE = 400  # in one for an executor, where each job starts a child of its own (0.5 s)


class Children:
    """Cleaning children, one for each thread that asks; a context manager, to be left when those threads have ended."""

    def __init__(self, memory: int) -> None:
        self._memory = memory  # bytes
        self._by_thread: dict[int, CleaningChild] = {}

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        for child in self._by_thread.values():
            child.close()
        self._by_thread.clear()

    def abandon(self) -> None:
        """End the pages in hand, from any thread."""
        for child in list(self._by_thread.values()):
            child.abandon()

    def own(self) -> CleaningChild:
        """The calling thread's child."""
        thread = threading.get_ident()
        child = self._by_thread.get(thread)
        if child is None:
            child = self._by_thread[thread] = CleaningChild(memory=self._memory)
        return child


class Crew:
    """Cleans what waits, as often as it is asked to; its children live from one call to the next.

    A context manager, for one thread. With ``workers`` of 0 there are as many as the configuration says.
    """

    def __init__(self, archive: Archive, workers: int = 0) -> None:
        self._archive = archive
        self._workers = workers or archive.configuration.cleaning.workers or cores()
        self._threads: ThreadPoolExecutor | None = None
        self._hands = 0  # how many threads these are
        self._children = Children(archive.configuration.cleaning.memory * 2**20)
        self._closing = threading.Event()
        self._lock = threading.Lock()
        self.done = TextSummary()  # what became of all that was committed, before an error, too

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def prepare(self) -> None:
        """Start the children ahead of the first page, without waiting for them."""
        threads = self._pool(self._workers)
        for _ in range(self._workers):
            threads.submit(self._start)

    def clean(self, progress: Progress | None = None, stop: Stop | None = None) -> TextSummary:
        """Clean what waits now, and say what became of it. What is committed meanwhile waits for the next call.

        ``progress`` is called in the calling thread. ``stop`` is asked between two pages: when it says so, what is
        done is committed and the rest goes on waiting. Raises as `archive.textjob.run_text_job` does.
        """
        jobs = self._archive.text_jobs(most=PIECE)
        if not jobs:
            return TextSummary()
        captures = sum(job.captures for job in jobs)
        threads = self._pool(min(self._workers, -(-captures // PIECE)))
        if len(jobs) < self._hands:  # too few pages for whole pieces: nobody who is there shall idle
            share = -(-captures // self._hands)
            jobs = self._archive.text_jobs(most=share)
        ended = threading.Event()

        def stopping() -> bool:
            return ended.is_set() or self._closing.is_set() or (stop is not None and stop())

        with self._archive.locked():
            futures = [threads.submit(self._do, job, stopping) for job in jobs]
            return _gather(futures, jobs, progress, ended)

    def abandon(self) -> None:
        """End the pages in hand, from any thread: they go on waiting. What is being done raises ChildBroken."""
        self._closing.set()
        self._children.abandon()

    def close(self) -> None:
        """End the threads, each after the page it has in hand, and their children."""
        self._closing.set()
        with self._children:
            if self._threads is not None:
                self._threads.shutdown(wait=True, cancel_futures=True)

    def _pool(self, hands: int) -> ThreadPoolExecutor:
        """So many threads at least. Where there were fewer, their children end with them."""
        if self._threads is None or self._hands < hands:
            if self._threads is not None:
                with self._children:
                    self._threads.shutdown()
            self._threads, self._hands = ThreadPoolExecutor(hands, thread_name_prefix="cleaning"), hands
        return self._threads

    def _start(self) -> None:
        if not self._closing.is_set():
            self._children.own().start()

    def _do(self, job: TextJob, stop: Stop) -> TextSummary:
        if stop():
            return TextSummary()
        summary = TextSummary()
        for part in committed(self._archive, job, self._children.own(), stop):
            summary += part
            with self._lock:
                self.done += part
        return summary


def clean_pending(
    archive: Archive,
    executor: Executor | None = None,
    *,
    workers: int = 0,
    progress: Progress | None = None,
    stop: Stop | None = None,
) -> TextSummary:
    """Clean what waits now, once: with a crew, or by an executor's workers, which may be other processes.

    Whoever asks often keeps a `Crew`. ``stop`` ends an executor's jobs only where it can be handed to them: between
    two jobs.
    """
    if executor is None:
        with Crew(archive, workers) as crew:
            return crew.clean(progress, stop)
    jobs = archive.text_jobs(most=LARGE_PIECE)
    ended = threading.Event()
    futures = [executor.submit(run_text_job, job) for job in jobs]
    return _gather(futures, jobs, progress, ended, stop)


def _gather(
    futures: list[Future[TextSummary]],
    jobs: tuple[TextJob, ...],
    progress: Progress | None,
    ended: threading.Event,
    stop: Stop | None = None,
) -> TextSummary:
    """The sum of all jobs; the first error ends the others."""
    total = sum(job.captures for job in jobs)
    summary = TextSummary()
    waiting = set(futures)
    try:
        while waiting:
            done, waiting = wait(waiting, timeout=0.5, return_when=FIRST_EXCEPTION)
            for future in done:
                if not future.cancelled():
                    summary += future.result()
            if progress is not None:
                progress(summary.done, total, "texts")
            if stop is not None and stop():
                for future in waiting:
                    future.cancel()
    except BaseException:
        ended.set()
        for future in waiting:
            future.cancel()
        raise
    return summary
