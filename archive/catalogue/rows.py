"""Rows of the catalogue: how the values that flow become rows, and rows become values again."""

from __future__ import annotations

import json
from collections.abc import Callable
from functools import wraps
from pathlib import Path
from typing import Any, ParamSpec, TypeVar

from sqlalchemy import RowMapping

from archive.capture import Capture, Kind, Location
from archive.errors import DamagedCatalogue
from archive.event import Act, RunEnded, RunStarted, SiteConfigured, StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role, Truncation
from archive.warc.block import FileBlock

P = ParamSpec("P")
T = TypeVar("T")

Row = dict[str, Any]
_KINDS: dict[str, Kind] = {"response": "response", "revisit": "revisit", "conversion": "conversion"}


def reads_rows(function: Callable[P, T]) -> Callable[P, T]:
    """Makes a function that reads values of rows raise DamagedCatalogue for those that no program of ours wrote."""

    @wraps(function)
    def reading(*args: P.args, **kwargs: P.kwargs) -> T:
        try:
            return function(*args, **kwargs)
        except (ValueError, TypeError, AttributeError, LookupError) as error:
            raise DamagedCatalogue(
                f"the catalogue holds a value that cannot be ({error}): run 'presskeep rebuild' to make it again from "
                "the WARC files"
            ) from error

    return reading


def _place_of(location: Location | None) -> Row:
    if location is None:
        raise ValueError("what goes into the catalogue lies in a file: its location is missing")
    return {"file": location.file, "offset": location.offset, "length": location.length}


@reads_rows
def require_utf8(row: RowMapping | Row) -> None:
    """Raise DamagedCatalogue for a row, read for salvage, that has bytes which are no UTF-8."""
    for value in row.values():
        if isinstance(value, str):
            value.encode()


def _number(value: object) -> int:
    if type(value) is not int:
        raise ValueError(f"{value!r} is no number")
    return value


def _location(row: RowMapping | Row) -> Location:
    _number(row["offset"])
    _number(row["length"])
    _number(row["at"])
    return Location(row["file"], row["offset"], row["length"])


def _list(values: tuple[str, ...]) -> str:
    return json.dumps(values, ensure_ascii=False) if values else "[]"


def _tuple(text: str) -> tuple[str, ...]:
    return tuple(json.loads(text)) if text != "[]" else ()


def _record_of(capture: Capture) -> str | None:
    """The id in the record's head where that is not the capture's; empty where the record has none."""
    given = capture.block.record_id if isinstance(capture.block, FileBlock) else capture.id
    return None if given == capture.id else given or ""


def row_of_capture(capture: Capture) -> Row:
    """The row of a capture; raises ValueError where it has no location."""
    return {
        "id": capture.id,
        "url": capture.url,
        "key": capture.key,
        "at": capture.at,
        "kind": capture.kind,
        "method": capture.method,
        "status": capture.status,
        "mime": capture.mime,
        "role": capture.role.value,
        "site": capture.site,
        "run": capture.run,
        "via": capture.via,
        "source": capture.source,
        "hops": capture.hops,
        "announced": capture.announced,
        "ip": capture.ip,
        "truncated": None if capture.truncated is None else capture.truncated.value,
        "masked": _list(capture.masked),
        "reservations": _list(capture.reservations),
        "payload_digest": capture.payload_digest,
        "payload_length": capture.payload_length,
        "duration": capture.duration,
        "refers_to": capture.refers_to,
        "refers_to_uri": capture.refers_to_uri,
        "refers_to_at": capture.refers_to_at,
        "framing": capture.framing,
        "record": _record_of(capture),
        **_place_of(capture.location),
    }


@reads_rows
def capture_of_row(row: RowMapping | Row, directory: Path) -> Capture:
    """The capture of a row, bound to its bytes below ``directory``, the archive's ``warc/``."""
    location = _location(row)
    return Capture(
        id=row["id"],
        url=row["url"],
        key=row["key"],
        at=row["at"],
        kind=_KINDS[row["kind"]],
        method=row["method"],
        status=row["status"],
        mime=row["mime"],
        role=Role(row["role"]),
        site=row["site"],
        run=row["run"],
        via=row["via"],
        source=row["source"],
        hops=row["hops"],
        announced=row["announced"],
        ip=row["ip"],
        truncated=None if row["truncated"] is None else Truncation(row["truncated"]),
        masked=_tuple(row["masked"]),
        reservations=_tuple(row["reservations"]),
        payload_digest=row["payload_digest"],
        payload_length=row["payload_length"],
        duration=row["duration"],
        refers_to=row["refers_to"],
        refers_to_uri=row["refers_to_uri"],
        refers_to_at=row["refers_to_at"],
        framing=row["framing"],
        location=location,
        block=FileBlock(directory, location, row["id"] if row["record"] is None else row["record"] or None),
    )


