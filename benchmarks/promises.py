"""What an archive has acknowledged must hold after each kill."""

from __future__ import annotations

import contextlib
import hashlib
import time
from collections.abc import Iterator
from dataclasses import dataclass, field

from sqlalchemy import select

from archive.capture import Capture
from archive.catalogue.tables import DERIVED
from archive.store import Archive


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

    @contextlib.contextmanager
    def timed(self) -> Iterator[None]:
        """Take the time of all rounds, to whatever end they come."""
        begun = time.monotonic()
        try:
            yield
        finally:
            self.seconds = time.monotonic() - begun


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

    def take(self, capture: str, written: str) -> None:
        """A capture was acknowledged, with bytes of this digest."""
        if capture not in self.acknowledged:
            self.acknowledged[capture] = written
            self._sums.acknowledged += 1

    def check(self) -> dict[str, Capture]:
        """After a kill, before anything is repaired: all that was acknowledged is there. Gives what the archive has."""
        held = {capture.id: capture for capture in self.archive.captures()}
        for capture, expected in self.acknowledged.items():
            if capture not in held or digest(held[capture]) != expected:
                self._sums.lost += 1
        require(self._sums.lost == 0, f"{self._sums.lost} acknowledged captures are lost or have other bytes")
        for capture, one in held.items():
            if capture not in self.acknowledged:
                self.take(capture, digest(one))
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
