"""The archive's speed beside its peers, in one run: writing, reading, verifying, committing, the catalogue made again.

    python benchmarks/archive.py write read verify commit rebuild
    python benchmarks/archive.py scale --captures 1000000

The corpus is made by program (`benchmarks/corpus.py`). Both sides take turns, round after round; of their times the
medians are shown. CPU time is that of the processes with all they started. warcio is the one that Presskeep itself
uses; FastWARC is run from the environment that `make peers` makes, and left out where there is none.
"""

from __future__ import annotations

import argparse
import io
import json
import os
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # else this file itself would be found where the package `archive` is meant

from warcio.archiveiterator import ArchiveIterator  # noqa: E402
from warcio.statusandheaders import StatusAndHeadersParser  # noqa: E402
from warcio.warcwriter import WARCWriter  # noqa: E402

from archive import adoption  # noqa: E402
from archive.exchange import Exchange  # noqa: E402
from archive.store import Archive  # noqa: E402
from archive.warc.check import Check  # noqa: E402
from archive.warc.paths import resolve  # noqa: E402
from archive.warc.record import Form  # noqa: E402
from archive.warc.scan import scan  # noqa: E402
from archive.warc.writer import WarcWriter  # noqa: E402
from benchmarks import scale  # noqa: E402
from benchmarks.corpus import RUN, Corpus  # noqa: E402

RECORDS = 3  # of one capture
PEERS = ROOT / ".peers"
COMMIT_RECORDS, COMMIT_SECONDS = 100, 1.0  # as the crawler commits
COPIES = 3  # of the corpus in the archive that is read and verified
FILES = 6  # that it has, about

Found = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Cost:
    """Seconds that something took: of the clock, and of all cores together."""

    wall: float
    cpu: float

    @classmethod
    def of(cls, done: Callable[[], object]) -> Cost:
        """What a call costs, with the processes that it starts."""
        wall, cpu = time.perf_counter(), _cpu()
        done()
        return cls(time.perf_counter() - wall, _cpu() - cpu)

    @classmethod
    def median(cls, costs: Sequence[Cost]) -> Cost:
        """The medians of several."""
        return cls(statistics.median(one.wall for one in costs), statistics.median(one.cpu for one in costs))


def _cpu() -> float:
    used = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in used)


def in_turn(rounds: int, **sides: Callable[[], object]) -> dict[str, Cost]:
    """What each side costs: they take turns, so that noise meets all of them."""
    costs: dict[str, list[Cost]] = {name: [] for name in sides}
    for _ in range(rounds):
        for name, done in sides.items():
            costs[name].append(Cost.of(done))
    return {name: Cost.median(some) for name, some in costs.items()}


# Writing


def write(exchanges: Sequence[Exchange], room: Path, rounds: int) -> Found:
    """Response, request and metadata of each exchange, with digests, by both writers."""
    size = sum(len(one.request) + len(one.response) for one in exchanges)
    prepared = [_prepared(one) for one in exchanges]
    sizes: dict[str, int] = {}

    def ours(name: str, form: Form) -> None:
        directory = room / f"{name}-{time.monotonic_ns()}"
        with WarcWriter(directory, "BENCH", {}, max_bytes=2**40, max_age=10**6, form=form) as writer:
            for one in exchanges:
                writer.add(one)
        sizes[name] = sum(closed.size for closed in writer.take_closed())

    def warcio() -> None:
        path = room / "warcio.warc.gz"
        with path.open("wb") as stream:
            writer = WARCWriter(stream, gzip=True)
            for one in prepared:
                _write_pair(writer, *one)
        sizes["warcio"] = path.stat().st_size

    sides: dict[str, Callable[[], object]] = {
        "sha256": lambda: ours("sha256", Form()),
        "sha1": lambda: ours("sha1", Form(digest="sha1")),
        "warcio": warcio,
    }
    costs = in_turn(rounds, **sides)
    return {
        "bytes": size,
        "mb_per_cpu_second": {name: size / 1e6 / cost.cpu for name, cost in costs.items()},
        "packed": sizes,
        "ratio": {name: costs["warcio"].cpu / costs[name].cpu for name in ("sha256", "sha1")},
    }


def _prepared(one: Exchange) -> tuple[str, Any, bytes, Any]:
    """An exchange as warcio takes it, its heads parsed before the time is taken."""
    answer, request = io.BytesIO(one.response), io.BytesIO(one.request)
    head = StatusAndHeadersParser(["HTTP/1.1"]).parse(answer)
    asked = StatusAndHeadersParser(["GET"], verify=False).parse(request)
    return one.url, head, answer.read(), asked


def _write_pair(writer: WARCWriter, url: str, head: Any, body: bytes, asked: Any) -> None:  # noqa: ANN401 - warcio's
    response = writer.create_warc_record(url, "response", payload=io.BytesIO(body), http_headers=head)
    request = writer.create_warc_record(url, "request", http_headers=asked)
    writer.write_request_response_pair(request, response)
    fields = b"via: https://www.courier.example/\r\nhopsFromSeed: L\r\nfetchTimeMs: 90\r\n"
    kind = "application/warc-fields"
    writer.write_record(
        writer.create_warc_record(
            url, "metadata", payload=io.BytesIO(fields), length=len(fields), warc_content_type=kind
        )
    )


