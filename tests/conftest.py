"""What all tests share."""

from __future__ import annotations

import gc
import os
import shutil
from pathlib import Path

import pytest
from hypothesis import settings

MEMORY = Path("/dev/shm")
ENOUGH = 2 * 2**30  # bytes; the tests of one run take some hundred MB of it at a time


def pytest_configure() -> None:
    """Let output be as wide as a pipe has it, whatever terminal the tests are run in, and let files lie in memory.

    Thousands of small archives are made, and each commit of each would wait for the disk. What is fsynced, and when,
    is recorded by the tests that are about it.
    """
    os.environ.pop("COLUMNS", None)
    settings.register_profile("untimed", deadline=None)  # what takes long on a busy machine is no fault
    settings.load_profile("untimed")
    if MEMORY.is_dir() and os.access(MEMORY, os.W_OK) and shutil.disk_usage(MEMORY).free > ENOUGH:
        os.environ.setdefault("PYTEST_DEBUG_TEMPROOT", str(MEMORY))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files with slow tests be dealt out first: else one process ends long after the others."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)


def pytest_collection_finish() -> None:
    """Let the garbage collector pass over what stays until the end: thousands of tests, and all the libraries."""
    gc.collect()
    gc.freeze()
