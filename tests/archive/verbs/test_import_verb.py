"""The verbs import, attach and detach, as people and programs call them."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from foreign_files import forms, gzipped, wacz, warc_records

from archive.store import Archive

from .conftest import run

FORMS = forms()


@pytest.fixture
def news(tmp_path: Path) -> Path:
    Archive.create(tmp_path / "NEWS").close()
    return tmp_path / "NEWS"


@pytest.fixture
def there(tmp_path: Path) -> Path:
    directory = tmp_path / "there"
    directory.mkdir()
    (directory / "a.warc.gz").write_bytes(FORMS["members.warc.gz"])
    (directory / "b.arc").write_bytes(FORMS["plain.arc"])
    return directory


def test_import_tells_what_was_taken(news: Path, there: Path) -> None:
    done = run("import", there, "--by-host", cwd=news)
    assert (done.returncode, done.stderr) == (0, "")
    assert "2 files" in done.stdout
    told = json.loads(run("import", there, "--json", cwd=news).stdout)
    assert [one["outcome"] for one in told["files"]] == ["there", "there"]
    listed = run("list", "--verdict", "all", "--site", "herald.example", cwd=news)
    assert listed.returncode == 0
    assert run("verify", cwd=news).returncode == 0


def test_a_dry_run_tells_the_same_and_does_nothing(news: Path, there: Path) -> None:
    told = json.loads(run("import", there, "--dry-run", "--json", cwd=news).stdout)
    assert [(one["form"], one["captures"]) for one in told["files"]] == [
        ("WARC, gzip by record", 3),
        ("ARC, plain", 3),
    ]
    assert not (news / "warc" / "imported").exists()


def test_broken_places_are_named_and_the_exit_code_says_so(news: Path, there: Path) -> None:
    torn = gzipped(warc_records()[:2]) + b"nonsense" + gzipped(warc_records()[2:])
    (there / "c.warc.gz").write_bytes(torn)
    done = run("import", there / "c.warc.gz", cwd=news)
    assert done.returncode == 6
    assert f"8 bytes from {len(gzipped(warc_records()[:2])):,} on" in done.stderr
    assert "all else in them was taken" in done.stderr


def test_refused_files_are_named_and_the_others_taken(news: Path, there: Path) -> None:
    (there / "c.warc").write_bytes(b"<html>")
    (there / "d.wacz").write_bytes(wacz(digest=f"sha256:{'0' * 64}"))
    done = run("import", there, cwd=news)
    assert done.returncode == 1
    assert "c.warc: it begins with no record of WARC or ARC" in done.stderr
    assert "is not that of its digest" in done.stderr
    assert "3 files" in done.stdout


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["import", "nowhere"], 4),
        (["import", "x", "--site", "a", "--by-host"], 2),
        (["import", "x", "--site", " "], 2),
        (["attach"], 2),
        (["attach", "x", "--list"], 2),
        (["attach", "x", "--since", "yesterday"], 2),
        (["detach", "nowhere"], 4),
    ],
)
def test_wrong_calls_say_what_to_do(news: Path, words: list[str], code: int) -> None:
    done = run(*words, cwd=news)
    assert done.returncode == code
    assert done.stderr.startswith("presskeep: ")
    assert done.stderr.count("\n") == 1


def test_attach_list_and_detach(news: Path, there: Path) -> None:
    done = run("attach", there, "--host", "herald.example", "--mime", "text/html", "--site", "herald", cwd=news)
    assert (done.returncode, done.stderr) == (0, "")
    listed = run("attach", "--list", cwd=news).stdout.splitlines()
    assert [line.split("\t")[0] for line in listed] == [str(there / "a.warc.gz"), str(there / "b.arc")]
    told = [json.loads(line) for line in run("attach", "--list", "--json", cwd=news).stdout.splitlines()]
    assert [one["site"] for one in told] == ["herald", "herald"]
    (there / "b.arc").unlink()
    found = run("verify", cwd=news)
    assert found.returncode == 7
    assert "is gone" in found.stdout
    assert json.loads(run("verify", "--json", cwd=news).stdout)["outcome"] == "elsewhere"
    done = run("detach", there, cwd=news)
    assert (done.returncode, done.stdout.split()) == (0, ["detached", "2", "files"])
    assert run("verify", cwd=news).returncode == 0
    assert (there / "a.warc.gz").read_bytes() == FORMS["members.warc.gz"]
