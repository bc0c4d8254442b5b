"""Recovery: what a dead writer left behind, cut to its last whole group, adopted and closed."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Recovery:
    """A file that was adopted from a dead writer: closed under its final name, with what was cut off kept aside.

    ``cut`` counts the bytes that now lie in the quarantine, described by ``report`` (JSON). A file of which nothing
    was whole is gone: its ``size`` is 0.
    """

    file: str
    size: int
    sha256: str
    cut: int
    report: Path | None
