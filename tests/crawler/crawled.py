"""Archives to crawl into, and children that crawl."""

from __future__ import annotations

import uuid
from collections.abc import Iterable, Mapping
from pathlib import Path

from archive.capture import Capture
from archive.event import StoredAttempt
from archive.store import Archive
from crawler.jobs import CrawlJob, JobSummary, Listener, Stop, run_job
from crawler.sites import Site, Source, SourceKind

CONTACT = "tester@example.org"


def make_archive(path: Path, resolve: Mapping[str, str], *, timeout: float | None = None, **given: object) -> Archive:
    """A new archive whose names lead to loopback."""
    archive = Archive.create(
        path,
        name="TEST",
        contact=CONTACT,
        allow_loopback=True,
        resolve=dict(resolve),
        **given,  # type: ignore[arg-type]
    )
    if timeout is not None:
        configured = path / "archive.toml"
        configured.write_text(
            f"{configured.read_text(encoding='utf-8')}\n[crawl]\ntimeout = {timeout}\n", encoding="utf-8"
        )
        archive.close()
        return Archive.open(path)
    return archive


def site(host: str, *sources: tuple[SourceKind, str], **given: object) -> Site:
    """A site over http without a delay; sources are kinds and paths."""
    declared = tuple(Source(kind=kind, url=f"http://{host}{path}") for kind, path in sources)
    settings: dict[str, object] = {"start": f"http://{host}/", "delay": 0.0, **given}
    return Site(host=host, sources=declared, **settings)  # type: ignore[arg-type]


def crawl(
    archive: Archive,
    sites: Iterable[Site],
    *,
    run: str | None = None,
    limit: int | None = None,
    listener: Listener | None = None,
    stop: Stop | None = None,
) -> JobSummary:
    """Crawl sites in one child."""
    job = CrawlJob(archive.path, run or new_run(), tuple(sites), limit=limit)
    return run_job(job, listener, stop)


def new_run() -> str:
    """The URN of a run."""
    return f"urn:uuid:{uuid.uuid4()}"


def captured(archive: Archive, host: str) -> dict[str, Capture]:
    """The last capture of each path of a host."""
    return {capture.url.partition(host)[2]: capture for capture in archive.captures(site=host)}


def attempted(archive: Archive, host: str) -> dict[str, StoredAttempt]:
    """The last attempt at each path of a host."""
    return {one.attempt.url.partition(host)[2]: one for one in archive.attempts(site=host)}
