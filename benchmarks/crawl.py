"""A large frontier on loopback: throughput, CPU, memory, rates and restarts of a crawl, beside plain Scrapy's.

    python benchmarks/crawl.py [--urls 100000] [--hosts 200] [--delay 2] [--seconds 60] [--json]

A server of its own process answers for all hosts, and keeps a log. In turn, each for so many seconds, Presskeep and
plain Scrapy (its settings as wide as the hosts need) crawl it with the same delay, then without any. Presskeep has
found the addresses in sitemaps by then, takes them from its frontier and keeps each exchange; the peer gets them as a
gift and keeps nothing.

    delays     answers a second where both are bound by the delay                     (wanted: 0.9 of the peer's)
    CPU        of the crawling process for each answer, without a delay, against the peer's     (wanted: 1.25 at most)
    rate       the least time between the sending of two requests to one host, and between their coming by the
               server's log, which shows how late each was read, too                  (wanted: no less than the delay)
    memory     peak of a crawling process                                                        (wanted: under 400 MB)
    restart    from the start of the command to its first request, with the whole frontier due       (wanted: under 5 s)
"""

from __future__ import annotations

import argparse
import json
import signal
import subprocess
import sys
import tempfile
import time
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.store import Archive  # noqa: E402

HERE = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Seen:
    """What the server saw: the time, host and path of each request."""

    at: float
    host: str
    path: str


