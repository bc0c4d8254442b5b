"""Blocking: what is taken down, by the acts that say so, and which captures and attempts that concerns.

A takedown is an act in the WARC files, and so is its end; the latest of both about a target decides. What they mean for
captures and attempts follows from their keys alone: the table of what is blocked is the same in whatever order acts and
captures are entered. Acts of files that came from elsewhere decide nothing here.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy import Column, ColumnElement, Connection, Table, delete, false, func, or_, select
from sqlalchemy.dialects.sqlite import insert

from archive.catalogue import tables
from archive.catalogue.database import Catalog
from archive.catalogue.rows import act_of_row
from archive.clock import to_datetime
from archive.errors import TakenDown, UsageError
from archive.event import Act
from archive.url import host, normalise
from archive.warc.places import is_foreign

TAKEDOWN, LIFT = "takedown", "lift"  # the two acts
_DECIDING = (TAKEDOWN, LIFT)
_AGAIN = 1.0  # seconds for which a crawl may go by what was decided before
_BEHIND_ALL = "\U0010ffff"  # sorts behind whatever a URL continues with

blocked = tables.blocked


@dataclass(frozen=True, slots=True)
class Target:
    """What a takedown is about: one address in all its spellings, or with ``prefix`` that and all below it.

    ``key`` is a normalised URL (`archive.url.normalise`).
    """

    key: str
    prefix: bool = False

    @classmethod
    def of(cls, given: str, *, prefix: bool = False) -> Target:
        """The target that somebody named; https is put before an address without a scheme. Raises UsageError."""
        url = given.strip() if "://" in given else f"https://{given.strip()}"
        if not host(url) or url.count("[") != url.count("]"):
            raise UsageError(f"{given!r} is no web address: write it as in https://example-news.org/2026/story")
        if not prefix and "://" not in given and "/" not in given:
            raise UsageError(
                f"{given} is a whole host: say --prefix to mean all of its pages, or name its front page as {url}/"
            )
        return cls(normalise(url), prefix)

    def covers(self, key: str) -> bool:
        """Whether a normalised URL is meant: itself, or what continues it behind a ``/``, its query or a parameter."""
        if key == self.key:
            return True
        if not self.prefix or not key.startswith(self.key):
            return False
        return self.key.endswith("/") or key[len(self.key)] in ("&" if "?" in self.key else "/?")

    def beginnings(self) -> tuple[str, ...]:
        """What the keys that are meant begin with, beside the target's own."""
        if not self.prefix:
            return ()
        if self.key.endswith("/"):
            return (self.key,)
        return (f"{self.key}&",) if "?" in self.key else (f"{self.key}/", f"{self.key}?")

    def among(self, column: Column[str]) -> ColumnElement[bool]:
        """A condition that holds for all keys that can be meant; `covers` decides."""
        return (column >= self.key) & (column < self.key + _BEHIND_ALL) if self.prefix else column == self.key


@dataclass(frozen=True, slots=True)
class Rules:
    """What is taken down, by target: the last act that says so, and since when, in microseconds.

    ``decided`` tells whether anything ever was.
    """

    active: Mapping[Target, Act]
    decided: bool = False
    since: Mapping[Target, int] = field(default_factory=dict)

    def covers(self, key: str) -> bool:
        """Whether a normalised URL is taken down."""
        return self.why(key) is not None

    def why(self, key: str) -> Act | None:
        """The act by which a normalised URL is taken down; None where it is not."""
        target = self.target(key)
        return None if target is None else self.active[target]

    def target(self, key: str) -> Target | None:
        """The narrowest target that is taken down and covers a normalised URL."""
        if not self.active:
            return None
        exact = Target(key)
        return exact if exact in self.active else next((one for one in _above(key) if one in self.active), None)


def _above(key: str) -> Iterator[Target]:
    """The prefixes that cover a key, the longest first."""
    yield Target(key, prefix=True)
    query = key.find("?")
    for at in range(len(key) - 1, 0, -1):
        if key[at] == "/":
            yield Target(key[: at + 1], prefix=True)
        if key[at] in ("&" if 0 <= query < at else "/?"):
            yield Target(key[:at], prefix=True)


def target_of(act: Act) -> Target | None:
    """What a takedown, or the end of one, is about; None for any other act, and for one of another archive's."""
    return named_by(act) if act.act in _DECIDING else None


def named_by(act: Act) -> Target | None:
    """The target that an act names; None for one that names none, and for one of another archive's."""
    key = act.first("key")
    if key is None or act.location is None or is_foreign(act.location.file):
        return None
    return Target(key, act.first("scope") == "prefix")


def facts(target: Target, given: str, reason: str, by: str) -> list[tuple[str, str]]:
    """The facts of an act about a target; ``given`` is how it was named."""
    scope = "prefix" if target.prefix else "url"
    said = [("target", given), ("scope", scope), ("key", target.key), ("reason", reason)]
    return [*said, ("by", by)] if by else said


