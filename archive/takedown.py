"""Takedowns: what must not be handed out any more, decided, listed, and ended again.

The decision is an act in the WARC files (`archive.blocking` says what follows from it), durable and in force when the
call returns. Removing the bytes as well is a step of its own (`archive.purge`).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Table, func, select

from archive import blocking, tables
from archive.blocking import LIFT, TAKEDOWN, Target
from archive.errors import NotFound, PresskeepError, UsageError
from archive.event import Act

if TYPE_CHECKING:
    from archive.store import Archive


@dataclass(frozen=True, slots=True)
class Takedown:
    """One takedown: its act, the act that ended it, if any, and what it concerns.

    ``captures`` and ``attempts`` count what the archive still has of it: what was purged does not count. A takedown of
    a smaller part may be within it: what both concern counts for both.
    """

    target: Target
    act: Act
    lifted: Act | None
    captures: int
    attempts: int

    @property
    def given(self) -> str:
        """The target as it was named."""
        return self.act.first("target") or self.target.key


def take_down(archive: Archive, target: Target, *, given: str, reason: str, by: str = "") -> Takedown:
    """Block a target from now on; what is under text/ is brought up to date, too.

    ``given`` is how the target was named. One that is taken down already stays so, and nothing is written for it.
    Raises UsageError without a reason, ArchiveBusy while the archive is rebuilt, StorageFull.
    """
    _require_reason(reason)
    if _active(archive, target) is None:
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
    taken: dict[Target, Act] = {}
    ended: dict[Target, Act] = {}
    with archive.catalog.reading() as connection:
        for target, act in blocking.decisions(connection):
            if act.act == TAKEDOWN:
                taken[target] = act
                ended.pop(target, None)
            elif target in taken:
                ended[target] = act
    return tuple(_counted(archive, target, act, ended.get(target)) for target, act in taken.items())


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


def _counted(archive: Archive, target: Target, act: Act, lifted: Act | None) -> Takedown:
    numbers = [_number(archive, table, target) for table in (tables.captures, tables.attempts)]
    return Takedown(target, act, lifted, *numbers)


def _number(archive: Archive, table: Table, target: Target) -> int:
    with archive.catalog.reading() as connection:
        if not target.prefix:
            question = select(func.count()).select_from(table).where(target.among(table.c.key))
            return connection.scalar(question) or 0
        keys = select(table.c.key, func.count()).where(target.among(table.c.key)).group_by(table.c.key)
        return sum(number for key, number in connection.execute(keys) if target.covers(key))