def row_of_attempt(stored: StoredAttempt) -> Row:
    """The row of an attempt; raises ValueError where it has no location."""
    attempt, origin = stored.attempt, stored.attempt.origin
    return {
        "id": stored.id,
        "url": attempt.url,
        "key": stored.key,
        "at": attempt.at,
        "reason": attempt.reason.value,
        "detail": attempt.detail,
        "method": attempt.method,
        "duration": attempt.duration,
        "ip": attempt.ip,
        "protocols": _list(attempt.protocols),
        "cipher": attempt.cipher,
        "masked": _list(attempt.masked),
        "site": origin.site,
        "run": origin.run,
        "role": origin.role.value,
        "via": origin.via,
        "source": origin.source,
        "hops": origin.hops,
        "retry": origin.retry,
        "announced": origin.announced,
        **_place_of(stored.location),
        "request": attempt.request,
    }


@reads_rows
def attempt_of_row(row: RowMapping) -> StoredAttempt:
    """The attempt of a row."""
    origin = Origin(
        site=row["site"],
        run=row["run"],
        role=Role(row["role"]),
        via=row["via"],
        source=row["source"],
        hops=row["hops"],
        retry=row["retry"],
        announced=row["announced"],
    )
    attempt = Attempt(
        url=row["url"],
        at=row["at"],
        reason=NoAnswer(row["reason"]),
        detail=row["detail"],
        method=row["method"],
        duration=row["duration"],
        request=row["request"],
        ip=row["ip"],
        protocols=_tuple(row["protocols"]),
        cipher=row["cipher"],
        masked=_tuple(row["masked"]),
        origin=origin,
    )
    return StoredAttempt(row["id"], row["key"], attempt, _location(row))


def row_of_mark(mark: RunStarted | RunEnded) -> Row:
    """The row of a run's beginning or end."""
    started = mark if isinstance(mark, RunStarted) else None
    return {
        "run": mark.run,
        "at": mark.at,
        "command": started.command if started else None,
        "sites": _list(started.sites) if started else "[]",
        "software": started.software if started else "",
        "outcome": mark.outcome if isinstance(mark, RunEnded) else None,
        **_place_of(mark.location),
    }


@reads_rows
def mark_of_row(row: RowMapping) -> RunStarted | RunEnded:
    """The beginning or end of a row."""
    if row["outcome"] is not None:
        return RunEnded(row["run"], row["at"], row["outcome"], _location(row))
    named = _tuple(row["sites"])
    return RunStarted(row["run"], row["at"], row["command"] or "", named, row["software"], _location(row))


def row_of_site(site: SiteConfigured) -> Row:
    """The row of a site's configuration."""
    return {
        "id": site.id,
        "site": site.site,
        "run": site.run,
        "at": site.at,
        "digest": site.digest,
        **_place_of(site.location),
        "body": site.body,
    }


@reads_rows
def site_of_row(row: RowMapping) -> SiteConfigured:
    """The site's configuration of a row."""
    return SiteConfigured(
        row["id"], row["site"], row["run"], row["at"], row["digest"], bytes(row["body"]), _location(row)
    )


def row_of_act(act: Act) -> Row:
    """The row of an act."""
    facts = json.dumps(act.facts, ensure_ascii=False)
    return {"id": act.id, "act": act.act, "run": act.run, "at": act.at, "facts": facts, **_place_of(act.location)}


@reads_rows
def act_of_row(row: RowMapping) -> Act:
    """The act of a row."""
    facts = tuple((name, value) for name, value in json.loads(row["facts"]))
    return Act(row["id"], row["act"], row["at"], row["run"], facts, _location(row))


def site_column(site: str | None) -> str:
    """A site's name in the tables of texts."""
    return site or ""
