"""``presskeep watch``: begun, listed, ended."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive import terminal
from archive.store import Archive
from crawler.cli import app

PAGE = "https://a.example/live"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    Archive.create(tmp_path / "A", contact="tester@example.org").close()
    return tmp_path / "A"


def run(path: Path, *arguments: str) -> int:
    return terminal.run(app, ["watch", *arguments, "--archive", str(path)])


def test_a_page_is_followed_listed_and_let_go(path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(path) == 0
    assert "no page is followed: 'presskeep watch URL" in capsys.readouterr().err
    assert run(path, PAGE, "--every", "15m") == 0
    assert f"{PAGE} is followed, every 15m, as a page of a.example" in capsys.readouterr().err
    assert run(path) == 0
    assert capsys.readouterr().out == f"{PAGE}\t15m\t–\t–\n"
    assert run(path, "--json") == 0
    assert json.loads(capsys.readouterr().out) == [
        {"url": PAGE, "site": "a.example", "every": "15m", "last": None, "next": None}
    ]
    assert run(path, PAGE, "--stop", "--json") == 0
    assert json.loads(capsys.readouterr().out) == {"url": PAGE, "watched": False}


@pytest.mark.parametrize("arguments", [("--stop",), ("live",), (PAGE, "--every", "soon")])
def test_wrong_calls_say_what_to_write(
    path: Path, arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    assert run(path, *arguments) == 2
    assert capsys.readouterr().err.startswith("presskeep: ")
