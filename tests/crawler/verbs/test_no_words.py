"""Each verb as a stranger may type it first, without a word behind it: it works, or says what it lacks."""

from __future__ import annotations

from pathlib import Path

import pytest

from archive import terminal
from archive.verbs.mounted import ORDER
from crawler.cli import app


@pytest.mark.parametrize("verb", [verb for verb in ORDER if verb != "demo"])  # that one does its whole job
def test_no_verb_stumbles(
    verb: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRESSKEEP_ARCHIVE", raising=False)
    assert terminal.run(app, [verb]) in {2, 3}, "no archive is here, or a word is missing"
    said = capsys.readouterr().err
    assert "unexpected" not in said
    assert said.strip()
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("words", [["--archive"], ["--archive", "--since", "2022-01-01"], ["a.example", "--archive"]])
def test_a_bare_option_is_read_wherever_it_stands(
    words: list[str], tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("PRESSKEEP_ARCHIVE", raising=False)
    assert terminal.run(app, ["crawl", *words]) == 3
    assert "no Presskeep archive" in capsys.readouterr().err