@contextmanager
def served(folder: Path, hosts: int, urls: int) -> Iterator[tuple[int, Path]]:
    """The server's port and log."""
    log = folder / "log"
    command = [sys.executable, str(HERE / "crawl_server.py"), str(log), str(hosts), str(urls)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server:
        assert server.stdout is not None
        try:
            yield int(server.stdout.readline()), log
        finally:
            server.terminate()


def seen(log: Path, since: float) -> list[Seen]:
    """What the log holds from a time on; its end may be under way."""
    found = []
    for line in log.read_text(encoding="utf-8").splitlines():
        parts = line.split(" ", 2)
        if len(parts) == 3 and float(parts[0]) >= since:
            found.append(Seen(float(parts[0]), parts[1], parts[2]))
    return found


def made(path: Path, port: int, sites: int, settings: str) -> Path:
    """An archive that declares the server's sites, each with these settings (TOML)."""
    names = [f"host-{number}.example" for number in range(sites)]
    Archive.create(
        *(path,), name="LOAD", contact="bench@example.org", allow_loopback=True,
        resolve=dict.fromkeys(names, f"http://127.0.0.1:{port}"),
    ).close()  # fmt: skip
    tables = (
        f'["{name}"]\n{settings}\nsources = [{{ kind = "sitemap", url = "http://{name}/sitemap.xml" }}]\n'
        for name in names
    )
    (path / "sites.toml").write_text("\n".join(tables), encoding="utf-8")
    return path


def ours(
    archive: Path, seconds: float, log: Path, *options: str, hosts: int = 0
) -> tuple[dict[str, Any], float, list[Seen]]:
    """What `presskeep crawl` says of so many seconds from its first article on, when it began, what the server saw.

    With ``hosts``, from the time on when so many sitemaps were read.
    """
    began = time.time()
    command = [sys.executable, "-m", "crawler.cli", "crawl", "--no-clean", "--json", "--archive", str(archive)]
    with subprocess.Popen([*command, *options], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as crawl:
        while not _is_going(seen(log, began), hosts):
            if crawl.poll() is not None:
                raise SystemExit("the crawl ended before its first article")
            time.sleep(0.5)
        time.sleep(seconds)
        crawl.send_signal(signal.SIGTERM)
        assert crawl.stdout is not None
        said = crawl.stdout.read()
    return json.loads(said), began, seen(log, began)


def for_seconds(archive: Path, seconds: float, log: Path) -> tuple[dict[str, Any], list[Seen]]:
    """What `presskeep crawl` says of so many seconds from its first request on, and what the server saw of them."""
    began = time.time()
    command = [sys.executable, "-m", "crawler.cli", "crawl", "--no-clean", "--json", "--archive", str(archive)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True) as crawl:
        while not (requests := seen(log, began)):
            if crawl.poll() is not None:
                raise SystemExit("the crawl ended before its first request")
            time.sleep(0.1)
        end = requests[0].at + seconds
        while crawl.poll() is None and time.time() < end:
            time.sleep(0.2)
        crawl.send_signal(signal.SIGTERM)
        assert crawl.stdout is not None
        said = crawl.stdout.read()
    return json.loads(said), [one for one in seen(log, began) if one.at <= end]


def _is_going(requests: list[Seen], hosts: int) -> bool:
    return bool(articles(requests)) and sum(one.path == "/sitemap.xml" for one in requests) >= hosts


def theirs(port: int, hosts: int, urls: int, delay: float, seconds: float) -> dict[str, Any]:
    """What plain Scrapy does in so many seconds."""
    plan = {
        **{"port": port, "concurrency": 2 * hosts if delay else 16, "per_host": 1 if delay else 8},
        **{"delay": delay, "seconds": seconds, "extract": False},
        "requests": [
            [f"host-{number}.example", f"/2026/11/24/story-number-{page}-of-many", False]
            for page in range(urls // hosts)
            for number in range(hosts)
        ],
    }
    done = subprocess.run(
        [sys.executable, str(HERE / "scrapy_peer.py")],
        input=json.dumps(plan),
        check=True,
        capture_output=True,
        text=True,
    )
    found: dict[str, Any] = json.loads(done.stdout)
    return found


def articles(requests: list[Seen]) -> list[Seen]:
    """Those to articles."""
    return [one for one in requests if one.path.startswith("/2026/")]


def pace(requests: list[Seen], seconds: float) -> float:
    """Articles a second, in the last so many seconds but the very last one, when all hosts are under way."""
    last = max(one.at for one in requests) - 1
    return sum(last - seconds / 2 < one.at <= last for one in requests) / (seconds / 2)


def sent(archive: Path) -> list[Seen]:
    """What the archive says of when its requests were sent."""
    with Archive.open(archive) as opened:
        return [Seen(one.at / 1_000_000, urlsplit(one.url).netloc, one.url) for one in opened.captures()]


def least_gap(requests: list[Seen]) -> float:
    """The least time between two requests to one host, in seconds."""
    by_host: dict[str, list[float]] = defaultdict(list)
    for one in requests:
        by_host[one.host].append(one.at)
    return min(after - before for times in by_host.values() for before, after in pairwise(sorted(times)))


def measure(hosts: int, urls: int, delay: float, seconds: float) -> dict[str, Any]:
    """All figures."""
    with tempfile.TemporaryDirectory() as scratch, served(Path(scratch), hosts, urls) as (port, log):
        folder = Path(scratch)
        paced = made(folder / "paced", port, hosts, f"delay = {delay}\nmax_articles = 100000")
        said, _, requests = ours(paced, seconds, log, hosts=hosts)
        before = time.time()
        theirs(port, hosts, urls, delay, seconds)
        peer = seen(log, before)
        again, began, after = ours(paced, 5, log, "--due")
        gaps = {"sent": least_gap(sent(paced)), "came": min(least_gap(requests), least_gap(after))}
        free = made(folder / "free", port, hosts, "delay = 0\nmax_articles = 100000")
        found, _, _ = ours(free, 1, log, hosts=hosts)
        fast, _, _ = ours(free, seconds, log, "--due")
        peer_fast = theirs(port, hosts, urls, 0, seconds)
    fetched = sum(one["fetched"] for one in fast["sites"])
    return {
        "frontier": sum(one["due"] for one in said["sites"]) + len(articles(requests)),
        "pace": {"ours": pace(articles(requests), seconds), "scrapy": pace(articles(peer), seconds)},
        "cpu_ms": {
            "ours": 1000 * fast["cpu_seconds"] / fetched,
            "scrapy": 1000 * peer_fast["cpu"] / peer_fast["fetched"],
        },
        "answers_a_second": {"ours": fetched / fast["seconds"], "scrapy": peer_fast["fetched"] / peer_fast["wall"]},
        "least_gap": gaps,
        "memory": max(one["memory"] for one in (said, again, found, fast)),
        "restart": min(one.at for one in after) - began,
    }


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--urls", type=int, default=100_000)
    parser.add_argument("--hosts", type=int, default=200)
    parser.add_argument("--delay", type=float, default=2.0, help="seconds between two requests to a host")
    parser.add_argument("--seconds", type=float, default=60.0, help="of each measurement")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    found = measure(given.hosts, given.urls, given.delay, given.seconds)
    if given.json:
        print(json.dumps(found))
        return
    tell(found, given)


def tell(found: dict[str, Any], given: argparse.Namespace) -> None:
    """The figures, for people."""
    paces, cpu, free = found["pace"], found["cpu_ms"], found["answers_a_second"]
    print(f"frontier   {found['frontier']:,} addresses on {given.hosts} hosts")
    print(
        f"delays     {paces['ours']:.1f} articles a second, Scrapy {paces['scrapy']:.1f}, the delay allows"
        f" {given.hosts / given.delay:.1f}: {paces['ours'] / paces['scrapy']:.2f} (wanted: 0.9)"
    )
    print(
        f"CPU        {cpu['ours']:.2f} ms an answer, Scrapy {cpu['scrapy']:.2f}: {cpu['ours'] / cpu['scrapy']:.2f}"
        f" (wanted: 1.25 at most); {free['ours']:.0f} and {free['scrapy']:.0f} answers a second"
    )
    gaps = found["least_gap"]
    print(
        f"rate       {gaps['sent']:.3f} s between two requests to a host at the least (wanted: {given.delay:g}),"
        f" {gaps['came']:.3f} as the server read them"
    )
    print(f"memory     {found['memory'] / 1e6:.0f} MB (wanted: under 400)")
    print(f"restart    {found['restart']:.1f} s to the first request (wanted: under 5)")


if __name__ == "__main__":
    main()
