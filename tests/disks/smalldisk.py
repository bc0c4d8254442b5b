"""A file system of 4 MB that a test can fill up, by whatever way this machine lets one be made."""

from __future__ import annotations

import functools
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from enum import Enum
from pathlib import Path

import pytest

SIZE = 4 * 2**20
_MEMORY = Path("/dev/shm")
_SMALL = 256 * 2**20  # bytes: what containers have (64 MB by default) is nobody else's, and soon filled
_NAMESPACE = ("unshare", "--user", "--map-root-user", "--mount")


class Way(Enum):
    """How a small file system can be had here."""

    MOUNT = "mounted"
    NAMESPACE = "mounted in a user namespace"  # for whoever may not mount: all of it by processes within
    MEMORY = "the container's memory"
    NONE = "none"


@functools.cache
def way() -> Way:
    """The best one that works."""
    with tempfile.TemporaryDirectory() as directory:
        if _mounts((), directory):
            subprocess.run(["umount", "--lazy", directory], check=True)
            return Way.MOUNT
        if _mounts(_NAMESPACE, directory):  # it ends with its namespace
            return Way.NAMESPACE
    if _MEMORY.is_dir() and os.access(_MEMORY, os.W_OK):
        told = shutil.disk_usage(_MEMORY)
        if told.total <= _SMALL and told.free > SIZE:
            return Way.MEMORY
    return Way.NONE


def _mounts(within: tuple[str, ...], directory: str) -> bool:
    try:
        return not subprocess.run([*within, *_mounting(directory)], capture_output=True, check=False).returncode
    except FileNotFoundError:
        return False


def _mounting(directory: str | Path) -> tuple[str, ...]:
    return ("mount", "-t", "tmpfs", "-o", f"size={SIZE}", "presskeep-test", str(directory))


@contextmanager
def small_disk(directory: Path) -> Iterator[Path]:
    """An empty one; skips where there can be none."""
    match way():
        case Way.MOUNT:
            mounted = directory / "disk"
            mounted.mkdir()
            subprocess.run(_mounting(mounted), check=True)
            try:
                yield mounted
            finally:
                subprocess.run(["umount", "--lazy", str(mounted)], check=True)
        case Way.NAMESPACE:
            pytest.skip("no file system can be mounted here but in a user namespace: passed by the tests within")
        case Way.MEMORY:
            with tempfile.TemporaryDirectory(dir=_MEMORY) as rest, tempfile.TemporaryDirectory(dir=_MEMORY) as made:
                (Path(rest) / "ballast").write_bytes(bytes(shutil.disk_usage(_MEMORY).free - SIZE))
                yield Path(made)
        case Way.NONE:
            pytest.skip("NOT TESTED: no small file system can be made here; as root, or with user namespaces, it can")


@contextmanager
def read_only(disk: Path) -> Iterator[None]:
    """The disk as it is after an error of its device; skips where it is none of its own."""
    if way() is Way.MEMORY:
        pytest.skip("NOT TESTED: the container's memory cannot be made read-only")
    subprocess.run(["mount", "-o", "remount,ro", str(disk)], check=True)
    try:
        yield
    finally:
        subprocess.run(["mount", "-o", "remount,rw", str(disk)], check=True)


def passes_in_a_namespace(tests: str) -> subprocess.CompletedProcess[str]:
    """What pytest says of a file of tests within a user namespace."""
    command = [*_NAMESPACE, sys.executable, "-m", "pytest", "-x", "-p", "no:cacheprovider", tests]
    return subprocess.run(command, capture_output=True, text=True, check=False)
