"""Metrics: what a service counts and how the crawl is, as Prometheus reads it.

No label is made of what is crawled (no site, no URL): their number would grow with the archive, and `presskeep status`
names them. What costs a look at each site is looked at every five minutes at most, however often somebody asks.
"""

from __future__ import annotations

import contextlib
import socket
import threading
import time
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from prometheus_client import CollectorRegistry, ProcessCollector
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.exposition import choose_encoder
from prometheus_client.registry import Collector

from archive.errors import PresskeepError, UsageError
from archive.store import Archive
from crawler.counted import Counted
from crawler.scheduling.health import State
from crawler.status import Status, status

LOOK = 300.0  # seconds for which a look at all sites does
PATH = "/metrics"
_PATIENCE = 10.0  # seconds that a client has, from its connection to its whole answer
_MOST = 8  # clients at a time
_TURN = 2.0  # seconds that another one waits for a place
_LOOPBACK = "127.0.0.1"


@dataclass(frozen=True, slots=True)
class Address:
    """Where metrics are served; port 0 is any that is free."""

    host: str
    port: int

    def __str__(self) -> str:
        return f"[{self.host}]:{self.port}" if ":" in self.host else f"{self.host}:{self.port}"


def parse_address(given: str) -> Address:
    """``PORT`` on loopback, ``HOST:PORT`` or ``[IPV6]:PORT``; raises UsageError."""
    host, colon, port = given.rpartition(":")
    if not (port.isascii() and port.isdigit() and len(port) < 6 and int(port) < 2**16) or (colon and not host):
        raise UsageError(f"--metrics takes a port, as in 9320, or HOST:PORT, as in 127.0.0.1:9320, not {given!r}")
    return Address(host.removeprefix("[").removesuffix("]") or _LOOPBACK, int(port))


class Metrics(Collector):
    """The families of one service, made anew for each scrape."""

    def __init__(self, archive: Archive, counted: Counted) -> None:
        self._archive = archive
        self._counted = counted
        self._lock = threading.Lock()
        self._looked = 0.0
        self._seen: list[Metric] = []

    def collect(self) -> Iterable[Metric]:
        """All families; those that tell how the crawl is are missing where it cannot be seen."""
        yield from self._counts()
        yield from self._beat()
        with self._lock:
            if not self._looked or time.monotonic() - self._looked > LOOK:
                self._looked = time.monotonic()
                try:
                    self._seen = list(_families(status(self._archive), self._archive.count_waiting()))
                except (PresskeepError, OSError):
                    self._seen = []
            yield from self._seen

    def _counts(self) -> Iterator[Metric]:
        counted = self._counted
        traffic, visits = counted.traffic, counted.visits
        yield _by("captures", "Answers stored, by class of status.", "class", traffic.answers, counter=True)
        yield _by("attempts", "Exchanges without an answer, by reason.", "reason", traffic.attempts, counter=True)
        for name, said, value in (
            ("articles", "Article pages that came.", traffic.articles),
            ("requisites", "Parts of pages that came.", traffic.requisites),
            ("requisites_lacking", "Parts of pages without an answer.", sum(traffic.lacking.values())),
            ("unchanged", "Answers that nothing has changed (304).", traffic.unchanged),
            ("revisits", "Captures whose payload the archive had.", traffic.revisits),
            ("truncated", "Answers that were cut.", traffic.truncated),
            ("stored_bytes", "Bytes of records of answers in the WARC files.", traffic.bytes),
            ("again", "Articles that were looked at again.", visits.again),
            ("processes", "Crawling processes that were started.", counted.processes),
            ("deaths", "Crawling processes that failed.", counted.deaths),
        ):
            yield CounterMetricFamily(f"presskeep_{name}", said, value=value)
        ended = {"ok": visits.visits - visits.problems, "problem": visits.problems}
        yield _by("visits", "Visits of sites that are over.", "outcome", ended, counter=True)
        yield GaugeMetricFamily("presskeep_processes_running", "Crawling processes.", value=counted.running)

    def _beat(self) -> Iterator[Metric]:
        beat = self._counted.beat
        if not beat:
            return
        for name, said, value in (
            ("sites", "Sites that are crawled.", beat["sites"]),
            ("visits_running", "Visits that are under way.", len(beat["visiting"])),
            ("sites_overdue", "Sites of which something is due, and that are not visited yet.", beat["overdue"]),
            ("network_up", "Whether this machine has a route.", bool(beat["network"])),
            ("paused", "Whether it pauses for want of room.", beat["paused"] is not None),
            ("configuration_error", "Whether sites.toml or archive.toml has an error.", beat["problem"] is not None),
        ):
            yield GaugeMetricFamily(f"presskeep_{name}", said, value=value)


