"""Withholding: which captures are not handed on because of what they reserve (``[reservations]`` in archive.toml).

Unlike what is taken down they are only kept back at the doors: they can be looked at in the archive, and the setting
can be changed (docs/decisions/0009-reservations-are-kept-and-told.md).
"""

from __future__ import annotations

import json
from collections.abc import Callable

from sqlalchemy import Column, ColumnElement, Connection, false, func, select

from archive.catalogue import tables
from archive.reservation import Reserved, reserved

_captures = tables.captures.c
_others = tables.captures.alias("others").c
_NOTHING = "[]"
_NOT_MODIFIED = 304


def withheld(connection: Connection, kinds: frozenset[Reserved], *, news: bool = True) -> ColumnElement[bool]:
    """A condition on the table of captures: those with such a reservation, never null. It can be asked for later, too.

    Of a 304, which has a head only, the page that it confirms counts as well. Pages say the same few things: each is
    weighed once, whatever the number of captures. ``news``: whether what nobody has said before counts as withheld.
    """
    if not kinds:
        return false()
    speaks = speaking(connection, kinds, news=news)
    confirmed = select(_others.id).where(speaks(_others.reservations))
    return speaks(_captures.reservations) | (
        (func.coalesce(_captures.status, 0) == _NOT_MODIFIED)
        & (_captures.kind == "revisit")
        & func.coalesce(_captures.refers_to, "").in_(confirmed)
    )


def texts_withheld(connection: Connection, kinds: frozenset[Reserved], *, news: bool = True) -> ColumnElement[bool]:
    """The same of texts, joined with the captures that they are of: their further pages count, too."""
    if not kinds:
        return false()
    beside = select(_others.id).where(speaking(connection, kinds, news=news)(_others.reservations))
    further = tables.further.c
    with_pages = select(further.capture).where(further.companion.in_(beside))
    return withheld(connection, kinds, news=news) | _captures.id.in_(with_pages)


def speaking(
    connection: Connection, kinds: frozenset[Reserved], *, news: bool = True
) -> Callable[[Column[str]], ColumnElement[bool]]:
    """A condition to be put on a column of reservations: that they are of these kinds. It reads all captures once."""
    said = connection.scalars(select(_captures.reservations).distinct().where(_captures.reservations != _NOTHING))
    kept_back = {one: bool(kinds & reserved(json.loads(one))) for one in said}
    free = [_NOTHING, *(one for one, is_so in kept_back.items() if not is_so)]
    named = free if news else [one for one, is_so in kept_back.items() if is_so]
    values = select(func.json_each(json.dumps(named)).table_valued("value").c.value)
    return lambda column: column.not_in(values) if news else column.in_(values)