# Reading and verifying


def make_archive(exchanges: Sequence[Exchange], path: Path, files: int = FILES) -> Archive:
    """An archive of about so many files with each exchange several times; its catalogue is made by `rebuild`."""
    archive = Archive.create(path)
    most = COPIES * sum(len(one.response) for one in exchanges) // (2 * files) if files > 1 else 2**40
    fields = {"software": "presskeep", "presskeep-run": RUN}
    with WarcWriter(archive.warc_path, "BENCH", fields, max_bytes=max(most, 2**20), max_age=10**6) as writer:
        for _ in range(COPIES):
            for one in exchanges:
                writer.add(one)
    return archive


def rebuild(archive: Archive) -> Found:
    """The catalogue from the WARC files, by the code of `presskeep rebuild`; without the texts."""
    peaks: list[float] = []

    def made() -> None:
        for file in adoption.closed_files(archive.warc_path):
            adoption.enter_file(archive.catalog, archive.warc_path, file)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    cost = Cost.of(made)
    records = archive.count()[0] * RECORDS
    grown = peaks[-1] - peaks[0]
    return {"records": records, "records_per_cpu_second": records / cost.cpu, "grown_mb_after_first_file": grown}


def read(archive: Archive, rounds: int) -> Found:
    """Every record of every file read, with its digests checked."""
    files = [resolve(archive.warc_path, file) for file in adoption.closed_files(archive.warc_path)]
    findings: list[object] = []

    def ours() -> None:
        for file in files:
            with file.open("rb", buffering=2**20) as stream:
                end = file.stat().st_size
                check = Check(file.name, end, being_written=False)
                for piece in scan(stream, 0, end, file.name):
                    findings.extend(check.piece(piece))
                findings.extend(check.ended())

    def warcio() -> None:
        for file in files:
            with file.open("rb") as stream:
                for record in ArchiveIterator(stream, check_digests=True):
                    while record.raw_stream.read(2**20):
                        pass

    costs = in_turn(rounds, ours=ours, warcio=warcio)
    if findings:
        raise SystemExit(f"the files are not as they were written: {findings[0]}")
    size = sum(file.stat().st_size for file in files)
    return {
        "bytes": size,
        "mb_per_cpu_second": {name: size / 1e6 / cost.cpu for name, cost in costs.items()},
        "ratio": costs["warcio"].cpu / costs["ours"].cpu,
    }


def verify(archive: Archive, rounds: int, room: Path) -> Found:
    """`presskeep verify` of the archive, and `fastwarc check -q` of each of its files; whole commands."""
    files = [resolve(archive.warc_path, file) for file in adoption.closed_files(archive.warc_path)]
    command = [sys.executable, "-P", "-m", "crawler.cli", "verify", "--archive", str(archive.path), "--json"]

    # An installed program has its bytecode, as FastWARC has: else all modules were compiled at each start.
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONDONTWRITEBYTECODE"}
    environment["PYTHONPYCACHEPREFIX"] = str(room / "bytecode")

    def ours() -> None:
        found = json.loads(subprocess.run(command, check=True, capture_output=True, env=environment).stdout)
        if found["outcome"] != "sound" or found["captures"] != archive.count()[0]:
            raise SystemExit(f"the archive is not as it was written: {found}")

    def fastwarc(*options: str) -> None:
        for file in files:
            subprocess.run([PEERS / "bin/fastwarc", "check", *options, "-q", file], check=True, capture_output=True)

    ours()
    sides: dict[str, Callable[[], object]] = {"ours": ours}
    if (PEERS / "bin/fastwarc").exists():
        sides["fastwarc"] = fastwarc
    costs = in_turn(rounds, **sides)
    found: Found = {"bytes": sum(file.stat().st_size for file in files), "files": len(files)}
    found |= {name: asdict(cost) for name, cost in costs.items()}
    if "fastwarc" in costs:
        peer, mine = costs["fastwarc"], costs["ours"]
        found["speed_of_fastwarc"] = {"wall": peer.wall / mine.wall, "cpu": peer.cpu / mine.cpu}
    return found


def commit(exchanges: Sequence[Exchange], room: Path) -> Found:
    """Exchanges into an archive on this disk, committed as the crawler commits: fsync, then the catalogue."""
    commits = 0

    def written() -> None:
        nonlocal commits
        with Archive.create(room / "COMMITS") as archive, archive.writer("bench") as writer:
            last = time.monotonic()
            for one in exchanges:
                writer.add(one)
                if writer.pending >= COMMIT_RECORDS or time.monotonic() - last >= COMMIT_SECONDS:
                    writer.commit()
                    commits, last = commits + 1, time.monotonic()

    cost = Cost.of(written)
    return {
        "commits": commits,
        "captures_per_second": len(exchanges) / cost.wall,
        "records_per_second": len(exchanges) * RECORDS / cost.wall,
        "cpu_per_capture_ms": cost.cpu / len(exchanges) * 1000,
    }


