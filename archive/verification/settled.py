"""Settled: findings about files that others write, close or replace at that very time are looked at again.

A verification asks the catalogue first and reads the files then; what a crawl or a purge does in between would look
like a fault. So what is found counts only if catalogue and file stood still from before the look until after it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from archive import locking
from archive.catalogue import comparison, holdings
from archive.catalogue.holdings import FileState
from archive.errors import DamagedRecord
from archive.warc.finding import Finding, Rule
from archive.warc.paths import OPEN, resolve
from archive.warc.places import ATTACHED

if TYPE_CHECKING:
    from archive.store import Archive

_TRIES = 5
# A writer gives a full file its name at once, and tells the catalogue with its next commit: in a second at the latest,
# on a machine that has time. Waited for once in a verification, for files that were written to so lately.
_PATIENCE = 5.0
_LATELY = 60.0
_STEP = 0.1
_OF_REMOVALS = frozenset({Rule.PURGE, Rule.REPLACED, Rule.RETURNED, Rule.OLDER_COPY})


@dataclass(frozen=True, slots=True)
class Mark:
    """How a file stands: what the catalogue says of it, and which bytes its name leads to."""

    state: FileState | None
    inode: int | None = None
    written: float = 0.0  # when, in seconds; of files that have their final name
    size: int = 0  # bytes of these

    @classmethod
    def of(cls, archive: Archive, file: str) -> Mark:
        """How it stands now; the catalogue is asked first."""
        with archive.catalog.reading() as connection:
            state = holdings.file_states(connection, file).get(file)
        return cls.known(archive.warc_path, file, state)

    @classmethod
    def known(cls, warc: Path, file: str, state: FileState | None) -> Mark:
        """How it stands, where the catalogue was asked just now."""
        if file.startswith(f"{ATTACHED}/"):
            return cls(state)
        try:
            path = resolve(warc, file)
            there = path.stat()
        except (DamagedRecord, OSError):
            return cls(state)
        if path.name.endswith(OPEN):
            return cls(state, there.st_ino)
        return cls(state, there.st_ino, there.st_mtime, there.st_size)

    @property
    def unknown(self) -> bool:
        """Whether the file has its final name, but the catalogue does not know it as closed, or not to its end."""
        known = self.state is not None and self.state.sha256 is not None and self.state.size >= self.size
        return self.written > 0 and not known


@dataclass(slots=True)
class Settling:
    """The findings of one verification, until they stand."""

    archive: Archive
    _left: float = field(default=_PATIENCE)

    def settled(
        self, file: str, before: Mark, found: Sequence[Finding], look: Callable[[Mark], Sequence[Finding]]
    ) -> Sequence[Finding]:
        """What is found of a file that stood so when it was looked at; ``look`` looks at it anew."""
        for _ in range(_TRIES):
            if all(one.severity.harmless for one in found):
                break
            now = self._changed(file, before)
            if now is None:
                break
            before, found = now, look(now)
        return found

    def _changed(self, file: str, before: Mark) -> Mark | None:
        """How the file stands now; None where nothing has changed."""
        while (now := Mark.of(self.archive, file)) == before:
            lately = now.unknown and time.time() - now.written < _LATELY
            if not (lately and self._left > 0 and locking.may_be_held(self.archive.catalog.path.parent)):
                return None
            time.sleep(_STEP)
            self._left -= _STEP
        return now


def without_what_is_under_way(
    archive: Archive, consider: Callable[[], list[Finding]], *, held: bool = False
) -> list[Finding]:
    """What ``consider`` finds, where nobody is at it: what a purge or an import leaves at a kill, it leaves amid it.

    ``held`` says that the archive's lock is held alone by whoever asks, so that no purge is under way.
    """
    found = consider()
    for _ in range(_TRIES):
        if not any(one.rule in _OF_REMOVALS for one in found):
            break
        if held:
            break
        if locking.is_alone(archive.catalog.path.parent):
            found = _under_way(found, _OF_REMOVALS, "a purge, a repair or a rebuild is under way")
            break
        before, found = found, consider()  # it may have ended in between
        if found == before:
            break
    if any(one.rule is Rule.UNKNOWN_IMPORT for one in found):
        with locking.if_free(archive.catalog.path.parent) as free:
            if not free:
                found = _under_way(found, {Rule.UNKNOWN_IMPORT}, "an import or an attachment is under way")
    return found


def _under_way(found: Sequence[Finding], rules: Collection[Rule], said: str) -> list[Finding]:
    """The findings, with one note instead of those of some rules."""
    return [
        *(one for one in found if one.rule not in rules),
        Finding(comparison.CATALOG, 0, Rule.UNDER_WAY, said),
    ]
