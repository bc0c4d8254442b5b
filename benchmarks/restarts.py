"""Crawls killed and started again: by the server's own log, no host is ever asked sooner than its delay allows.

    python benchmarks/restarts.py [--rounds 50] [--hosts 12] [--delay 12] [--seed S] [--json]

Each round starts a crawl, lets it ask, kills all of its processes at a random moment, and starts the next one at once.
A host that was never asked before is added each time: what it sees first tells when the new crawl was ready to ask, and
so how many gaps of the others were *held*, since they ended only later. A violation is a gap between two requests to a
host that is shorter than its delay. A request is dated by the kernel, as its segment arrives: when the server's threads
get the processor does not matter. What remains is how long the crawler's process takes from its look at the clock to
the call that sends; TOLERANCE allows for that alone.
"""

from __future__ import annotations

import argparse
import json
import random
import socket
import struct
import sys
import tempfile
import threading
import time
from dataclasses import asdict, dataclass, field
from email.utils import formatdate
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import pairwise
from pathlib import Path
from typing import IO

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.store import Archive  # noqa: E402
from benchmarks.killed_crawls import kill  # noqa: E402
from benchmarks.victims import started  # noqa: E402

TOLERANCE = 0.02
_SO_TIMESTAMP = 29  # socket(7), Linux: the kernel dates what arrives
_TIMEVAL = struct.Struct("@ll")
STORIES = 400  # of a host: more than any run asks for
PATIENCE = 120.0  # seconds for a crawl's first request


@dataclass
class Log:
    """When each host was asked, in seconds since 1970, as the kernel's dates of arrival are."""

    seen: dict[str, list[float]] = field(default_factory=dict)
    undated: int = 0  # requests that the kernel gave no date; this process's clock dated them, later than they came
    lock: threading.Lock = field(default_factory=threading.Lock)

    def note(self, host: str, at: float | None) -> None:
        """A request came, by the kernel's date where it gave one."""
        with self.lock:
            self.undated += at is None
            self.seen.setdefault(host, []).append(time.time() if at is None else at)


@dataclass
class Sums:
    """What the rounds came to."""

    rounds: int = 0
    requests: int = 0
    undated: int = 0  # of them, those that the kernel did not date
    gaps: int = 0
    across_kills: int = 0  # gaps that a kill lies in
    held: int = 0  # those of them in which the next crawl stood ready, and waited
    violations: int = 0
    shortest: float = float("inf")  # of all gaps, in seconds


