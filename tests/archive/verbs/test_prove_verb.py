"""``presskeep prove``, run for real."""

from __future__ import annotations

import json
import re
import shutil
import sqlite3
from collections.abc import Callable
from pathlib import Path

import pytest
from foreign_files import forms

from archive.store import Archive

from .conftest import run
from .console import in_terminal
from .pages import BRIDGE, BRIDGE_SECOND, FEED, GONE

HERALD = "http://herald.example/crane"


def test_each_sentence_with_file_line_and_byte(news: Path) -> None:
    done = run("prove", BRIDGE, "--archive", news)
    assert done.returncode == 0, done.stderr
    cells = [line.split("\t") for line in done.stdout.splitlines()]
    assert {one[0] for one in cells} == {"holds"}
    page = BRIDGE_SECOND.encode()
    for _, field, file, offset, line, byte, sentence, _ in cells:
        assert file.endswith(".warc.gz")
        assert int(offset) > 0
        if field.startswith("block") and byte:
            assert page[int(byte) :].startswith(sentence[:8].encode())
            assert sentence[:8] in page.decode().splitlines()[int(line) - 1]


def test_json_has_the_whole_chain(news: Path) -> None:
    document = json.loads(run("prove", BRIDGE, "--at", "2026-11-24", "--json", "--archive", news).stdout)
    assert document["holds"]
    assert document["same_cleaner"]
    assert document["captures"][0]["ref"]["url"] == BRIDGE
    assert all(claim["places"] for claim in document["claims"] if claim["holds"])


def test_a_text_that_the_bytes_do_not_say_ends_with_6(news: Path, tmp_path: Path) -> None:
    copy = tmp_path / "NEWS"
    shutil.copytree(news, copy)
    with sqlite3.connect(copy / "catalog.sqlite") as catalogue:
        catalogue.execute("UPDATE texts SET canonical = replace(canonical, '212 million', '912 million')")
    catalogue.close()
    done = run("prove", BRIDGE, "--archive", copy)
    assert done.returncode == 6
    assert "fails\tblock 3\t" in done.stdout
    assert "could not be proved" in done.stderr
    assert json.loads(run("prove", BRIDGE, "--json", "--archive", copy).stdout)["holds"] is False


@pytest.mark.parametrize("columns", [34, 60, 80])
def test_in_a_terminal_nothing_wraps_to_where_the_marks_stand(news: Path, columns: int) -> None:
    seen, code = in_terminal("prove", BRIDGE, "--archive", news, columns=columns)
    assert code == 0
    page = re.sub(r"\x1b\[[0-9;]*m", "", seen)
    for line in page.splitlines():
        assert re.match(r"  ([✓·] |  |\d+ (sentence|value)s?\s*$)|\s*$", line), line
        assert len(line.rstrip()) <= columns


def test_what_is_no_article_cannot_be_proved(news: Path) -> None:
    refused = run("prove", GONE, "--archive", news)
    assert refused.returncode == 4
    assert "http-error: status 404" in refused.stderr
    feed = run("prove", FEED, "--archive", news)
    assert feed.returncode == 4
    assert "feed" in feed.stderr


@pytest.fixture
def attached(tmp_path: Path) -> tuple[Path, Path]:
    """An archive with texts of an attached file, and that file."""
    news, file = tmp_path / "NEWS", tmp_path / "a.warc.gz"
    Archive.create(news).close()
    file.write_bytes(forms()["members.warc.gz"])
    assert run("attach", file, "--by-host", cwd=news).returncode == 0
    assert run("clean", cwd=news).returncode == 0
    assert run("prove", HERALD, cwd=news).returncode == 0
    return news, file


@pytest.mark.parametrize("harm", [Path.unlink, lambda file: file.write_bytes(forms()["plain.warc"])])
def test_an_attached_file_that_is_gone_or_changed_is_said_once(
    attached: tuple[Path, Path], harm: Callable[[Path], object]
) -> None:
    news, file = attached
    harm(file)
    done = run("prove", HERALD, cwd=news)
    assert done.returncode == 8
    first, *rest = [line.split("\t") for line in done.stdout.splitlines()]
    assert (first[0], first[6]) == ("cannot be read", HERALD)
    assert "attach" in first[7]
    assert {one[0] for one in rest} == {"not checked"}
    assert {one[7] for one in rest} == {""}
    assert f"1 capture cannot be read, so {len(rest)} of {len(rest)} claims could not be checked" in done.stderr
    document = json.loads(run("prove", HERALD, "--json", cwd=news).stdout)
    assert (document["holds"], document["fails"], document["captures"][0]["read"]) == (False, False, False)


def test_in_a_terminal_what_cannot_be_read_is_one_paragraph(attached: tuple[Path, Path]) -> None:
    news, file = attached
    file.unlink()
    seen, code = in_terminal("prove", HERALD, "--archive", news, columns=60)
    assert code == 8
    assert seen.count("cannot be read: ") == 1
    assert "says something else" not in seen
    assert "not checked" not in seen
    page = seen[: seen.index("presskeep: ")]
    assert all(line.startswith("  ") for line in page.splitlines() if line.strip())