def _by(name: str, said: str, label: str, counts: Any, *, counter: bool = False) -> Metric:  # noqa: ANN401
    family = (CounterMetricFamily if counter else GaugeMetricFamily)(f"presskeep_{name}", said, labels=[label])
    for value, number in sorted(counts.items()):
        family.add_metric([value], number)
    return family


def _families(found: Status, texts: tuple[int, int]) -> Iterator[Metric]:
    """What a look at all sites shows; ``texts`` are those that wait, and those of them that failed."""
    health = Counter({str(state): 0 for state in State})
    health.update(str(source.health.state) for site in found.sites for source in site.sources)
    yield _by("sources", "Sources, by health.", "health", health)
    for name, said, value in (
        ("due_urls", "URLs that are to be fetched.", sum(one.due for one in found.sites)),
        ("failed_urls", "URLs that were given up.", sum(one.failed for one in found.sites)),
        ("articles_day", "Articles first captured in the last 24 hours.", sum(one.today for one in found.sites)),
        ("needs", "Things that need a person.", len(found.needs())),
        ("warc_bytes", "Bytes of the WARC files.", found.disk.warc),
        ("free_bytes", "Bytes that are free beyond the reserve.", found.disk.free),
        ("texts_waiting", "Captures without a text by this cleaner.", texts[0]),
        ("texts_failed", "Captures among them that it could not do.", texts[1]),
    ):
        yield GaugeMetricFamily(f"presskeep_{name}", said, value=value)


class _Server(ThreadingHTTPServer):
    """Serves so many clients at a time; who finds no place soon is hung up on."""

    daemon_threads = True
    registry: CollectorRegistry

    def __init__(self, address: Address, registry: CollectorRegistry) -> None:
        self.address_family = socket.AF_INET6 if ":" in address.host else socket.AF_INET
        self.registry = registry
        self._free = threading.BoundedSemaphore(_MOST)
        super().__init__((address.host, address.port), _Handler)

    def process_request(self, request: Any, client_address: Any) -> None:  # noqa: ANN401 - as the library has it
        if self._free.acquire(timeout=_TURN):
            super().process_request(request, client_address)
        else:
            self.shutdown_request(request)

    def process_request_thread(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        # A time-out of the socket begins anew with each byte: one that drips could hold its place for ever.
        end = threading.Timer(_PATIENCE, _hang_up, (request,))
        end.daemon = True
        end.start()
        try:
            super().process_request_thread(request, client_address)
        finally:
            end.cancel()
            self._free.release()

    def handle_error(self, request: Any, client_address: Any) -> None:  # noqa: ANN401
        """A client that went away is no news."""


def _hang_up(client: socket.socket) -> None:
    with contextlib.suppress(OSError):  # it is gone
        client.shutdown(socket.SHUT_RDWR)


class _Handler(BaseHTTPRequestHandler):
    server: _Server

    def do_GET(self) -> None:
        """Answer a scrape."""
        if self.path.partition("?")[0] != PATH:
            self._answer(404, "text/plain; charset=utf-8", f"the metrics are at {PATH}\n".encode())
            return
        encode, kind = choose_encoder(self.headers.get("Accept", ""))
        self._answer(200, kind, encode(self.server.registry))

    do_HEAD = do_GET  # noqa: N815 - as the library calls it

    def _answer(self, status: int, kind: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def version_string(self) -> str:
        return "presskeep"

    def log_message(self, format: str, *args: Any) -> None:  # noqa: ANN401 - as the library has it
        """Scrapes are no news."""


@contextlib.contextmanager
def served(address: Address, archive: Archive, counted: Counted) -> Iterator[Address]:
    """Answer scrapes in threads of its own; gives the address as it is. Raises UsageError for one that is taken."""
    registry = CollectorRegistry()
    registry.register(Metrics(archive, counted))
    ProcessCollector(registry=registry)
    try:
        server = _Server(address, registry)
    except (OSError, OverflowError) as error:
        said = error.strerror if isinstance(error, OSError) and error.strerror else str(error)
        raise UsageError(f"metrics cannot be served at {address}: {said}; name another port") from error
    thread = threading.Thread(target=server.serve_forever, name="metrics", daemon=True)
    thread.start()
    try:
        yield Address(address.host, server.server_address[1])
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
