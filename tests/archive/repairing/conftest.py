"""A sound archive, and a copy of it to be harmed."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from damaged import build

from archive.store import Archive

from .harmed import Harmed


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, bytes]]:
    """An archive of 36 captures in four files; the response of each capture by its id."""
    path = tmp_path_factory.mktemp("repair") / "NEWS"
    return path, build(path)


@pytest.fixture
def harmed(sound: tuple[Path, dict[str, bytes]], tmp_path: Path) -> Iterator[Harmed]:
    path, held = sound
    shutil.copytree(path, tmp_path / "NEWS")
    with Archive.open(tmp_path / "NEWS") as archive:
        yield Harmed(archive, held)
