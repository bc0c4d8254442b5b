"""Where a file is written: it appears whole or not at all; or it is standard output."""

from __future__ import annotations

import contextlib
import stat
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from archive.durable import FULL, real, replacing
from archive.errors import StorageFull, UsageError

STDOUT = "-"


@contextlib.contextmanager
def open_target(target: str) -> Iterator[IO[bytes]]:
    """A binary stream to write the target through.

    A regular file is written beside itself (``.NAME.part``), synced and renamed when the block ends well; when it
    does not, nothing of it remains. A pipe or a device is written directly. Raises UsageError where no file can be,
    ArchiveBusy while another process writes the same target, StorageFull when the disk takes no more.
    """
    if target == STDOUT:
        yield sys.stdout.buffer
        sys.stdout.buffer.flush()
        return
    path = real(Path(target))
    if path.is_dir():
        raise UsageError(f"{target} is a directory: name a file in it, such as {Path(target) / 'articles.jsonl'}")
    if not path.parent.is_dir():
        raise UsageError(f"the directory {path.parent} does not exist: make it first, or name another file")
    try:
        if path.exists() and not stat.S_ISREG(path.stat().st_mode):
            with path.open("wb") as out:
                yield out
            return
        with replacing(path) as out:
            yield out
    except OSError as error:
        if error.errno in FULL:
            raise StorageFull(
                f"no room for {target}: free some space and run it again; nothing was left there"
            ) from error
        raise
