"""Losses: captures whose bytes were damaged beyond repair, known by the acts of repair that cut them out.

An act names the file, what was restored in it, which ranges were cut and where they are kept, and has the row of each
lost capture. From it alone the catalogue knows what was lost: such a capture's location leads into the quarantine. When
the file comes back from a backup, its captures take the places of their losses. What the file was and is, the act of
its rewriting says (`archive.entering.rewrites`).
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Protocol

from sqlalchemy import ColumnElement, Connection, delete, select

from archive import digest
from archive.capture import Capture, Location
from archive.catalogue import tables
from archive.catalogue.rows import Row, act_of_row, row_of_capture
from archive.clock import warc_date
from archive.event import Act
from archive.url import normalise
from archive.warc.finding import Finding, Rule
from archive.warc.patched import Patch
from archive.warc.quarantine import DIRECTORY, is_kept, location_of, name_of

REPAIR = "repair"  # the act
_BEHIND = f"{DIRECTORY}0"  # sorts behind all locations in the quarantine
_NEEDED = {column.name for column in tables.captures.c if not column.nullable}
_KNOWN = {column.name for column in tables.captures.c}
_NAMED = 5  # lost captures that a finding names


class _Closed(Protocol):
    """What the catalogue knows of a file (`archive.catalogue.holdings.FileState`)."""

    @property
    def sha256(self) -> str | None: ...


@dataclass(frozen=True, slots=True)
class Cut:
    """A range that was cut out of a WARC file: ``kept`` is its name in the quarantine.

    Where bytes are gone from the end of a file the range is empty, and its name only stands for what was lost.
    """

    offset: int
    length: int
    kept: str
    reason: str


@dataclass(frozen=True, slots=True)
class Mend:
    """What a repair did to one file; ``closed`` is its labelled SHA-256 when it was closed, None where not known."""

    file: str
    closed: str | None
    restored: tuple[Patch, ...] = ()
    cuts: tuple[Cut, ...] = ()
    lost: tuple[Capture, ...] = ()
    again: tuple[str, ...] = ()  # records that were made again, in words


def facts(mend: Mend) -> list[tuple[str, str]]:
    """The facts of the act that tells of a repair."""
    given = [("file", mend.file)]
    if mend.closed is not None:
        given.append(("closed", mend.closed))
    for patch in mend.restored:
        fixed = {"offset": patch.offset, "length": len(patch.content), "how": patch.how}
        given.append(("restored", json.dumps(fixed, ensure_ascii=False)))
    for cut in mend.cuts:
        said: dict[str, object] = {"offset": cut.offset, "length": cut.length, "reason": cut.reason}
        if cut.length:
            said["quarantine"] = cut.kept
        given.append(("cut", json.dumps(said, ensure_ascii=False)))
    given += [("made-again", one) for one in mend.again]
    for capture in mend.lost:
        given.append(("lost", json.dumps(row_of_capture(_moved(capture, mend.cuts)), ensure_ascii=False)))
    return given


def _moved(capture: Capture, cuts: Sequence[Cut]) -> Capture:
    """A lost capture where what is left of it lies."""
    place = capture.location
    if place is None or not cuts:
        raise ValueError("what was lost lay in a file, and was cut out of it")
    cut = next((one for one in cuts if place.offset < one.offset + one.length), cuts[-1])
    start = max(0, place.offset - cut.offset)
    left = max(0, min(place.offset + place.length - cut.offset, cut.length) - start)
    return replace(capture, location=Location(location_of(cut.kept), start, left))


def mend_of(act: Act) -> Mend | None:
    """What an act tells of a repair, but for what was restored and the lost captures (`rows_of`); None for others."""
    file = act.first("file")
    if act.act != REPAIR or file is None:
        return None
    try:
        cuts = tuple(_cut(file, json.loads(one)) for one in act.all("cut"))
    except (ValueError, TypeError, KeyError):
        return None
    return Mend(file, act.first("closed"), cuts=cuts, again=act.all("made-again"))


def _cut(file: str, told: dict[str, Any]) -> Cut:
    offset, length = int(told["offset"]), int(told["length"])
    kept = told["quarantine"] if length else nothing_kept(file, offset)
    return Cut(offset, length, kept, told["reason"])


def nothing_kept(file: str, offset: int) -> str:
    """The name that stands in the locations of what was lost where no bytes of it are left."""
    return name_of(file, offset, digest.sha256(b""))


def rows_of(acts: Iterable[Act]) -> list[Row]:
    """The rows of the captures that acts of repair name as lost; what no repair of ours wrote is passed over."""
    found = []
    for act in acts:
        if act.act != REPAIR:
            continue
        for given in act.all("lost"):
            try:
                row = json.loads(given)
            except ValueError:
                continue
            if isinstance(row, dict) and row.keys() >= _NEEDED and is_kept(str(row["file"])):
                found.append({name: row.get(name) for name in _KNOWN} | {"key": normalise(str(row["url"]))})
    return found


def is_lost(column: ColumnElement[str]) -> ColumnElement[bool]:
    """A condition on the file of a row: that it is one of a lost capture."""
    return (column >= f"{DIRECTORY}/") & (column < _BEHIND) & column.endswith(".bytes")


def give_way(connection: Connection, ids: Sequence[str]) -> None:
    """Captures are read from a WARC file: where they counted as lost, they do no longer."""
    table = tables.captures
    if connection.execute(select(table.c.id).where(is_lost(table.c.file)).limit(1)).first() is None:
        return
    for some in tables.in_parts(ids):
        connection.execute(delete(table).where(table.c.id.in_(some), is_lost(table.c.file)))


def lost_ids(connection: Connection) -> list[str]:
    """The ids of all lost captures."""
    return list(connection.scalars(select(tables.captures.c.id).where(is_lost(tables.captures.c.file))))


def repairs(connection: Connection, file: str | None = None) -> Iterator[tuple[Act, Mend]]:
    """The repairs of all files, or of one, in the order of time."""
    table = tables.acts
    question = select(table).where(table.c.act == REPAIR).order_by(table.c.at, table.c.id)
    for row in connection.execute(question).mappings():
        act = act_of_row(row)
        mend = mend_of(act)
        if mend is not None and file in {None, mend.file}:
            yield act, mend


def told(connection: Connection, states: Mapping[str, _Closed]) -> Iterator[Finding]:
    """What is known to be lost, for whoever verifies: nothing to do, unless the file comes back from a backup."""
    standing = set(lost_ids(connection))
    for act, mend in repairs(connection):
        if mend.closed is not None and mend.file in states and states[mend.file].sha256 == mend.closed:
            continue
        lost = [row for row in rows_of([act]) if row["id"] in standing]
        for cut in mend.cuts:
            of_cut = [row for row in lost if row["file"] == location_of(cut.kept)]
            day = warc_date(act.at)[:10]
            said = f"{cut.length:,} damaged bytes were cut out here on {day} and lie in {location_of(cut.kept)}"
            if not cut.length:
                said = f"the bytes from here on were gone on {day}"
            if of_cut:
                named = ", ".join(row["url"] for row in of_cut[:_NAMED])
                more = f" and {len(of_cut) - _NAMED:,} more" if len(of_cut) > _NAMED else ""
                said += f"; lost: {named}{more}"
            yield Finding(mend.file, cut.offset, Rule.LOSS, said)
