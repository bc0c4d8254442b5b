"""How long a test waits on a machine that has other things to do."""

from __future__ import annotations

import os
import time
from collections.abc import Callable

PATIENCE = 60.0  # seconds that a loaded machine may take for what takes two


def slowness() -> float:
    """How many times longer than on an idle machine things may take just now: processes that want to run, by core."""
    return max(1.0, os.getloadavg()[0] / len(os.sched_getaffinity(0)))


def wait_for(what: Callable[[], object]) -> None:
    """Wait until it is so; fails after `PATIENCE`, or longer on a machine that is slower still."""
    deadline = time.monotonic() + PATIENCE * slowness()
    while not what():
        assert time.monotonic() < deadline, "it takes too long"
        time.sleep(0.02)
