"""The tools that the tests check against, in an environment of their own (scripts/peers)."""

from __future__ import annotations

import subprocess
from pathlib import Path

import pytest

PEERS = Path(__file__).parents[2] / ".peers"
# Tests that use them: skipped where nobody installed them, as in `make quick` on a fresh checkout.
needs_peers = [
    pytest.mark.peers,
    pytest.mark.skipif(not (PEERS / ".installed").is_file(), reason="no peers here: run `make peers`"),
]


def program(name: str) -> str:
    """The path of a peer's program, such as ``wacz`` or ``cdxj-indexer``."""
    return str(PEERS / "bin" / name)


def ask(name: str, *arguments: object, cwd: Path | None = None) -> subprocess.CompletedProcess[str]:
    """Run a peer's program to its end; what it said is in ``stdout`` and ``stderr``, which are not checked here."""
    return subprocess.run(
        [program(name), *map(str, arguments)], capture_output=True, text=True, check=False, cwd=cwd, timeout=120
    )
