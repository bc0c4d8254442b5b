"""A page with what belongs to it, as a small WACZ: what a viewer with scripts loads."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from archive.catalogue import blocking, tables
from archive.replay.mementos import Mementos
from archive.replay.workroom import Workroom
from archive.sharing.belonging import belonging
from archive.sharing.packing import SUFFIX, pack
from archive.sharing.selection import Selection

if TYPE_CHECKING:
    from archive.store import Archive

_KEPT = 6  # packages, for those who look at them now


class Parcels:
    """The packages of pages that were asked for last, in a folder that goes with them. Safe for threads."""

    def __init__(self, archive: Archive, mementos: Mementos) -> None:
        self._archive = archive
        self._mementos = mementos
        self._elsewhere = mementos.elsewhere
        self._room = Workroom()
        self._known: OrderedDict[str, Path] = OrderedDict()
        self._lock = threading.Lock()

    def of(self, url: str, at: int) -> Path:
        """The package of a page as of a time in microseconds; raises NotFound, TakenDown, Problem, StorageFull.

        It is made anew once anything is taken down, or a reservation is withheld.
        """
        capture = self._mementos.nearest(url, at).capture
        reserved = self._mementos.reserved()
        with self._archive.catalog.reading() as connection:
            blocked = blocking.count(connection)  # one may be blocked for one that was lifted: acts are counted, too
            acts = connection.scalar(select(func.count()).select_from(tables.acts))
        without = self._elsewhere.targets()
        said = f"{capture.id} {blocked} {acts} {sorted(reserved)} {without}"
        name = hashlib.sha256(said.encode()).hexdigest()[:24]
        with self._lock:  # one at a time: each reads and writes much
            path = self._known.get(name)
            if path is None or not path.exists():
                path = self._room.path / f"{name}{SUFFIX}"
                keys = (capture.key, *belonging(self._archive, [capture], self._mementos.handed_out, near=True))
                pack(
                    self._archive,
                    str(path),
                    Selection(keys=keys, withheld=reserved, without=without),
                    title=capture.url,
                )
            self._known[name] = path
            self._known.move_to_end(name)
            while len(self._known) > _KEPT:
                self._known.popitem(last=False)[1].unlink(missing_ok=True)
        return path

    def close(self) -> None:
        """Remove all of them."""
        self._room.close()
