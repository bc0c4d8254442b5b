"""``presskeep prove``, run for real."""

from __future__ import annotations

import json
import shutil
import sqlite3
from pathlib import Path

from .conftest import run
from .pages import BRIDGE, BRIDGE_SECOND, FEED, GONE


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


def test_what_is_no_article_cannot_be_proved(news: Path) -> None:
    refused = run("prove", GONE, "--archive", news)
    assert refused.returncode == 4
    assert "http-error: status 404" in refused.stderr
    feed = run("prove", FEED, "--archive", news)
    assert feed.returncode == 4
    assert "feed" in feed.stderr
