"""Which files of the archive may be handed out as they are: those in which nothing is that may not.

A WARC file is bytes: who has it has all of its records, whatever the catalogue says of them.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from threading import Lock

from sqlalchemy import Connection, func, or_, select

from archive.catalogue import blocking, tables
from archive.catalogue.holdings import FileState, file_states
from archive.catalogue.terms import Filter, Terms, in_force_of
from archive.replay.mementos import Mementos
from archive.store import Archive
from archive.warc.places import is_foreign

_captures, _attempts, _acts = tables.captures.c, tables.attempts.c, tables.acts.c
TAKEN_DOWN = "it holds what was taken down"
WITHHELD = "it holds what is withheld because of what its publisher reserves"
FOREIGN = "it came from elsewhere and may hold what was taken down, or what the archive does not have"
TELLS = "it tells what was taken down, and why"
OPEN = "it is still being written"
REMOTE = "it lies behind a URL"

State = tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Filed:
    """The files of one state of the catalogue; ``refused`` says of those that are not handed out why."""

    state: State
    files: Mapping[str, FileState]
    refused: Mapping[str, str]


class Files:
    """The files of an archive. Safe for threads."""

    def __init__(self, archive: Archive, mementos: Mementos) -> None:
        self._archive = archive
        self._mementos = mementos
        self._elsewhere = mementos.elsewhere
        self._known: Filed | None = None
        self._lock = Lock()

    def now(self) -> Filed:
        """The files as they are by now; what they hold is looked at again when anything was added or decided."""
        with self._lock, self._archive.catalog.reading() as connection:
            state = self.state(connection)
            if self._known is None or self._known.state != state:
                files = file_states(connection)
                self._known = Filed(state, files, self._refused(connection, files))
            return self._known

    def state(self, connection: Connection) -> State:
        """Numbers that change with whatever is added to the archive, decided, or withheld."""
        acts = connection.execute(select(func.count(), func.coalesce(func.max(_acts.at), 0))).one()
        files = connection.execute(select(func.count(), func.coalesce(func.sum(tables.files.c.size), 0))).one()
        closed = select(func.count()).where(tables.files.c.sha256.is_not(None))
        blocked = select(func.count()).select_from(tables.blocked)
        kinds = sum(map(hash, self._mementos.kinds(connection)))
        beside = hash(self._elsewhere.targets())
        return (*acts, *files, connection.scalar(closed) or 0, connection.scalar(blocked) or 0, kinds, beside)

    def _refused(self, connection: Connection, files: Mapping[str, FileState]) -> dict[str, str]:
        refused: dict[str, str] = {}

        def refuse(names: object, why: str) -> None:
            refused.update({str(name): why for name in names})  # type: ignore[attr-defined]

        withheld = self._mementos.withheld(connection)
        copied = select(tables.copies.c.file).where(tables.copies.c.id.in_(select(_captures.id).where(withheld)))
        if self._mementos.kinds(connection):
            refuse(connection.scalars(select(_captures.file).where(withheld).distinct()), WITHHELD)
            refuse(connection.scalars(copied), WITHHELD)
        decided = or_(_acts.act.in_([blocking.TAKEDOWN, blocking.LIFT]), _acts.act.like("purge%"))
        refuse(connection.scalars(select(_acts.file).where(decided)), TELLS)
        blocked = select(tables.blocked.c.id)
        for table in (_captures, _attempts):
            refuse(connection.scalars(select(table.file).where(table.id.in_(blocked)).distinct()), TAKEN_DOWN)
        if self._elsewhere.targets():
            beside = self._elsewhere.condition()
            refuse(connection.scalars(select(_captures.file).where(beside).distinct()), TAKEN_DOWN)
            also = select(tables.copies.c.file).where(tables.copies.c.id.in_(select(_captures.id).where(beside)))
            refuse(connection.scalars(also), TAKEN_DOWN)
        foreign = [file for file in files if is_foreign(file)]
        if foreign:
            something = bool(blocking.rules(connection).active or self._elsewhere.targets())
            terms = in_force_of(connection)
            for file in foreign:
                agreed = terms.get(file, Terms(file))
                if something or agreed.filter != Filter() or agreed.listed is not None:
                    refused[file] = FOREIGN
        refuse((file for file, state in files.items() if state.sha256 is None), OPEN)
        return refused
