"""Summaries: what each run of the crawler came to, one JSON object a line in ``logs/runs.jsonl``.

They are for machines that follow a file. The catalogue has the same for every run, also one that was killed
(`presskeep runs`).
"""

from __future__ import annotations

import logging
from collections.abc import Iterable
from dataclasses import asdict

from archive import clock
from archive.catalogue.exchanged import traffic
from archive.errors import PresskeepError
from archive.store import Archive
from archive.traffic import Traffic
from crawler.jobs import CrawlJob, JobSummary
from crawler.logs import FOLDER, append
from crawler.visited import VisitCounts

NAME = "runs.jsonl"


def outcome_of(summaries: Iterable[JobSummary]) -> str:
    """The worst outcome of a run's jobs."""
    found = {one.outcome for one in summaries}
    return next((one for one in ("failed", "stopped") if one in found), "finished")


def note_run(
    archive: Archive, jobs: Iterable[CrawlJob], started: int, summaries: Iterable[JobSummary], visits: VisitCounts
) -> None:
    """Write the summary of one run, whose jobs are over; where that cannot be, the run is none the worse for it."""
    jobs, summaries = tuple(jobs), tuple(summaries)
    if not jobs:
        return
    run, ended = jobs[0].run, clock.now()
    try:
        counted = traffic(archive.catalog, run)
    except PresskeepError:
        counted = Traffic()  # the catalogue is damaged, or gone: that is told elsewhere
    outcome = outcome_of(summaries)
    said = f"{jobs[0].command} {outcome}: {counted.captures} answers, {counted.articles} articles"
    append(
        archive.path / FOLDER / NAME,
        said,
        {
            "run": run,
            "command": jobs[0].command,
            "started_at": clock.warc_date(started),
            "ended_at": clock.warc_date(ended),
            "seconds": round((ended - started) / 1_000_000, 1),
            "outcome": outcome,
            "error": next((one.error for one in summaries if one.error), None),
            "sites": sum(len(job.sites) for job in jobs),
            **asdict(visits),
            **counted.document(),
            "cpu_seconds": round(sum(one.cpu for one in summaries), 3),
            "memory": max((one.memory for one in summaries), default=0),
        },
        logging.WARNING if outcome == "failed" else logging.INFO,
    )
