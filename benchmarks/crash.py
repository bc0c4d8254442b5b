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
import contextlib
import hashlib
import json
import os
import random
import signal
import sqlite3
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import IO

from sqlalchemy import select

sys.path[0] = str(Path(__file__).resolve().parents[1])  # else archive.py beside it is found for the package `archive`

from archive.capture import Capture  # noqa: E402
from archive.clock import now  # noqa: E402
from archive.crew import Crew, clean_pending  # noqa: E402
from archive.exchange import Exchange, Origin, Role  # noqa: E402
from archive.store import Archive  # noqa: E402
from archive.tables import DERIVED  # noqa: E402

SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
PATIENCE = 60.0  # seconds until what should end by itself counts as hanging
WHOLE = 5  # archives of which one is also verified in depth and rebuilt
ARTICLES = 22  # of the newsroom, dead links among them; a whole crawl asks for some ten listings beside them


class Lost(Exception):
    """A promise was broken."""


@dataclass
class Sums:
    """What all rounds came to."""

    part: str
    rounds: int = 0
    kills: dict[str, int] = field(default_factory=dict)  # by what was killed
    acknowledged: int = 0
    lost: int = 0
    in_flight: int = 0  # requests that were answered or under way, and not acknowledged, when a process was killed
    most_in_flight: int = 0  # in one round
    asked_twice: int = 0
    adopted: int = 0  # captures that no process lived to acknowledge, and that the next one found whole
    archives: int = 0
    seconds: float = 0.0


# What is killed: programs that this file runs in processes of their own


def crawl(path: Path, *, cleaning: bool) -> None:
    """Crawl, and say how many captures and attempts were committed as it is heard of them."""
    from crawler.crawling import crawl as run
    from crawler.jobs import CommitProgress
    from crawler.sites import read_sites

    def hear(progress: object) -> None:
        if isinstance(progress, CommitProgress):
            os.write(1, f"{progress.captures} {progress.attempts}\n".encode())

    with Archive.open(path) as archive:
        result = run(archive, read_sites(archive.sites_path).enabled, clean=cleaning, listener=hear)
    failed = [one.error for one in result.summaries if one.outcome != "finished"]
    if failed or result.cleaning_error:
        sys.exit(f"{failed} {result.cleaning_error}")


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
            said = "".join(f"{capture.id} {digest(capture)}\n" for capture in writer.commit().captures)
            sys.stdout.write(said)
            sys.stdout.flush()


def clean(path: Path) -> None:
    """Clean whatever waits until killed."""
    with Archive.open(path) as archive, Crew(archive, 1) as crew:
        while True:
            crew.clean()
            sys.stdout.write(".\n")
            sys.stdout.flush()


def started(role: str, path: Path, *more: str) -> subprocess.Popen[str]:
    """One of those programs, in a process of its own."""
    return subprocess.Popen(
        [sys.executable, __file__, "--role", role, "--archive", str(path), *more],
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,  # what a crawl says whose child was killed
        text=True,
    )


# What must hold after each kill


def digest(capture: Capture) -> str:
    """The SHA-256 of the response as it was stored."""
    return hashlib.sha256(capture.block()).hexdigest()


def dump(archive: Archive) -> dict[str, list[str]]:
    """All that the catalogue says."""
    with archive.catalog.reading() as connection:
        return {one.name: sorted(map(repr, connection.execute(select(one)))) for one in DERIVED}


def require(holds: object, broken: str) -> None:
    """Raise Lost where something does not hold."""
    if not holds:
        raise Lost(broken)


