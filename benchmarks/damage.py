"""Damage to a finished archive, any number of rounds: is it found, what does a repair bring back, what does it cost?

    python benchmarks/damage.py --rounds 500 [--kind bit|truncation|block|noise] [--seed S] [--json]

Each round harms one WARC file of an archive made by program: it turns one bit, cuts the file somewhere, zeroes a block
of 4096 bytes or overwrites one with noise. Then `verify` must find it, `repair` must bring everything back that was not
hit, `verify` must be content with what is left, and a rebuild from the files alone must give the same catalogue. Exit
code 1 if any round breaks one of these.
"""

from __future__ import annotations

import argparse
import contextlib
import json
import os
import random
import shutil
import sys
import tempfile
import time
from collections import Counter
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
sys.path[0] = str(ROOT)  # else the file archive.py beside this one would be found where the package is meant

from sqlalchemy import select  # noqa: E402

from archive.catalogue.database import remove  # noqa: E402
from archive.catalogue.tables import DERIVED  # noqa: E402
from archive.errors import DamagedRecord  # noqa: E402
from archive.exchange import Exchange, Origin, Role  # noqa: E402
from archive.repairing.repair import repair  # noqa: E402
from archive.store import Archive  # noqa: E402
from archive.warc.quarantine import is_kept  # noqa: E402

KINDS = ("bit", "truncation", "block", "noise")
BLOCK = 4096
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "


def build(path: Path, captures: int, files: int) -> dict[str, bytes]:
    """A closed archive; the response of each capture by its id. Bodies have up to 40 KB of text or noise."""
    chance = random.Random(1)
    held: dict[str, bytes] = {}
    with Archive.create(path) as archive:
        for _ in range(files):
            with archive.writer("crawl", {"courier": b"{}"}) as writer:
                for _ in range(captures // files):
                    size = int(10 ** chance.uniform(0, 4.6))
                    text = (SENTENCE * (size // len(SENTENCE) + 1))[:size].encode()
                    body = chance.randbytes(size) if chance.random() < 0.3 else text
                    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % size
                    at = 1_795_600_000_000_000 + len(held) * 60_000_000
                    origin = Origin(site="courier", role=Role.FEED)  # not to be cleaned: that is not measured here
                    url = f"https://courier.example/{len(held)}"
                    given = Exchange(url, at, b"GET / HTTP/1.1\r\n\r\n", head + body, origin=origin)
                    held[writer.add(given).id] = given.response
    return held


def harm(path: Path, kind: str, chance: random.Random) -> None:
    """Change a file in one place."""
    content = bytearray(path.read_bytes())
    at = chance.randrange(len(content))
    if kind == "bit":
        content[at] ^= 1 << chance.randrange(8)
    elif kind == "truncation":
        del content[at:]
    else:
        at -= at % BLOCK
        size = len(content[at : at + BLOCK])
        content[at : at + size] = bytes(size) if kind == "block" else chance.randbytes(size)
    path.write_bytes(content)


def rows(archive: Archive) -> dict[str, list[str]]:
    """All that a rebuild must make again."""
    with archive.catalog.reading() as connection:
        return {table.name: sorted(repr(tuple(row)) for row in connection.execute(select(table))) for table in DERIVED}


def one_round(path: Path, held: dict[str, bytes], kind: str, chance: random.Random) -> tuple[str, int, float, str]:
    """What became of the file, how many captures were lost, CPU seconds of the repair, and what was broken, if any."""
    with Archive.open(path) as archive:
        file = chance.choice(archive.files()).file
        before = (archive.warc_path / file).read_bytes()
        harm(archive.warc_path / file, kind, chance)
        if (archive.warc_path / file).read_bytes() == before:
            return "unharmed", 0, 0.0, ""
        if not archive.verify().damaged:
            return "", 0, 0.0, "verify found nothing"
        began = time.process_time()
        repair(archive)
        spent = time.process_time() - began
        if any(not one.severity.harmless for one in archive.verify().findings):
            return "", 0, spent, "verify finds something after the repair"
        lost = 0
        for capture in archive.captures():
            if capture.location is not None and is_kept(capture.location.file):
                lost += 1
            elif capture.block() != held[capture.id]:
                return "", 0, spent, f"{capture.url} has other bytes"
        if archive.count()[0] != len(held):
            return "", 0, spent, "captures are missing"
        whole = rows(archive)
        archive.close()
        remove(archive.catalog.path)
        with contextlib.suppress(DamagedRecord):
            archive.rebuild()
        if rows(archive) != whole:
            return "", lost, spent, "a rebuild gives another catalogue"
        exact = (archive.warc_path / file).read_bytes() == before
        return "restored byte for byte" if exact else "cut", lost, spent, ""


def main() -> int:
    """Run the rounds; the exit code."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rounds", type=int, default=200, help="of each kind")
    parser.add_argument("--kind", choices=KINDS, action="append")
    parser.add_argument("--captures", type=int, default=36)
    parser.add_argument("--files", type=int, default=4)
    parser.add_argument("--seed", default="0")
    parser.add_argument("--json", action="store_true")
    given = parser.parse_args()
    result: dict[str, object] = {}
    broken = 0
    with tempfile.TemporaryDirectory() as directory:
        held = build(Path(directory) / "NEWS", given.captures, given.files)
        for kind in given.kind or KINDS:
            ends, lost, spent = Counter[str](), 0, 0.0
            for number in range(given.rounds):
                copy = Path(directory) / "copy"
                shutil.copytree(Path(directory) / "NEWS", copy)
                end, gone, cpu, wrong = one_round(copy, held, kind, random.Random(f"{given.seed} {kind} {number}"))
                if wrong:
                    broken += 1
                    print(f"{kind} {number}: {wrong}", file=sys.stderr)
                ends[end or "broken"] += 1
                lost, spent = lost + gone, spent + cpu
                shutil.rmtree(copy)
            each = spent / given.rounds
            result[kind] = {"rounds": given.rounds, **ends, "captures lost": lost, "CPU s a repair": each}
            if not given.json:
                said = ", ".join(f"{number} {end}" for end, number in sorted(ends.items()))
                print(f"{kind}: {given.rounds} rounds: {said}; {lost} captures lost; {each:.2f} CPU s a repair")
    if given.json:
        print(json.dumps(result))
    return 1 if broken else 0


if __name__ == "__main__":
    os.environ.setdefault("PYTHONWARNINGS", "ignore")
    raise SystemExit(main())
