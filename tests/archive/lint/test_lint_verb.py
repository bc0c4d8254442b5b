"""``presskeep lint`` at the command line: output, exit codes, choice of rules."""

from __future__ import annotations

import io
import json
from pathlib import Path

import pytest
from rich.console import Console

from archive import terminal
from archive.cli import app
from archive.lint.catalogue import RULES

from .making import members, request, resource, response, wacz, warcinfo


@pytest.fixture
def good(tmp_path: Path) -> Path:
    path = tmp_path / "good.warc.gz"
    path.write_bytes(members(warcinfo(), response(), request()))
    return path


@pytest.fixture
def bad(tmp_path: Path) -> Path:
    path = tmp_path / "bad.warc.gz"
    path.write_bytes(members(warcinfo(number=31), resource({"WARC-Date": "then", "Content-Type": None}, number=32)))
    return path


def run(*words: object) -> int:
    return terminal.run(app, ["lint", *map(str, words)])


def test_a_good_file_ends_with_0(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(good) == 0
    out, err = capsys.readouterr()
    assert out == ""
    assert err.startswith("✓ 0 errors, 0 warnings, 0 notes in 1 file, 3 records")


def test_an_error_ends_with_1_and_names_its_place(good: Path, bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(good, bad) == 1
    rows = [line.split("\t") for line in capsys.readouterr().out.splitlines()]
    at = str(len(members(warcinfo(number=31))))
    assert [(row[0], row[1], row[2], row[3], row[4]) for row in rows] == [
        (str(bad), at, "error", "date-format", "WARC/1.1, 5.4"),
        (str(bad), at, "warning", "content-type-missing", "WARC/1.1, 5.6"),
    ]
    assert rows[0][5] == "urn:example:settings"
    assert rows[0][6].endswith("'then'")


def test_warnings_are_no_errors(bad: Path) -> None:
    assert run(bad, "--ignore", "date-format") == 0
    assert run(bad, "--rule", "content-type-missing") == 0
    assert run(bad, "--rule", "date-format") == 1


def test_an_unknown_rule_is_a_wrong_call(good: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(good, "--ignore", "dates") == 2
    assert "--rules" in capsys.readouterr().err


def test_without_a_file_it_is_a_wrong_call(tmp_path: Path) -> None:
    assert run() == 2
    assert run(tmp_path) == 4, "a directory without such files"


def test_a_file_that_is_not_there_is_a_finding(good: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(tmp_path / "none.warc.gz", good) == 1
    assert "file-unreadable" in capsys.readouterr().out


def test_a_directory_stands_for_its_files(good: Path, bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (good.parent / "sub").mkdir()
    (good.parent / "sub" / "case.wacz").write_bytes(wacz())
    (good.parent / "notes.txt").write_text("not a WARC")
    assert run(good.parent, good, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    names = [Path(one["file"]).name for one in document["files"]]
    assert names == ["bad.warc.gz", "good.warc.gz", "case.wacz"]


def test_a_directory_is_entered_behind_links_and_no_loop_is_without_end(
    good: Path, tmp_path_factory: pytest.TempPathFactory, capsys: pytest.CaptureFixture[str]
) -> None:
    there = tmp_path_factory.mktemp("disk")
    (there / "far.warc.gz").write_bytes(good.read_bytes())
    (there / "back").symlink_to(good.parent)
    (good.parent / "linked").symlink_to(there)
    (good.parent / "twice.warc.gz").symlink_to(good)
    (good.parent / "gone.warc.gz").symlink_to(there / "nothing")
    assert run(good.parent, "--json", "--ignore", "record-id-duplicate") == 1
    document = json.loads(capsys.readouterr().out)
    names = [Path(one["file"]).relative_to(good.parent).as_posix() for one in document["files"]]
    assert names == ["gone.warc.gz", "good.warc.gz", "linked/far.warc.gz"]
    assert [one["rule"] for one in document["files"][0]["findings"]] == ["file-unreadable"]


def test_what_is_left_out_is_counted_beside_a_pipe(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "many.warc.gz"
    path.write_bytes(members(warcinfo(), *(resource({"WARC-Date": "then"}, number=n) for n in range(10, 260))))
    assert run(path, "--rule", "date-format") == 1
    said = capsys.readouterr()
    assert len(said.out.splitlines()) == 100
    assert "and 150 more of date-format" in said.err


def test_json_tells_everything(bad: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert run(bad, "--json") == 1
    document = json.loads(capsys.readouterr().out)
    assert (document["outcome"], document["errors"], document["warnings"], document["notes"]) == ("errors", 1, 1, 0)
    [file] = document["files"]
    assert (file["records"], file["bytes"], file["left_out"]) == (2, bad.stat().st_size, {})
    first = file["findings"][0]
    assert first["rule"] == "date-format"
    assert first["record"].startswith("<urn:uuid:")


def test_the_rules_are_listed(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rules") == 0
    out = capsys.readouterr().out
    assert all(f"  {one.id}  ({one.section})" in out for one in RULES.values())
    assert run("--rules", "--json") == 0
    listed = json.loads(capsys.readouterr().out)
    assert {one["rule"] for one in listed} == set(RULES)
    assert all(one["section"] and one["title"] and one["why"] for one in listed)


def test_values_of_the_file_do_not_steer_the_terminal(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    path = tmp_path / "case.warc.gz"
    path.write_bytes(
        members(warcinfo(), resource({"WARC-Target-URI": "urn:\x1b[31m\u202ered", "WARC-Date": "\x1b]0;a"}))
    )
    assert run(path) == 1
    out, err = capsys.readouterr()
    assert "\x1b" not in out + err
    assert "\u202e" not in out + err


@pytest.mark.parametrize("width", [30, 60, 80])
def test_in_a_terminal_everything_about_a_finding_stands_beside_its_severity(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, width: int
) -> None:
    wrong = resource({"WARC-Date": "then", "WARC-Target-URI": f"https://a.example/{'long/' * 40}"})
    (tmp_path / "a.wacz").write_bytes(wacz({"archive/a-name-that-is-not-short-at-all.warc.gz": members(wrong)}))
    page = io.StringIO()
    monkeypatch.setattr(
        terminal, "out", lambda: Console(file=page, force_terminal=True, color_system=None, width=width)
    )
    monkeypatch.chdir(tmp_path)
    assert run("a.wacz") == 1
    monkeypatch.undo()
    findings = page.getvalue().split("\n\n")[0].split("a.wacz\n")[1].splitlines()
    assert all(len(line.rstrip()) <= width for line in findings)
    for line in findings:
        assert line.startswith(("  error", "  warning", "  note", " " * 11)), line
    words = " ".join(page.getvalue().split())
    assert "date-format" in words
    assert "'then'" in words


def test_no_text_of_a_rule_has_the_marks_of_the_documents(capsys: pytest.CaptureFixture[str]) -> None:
    assert run("--rules") == 0
    assert "`" not in capsys.readouterr().out


def test_bytes_are_shown_as_text(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "a.warc").write_bytes(b"<html>\x00\xff it's")
    assert run(tmp_path / "a.warc") == 1
    assert """it begins with "<html>\\x00ÿ it's\"""" in capsys.readouterr().out
