"""Writing into an archive: record, then fsync, then catalogue row; only then is anything acknowledged."""

from __future__ import annotations

import contextlib
import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from importlib import metadata
from platform import python_version
from types import TracebackType
from typing import Self

from archive.capture import Capture
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FileState, enter
from archive.catalogue.revisits import Earlier
from archive.clock import now
from archive.configuration import ArchiveConfiguration
from archive.digest import sha256
from archive.errors import PresskeepError, StorageFull
from archive.event import Act, Event, RunEnded, RunStarted, StoredAttempt
from archive.exchange import Attempt, Drawn, Exchange, Origin
from archive.warc.writer import WarcWriter

FINISHED, STOPPED, FAILED = "finished", "stopped", "failed"
# Whatever can shape the bytes of a record, where it is installed: the fetching side, and what writes.
_SHAPING = ("Scrapy", "Twisted", "pyOpenSSL", "warcio", "isal")


@dataclass(frozen=True, slots=True)
class Committed:
    """What a commit has made durable: on the disk and in the catalogue."""

    captures: tuple[Capture, ...] = ()
    attempts: tuple[StoredAttempt, ...] = ()

    def __len__(self) -> int:
        return len(self.captures) + len(self.attempts)


class ArchiveWriter:
    """One process' way into the archive, for one run and one thread; `Archive.writer` makes it.

    A context manager: it closes with the outcome ``finished``, ``stopped`` after Ctrl-C, ``failed`` after any other
    exception. What was added and not committed when the process dies is entered into the catalogue at the next start,
    as far as whole records of it reached the disk.
    """

    def __init__(
        self,
        run: RunStarted,
        sites: Mapping[str, bytes],
        warc: WarcWriter,
        catalog: Catalog,
        lock: contextlib.ExitStack,
    ) -> None:
        self.run = run.run  # the run's URN
        self._warc = warc
        self._catalog = catalog
        self._earlier = Earlier(catalog, warc.directory)
        self._lock = lock
        self._captures: list[Capture] = []
        self._attempts: list[StoredAttempt] = []
        self._notes: list[Event] = []  # marks of the run and configurations of its sites
        self._files: list[FileState] = []  # closed, and not yet in the catalogue
        self._closed = False
        try:
            self._notes.append(warc.add_run_started(run))
            self._notes += [warc.add_site(site, run.run, run.at, body) for site, body in sites.items()]
            self.commit()
        except BaseException:
            with lock:
                warc.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None:
            self.close()
        else:
            self.close(STOPPED if isinstance(error, KeyboardInterrupt) else FAILED)

    @property
    def pending(self) -> int:
        """How many captures and attempts were added since the last commit."""
        return len(self._captures) + len(self._attempts)

    def holds(self, event_id: str) -> bool:
        """Whether a capture or attempt was added and not committed; after a failed commit it may be lost instead."""
        return event_id in {one.id for one in self._captures} | {one.id for one in self._attempts}

    def renew(self) -> None:
        """Close the WARC file, durably: what is added next goes into another one. For a file that cannot be written.

        Raises StorageFull where that fails, too; the next commit then says what is lost.
        """
        self._require_usable()
        self._warc.close()

    def add(self, exchange: Exchange) -> Capture:
        """Write an exchange; it is acknowledged by the commit after it.

        A payload that the archive has of this site is not stored again: the capture is then a revisit.
        The origin's run is filled where it is None. Raises StorageFull; then nothing of the exchange is stored, and
        the next one may be tried.
        """
        self._require_usable()
        if exchange.origin.run is None:
            exchange = replace(exchange, origin=self._origin(exchange.origin))
        capture = self._warc.add(exchange, self._earlier)
        self._captures.append(capture)
        return capture

    def add_attempt(self, attempt: Attempt) -> StoredAttempt:
        """Write an attempt; as `add` does."""
        self._require_usable()
        if attempt.origin.run is None:
            attempt = replace(attempt, origin=self._origin(attempt.origin))
        stored = self._warc.add_attempt(attempt)
        self._attempts.append(stored)
        return stored

    def add_drawn(self, drawn: Drawn) -> Capture:
        """Write a page as it was drawn; as `add` does, but always whole."""
        self._require_usable()
        if drawn.origin.run is None:
            drawn = replace(drawn, origin=self._origin(drawn.origin))
        capture = self._warc.add_drawn(drawn)
        self._captures.append(capture)
        return capture

    def add_act(self, act: str, facts: Sequence[tuple[str, str]]) -> Act:
        """Write what was decided or done (`archive.event.Act`), at this time; as `add` does."""
        self._require_usable()
        stored = self._warc.add_act(act, self.run, now(), facts)
        self._notes.append(stored)
        return stored

    def commit(self) -> Committed:
        """Make durable what was added, and say what that is.

        Raises StorageFull where the disk does not take it and ArchiveBusy where the catalogue cannot be had: nothing
        is acknowledged then, and a later commit tries the catalogue again.
        """
        self._require_usable()
        if not (self.pending or self._notes):
            return Committed()
        self._sync()
        self._enter()
        return self._taken()

    def close(self, outcome: str = FINISHED) -> Committed:
        """Commit, mark the end of this writer's part in the run, and close its file; to close again does nothing.

        What is acknowledged by it is in the answer.
        """
        if self._closed:
            return Committed()
        with self._lock:
            try:
                done = self.commit()
                self._notes.append(self._warc.add_run_ended(RunEnded(self.run, now(), outcome)))
                self._warc.close()
                self._enter()
                return done
            finally:
                self._closed = True
                # After an error above: what is whole in the file is entered at the next start, the run has no end.
                self._warc.close()

    def _origin(self, origin: Origin) -> Origin:
        return replace(origin, run=self.run)

    def _sync(self) -> None:
        try:
            self._warc.sync()
        except StorageFull:
            # What lies behind the last durable byte is gone: forget it, so that no later commit acknowledges it.
            self._take_closed()
            self._captures = [one for one in self._captures if self._survives(one)]
            self._attempts = [one for one in self._attempts if self._survives(one)]
            self._notes = [one for one in self._notes if self._survives(one)]
            raise

    def _survives(self, event: Event) -> bool:
        place = event.location
        if place is None:
            return False
        if place.file == self._warc.file:
            return place.offset + place.length <= self._warc.size
        return any(place.file == closed.file for closed in self._files)

    def _take_closed(self) -> None:
        # Kept until they are entered: the WARC writer tells of a closed file once only.
        self._files += [FileState(one.file, one.size, one.sha256) for one in self._warc.take_closed()]

    def _enter(self) -> None:
        self._take_closed()
        files = list(self._files)
        if self._warc.file is not None:
            files.append(FileState(self._warc.file, self._warc.size))
        with self._catalog.writing() as connection:
            enter(connection, [*self._notes, *self._captures, *self._attempts], files)
        self._files = []

    def _taken(self) -> Committed:
        done = Committed(tuple(self._captures), tuple(self._attempts))
        self._captures, self._attempts, self._notes = [], [], []
        return done

    def _require_usable(self) -> None:
        if self._closed:
            raise PresskeepError("this writer is closed: open another one with Archive.writer")


