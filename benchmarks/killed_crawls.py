"""Crawls of the bundled newsroom, killed at random moments, again and again until they end by themselves."""

from __future__ import annotations

import contextlib
import os
import random
import signal
import sqlite3
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from archive.capture import Capture
from archive.crew import clean_pending
from archive.exchange import Role
from archive.store import Archive
from benchmarks.promises import Promises, Sums, require
from benchmarks.victims import started
from crawler.newsroom import Newsroom, expected
from crawler.newsroom.site import HOSTS

PATIENCE = 60.0  # seconds until what should end by itself counts as hanging
WHOLE = 5  # archives of which one is also verified in depth and rebuilt
ARTICLES = 22  # of the newsroom, dead links among them; a whole crawl asks for some ten listings beside them


def crawls(sums: Sums, rounds: int, directory: Path, luck: random.Random, say: IO[str]) -> None:
    """Crawls of the newsroom, killed ``rounds`` times."""
    with Newsroom() as newsroom:
        while sums.rounds < rounds:
            sums.archives += 1
            newsroom.log = []
            delay = luck.choice((0.0, 0.03, 0.1))  # with one, a crawl is acknowledged in several pieces
            with _declared(directory / f"NEWS-{sums.archives}", newsroom, delay) as archive:
                _Campaign(archive, newsroom, sums, luck, say, rounds).run()


@contextlib.contextmanager
def _declared(path: Path, newsroom: Newsroom, delay: float) -> Iterator[Archive]:
    sites = (f'["{host}"]\nstart = "http://{host}/"\ndelay = {delay}\n' for host in HOSTS)
    with Archive.create(
        path, name="CRASH", contact="crash@example.org", allow_loopback=True, resolve=newsroom.resolve
    ) as made:
        made.sites_path.write_text("".join(sites), encoding="utf-8")
        yield made


class _Campaign:
    """One archive: its crawl killed again and again, until it ends by itself."""

    def __init__(
        self, archive: Archive, newsroom: Newsroom, sums: Sums, luck: random.Random, say: IO[str], rounds: int
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
        return [(one.host, one.path) for one in self._newsroom.log]

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
        while process.poll() is None and len(self._newsroom.log) < first + wanted:
            require(time.monotonic() < deadline, f"a crawl hangs: {_states(process.pid)}")
            time.sleep(0.001)
        time.sleep(pause)
        if process.poll() is not None:
            self._end(process)
            return False
        whom = luck.choice(("all", "all", "parent", "child"))
        kill(process, whom, luck)
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


def kill(process: subprocess.Popen[str], whom: str, luck: random.Random) -> None:
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


def _states(pid: int) -> str:
    """What a process and its descendants are at: one that hangs waits, one that is starved runs and has had no time."""
    ticks, told = os.sysconf("SC_CLK_TCK"), []
    for one in (pid, *_descendants(pid)):
        with contextlib.suppress(OSError):
            fields = Path(f"/proc/{one}/stat").read_text().rpartition(")")[2].split()
            name = _command(one).replace(b"\0", b" ").decode("utf-8", "replace").partition(" -")[2].strip()
            spent = (int(fields[11]) + int(fields[12])) / ticks
            told.append(
                f"{one} -{name}: {fields[0]}, {spent:.1f} s of CPU, in {Path(f'/proc/{one}/wchan').read_text()}"
            )
    return "; ".join(told)


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except OSError:
        return False
