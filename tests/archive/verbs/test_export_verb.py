"""``presskeep export``, run for real."""

from __future__ import annotations

import csv
import json
import subprocess
import sys
from pathlib import Path

import pyarrow.parquet as pq
import pytest

from .conftest import clean_one, run
from .pages import BRIDGE, FERRY, GONE, HOSTILE, SNOW


def rows(news: Path, *words: str) -> list[dict[str, object]]:
    done = run("export", "jsonl", "-", "--archive", news, *words)
    assert done.returncode == 0, done.stderr
    return [json.loads(line) for line in done.stdout.split("\n") if line]


def test_json_lines_on_stdout_and_the_summary_on_stderr(news: Path) -> None:
    done = run("export", "jsonl", "-", "--archive", news)
    assert [json.loads(line)["url"] for line in done.stdout.splitlines()] == [BRIDGE, FERRY, HOSTILE, SNOW]
    assert done.stderr == "4 rows of the schema presskeep, version 1\n"


def test_filters(news: Path) -> None:
    assert [row["url"] for row in rows(news, "--site", "talblatt.example")] == [SNOW]
    assert [row["url"] for row in rows(news, "--language", "de")] == [SNOW]
    assert [row["url"] for row in rows(news, "--published-since", "2026-11-26")] == [HOSTILE]
    assert [row["url"] for row in rows(news, "--captured-since", "2026-11-26")] == [HOSTILE]
    assert [row["edition"] for row in rows(news, "--editions", "all") if row["url"] == BRIDGE] == [1, 2]
    assert rows(news, "--editions", "first")[0]["headline"] == "Harbour bridge reopens after nine years"
    refused = rows(news, "--verdict", "http-error", "--editions", "all")
    assert [(row["url"], row["reason"]) for row in refused] == [(GONE, "status 404"), (BRIDGE, "status 503")]
    assert len(rows(news, "--verdict", "all", "--editions", "all")) == 8


@pytest.mark.parametrize("schema", ["newsplease", "trafilatura"])
def test_schemas_of_other_tools(schema: str, news: Path) -> None:
    assert rows(news, "--schema", schema)[0]["title"] == "Harbour bridge reopens after nine years, two winters late"


def test_files_and_their_summaries(news: Path, tmp_path: Path) -> None:
    done = run("export", "parquet", tmp_path / "out.parquet", "--json", "--archive", news)
    summary = json.loads(done.stdout)
    assert (summary["rows"], summary["format"], summary["schema"]) == (4, "parquet", "presskeep")
    assert summary["bytes"] == (tmp_path / "out.parquet").stat().st_size
    assert pq.read_table(tmp_path / "out.parquet").num_rows == 4
    done = run("export", "csv", tmp_path / "out.csv", "--csv-safe", "--archive", news)
    assert f"{tmp_path / 'out.csv'}: 4 rows" in done.stdout
    with (tmp_path / "out.csv").open(encoding="utf-8", newline="") as file:
        assert [row["url"] for row in csv.DictReader(file)] == [BRIDGE, FERRY, HOSTILE, SNOW]


def test_nothing_that_matches_is_said(news: Path, tmp_path: Path) -> None:
    for form in ("jsonl", "csv", "parquet"):
        for out in (tmp_path / "none", "-"):
            done = run("export", form, out, "--published-since", "2030-01-01", "--archive", news)
            assert (done.returncode, done.stdout) == (4, "")
            assert "nothing matched" in done.stderr
    assert list(tmp_path.iterdir()) == []


def test_pages_that_wait_for_the_cleaner_are_told(uncleaned: Path, tmp_path: Path) -> None:
    assert run("export", "jsonl", "-", "--archive", uncleaned).returncode == 4
    said = "8 pages of this archive wait for the cleaner: 'presskeep clean' makes the texts\n"
    assert run("export", "jsonl", "-", "--archive", uncleaned).stderr.startswith(said)
    clean_one(uncleaned)
    done = run("export", "jsonl", "-", "--archive", uncleaned)
    assert done.returncode == 0
    assert done.stderr.startswith("7 pages of this archive wait")
    summary = run("export", "jsonl", tmp_path / "out.jsonl", "--json", "--archive", uncleaned)
    assert json.loads(summary.stdout)["waiting"] == 7
    assert "7 pages" in summary.stderr


def test_wrong_calls_leave_no_file(news: Path, tmp_path: Path) -> None:
    unknown = run("export", "xml", tmp_path / "out", "--archive", news)
    assert unknown.returncode == 2
    assert "FORMAT knows no 'xml': it takes jsonl, csv or parquet" in unknown.stderr
    assert run("export", "jsonl", tmp_path / "out", "--csv-safe", "--archive", news).returncode == 2
    assert run("export", "jsonl", tmp_path / "out", "--verdict", "x", "--archive", news).returncode == 2
    assert run("export", "jsonl", tmp_path / "no" / "out", "--archive", news).returncode == 2
    assert run("export", "jsonl", tmp_path / "out", "--site", "nowhere", "--archive", news).returncode == 4
    assert list(tmp_path.iterdir()) == []


def test_a_full_disk_ends_with_5(news: Path) -> None:
    done = run("export", "jsonl", "/dev/full", "--archive", news)
    assert done.returncode == 5
    assert "free some space" in done.stderr


def test_a_reader_that_goes_away_is_no_error(news: Path) -> None:
    words = ["export", "jsonl", "-", "--archive", str(news), "--verdict", "all", "--editions", "all"]
    with subprocess.Popen(
        [sys.executable, "-m", "archive.cli", *words], stdout=subprocess.PIPE, stderr=subprocess.PIPE
    ) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        process.stdout.close()
        assert b"Traceback" not in process.stderr.read()
    assert process.returncode == 141
