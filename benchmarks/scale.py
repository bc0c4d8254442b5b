"""A synthetic archive of a million captures: made again, and asked for single URLs, beside cdxj-indexer and pywb.

    python benchmarks/archive.py scale --captures 1000000

The WARC files are real ones (response, request and metadata of each capture, small pages). The catalogue is made from
them as `presskeep rebuild` makes it, then single URLs are looked up as `presskeep show` and `Archive.memento` do it.
All of it is indexed as CDXJ. cdxj-indexer reads one of the same files, and pywb's own index source looks the same URLs
up in that CDXJ: both in the environment that `make peers` makes. They are left out where there is none.
"""

from __future__ import annotations

import json
import random
import resource
import subprocess
import tempfile
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from itertools import islice
from pathlib import Path
from typing import Any

from archive.article import Article, canonical_json
from archive.capture import Capture
from archive.catalogue import texts
from archive.clock import to_datetime
from archive.crew import clean_pending
from archive.entering import adoption
from archive.exchange import Exchange, Origin, Role
from archive.sharing.cdxj import write_index
from archive.sharing.selection import Selection
from archive.store import Archive
from archive.verbs.entries import look_up
from archive.warc.paths import closed_files, resolve
from archive.warc.writer import WarcWriter

SITES = 500
VERSIONS = 4  # captures of one URL
START = int(datetime(2026, 1, 1, tzinfo=UTC).timestamp()) * 1_000_000
STEP = 20_000_000  # microseconds between two captures
TEXTS = 50_000  # captures that get a text, at most
LOOKUPS = 2_000
FILE_BYTES = 128 * 2**20  # so that there are several files, and the peer's share is one of them
RECORDS = 3  # of one capture
SENTENCE = "The harbour crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "

# Run by the peer's interpreter: pywb's own lookup of the captures of one URL, the nearest to a time first.
_PYWB = """
import json, sys, time
from pywb.warcserver.index.cdxobject import CDXObject
from pywb.warcserver.index.indexsource import FileIndexSource
from pywb.warcserver.index.query import CDXQuery
from pywb.warcserver.index.cdxops import process_cdx

source = FileIndexSource(sys.argv[1])
took = []
for line in sys.stdin:
    url, closest = line.split()
    begun = time.perf_counter()
    query = CDXQuery({"url": url, "closest": closest, "limit": "1", "matchType": "exact"})
    found = next(iter(process_cdx(source.load_index(query.params), query)), None)
    took.append((time.perf_counter() - begun) * 1000)
    assert found is not None, url
print(json.dumps(took))
"""


