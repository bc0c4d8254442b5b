"""Records made again from what the catalogue knows, in the place of damaged ones: all but answers can be."""

from __future__ import annotations

import uuid
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from archive.capture import Capture
from archive.event import Act, Event, RunEnded, RunStarted, SiteConfigured, StoredAttempt
from archive.exchange import Drawn, Exchange, Origin
from archive.warc import record as records
from archive.warc.record import Revisited

if TYPE_CHECKING:
    from warcio.recordloader import ArcWarcRecord

_NAMESPACE = uuid.UUID("0f6e1a0b-6b55-4a6c-8f0a-1d1a4c1f3a77")


class Again:
    """Makes members of records whose ids follow from a name: to do a repair again gives the same bytes."""

    def __init__(self, name: str) -> None:
        self._name = name
        self._number = 0

    def metadata(self, capture: Capture) -> bytes:
        """The metadata record of a capture."""
        return self._member(_of_capture(capture)[-1])

    def warcinfo(self, file: str, at: int, run: str | None) -> bytes:
        """The first record of a file: its name, and the run that its groups name."""
        name = PurePosixPath(file).name
        return self._member(records.warcinfo_record(name, at, {"presskeep-run": run} if run else {}))

    def request(self, stored: StoredAttempt) -> bytes:
        """The request of an attempt, for which bytes were sent."""
        return self._member(records.attempt_records(stored.attempt, stored.id)[0])

    def event(self, event: Event, *, last: bool = False) -> bytes:
        """The records of anything but a capture; only the ``last`` of them, where the others are there."""
        group, known = _group(event)
        made = [self._member(one, one_id) for one, one_id in zip(group, known, strict=True)]
        return made[-1] if last else b"".join(made)

    def _member(self, record: ArcWarcRecord, record_id: str | None = None) -> bytes:
        if record_id is None:
            self._number += 1
            record_id = f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{self._name}:{self._number}')}"
        record.rec_headers.replace_header("WARC-Record-ID", f"<{record_id}>")
        return b"".join(records.members(record))


def _of_capture(capture: Capture) -> list[ArcWarcRecord]:
    origin = Origin(
        site=capture.site,
        run=capture.run,
        role=capture.role,
        via=capture.via,
        source=capture.source,
        hops=capture.hops,
        announced=capture.announced,
    )
    exchange = Exchange(
        url=capture.url,
        at=capture.at,
        request=b"",
        response=b"",
        method=capture.method,
        duration=capture.duration or 0,
        ip=capture.ip,
        masked=capture.masked,
        reservations=capture.reservations,
        origin=origin,
    )
    if capture.kind == "conversion":
        made_from = (capture.refers_to,) if capture.refers_to is not None else ()
        drawn = Drawn(
            *(capture.url, capture.at, b"", "", made_from),
            duration=capture.duration or 0,
            reservations=capture.reservations,
            origin=origin,
        )
        return records.drawn_records(drawn, capture.id, "")
    if capture.kind == "revisit":
        revisited = Revisited(capture.id, capture.url, capture.at, "", b"", capture.framing)
        return records.revisit_records(exchange, capture.id, revisited)
    return records.exchange_records(exchange, capture.id, None)


def _group(event: Event) -> tuple[list[ArcWarcRecord], list[str | None]]:
    """The records of an event, and the ids that the catalogue knows of them."""
    match event:
        case StoredAttempt(id=known):
            made = records.attempt_records(event.attempt, known)
            return made, [*[None] * (len(made) - 1), known]
        case RunStarted():
            return records.run_started_records(event.run, event.at, event.command, event.sites, event.software), [None]
        case RunEnded():
            return records.run_ended_records(event.run, event.at, event.outcome), [None]
        case SiteConfigured(id=known):
            return records.site_records(event.site, event.run, event.at, event.body, known), [known, None]
        case Act(id=known):
            return records.act_records(event.act, event.run, event.at, event.facts, known), [known]
        case Capture():
            raise ValueError("the answer of a capture cannot be made again")


def described(event: Event) -> str:
    """What an event made again is called in words."""
    match event:
        case StoredAttempt():
            return f"the attempt at {event.attempt.url}"
        case SiteConfigured():
            return f"the configuration of {event.site}"
        case Act():
            return f"the {event.act} of {event.id}"
        case RunStarted() | RunEnded():
            return f"a mark of the run {event.run}"
        case Capture():
            return f"the metadata of the capture of {event.url}"
