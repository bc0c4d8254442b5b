"""`presskeep serve` beside pywb, in one run: exact payloads and TimeMaps of the same WARC files and CDXJ index.

    python benchmarks/serve.py --captures 1000000 --requests 4000

The archive is made by `benchmarks/scale.py`: real WARC files and the catalogue that `presskeep rebuild` makes of them.
Both servers are processes of their own, `presskeep serve` and pywb's `wayback` from the environment that `make peers`
makes, and take turns, round after round. One client asks both for the same random URLs and times: one after the other
for the latency, then with several connections for the throughput. Requests a second of wall time depend on what else
the machine does, and on the client; requests a second of the server's CPU time do not.
"""

from __future__ import annotations

import argparse
import contextlib
import http.client
import json
import os
import random
import re
import signal
import socket
import statistics
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # else this file itself would be found where another package is meant

from archive.clock import to_datetime  # noqa: E402
from archive.sharing.cdxj import write_index  # noqa: E402
from archive.sharing.selection import Selection  # noqa: E402
from archive.store import Archive  # noqa: E402
from benchmarks import scale  # noqa: E402

PEERS = ROOT / ".peers"
CONNECTIONS = 32  # pywb answers a connection every 40 ms: only with many is it busy
PATIENCE = 120.0  # seconds until a server listens
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True)
class Server:
    """A server under test: its process, its port, and where it has what is asked for."""

    name: str
    process: subprocess.Popen[str]
    port: int
    payload: str
    timemap: str

    def path(self, kind: str, url: str, at: int) -> str:
        """The path of a request."""
        pattern = self.payload if kind == "id_" else self.timemap
        return pattern.format(at=f"{to_datetime(at):%Y%m%d%H%M%S}", url=url)

    def cpu(self) -> float:
        """Seconds of CPU time that it and its children have used."""
        return sum(_cpu(pid) for pid in (self.process.pid, *_children(self.process.pid)))

    def memory(self) -> float:
        """Resident memory, in MB."""
        return sum(_memory(pid) for pid in (self.process.pid, *_children(self.process.pid)))


