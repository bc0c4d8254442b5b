"""Takedowns: what must not be handed out any more, decided, listed, and ended again.

The decision is an act in the WARC files (`archive.catalogue.blocking` says what follows from it), durable and in force
when the call returns. Removing the bytes as well is a step of its own (`archive.removal.purge`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Table, func, select

from archive.catalogue import blocking, tables
from archive.catalogue.blocking import LIFT, TAKEDOWN, Target
from archive.errors import NotFound, PresskeepError, UsageError
from archive.event import Act
from archive.removal import purges
from archive.removal.purges import Told

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Takedown:
    """One takedown: the last act that says so, since when, the act that ended it, if any, and what it concerns.

    ``history`` are all acts about exactly this target, by time: it may have been taken down for another reason before,
    or lifted and taken down again; ``purges`` are those of them that removed its bytes. ``captures`` and ``attempts``
    count what the archive still has of it: what was purged does not count. A takedown of a smaller part may be within
    it: what both concern counts for both.
    """

    target: Target
    act: Act
    since: int
    lifted: Act | None
    captures: int
    attempts: int
    history: tuple[Act, ...] = ()
    purges: tuple[Told, ...] = ()

    @property
    def given(self) -> str:
        """The target as it was named."""
        return self.act.first("target") or self.target.key


def take_down(archive: Archive, target: Target, *, given: str, reason: str, by: str = "") -> Takedown:
    """Block a target from now on; what is under text/ is brought up to date, too.

    ``given`` is how the target was named. Of one that is taken down already, another reason or name is kept by one act
    more. Raises UsageError without a reason, ArchiveBusy while the archive is rebuilt, StorageFull.
    """
    _require_reason(reason)
    known = _active(archive, target)
    if known is None or (known.first("reason"), known.first("by") or "") != (reason.strip(), by.strip()):
        _decide(archive, TAKEDOWN, target, given, reason, by)
        if _active(archive, target) is None:
            raise PresskeepError(
                "the clock of this machine is behind that of an earlier decision about the same target: set it right, "
                "then run the command again"
            )
    archive.compact()
    return _of(archive, target)


def lift(archive: Archive, target: Target, *, given: str, reason: str, by: str = "") -> Takedown:
    """End a takedown; what was not purged is handed out again, its texts once they are made again.

    Raises NotFound where there is no takedown of exactly this target.
    """
    _require_reason(reason)
    with archive.catalog.reading() as connection:
        known = blocking.rules(connection)
    if target not in known.active:
        wider = known.why(target.key)
        hint = (
            f"it lies within the takedown of {wider.first('target')}: lift that one"
            if wider is not None
            else "'presskeep takedown --list' shows what is"
        )
        raise NotFound(f"{given} is not taken down{' by itself' if wider is not None else ''}: {hint}")
    _decide(archive, LIFT, target, given, reason, by)
    if _active(archive, target) is not None:
        raise PresskeepError("the clock of this machine is behind that of the takedown: set it right, and lift it then")
    return _of(archive, target)


def listed(archive: Archive) -> tuple[Takedown, ...]:
    """All takedowns, those that were lifted too, by the time of the first decision about their target."""
    history: dict[Target, list[Act]] = {}
    removed: dict[Target, list[Told]] = {}
    with archive.catalog.reading() as connection:
        for target, act in blocking.decisions(connection):
            if target in history or act.act == TAKEDOWN:
                history.setdefault(target, []).append(act)
        for purge in purges.told(connection):
            removed.setdefault(purge.target, []).append(purge)
    return tuple(_listed(archive, target, acts, removed.get(target, [])) for target, acts in history.items())


def is_down(archive: Archive, target: Target) -> bool:
    """Whether exactly this target is taken down."""
    return _active(archive, target) is not None


def reason_for(archive: Archive, target: Target) -> str:
    """Why exactly this target is taken down; empty where it is not."""
    act = _active(archive, target)
    return (act.first("reason") or "") if act is not None else ""


def _require_reason(reason: str) -> None:
    if not reason.strip():
        raise UsageError("say why, as in --reason 'court order 12/2026': it is kept for whoever asks later")


def _active(archive: Archive, target: Target) -> Act | None:
    with archive.catalog.reading() as connection:
        return blocking.rules(connection).active.get(target)


def _decide(archive: Archive, act: str, target: Target, given: str, reason: str, by: str) -> None:
    with archive.writer(act, worker=act) as writer:
        writer.add_act(act, blocking.facts(target, given, reason.strip(), by.strip()))


def _of(archive: Archive, target: Target) -> Takedown:
    return next(one for one in reversed(listed(archive)) if one.target == target)


def _listed(archive: Archive, target: Target, decisions: list[Act], removed: list[Told]) -> Takedown:
    act, since, lifted = decisions[0], decisions[0].at, None
    for one in decisions:
        if one.act == LIFT:
            lifted = one
            continue
        if lifted is not None:
            since, lifted = one.at, None
        act = one
    told = [*decisions, *(one.begun for one in removed), *(one.ended for one in removed if one.ended is not None)]
    history = sorted(told, key=lambda one: (one.at, one.id))
    captures, attempts = (_number(archive, table, target) for table in (tables.captures, tables.attempts))
    return Takedown(target, act, since, lifted, captures, attempts, tuple(history), tuple(removed))


def _number(archive: Archive, table: Table, target: Target) -> int:
    with archive.catalog.reading() as connection:
        if not target.prefix:
            question = select(func.count()).select_from(table).where(target.among(table.c.key))
            return connection.scalar(question) or 0
        keys = select(table.c.key, func.count()).where(target.among(table.c.key)).group_by(table.c.key)
        return sum(number for key, number in connection.execute(keys) if target.covers(key))
