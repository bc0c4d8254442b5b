"""What the WARC files hold, entered into the catalogue and found in it again."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import ColumnElement, Connection, RowMapping, Select, Table, and_, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from archive.capture import Capture
from archive.catalogue import blocking, further, losses, revisits, tables
from archive.catalogue.database import Catalog
from archive.catalogue.rows import (
    Row,
    act_of_row,
    attempt_of_row,
    capture_of_row,
    mark_of_row,
    row_of_act,
    row_of_attempt,
    row_of_capture,
    row_of_mark,
    row_of_site,
)
from archive.event import Act, Event, Run, RunEnded, RunStarted, SiteConfigured, StoredAttempt
from archive.exchange import Role
from archive.url import normalise

FETCH = 500  # rows read at a time: a long answer must not have to fit into memory
CLEANED_ROLES = (Role.ARTICLE, Role.OTHER)


@dataclass(frozen=True, slots=True)
class FileState:
    """How far the catalogue knows a WARC file.

    ``file`` is its final name, relative to ``warc/``; ``size`` the bytes whose records are entered; ``sha256`` is None
    until the file is closed.
    """

    file: str
    size: int
    sha256: str | None = None


def awaits_cleaning(capture: Capture) -> bool:
    """Whether a capture is to be cleaned: a page that was asked for as an article, or for no stated purpose.

    Redirects and interim answers have no page. A revisit has one, also where a 304 or no head at all says that it is as
    it was: it is an observation of its own.
    """
    if capture.method != "GET" or capture.role not in CLEANED_ROLES:
        return False
    if capture.kind == "revisit" and capture.status in {None, 304}:
        return True
    return capture.status is not None and capture.status >= 200 and not 300 <= capture.status < 400


def cleanable() -> ColumnElement[bool]:
    """The same as a condition on the table of captures."""
    table = tables.captures.c
    return and_(
        table.method == "GET",
        ~losses.is_lost(table.file),
        table.role.in_([role.value for role in CLEANED_ROLES]),
        or_(
            and_(table.status >= 200, or_(table.status < 300, table.status >= 400)),
            and_(table.kind == "revisit", or_(table.status == 304, table.status.is_(None))),
        ),
    )


def enter(connection: Connection, events: Iterable[Event], files: Sequence[FileState] = ()) -> None:
    """Enter events and the state of their files; what is known already stays as it is."""
    captures, attempts, marks, sites, acts, pending = [], [], [], [], [], []
    decided: list[Act] = []
    for event in events:
        if isinstance(event, Capture):
            row = row_of_capture(event)
            captures.append(row)
            if awaits_cleaning(event):
                pending.append({"file": row["file"], "offset": row["offset"], "capture": event.id})
        elif isinstance(event, StoredAttempt):
            attempts.append(row_of_attempt(event))
        elif isinstance(event, SiteConfigured):
            sites.append(row_of_site(event))
        elif isinstance(event, Act):
            acts.append(row_of_act(event))
            decided.append(event)
        else:
            marks.append(row_of_mark(event))
    losses.give_way(connection, [row["id"] for row in captures])
    _add(connection, tables.captures, captures)
    lost = losses.rows_of(decided)
    _add(connection, tables.captures, lost)
    _add(connection, tables.attempts, attempts)
    _add(connection, tables.marks, marks)
    _add(connection, tables.sites, sites)
    _add(connection, tables.acts, acts)
    _add(connection, tables.pending, pending)
    revisits.forgive(connection, [row["id"] for row in captures])
    blocking.apply(connection, decided, [*captures, *lost, *attempts])
    further.touched(connection, {row["key"] for row in captures})
    if files:
        statement = insert(tables.files)
        given = statement.excluded
        statement = statement.on_conflict_do_update(
            index_elements=[tables.files.c.file],
            set_={"size": given.size, "sha256": given.sha256},
            # Two processes may enter one file: the one that knows more of it is right.
            where=tables.files.c.sha256.is_(None) & (given.sha256.is_not(None) | (given.size >= tables.files.c.size)),
        )
        rows = [{"file": one.file, "size": one.size, "sha256": one.sha256} for one in files]
        connection.execute(statement, rows)


def _add(connection: Connection, table: Table, rows: list[Row]) -> None:
    if rows:
        connection.execute(insert(table).on_conflict_do_nothing(), rows)


def file_states(connection: Connection, file: str | None = None) -> dict[str, FileState]:
    """The states of all files that the catalogue knows, or of one of them."""
    question = select(tables.files).order_by(tables.files.c.file)
    rows = connection.execute(question if file is None else question.where(tables.files.c.file == file))
    return {row.file: FileState(row.file, row.size, row.sha256) for row in rows}


def of(
    table: Table,
    *,
    url: str | None = None,
    site: str | None = None,
    run: str | None = None,
    role: Role | None = None,
    since: int | None = None,
    until: int | None = None,
) -> list[ColumnElement[bool]]:
    """The conditions on the table of captures, or that of attempts, for what is given; ``until`` is not included."""
    column = table.c
    conditions = (
        column.key == normalise(url) if url is not None else None,
        column.site == site if site is not None else None,
        column.run == run if run is not None else None,
        column.role == role.value if role is not None else None,
        column.at >= since if since is not None else None,
        column.at < until if until is not None else None,
    )
    return [one for one in conditions if one is not None]


def captures(catalog: Catalog, directory: Path, *conditions: ColumnElement[bool]) -> Iterator[Capture]:
    """The captures that meet all conditions and may be handed out, by time and id; of one state of the catalogue."""
    table = tables.captures
    question = select(table).where(*conditions, blocking.allowed(table.c.id)).order_by(table.c.at, table.c.id)
    with catalog.reading() as connection:
        rows = connection.execution_options(yield_per=FETCH).execute(question).mappings()
        for some in rows.partitions():
            yield from revisits.bound(connection, directory, [capture_of_row(row, directory) for row in some])


def nearest(catalog: Catalog, directory: Path, key: str, at: int | None = None) -> Capture | None:
    """The capture of a key that is nearest to a time, the earlier of two as near; without a time the latest.

    Two steps into the index, however many captures a front page has.
    """
    table = tables.captures
    of_key = select(table).where(table.c.key == key, blocking.allowed(table.c.id)).limit(1)
    before = of_key.order_by(table.c.at.desc(), table.c.id.desc())
    with catalog.reading() as connection:
        if at is None:
            row = connection.execute(before).mappings().first()
            return _bound(connection, directory, row)
        after = of_key.where(table.c.at > at).order_by(table.c.at, table.c.id)
        # Of several at one time the first: so is a timeline ordered.
        earlier = connection.execute(before.where(table.c.at <= at)).mappings().first()
        later = connection.execute(after).mappings().first()
        if earlier is not None and (later is None or at - earlier["at"] <= later["at"] - at):
            same = of_key.where(table.c.at == earlier["at"]).order_by(table.c.id)
            later = connection.execute(same).mappings().first()
        return _bound(connection, directory, later)


def _bound(connection: Connection, directory: Path, row: RowMapping | None) -> Capture | None:
    if row is None:
        return None
    return revisits.bound(connection, directory, [capture_of_row(row, directory)])[0]


def attempts(catalog: Catalog, *conditions: ColumnElement[bool]) -> Iterator[StoredAttempt]:
    """The attempts that meet all conditions and may be handed out, ordered by time and id."""
    table = tables.attempts
    question = select(table).where(*conditions, blocking.allowed(table.c.id)).order_by(table.c.at, table.c.id)
    for row in _stream(catalog, question):
        yield attempt_of_row(row)


def acts(catalog: Catalog, *conditions: ColumnElement[bool]) -> Iterator[Act]:
    """The acts that meet all conditions, ordered by time and id."""
    table = tables.acts
    for row in _stream(catalog, select(table).where(*conditions).order_by(table.c.at, table.c.id)):
        yield act_of_row(row)


def _stream(catalog: Catalog, question: Select[Any]) -> Iterator[Any]:
    with catalog.reading() as connection:
        yield from connection.execution_options(yield_per=FETCH).execute(question).mappings()


def sites(connection: Connection) -> tuple[str, ...]:
    """The names of the sites of which there are captures or attempts, sorted."""
    found: set[str] = set()
    for table in (tables.captures, tables.attempts):
        found.update(connection.scalars(select(table.c.site).where(table.c.site.is_not(None)).distinct()))
    return tuple(sorted(found))


def count(connection: Connection) -> tuple[int, int]:
    """How many captures and attempts there are that may be handed out."""
    numbers = []
    for table in (tables.captures, tables.attempts):
        held = select(func.count()).select_from(table)
        ids = select(tables.blocked.c.id)
        # Two counts: all of a million rows, and the few that are blocked.
        numbers.append((connection.scalar(held) or 0) - (connection.scalar(held.where(table.c.id.in_(ids))) or 0))
    return numbers[0], numbers[1]


def marks(connection: Connection, run: str | None = None) -> list[RunStarted | RunEnded]:
    """The beginnings and ends of runs, ordered by time, then place."""
    table = tables.marks
    question = select(table).order_by(table.c.at, table.c.file, table.c.offset)
    if run is not None:
        question = question.where(table.c.run == run)
    return [mark_of_row(row) for row in connection.execute(question).mappings()]


# The worse one names the run.
_OUTCOMES = ("finished", "stopped", "failed")


def sum_up(marks: Iterable[RunStarted | RunEnded]) -> tuple[Run, ...]:
    """The runs, by their beginning. Each writer of a run marks its beginning and end.

    A run has ended when the last mark of each of its writers is an end; where one of them was killed it has none. A
    writer is told by the last part of its files' names.
    """
    by_run: dict[str, list[RunStarted | RunEnded]] = {}
    for mark in marks:
        by_run.setdefault(mark.run, []).append(mark)
    return tuple(sorted((_run(name, those) for name, those in by_run.items()), key=lambda run: (run.started, run.id)))


def _run(name: str, marks: list[RunStarted | RunEnded]) -> Run:
    started = [mark for mark in marks if isinstance(mark, RunStarted)]
    last = {_writer(mark): mark for mark in marks}
    ends = [mark for mark in last.values() if isinstance(mark, RunEnded)]
    ended = len(ends) == len(last)
    return Run(
        id=name,
        started=min(mark.at for mark in started or marks),
        command=started[0].command if started else "",
        sites=tuple(sorted({site for mark in started for site in mark.sites})),
        software=started[0].software if started else "",
        ended=max(mark.at for mark in ends) if ended else None,
        outcome=max((mark.outcome for mark in ends), key=_badness) if ended else None,
    )


def _badness(outcome: str) -> int:
    return _OUTCOMES.index(outcome) if outcome in _OUTCOMES else len(_OUTCOMES)


def _writer(mark: RunStarted | RunEnded) -> str:
    name = mark.location.file.rpartition("/")[2] if mark.location else ""
    return name.removesuffix(".warc.gz").rpartition("-")[2]
