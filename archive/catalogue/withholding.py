"""Withholding: which captures are not handed on because of what they reserve (``[reservations]`` in archive.toml).

Unlike what is taken down they are only kept back at the doors: they can be looked at in the archive, and the setting
can be changed (docs/decisions/0009-reservations-are-kept-and-told.md).
"""

from __future__ import annotations

import json

from sqlalchemy import ColumnElement, Connection, false, func, select

from archive.catalogue import tables
from archive.reservation import Reserved, reserved

_captures = tables.captures.c
_others = tables.captures.alias("others").c
_NOTHING = "[]"
_NOT_MODIFIED = 304


def withheld(connection: Connection, kinds: frozenset[Reserved]) -> ColumnElement[bool]:
    """A condition on the table of captures: those with such a reservation, never null.

    Of a 304, which has a head only, the page that it confirms counts as well. Pages say the same few things: each is
    weighed once, whatever the number of captures.
    """
    if not kinds:
        return false()
    said = select(_captures.reservations).distinct().where(_captures.reservations != _NOTHING)
    those = [one for one in connection.scalars(said) if kinds & reserved(json.loads(one))]
    if not those:
        return false()
    values = select(func.json_each(json.dumps(those)).table_valued("value").c.value)
    confirmed = select(_others.id).where(_others.reservations.in_(values))
    of_confirmed = func.coalesce(_captures.refers_to, "").in_(confirmed)
    return _captures.reservations.in_(values) | (
        (func.coalesce(_captures.status, 0) == _NOT_MODIFIED) & (_captures.kind == "revisit") & of_confirmed
    )