class Promises:
    """What an archive has acknowledged so far, by capture id with the digest of its bytes."""

    def __init__(self, archive: Archive, sums: Sums) -> None:
        self.archive = archive
        self.acknowledged: dict[str, str] = {}
        self._sums = sums

    def check(self) -> dict[str, Capture]:
        """After a kill, before anything is repaired: all that was acknowledged is there. Gives what the archive has."""
        held = {capture.id: capture for capture in self.archive.captures()}
        for capture, expected in self.acknowledged.items():
            if capture not in held or digest(held[capture]) != expected:
                self._sums.lost += 1
        require(self._sums.lost == 0, f"{self._sums.lost} acknowledged captures are lost or have other bytes")
        for capture, one in held.items():
            if capture not in self.acknowledged:
                self.acknowledged[capture] = digest(one)
                self._sums.acknowledged += 1
        damaged = [one for one in self.archive.verify().findings if one.severity.value == "damaged"]
        require(not damaged, f"damage after a kill: {damaged}")
        return held

    def restart(self) -> None:
        """What the next writer does first; then verify finds nothing at all."""
        before = self.archive.count()[0]
        self.archive.adopt()
        self._sums.adopted += self.archive.count()[0] - before
        found = self.archive.verify().findings
        require(not found, f"verify is not clean after a restart: {found}")

    def rebuilt(self) -> None:
        """A rebuild from the WARC files alone gives the same catalogue."""
        before = dump(self.archive)
        self.archive.rebuild()
        require(dump(self.archive) == before, "the rebuilt catalogue is another one")


# The crawl of the newsroom


def crawls(rounds: int, directory: Path, seed: int, say: IO[str]) -> Sums:
    """Crawls of the newsroom, killed ``rounds`` times."""
    from crawler.newsroom import Newsroom

    sums, luck = Sums("crawl"), random.Random(seed)
    begun = time.monotonic()
    with Newsroom() as newsroom:
        while sums.rounds < rounds:
            sums.archives += 1
            newsroom.log = []
            delay = luck.choice((0.0, 0.03, 0.1))  # with one, a crawl is acknowledged in several pieces
            with _declared(directory / f"NEWS-{sums.archives}", newsroom, delay) as archive:
                _Campaign(archive, newsroom, sums, luck, say, rounds).run()
    sums.seconds = time.monotonic() - begun
    return sums


@contextlib.contextmanager
def _declared(path: Path, newsroom: object, delay: float) -> Iterator[Archive]:
    from crawler.newsroom.site import HOSTS

    resolve: dict[str, str] = newsroom.resolve  # type: ignore[attr-defined]
    sites = (f'["{host}"]\nstart = "http://{host}/"\ndelay = {delay}\n' for host in HOSTS)
    with Archive.create(path, name="CRASH", contact="crash@example.org", allow_loopback=True, resolve=resolve) as made:
        made.sites_path.write_text("".join(sites), encoding="utf-8")
        yield made


