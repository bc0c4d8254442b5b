"""What WARC files tell, read back: captures, attempts, runs and site configurations as values.

What a `WarcWriter` returned and what is read here are equal. Files of other writers give captures too, of role OTHER.
"""

from __future__ import annotations

import re
import uuid
from collections.abc import Callable, Iterable, Iterator
from contextlib import suppress
from functools import cached_property
from pathlib import Path
from typing import BinaryIO

from archive import digest
from archive.capture import DRAWN_MIME, DRAWN_STATUS, Capture, Location
from archive.clock import parse_warc_date
from archive.errors import DamagedRecord, NotAnArchive
from archive.event import Act, Event, RunEnded, RunStarted, SiteConfigured, StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role, Truncation
from archive.http import HttpMessage
from archive.reservation import MOST, reservations_of
from archive.url import normalise
from archive.warc.block import FileBlock, read_block
from archive.warc.fields import NamedFields
from archive.warc.foreign.source import Source, identity, open_source
from archive.warc.group import ANSWERS, CAPTURED, Group
from archive.warc.member import Tear
from archive.warc.places import is_foreign
from archive.warc.record import IDENTICAL_PAYLOAD, SCHEMA
from archive.warc.scan import Gap, Piece
from archive.warc.stored import Record, bare, date_of, read_records
from archive.warc.vouching import vouched

__all__ = ["Gap", "Piece", "Record", "read_block", "read_events", "read_on", "read_records"]

# The namespace of ids made for records that have none of their own, or share one.
_NAMESPACE = uuid.UUID("7c5f2c52-3f5e-4a35-9d3b-6f0f1f7a3c1e")
_METHOD = re.compile(rb"[A-Za-z]{1,20}(?= )")


def read_events(directory: Path, file: str, start: int = 0) -> Iterator[Event]:
    """The events of a file below ``directory`` (an archive's ``warc/``), from the offset of a group on.

    Raises DamagedRecord, with file and offset, where the file cannot be read on; the group that was cut there is not
    given. Raises NotAnArchive for records of a newer schema than this program knows.
    """
    for one in read_on(directory, file, start):
        if isinstance(one, Gap):
            raise Tear(one.reason, file=file, offset=one.offset)
        yield one


def read_on(
    directory: Path, file: str, start: int = 0, *, watch: Callable[[Piece, BinaryIO], None] | None = None
) -> Iterator[Event | Gap]:
    """The same, but going on behind damage: each gap is given as a value, in its place.

    A response whose metadata lies in a gap is a capture of role OTHER, without a site. ``watch`` hears each record and
    each gap between records before what they give, with the stream, which it may read and seek.
    """
    with open_source(directory, file) as source:
        if not 0 <= start <= source.end:
            yield Gap(file, start, start, "the file is shorter than it was")
            return
        yield from events_of(directory, file, _pieces(source, start, watch))


def events_of(directory: Path, file: str, pieces: Iterable[Piece]) -> Iterator[Event | Gap]:
    """What records and gaps of a file give, its first record before all others."""
    reading = _Reading(directory, file)
    for one in vouched(pieces, file):
        found = one if isinstance(one, Gap) else reading.given(one)
        if found is not None:
            yield found


def read_listed(directory: Path, file: str, offsets: Iterable[int]) -> Iterator[Event | Gap]:
    """The captures of a foreign file whose answers lie at these offsets; nothing else of the file is read."""
    with open_source(directory, file) as source:
        reading = _Reading(directory, file)
        for offset in offsets:
            try:
                group = Group([source.read(offset)])
            except Tear as tear:
                yield Gap(file, offset, offset, tear.reason)
                continue
            if (found := reading.given(group)) is not None:
                yield found


def _pieces(source: Source, start: int, watch: Callable[[Piece, BinaryIO], None] | None) -> Iterator[Piece]:
    if start:  # what the file says of itself stands at its beginning
        with suppress(Tear):
            yield source.read(0)
    for piece in source.scan(start):
        if watch is not None:
            watch(piece, source.stream)
        yield piece


