"""The dedupe index at ten million payloads: its size, the memory it takes, and how fast it is asked and grows.

    python benchmarks/dedupe.py --payloads 10000000

Fills the captures of a catalogue with synthetic rows, each with a payload of its own, and makes the one index that
revisits need (`archive.catalogue.revisits`); the other indexes of the catalogue are left out, since they are not what
is measured. Then a process of its own asks as a writer does: one transaction a question, half of the payloads known,
half new. Last, batches of new captures are entered, with and without that index.
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import random
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from sqlalchemy import insert

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.capture import Capture, Location  # noqa: E402
from archive.catalogue import revisits, tables  # noqa: E402
from archive.catalogue.database import Catalog  # noqa: E402
from archive.catalogue.rows import row_of_capture  # noqa: E402
from archive.exchange import Exchange, Origin, Role  # noqa: E402
from archive.warc.answer import Answer  # noqa: E402

SITES = 2_000
START = 1_790_000_000_000_000
INDEX = "captures_by_payload"
ARCHIVE = "urn:uuid:00000000-0000-4000-8000-000000000000"
BATCH = 100  # captures of one commit, as in a crawl


@dataclass(frozen=True, slots=True)
class Asked:
    """What a process found that asked for ``questions`` payloads.

    ``seconds`` of the clock, ``cpu`` of the process; the times of single questions in milliseconds, memory in bytes.
    """

    questions: int
    found: int
    seconds: float
    cpu: float
    p50: float
    p99: float
    memory: int


def digest_of(number: int) -> str:
    """The payload digest of a number."""
    return "sha256:" + base64.b32encode(hashlib.sha256(b"%d" % number).digest()).decode()


def site_of(number: int) -> str:
    """The site of a number."""
    return f"paper-{number % SITES}.example"


def capture_of(number: int) -> Capture:
    """A synthetic capture."""
    record_id = f"urn:uuid:{number:032x}"  # in order, so that ten million are made in minutes
    url = f"https://{site_of(number)}/2026/{number % 12 + 1:02}/an-article-of-the-day-{number}"
    place = Location(f"2026/11/NEWS-20261122001530123-{number // 100_000:05}-worker.warc.gz", number % 100_000, 9_000)
    return Capture(
        record_id,
        url,
        url,
        START + number,
        status=200,
        mime="text/html",
        role=Role.ARTICLE,
        site=site_of(number),
        payload_digest=digest_of(number),
        payload_length=30_000,
        location=place,
    )


def fill(path: Path, payloads: int) -> None:
    """A catalogue with so many captures, each of another payload, and with the dedupe index alone."""
    catalog = Catalog(path, ARCHIVE)
    catalog.create()
    catalog.close()
    with sqlite3.connect(path) as db:
        db.execute("PRAGMA journal_mode = DELETE")
        db.execute("PRAGMA journal_mode = OFF")
        db.execute("PRAGMA synchronous = OFF")
        db.execute("PRAGMA cache_size = -262144")
        for (name,) in db.execute("SELECT name FROM sqlite_master WHERE type = 'index' AND sql IS NOT NULL").fetchall():
            if name.startswith("captures_"):
                db.execute(f"DROP INDEX {name}")
        columns = [column.name for column in tables.captures.c]
        marks = ", ".join("?" * len(columns))
        db.executemany(f"INSERT INTO captures VALUES ({marks})", _rows(payloads, columns))
        db.commit()
        make_index(db)


def make_index(db: sqlite3.Connection) -> None:
    """Make the dedupe index."""
    sql = f"CREATE INDEX {INDEX} ON captures ({tables.PAYLOAD_PREFIX}, site) WHERE {tables.MAY_BE_REFERRED_TO}"
    db.execute(sql)
    db.commit()


def _rows(payloads: int, columns: list[str]) -> Iterator[list[object]]:
    for number in range(payloads):
        row = row_of_capture(capture_of(number))
        yield [row[name] for name in columns]


def ask(path: Path, payloads: int, questions: int, seed: int) -> Asked:
    """Ask as a writer does, in this process."""
    choose = random.Random(seed)
    earlier = revisits.Earlier(Catalog(path, ARCHIVE), path.parent)
    answer = Answer(200, "text/html", memoryview(b"x" * tables.LEAST_PAYLOAD))
    took: list[float] = []
    found = 0
    spent = time.process_time()
    for _ in range(questions):
        number = choose.randrange(2 * payloads)  # half of them are new
        exchange = Exchange("https://paper.example/", START, b"", b"x", origin=Origin(site=site_of(number)))
        begun = time.perf_counter()
        known = earlier(exchange, answer, digest_of(number))
        took.append((time.perf_counter() - begun) * 1000)
        assert (known is not None) == (number < payloads)
        found += known is not None
    spent = time.process_time() - spent
    took.sort()
    median, high = took[len(took) // 2], took[len(took) * 99 // 100]
    return Asked(questions, found, sum(took) / 1000, spent, median, high, peak())


def peak() -> int:
    """The most memory that this process has had, in bytes; `getrusage` would count its parent's."""
    status = Path("/proc/self/status").read_text("ascii")
    return next(int(line.split()[1]) * 1024 for line in status.splitlines() if line.startswith("VmHWM:"))


