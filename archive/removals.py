"""Removals, for whoever verifies: which tombstones an act accounts for, and which purges are still under way."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from archive import tables
from archive.comparison import CATALOG
from archive.purge import PURGE, unfinished
from archive.rewrites import is_done, is_to_come, pending
from archive.warc.finding import Finding, Rule
from archive.warc.places import is_foreign

if TYPE_CHECKING:
    from archive.store import Archive

_OF_FILE = frozenset({Rule.FILE, Rule.IMPORTED_FILE})
# What a file breaks whose places the catalogue does not have yet.
_OF_PLACES = frozenset({Rule.CATALOGUE, Rule.UNKNOWN_FILE, Rule.UNKNOWN_IMPORT, Rule.GONE, *_OF_FILE})


def purges(connection: Connection) -> frozenset[str]:
    """The ids of the acts by which records were removed."""
    table = tables.acts
    return frozenset(connection.scalars(select(table.c.id).where(table.c.act == PURGE)))


def considered(archive: Archive, findings: Sequence[Finding]) -> list[Finding]:
    """The findings, with what a purge that was killed explains put as what it is."""
    with archive.catalog.reading() as connection:
        waiting = pending(connection)
    replaced = {file for file, one in waiting.items() if is_done(archive.warc_path, one)}
    # Of an imported file the act says already what it will be.
    to_come = {file for file, one in waiting.items() if is_foreign(file) and is_to_come(archive.warc_path, one)}
    findings = [one for one in findings if one.rule not in _OF_FILE or one.file not in to_come]
    found = [one for one in findings if one.file not in replaced or one.rule not in _OF_PLACES]
    said = "a purge was killed just after it had replaced this file"
    found += [Finding(file, 0, Rule.REPLACED, said) for file in sorted(replaced)]
    for act in unfinished(archive):
        found.append(Finding(CATALOG, 0, Rule.PURGE, f"the purge of {act.first('target')} has not ended"))
    return found
