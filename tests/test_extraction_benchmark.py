"""The benchmark of extraction: what it says when something is missing, and the predictions that it writes."""

from __future__ import annotations

import gzip
import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.extraction import select
from benchmarks.extractors import EXTRACTORS, PEERS, Page, python_of

BENCHMARKS = Path(__file__).parent.parent / "benchmarks"
PROGRAM = BENCHMARKS / "extraction.py"
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
    arguments = [name, "--pages", str(pages), "--index", str(pages / "index.jsonl"), "--out", str(out)]
    command = [str(python_of(name)), str(BENCHMARKS / "extractors.py"), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    row = json.loads(out.read_text(encoding="utf8"))
    assert row["id"] == "1"
    assert row["title"] == "Gate opens"
    assert row["date"] == "2026-11-24"
    assert "harbour master" in row["text"]


def test_a_peer_that_is_installed_predicts_too(pages: Path) -> None:
    for name in PEERS:
        if (python := python_of(name)) is None:
            pytest.skip("no peers here: run `make peers`")
        out = pages / f"{name}.jsonl"
        arguments = [name, "--pages", str(pages), "--index", str(pages / "index.jsonl"), "--out", str(out)]
        command = [str(python), str(BENCHMARKS / "extractors.py"), *arguments]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        row = json.loads(out.read_text(encoding="utf8"))
        assert (row["id"], row["title"]) == ("1", "Gate opens")
        assert "harbour master" in row["text"]


PAGES: list[Page] = [
    {"set": "publishers", "id": "1", "file": "one.html.gz", "url": "https://a.example/1", "publisher": "de/A"},
    {"set": "publishers", "id": "2", "file": "two.html.gz", "url": "https://b.example/2", "publisher": "de/B"},
    {"set": "phrases", "id": "3", "file": "phrases/three.html.gz", "url": None, "publisher": "c"},
]


@pytest.mark.parametrize(
    ("names", "extractors", "ids"),
    [
        ([], list(EXTRACTORS), ["1", "2", "3"]),
        (["presskeep"], ["presskeep"], ["1", "2", "3"]),
        (["publishers"], list(EXTRACTORS), ["1", "2"]),
        (["2"], list(EXTRACTORS), ["2"]),
        (["phrases/three.html.gz"], list(EXTRACTORS), ["3"]),
        (["https://a.example/1", "trafilatura"], ["trafilatura"], ["1"]),
        (["de/B", "phrases"], list(EXTRACTORS), ["2", "3"]),
    ],
)
def test_only_names_extractors_and_pages(names: list[str], extractors: list[str], ids: list[str]) -> None:
    chosen, pages = select(names, PAGES)
    assert chosen == extractors
    assert [page["id"] for page in pages] == ids


def test_a_name_that_is_nothing_gets_the_nearest(pages: Path) -> None:
    with pytest.raises(ValueError, match="did you mean trafilatura-fast"):
        select(["trafilatura-fas"], PAGES)
    scorer = pages / "score.py"
    scorer.write_text("", encoding="utf8")
    done = run("--pages", str(pages), "--scorer", str(scorer), "--only", "presskep")
    assert done.returncode == 2
    assert "did you mean presskeep" in done.stderr.splitlines()[-1]
