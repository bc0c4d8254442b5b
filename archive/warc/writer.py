"""The WARC writer of one process: whole groups into files of its own, durable when asked."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from itertools import chain
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Self

from archive import clock, digest
from archive.capture import DRAWN_MIME, DRAWN_STATUS, Capture, Location
from archive.errors import FileTooLarge, StorageFull
from archive.event import Act, RunEnded, RunStarted, SiteConfigured, StoredAttempt
from archive.exchange import Attempt, Drawn, Exchange
from archive.url import normalise
from archive.warc import record as records
from archive.warc.answer import Answer
from archive.warc.block import FileBlock
from archive.warc.digests import labelled
from archive.warc.fields import target_uri
from archive.warc.openfile import ClosedFile, OpenFile
from archive.warc.paths import fresh_name
from archive.warc.revisit import revisited_by
from archive.warc.wellformed import well_formed, with_well_formed

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

__all__ = ["ClosedFile", "WarcWriter"]

# Of an exchange, what it answers and the digest of its payload: the capture that a revisit of it may refer to.
Earlier = Callable[[Exchange, Answer, str | None], Capture | None]


class WarcWriter:
    """Writes WARC files below ``directory`` (an archive's ``warc/``); nothing is created before the first record.

    Each ``add…`` writes one group of records with one write call and returns it as the archive holds it. What was
    added is durable after the next `sync`, and only then: a StorageFull that `sync` raises means that nothing added
    since the last successful one may be counted on. The writer stays usable after StorageFull.

    ``warcinfo`` opens every file; ``max_bytes`` and ``max_age`` (seconds) say when the next file is begun;
    ``form`` says how records are compressed, and by which algorithm their digests are made.
    """

    def __init__(
        self,
        directory: Path,
        prefix: str,
        warcinfo: Mapping[str, str | Sequence[str]],
        *,
        max_bytes: int,
        max_age: int,
        worker: str = "worker",
        form: records.Form = records.FORM,
        now: Callable[[], int] = clock.now,
    ) -> None:
        self.directory = directory
        self._prefix = prefix
        self._warcinfo = dict(warcinfo)
        self._max_bytes = max_bytes
        self._max_age = max_age * 1_000_000
        self._worker = worker
        self._form = form
        self._now = now
        self._open: OpenFile | None = None
        self._serial = 0
        self._first = 0  # where the first group of the open file begins
        self._closed: list[ClosedFile] = []
        self._lost = False  # something added since the last sync did not reach the disk

    @property
    def file(self) -> str | None:
        """The final name of the open file, relative to ``warc/``; None while there is none."""
        return self._open.file if self._open else None

    @property
    def size(self) -> int:
        """Bytes in the open file; 0 while there is none."""
        return self._open.size if self._open else 0

    def add(self, exchange: Exchange, earlier: Earlier | None = None) -> Capture:
        """Writes an exchange: response or revisit, request and metadata.

        ``earlier`` is asked for the durable capture that a revisit may refer to. Raises StorageFull with nothing of
        the exchange in the file.
        """
        exchange = with_well_formed(exchange)
        record_id = records.new_id()
        answer = Answer.of(exchange.response)
        status, mime, payload_length, payload_digest = (
            answer.status,
            answer.mime,
            answer.length,
            answer.digest(self._form.digest),
        )
        referent = earlier(exchange, answer, payload_digest) if earlier is not None else None
        revisited = revisited_by(exchange, answer, referent) if referent is not None else None
        del answer  # its entity is a copy of the body, of which the compressed one is the next
        if revisited is None:
            referent = None
            group = records.exchange_records(exchange, record_id, payload_digest)
        else:
            payload_digest, payload_length = revisited.digest, None
            group = records.revisit_records(exchange, record_id, revisited)
        location = self._write(group)[0]
        origin = exchange.origin
        return Capture(
            id=record_id,
            url=exchange.url,
            key=normalise(exchange.url),
            at=exchange.at,
            kind="response" if revisited is None else "revisit",
            method=exchange.method,
            status=status,
            mime=mime,
            role=origin.role,
            site=origin.site,
            run=origin.run,
            via=origin.via,
            source=origin.source,
            hops=origin.hops,
            announced=origin.announced,
            ip=exchange.ip,
            truncated=exchange.truncated,
            masked=exchange.masked,
            reservations=exchange.reservations,
            payload_digest=payload_digest,
            payload_length=payload_length,
            duration=exchange.duration,
            refers_to=revisited.id if revisited else None,
            refers_to_uri=target_uri(revisited.url) if revisited else None,
            refers_to_at=revisited.at if revisited else None,
            framing=revisited.framing if revisited else None,
            location=location,
            referent=referent,
            block=FileBlock(self.directory, location, record_id),
        )

    def add_attempt(self, attempt: Attempt) -> StoredAttempt:
        """Writes an attempt without an answer: its request, where bytes were sent, and its metadata."""
        attempt = with_well_formed(attempt)
        record_id = records.new_id()
        location = self._write(records.attempt_records(attempt, record_id))[-1]
        return StoredAttempt(record_id, normalise(attempt.url), attempt, location)

    def add_drawn(self, drawn: Drawn) -> Capture:
        """Writes a page as it was drawn, and its metadata."""
        drawn = with_well_formed(drawn)
        record_id = records.new_id()
        payload_digest = labelled(self._form.digest, drawn.page)
        location = self._write(records.drawn_records(drawn, record_id, payload_digest))[0]
        origin = drawn.origin
        return Capture(
            id=record_id,
            url=drawn.url,
            key=normalise(drawn.url),
            at=drawn.at,
            kind="conversion",
            status=DRAWN_STATUS,
            mime=DRAWN_MIME,
            role=origin.role,
            site=origin.site,
            run=origin.run,
            via=origin.via,
            source=origin.source,
            hops=origin.hops,
            announced=origin.announced,
            reservations=drawn.reservations,
            payload_digest=payload_digest,
            payload_length=len(drawn.page),
            duration=drawn.duration,
            refers_to=next(iter(drawn.made_from), None),
            location=location,
            block=FileBlock(self.directory, location, record_id),
        )

    def add_run_started(self, started: RunStarted) -> RunStarted:
        """Writes that a run began; returned with its location."""
        started = with_well_formed(started)
        group = records.run_started_records(started.run, started.at, started.command, started.sites, started.software)
        return replace(started, location=self._write(group)[0])

    def add_run_ended(self, ended: RunEnded) -> RunEnded:
        """Writes how a run ended; returned with its location."""
        ended = with_well_formed(ended)
        group = records.run_ended_records(ended.run, ended.at, ended.outcome)
        return replace(ended, location=self._write(group)[0])

    def add_site(self, site: str, run: str | None, at: int, body: bytes) -> SiteConfigured:
        """Writes a site's configuration, canonical JSON, as it is crawled with."""
        site, run = well_formed(site), well_formed(run) if run is not None else None
        record_id = records.new_id()
        location = self._write(records.site_records(site, run, at, body, record_id, self._form))[0]
        return SiteConfigured(record_id, site, run, at, digest.sha256(body), body, location)

    def add_act(self, act: str, run: str | None, at: int, facts: Sequence[tuple[str, str]]) -> Act:
        """Writes an act; raises ValueError for the name of a fact that is no lower-case token."""
        if any(name != name.lower() for name, _ in facts):
            raise ValueError("names of facts are written in lower case")
        run = well_formed(run) if run is not None else None
        given = tuple((name, well_formed(value)) for name, value in facts)
        record_id = records.new_id()
        location = self._write(records.act_records(act, run, at, given, record_id))[0]
        return Act(record_id, act, at, run, given, location)

    def sync(self) -> None:
        """Makes everything added so far durable.

        Raises StorageFull where that failed, or has failed since the last call; whatever was added since the last
        successful call must then be taken as not stored.
        """
        if self._open:
            try:
                self._open.sync()
            except BaseException:
                self._lost = False  # told right now
                raise
        if self._lost:
            self._lost = False
            raise StorageFull("records added since the last commit did not reach the storage: free space, then go on")

    def take_closed(self) -> tuple[ClosedFile, ...]:
        """The files closed since this was last asked, by rotation or by `close`."""
        closed, self._closed = tuple(self._closed), []
        return closed

    def close(self) -> None:
        """Makes the open file durable and gives it its final name. A later ``add…`` begins a new one."""
        if self._open:
            closing, self._open = self._open, None
            unsynced = closing.synced < closing.size
            try:
                self._closed.append(closing.close())
            except BaseException:
                # The file stays behind as .open: the next recovery adopts what is whole in it.
                self._lost = unsynced
                raise

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def _write(self, group: list[ArcWarcRecord]) -> list[Location]:
        members = [records.members(one, self._form) for one in group]
        target, offset = self._appended(list(chain.from_iterable(members)))
        locations = []
        for pieces in members:
            length = sum(map(len, pieces))
            locations.append(Location(target.file, offset, length))
            offset += length
        return locations

    def _appended(self, pieces: list[bytes]) -> tuple[OpenFile, int]:
        """Appends a group, to a new file where this one may not grow; the file, and where the group begins in it."""
        target = self._current()
        offset = target.size
        try:
            target.append(pieces)
        except FileTooLarge:
            if offset == self._first:  # nothing but its warcinfo record is there: no other file takes the group
                raise
            self.close()
            target = self._current()
            offset = target.size
            target.append(pieces)
        return target, offset

    def _current(self) -> OpenFile:
        at = self._now()
        if self._open and (self._open.size >= self._max_bytes or at - self._open.opened_at >= self._max_age):
            self.close()
        if self._open is None:
            self._open = self._begun(at)
        return self._open

    def _begun(self, at: int) -> OpenFile:
        """A new file with its warcinfo record."""
        opened = None
        while opened is None:
            self._serial += 1
            file = fresh_name(self._prefix, self._worker, at, self._serial)
            opened = OpenFile.create(self.directory, file, at)
        name = opened.file.rpartition("/")[2]
        try:
            opened.append(records.members(records.warcinfo_record(name, at, self._warcinfo), self._form))
        except BaseException:
            opened.discard()
            raise
        self._first = opened.size
        return opened
