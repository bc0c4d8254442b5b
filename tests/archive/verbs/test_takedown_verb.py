"""``presskeep takedown``: its pages, its JSON, its refusals; and that no verb shows what is down."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

import archive.cli  # noqa: F401 - mounts the verbs
from archive.verbs.mounted import ORDER, VERBS

from . import pages
from .conftest import make, run


@pytest.fixture
def copy(tmp_path: Path) -> Path:
    return make(tmp_path / "NEWS")


def _urls(copy: Path) -> list[str]:
    done = run("list", "--json", "--archive", copy)
    return [json.loads(line)["url"] for line in done.stdout.splitlines()]


# How each verb that hands something out is asked for all that it has; the others hand out nothing that was fetched.
ASKED = {
    "list": ("list", "--verdict", "all", "--json"),
    "show": ("show", "{url}", "--json"),
    "explain": ("explain", "{url}", "--json"),
    "captures": ("captures", "{url}", "--json"),
    "diff": ("diff", "{url}", "--json"),
    "edits": ("edits", "--json"),
    "export": ("export", "jsonl", "-", "--verdict", "all"),
    "index": ("index", "--cdxj", "-"),
    "pack": ("pack", "{out}"),
    "prove": ("prove", "{url}", "--json"),
}
COMPARED = {"changes", "profile", "serve"}  # test_changes_verb.py, test_profile_verb.py, test_served_doors.py
SILENT = {
    *("init", "add", "crawl", "import", "attach", "detach", "demo", "verify", "repair", "lint", "takedown", "clean"),
    *("clean-warc", "rebuild", "run", "watch", "status", "why", "runs", "coverage", "viewer"),
}


def test_every_verb_is_known_here() -> None:
    assert set(ORDER) == set(ASKED) | SILENT | COMPARED
    assert set(VERBS) <= set(ORDER)


def test_no_verb_shows_it(copy: Path, tmp_path: Path) -> None:
    url = pages.BRIDGE  # of which there are two editions
    assert url in _urls(copy)

    def shown(number: int) -> dict[str, str]:
        found = {}
        for verb, words in ASKED.items():
            out = tmp_path / f"{number}.wacz"
            done = run(*(word.format(url=url, out=out) for word in words), "--archive", copy)
            found[verb] = done.stdout + (out.read_bytes().decode("latin-1") if verb == "pack" and out.exists() else "")
        return found

    before = shown(1)
    assert all(url in said for verb, said in before.items() if verb != "pack")
    done = run("takedown", url, "--reason", "court order", "--by", "desk", "--archive", copy)
    assert done.returncode == 0, done.stderr
    assert "court order" in done.stdout
    after = shown(2)
    assert not [verb for verb, said in after.items() if url in said]
    for verb in ("show", "captures", "diff", "prove"):
        refused = run(verb, url, "--archive", copy)
        assert refused.returncode == 4
        assert "was taken down on" in refused.stderr
        assert "(court order)" in refused.stderr


def test_a_takedown_is_listed_and_lifted(copy: Path) -> None:
    url = _urls(copy)[0]
    assert "nothing was taken down" in run("takedown", "--list", "--archive", copy).stderr
    done = run("takedown", url, "--reason", "court order", "--json", "--archive", copy)
    said = json.loads(done.stdout)
    assert (said["target"], said["scope"], said["active"], said["captures"] > 0) == (url, "url", True, True)
    (line,) = run("takedown", "--list", "--json", "--archive", copy).stdout.splitlines()
    assert json.loads(line) == said
    assert url in run("takedown", "--list", "--archive", copy).stdout
    done = run("takedown", url, "--lift", "--reason", "settled", "--archive", copy)
    assert done.returncode == 0
    assert "presskeep clean" in done.stderr
    run("clean", "--archive", copy)
    assert url in _urls(copy)
    (line,) = run("takedown", "--list", "--json", "--archive", copy).stdout.splitlines()
    assert (json.loads(line)["active"], json.loads(line)["lifted_reason"]) == (False, "settled")


def test_what_comes_back_after_a_purge_is_told_with_the_command(copy: Path) -> None:
    url = _urls(copy)[0]
    backup = {path: path.read_bytes() for path in (copy / "warc").rglob("*.warc.gz")}
    call = ("takedown", url, "--purge", "--yes", "--reason", "court order", "--archive", copy)
    assert run(*call).returncode == 0
    for path, content in backup.items():
        path.write_bytes(content)
    told = run("takedown", "--list", "--archive", copy).stderr
    assert f"purge again: presskeep takedown {url} --purge --reason 'court order'" in " ".join(told.split())
    assert run("verify", "--archive", copy).returncode == 7
    repaired = run("repair", "--archive", copy)
    assert (repaired.returncode, "came back" in repaired.stdout) == (1, True)
    dry = run("repair", "--dry-run", "--archive", copy)
    assert "purge it again" in " ".join(dry.stdout.split())
    assert "older copies of" in run("takedown", url, "--dry-run", "--archive", copy).stdout
    again = run(*call)
    assert (again.returncode, "removed  0" in again.stdout) == (0, False), again.stderr
    assert run("verify", "--archive", copy).returncode == 0


def test_a_purge_wants_to_be_meant(copy: Path) -> None:
    url = _urls(copy)[0]
    refused = run("takedown", url, "--purge", "--reason", "court order", "--archive", copy)
    assert (refused.returncode, "--dry-run" in refused.stderr) == (2, True)
    told = json.loads(run("takedown", url, "--dry-run", "--json", "--archive", copy).stdout)
    assert (url in told["urls"], len(told["files"]), told["bytes"] > 0) == (True, 1, True)
    assert url in _urls(copy)
    assert "rewrites 1 WARC file" in run("takedown", url, "--dry-run", "--archive", copy).stdout
    done = run("takedown", url, "--purge", "--yes", "--reason", "court order", "--json", "--archive", copy)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["records"] >= 3
    assert run("verify", "--archive", copy).returncode == 0
    (line,) = run("takedown", "--list", "--json", "--archive", copy).stdout.splitlines()
    told = json.loads(line)
    assert told["purged_at"] == told["history"][-1]["at"]
    assert [(one["act"], one.get("reason")) for one in told["history"]] == [
        ("takedown", "court order"),
        ("purge", "court order"),
        ("purged", None),
    ]
    assert told["history"][-1]["records"] >= 3
    page = run("takedown", "--list", "--archive", copy).stdout
    assert "history" in page
    assert "a purge was begun: court order" in page
    again = run("takedown", url, "--purge", "--yes", "--reason", "court order", "--archive", copy)
    assert (again.returncode, "0 records" in again.stdout) == (0, True)


def test_what_was_taken_down_needs_no_second_reason_to_be_purged(copy: Path) -> None:
    url = _urls(copy)[0]
    assert run("takedown", url, "--reason", "court order", "--archive", copy).returncode == 0
    assert run("takedown", url, "--purge", "--yes", "--archive", copy).returncode == 0
    (line,) = run("takedown", "--list", "--json", "--archive", copy).stdout.splitlines()
    told = json.loads(line)
    assert [(one["act"], one.get("reason")) for one in told["history"]] == [
        ("takedown", "court order"),
        ("purge", "court order"),
        ("purged", None),
    ]


@pytest.mark.parametrize(
    ("words", "said"),
    [
        ((), "name the address"),
        (("https://a.example/x",), "say why"),
        (("a.example", "--reason", "x"), "--prefix"),
        (("--list", "https://a.example/x"), "name no address"),
        (("https://a.example/x", "--lift", "--purge"), "neither"),
        (("https://a.example/x", "--payload", "--reason", "x"), "say --purge"),
        (("https://a.example/x", "--purge", "--yes"), "say why"),
        (("ftp://a.example/x", "--reason", "x"), "no web address"),
    ],
)
def test_wrong_calls(news: Path, words: tuple[str, ...], said: str) -> None:
    done = run("takedown", *words, "--archive", news)
    assert (done.returncode, said in done.stderr) == (2, True), done.stderr


def test_to_lift_what_is_not_down_is_not_found(news: Path) -> None:
    done = run("takedown", "https://a.example/x", "--lift", "--reason", "x", "--archive", news)
    assert (done.returncode, "is not taken down" in done.stderr) == (4, True)