SECTIONS = ("write", "read", "verify", "commit", "rebuild", "scale")


def main() -> None:
    """Make the corpus, measure what is asked for, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("sections", nargs="*", help=f"of {', '.join(SECTIONS)} (default: all but scale)")
    parser.add_argument("--exchanges", type=int, default=3000, help="in the corpus (default: 3000)")
    parser.add_argument("--captures", type=int, default=1_000_000, help="in the archive of scale (default: a million)")
    parser.add_argument("--rounds", type=int, default=3, help="how often both sides are measured (default: 3)")
    parser.add_argument("--directory", type=Path, help="the disk to measure (default: that of temporary files)")
    parser.add_argument("--json", action="store_true", help="print the figures as JSON")
    options = parser.parse_args()
    wanted = options.sections or [name for name in SECTIONS if name != "scale"]
    if unknown := set(wanted) - set(SECTIONS):
        parser.error(f"no such section: {', '.join(sorted(unknown))}")
    found: Found = {}
    if set(wanted) - {"scale"}:
        _say(f"making {options.exchanges:,} exchanges")
        exchanges = list(Corpus(options.exchanges))
        with tempfile.TemporaryDirectory(prefix="presskeep-", dir=options.directory) as directory:
            found = _measured(wanted, exchanges, Path(directory), options.rounds)
    if "scale" in wanted:
        found["scale"] = scale.measure(options.captures, PEERS if PEERS.is_dir() else None, _say)
    print(json.dumps(found, indent=2, default=asdict) if options.json else _report(found))


def _measured(wanted: Sequence[str], exchanges: Sequence[Exchange], room: Path, rounds: int) -> Found:
    found: Found = {}
    if "write" in wanted:
        _say("writing")
        found["write"] = write(exchanges, room, rounds)
    if {"read", "verify", "rebuild"} & set(wanted):
        _say("making an archive")
        with make_archive(exchanges, room / "NEWS") as archive:
            made = rebuild(archive)
            if "read" in wanted:
                _say("reading")
                found["read"] = read(archive, rounds)
            if "verify" in wanted:
                _say("verifying")
                found["verify"] = verify(archive, rounds, room)
                with make_archive(exchanges, room / "ONE", files=1) as long:
                    rebuild(long)
                    found["verify one file"] = verify(long, rounds, room)
            if "rebuild" in wanted:
                found["rebuild"] = made
    if "commit" in wanted:
        _say("committing")
        found["commit"] = commit(exchanges, room)
    return found


def _say(what: str) -> None:
    print(f"{what} …", file=sys.stderr)


def _report(found: Found) -> str:
    lines: list[str] = []
    if one := found.get("write"):
        speed, ratio = one["mb_per_cpu_second"], one["ratio"]
        lines += [
            f"write    {one['bytes'] / 1e6:,.0f} MB of requests and responses, in MB a CPU second",
            f"         SHA-256 {speed['sha256']:.0f}, SHA-1 {speed['sha1']:.0f}; warcio {speed['warcio']:.1f}: "
            f"{ratio['sha256']:.1f} and {ratio['sha1']:.1f} times as fast (wanted: 5)",
            f"         packed {one['packed']['sha256'] / 1e6:.1f} MB; warcio {one['packed']['warcio'] / 1e6:.1f} MB",
        ]
    if one := found.get("read"):
        speed = one["mb_per_cpu_second"]
        lines += [
            f"read     {one['bytes'] / 1e6:,.0f} MB packed, digests checked, in MB a CPU second",
            f"         ours {speed['ours']:.0f}; warcio {speed['warcio']:.0f}: {one['ratio']:.1f} times as fast "
            "(wanted: 1.5)",
        ]
    for one in (found[name] for name in ("verify", "verify one file") if name in found):
        lines.append(f"verify   {one['bytes'] / 1e6:,.0f} MB packed, files: {one['files']}, whole commands")
        lines += [
            f"         {name:9} wall {one[name]['wall']:6.2f} s, CPU {one[name]['cpu']:6.2f} s"
            for name in ("ours", "fastwarc")
            if name in one
        ]
        if share := one.get("speed_of_fastwarc"):
            lines.append(
                f"         {share['wall']:.2f} of its speed by the clock, {share['cpu']:.2f} by CPU (wanted: 0.5)"
            )
    if one := found.get("commit"):
        lines.append(
            f"commit   {one['records_per_second']:,.0f} records ({one['captures_per_second']:,.0f} captures) a second, "
            f"in {one['commits']} commits (wanted: 300 records)"
        )
    if one := found.get("rebuild"):
        lines.append(
            f"rebuild  {one['records_per_cpu_second']:,.0f} records a CPU second (wanted: 1,000), "
            f"{one['grown_mb_after_first_file']:.0f} MB more memory after the first file"
        )
    if one := found.get("scale"):
        lines.append(scale.report(one))
    return "\n".join(lines)


if __name__ == "__main__":
    main()
