"""Programs that are there to be killed: a crawl, a bare writer, a cleaner.

    python benchmarks/victims.py crawl|write|clean ARCHIVE [--worker NAME] [--no-clean]

Each says on its standard output what was acknowledged to it. `benchmarks/crash.py` starts and kills them.
"""

from __future__ import annotations

import argparse
import os
import random
import subprocess
import sys
from pathlib import Path

if __name__ == "__main__":
    sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found, not the package

from archive.clock import now
from archive.crew import Crew
from archive.exchange import Exchange, Origin, Role
from archive.store import Archive
from benchmarks.promises import digest

SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "


def crawl(path: Path, *, cleaning: bool) -> None:
    """Crawl, and say how many captures and attempts were committed as it is heard of them."""
    from crawler.crawling import crawl as run
    from crawler.jobs import CommitProgress
    from crawler.sites import read_sites

    def hear(progress: object) -> None:
        if isinstance(progress, CommitProgress):
            os.write(1, f"{progress.traffic.captures} {progress.traffic.failures}\n".encode())

    with Archive.open(path) as archive:
        result = run(archive, read_sites(archive.sites_path).enabled, clean=cleaning, listener=hear)
    failed = [one.error for one in result.summaries if one.outcome != "finished"]
    if failed or result.cleaning_error:
        sys.exit(f"{failed} {result.cleaning_error}")


def write(path: Path, worker: str) -> None:
    """Write exchanges of all sizes until killed, and say which were acknowledged."""
    with Archive.open(path) as archive:
        writer = archive.writer("crawl", {"courier": b"{}"}, worker=worker)
        while True:
            for _ in range(random.randint(1, 12)):
                number = random.getrandbits(48)
                body = f"<html><body><h1>{number}</h1><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></body></html>".encode()
                writer.add(
                    Exchange(
                        f"https://courier.example/{number % 50}",
                        now(),
                        b"GET / HTTP/1.1\r\nHost: courier.example\r\n\r\n",
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body + b" " * random.randint(0, 9000),
                        origin=Origin(site="courier", role=random.choice((Role.ARTICLE, Role.FEED))),
                    )
                )
            said = "".join(f"{capture.id} {digest(capture)}\n" for capture in writer.commit().captures)
            sys.stdout.write(said)
            sys.stdout.flush()


def clean(path: Path) -> None:
    """Clean whatever waits until killed."""
    with Archive.open(path) as archive, Crew(archive, 1) as crew:
        while True:
            crew.clean()
            sys.stdout.write(".\n")
            sys.stdout.flush()


def started(role: str, path: Path, *more: str) -> subprocess.Popen[str]:
    """One of these programs, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, role, str(path), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a crawl says whose child was killed
        text=True,
    )


def main() -> None:
    """One program, on an archive."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("role", choices=("crawl", "write", "clean"))
    parser.add_argument("archive", type=Path)
    parser.add_argument("--worker", default="", help="the writer's name")
    parser.add_argument("--no-clean", action="store_true", help="crawl alone")
    given = parser.parse_args()
    match given.role:
        case "crawl":
            crawl(given.archive, cleaning=not given.no_clean)
        case "write":
            write(given.archive, given.worker)
        case "clean":
            clean(given.archive)


if __name__ == "__main__":
    main()
