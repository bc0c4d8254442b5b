"""An archive of our own, made once: two sites, editions, refusals, redirects, failures and hostile text."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from verbs import pages

Command = Callable[..., subprocess.CompletedProcess[str]]
ROOT = Path(__file__).parents[3]


def run(*words: str | Path, cwd: Path | None = None, **environment: str) -> subprocess.CompletedProcess[str]:
    """The command line for real, in a process of its own and without a terminal."""
    return subprocess.run(
        [sys.executable, "-m", "archive.cli", *map(str, words)],
        capture_output=True,
        text=True,
        encoding="utf-8",
        check=False,
        timeout=120,
        cwd=cwd,
        stdin=subprocess.DEVNULL,
        env={**os.environ, "PYTHONPATH": str(ROOT), "PYTHONIOENCODING": "utf-8", **environment},
    )


@pytest.fixture(scope="session")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The path of an archive that tests only read."""
    return make(tmp_path_factory.mktemp("verbs") / "NEWS")


def make(path: Path) -> Path:
    """A new archive with all captures of `pages`, and their texts."""
    from archive.crew import clean_pending
    from archive.store import Archive

    with Archive.create(path, name="NEWS", operator="The tests", contact="tests@example.org") as archive:
        with archive.writer("crawl", {"gazette.example": b"{}", "talblatt.example": b"{}"}) as writer:
            for exchange in pages.EXCHANGES:
                writer.add(exchange)
            for attempt in pages.ATTEMPTS:
                writer.add_attempt(attempt)
        clean_pending(archive)
    return path
