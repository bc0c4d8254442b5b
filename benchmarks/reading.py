"""Reading, verifying and the catalogue made again: an archive of several files, beside warcio and FastWARC."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

from warcio.archiveiterator import ArchiveIterator

from archive.entering import adoption
from archive.exchange import Exchange
from archive.store import Archive
from archive.warc.check import Check
from archive.warc.paths import closed_files, resolve
from archive.warc.scan import scan
from archive.warc.writer import WarcWriter
from benchmarks.corpus import RECORDS, RUN
from benchmarks.cost import Cost, in_turn

COPIES = 3  # of the corpus in the archive that is read and verified
FILES = 6  # that it has, about


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


def rebuild(archive: Archive) -> dict[str, Any]:
    """The catalogue from the WARC files, by the code of `presskeep rebuild`; without the texts."""
    peaks: list[float] = []

    def made() -> None:
        for file in closed_files(archive.warc_path):
            adoption.enter_file(archive.catalog, archive.warc_path, file)
            peaks.append(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)

    cost = Cost.of(made)
    records = archive.count()[0] * RECORDS
    grown = peaks[-1] - peaks[0]
    return {"records": records, "records_per_cpu_second": records / cost.cpu, "grown_mb_after_first_file": grown}


def read(archive: Archive, rounds: int) -> dict[str, Any]:
    """Every record of every file read, with its digests checked: the same ones by both sides."""
    files = [resolve(archive.warc_path, file) for file in closed_files(archive.warc_path)]
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

    _check_peer(files)
    costs = in_turn(rounds, ours=ours, warcio=warcio)
    if findings:
        raise SystemExit(f"the files are not as they were written: {findings[0]}")
    size = sum(file.stat().st_size for file in files)
    return {
        "bytes": size,
        "mb_per_cpu_second": {name: size / 1e6 / cost.cpu for name, cost in costs.items()},
        "ratio": costs["warcio"].cpu / costs["ours"].cpu,
    }


def verify(archive: Archive, rounds: int, room: Path, peer: Path) -> dict[str, Any]:
    """`presskeep verify` of the archive, and `fastwarc check -q` of each of its files; whole commands.

    ``room`` is a folder for bytecode; ``peer`` the program `fastwarc`, which is left out where there is none.
    """
    files = [resolve(archive.warc_path, file) for file in closed_files(archive.warc_path)]
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
            subprocess.run([peer, "check", *options, "-q", file], check=True, capture_output=True)

    ours()
    sides: dict[str, Callable[[], object]] = {"ours": ours}
    if peer.exists():
        sides["fastwarc"] = fastwarc
    costs = in_turn(rounds, **sides)
    found: dict[str, Any] = {"bytes": sum(file.stat().st_size for file in files), "files": len(files)}
    found |= {name: asdict(cost) for name, cost in costs.items()}
    if "fastwarc" in costs:
        theirs, mine = costs["fastwarc"], costs["ours"]
        found["speed_of_fastwarc"] = {"wall": theirs.wall / mine.wall, "cpu": theirs.cpu / mine.cpu}
    return found


def _check_peer(files: Sequence[Path]) -> None:
    """That warcio checks what is stated, and finds it right: a peer that skipped digests would be no measure."""
    for file in files:
        with file.open("rb") as stream:
            for record in ArchiveIterator(stream, check_digests=True):
                while record.raw_stream.read(2**20):
                    pass
                head = record.http_headers
                # Its payload digest is over the chunk framing, ours over the entity: it hashes as much, and differs.
                chunked = head is not None and head.get_header("Transfer-Encoding") == "chunked"
                if not record.rec_headers.get_header("WARC-Block-Digest") or (
                    record.digest_checker.passed is not True and not chunked
                ):
                    raise SystemExit(f"warcio does not check a record of {file}: {record.rec_headers}")
