"""What all tests share."""

from __future__ import annotations

import os

import pytest


def pytest_configure() -> None:
    """Let output be as wide as a pipe has it, whatever terminal the tests are run in."""
    os.environ.pop("COLUMNS", None)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Let the files with slow tests be dealt out first: else one process ends long after the others."""
    slow = {item.path for item in items if item.get_closest_marker("slow")}
    items.sort(key=lambda item: item.path not in slow)
