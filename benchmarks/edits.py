"""The edits of a large archive: what finding them costs, beside reading all texts; and how words are compared.

    python -m benchmarks.edits [--captures 200000] [--days 90] [--json]

A catalogue is filled with captures and texts as a cleaner would have made them (twenty paragraphs each, four captures
of a story over two days, a tenth of the stories edited once, one in two hundred gone at the end). Then its edits are
asked for, those of the last week and all of them, each in a process of its own; beside it, all texts are read one after
the other and compared, which is what a program without editions would do. Last, two paragraphs that have one word in
three in common are compared by `archive.sequence` and by difflib.
"""

from __future__ import annotations

import argparse
import itertools
import json
import random
import resource
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from difflib import SequenceMatcher
from pathlib import Path
from typing import Any

from sqlalchemy import insert

from archive.article import (
    Article,
    Block,
    BlockKind,
    CaptureRef,
    Provenance,
    Refusal,
    Verdict,
    canonical_json,
    identity,
)
from archive.capture import Capture, Location
from archive.catalogue import tables
from archive.catalogue.rows import row_of_capture
from archive.catalogue.texts import edit
from archive.cleaning.version import CLEANER
from archive.editing.archived import Asked, edits
from archive.editing.story import story
from archive.exchange import Role
from archive.sequence import common
from archive.store import Archive
from benchmarks.grown import paragraph

