"""Crashes by the hundred: writers and cleaners killed at random moments, and nothing acknowledged is ever lost.

    python benchmarks/crashes.py [ROUNDS]

Each round starts two writers and a cleaner on one archive, kills them after a random number of acknowledgements, and
looks: every acknowledged capture can be read, byte for byte; verify finds no damage, and nothing at all once a writer
has begun again. At the end a rebuild must give the same catalogue.
"""

from __future__ import annotations

import hashlib
import os
import random
import signal
import subprocess
import sys
import tempfile
from pathlib import Path

from sqlalchemy import select

from archive.capture import Capture
from archive.clock import now
from archive.crew import Crew, clean_pending
from archive.exchange import Exchange, Origin, Role
from archive.store import Archive
from archive.tables import DERIVED

SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "


def write(path: Path, worker: str) -> None:
    """Write exchanges of all sizes until killed, and say which were acknowledged."""
    with Archive.open(path) as archive:
        writer = archive.writer("crawl", {"courier": b"{}"}, worker=worker)
        while True:
            for _ in range(random.randint(1, 12)):
                number = random.getrandbits(48)
                body = f"<html><body><h1>{number}</h1><p>{SENTENCE * 3}</p><p>{SENTENCE * 4}</p></body></html>".encode()
                writer.add(
                    Exchange(
                        f"https://courier.example/{number % 50}",
                        now(),
                        b"GET / HTTP/1.1\r\nHost: courier.example\r\n\r\n",
                        b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + body + b" " * random.randint(0, 9000),
                        origin=Origin(site="courier", role=random.choice((Role.ARTICLE, Role.FEED))),
                    )
                )
            said = "".join(f"{capture.id} {_digest(capture)}\n" for capture in writer.commit().captures)
            sys.stdout.write(said)
            sys.stdout.flush()


def clean(path: Path) -> None:
    """Clean whatever waits until killed."""
    with Archive.open(path) as archive, Crew(archive, 1) as crew:
        while True:
            crew.clean()
            sys.stdout.write(".\n")
            sys.stdout.flush()


def _digest(capture: Capture) -> str:
    return hashlib.sha256(capture.block()).hexdigest()


def _round(archive: Archive, number: int, acknowledged: dict[str, str]) -> None:
    me = [sys.executable, __file__, str(archive.path)]
    writers = [
        subprocess.Popen([*me, "write", f"w{number}{letter}"], stdout=subprocess.PIPE, text=True) for letter in "ab"
    ]
    cleaner = subprocess.Popen([*me, "clean"], stdout=subprocess.PIPE, text=True)
    said: list[str] = []
    for writer in writers:
        assert writer.stdout is not None
        said += [writer.stdout.readline() for _ in range(random.randint(1, 120))]
    for process in random.sample([*writers, cleaner], 3):
        os.kill(process.pid, signal.SIGKILL)
    for process in (*writers, cleaner):
        rest, _ = process.communicate()
        said += rest.splitlines(keepends=True)
    # A last line may be cut, as it was being written.
    whole = (line.split() for line in said if line.endswith("\n") and len(line.split()) == 2)
    acknowledged.update((capture, digest) for capture, digest in whole)
    held = {capture.id: capture for capture in archive.captures()}
    for capture, digest in acknowledged.items():
        assert capture in held, f"{capture} was acknowledged, and is not in the catalogue"
        assert _digest(held[capture]) == digest, f"{capture} has other bytes"
    assert not archive.verify().damaged
    archive.adopt()
    found = archive.verify().findings
    assert not found, found


def _dump(archive: Archive) -> dict[str, list[str]]:
    with archive.catalog.reading() as connection:
        return {one.name: sorted(map(repr, connection.execute(select(one)))) for one in DERIVED}


def main(rounds: int) -> None:
    """All rounds, then the rebuild."""
    acknowledged: dict[str, str] = {}
    with tempfile.TemporaryDirectory() as directory, Archive.create(Path(directory) / "NEWS") as archive:
        for number in range(rounds):
            _round(archive, number, acknowledged)
            print(f"round {number + 1}: {len(acknowledged)} acknowledged, {archive.count()[0]} captures", flush=True)
        while clean_pending(archive).done:
            pass
        before = _dump(archive)
        archive.rebuild()
        assert _dump(archive) == before
        print(f"{archive.count_texts()} texts, rebuilt the same")


if __name__ == "__main__":
    match sys.argv[1:]:
        case [path, "write", worker]:
            write(Path(path), worker)
        case [path, "clean"]:
            clean(Path(path))
        case [rounds]:
            main(int(rounds))
        case _:
            main(100)
