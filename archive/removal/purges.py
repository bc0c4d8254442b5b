"""Purges as the acts in the WARC files tell them: which were begun, which have ended, and how one is done again."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Connection, select

from archive.catalogue import tables
from archive.catalogue.blocking import Target, named_by
from archive.catalogue.rows import act_of_row
from archive.event import Act

if TYPE_CHECKING:
    from archive.store import Archive

PURGE, PURGED = "purge", "purged"  # the acts that begin and end one


@dataclass(frozen=True, slots=True)
class Told:
    """One purge: the act that began it, what it is about, and the act that ended it, if it has ended.

    With ``payload`` it removes other captures of the same pages, too.
    """

    begun: Act
    target: Target
    ended: Act | None = None

    @property
    def given(self) -> str:
        """The target as it was named."""
        return self.begun.first("target") or self.target.key

    @property
    def payload(self) -> bool:
        """Whether it removes other captures of the same pages."""
        return self.begun.first("payload") == "yes"

    @property
    def command(self) -> str:
        """The command line that does it again."""
        words = ["presskeep", "takedown", self.given, *(["--prefix"] if self.target.prefix else [])]
        words += ["--purge", "--payload"] if self.payload else ["--purge"]
        return shlex.join([*words, "--reason", self.begun.first("reason") or ""])


def told(connection: Connection) -> tuple[Told, ...]:
    """All purges, by the time at which they were begun."""
    table = tables.acts
    # First all that begin: a clock may have been set back before one ended.
    question = select(table).where(table.c.act.in_((PURGE, PURGED))).order_by(table.c.act, table.c.at, table.c.id)
    found: dict[str, Told] = {}
    for row in connection.execute(question).mappings():
        act = act_of_row(row)
        if act.act == PURGED:
            begun = found.get(act.first("purge") or "")
            if begun is not None:
                found[begun.begun.id] = Told(begun.begun, begun.target, act)
        elif (target := named_by(act)) is not None:
            found[act.id] = Told(act, target)
    return tuple(found.values())


def unfinished(archive: Archive) -> tuple[Told, ...]:
    """The purges that were begun and not ended, by time: to run the same command again ends one."""
    with archive.catalog.reading() as connection:
        return tuple(one for one in told(connection) if one.ended is None)


def named(purges: Iterable[Told]) -> str:
    """The targets of some purges, each once, to be named in a sentence."""
    return ", ".join(dict.fromkeys(one.given for one in purges))
