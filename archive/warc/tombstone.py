"""Tombstones: what stands in a WARC file for records that were removed (docs/warc-profile.md)."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from archive import digest
from archive.warc.fields import NamedFields, format_fields, parse_fields
from archive.warc.group import CAPTURED, Group
from archive.warc.member import compress
from archive.warc.record import HTTP_RESPONSE, SCHEMA, WARC_FIELDS
from archive.warc.stored import Record, bare

_FIELD = "presskeep-tombstone"
_SIGN = _FIELD.encode()
_OF_BLOCK = frozenset({"warc-block-digest", "content-type", "content-length"})
_OF_REVISIT = frozenset(
    {"warc-profile", "warc-refers-to", "warc-refers-to-target-uri", "warc-refers-to-date", "warc-truncated"}
)

Pair = tuple[str, str]


@dataclass(frozen=True, slots=True)
class Tombstone:
    """What was removed (``response``, ``revisit``, ``attempt``, or a lone record's type), and the act that says so."""

    of: str
    purge: str


def tombstone_of(record: Record) -> Tombstone | None:
    """What a record is the tombstone of; None for any other record."""
    if record.kind != "metadata" or not record.whole or _SIGN not in record.block:
        return None
    fields = parse_fields(record.block)
    of = fields.first(_FIELD)
    return Tombstone(of, fields.first("presskeep-purge") or "") if of is not None else None


def main_record(group: Group) -> Record:
    """The record by whose id a group is known: its answer, or else its last one."""
    return group.find(*CAPTURED) or group.records[-1]


def bury(group: Group, purge: str, *, packed: bool = True) -> list[bytes]:
    """The tombstone of a group, in pieces of one gzip member if ``packed``; ``purge`` is the id of the act.

    It keeps the id and the date of the group's main record, its target URI and its run; of the others only types and
    ids. So what refers to them finds what became of them, and the file is read to its end by everyone.
    """
    main = main_record(group)
    answer = group.find(*CAPTURED)
    attempted = group.metadata.first("presskeep-attempt") is not None
    facts = [("presskeep-schema", str(SCHEMA))]
    facts.append((_FIELD, answer.kind if answer else "attempt" if attempted else main.kind))
    facts.append(("presskeep-purge", purge))
    run = group.metadata.first("presskeep-run")
    if run is not None:
        facts.append(("presskeep-run", run))
    others = [one for one in group.records if one is not main]
    facts += [("presskeep-removed", f"{one.kind} {one.id or 'without an id'}") for one in others]
    kept = ("WARC-Record-ID", "WARC-Date", "WARC-Target-URI")
    head = [(name, value) for name in kept if (value := main.fields.first(name)) is not None]
    return _member([("WARC-Type", "metadata"), *head], WARC_FIELDS, format_fields(facts), packed=packed)


def promoted(revisit: Record, block: bytes, payload_digest: str | None, *, packed: bool = True) -> list[bytes]:
    """A revisit as the response that it was on the wire, now that it has to hold the payload itself.

    In pieces of one gzip member if ``packed``.
    """
    head = [("WARC-Type", "response")]
    for name, value in revisit.fields.pairs:
        if name.lower() not in _OF_BLOCK | _OF_REVISIT | {"warc-type", "warc-payload-digest"}:
            head.append((name, value))
    if payload_digest is not None:
        head.append(("WARC-Payload-Digest", payload_digest))
    return _member(head, HTTP_RESPONSE, block, packed=packed)


def referred(revisit: Record, record_id: str, target: str, date: str, *, packed: bool = True) -> list[bytes]:
    """A revisit that refers to another capture than before, with the same payload; packed as `promoted` is."""
    to = [("WARC-Refers-To", f"<{record_id}>"), ("WARC-Refers-To-Target-URI", target), ("WARC-Refers-To-Date", date)]
    given = {name.lower(): value for name, value in to}
    content_type = revisit.fields.first("Content-Type") or HTTP_RESPONSE
    pairs = [(name, given.get(name.lower(), value)) for name, value in revisit.fields.pairs]
    pairs += [one for one in to if revisit.fields.first(one[0]) is None]  # other writers name address and date alone
    head = [one for one in pairs if one[0].lower() not in _OF_BLOCK]
    return _member(head, content_type, revisit.block, packed=packed)


def _member(head: Sequence[Pair], content_type: str, block: bytes, *, packed: bool = True) -> list[bytes]:
    pairs = [
        *head,
        ("WARC-Block-Digest", digest.sha256(block)),
        ("Content-Type", content_type),
        ("Content-Length", str(len(block))),
    ]
    lines = "".join(f"{name}: {value}\r\n" for name, value in pairs)
    parts = [f"WARC/1.1\r\n{lines}\r\n".encode(), block, b"\r\n\r\n"]
    return compress(*parts) if packed else parts


def target_of(fields: NamedFields, metadata: NamedFields) -> str:
    """The URL of a record, as its metadata has it exactly, or else its head; empty where there is none."""
    exact = metadata.first("presskeep-url")
    return exact if exact is not None else bare(fields.first("WARC-Target-URI")) or ""
