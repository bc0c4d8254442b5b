"""Room: whether the archive's file systems take more bytes, and, in a pause, whether it is time to go on."""

from __future__ import annotations

import os
import tempfile
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

from rich.filesize import decimal

from archive.errors import StorageFull
from archive.store import Archive

LOOK = (
    1.0  # seconds between two looks at the free space, and before a write that failed is tried again for the first time
)
LONGEST = 60.0  # seconds between two tries: each failure doubles the time, up to this
PROBE = 64 * 2**10  # bytes that must be written and synced before what failed is tried again


@dataclass(frozen=True, slots=True)
class Shortage:
    """Why nothing is fetched for now: ``free`` bytes are left at ``path``.

    ``needed`` are the bytes at which it goes on; 0 where they are not what is wanting.
    """

    why: str
    path: str
    free: int
    needed: int

    @property
    def reason(self) -> str:
        """The system's own words for it, where there are some."""
        return self.why.partition("(")[2].rstrip(")") or self.why

    def __str__(self) -> str:
        when = f"goes on by itself at {decimal(self.needed)}" if self.needed else "is tried again by itself"
        return f"{self.why}: {decimal(self.free)} free at {self.path}, {when}"


class Room:
    """What an archive's file systems, those of its WARC files and of its databases, have left.

    ``reserve`` and ``enough`` are those of ``[storage]`` in archive.toml. Where a system does not tell what is free,
    only a write that fails shows that there is no room.
    """

    def __init__(self, archive: Archive) -> None:
        settings = archive.configuration.storage
        self.reserve, self.enough, self.patience = settings.reserve, settings.enough, settings.patience
        self._places = tuple(dict.fromkeys((archive.warc_path, archive.state_path.parent)))

    def shortage(self, bound: int | None = None) -> Shortage | None:
        """Where less than ``bound`` bytes are free (the reserve, where none is given); None where that is nowhere."""
        path, free = self._least()
        if free is None or free >= (self.reserve if bound is None else bound):
            return None
        return Shortage(f"the reserve of {decimal(self.reserve)} is touched", str(path), free, self.enough)

    def after(self, error: StorageFull) -> Shortage:
        """What to say of a write that failed."""
        path, free = self._least()
        short = free is not None and free < self.reserve
        return Shortage(error.message.partition(":")[0], str(path), free or 0, self.enough if short else 0)

    def takes_bytes(self) -> bool:
        """Whether a small file can be made durable in each place. Nothing of it remains, even if the process dies."""
        try:
            for place in self._places:
                with tempfile.TemporaryFile(dir=place) as probe:
                    probe.write(bytes(PROBE))
                    probe.flush()
                    os.fsync(probe.fileno())
        except OSError:
            return False
        return True

    def _least(self) -> tuple[Path, int | None]:
        """The place with the least free bytes for people who are not root."""
        known = [(free, place) for place in self._places if (free := _free(place)) is not None]
        free, place = min(known, default=(None, self._places[0]))
        return place, free


def _free(place: Path) -> int | None:
    try:
        told = os.statvfs(place)
    except OSError:
        return None
    return told.f_bavail * told.f_frsize if told.f_blocks else None


class Pause:
    """One pause: why it is, and whether it may be over.

    One that began because the reserve was touched ends where there is enough. After a write that failed (``error``)
    a probe must succeed, and then, as `failed` and the end of the pause tell, the write itself.
    """

    def __init__(
        self,
        room: Room,
        error: StorageFull | None = None,
        *,
        failures: int = 0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self._room = room
        self._now = now
        self.began = now()
        self.error: StorageFull | None = None
        self.failures = failures  # of tries to go on
        short = room.shortage()
        self.shortage = short or Shortage("a write failed", "", 0, 0)  # of which `failed` says more
        self._low = short is not None
        self._look_at = self.began + LOOK
        self._try_at = self.began
        if error is not None:
            self.failed(error)

    @property
    def seconds(self) -> float:
        """How long it has been so far."""
        return self._now() - self.began

    @property
    def impatient(self) -> bool:
        """Whether it has been longer than the archive's configuration lets it."""
        return 0 < self._room.patience < self.seconds

    def failed(self, error: StorageFull) -> None:
        """A write failed: it is tried again, later each time."""
        self.error = error
        self.shortage = self._room.after(error)
        self._try_at = self._now() + min(LOOK * 2.0 ** min(self.failures, 16), LONGEST)
        self.failures += 1

    def over(self) -> bool:
        """Whether it is time to go on, or to try to; to be asked often: it looks only now and then."""
        if self._now() < self._look_at:
            return False
        self._look_at = self._now() + LOOK
        short = self._room.shortage(self._room.enough if self._low else None)
        if short is not None:
            # Once the reserve was touched, more than the reserve is wanted: else it would pause again at once.
            self._low = True
            self.shortage = short if self.error is None else self._room.after(self.error)
            return False
        if self.error is None:
            return True
        self.shortage = self._room.after(self.error)
        if self._now() < self._try_at:
            return False
        if not self._room.takes_bytes():
            self.failed(self.error)
            return False
        return True