@dataclass(frozen=True, slots=True)
class Latency:
    """How long single questions took, in milliseconds of wall time."""

    p50: float
    p99: float
    most: float

    @classmethod
    def of(cls, took: Sequence[float]) -> Latency:
        """The summary of some times."""
        ordered = sorted(took)
        return cls(ordered[len(ordered) // 2], ordered[int(len(ordered) * 0.99)], ordered[-1])


def measure(captures: int, peers: Path | None, say: Callable[[str], None]) -> dict[str, Any]:
    """Make the archive in a temporary directory, measure it and the peers, and give the figures.

    ``peers`` is the environment that holds pywb and cdxj-indexer, ``say`` hears what is going on.
    """
    with tempfile.TemporaryDirectory(prefix="presskeep-scale-") as directory:
        archive = Archive.create(Path(directory) / "NEWS")
        say(f"writing {captures:,} captures")
        written = _write(archive, captures)
        say("making the catalogue from the WARC files")
        made = _rebuild(archive)
        say("adding texts")
        number = _add_texts(archive, min(TEXTS, captures // 4))
        asked = _asked(captures)
        say(f"looking up {len(asked):,} URLs")
        found: dict[str, Any] = {
            "captures": captures,
            "texts": number,
            "written": written,
            "rebuilt": made,
            "memento": _timed(asked, archive.memento),
            "show": _timed(asked, lambda url, _: look_up(archive, url)),
        }
        say("indexing all captures as CDXJ")
        index = Path(directory) / "index.cdxj"
        begun = time.process_time()
        write_index(archive, str(index), Selection())
        found["index"] = {**_speed(captures, time.process_time() - begun), "peak_mb": _peak()}
        if peers is not None:
            say("the same with cdxj-indexer and pywb")
            found |= _peers(archive, peers, asked, index, Path(directory))
        archive.close()
        return found


def report(found: dict[str, Any]) -> str:
    """The figures as lines of text."""
    lines = [
        f"{found['captures']:,} captures of {found['captures'] // VERSIONS:,} URLs, {found['texts']:,} texts",
        f"  written       {found['written']['records_per_cpu_second']:10,.0f} records a CPU second",
        f"  catalogue     {found['rebuilt']['records_per_cpu_second']:10,.0f} records a CPU second,"
        f" peak {found['rebuilt']['peak_mb']:.0f} MB, after a tenth {found['rebuilt']['early_peak_mb']:.0f} MB",
    ]
    lines.append(
        f"  CDXJ from it  {found['index']['records_per_cpu_second']:10,.0f} records a CPU second,"
        f" peak {found['index']['peak_mb']:.0f} MB"
    )
    if "cdxj_indexer" in found:
        speed = found["cdxj_indexer"]["records_per_cpu_second"]
        ratio = found["rebuilt"]["records_per_cpu_second"] / speed
        lines.append(f"  cdxj-indexer  {speed:10,.0f} records a CPU second: ours is {ratio:.2f} times as fast")
    for name in ("memento", "show", "pywb"):
        if name in found:
            one: Latency = found[name]
            lines.append(f"  {name:13} p50 {one.p50:6.2f} ms, p99 {one.p99:6.2f} ms, most {one.most:6.2f} ms")
    return "\n".join(lines)


def fill(archive: Archive, captures: int) -> None:
    """Write so many captures into a new archive, and make its catalogue."""
    _write(archive, captures)
    _rebuild(archive)


def url(number: int) -> str:
    """The address of a number."""
    return f"https://www.courier{number % SITES}.example/2026/{number % 12 + 1:02d}/story-{number:07d}?id={number}"


def _exchange(number: int, urls: int) -> Exchange:
    address, site = url(number % urls), f"courier{number % urls % SITES}"
    body = f"<html><head><title>Story {number}</title></head><body><h1>Story {number}</h1>{_paragraphs(number)}</body>"
    head = f"HTTP/1.1 200 OK\r\nContent-Type: text/html; charset=utf-8\r\nContent-Length: {len(body)}\r\n\r\n"
    request = f"GET {address.partition('.example')[2]} HTTP/1.1\r\nHost: www.{site}.example\r\n\r\n"
    # The first few are cleaned for real; what is not asked for as an article waits for no cleaner.
    role = Role.ARTICLE if number < 4 else Role.SECTION
    return Exchange(
        address,
        START + number * STEP,
        request.encode(),
        (head + body).encode(),
        ip="192.0.2.1",
        duration=90_000,
        origin=Origin(
            site=site, run="urn:uuid:00000000-0000-4000-8000-000000000000", role=role, via=f"https://{site}/"
        ),
    )


def _paragraphs(number: int) -> str:
    return "".join(f"<p>{number + at}: {SENTENCE * 3}</p>" for at in range(3))


def _write(archive: Archive, captures: int) -> dict[str, float]:
    fields = {"software": "presskeep", "presskeep-run": "urn:uuid:00000000-0000-4000-8000-000000000000"}
    writer = WarcWriter(archive.warc_path, "SCALE", fields, max_bytes=FILE_BYTES, max_age=10**6)
    urls = max(1, captures // VERSIONS)
    begun = time.process_time()
    with writer:
        for number in range(captures):
            writer.add(_exchange(number, urls))
    return _speed(captures, time.process_time() - begun)


def _rebuild(archive: Archive) -> dict[str, float]:
    """The catalogue made from the WARC files by the code of `presskeep rebuild`; texts are no part of it."""
    files = closed_files(archive.warc_path)
    begun = time.process_time()
    early = 0.0
    for done, file in enumerate(files, 1):
        adoption.enter_file(archive.catalog, archive.warc_path, file)
        if not early and done * 10 >= len(files):
            early = _peak()
    cpu = time.process_time() - begun
    return {**_speed(archive.count()[0], cpu), "early_peak_mb": early, "peak_mb": _peak()}


def _speed(captures: int, cpu: float) -> dict[str, float]:
    return {"records_per_cpu_second": captures * RECORDS / cpu, "cpu_seconds": cpu}


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _add_texts(archive: Archive, wanted: int) -> int:
    """Texts like a real one: the article of the first capture, said of as many others."""
    clean_pending(archive)
    pattern = next(iter(archive.articles()))
    captures = archive.captures()
    while some := list(islice(captures, min(1000, wanted))):
        rows = [texts.read(one, _said_of(pattern, one))[1] for one in some if one.role is Role.SECTION]
        with archive.catalog.writing() as connection:
            texts.add(connection, rows)
        wanted -= len(some)
    return archive.count_texts()


def _said_of(pattern: Article, capture: Capture) -> bytes:
    first = replace(pattern.provenance.captures[0], id=capture.id, url=capture.url, at=capture.at)
    return canonical_json(replace(pattern, provenance=replace(pattern.provenance, captures=(first,))))


def _asked(captures: int) -> list[tuple[str, int]]:
    chosen = random.Random(3)
    urls = max(1, captures // VERSIONS)
    return [(url(chosen.randrange(urls)), START + chosen.randrange(captures * STEP)) for _ in range(LOOKUPS)]


def _timed(asked: Sequence[tuple[str, int]], ask: Callable[[str, int], object]) -> Latency:
    took = []
    for url, at in asked:
        begun = time.perf_counter()
        ask(url, at)
        took.append((time.perf_counter() - begun) * 1000)
    return Latency.of(took)


def _peers(
    archive: Archive, peers: Path, asked: Sequence[tuple[str, int]], index: Path, directory: Path
) -> dict[str, Any]:
    file = closed_files(archive.warc_path)[0]
    with archive.catalog.reading() as connection:
        within = connection.exec_driver_sql("SELECT count(*) FROM captures WHERE file = ?", (file,)).scalar() or 0
    begun = _children()
    subprocess.run(
        [peers / "bin/cdxj-indexer", resolve(archive.warc_path, file), "-o", directory / "peer.cdxj"], check=True
    )
    indexed = _speed(within, _children() - begun)
    lines = "".join(f"{url} {to_datetime(at):%Y%m%d%H%M%S}\n" for url, at in asked)
    answer = subprocess.run(
        [peers / "bin/python", "-c", _PYWB, index], input=lines, capture_output=True, text=True, check=True
    )
    return {"cdxj_indexer": indexed, "pywb": Latency.of(json.loads(answer.stdout.splitlines()[-1]))}


def _children() -> float:
    used = resource.getrusage(resource.RUSAGE_CHILDREN)
    return used.ru_utime + used.ru_stime
