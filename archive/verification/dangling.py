"""Revisits held against what they refer to: a payload that is stored once only must be there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import ColumnElement, Connection, RowMapping, func, or_, select

from archive.catalogue import losses, tables
from archive.catalogue.database import Catalog
from archive.catalogue.holdings import FETCH
from archive.entering.rewrites import all_of_them
from archive.removal import purges
from archive.removal.purges import Told
from archive.url import normalise
from archive.warc.finding import Finding, Rule
from archive.warc.places import ATTACHED, IMPORTED
from archive.warc.quarantine import is_kept

CATALOG = "catalog.sqlite"  # what a finding is said of that sums up many files


def of_revisits(catalog: Catalog) -> Iterator[Finding]:
    """What revisits refer to and the archive does not have, or has with another payload.

    Other writers' files often refer to files that are elsewhere, and so do those of other archives of ours; those are
    counted, not named. What a repair lost or a purge removed is known: it is told, and is no damage any more.
    """
    revisit, referent = tables.captures.alias("revisit"), tables.captures.alias("referent")
    is_revisit = (revisit.c.kind == "revisit") & revisit.c.refers_to.is_not(None)  # a page that was drawn refers, too
    ours = revisit.c.run.is_not(None) & ~_is_foreign(revisit.c.file)
    joined = (
        select(revisit, referent.c.file.label("found"))
        .join_from(revisit, referent, referent.c.id == revisit.c.refers_to, isouter=True)
        .where(is_revisit)
        .order_by(revisit.c.file, revisit.c.offset)
    )
    of_ours = joined.where(
        ours,
        ~losses.is_lost(revisit.c.file),
        referent.c.id.is_(None)
        | losses.is_lost(referent.c.file)
        | (
            # Of one algorithm: its setting may have changed in between.
            (func.substr(referent.c.payload_digest, 1, 5) == func.substr(revisit.c.payload_digest, 1, 5))
            & (referent.c.payload_digest != revisit.c.payload_digest)
        ),
    )
    elsewhere = (
        select(func.count())
        .select_from(revisit)
        .join(referent, referent.c.id == revisit.c.refers_to, isouter=True)
        .where(is_revisit, ~ours, referent.c.id.is_(None))
    )
    with catalog.reading() as connection:
        removed = _Removed(connection)
        for row in connection.execution_options(yield_per=FETCH).execute(of_ours).mappings():
            rule, what = _breach(row, removed)
            said = f"the revisit of {row['url']} refers to {row['refers_to']}, which {what}: that payload is lost"
            yield Finding(row["file"], row["offset"], rule, said)
        number = connection.scalar(elsewhere) or 0
    if number:
        said = f"{number:,} revisits of other writers refer to records that are not in the archive"
        yield Finding(CATALOG, 0, Rule.FOREIGN_REFERENT, said)


class _Removed:
    """What purges have removed, and which revisits have inherited a payload from it."""

    def __init__(self, connection: Connection) -> None:
        self._purges: tuple[Told, ...] = purges.told(connection)
        self._heirs = {
            revisit
            for one in (all_of_them(connection) if self._purges else ())
            for name, revisit in one.facts
            if name == "promoted"
        }

    def accounts_for(self, row: RowMapping) -> bool:
        """Whether a revisit's payload went with a purge; one that inherited it must have it."""
        at, key = row["refers_to_at"], normalise(row["refers_to_uri"] or row["url"])
        return row["id"] not in self._heirs and any(
            one.target.covers(key) and at is not None and at < one.begun.at for one in self._purges
        )


def _breach(row: RowMapping, removed: _Removed) -> tuple[Rule, str]:
    if row["found"] is None:
        gone = removed.accounts_for(row)
        return (Rule.PURGED_REFERENT, "was purged") if gone else (Rule.REVISIT, "is not in the archive")
    if is_kept(row["found"]):
        return Rule.LOST_REFERENT, "was lost to damage"
    return Rule.REVISIT, "has another payload"


def _is_foreign(file: ColumnElement[str]) -> ColumnElement[bool]:
    return or_(*(file.startswith(f"{one}/") for one in (IMPORTED, ATTACHED)))
