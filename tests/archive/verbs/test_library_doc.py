"""docs/library.md tells the truth: all its examples run against an archive of our own."""

from __future__ import annotations

import re
import shutil
from pathlib import Path

import pytest

from .conftest import ROOT

PAGE = (ROOT / "docs" / "library.md").read_text(encoding="utf-8")
EXAMPLES = re.findall(r"^```python\n(.*?)^```", PAGE, re.MULTILINE | re.DOTALL)


@pytest.fixture(scope="module")
def beside(news: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A directory with an archive that the examples may write into."""
    path = tmp_path_factory.mktemp("library")
    shutil.copytree(news, path / "NEWS")
    return path


@pytest.mark.parametrize("number", range(len(EXAMPLES)))
def test_an_example_runs(number: int, beside: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(beside)
    code = compile(EXAMPLES[number], f"docs/library.md, example {number + 1}", "exec")
    exec(code, {"__name__": "example"})


def test_there_are_examples() -> None:
    assert len(EXAMPLES) > 8
