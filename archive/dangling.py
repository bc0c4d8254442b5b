"""Revisits held against what they refer to: a payload that is stored once only must be there."""

from __future__ import annotations

from collections.abc import Iterator

from sqlalchemy import func, select

from archive import losses, tables
from archive.catalog import Catalog
from archive.holdings import FETCH
from archive.warc.finding import Finding, Rule
from archive.warc.quarantine import is_kept

CATALOG = "catalog.sqlite"  # what a finding is said of that sums up many files


def of_revisits(catalog: Catalog) -> Iterator[Finding]:
    """What revisits refer to and the archive does not have, or has with another payload.

    Other writers' files often refer to files that are elsewhere; those are counted, not named. What a repair lost is
    known: it is told, and is no damage any more.
    """
    revisit, referent = tables.captures.alias("revisit"), tables.captures.alias("referent")
    joined = (
        select(revisit.c.file, revisit.c.offset, revisit.c.url, revisit.c.refers_to, referent.c.file)
        .join_from(revisit, referent, referent.c.id == revisit.c.refers_to, isouter=True)
        .where(revisit.c.refers_to.is_not(None))
        .order_by(revisit.c.file, revisit.c.offset)
    )
    of_ours = joined.where(
        revisit.c.run.is_not(None),
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
        .where(revisit.c.refers_to.is_not(None), revisit.c.run.is_(None), referent.c.id.is_(None))
    )
    with catalog.reading() as connection:
        for file, offset, url, refers_to, found in connection.execution_options(yield_per=FETCH).execute(of_ours):
            known = found is not None and is_kept(found)
            there = "was lost to damage" if known else "has another payload"
            what = "is not in the archive" if found is None else there
            said = f"the revisit of {url} refers to {refers_to}, which {what}: that payload is lost"
            yield Finding(file, offset, Rule.LOST_REFERENT if known else Rule.REVISIT, said)
        number = connection.scalar(elsewhere) or 0
    if number:
        said = f"{number:,} revisits of other writers refer to records that are not in the archive"
        yield Finding(CATALOG, 0, Rule.FOREIGN_REFERENT, said)
