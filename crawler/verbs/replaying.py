"""``presskeep crawl --replay``: the sites' spiders over the archive, their items as JSON lines."""

from __future__ import annotations

import contextlib
from collections.abc import Sequence
from typing import IO, TYPE_CHECKING

from archive import terminal
from archive.target import STDOUT, open_target
from archive.verbs.typeset import count

if TYPE_CHECKING:
    from rich.progress import Progress as Bar
    from rich.progress import TaskID

    from archive.store import Archive
    from crawler.jobs import JobSummary, Progress, Replayed
    from crawler.sites import Site


def replay(archive: Archive, sites: Sequence[Site], at: int | None, *, limit: int | None, out: str) -> int:
    """Run each site's spider, one after the other, and write its items; gives the exit code."""
    from crawler.crawling import stopping  # noqa: PLC0415 - help needs neither SQL nor Scrapy
    from crawler.jobs import ReplayJob, run_job  # noqa: PLC0415
    from crawler.report import error_among  # noqa: PLC0415

    seen = out == STDOUT and terminal.out().is_terminal  # then the items are the progress
    with stopping() as stop, open_target(out) as target, contextlib.ExitStack() as stack:
        told = _Told(target, None if seen else stack.enter_context(terminal.progress()))
        for site in sites:
            told.begin(site.host)
            told.summaries.append(run_job(ReplayJob(archive.path, site, at, limit), told.listen, stop))
            if stop.asked.is_set():
                raise KeyboardInterrupt  # a file is written whole, or not at all
    for line in told.remarks():
        terminal.say(line)
    error = error_among(told.summaries)
    if error is not None:
        raise error
    failed = any(one.outcome == "failed" for one in told.summaries)
    return 1 if failed or any(one.problem for one in told.replayed) else 0


class _Told:
    """What the spiders told: items go out as they come."""

    def __init__(self, target: IO[bytes], bar: Bar | None) -> None:
        self._target = target
        self._bar = bar
        self._task: TaskID | None = None
        self.replayed: list[Replayed] = []
        self.summaries: list[JobSummary] = []

    def begin(self, site: str) -> None:
        """A site's turn has come."""
        if self._bar is not None:
            self._task = self._bar.add_task(terminal.one_line(site), total=None)

    def listen(self, progress: Progress) -> None:
        """An item, or the end of a site."""
        from crawler.jobs import Replayed, Scraped  # noqa: PLC0415

        if isinstance(progress, Scraped):
            self._target.write(progress.line + b"\n")
            if self._bar is None:
                self._target.flush()
            elif self._task is not None:
                self._bar.advance(self._task)
        elif isinstance(progress, Replayed):
            self.replayed.append(progress)

    def remarks(self) -> list[str]:
        """A line for each site, for people."""
        lines = []
        for one in self.replayed:
            missing = f", {count(one.not_archived, 'request')} not archived" if one.not_archived else ""
            answered = count(one.answered, "request")
            lines.append(f"{one.site}: {count(one.items, 'item')}; {answered} answered from the archive{missing}")
            if one.problem:
                lines.append(f"{one.site}: {one.problem}")
        return [*lines, *(one.error for one in self.summaries if one.error)]
