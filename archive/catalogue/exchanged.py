"""Traffic of runs, counted in the catalogue: true also after a rebuild, and of runs that were killed."""

from __future__ import annotations

from sqlalchemy import func, or_, select

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
    of_parts = or_(failed.role == Role.REQUISITE, (failed.role == Role.ROBOTS) & failed.hops.contains("E"))
    reasons = select(failed.reason, of_parts, func.count()).where(failed.run == run).group_by(failed.reason, of_parts)
    with catalog.reading() as connection:
        answers = [
            Answers(status, Role(role), kind, truncated, number, size)
            for status, role, kind, truncated, number, size in connection.execute(question)
        ]
        counts: tuple[dict[str, int], dict[str, int]] = ({}, {})  # the same rule as `archive.exchange.is_for_a_page`
        for reason, for_a_page, number in connection.execute(reasons):
            counts[bool(for_a_page)][reason] = number
        return Traffic.summed(answers, *counts)
