"""A service of a thousand sites on loopback: what it costs to start processes, and whether its memory stays as it is.

    python benchmarks/service.py [--sites 1000] [--every 5m] [--minutes 30] [--json]

Each site has a sitemap that is polled at fixed times. All CPU time is that of `presskeep run` with all its children,
cleaning included; that of a start is measured by crawling processes that are told at once that there is nothing to do.

    starts     share of the CPU time that starting crawling processes takes                    (wanted: under 5 %)
    memory     resident memory of the parent and of all its children together, half-way and at the end
               (the Parquet files are first made after ten minutes, by libraries that take 120 MB once)
    lateness   from the time when a poll was due to its request, the median and the 95th percentile
"""

from __future__ import annotations

import argparse
import json
import resource
import signal
import statistics
import subprocess
import sys
import tempfile
import time
from itertools import pairwise
from pathlib import Path
from typing import Any

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from benchmarks.crawl import Seen, made, seen, served  # noqa: E402
from crawler.jobs import CrawlJob, NoMore, run_job  # noqa: E402

STARTS = 3  # measured, of which the median counts


def children_cpu() -> float:
    """CPU seconds of all children that have ended, with theirs."""
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime


def start_cost(archive: Path) -> float:
    """CPU seconds of a crawling process that has nothing to do."""
    costs = []
    for number in range(STARTS):
        orders = [NoMore()]
        before = children_cpu()
        job = CrawlJob(archive, f"urn:uuid:00000000-0000-4000-8000-{number:012}", (), fed=True, command="run")
        run_job(job, orders=lambda waiting=orders: waiting.pop() if waiting else None)  # type: ignore[misc]
        costs.append(children_cpu() - before)
    return statistics.median(costs)


def resident(parent: int) -> int:
    """Resident bytes of a process and all below it."""
    fathers: dict[int, int] = {}
    sizes: dict[int, int] = {}
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            fathers[int(entry.name)] = int((entry / "stat").read_text().rpartition(")")[2].split()[1])
            sizes[int(entry.name)] = int((entry / "statm").read_text().split()[1]) * resource.getpagesize()
        except OSError:
            continue
    below, grown = {parent}, True
    while grown:
        more = {one for one, father in fathers.items() if father in below} - below
        grown = bool(more)
        below |= more
    return sum(sizes.get(one, 0) for one in below)


def lateness(requests: list[Seen], every: float) -> list[float]:
    """How much longer than its usual distance each poll came after the one before, in seconds; never below 0."""
    polls: dict[str, list[float]] = {}
    for one in requests:
        if one.path == "/sitemap.xml":
            polls.setdefault(one.host, []).append(one.at)
    longest = 1.1 * every  # a tenth is the schedule's own
    return [max(0.0, b - a - longest) for times in polls.values() for a, b in pairwise(times)]


def measure(sites: int, every: str, minutes: float) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch), sites, 3 * sites) as (port, log):
        archive = made(Path(scratch) / "A", port, sites, f'delay = 1\nevery = "{every}"')
        start = start_cost(archive)
        before, began, sizes = children_cpu(), time.time(), []
        command = [sys.executable, "-m", "crawler.cli", "run", "--json", "--archive", str(archive)]
        told = Path(scratch) / "told"  # a pipe that nobody reads would hold it up
        with told.open("w") as out, subprocess.Popen(command, stdout=out) as service:
            while time.time() < began + 60 * minutes:
                time.sleep(5)
                sizes.append(resident(service.pid))
            service.send_signal(signal.SIGTERM)
        said = [json.loads(line) for line in told.read_text(encoding="utf-8").splitlines()]
        cpu = children_cpu() - before
        requests = seen(log, began)
        late = sorted(lateness(requests, 60.0 * int(every.removesuffix("m"))))
    starts = sum("started" in one for one in said)
    half = len(sizes) // 2
    return {
        "sites": sites,
        "visits": sum("sources" in one for one in said),
        "requests": len(requests),
        "cpu_seconds": cpu,
        "starts": starts,
        "start_seconds": start,
        "share": starts * start / cpu,
        "memory": {"half": max(sizes[half : half + 6]), "end": max(sizes[-6:])},
        "late": {"median": statistics.median(late), "p95": late[int(0.95 * len(late))]} if late else None,
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sites", type=int, default=1_000)
    parser.add_argument("--every", default="5m", help="minutes between two polls of a site")
    parser.add_argument("--minutes", type=float, default=30.0)
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.sites, given.every, given.minutes)
    if given.json:
        print(json.dumps(found))
        return
    print(f"service    {found['sites']:,} sites, {found['visits']:,} visits, {found['requests']:,} requests")
    print(
        f"starts     {found['starts']} of {found['start_seconds']:.1f} s CPU, of {found['cpu_seconds']:.0f} s in all:"
        f" {100 * found['share']:.1f} % (wanted: under 5)"
    )
    memory = found["memory"]
    print(f"memory     {memory['half'] / 1e6:.0f} MB half-way, {memory['end'] / 1e6:.0f} MB at the end")
    if found["late"] is not None:
        print(f"lateness   {found['late']['median']:.1f} s, 95th percentile {found['late']['p95']:.1f} s")


if __name__ == "__main__":
    main()
