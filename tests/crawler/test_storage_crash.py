"""Crawls of the newsroom, and bare writers, killed again and again: `benchmarks/crash.py`, for a few rounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # a minute of crawls and kills

CRASH = Path(__file__).parents[2] / "benchmarks" / "crash.py"


@pytest.mark.parametrize(("part", "rounds"), [("crawl", 8), ("writers", 4)])
def test_nothing_acknowledged_is_lost_however_often_it_is_killed(part: str, rounds: int, tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(CRASH), "--part", part, "--rounds", str(rounds), "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout)
    [sums] = said["parts"]
    assert said["broken"] is None
    assert (sums["rounds"], sums["lost"]) == (rounds, 0)
    assert sums["acknowledged"]
    assert sums["asked_twice"] <= sums["in_flight"]