START = 1_767_225_600_000_000  # 2026-01-01
DAY = 86_400_000_000
OFFSETS = (0, DAY // 24, DAY // 4, 2 * DAY)  # when a story is captured
PARAGRAPHS = 20


def fill(archive: Archive, captures: int, days: int) -> int:
    """Captures, texts and editions as rows; how many stories there are."""
    luck = random.Random(5)
    stock = [paragraph(luck) for _ in range(2_000)]
    stories = captures // len(OFFSETS)
    for some in _batched(stories, 500):
        rows: list[dict[str, Any]] = []
        texts: list[dict[str, Any]] = []
        editions: list[dict[str, Any]] = []
        for number in some:
            made = list(_story(number, stories, days, stock, luck))
            rows += [row_of_capture(capture) for capture, _ in made]
            texts += [_row(capture, text) for capture, text in made]
            states = [(one.at, one.id, text.text_digest) for one, text in made if isinstance(text, Article)]
            place = {"cleaner": CLEANER, "site": "grown.example", "key": made[0][0].key}
            editions += [{**place, **{name: getattr(one, name) for name in one.__slots__}} for one in edit(states)]
        with archive.catalog.writing() as connection:
            connection.execute(insert(tables.captures), rows)
            connection.execute(insert(tables.texts), texts)
            connection.execute(insert(tables.editions), editions)
    return stories


def _batched(number: int, size: int) -> Iterator[range]:
    return (range(begin, min(number, begin + size)) for begin in range(0, number, size))


def _story(
    number: int, stories: int, days: int, stock: list[str], luck: random.Random
) -> Iterator[tuple[Capture, Article | Refusal]]:
    url = f"https://grown.example/{number:07}"
    body = luck.choices(stock, k=PARAGRAPHS)
    begin = START + number * days * DAY // stories
    edited, gone = luck.randrange(10) == 0, luck.randrange(200) == 0
    for n, offset in enumerate(OFFSETS):
        capture_id = f"urn:uuid:{number:08x}-0000-4000-8000-{n:012x}"
        at = begin + offset
        if n == 2 and edited:
            body = [*body[:-1], luck.choice(stock)]
        last = gone and n == len(OFFSETS) - 1
        made = Provenance((CaptureRef(capture_id, url, at, None),), CLEANER, "none")
        status = 404 if last else 200
        capture = Capture(
            capture_id, url, url, at, status=status, site="grown.example", role=Role.ARTICLE,
            location=Location("2026/01/GROWN.warc.gz", number * 4 + n, 1),
        )  # fmt: skip
        if last:
            yield capture, Refusal(made, Verdict.HTTP_ERROR, "status 404")
            continue
        yield (
            capture,
            Article(
                made,
                f"Story {number}",
                tuple(Block(BlockKind.PARAGRAPH, text) for text in body),
                published="2026-01-01",
            ),
        )


def _row(capture: Capture, text: Article | Refusal) -> dict[str, Any]:
    canonical = canonical_json(text)
    return {
        "cleaner": CLEANER,
        "capture": capture.id,
        "site": capture.site,
        "key": capture.key,
        "at": capture.at,
        "identity": identity(canonical),
        "verdict": text.verdict.value,
        "text_digest": text.text_digest if isinstance(text, Article) else None,
        "profile": "none",
        "canonical": canonical.decode(),
    }


def ask(path: Path, how: str, days: int) -> dict[str, float]:
    """In this process: the number of edits, CPU seconds, until the first of them, and the most memory in MB."""
    begun = time.process_time()
    first = None
    number = 0
    with Archive.open(path) as archive:
        for _ in _found(archive, how, days):
            number += 1
            first = first if first is not None else time.process_time() - begun
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    return {"edits": number, "cpu": time.process_time() - begun, "first": first or 0.0, "memory": peak}


def _found(archive: Archive, how: str, days: int) -> Iterator[object]:
    match how:
        case "week":
            yield from edits(archive, Asked(since=START + (days - 7) * DAY))
        case "all":
            yield from edits(archive)
        case _:
            for _, group in itertools.groupby(archive.entries(), key=lambda entry: entry.capture.key):
                yield from story(group)


def compared(words: int) -> dict[str, float]:
    """CPU seconds for two paragraphs of so many words, of which each third is the same."""
    before = [word for n in range(words // 3) for word in ("of", f"a{n}", f"b{n}")]
    after = [word for n in range(words // 3) for word in ("of", f"c{n}", f"d{n}")]
    begun = time.process_time()
    common(before, after)
    ours = time.process_time() - begun
    begun = time.process_time()
    SequenceMatcher(None, before, after, autojunk=False).get_opcodes()
    return {"words": words, "ours": ours, "difflib": time.process_time() - begun}


def main() -> None:
    """Fill, ask, report."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--captures", type=int, default=200_000)
    parser.add_argument("--days", type=int, default=90)
    parser.add_argument("--json", action="store_true")
    parser.add_argument("--ask", nargs=2, metavar=("HOW", "DIR"), help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.ask:
        print(json.dumps(ask(Path(options.ask[1]), options.ask[0], options.days)))
        return
    with tempfile.TemporaryDirectory() as directory:
        path = Path(directory) / "GROWN"
        with Archive.create(path, name="GROWN") as archive:
            fill(archive, options.captures, options.days)
            size = archive.catalog.path.stat().st_size / 2**20
        found: dict[str, Any] = {"captures": options.captures, "catalogue_mb": size}
        for how in ("week", "all", "reading"):
            command = [sys.executable, "-m", "benchmarks.edits", "--days", str(options.days), "--ask", how, str(path)]
            found[how] = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
    found["compared"] = [compared(words) for words in (300, 600, 1_200)]
    if options.json:
        print(json.dumps(found))
        return
    print(f"{options.captures:,} captures, a catalogue of {size:,.0f} MB")
    for how, name in (("week", "edits, the last week"), ("all", "edits, all"), ("reading", "reading all texts")):
        one = found[how]
        print(
            f"{name:22} {one['edits']:8,.0f} edits {one['cpu']:8.2f} s CPU, the first after {one['first']:.2f} s,"
            f" {one['memory']:.0f} MB"
        )
    for one in found["compared"]:
        print(f"{one['words']:6,} words: {one['ours'] * 1000:.1f} ms, difflib {one['difflib'] * 1000:.1f} ms")


if __name__ == "__main__":
    main()
