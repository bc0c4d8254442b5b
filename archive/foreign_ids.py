"""Ids of foreign captures held against those that the archive has: the same capture again, or another of that name."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from sqlalchemy import Connection, select

from archive import tables
from archive.capture import Capture
from archive.warc.reader import made_id


def settled(
    connection: Connection, captures: Sequence[Capture], identity: Callable[[], str]
) -> tuple[list[Capture], int]:
    """Those of some captures of one foreign file that are to be entered, and how many the archive has already.

    One whose id another capture has gets an id made from ``identity``, that of its file, and its place.
    """
    table = tables.captures.c
    question = select(table.id, table.url, table.at, table.kind, table.payload_digest, table.file, table.offset)
    rows = connection.execute(question.where(table.id.in_([one.id for one in captures])))
    held = {row.id: row for row in rows}
    fresh: list[Capture] = []
    known = 0
    for one in captures:
        row = held.get(one.id)
        place = one.location
        if row is None or place is None or (row.file, row.offset) == (place.file, place.offset):
            fresh.append(one)
        elif same(one, row.url, row.at, row.kind, row.payload_digest):
            known += 1
        else:
            fresh.append(replace(one, id=made_id(identity(), place.offset)))
    return fresh, known


def same(one: Capture, url: str, at: int, kind: str, payload_digest: str | None) -> bool:
    """Whether a capture with the same id is the same fetch, wherever and however it is stored."""
    return (one.url, one.at, one.kind, one.payload_digest) == (url, at, kind, payload_digest)
