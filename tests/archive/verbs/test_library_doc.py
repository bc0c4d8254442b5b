"""docs/library.md and docs/edits.md tell the truth: all their examples run against an archive of our own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from .conftest import ROOT

EXAMPLES = [
    (f"docs/{page}, example {number}", code)
    for page in ("library.md", "edits.md")
    for number, code in enumerate(
        re.findall(r"^```python\n(.*?)^```", (ROOT / "docs" / page).read_text(encoding="utf-8"), re.M | re.S), 1
    )
]


@pytest.fixture(scope="module")
def beside(news: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an archive that the examples may write into."""
    path = tmp_path_factory.mktemp("library")
    shutil.copytree(news, path / "NEWS")
    return path


@pytest.mark.parametrize(("name", "code"), EXAMPLES, ids=[name for name, _ in EXAMPLES])
def test_an_example_runs(name: str, code: str, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(beside)
    exec(compile(code, name, "exec"), {"__name__": "example"})


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 8
