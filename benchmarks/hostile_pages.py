"""Hostile pages through the real cleaning child: what becomes of each, in which time and memory, and twice the same.

    python -m benchmarks.hostile_pages [--only TEXT]… [--peer SECONDS] [--json]

Each page is cleaned by two fresh children whose hashes are seeded differently. CPU seconds and the peak of resident
memory are the child's own, its start left out of the time. With `--peer`, trafilatura extracts the same page with
metadata in a process of its own, killed after so many seconds. The exit code is 1 where a page takes more than 20
seconds or 512 MB, or is not twice the same.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from dataclasses import asdict, dataclass
from pathlib import Path

from archive.article import Article, from_json
from archive.capture import Capture
from archive.digest import sha256
from archive.failure import CleaningFailure
from archive.worker import CleaningChild
from benchmarks.hostile_catalogue import PAGES, Hostile

SECONDS, MEGABYTES = 20.0, 512
_CLOCK = 120.0  # seconds after which a page counts as one that hangs; the machine may be busy
_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n"
_TICK = os.sysconf("SC_CLK_TCK")
_PEER = """
import sys
from trafilatura import bare_extraction
page = open(sys.argv[1], "rb").read().split(b"\\r\\n\\r\\n", 1)[1]
found = bare_extraction(page, with_metadata=True)
print(len(found.text) if found is not None and found.text else 0)
"""


@dataclass(frozen=True, slots=True)
class Found:
    """What became of a page: its outcome in words, CPU seconds, and the peak of memory in MB."""

    outcome: str
    cpu: float
    peak: int
    digest: str = ""


def capture_of(where: Path, url: str) -> Capture:
    """The stored page as a capture that a child can read by itself."""
    return Capture(
        id=f"urn:x:{where.name}", url=url, key=url, at=1_795_600_000_000_000, status=200,
        payload_digest=sha256(where.read_bytes()[len(_HEAD) :]), block=where.read_bytes,
    )  # fmt: skip


def cleaned(where: Path, url: str, seed: str) -> Found:
    """What a fresh child makes of a page."""
    os.environ["PYTHONHASHSEED"] = seed
    with CleaningChild() as child:
        child.start()
        pid = child.pid
        assert pid is not None
        before = _cpu(pid)
        began = resource.getrusage(resource.RUSAGE_CHILDREN)
        answer = child.clean(capture_of(where, url), timeout=_CLOCK)
        if child.pid != pid:  # it is gone, and was waited for
            ended = resource.getrusage(resource.RUSAGE_CHILDREN)
            used = ended.ru_utime + ended.ru_stime - began.ru_utime - began.ru_stime - before
            peak = 0
        else:
            used, peak = _cpu(pid) - before, _peak(pid)
    if isinstance(answer, CleaningFailure):
        return Found(f"failed: {answer.reason}, {answer.detail}", used, peak, str(answer.reason))
    text = from_json(answer)
    if isinstance(text, Article):
        outcome = f"{text.verdict} of {text.word_count:,} words, {len(answer) // 1000:,} KB"
    else:
        outcome = f"{text.verdict}: {text.reason}"
    return Found(outcome, used, peak, hashlib.sha256(answer).hexdigest())


def peer(where: Path, seconds: float) -> Found:
    """What trafilatura makes of a page, in a process of its own."""
    process = subprocess.Popen(
        [sys.executable, "-c", _PEER, str(where)], stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    assert process.stdout is not None
    deadline = time.monotonic() + _CLOCK * 3
    outcome, cpu, peak = "", 0.0, 0
    while process.poll() is None:
        cpu, peak = max(cpu, _cpu(process.pid)), max(peak, _peak(process.pid))
        if cpu > seconds or time.monotonic() > deadline:
            process.kill()
            process.wait()
            outcome = f"killed after {cpu:.0f} s"
            break
        time.sleep(0.05)
    if not outcome:
        said = process.stdout.read().strip()
        outcome = f"{int(said):,} characters" if process.returncode == 0 else f"exit code {process.returncode}"
    process.stdout.close()
    return Found(outcome, cpu, peak)


def _cpu(pid: int) -> float:
    """The CPU seconds of a living process."""
    try:
        fields = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(fields[11]) + int(fields[12])) / _TICK


def _peak(pid: int) -> int:
    """The most memory that a living process had resident, in MB."""
    try:
        lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) // 1024 for line in lines if line.startswith("VmHWM:")), 0)


def measured(name: str, page: Hostile, directory: Path, seconds: float | None) -> dict[str, object]:
    """One page: twice the cleaner, once the peer."""
    where = directory / "page"
    where.write_bytes(_HEAD + page.make(page.full))
    first = cleaned(where, page.url, "1")
    again = cleaned(where, page.url, "77")
    other = peer(where, seconds) if seconds else None
    return {
        "page": name,
        "bytes": where.stat().st_size - len(_HEAD),
        "outcome": first.outcome,
        "cpu": round(max(first.cpu, again.cpu), 2),
        "peak": max(first.peak, again.peak),
        "same": first.digest == again.digest,
        "peer": asdict(other) if other is not None else None,
    }


def main() -> int:
    """Measure the pages that were asked for."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", action="append", metavar="TEXT", help="only pages whose name holds it; repeatable")
    parser.add_argument("--peer", type=float, metavar="SECONDS", help="trafilatura, too, killed after so many seconds")
    parser.add_argument("--json", action="store_true", help="a line of JSON for each page")
    asked = parser.parse_args()
    worst = 0
    with tempfile.TemporaryDirectory() as directory:
        for name, page in PAGES.items():
            if asked.only and not any(one in name for one in asked.only):
                continue
            row = measured(name, page, Path(directory), asked.peer)
            bad = float(str(row["cpu"])) > SECONDS or int(str(row["peak"])) > MEGABYTES or not row["same"]
            worst = max(worst, int(bad))
            print(json.dumps(row) if asked.json else _line(row, bad=bad), flush=True)
    return worst


def _line(row: dict[str, object], *, bad: bool) -> str:
    said = f"{'!' if bad else ' '} {row['cpu']:>6} s {row['peak']:>5} MB  {row['page']}: {str(row['outcome'])[:90]}"
    if not row["same"]:
        said += " [not twice the same]"
    if isinstance(other := row["peer"], dict):
        said += f" | trafilatura: {other['cpu']:.1f} s, {other['peak']} MB, {other['outcome']}"
    return said


if __name__ == "__main__":
    sys.exit(main())
