"""Jobs: a batch of sites to crawl, or a site to probe, done by a supervised child. What an executor runs.

The child (``python -m crawler.jobs``) has a reactor of its own, which cannot be started twice in a process. It gets the
job on its standard input, which then stays open: its end means that the parent wants the child to stop, or is dead.
"""

from __future__ import annotations

import contextlib
import os
import pickle
import select
import struct
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from archive.cores import cores
from archive.traffic import Traffic
from crawler.discovery import Candidate
from crawler.probe import Probed
from crawler.room import Shortage
from crawler.sites import Site
from crawler.visited import VisitReport

# Sites of one child, where there are cores for more. Their state costs some 0.5 MB each while they are read.
BATCH = 200
# Seconds that a child has to end once it was asked to: its own grace for what is on the wire is shorter.
PATIENCE = 12.0
MAX_COMPLAINT = 16_384  # bytes kept of a child's standard error, the last ones
_HEAD = struct.Struct(">Q")


@dataclass(frozen=True, slots=True)
class CrawlJob:
    """A batch of sites to crawl, as one part (``number``) of a run.

    A site with a spider of its own is a job of its own. ``limit`` bounds each site's articles further; with ``due``
    nothing is asked for that is not due. A ``fed`` job visits none of its sites before it is told to (`Visits`), and
    each as often as it is told to, until it hears that there is no more (`NoMore`). With ``backfill`` the sites'
    archives are walked (`crawler.backfill`).
    """

    archive: Path
    run: str
    sites: tuple[Site, ...]
    number: int = 1
    limit: int | None = None
    command: str = "crawl"
    due: bool = False
    fed: bool = False
    backfill: bool = False

    @property
    def name(self) -> str:
        """What tells it from the other parts of the run; part of the names of its WARC files."""
        return f"{self.command}{self.number}"

    @property
    def own(self) -> Site | None:
        """The site, where it is one with a spider of its own, which does the job."""
        return self.sites[0] if len(self.sites) == 1 and self.sites[0].spider and not self.backfill else None


@dataclass(frozen=True, slots=True)
class ProbeJob:
    """A site to look at: ``starts`` are tried in turn, ``site`` says under which name and at which pace.

    ``listed`` are sources that somebody named for it.
    """

    archive: Path
    run: str
    site: Site
    starts: tuple[str, ...]
    listed: tuple[Candidate, ...] = ()
    command: str = "add"


Job = CrawlJob | ProbeJob


@dataclass(frozen=True, slots=True)
class ReplayJob:
    """A site whose spider is to run against the archive, as of a time (the latest captures where it is None).

    ``limit`` bounds its items. Nothing is written, and nothing asked of the network.
    """

    archive: Path
    site: Site
    at: int | None = None
    limit: int | None = None


@dataclass(frozen=True, slots=True)
class VisitProgress:
    """How far a site is: ``planned`` is None while its sources are being read, ``parts`` are requisites of pages."""

    site: str
    planned: int | None
    answered: int
    finished: bool
    parts: int = 0


@dataclass(frozen=True, slots=True)
class Visits:
    """To a fed job: visit these of its sites now."""

    sites: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class NoMore:
    """To a fed job: end when the visits are over that it has."""


@dataclass(frozen=True, slots=True)
class Visited:
    """A visit of a fed job is over."""

    report: VisitReport


@dataclass(frozen=True, slots=True)
class CommitProgress:
    """These captures and attempts became durable just now."""

    traffic: Traffic


@dataclass(frozen=True, slots=True)
class Asked:
    """What a probe is asking for."""

    url: str


@dataclass(frozen=True, slots=True)
class Scraped:
    """An item of a spider that runs against the archive, as a line of JSON."""

    line: bytes


@dataclass(frozen=True, slots=True)
class Replayed:
    """What a replay came to: ``answered`` requests, and those that the archive could not answer.

    ``problem`` tells of the spider's own exceptions.
    """

    site: str
    items: int
    answered: int
    not_archived: int
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Paused:
    """What ``who`` does pauses, and why; without a shortage it goes on."""

    who: str
    shortage: Shortage | None


@dataclass(frozen=True, slots=True)
class JobSummary:
    """What became of a job.

    ``outcome`` is ``finished``, ``stopped`` (on request) or ``failed``, with ``error`` as one line and ``exit_code`` of
    the error's kind (`archive.errors`). ``impatient`` says that it waited for room, as long as it was to. ``memory``
    is the child's peak in bytes, ``cpu`` what it spent between the opening and the closing of its spider, in seconds.
    """

    outcome: str
    reports: tuple[VisitReport, ...] = ()
    probed: Probed | None = None
    error: str | None = None
    exit_code: int = 1
    impatient: bool = False
    memory: int = 0
    cpu: float = 0.0


class Stop:
    """The wish that work ends: ``asked`` in order, within seconds; ``urgent`` at once. Whoever works looks at it."""

    def __init__(self) -> None:
        self.asked = threading.Event()
        self.urgent = threading.Event()


Progress = VisitProgress | Visited | CommitProgress | Asked | Paused | Scraped | Replayed
Orders = Callable[[], Visits | NoMore | None]
Listener = Callable[[Progress], None]


