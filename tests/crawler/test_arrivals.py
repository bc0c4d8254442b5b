from __future__ import annotations

from pathlib import Path

import pytest

from archive.errors import ConfigurationError, UsageError
from archive.store import Archive
from crawler.arrivals import read_list, welcome
from crawler.discovery.lists import Listed
from crawler.jobs import Stop


def made(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "A", name="A", contact="tester@example.org", allow_loopback=True)


def test_who_is_told_to_stop_looks_at_nothing_more(tmp_path: Path) -> None:
    stop = Stop()
    stop.asked.set()
    with made(tmp_path) as archive:
        found = list(welcome(archive, [Listed("a.example"), Listed("not a host")], stop=stop))
        assert [(one.listed.given, one.outcome) for one in found] == [
            ("a.example", "stopped"),
            ("not a host", "stopped"),
        ]
        assert archive.count() == (0, 0)


def test_what_concerns_all_sites_ends_the_list(tmp_path: Path) -> None:
    with made(tmp_path) as archive:
        archive.sites_path.write_text("[broken\n")
        with pytest.raises(ConfigurationError):
            list(welcome(archive, [Listed("a.example"), Listed("b.example")]))
        assert archive.count() == (0, 0)


def test_declared_ones_are_passed_over_and_wrong_ones_fail_alone(tmp_path: Path) -> None:
    with made(tmp_path) as archive:
        archive.sites_path.write_text('["www.a.example"]\n')
        found = list(welcome(archive, [Listed("ftp://b.example/"), Listed("https://a.example/")]))
        assert [one.outcome for one in found] == ["failed", "declared"]
        assert "ftp:// is not fetched" in (found[0].error or "")
        assert archive.count() == (0, 0)


def test_a_list_is_read_from_a_file(tmp_path: Path) -> None:
    path = tmp_path / "list.txt"
    path.write_text("a.example  # one\n")
    assert read_list(path) == (Listed("a.example"),)
    path.write_text("<rss/>")
    with pytest.raises(UsageError, match="write one address a line, or give an OPML file"):
        read_list(path)
