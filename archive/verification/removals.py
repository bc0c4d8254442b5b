"""Removals, for whoever verifies: which tombstones an act accounts for, which purges have not ended or are undone."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from archive.catalogue import tables
from archive.catalogue.comparison import CATALOG
from archive.entering.rewrites import Reason, is_done, is_to_come, pending
from archive.removal.purges import PURGE, Told, named, told
from archive.removal.returned import again_there, returned
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
    """The findings, with what is explained by a purge or a repair put as what it is."""
    warc = archive.warc_path
    with archive.catalog.reading() as connection:
        waiting = pending(connection)
        those = told(connection)
        back = list(returned(connection, warc))
        again = again_there(connection)
    replaced = {file: one for file, one in waiting.items() if is_done(warc, one)}
    # Of an imported file the act says already what it will be.
    to_come = {file for file, one in waiting.items() if is_foreign(file) and is_to_come(warc, one)}
    known = {*replaced, *(one.file for one in back if not one.entered)}
    found = [one for one in findings if one.rule not in _OF_FILE or one.file not in to_come]
    found = [one for one in found if one.rule not in _OF_PLACES or one.file not in known]
    for file, rewrite in sorted(replaced.items()):
        what = "repair" if rewrite.reason == Reason.REPAIR else "purge"
        found.append(Finding(file, 0, Rule.REPLACED, f"a {what} was killed just after it had replaced this file"))
    for one in back:
        if not (one.content or one.entered):
            said = f"the file is as it was before the purge of {named(one.purges)}, by which pages in it had payloads"
            found.append(Finding(one.file, 0, Rule.OLDER_COPY, said))
    found += _returned({one.file: one.purges for one in back if one.content}, again)
    for purge in those:
        if purge.ended is None:
            found.append(Finding(CATALOG, 0, Rule.PURGE, f"the purge of {purge.given} has not ended"))
    return found


def _returned(by_file: dict[str, tuple[Told, ...]], again: dict[str, tuple[Told, ...]]) -> Iterator[Finding]:
    for file in sorted({*by_file, *again}):
        those = {one.begun.id: one for one in (*by_file.get(file, ()), *again.get(file, ()))}
        said = f"what the purge of {named(those.values())} had removed from this file is in it again"
        yield Finding(file, 0, Rule.RETURNED, said)