def decisions(connection: Connection) -> Iterator[tuple[Target, Act]]:
    """All takedowns and their ends, in the order of time."""
    table = tables.acts
    question = select(table).where(table.c.act.in_(_DECIDING)).order_by(table.c.at, table.c.id)
    for row in connection.execute(question).mappings():
        act = act_of_row(row)
        target = target_of(act)
        if target is not None:
            yield target, act


def rules(connection: Connection) -> Rules:
    """What is taken down by all that is decided so far."""
    active: dict[Target, Act] = {}
    since: dict[Target, int] = {}
    decided = False
    for target, act in decisions(connection):
        decided = True
        if act.act == TAKEDOWN:
            active[target] = act
            since.setdefault(target, act.at)
        else:
            active.pop(target, None)
            since.pop(target, None)
    return Rules(active, decided, since)


def allowed(column: Column[str]) -> ColumnElement[bool]:
    """Whether the capture or attempt of an id may be handed out: to be a condition of whatever hands one out."""
    return ~select(blocked.c.id).where(blocked.c.id == column).exists()


def count(connection: Connection) -> int:
    """How many captures and attempts are blocked."""
    return connection.scalar(select(func.count()).select_from(blocked)) or 0


def covered(targets: Sequence[Target], column: Column[str]) -> ColumnElement[bool]:
    """A condition on a column of keys: that one of some targets covers it. Their number is not limited."""
    if not targets:
        return false()
    named = func.json_each(json.dumps([one.key for one in targets])).table_valued("value").c.value
    begin = (
        func.json_each(json.dumps([one for each in targets for one in each.beginnings()])).table_valued("value").c.value
    )
    below = select(begin).where(column >= begin, column < begin.concat(_BEHIND_ALL)).correlate(column.table)
    return column.in_(select(named)) | below.exists()


def apply(connection: Connection, acts: Sequence[Act], rows: Sequence[Mapping[str, Any]]) -> None:
    """Bring what is blocked up to date: for acts that were entered now, and rows of captures and attempts.

    Of what is blocked now, the texts go: they are made again once it is free.
    """
    if not rows and not any(target_of(act) for act in acts):
        return
    known = rules(connection)
    if not known.decided:
        return
    for table in (tables.captures, tables.attempts):
        conditions = [one.among(table.c.key) for one in {target_of(act) for act in acts} if one is not None]
        for some in tables.in_parts(conditions):
            _decide(connection, known, table, or_(*some))
        # By the key of the row that stands there: another record may have had the id before.
        for part in tables.in_parts([row["id"] for row in rows if known.covers(row["key"])]):
            _decide(connection, known, table, table.c.id.in_(part))


def _decide(connection: Connection, known: Rules, table: Table, which: ColumnElement[bool]) -> None:
    from archive.catalogue.further import touched  # noqa: PLC0415 - they stand on what enters captures, that on this
    from archive.catalogue.texts import forget  # noqa: PLC0415 - the same

    question = select(table.c.id, table.c.key, blocked.c.id).join_from(
        table, blocked, blocked.c.id == table.c.id, isouter=True
    )
    found = connection.execute(question.where(which)).all()
    new = [{"id": one, "key": key} for one, key, was in found if was is None and known.covers(key)]
    free = [one for one, key, was in found if was is not None and not known.covers(key)]
    if new:
        connection.execute(insert(blocked).on_conflict_do_nothing(), new)
        forget(connection, [row["id"] for row in new])
    for some in tables.in_parts(free):
        connection.execute(delete(blocked).where(blocked.c.id.in_(some)))
    touched(connection, {key for one, key, was in found if was is not None and not known.covers(key)})


def refuse(catalog: Catalog, *, url: str | None = None, id: str | None = None) -> None:
    """Raise TakenDown where a URL, or the capture or attempt of an id, is taken down."""
    with catalog.reading() as connection:
        key = normalise(url) if url is not None else connection.scalar(select(blocked.c.key).where(blocked.c.id == id))
        known = rules(connection)
        target = known.target(key) if key is not None else None
    if target is not None:
        reason, when = known.active[target].first("reason") or "", to_datetime(known.since[target])
        raise TakenDown(
            f"{url or id} was taken down on {when:%Y-%m-%d} ({reason}): 'presskeep takedown --list' shows all such, "
            "--lift ends one",
            url=url,
        )


def watch(catalog: Catalog) -> Callable[[str], bool]:
    """A question that a crawl asks of each URL: whether it is taken down, by what was decided up to a second ago."""
    known = Rules({})
    read = float("-inf")

    def is_taken_down(url: str) -> bool:
        nonlocal known, read
        if time.monotonic() - read > _AGAIN:
            with catalog.reading() as connection:
                known = rules(connection)
            read = time.monotonic()
        return bool(known.active) and known.covers(normalise(url))

    return is_taken_down