class _Reading:
    """One file being read: what its events share."""

    def __init__(self, directory: Path, file: str) -> None:
        self._directory = directory
        self._file = file
        self._foreign = is_foreign(file)
        self._seen: set[str] = set()

    def given(self, group: Group) -> Event | Gap | None:
        """The event of a group; a gap where its fields cannot be read."""
        try:
            return self.event(group)
        except Tear as tear:
            return Gap(self._file, group.start, group.end, tear.reason, len(group.records))

    def event(self, group: Group) -> Event | None:
        """The event of a group; None for what is none (a lone request, another writer's metadata)."""
        # Of a file that came from elsewhere only captures are taken: what was decided there binds nobody here.
        if self._foreign or not group.own:
            return self._capture(group)
        self._check_schema(group)
        try:
            return self._own(group)
        except ValueError as error:
            raise Tear(f"fields that cannot be read ({error})", file=self._file, offset=group.start) from error

    def _own(self, group: Group) -> Event | None:
        fields = group.metadata
        if group.find(*CAPTURED):
            return self._capture(group)
        last = group.records[-1]
        run = fields.first("presskeep-run")
        if (reason := fields.first("presskeep-attempt")) is not None:
            return self._attempt(group, last, NoAnswer(reason))
        if resource := group.find("resource"):
            site = fields.first("presskeep-site") or ""
            body = resource.block
            where, at = self._location(resource), _date(resource, self._file)
            return SiteConfigured(self._id(resource), site, run, at, digest.sha256(body), body, where)
        at, where = _date(last, self._file), self._location(last)
        if (command := fields.first("presskeep-run-started")) is not None:
            software = fields.first("software") or ""
            return RunStarted(run or "", at, command, fields.all("presskeep-site"), software, where)
        if (act := fields.first("presskeep-act")) is not None:
            return Act(self._id(last), act, at, run, _facts(fields), where)
        if (outcome := fields.first("presskeep-run-ended")) is not None:
            return RunEnded(run or "", at, outcome, where)
        return None  # a metadata record of a kind that this version does not read

    def _attempt(self, group: Group, last: Record, reason: NoAnswer) -> StoredAttempt:
        fields, request = group.metadata, group.find("request")
        url = _url(last, fields)
        attempt = Attempt(
            url=url,
            at=_date(last, self._file),
            reason=reason,
            detail=fields.first("presskeep-detail") or "",
            method=_method(group),
            duration=_number(fields, "presskeep-duration"),
            request=request.block if request else b"",
            ip=_wire(last, fields, "WARC-IP-Address"),
            protocols=last.fields.all("WARC-Protocol") or fields.all("WARC-Protocol"),
            cipher=_wire(last, fields, "WARC-Cipher-Suite"),
            masked=fields.all("presskeep-masked"),
            origin=_origin(fields),
        )
        return StoredAttempt(self._id(last), normalise(url), attempt, self._location(last))

    def _capture(self, group: Group) -> Capture | None:
        answer = group.find(*ANSWERS)
        if answer is None:
            page = group.find("conversion") if group.own else None  # others convert pages to anything
            return self._drawn(group, page) if page is not None else None
        fields, revisit = group.metadata, answer.kind == "revisit"
        shown = answer.answer
        # Other writers' digests are of many kinds; one of the entity is needed to compare captures.
        own = group.own and not self._foreign
        trusted = own or revisit or not answer.whole
        payload_digest = answer.fields.first("WARC-Payload-Digest") if trusted else shown.digest()
        url = _url(answer, fields)
        if not own and not url.lower().startswith(("http:", "https:")):
            return None  # whois:, dns: and the like
        location, capture_id, own_id = self._location(answer), *self._ids(answer)
        origin = _origin(fields) if own else _foreign_origin(group)
        return Capture(
            id=capture_id,
            url=url,
            key=normalise(url),
            at=_date(answer, self._file),
            kind="revisit" if revisit else "response",
            method=_method(group),
            status=shown.status,
            mime=shown.mime,
            role=origin.role,
            site=origin.site,
            run=origin.run,
            via=origin.via,
            source=origin.source,
            hops=origin.hops,
            announced=origin.announced,
            ip=_wire(answer, fields, "WARC-IP-Address"),
            truncated=_truncation(answer, revisit=revisit),
            masked=fields.all("presskeep-masked"),
            reservations=_reservations(group, answer),
            payload_digest=payload_digest,
            payload_length=None if revisit or not answer.whole else shown.length,
            duration=_duration(fields),
            refers_to=bare(answer.fields.first("WARC-Refers-To")) if revisit else None,
            refers_to_uri=bare(answer.fields.first("WARC-Refers-To-Target-URI")) if revisit else None,
            refers_to_at=_refers_to_at(answer) if revisit else None,
            framing=_framing(group, answer),
            location=location,
            block=FileBlock(self._directory, location, own_id),
        )

    def _drawn(self, group: Group, page: Record) -> Capture:
        fields, location, capture_id, own_id = group.metadata, self._location(page), *self._ids(page)
        origin = _foreign_origin(group) if self._foreign else _origin(fields)
        url = _url(page, fields)
        return Capture(
            id=capture_id,
            url=url,
            key=normalise(url),
            at=_date(page, self._file),
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
            reservations=fields.all("presskeep-reservation")[:MOST],
            payload_digest=page.fields.first("WARC-Payload-Digest"),
            payload_length=page.declared,
            duration=_duration(fields),
            refers_to=bare(page.fields.first("WARC-Refers-To")),
            location=location,
            block=FileBlock(self._directory, location, own_id),
        )

    def _location(self, record: Record) -> Location:
        return Location(self._file, record.offset, record.length)

    def _id(self, record: Record) -> str:
        return self._ids(record)[0]

    def _ids(self, record: Record) -> tuple[str, str | None]:
        """The id to know a record by, and the one that stands in its head."""
        given = record.id
        if given is not None and given not in self._seen:
            self._seen.add(given)
            return given, given
        return made_id(self._file_digest, record.offset), given

    @cached_property
    def _file_digest(self) -> str:
        return identity(self._directory, self._file)

    def _check_schema(self, group: Group) -> None:
        schema = group.metadata.first("presskeep-schema") or ""
        if not (schema.isascii() and schema.isdigit() and int(schema) <= SCHEMA):
            raise NotAnArchive(
                f"records of schema {schema[:20]!r}, this program knows {SCHEMA}: install a newer Presskeep",
                file=self._file,
            )


