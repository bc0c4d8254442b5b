"""Ids of foreign captures held against those that the archive has: the same capture again, or another of that name.

A capture that several files hold has one row, of the file that came first; but a copy in the archive precedes what lies
elsewhere. The places in the other files are kept beside: if that file goes, one of them takes its place.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import replace
from typing import Any

from sqlalchemy import Connection, Row, delete, select
from sqlalchemy.dialects.sqlite import insert

from archive.capture import Capture
from archive.catalogue import tables, texts
from archive.warc.places import ATTACHED, IMPORTED, is_foreign
from archive.warc.quarantine import is_kept
from archive.warc.reader import made_id


def settled(
    connection: Connection, captures: Sequence[Capture], identity: Callable[[], str]
) -> tuple[list[Capture], int]:
    """Those of some captures of one foreign file that are to be entered, and how many the archive has already.

    One whose id another capture has gets an id made from ``identity``, that of its file, and its place.
    """
    fresh, known, others = _compared(connection, captures)
    if others:
        named = [replace(one, id=made_id(identity(), one.location.offset)) for one in others if one.location]
        more, again, _ = _compared(connection, named)
        fresh, known = fresh + more, known + again
    _note(connection, known)
    return fresh, len(known)


def _compared(
    connection: Connection, captures: Sequence[Capture]
) -> tuple[list[Capture], list[Capture], list[Capture]]:
    """Which of some captures are to be entered, are known from another file, or have the id of another capture."""
    table = tables.captures.c
    columns = (table.id, table.url, table.at, table.kind, table.payload_digest, table.file, table.offset, table.site)
    held: dict[str, Row[Any]] = {}
    for some in tables.in_parts([one.id for one in captures]):
        held |= {row.id: row for row in connection.execute(select(*columns).where(table.id.in_(some)))}
    fresh: list[Capture] = []
    known: list[Capture] = []
    others: list[Capture] = []
    for one in captures:
        row, place = held.get(one.id), one.location
        if row is None or place is None or (row.file, row.offset) == (place.file, place.offset):
            fresh.append(one)
        elif not same(one, row.url, row.at, row.kind, row.payload_digest):
            others.append(one)
        elif place.file.startswith(f"{IMPORTED}/") and row.file.startswith(f"{ATTACHED}/"):
            _give_way(connection, row, one)
            fresh.append(one)
        elif place.file.startswith(f"{IMPORTED}/") and is_kept(row.file):
            fresh.append(one)  # what a repair had to give up for lost is there again
        else:
            known.append(one)
    return fresh, known, others


def same(one: Capture, url: str, at: int, kind: str, payload_digest: str | None) -> bool:
    """Whether a capture with the same id is the same fetch, wherever and however it is stored."""
    return (one.url, one.at, one.kind, one.payload_digest) == (url, at, kind, payload_digest)


def _give_way(connection: Connection, row: Row[Any], one: Capture) -> None:
    """A capture that was known from an attached file is had from a copy now; its texts stay, if its site does."""
    if row.site != one.site:
        texts.forget(connection, [row.id])
    pending = tables.pending.c
    connection.execute(delete(tables.pending).where(pending.file == row.file, pending.offset == row.offset))
    connection.execute(delete(tables.captures).where(tables.captures.c.id == row.id))
    connection.execute(_copies([{"file": row.file, "offset": row.offset, "id": row.id}]))


def _note(connection: Connection, known: Iterable[Capture]) -> None:
    places = [(one.location, one.id) for one in known]
    rows = [{"file": place.file, "offset": place.offset, "id": name} for place, name in places if place is not None]
    if rows:
        connection.execute(_copies(rows))


def _copies(rows: list[dict[str, Any]]) -> Any:  # noqa: ANN401 - a statement of a dialect
    statement = insert(tables.copies).values(rows)
    return statement.on_conflict_do_update(
        index_elements=[tables.copies.c.file, tables.copies.c.offset], set_={"id": statement.excluded.id}
    )


def depending(connection: Connection, ids: Sequence[str]) -> set[str]:
    """The foreign files that tell something else once captures are gone: they hold some of them, or share their ids."""
    table, copies = tables.captures, tables.copies
    found = set(connection.scalars(select(copies.c.file).where(copies.c.id.in_(ids)).distinct()))
    found.update(connection.scalars(select(table.c.file).where(table.c.record.in_(ids)).distinct()))
    return {file for file in found if is_foreign(file)}


def contested(connection: Connection, file: str) -> list[str]:
    """Ids of captures that a file holds as well as others, and that a third one has in its records for another capture.

    Who has such an id follows from who came first, even where that one has given way to a copy since.
    """
    table, copies = tables.captures, tables.copies
    others = select(table.c.id).where(table.c.record == copies.c.id).exists()
    return list(connection.scalars(select(copies.c.id).where(copies.c.file == file, others)))


def holding(connection: Connection, ids: Sequence[str]) -> set[str]:
    """The foreign files from which the catalogue has captures."""
    table = tables.captures
    found = connection.scalars(select(table.c.file).where(table.c.id.in_(ids)).distinct())
    return {file for file in found if is_foreign(file)}
