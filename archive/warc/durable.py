"""Whole files that appear durably or not at all: written beside their name, made durable, then renamed over it."""

from __future__ import annotations

import os
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

from archive.warc.openfile import sync_directory
from archive.warc.paths import PART


def written(target: Path, parts: Iterable[bytes]) -> None:
    """Writes a file's content, in the place of what it had before; its directory is there.

    After it returns neither a kill nor a loss of power takes the content away; before, the file is as it was. Raises
    OSError, with the half-written file removed.
    """
    partial = target.with_name(f"{target.name}{PART}")
    descriptor = os.open(partial, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC, 0o644)
    try:
        try:
            for part in parts:
                write(descriptor, part)
            os.fsync(descriptor)
        finally:
            os.close(descriptor)
        partial.replace(target)
        sync_directory(target.parent)
    except BaseException:
        with suppress(OSError):
            partial.unlink()
        raise


def write(descriptor: int, part: bytes) -> None:
    """All of the bytes, in as many calls as it takes."""
    rest = memoryview(part)
    while rest:
        rest = rest[os.write(descriptor, rest) :]
