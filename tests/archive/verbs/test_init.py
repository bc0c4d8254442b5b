"""``presskeep init``, run for real."""

from __future__ import annotations

import json
import tomllib
from pathlib import Path

from .conftest import run
from .console import in_terminal


def test_an_archive_with_everything_given(tmp_path: Path) -> None:
    done = run("init", tmp_path / "A", "--name", "A1", "--operator", "We", "--contact", "we@example.org", "--json")
    assert done.returncode == 0, done.stderr
    made = json.loads(done.stdout)
    assert (made["name"], made["operator"], made["contact"]) == ("A1", "We", "we@example.org")
    assert tomllib.loads((tmp_path / "A" / "archive.toml").read_text())["id"] == made["id"]
    assert run("list", cwd=tmp_path / "A").returncode == 0


def test_without_a_contact_it_says_how_to_set_one(tmp_path: Path) -> None:
    done = run("init", tmp_path / "A")
    assert done.returncode == 0
    assert "contact  none yet" in done.stdout
    assert 'write contact = "you@example.org" into' in done.stderr
    assert "next: cd" in done.stderr


def test_a_terminal_is_asked_until_it_says_something_that_can_be(tmp_path: Path) -> None:
    shown, code = in_terminal("init", tmp_path / "A", answers=["nonsense", "we@example.org"])
    assert code == 0, shown
    assert "write a mail address or a web address" in " ".join(shown.split())
    assert tomllib.loads((tmp_path / "A" / "archive.toml").read_text())["contact"] == "we@example.org"


def test_what_is_an_archive_or_not_empty_is_refused(tmp_path: Path) -> None:
    run("init", tmp_path / "A", "--contact", "we@example.org")
    again = run("init", tmp_path / "A", "--contact", "we@example.org")
    assert again.returncode == 2
    assert "is an archive already" in again.stderr
    (tmp_path / "B").mkdir()
    (tmp_path / "B" / "thesis.txt").write_text("mine")
    full = run("init", tmp_path / "B")
    assert full.returncode == 2
    assert "thesis.txt" in full.stderr
    assert not (tmp_path / "B" / "archive.toml").exists()
    (tmp_path / "file").write_text("")
    assert run("init", tmp_path / "file").returncode == 2


def test_a_contact_that_cannot_be_is_an_error(tmp_path: Path) -> None:
    done = run("init", tmp_path / "new" / "A", "--contact", "nobody")
    assert done.returncode == 2
    assert list(tmp_path.iterdir()) == []
    assert done.stderr.count("\n") == 1
    assert not (tmp_path / "A" / "archive.toml").exists()


def test_outside_of_an_archive_the_verbs_say_what_to_do(tmp_path: Path) -> None:
    done = run("list", cwd=tmp_path)
    assert done.returncode == 3
    assert "presskeep init" in done.stderr
