"""What all tests share."""

from __future__ import annotations

import os


def pytest_configure() -> None:
    """Let output be as wide as a pipe has it, whatever terminal the tests are run in."""
    os.environ.pop("COLUMNS", None)
