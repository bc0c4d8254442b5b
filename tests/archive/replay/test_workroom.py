"""Folders for packages: those of the dead go, those of the living stay."""

from __future__ import annotations

import signal
import subprocess
import sys
import tempfile
from pathlib import Path

import pytest

from archive.replay.workroom import Workroom, sweep

_CHILD = """
import sys
from archive.replay.workroom import Workroom
print(Workroom().path, flush=True)
sys.stdin.read()
"""


def test_those_of_killed_processes_go(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    own, other = Workroom(), tmp_path / "presskeep-made-elsewhere"
    other.mkdir()  # just being made: it has no lock yet
    (tmp_path / "presskeep-made-link").symlink_to(other)
    environment = {"TMPDIR": str(tmp_path), "PYTHONPATH": "."}
    with subprocess.Popen(
        [sys.executable, "-c", _CHILD],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True, env=environment, cwd=Path(__file__).parents[3],
    ) as child:  # fmt: skip
        assert child.stdout is not None
        theirs = Path(child.stdout.readline().strip())
        (theirs / "a.wacz").write_bytes(b"PK")
        assert (sweep(), theirs.exists(), own.path.exists()) == (0, True, True)
        child.send_signal(signal.SIGKILL)
        child.wait()
    assert (sweep(), theirs.exists(), own.path.exists(), other.exists()) == (1, False, True, True)
    own.close()
    assert not own.path.exists()
