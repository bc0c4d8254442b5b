"""``presskeep runs``, run for real."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive.store import Archive

from .conftest import run
from .console import in_terminal


def test_each_run_is_a_line(news: Path) -> None:
    done = run("runs", "--archive", news)
    assert done.returncode == 0, done.stderr
    with Archive.open(news) as archive:
        known = archive.runs()
    lines = [line.split("\t") for line in done.stdout.splitlines()]
    assert [line[1] for line in lines] == [one.id[9:17] for one in known]
    assert {line[2] for line in lines} == {one.command for one in known}
    assert len(run("runs", "--limit", "1", "--archive", news).stdout.splitlines()) == 1


def test_json_has_all_counts(news: Path) -> None:
    documents = [json.loads(line) for line in run("runs", "--json", "--archive", news).stdout.splitlines()]
    with Archive.open(news) as archive:
        captures, attempts = archive.count()
    assert sum(one["captures"] for one in documents) == captures
    assert sum(sum(one["attempts"].values()) for one in documents) == attempts
    one = run("runs", documents[-1]["run"], "--json", "--archive", news)
    assert json.loads(one.stdout) == documents[-1]


def test_one_run_is_told_whole(news: Path) -> None:
    with Archive.open(news) as archive:
        [first, *_] = archive.runs()
    done = run("runs", first.id[9:15], "--archive", news)
    assert done.returncode == 0
    assert first.id in done.stdout
    assert "answers" in done.stdout


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["abc"], 2, "the first characters of an id, 4 at least"),
        (["ffffffffffff"], 4, "there is no run ffffffffffff"),
        (["ffffffff", "--limit", "3"], 2, "leave --limit out"),
    ],
)
def test_runs_that_are_none(news: Path, words: list[str], code: int, said: str) -> None:
    done = run("runs", *words, "--archive", news)
    assert (done.returncode, said in done.stderr) == (code, True), done.stderr


@pytest.mark.parametrize(("columns", "more"), [(80, False), (140, True)])
def test_a_terminal_gets_as_many_columns_as_it_has_room_for(news: Path, columns: int, more: bool) -> None:
    shown, code = in_terminal("runs", "--archive", news, columns=columns)
    assert code == 0
    assert "articles" in shown
    assert ("no answer" in shown, "…" in shown) == (more, False), shown
