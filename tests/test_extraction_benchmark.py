"""The benchmark of extraction: what it says when something is missing, and the predictions that it writes."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

PROGRAM = Path(__file__).parent.parent / "benchmarks" / "extraction.py"
SENTENCE = "The harbour master opened the lower gate on Tuesday, and the first boats went through before noon. "
PAGE = (
    "<html><head><title>Gate opens</title><meta property='article:published_time' content='2026-11-24T09:30+01:00'>"
    f"</head><body><article><h1>Gate opens</h1><p>{SENTENCE * 3}</p><p>{SENTENCE * 2}</p></article></body></html>"
)


def run(*arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([sys.executable, str(PROGRAM), *arguments], capture_output=True, text=True, check=False)


@pytest.fixture
def pages(tmp_path: Path) -> Path:
    (tmp_path / "0001.html.gz").write_bytes(gzip.compress(PAGE.encode()))
    line = {"set": "publishers", "id": "1", "file": "0001.html.gz", "url": "https://courier.example/gate"}
    line |= {"publisher": "courier", "captured": "2026-11-25T08:00:00Z"}
    (tmp_path / "index.jsonl").write_text(json.dumps(line) + "\n", encoding="utf8")
    return tmp_path


def test_a_missing_folder_or_scorer_is_named_with_the_option_that_gives_it(pages: Path) -> None:
    nowhere = run("--pages", str(pages / "nowhere"))
    assert nowhere.returncode == 2
    assert "--pages" in nowhere.stderr.splitlines()[-1]
    unscored = run("--pages", str(pages), "--scorer", str(pages / "none.py"))
    assert unscored.returncode == 2
    assert "--scorer" in unscored.stderr.splitlines()[-1]


@pytest.mark.parametrize("name", ["presskeep", "trafilatura"])
def test_an_extractor_predicts_in_the_format_of_the_scorer(pages: Path, name: str) -> None:
    out = pages / "out.jsonl"
    done = run("--worker", "--only", name, "--pages", str(pages), "--out", str(out))
    assert done.returncode == 0, done.stderr
    row = json.loads(out.read_text(encoding="utf8"))
    assert row["id"] == "1"
    assert row["title"] == "Gate opens"
    assert row["date"] == "2026-11-24"
    assert "harbour master" in row["text"]