# What opens each WARC file (ISO 28500:2017, section 6.3).
_WARCINFO = {
    "format": "WARC File Format 1.1",
    "conformsTo": "http://iipc.github.io/warc-specifications/specifications/warc-format/warc-1.1/",
    "robots": "obey",
}


@functools.cache  # each version is read from a file
def software() -> str:
    """The programs behind a record, as product tokens with versions (RFC 9110, section 10.1.5)."""
    products = [f"presskeep/{metadata.version('presskeep')}", f"Python/{python_version()}"]
    for name in _SHAPING:
        with contextlib.suppress(metadata.PackageNotFoundError):
            products.append(f"{name}/{metadata.version(name)}")
    return " ".join(products)


def warcinfo(
    configuration: ArchiveConfiguration, run: RunStarted, sites: Mapping[str, bytes], user_agent: str
) -> dict[str, str | Sequence[str]]:
    """The fields of the warcinfo records of a run: who crawled, with what, and each site's configuration by digest."""
    given: dict[str, str | Sequence[str]] = {"software": run.software, **_WARCINFO}
    for name, value in (
        ("operator", configuration.operator),
        ("contact", configuration.contact),
        ("http-header-user-agent", user_agent),
    ):
        if value:
            given[name] = value
    given["isPartOf"] = configuration.name
    given["presskeep-archive"] = configuration.id
    given["presskeep-run"] = run.run
    if sites:
        given["presskeep-site"] = [f"{site} {sha256(body)}" for site, body in sites.items()]
    return given
