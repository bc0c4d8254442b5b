"""Two bare writers and a cleaner on one archive, killed at random moments."""

from __future__ import annotations

import os
import random
import signal
from pathlib import Path
from typing import IO

from archive.crew import clean_pending
from archive.store import Archive
from benchmarks.promises import Promises, Sums
from benchmarks.victims import started

LIFE = 40  # rounds of one archive: all that was ever acknowledged is read again in each of them


def writers(sums: Sums, rounds: int, directory: Path, luck: random.Random, say: IO[str]) -> None:
    """Two writers and a cleaner, killed ``rounds`` times; every so often another archive is begun."""
    while sums.rounds < rounds:
        sums.archives += 1
        with Archive.create(directory / f"NEWS-{sums.archives}", name="CRASH") as archive:
            _life(archive, min(LIFE, rounds - sums.rounds), sums, luck, say)


def _life(archive: Archive, rounds: int, sums: Sums, luck: random.Random, say: IO[str]) -> None:
    promises = Promises(archive, sums)
    for _ in range(rounds):
        _killed_writers(archive, promises, sums.rounds, luck)
        sums.rounds += 1
        sums.kills["all"] = sums.rounds
        promises.check()
        promises.restart()
        say.write(f"round {sums.rounds}: {len(promises.acknowledged)} captures acknowledged, none lost\n")
        say.flush()
    while clean_pending(archive).done:
        pass
    promises.rebuilt()
    say.write(f"{archive.count_texts()} texts, rebuilt the same\n")


def _killed_writers(archive: Archive, promises: Promises, number: int, luck: random.Random) -> None:
    processes = [started("write", archive.path, "--worker", f"w{number}{letter}") for letter in "ab"]
    cleaner = started("clean", archive.path)
    said: list[str] = []
    for writer in processes:
        assert writer.stdout is not None
        said += [writer.stdout.readline() for _ in range(luck.randint(1, 120))]
    for process in luck.sample([*processes, cleaner], 3):
        os.kill(process.pid, signal.SIGKILL)
    for process in (*processes, cleaner):
        rest, _ = process.communicate()
        said += rest.splitlines(keepends=True)
    # A last line may be cut, as it was being written.
    for line in said:
        capture, _, written = line.partition(" ")
        if line.endswith("\n") and written:
            promises.take(capture, written.strip())