def split(
    archive: Path,
    run: str,
    sites: Iterable[Site],
    limit: int | None = None,
    *,
    due: bool = False,
    backfill: bool = False,
) -> tuple[CrawlJob, ...]:
    """The jobs of a crawl: batches, and a job for each site with a spider of its own.

    Sites wait for their hosts, not for the processor: so all batches are to be at work at once, and there are no more
    of them than cores, however many sites each has then.
    """
    plain: list[Site] = []
    batches: list[tuple[Site, ...]] = []
    for site in sites:
        if site.spider is None or backfill:
            plain.append(site)
        else:
            batches.append((site,))
    if plain:
        size = -(-len(plain) // min(cores(), -(-len(plain) // BATCH)))
        batches[:0] = [tuple(plain[start : start + size]) for start in range(0, len(plain), size)]
    command = "backfill" if backfill else "crawl"
    return tuple(
        CrawlJob(archive, run, batch, number, limit, command, due=due, backfill=backfill)
        for number, batch in enumerate(batches, 1)
    )


def run_job(
    job: Job | ReplayJob, listener: Listener | None = None, stop: Stop | None = None, orders: Orders | None = None
) -> JobSummary:
    """Do a job in a child, and say what became of it; a child that dies is a failed job, never an exception.

    What it had committed is kept, and what was due is taken up by the next crawl. ``listener`` is called in this
    thread; ``stop`` asks the child to end. ``orders`` is asked several times a second what a fed job is to do next.
    """
    module = "crawler.replayingchild" if isinstance(job, ReplayJob) else "crawler.jobs"
    # A file, not a pipe: nobody has to read it while the child works, and the child cannot block on it.
    with tempfile.TemporaryFile() as complaints:
        child = subprocess.Popen(
            # -P: nothing is imported from the directory that the user happens to stand in.
            [sys.executable, "-P", "-m", module],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=complaints,
            # A session of its own: Ctrl-C is for the parent, which then asks the child to end.
            start_new_session=True,
        )
        try:
            summary = _supervise(child, job, listener, stop, orders)
        except KeyboardInterrupt:
            _end(child)
            raise
        finally:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                if pipe is not None:
                    with contextlib.suppress(OSError):
                        pipe.close()
        if summary is not None:
            return summary
        return JobSummary("failed", error=f"the crawling process {_obituary(child.returncode, complaints)}")


def _supervise(
    child: subprocess.Popen[bytes],
    job: Job | ReplayJob,
    listener: Listener | None,
    stop: Stop | None,
    orders: Orders | None,
) -> JobSummary | None:
    """The child's summary, None where it died without one."""
    assert child.stdin is not None
    assert child.stdout is not None
    with contextlib.suppress(OSError):  # it died at once: its end is read below
        send(child.stdin, job)
    deadline: float | None = None
    poll = select.poll()
    poll.register(child.stdout, select.POLLIN)
    while deadline is None or time.monotonic() < deadline:
        if stop is not None and stop.urgent.is_set():
            return None
        if stop is not None and stop.asked.is_set() and deadline is None:
            deadline = time.monotonic() + PATIENCE
            with contextlib.suppress(OSError):
                child.stdin.close()
        while deadline is None and orders is not None and (order := orders()) is not None:
            with contextlib.suppress(OSError):
                send(child.stdin, order)
        if not poll.poll(200):
            continue
        message = receive(child.stdout)
        if message is None:
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(2.0)  # its pipe closes a little before it ends
            return None
        if isinstance(message, JobSummary):
            with contextlib.suppress(subprocess.TimeoutExpired):
                child.wait(PATIENCE)
            return message
        if listener is not None and isinstance(message, Progress):
            listener(message)
    return None


def _end(child: subprocess.Popen[bytes]) -> None:
    """Let a child commit what it has."""
    with contextlib.suppress(OSError, subprocess.TimeoutExpired, KeyboardInterrupt):
        assert child.stdin is not None
        child.stdin.close()
        child.wait(PATIENCE)


def send(pipe: IO[bytes], message: object) -> None:
    """Write one message: its length, and its pickle."""
    body = pickle.dumps(message)
    pipe.write(_HEAD.pack(len(body)) + body)
    pipe.flush()


def receive(pipe: IO[bytes]) -> object:
    """The next message; None at the end."""
    head = _exact(pipe, _HEAD.size)
    body = _exact(pipe, _HEAD.unpack(head)[0]) if head is not None else None
    return pickle.loads(body) if body is not None else None  # noqa: S301 - both ends are this program


def _exact(pipe: IO[bytes], size: int) -> bytes | None:
    """So many bytes, read past the file's buffer: what `select` sees must not be hidden in it."""
    parts = bytearray()
    while len(parts) < size:
        part = os.read(pipe.fileno(), size - len(parts))
        if not part:
            return None
        parts += part
    return bytes(parts)


def _obituary(code: int | None, complaints: IO[bytes]) -> str:
    """How a child ended and its last words."""
    how = "was killed" if code is None else f"died by signal {-code}" if code < 0 else f"ended with exit code {code}"
    size = complaints.seek(0, os.SEEK_END)
    complaints.seek(max(0, size - MAX_COMPLAINT))
    words = complaints.read().decode("utf-8", "replace").strip().rpartition("\n")[2]
    return f"{how}: {words}" if words else how


if __name__ == "__main__":
    from crawler.child import main

    main()
