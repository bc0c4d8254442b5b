"""Traffic of runs, counted in the catalogue: true also after a rebuild, and of runs that were killed."""

from __future__ import annotations

from collections import Counter

from sqlalchemy import func, select

from archive.catalogue import tables
from archive.catalogue.database import Catalog
from archive.exchange import Role
from archive.traffic import Traffic, is_article, status_class


def traffic(catalog: Catalog, run: str) -> Traffic:
    """What a run exchanged, taken-down captures included."""
    table = tables.captures.c
    parts = (table.status, table.role, table.kind, table.truncated.is_not(None))
    question = select(*parts, func.count(), func.sum(table.length)).where(table.run == run).group_by(*parts)
    failed = tables.attempts.c
    answers, roles, counted = Counter[str](), Counter[str](), Counter[str]()
    with catalog.reading() as connection:
        for status, role, kind, truncated, number, size in connection.execute(question):
            answers[status_class(status)] += number
            roles[role] += number
            counted["articles"] += number * is_article(Role(role), status)
            counted["unchanged"] += number * (status == 304)
            counted["revisits"] += number * (kind == "revisit")
            counted["truncated"] += number * truncated
            counted["bytes"] += size
        reasons = select(failed.reason, func.count()).where(failed.run == run).group_by(failed.reason)
        attempts = {row.reason: row[1] for row in connection.execute(reasons)}
    return Traffic(dict(answers), dict(roles), attempts=attempts, **counted)