class _Campaign:
    """One archive: its crawl killed again and again, until it ends by itself."""

    def __init__(
        self, archive: Archive, newsroom: object, sums: Sums, luck: random.Random, say: IO[str], rounds: int
    ) -> None:
        self._archive = archive
        self._rounds = rounds
        self._newsroom = newsroom
        self._sums = sums
        self._luck = luck
        self._say = say
        self._promises = Promises(archive, sums)

    def run(self) -> None:
        """Kill until the rounds are over; then let it end, and hold it against what the newsroom has."""
        while self._sums.rounds < self._rounds:
            if not self._round():
                return  # it ended before it could be killed: the archive is whole
        self._end(started("crawl", self._archive.path))

    def _asked(self) -> list[tuple[str, str]]:
        return [(one.host, one.path) for one in self._newsroom.log]  # type: ignore[attr-defined]

    def _round(self) -> bool:
        """One crawl, killed; False where it ended first."""
        sums, luck = self._sums, self._luck
        known, first = self._articles(), len(self._asked())
        before = self._archive.count()
        # Without cleaning it begins sooner; the second part kills cleaners, too.
        process = started("crawl", self._archive.path, *(["--no-clean"] if luck.random() < 0.7 else []))
        # As it begins, amid its requests, or in what comes after the last of them.
        wanted, pause = luck.choice(
            (
                (0, luck.uniform(0.0, 2.0)),
                *[(luck.randint(1, ARTICLES), luck.uniform(0.0, 0.02))] * 3,
                *[(luck.randint(6, ARTICLES), luck.uniform(0.0, 1.5))] * 3,
            )
        )
        deadline = time.monotonic() + PATIENCE
        while process.poll() is None and len(self._asked()) < first + wanted:
            require(time.monotonic() < deadline, "a crawl hangs")
            time.sleep(0.001)
        time.sleep(pause)
        if process.poll() is not None:
            self._end(process)
            return False
        whom = luck.choice(("all", "all", "parent", "child"))
        _kill(process, whom, luck)
        assert process.stdout is not None
        heard = [tuple(map(int, line.split())) for line in process.stdout.read().splitlines() if line.count(" ") == 1]
        process.wait()
        sums.rounds += 1
        sums.kills[whom] = sums.kills.get(whom, 0) + 1
        after = self._archive.count() if self._archive.catalog.path.exists() else (0, 0)
        for place, what in enumerate(("captures", "attempts")):
            reported = sum(one[place] for one in heard)
            require(after[place] - before[place] >= reported, f"{reported} {what} were acknowledged, not all are there")
        held = self._promises.check()
        self._require_captured(held)
        asked = Counter(self._asked()[first:])
        again = sorted(known & set(asked))
        require(not again, f"acknowledged, and asked for again: {again}")
        flying = set(asked) - {_place(capture) for capture in held.values()}
        sums.in_flight += len(flying)
        sums.most_in_flight = max(sums.most_in_flight, len(flying))
        if luck.random() < 0.7:  # else the next crawl adopts what this one left
            self._promises.restart()
        self._say.write(
            f"round {sums.rounds}: {whom} killed after {len(self._asked()) - first} requests, {len(flying)} in flight;"
            f" {len(held)} captures acknowledged, none lost\n"
        )
        self._say.flush()
        return True

    def _articles(self) -> set[tuple[str, str]]:
        """Host and path of the articles that were acknowledged."""
        if not self._archive.catalog.path.exists():
            return set()
        return {_place(capture) for capture in self._archive.captures(role=Role.ARTICLE)}

    def _require_captured(self, held: dict[str, Capture]) -> None:
        """What the frontier takes for done is in the archive."""
        if not self._archive.state_path.exists():
            return
        with contextlib.closing(sqlite3.connect(self._archive.state_path)) as state:
            try:
                done = {key for (key,) in state.execute("SELECT key FROM urls WHERE state = 'done'")}
            except sqlite3.OperationalError:  # killed before it had tables
                return
        missing = done - {capture.key for capture in held.values()}
        require(not missing, f"done, and not captured: {sorted(missing)}")

    def _end(self, process: subprocess.Popen[str]) -> None:
        """A crawl that nobody kills: everything is there in the end."""
        from crawler.newsroom import expected
        from crawler.newsroom.site import HOSTS

        # Each text made again, twice over, takes longer than the crawl: for some archives, and always for the last one.
        whole = self._sums.archives % WHOLE == 0 or self._sums.rounds >= self._rounds
        known, first = self._articles(), len(self._asked())
        process.communicate(timeout=PATIENCE)
        require(process.returncode == 0, f"a crawl that nobody killed ended with {process.returncode}")
        again = known & set(self._asked()[first:])
        require(not again, f"acknowledged, and asked for again: {sorted(again)}")
        self._promises.check()
        while clean_pending(self._archive).done:
            pass
        articles = {one.url for host in HOSTS for one in expected.expected(host)}
        require(articles <= {one.url for one in self._archive.captures(role=Role.ARTICLE)}, "articles are missing")
        require(articles <= {one.capture.url for one in self._archive.entries()}, "texts are missing")
        found = self._archive.verify(deep=whole).findings
        require(not found, f"verify: {found}")
        if whole:
            self._promises.rebuilt()
        asked = Counter(self._asked())
        twice = sum(asked[place] - 1 for place in self._articles())
        self._sums.asked_twice += twice
        require(self._sums.asked_twice <= self._sums.in_flight, f"{twice} articles were asked for twice")
        rebuilt = ", rebuilt the same" if whole else ""
        self._say.write(f"archive {self._sums.archives}: whole{rebuilt}; {twice} articles asked for twice\n")
        self._say.flush()


