"""Crawls killed and started again keep to their delays: `benchmarks/restarts.py`, for some rounds."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow  # crawls that wait for their delays

RESTARTS = Path(__file__).parents[2] / "benchmarks" / "restarts.py"


def test_no_restart_shortens_a_gap_by_the_log_of_the_server(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, str(RESTARTS), "--rounds", "3", "--delay", "7", "--hosts", "8", "--json"],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "TMPDIR": str(tmp_path)},
    )
    assert done.returncode == 0, done.stderr
    sums = json.loads(done.stdout)
    assert (sums["rounds"], sums["violations"]) == (3, 0)
    assert sums["across_kills"] >= 8, "each host was asked before a kill, and again after it"
