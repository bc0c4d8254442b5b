"""Traffic of runs, counted in the catalogue: true also after a rebuild, and of runs that were killed."""

from __future__ import annotations

from sqlalchemy import func, select

from archive.catalogue import tables
from archive.catalogue.database import Catalog
from archive.exchange import Role
from archive.traffic import Answers, Traffic


def traffic(catalog: Catalog, run: str) -> Traffic:
    """What a run exchanged, taken-down captures included."""
    table = tables.captures.c
    alike = (table.status, table.role, table.kind, table.truncated.is_not(None))
    question = select(*alike, func.count(), func.sum(table.length)).where(table.run == run).group_by(*alike)
    failed = tables.attempts.c
    reasons = select(failed.reason, func.count()).where(failed.run == run).group_by(failed.reason)
    with catalog.reading() as connection:
        answers = [
            Answers(status, Role(role), kind, truncated, number, size)
            for status, role, kind, truncated, number, size in connection.execute(question)
        ]
        return Traffic.summed(answers, {row.reason: row[1] for row in connection.execute(reasons)})
