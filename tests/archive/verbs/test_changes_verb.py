"""``presskeep changes``, and texts of another cleaner beside those of the installed one."""

from __future__ import annotations

import json
import shutil
from pathlib import Path

import pytest

from archive.article import canonical_json
from archive.cleaning.version import CLEANER
from archive.store import Archive

from . import pages
from .conftest import run
from .console import in_terminal

OLD = "0.0.9+aaaaaaaaaaaa"


@pytest.fixture(scope="module")
def both(news: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An archive with texts by an older cleaner, which kept a line that the installed one leaves out."""
    path = tmp_path_factory.mktemp("changes") / "NEWS"
    shutil.copytree(news, path)
    with Archive.open(path) as archive:
        made = []
        for entry in archive.entries():
            text = json.loads(canonical_json(entry.text))
            text["provenance"]["cleaner"] = OLD
            if text["type"] == "article":
                text["body"].append({"kind": "paragraph", "text": "Sign up for our \x1b[31mletter.", "sources": []})
            made.append((entry.capture, json.dumps(text, ensure_ascii=False).encode()))
        archive.add_texts(made)
    return path


def test_what_changed_is_counted_and_shown(both: Path) -> None:
    told = json.loads(run("changes", "--json", "--archive", both).stdout)
    assert (told["old"], told["new"]) == (OLD, CLEANER)
    assert told["classes"] == {"blocks removed": told["changed"]}
    assert 0 < told["changed"] < told["compared"]
    assert (told["only_old"], told["only_new"]) == (0, 0)
    assert {one["site"] for one in told["sites"]} == {"gazette.example", "talblatt.example"}
    assert sum(one["changed"] for one in told["sites"]) == told["changed"]
    assert len(told["examples"]) == 3
    assert told["examples"][0]["lines"][-1]["sign"] == "-"
    shown = run("changes", "0.0.9", "--site", "talblatt.example", "--archive", both)
    assert shown.returncode == 0
    assert "Blocks removed: 1" in shown.stdout
    assert "- Sign up for our [31mletter." in shown.stdout
    terminal, code = in_terminal("changes", "--archive", both)
    assert code == 0
    assert "\x1b[31mletter" not in terminal


def test_both_are_addressable(both: Path) -> None:
    for words in (("show", pages.SNOW, "--text"), ("export", "jsonl", "-"), ("list", "--json")):
        assert run(*words, "--archive", both).returncode == 0
    url = pages.SNOW
    assert "Sign up" not in run("show", url, "--text", "--archive", both).stdout
    assert "Sign up" in run("show", url, "--text", "--cleaner", "0.0", "--archive", both).stdout
    rows = run("export", "jsonl", "-", "--cleaner", "aaaa", "--archive", both).stdout.splitlines()
    assert {json.loads(row)["cleaner"] for row in rows} == {OLD}
    assert run("list", "--cleaner", OLD, "--archive", both).returncode == 0
    none = run("list", "--cleaner", "7", "--archive", both)
    assert (none.returncode, OLD in none.stderr) == (4, True)
    several = run("list", "--cleaner", "0", "--archive", both)
    assert (several.returncode, "means several" in several.stderr) == (2, True)


def test_a_sample_is_cleaned_anew_and_nothing_is_kept(both: Path) -> None:
    with Archive.open(both) as archive:
        before = archive.count_texts()
        told = json.loads(run("changes", OLD, "--sample", "2", "--json", "--archive", both).stdout)
        assert (told["compared"], told["new"]) == (2, CLEANER)
        assert archive.count_texts() == before


def test_the_cleaners_are_listed(both: Path) -> None:
    told = [json.loads(line) for line in run("changes", "--list", "--json", "--archive", both).stdout.splitlines()]
    assert {one["cleaner"]: one["installed"] for one in told} == {OLD: False, CLEANER: True}
    assert OLD in run("changes", "--list", "--archive", both).stdout


def test_what_cannot_be_compared_is_told(news: Path, uncleaned: Path) -> None:
    one = run("changes", "--archive", news)
    assert (one.returncode, "changes --sample 300" in one.stderr) == (4, True)
    none = run("changes", "--archive", uncleaned)
    assert (none.returncode, "run 'presskeep clean'" in none.stderr) == (4, True)
    same = run("changes", CLEANER, "--archive", news)
    assert (same.returncode, "both are" in same.stderr) == (2, True)
    assert run("changes", CLEANER, CLEANER, "--sample", "2", "--archive", news).returncode == 2


def test_what_is_taken_down_is_not_compared(both: Path, tmp_path: Path) -> None:
    path = tmp_path / "NEWS"
    shutil.copytree(both, path)
    assert pages.SNOW in run("changes", "--json", "--site", "talblatt.example", "--archive", path).stdout
    assert run("takedown", pages.SNOW, "--reason", "court order", "--archive", path).returncode == 0
    for words in (("changes",), ("changes", OLD, "--sample", "99")):
        assert pages.SNOW not in run(*words, "--json", "--examples", "99", "--archive", path).stdout
