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
    assert "6 pages: 'presskeep clean' makes the texts" in done.stdout
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
    assert "has another digest than its datapackage.json says" in done.stderr
    assert "3 files" in done.stdout


def test_what_is_there_is_imported_and_the_rest_reported(news: Path, there: Path) -> None:
    done = run("import", there, "nowhere", "*.nothing", cwd=news)
    assert done.returncode == 4
    assert done.stderr.splitlines() == [
        "nowhere: there is no such file",
        "*.nothing: no file matches it",
        "presskeep: not all that was named could be taken: see above",
    ]
    assert "2 files" in done.stdout
    done = run("attach", there / "a.warc.gz", "nowhere", "--json", cwd=news)
    assert done.returncode == 4
    assert [one["outcome"] for one in json.loads(done.stdout)["files"]] == ["there", "absent"]


def test_refusals_name_what_was_given_and_nothing_of_ours(news: Path, there: Path) -> None:
    (there / "c\nd.warc").write_bytes(b"<html>")
    (there / "d.wacz").write_bytes(wacz(compression=8))
    (there / "e.warc").write_bytes(b"")
    stored = "(WACZ 1.1.1 requires WARC files to be stored)"
    said = {
        f"{there}/c d.warc: it begins with no record of WARC or ARC, and is no WACZ",
        f"{there}/d.wacz: 'archive/data.warc.gz' is compressed by the ZIP {stored}",
        f"{there}/e.warc: it is empty",
    }
    calls: list[list[str | Path]] = [["import", there], ["attach", there], ["import", there, "--dry-run"]]
    for words in calls:
        done = run(*words, cwd=news)
        assert done.returncode == 1
        assert set(done.stderr.splitlines()) == {*said, "presskeep: 3 files could not be taken: see above"}
    url = "http://127.0.0.1:9/x.warc.gz"
    done = run("attach", url, cwd=news)
    (first, _) = done.stderr.splitlines()
    assert first.startswith(f"{url}: cannot be read: ")
    assert first.count(url) == 1


def test_a_site_for_what_is_there_holds_from_then_on(news: Path, there: Path) -> None:
    run("import", there, cwd=news)
    done = run("import", there, "--site", "herald", cwd=news)
    assert "changed   2 files" in done.stdout
    told = json.loads(run("import", there, "--json", cwd=news).stdout)
    assert [one["outcome"] for one in told["files"]] == ["there", "there"]
    done = run("attach", there / "a.warc.gz", "--host", "herald.example", cwd=news)
    assert done.returncode == 1
    assert "it is imported already" in done.stderr


@pytest.mark.parametrize(
    ("words", "code"),
    [
        (["import", "nowhere"], 4),
        (["import", "nowhere", "*.nothing"], 4),
        (["import", "/dev/zero"], 2),
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
    nothing = run("attach", "--list", cwd=news)
    assert (nothing.returncode, nothing.stdout) == (0, "")
    assert "nothing is attached" in nothing.stderr
    done = run("attach", there, "--host", "herald.example", "--mime", "text/html", "--site", "herald", cwd=news)
    assert (done.returncode, done.stderr) == (0, "")
    listed = run("attach", "--list", cwd=news).stdout.splitlines()
    assert [line.split("\t")[0] for line in listed] == [str(there / "a.warc.gz"), str(there / "b.arc")]
    told = [json.loads(line) for line in run("attach", "--list", "--json", cwd=news).stdout.splitlines()]
    assert [(one["site"], one["hosts"], one["mimes"]) for one in told] == [
        ("herald", ["herald.example"], ["text/html"])
    ] * 2
    assert all(line.endswith("--site herald --host herald.example --mime text/html") for line in listed)
    done = run("attach", there, "--by-host", "--since", "2019-01-01", cwd=news)
    assert (done.returncode, "2 files" in done.stdout) == (0, True)
    listed = run("attach", "--list", cwd=news).stdout.splitlines()
    assert [line.rpartition("\t")[2] for line in listed] == ["--by-host --since 2019-01-01"] * 2
    (there / "b.arc").unlink()
    found = run("verify", cwd=news)
    assert found.returncode == 7
    assert "is gone" in found.stdout
    assert json.loads(run("verify", "--json", cwd=news).stdout)["outcome"] == "elsewhere"
    done = run("detach", there, cwd=news)
    assert (done.returncode, done.stdout.split()) == (0, ["detached", "2", "files"])
    assert run("verify", cwd=news).returncode == 0
    assert (there / "a.warc.gz").read_bytes() == FORMS["members.warc.gz"]
