"""``presskeep clean-warc``, as people and clusters call it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign_files import forms

from .conftest import run

FORMS = forms()


@pytest.fixture
def crawls(tmp_path: Path) -> Path:
    directory = tmp_path / "crawls"
    directory.mkdir()
    (directory / "a.warc.gz").write_bytes(FORMS["members.warc.gz"])
    (directory / "b.arc").write_bytes(FORMS["plain.arc"])
    return directory


def test_each_file_is_told_and_done_once(crawls: Path, tmp_path: Path) -> None:
    listed = tmp_path / "list.txt"
    listed.write_text(f"# of the night\n{crawls / 'a.warc.gz'}\n\n{crawls / 'b.arc'}\n")
    words = ("clean-warc", "--files-from", listed, "--out", tmp_path / "out", "--workers", "1")
    done = run(*words, "--shard", "1/2", "--json")
    assert (done.returncode, done.stderr) == (0, "")
    (told,) = map(json.loads, done.stdout.splitlines())
    assert (told["source"], told["captures"], told["skipped"]) == (str(crawls / "a.warc.gz"), 3, False)
    again = run(*words)
    assert again.returncode == 0
    first, second = again.stdout.splitlines()
    assert first.startswith("a.warc.gz: ")
    assert first.endswith("; it was finished")
    assert second.startswith("b.arc: ")
    assert "finished" not in second
    assert (tmp_path / "out" / "b.arc.refusals.jsonl").exists()


def test_what_cannot_be_taken_is_told_and_the_rest_is_done(crawls: Path, tmp_path: Path) -> None:
    (crawls / "a.warc.gz").write_text("Dear reader")
    done = run("clean-warc", crawls, tmp_path / "none", "--out", tmp_path / "out", "--workers", "1")
    assert done.returncode == 1
    assert "a.warc.gz: " in done.stderr
    assert "there is no such file" in done.stderr
    assert "1 file could not be read" in done.stderr
    assert done.stdout.startswith("b.arc: ")


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name files to clean"),
        (("x.warc.gz", "--shard", "0/4"), "--shard takes"),
        (("x.warc.gz", "--format", "xml"), "--format takes"),
        (("--files-from", "missing"), "missing cannot be read"),
        (("x.warc.gz",), "there is no such file"),
    ],
)
def test_wrong_words_are_told(words: tuple[str, ...], said: str, tmp_path: Path) -> None:
    done = run("clean-warc", *words, "--out", tmp_path / "out", cwd=tmp_path)
    assert done.returncode in {2, 4}
    assert said in done.stderr
    assert not (tmp_path / "out").exists()
