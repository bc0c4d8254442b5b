"""Reservations at the command line: what is withheld, and filters."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from withholding import make_withholding

from .conftest import run


@pytest.mark.slow
def test_what_is_withheld_and_what_is_filtered(tmp_path: Path) -> None:
    path = make_withholding(tmp_path / "NEWS")

    def lines(*words: str) -> tuple[list[str], str]:
        done = run(*words, "--archive", path)
        assert done.returncode == 0, done.stderr
        return [json.loads(one)["captured_at"][14:16] for one in done.stdout.splitlines()], done.stderr

    everything = ("export", "jsonl", "-", "--editions", "all")
    taken, said = lines(*everything)
    assert (taken, "3 are not in it" in said) == (["48", "47"], True)
    taken, said = lines(*everything, "--with-withheld")
    assert (len(taken), "withheld" in said) == (5, False)
    assert lines(*everything, "--with-withheld", "--reserved", "tdm")[0] == ["46", "49", "50"]
    assert lines("list", "--json", "--reserved", "tdm")[0] == ["49", "50"]
    assert lines("list", "--json", "--unreserved")[0] == ["47", "48"]
    done = run("export", "jsonl", "-", "--reserved", "tdm", "--archive", path)
    assert (done.returncode, "--with-withheld" in done.stderr) == (4, True)
    done = run("list", "--reserved", "tdm", "--unreserved", "--archive", path)
    assert (done.returncode, "give one of them" in done.stderr) == (2, True)