def serve(log: Log) -> ThreadingHTTPServer:
    """Hosts with a feed of stories each, whatever they are called."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def setup(self) -> None:
            super().setup()
            self.arrived: float | None = None

        def handle_one_request(self) -> None:
            # Nothing is pipelined: what waits in the socket now is the beginning of the next request.
            _, beside, _, _ = self.connection.recvmsg(1, socket.CMSG_SPACE(_TIMEVAL.size), socket.MSG_PEEK)
            self.arrived = None
            for level, kind, value in beside:
                if (level, kind) == (socket.SOL_SOCKET, _SO_TIMESTAMP):
                    seconds, micros = _TIMEVAL.unpack(value)
                    self.arrived = seconds + micros / 1e6
            super().handle_one_request()

        def do_GET(self) -> None:
            host = (self.headers["Host"] or "").partition(":")[0]
            log.note(host, self.arrived)
            body = b"User-agent: *\nDisallow:\n"
            if self.path == "/feed":
                links = "".join(
                    f"<item><title>Story {n}</title><link>http://{host}/2026/11/27/story-number-{n}</link>"
                    f"<pubDate>{formatdate(time.time() - 60 * n)}</pubDate></item>"
                    for n in range(STORIES)
                )
                body = f'<rss version="2.0"><channel><title>F</title>{links}</channel></rss>'.encode()
            elif self.path != "/robots.txt":
                body = f"<html><body><p>{self.path}</p></body></html>".encode()
            self.send_response(200)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    class Server(ThreadingHTTPServer):
        daemon_threads = True

        def handle_error(self, request: object, client_address: object) -> None:
            """Whoever is killed resets its connections."""

    server = Server(("127.0.0.1", 0), Handler)
    # Connections inherit it: set on each one, it would come after the first segment.
    server.socket.setsockopt(socket.SOL_SOCKET, _SO_TIMESTAMP, 1)
    threading.Thread(target=server.serve_forever, args=(0.05,), daemon=True).start()
    return server


def run(rounds: int, hosts: int, delay: float, luck: random.Random, say: IO[str]) -> Sums:
    """All rounds, and what the log says of them."""
    log, sums = Log(), Sums()
    names = [f"paper-{number}.example" for number in range(hosts)]
    fresh = [f"fresh-{number}.example" for number in range(rounds + 1)]
    server = serve(log)
    kills: list[float] = []
    ready: list[float] = []  # when the crawl after each kill asked its first question
    try:
        with tempfile.TemporaryDirectory() as directory:
            where = f"http://127.0.0.1:{server.server_address[1]}"
            with Archive.create(
                Path(directory) / "NEWS",
                name="RESTARTS",
                contact="restarts@example.org",
                allow_loopback=True,
                resolve=dict.fromkeys((*names, *fresh), where),
            ) as archive:
                for number in range(rounds + 1):  # the last crawl is there to be waited for
                    declared = (*names, fresh[number])
                    archive.sites_path.write_text("".join(_site(host, delay) for host in declared), "utf-8")
                    process = started("crawl", archive.path, "--no-clean")
                    deadline = time.monotonic() + PATIENCE
                    while fresh[number] not in log.seen:
                        if process.poll() is not None or time.monotonic() > deadline:
                            raise SystemExit("a crawl asked nothing: its process ended, or hangs")
                        time.sleep(0.005)
                    if kills:
                        ready.append(log.seen[fresh[number]][0])
                    # At whatever point of the hosts' delays; some are asked again meanwhile, and some are not.
                    time.sleep(luck.uniform(0.2, delay))
                    kills.append(time.time())
                    kill(process, "all", luck)
                    sums.rounds = number
                    say.write(f"crawl {number + 1} killed; {sum(map(len, log.seen.values()))} requests so far\n")
                    say.flush()
    finally:
        server.shutdown()
        server.server_close()
    _count(sums, log, delay, list(zip(kills, ready, strict=False)), say)
    return sums


def _site(host: str, delay: float) -> str:
    return f'["{host}"]\nstart = "http://{host}/"\ndelay = {delay}\nsources = [{{kind = "feed", url = "http://{host}/feed"}}]\n'


def _count(sums: Sums, log: Log, delay: float, restarts: list[tuple[float, float]], say: IO[str]) -> None:
    sums.undated = log.undated
    for host, times in log.seen.items():
        sums.requests += len(times)
        for sooner, later in pairwise(times):
            sums.gaps += 1
            sums.shortest = min(sums.shortest, later - sooner)
            if later - sooner < delay - TOLERANCE:
                say.write(f"{host}: {later - sooner:.3f} s\n")
            sums.violations += later - sooner < delay - TOLERANCE
            between = [up for killed, up in restarts if sooner < killed < later]
            sums.across_kills += bool(between)
            sums.held += any(up < sooner + delay for up in between)


def main() -> int:
    """The rounds; 1 where a gap was too short."""
    parser = argparse.ArgumentParser(description="Kill crawls, start them again, and look for gaps that are too short.")
    parser.add_argument("--rounds", type=int, default=50, help="kills with a restart")
    parser.add_argument("--hosts", type=int, default=12)
    parser.add_argument("--delay", type=float, default=12.0, help="seconds between two requests to a host")
    parser.add_argument("--seed", type=int, default=None)
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    given = parser.parse_args()
    say = sys.stderr if given.json else sys.stdout
    seed: int = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    sums = run(given.rounds, given.hosts, given.delay, random.Random(seed), say)
    if given.json:
        print(json.dumps({**asdict(sums), "delay": given.delay, "seed": seed}))
    else:
        print(
            f"{sums.rounds} kill-restarts, {sums.requests} requests ({sums.undated} not dated by the kernel):"
            f" {sums.across_kills} gaps across a kill,"
            f" {sums.held} of them held by a crawl that stood ready; {sums.violations} violations,"
            f" the shortest gap {sums.shortest:.2f} s at a delay of {given.delay:g} s"
        )
    return 1 if sums.violations else 0


if __name__ == "__main__":
    sys.exit(main())
