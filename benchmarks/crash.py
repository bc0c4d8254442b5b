"""Crashes by the hundred: processes killed at random moments, and nothing that was acknowledged is ever lost.

    python benchmarks/crash.py [--rounds N] [--part crawl|writers] [--seed S] [--json]

Part ``crawl`` crawls the bundled newsroom, over and over: each round starts a crawl, kills its parent, its crawling
child, or all of its processes at once after a random number of requests, and looks:

- every acknowledged capture is in the catalogue and can be read, byte for byte, and stays so in all later rounds;
  acknowledged is what the crawl reported as committed, and every row that the catalogue has after a kill;
- what the frontier takes for done was captured;
- verify finds no damage after the kill, and nothing at all once a writer has begun again;
- no article that was acknowledged is asked for again: what is asked for twice was in flight when a process was killed,
  answered or under way, and not acknowledged.

When a crawl ends by itself, every article must be there with its text, and the next archive is begun. Some archives,
the last one among them, are also verified in depth, and a rebuild must give the same catalogue.

Part ``writers`` does the same to two bare writers, which write as fast as they can, and a cleaner beside them.
"""

from __future__ import annotations

import argparse
import json
import random
import sys
import tempfile
from dataclasses import asdict
from pathlib import Path

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from benchmarks.killed_crawls import crawls  # noqa: E402
from benchmarks.killed_writers import writers  # noqa: E402
from benchmarks.promises import Lost, Sums  # noqa: E402

PARTS = {"crawl": crawls, "writers": writers}


def main() -> int:
    """All rounds of the parts that were asked for; 1 where a promise was broken."""
    parser = argparse.ArgumentParser(description="Kill crawls and writers at random, and see that nothing is lost.")
    parser.add_argument("--rounds", type=int, default=100, help="kills of each part")
    parser.add_argument("--part", choices=tuple(PARTS), help="only this one")
    parser.add_argument("--seed", type=int, default=None, help="for the same rounds again, as far as time allows")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    given = parser.parse_args()
    seed: int = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    say = sys.stderr if given.json else sys.stdout
    say.write(f"seed {seed}\n")
    sums: list[Sums] = []
    broken = ""
    try:
        for name, part in PARTS.items():
            if given.part in {None, name}:
                sums.append(Sums(name))
                with sums[-1].timed(), tempfile.TemporaryDirectory() as directory:
                    part(sums[-1], given.rounds, Path(directory), random.Random(seed), say)
    except Lost as error:
        broken = str(error)
    if given.json:
        print(json.dumps({"seed": seed, "parts": [asdict(one) for one in sums], "broken": broken or None}))
    for one in sums:
        say.write(
            f"\n{one.part}: {one.rounds} kills ({', '.join(f'{many} {who}' for who, many in one.kills.items())})"
            f" in {one.seconds:.0f} s, {one.archives} archives\n"
            f"  acknowledged captures {one.acknowledged:,}, lost {one.lost}\n"
            f"  adopted after a kill {one.adopted:,}; in flight {one.in_flight:,}, at most {one.most_in_flight}"
            f" at once; asked for twice {one.asked_twice:,}\n"
        )
    if broken:
        say.write(f"\nbroken: {broken}\n")
    return 1 if broken else 0


if __name__ == "__main__":
    sys.exit(main())