def _place(capture: Capture) -> tuple[str, str]:
    host, _, path = capture.url.partition("://")[2].partition("/")
    return host, f"/{path}"


def _kill(process: subprocess.Popen[str], whom: str, luck: random.Random) -> None:
    """Kill the parent, its crawling child, or all at once; return when none of them runs any more."""
    family = [process.pid, *_descendants(process.pid)]
    crawling = [pid for pid in family if b"crawler.jobs" in _command(pid)]
    victims = {"all": family, "parent": [process.pid], "child": crawling or [process.pid]}[whom]
    for pid in luck.sample(victims, len(victims)):
        with contextlib.suppress(ProcessLookupError):
            os.kill(pid, signal.SIGKILL)
    deadline = time.monotonic() + PATIENCE
    while process.poll() is None or any(map(_runs, family[1:])):
        require(time.monotonic() < deadline, "a process outlives its crawl")
        time.sleep(0.005)


def _descendants(pid: int) -> list[int]:
    found: list[int] = []
    for path in Path(f"/proc/{pid}/task").glob("*/children"):
        with contextlib.suppress(OSError):
            for child in map(int, path.read_text().split()):
                found += [child, *_descendants(child)]
    return found


def _command(pid: int) -> bytes:
    try:
        return Path(f"/proc/{pid}/cmdline").read_bytes()
    except OSError:
        return b""


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False


# Bare writers and a cleaner


def writers(rounds: int, directory: Path, seed: int, say: IO[str]) -> Sums:
    """Two writers and a cleaner on one archive, killed ``rounds`` times."""
    sums, luck = Sums("writers", archives=1), random.Random(seed)
    begun = time.monotonic()
    with Archive.create(directory / "NEWS", name="CRASH") as archive:
        promises = Promises(archive, sums)
        for number in range(rounds):
            _killed_writers(archive, promises, number, luck)
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
    sums.seconds = time.monotonic() - begun
    return sums


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
        if line.endswith("\n") and written and capture not in promises.acknowledged:
            promises.acknowledged[capture] = written.strip()


def main() -> None:
    """All rounds of the parts that were asked for."""
    parser = argparse.ArgumentParser(description="Kill crawls and writers at random, and see that nothing is lost.")
    parser.add_argument("--rounds", type=int, default=100, help="kills of each part")
    parser.add_argument("--part", choices=("crawl", "writers"), help="only this one")
    parser.add_argument("--seed", type=int, default=None, help="for the same rounds again, as far as time allows")
    parser.add_argument("--json", action="store_true", help="one JSON document on stdout, progress on stderr")
    parser.add_argument("--role", choices=("crawl", "write", "clean"), help=argparse.SUPPRESS)
    parser.add_argument("--archive", type=Path, help=argparse.SUPPRESS)
    parser.add_argument("--worker", default="", help=argparse.SUPPRESS)
    parser.add_argument("--no-clean", action="store_true", help=argparse.SUPPRESS)
    given = parser.parse_args()
    match given.role:
        case "crawl":
            crawl(given.archive, cleaning=not given.no_clean)
        case "write":
            write(given.archive, given.worker)
        case "clean":
            clean(given.archive)
        case _:
            sys.exit(_all(given))


def _all(given: argparse.Namespace) -> int:
    seed: int = given.seed if given.seed is not None else random.SystemRandom().randrange(2**32)
    say = sys.stderr if given.json else sys.stdout
    say.write(f"seed {seed}\n")
    sums: list[Sums] = []
    broken = ""
    try:
        for part in (crawls, writers):
            if given.part in {None, {crawls: "crawl", writers: "writers"}[part]}:
                with tempfile.TemporaryDirectory() as directory:
                    sums.append(part(given.rounds, Path(directory), seed, say))
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
    main()