@dataclass
class Figures:
    """What one server came to with one kind of request."""

    took: list[float]
    wall: list[float]
    cpu: list[float]

    def told(self) -> dict[str, float]:
        """The summary: milliseconds, and requests a second."""
        ordered = sorted(self.took)
        return {
            "p50_ms": ordered[len(ordered) // 2],
            "p99_ms": ordered[int(len(ordered) * 0.99)],
            "a_second": statistics.median(self.wall),
            "a_cpu_second": statistics.median(self.cpu),
        }


def main() -> None:
    """Make the archive, start both servers, measure, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=1_000_000, help="in the archive (default: a million)")
    parser.add_argument("--requests", type=int, default=2_000, help="of each kind and round (default: 2000)")
    parser.add_argument("--rounds", type=int, default=3, help="how often both take their turns (default: 3)")
    parser.add_argument("--directory", type=Path, help="where the archive is made (default: temporary files)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="presskeep-serve-", dir=options.directory) as directory:
        found = _measured(Path(directory), options.captures, options.requests, options.rounds)
    print(json.dumps(found, indent=2) if options.json else _report(found))


def _measured(directory: Path, captures: int, requests: int, rounds: int) -> dict[str, Any]:
    _say(f"making an archive of {captures:,} captures")
    path = directory / "NEWS"
    with Archive.create(path) as archive:
        scale.fill(archive, captures)
        with contextlib.ExitStack() as stack:
            servers = [stack.enter_context(_ours(path))]
            if (PEERS / "bin/wayback").exists():
                servers.append(stack.enter_context(_pywb(archive, directory)))
            return {"captures": captures, **_in_turns(servers, captures, requests, rounds)}


def _in_turns(servers: Sequence[Server], captures: int, requests: int, rounds: int) -> dict[str, Any]:
    figures = {(one.name, kind): Figures([], [], []) for one in servers for kind in ("id_", "timemap")}
    memory: dict[str, list[float]] = {one.name: [] for one in servers}
    for server in servers:  # what is made at the first request
        for kind in ("id_", "timemap"):
            _ask_all(server, kind, _chosen(captures, 50, 0))
        memory[server.name].append(server.memory())
    for number in range(1, rounds + 1):
        for kind in ("id_", "timemap"):
            for server in servers:
                _say(f"round {number}: {server.name}, {kind}")
                asked = _chosen(captures, requests, number)
                one = figures[server.name, kind]
                one.took += _ask_all(server, kind, asked[: requests // 4])
                begun, used = time.perf_counter(), server.cpu()
                _together(server, kind, asked)
                one.wall.append(requests / (time.perf_counter() - begun))
                one.cpu.append(requests / max(server.cpu() - used, 1 / TICKS))
        for server in servers:
            memory[server.name].append(server.memory())
    told: dict[str, Any] = {}
    for (name, kind), one in figures.items():
        told.setdefault(name, {})[kind] = one.told()
    for name, measured in memory.items():
        told[name]["memory_mb"] = measured
    return told


def _chosen(captures: int, number: int, seed: int) -> list[tuple[str, int]]:
    """URLs with times of their captures."""
    chosen = random.Random(seed)
    urls = max(1, captures // scale.VERSIONS)
    found = []
    for _ in range(number):
        capture = chosen.randrange(captures)
        found.append((scale.url(capture % urls), scale.START + capture * scale.STEP))
    return found


def _together(server: Server, kind: str, asked: Sequence[tuple[str, int]]) -> None:
    parts = [asked[at::CONNECTIONS] for at in range(CONNECTIONS)]
    failed: list[BaseException] = []

    def run(part: Sequence[tuple[str, int]]) -> None:
        try:
            _ask_all(server, kind, part)
        except BaseException as error:  # noqa: BLE001 - told by the main thread
            failed.append(error)

    threads = [threading.Thread(target=run, args=(part,)) for part in parts]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    if failed:
        raise failed[0]


def _ask_all(server: Server, kind: str, asked: Sequence[tuple[str, int]]) -> list[float]:
    """How long each request took, in milliseconds; each answer is looked at."""
    took = []
    with contextlib.closing(http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)) as connection:
        connection.connect()
        connection.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        for url, at in asked:
            path = server.path(kind, url, at)
            begun = time.perf_counter()
            connection.request("GET", path)
            answer = connection.getresponse()
            body = answer.read()
            took.append((time.perf_counter() - begun) * 1000)
            right = b"<h1>Story" in body if kind == "id_" else body.count(b'memento"') == scale.VERSIONS
            assert (answer.status, right) == (200, True), (server.name, path, answer.status, body[:300])
    return took


@contextlib.contextmanager
def _ours(path: Path) -> Iterator[Server]:
    command = [str(Path(sys.executable).parent / "presskeep"), "serve", "--port", "0", "--json", "--archive", str(path)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            port = int(json.loads(process.stdout.readline())["url"].rpartition(":")[2])
            yield Server("presskeep", process, port, "/web/{at}id_/{url}", "/timemap/link/{url}")
        finally:
            process.send_signal(signal.SIGTERM)


@contextlib.contextmanager
def _pywb(archive: Archive, directory: Path) -> Iterator[Server]:
    _say("indexing it for pywb")
    collection = directory / "pywb/collections/news"
    for name in ("archive", "indexes"):
        (collection / name).mkdir(parents=True)
    for file in archive.warc_path.rglob("*.warc.gz"):
        (collection / "archive" / file.name).symlink_to(file)
    index = collection / "indexes/index.cdxj"
    write_index(archive, str(index), Selection())
    # pywb looks for files by their bare names within its folder.
    index.write_text(re.sub(r'"filename": "[^"]*/', '"filename": "', index.read_text()))
    (directory / "pywb/config.yaml").write_text("enable_memento: true\n")
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    command = [str(PEERS / "bin/wayback"), "--bind", "127.0.0.1", "--port", str(port)]
    with subprocess.Popen(
        command, cwd=directory / "pywb", stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, text=True
    ) as process:
        try:
            _wait_for(port, process)
            yield Server("pywb", process, port, "/news/{at}id_/{url}", "/news/timemap/link/{url}")
        finally:
            process.send_signal(signal.SIGTERM)


def _wait_for(port: int, process: subprocess.Popen[str]) -> None:
    end = time.monotonic() + PATIENCE
    while time.monotonic() < end and process.poll() is None:
        with contextlib.suppress(ConnectionRefusedError), socket.create_connection(("127.0.0.1", port)):
            return
        time.sleep(0.1)
    raise SystemExit("pywb did not start")


def _children(pid: int) -> list[int]:
    found = []
    for task in Path(f"/proc/{pid}/task").glob("*/children"):
        for child in map(int, task.read_text().split()):
            found += [child, *_children(child)]
    return found


def _cpu(pid: int) -> float:
    fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / TICKS


def _memory(pid: int) -> float:
    said = Path(f"/proc/{pid}/status").read_text()
    return next(int(line.split()[1]) for line in said.splitlines() if line.startswith("VmRSS")) / 1024


def _report(found: dict[str, Any]) -> str:
    lines = [f"{found['captures']:,} captures"]
    for kind in ("id_", "timemap"):
        for name in ("presskeep", "pywb"):
            if name in found:
                one = found[name][kind]
                lines.append(
                    f"  {kind:8} {name:10} p50 {one['p50_ms']:7.2f} ms, p99 {one['p99_ms']:7.2f} ms,"
                    f" {one['a_second']:7.0f} a second, {one['a_cpu_second']:7.0f} a second of CPU time"
                )
        if "pywb" in found:
            ours, theirs = found["presskeep"][kind], found["pywb"][kind]
            ratios = (ours[of] / theirs[of] for of in ("a_second", "a_cpu_second"))
            lines.append("  {:8} ratio {:.1f}, of CPU time {:.1f}".format(kind, *ratios))
    for name in ("presskeep", "pywb"):
        if name in found:
            lines.append(f"  memory   {name:10} {', '.join(f'{one:.0f}' for one in found[name]['memory_mb'])} MB")
    return "\n".join(lines)


def _say(what: str) -> None:
    print(what, file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
