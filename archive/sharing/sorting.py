"""Lines in order, however many there are: sorted in parts on the disk, then merged."""

from __future__ import annotations

import heapq
import tempfile
from collections.abc import Iterable, Iterator
from contextlib import ExitStack, suppress
from typing import IO

from archive.durable import FULL
from archive.errors import StorageFull

ROOM = 64 * 2**20  # bytes of lines held in memory
_BESIDE = 60  # bytes that Python takes for each line beside its content


def in_order(lines: Iterable[bytes], room: int = ROOM) -> Iterator[bytes]:
    """The lines, each with its line feed, by the values of their bytes, as ``LC_ALL=C sort`` has them.

    All of them have been read when this returns. Beyond ``room`` bytes they lie in temporary files, in the directory
    that TMPDIR names; raises StorageFull where that takes no more.
    """
    with ExitStack() as stack:
        parts: list[IO[bytes]] = []
        held: list[bytes] = []
        size = 0
        for line in lines:
            held.append(line)
            size += len(line) + _BESIDE
            if size >= room:
                parts.append(stack.enter_context(_stored(held)))
                held, size = [], 0
        return _merged(parts, sorted(held), stack.pop_all())


def _stored(lines: list[bytes]) -> IO[bytes]:
    """A temporary file of the lines, sorted."""
    part = tempfile.TemporaryFile()  # noqa: SIM115 - who asked closes it
    try:
        part.writelines(sorted(lines))
        part.seek(0)
    except OSError as error:
        with suppress(OSError):  # what could not be written is tried again
            part.close()
        if error.errno in FULL:
            raise StorageFull(
                f"no room for sorting in {tempfile.gettempdir()}: free some space there, or let TMPDIR name another"
            ) from error
        raise
    return part


def _merged(parts: list[IO[bytes]], rest: list[bytes], stack: ExitStack) -> Iterator[bytes]:
    with stack:
        yield from heapq.merge(*parts, rest)