def grow(path: Path, start: int, captures: int) -> float:
    """Rows a second that are entered in commits of a hundred, counted from a number on."""
    catalog = Catalog(path, ARCHIVE)
    begun = time.perf_counter()
    for first in range(start, start + captures, BATCH):
        with catalog.writing() as connection:
            rows = [row_of_capture(capture_of(number)) for number in range(first, first + BATCH)]
            connection.execute(insert(tables.captures), rows)
    took = time.perf_counter() - begun
    catalog.close()
    return captures / took


def index_bytes(path: Path) -> tuple[int, int]:
    """Bytes of the catalogue's file, and those that it shrinks by when the index goes."""
    with sqlite3.connect(path) as db:
        pages = db.execute("PRAGMA page_count").fetchone()[0]
        size = db.execute("PRAGMA page_size").fetchone()[0]
        free = db.execute("PRAGMA freelist_count").fetchone()[0]
        db.execute(f"DROP INDEX {INDEX}")
        db.commit()
        freed = db.execute("PRAGMA freelist_count").fetchone()[0] - free
    return pages * size, freed * size


def main() -> None:
    """Measure, and print."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--payloads", type=int, default=1_000_000)
    parser.add_argument("--questions", type=int, default=20_000)
    parser.add_argument("--directory", type=Path, help="where the catalogue is made; by default a temporary directory")
    parser.add_argument("--ask", type=Path, help=argparse.SUPPRESS)  # the child that asks
    given = parser.parse_args()
    if given.ask:
        asked = ask(given.ask, given.payloads, given.questions, seed=1)
        print(json.dumps({name: getattr(asked, name) for name in Asked.__slots__}))
        return
    with tempfile.TemporaryDirectory(dir=given.directory) as directory:
        path = Path(directory) / "catalog.sqlite"
        begun = time.perf_counter()
        fill(path, given.payloads)
        print(f"payloads            {given.payloads:>14,}   (made in {time.perf_counter() - begun:,.0f} s)")
        command = [sys.executable, __file__, "--ask", str(path), "--payloads", str(given.payloads)]
        command += ["--questions", str(given.questions)]
        said = subprocess.run(command, check=True, capture_output=True, text=True)
        asked = Asked(**json.loads(said.stdout))
        print(f"questions           {asked.questions:>14,}   ({asked.found:,} found)")
        print(f"a second            {asked.questions / asked.seconds:>14,.0f}")
        print(f"CPU a question      {asked.cpu / asked.questions * 1000:>11.3f} ms")
        print(f"p50, p99            {asked.p50:>11.3f} ms, {asked.p99:.3f} ms")
        print(f"memory of asking    {asked.memory / 2**20:>10,.0f} MiB   (the whole process)")
        captures = min(20_000, given.payloads // 10 // BATCH * BATCH)
        with_index = grow(path, 3 * given.payloads, captures)
        whole, index = index_bytes(path)
        without = grow(path, 4 * given.payloads, captures)
        print(f"index on disk       {index / 2**20:>10,.0f} MiB   ({index / given.payloads:.0f} bytes a payload;")
        print(f"                     the catalogue without its other indexes {whole / 2**20:,.0f} MiB)")
        print(f"entered a second    {with_index:>14,.0f}   with the index, {without:,.0f} without")


if __name__ == "__main__":
    main()
