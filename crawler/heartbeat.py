"""The heartbeat of a service: a small file that says that it lives, and what it is at; and that it is the only one."""

from __future__ import annotations

import contextlib
import fcntl
import json
import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from archive import clock
from archive.durable import written
from archive.errors import ArchiveBusy, StorageFull

NAME, LOCK = "heartbeat.json", "run.lock"
SCHEMA = 1
# Seconds between two beats; a beat that is so much older than that is a service that hangs, or is gone.
BEAT, STALE = 30.0, 300.0


@contextlib.contextmanager
def only_one(directory: Path) -> Iterator[None]:
    """Hold the lock of an archive's service; raises ArchiveBusy where another process does.

    It is the kernel's (flock(2)): it ends with the process, however that ends.
    """
    descriptor = os.open(directory / LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o666)
    try:
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            held = os.pread(descriptor, 20, 0).decode("ascii", "replace").strip()
            raise ArchiveBusy(
                f"another 'presskeep run' serves this archive (process {held or 'unknown'}): one is enough"
            ) from None
        os.truncate(descriptor, 0)
        os.pwrite(descriptor, f"{os.getpid()}\n".encode("ascii"), 0)
        yield
    finally:
        os.close(descriptor)


def beat(directory: Path, said: Mapping[str, Any]) -> None:
    """Write the heartbeat, whole or not at all; on a full disk the old one stays."""
    document = {"schema": SCHEMA, "at": clock.warc_date(clock.now()), "pid": os.getpid(), **said}
    with contextlib.suppress(StorageFull, OSError):
        written(directory / NAME, [json.dumps(document, indent=1).encode() + b"\n"])


def read_beat(directory: Path) -> dict[str, Any] | None:
    """The last heartbeat; None where there is none, or none that can be read."""
    try:
        said = json.loads((directory / NAME).read_bytes())
    except (OSError, ValueError):
        return None
    return said if isinstance(said, dict) and said.get("schema") == SCHEMA else None