def made_id(identity: str, offset: int) -> str:
    """The id of a record that has none, or that of another one: made from its file's digest and its place."""
    return f"urn:uuid:{uuid.uuid5(_NAMESPACE, f'{identity}:{offset}')}"


def _date(record: Record, file: str) -> int:
    try:
        return date_of(record)
    except ValueError as error:
        raise Tear("a record without a date that can be", file=file, offset=record.offset) from error


def _facts(fields: NamedFields) -> tuple[tuple[str, str], ...]:
    """The facts of an act: its fields, without what every metadata record of ours has."""
    named = ((name.lower().removeprefix("presskeep-"), value) for name, value in fields.pairs)
    return tuple((name, value) for name, value in named if name not in {"schema", "act", "run"})


def _reservations(group: Group, answer: Record) -> tuple[str, ...]:
    """What a Presskeep recorded of an answer; of another writer's, what its head says.

    That one's page is left alone, for it would cost each record its body.
    """
    if group.own:
        return group.metadata.all("presskeep-reservation")[:MOST]
    with suppress(DamagedRecord):
        return reservations_of(HttpMessage.parse(answer.block).fields, "")
    return ()


def _number(fields: NamedFields, name: str) -> int:
    """A count of ours, 0 where it is not given; raises ValueError for what no database could hold."""
    given = fields.first(name) or "0"
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise ValueError(f"{name}: {given[:20]!r}")
    return int(given)


def _url(record: Record, fields: NamedFields) -> str:
    exact = fields.first("presskeep-url")
    return exact if exact is not None else bare(record.fields.first("WARC-Target-URI")) or ""


def _wire(record: Record, fields: NamedFields, name: str) -> str | None:
    """A fact of the connection: in the head, or in the metadata where no head could hold it."""
    found = record.fields.first(name)
    return fields.first(name) if found is None else found


def _origin(fields: NamedFields) -> Origin:
    return Origin(
        site=fields.first("presskeep-site"),
        run=fields.first("presskeep-run"),
        role=Role(fields.first("presskeep-role") or "other"),
        via=fields.first("via"),
        source=fields.first("presskeep-source"),
        hops=fields.first("hopsFromSeed") or "",
        retry=_number(fields, "presskeep-retry"),
        announced=fields.first("presskeep-announced"),
    )


def _foreign_origin(group: Group) -> Origin:
    """Where another archive says that a capture comes from: all of it, if it was made by a Presskeep."""
    fields = group.metadata
    if group.own:
        with suppress(ValueError):
            return _origin(fields)
    return Origin(via=fields.first("via"), hops=fields.first("hopsFromSeed") or "")


def _method(group: Group) -> str:
    if group.own:
        given = group.metadata.first("presskeep-method")
        return "GET" if given is None else given
    request = group.find("request")
    found = _METHOD.match(request.block) if request else None
    return found[0].decode("ascii").upper() if found else "GET"


def _framing(group: Group, answer: Record) -> str | None:
    """How the body of a revisit was framed, which only our own tell: empty where it was not."""
    if not group.own or answer.kind != "revisit" or answer.fields.first("WARC-Profile") != IDENTICAL_PAYLOAD:
        return None
    return group.metadata.first("presskeep-framing") or ""


def _refers_to_at(record: Record) -> int | None:
    """The date of the record that a revisit refers to; None for one that cannot be read, which is a mere hint."""
    with suppress(ValueError):
        return parse_warc_date(record.fields.first("WARC-Refers-To-Date") or "")
    return None


def _truncation(record: Record, *, revisit: bool) -> Truncation | None:
    given = record.fields.first("WARC-Truncated")
    # "length" in a revisit says that it lacks the body which is stored elsewhere (section 6.7.2): it was not cut.
    if given is None or (revisit and given == Truncation.LENGTH):
        return None
    return Truncation(given) if given in set(Truncation) else Truncation.UNSPECIFIED


def _duration(fields: NamedFields) -> int | None:
    for name, unit in (("presskeep-duration", 1), ("fetchTimeMs", 1000)):
        given = fields.first(name) or ""
        if given.isascii() and given.isdigit() and len(given) < 16:
            return int(given) * unit
    return None
