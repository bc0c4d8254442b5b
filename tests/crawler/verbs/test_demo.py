"""``presskeep demo``: the whole job, once, and what it leaves."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive import terminal
from archive.store import Archive
from crawler.cli import app
from crawler.newsroom import expected
from crawler.newsroom.site import HOSTS
from crawler.sites import read_sites
from crawler.verbs.showcase import is_demo

TALBLATT = HOSTS[1]


def demo(directory: Path, *options: str) -> int:
    return terminal.run(app, ["demo", str(directory), "--port", "0", *options])


@pytest.mark.slow
def test_the_whole_job_and_an_archive_to_play_with(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert demo(tmp_path / "demo", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    first, second = said["first_crawl"]["sites"], said["second_crawl"]["sites"]
    assert [one["new"] for one in first] == [expected.counts(host).articles for host in HOSTS]
    assert sum(one["new"] for one in second) == sum(len(expected.added(host)) for host in HOSTS)
    assert sum(one["changed"] for one in second) == 1
    assert said["edition"]["url"] in expected.changed(TALBLATT)
    assert said["edition"]["changes"]
    assert terminal.run(app, ["edits", "--json", "--archive", str(tmp_path / "demo")]) == 0
    (edit,) = map(json.loads, capsys.readouterr().out.splitlines())
    assert (edit["url"], edit["id"]) == (said["edition"]["url"], said["edition"]["edit"]["id"])
    assert said["proof"]["holds"]
    assert said["verify"]["findings"] == []
    assert (tmp_path / "demo" / "articles.jsonl").read_text().count("\n") == said["export"]["rows"]
    with Archive.open(tmp_path / "demo") as archive:
        assert {site.host for site in read_sites(archive.sites_path)} == set(HOSTS)
        assert not archive.verify(deep=True).findings

    assert demo(tmp_path / "demo") == 2, "an archive is not overwritten"
    assert "--force" in capsys.readouterr().err
    assert demo(tmp_path / "demo", "--force") == 0
    shown = capsys.readouterr().out
    for words in (
        "presskeep add",
        "presskeep crawl",
        "presskeep diff",
        "presskeep prove",
        "presskeep verify",
        "Done in",
    ):
        assert words in shown
    assert "Alte Wendelbrücke" in shown


def test_what_is_not_the_demos_own_is_never_touched(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "thesis").mkdir()
    (tmp_path / "thesis" / "chapter1.txt").write_text("years of work")
    assert demo(tmp_path / "thesis", "--force") == 2
    assert "no archive of the demo's" in capsys.readouterr().err
    Archive.create(tmp_path / "NEWS", contact="tester@example.org").close()
    assert demo(tmp_path / "NEWS", "--force") == 2
    assert (tmp_path / "thesis" / "chapter1.txt").exists()
    assert (tmp_path / "NEWS" / "archive.toml").exists()
    assert not is_demo(tmp_path / "NEWS")


def test_a_port_that_is_taken_is_said(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    import socket

    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        assert terminal.run(app, ["demo", str(tmp_path / "demo"), "--port", str(port)]) == 2
    assert f"port {port} cannot be had" in capsys.readouterr().err
    assert not (tmp_path / "demo").exists()
