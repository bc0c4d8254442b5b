"""``presskeep add``: what it finds, writes and says, and its errors."""

from __future__ import annotations

import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from archive import terminal
from archive.exchange import Role
from archive.store import Archive
from crawler.cli import app
from crawler.discovery import Candidate, FoundSource
from crawler.newcomer import starts_of
from crawler.newsroom import Newsroom
from crawler.sites import SourceKind, read_sites
from crawler.verbs.adding import print_sources


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(awkward=True) as served:
        yield served


@pytest.fixture
def archive(tmp_path: Path, newsroom: Newsroom) -> Iterator[Archive]:
    resolve = {**newsroom.resolve, "closed.example": "127.0.0.1:1"}
    with Archive.create(
        tmp_path / "A", name="TEST", contact="tester@example.org", allow_loopback=True, resolve=resolve
    ) as made:
        configured = made.path / "archive.toml"
        configured.write_text(f"{configured.read_text()}\n[crawl]\ntimeout = 1.5\n")
        yield made


def add(archive: Archive, url: str, *options: str) -> int:
    return terminal.run(app, ["add", url, "--delay", "0", "--archive", str(archive.path), *options])


@pytest.mark.slow
def test_a_site_is_found_declared_and_archived(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(archive, "http://talblatt.example/", "--json") == 0
    said = json.loads(capsys.readouterr().out)
    assert said["site"] == "talblatt.example"
    assert said["language"] == "de-DE"
    assert [one["kind"] for one in said["sources"]] == ["feed", "sitemap", "front"]
    assert said["written"] is True
    site = read_sites(archive.sites_path).get("talblatt.example")
    assert [one.kind for one in site.sources] == [SourceKind.FEED, SourceKind.SITEMAP, SourceKind.FRONT]
    assert (site.start, site.delay) == ("http://talblatt.example/", 0.0)
    assert "# Atom, 10 items" in archive.sites_path.read_text()
    roles = {capture.role for capture in archive.captures()}
    assert roles == {Role.ROBOTS, Role.FRONT, Role.FEED, Role.SITEMAP}
    assert [one.command for one in archive.runs()] == ["add"]


@pytest.mark.slow
def test_a_bare_host_is_asked_over_https_then_http(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(archive, "harbour-courier.example") == 0
    said = capsys.readouterr()
    assert "feed\thttp://harbour-courier.example/feed/\t10\t2026-11-22" in said.out
    assert "not taken: 6 guesses (it answers 404)" in said.err
    assert "next: presskeep crawl harbour-courier.example" in said.err
    assert "https://harbour-courier.example/robots.txt" in {one.attempt.url for one in archive.attempts()}


@pytest.mark.slow
def test_a_dry_run_writes_no_declaration_but_archives(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    before = archive.sites_path.read_bytes() if archive.sites_path.exists() else None
    assert add(archive, "http://empty-feed.example/", "--dry-run") == 0
    assert "nothing was written" in capsys.readouterr().err
    assert (archive.sites_path.read_bytes() if archive.sites_path.exists() else None) == before
    assert list(archive.captures(site="empty-feed.example", role=Role.PROBE))


@pytest.mark.slow
@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("http://closed.example/", "closed.example was not declared: the connection was refused"),
        ("nosuchname.invalid", "nosuchname.invalid was not declared: its name does not resolve"),
        ("http://forbidden.example/", "the front page: it answers 403"),
        ("http://failing.example/", "robots.txt could not be had (it answers 500), so nothing may be fetched"),
        ("http://slow.example/", "slow.example was not declared: it does not answer in time"),
    ],
)
def test_what_cannot_be_had_is_said_in_one_line_and_recorded(
    archive: Archive, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    assert add(archive, url) == 1
    error = capsys.readouterr().err
    assert said in error
    assert error.count("\n") == 1
    assert sum(archive.count()) > 0, "the fact is in the archive"
    assert not archive.sites_path.exists() or not read_sites(archive.sites_path).sites


@pytest.mark.parametrize(
    ("url", "said"),
    [
        ("ftp://example.org/", "ftp:// is not fetched"),
        ("file:///etc/passwd", "file:// is not fetched"),
        ("http://", "no address of a site"),
        ("not a host", "no address of a site"),
        ("http://user:secret@example.org/", "no address of a site"),
        ("https://example.org:99999/", "no address of a site"),
        ("http://[::1", "no address of a site"),
    ],
)
def test_what_is_no_address_is_a_wrong_call(
    archive: Archive, capsys: pytest.CaptureFixture[str], url: str, said: str
) -> None:
    assert add(archive, url) == 2
    assert said in capsys.readouterr().err
    assert archive.count() == (0, 0)


@pytest.mark.parametrize(("columns", "lines"), [(120, 2), (80, 3)])
def test_a_source_keeps_its_url_whole_on_any_terminal(columns: int, lines: int) -> None:
    url = "http://gazette.example/sitemaps/news-of-the-last-two-days.xml"
    found = FoundSource(Candidate(SourceKind.SITEMAP, url, "named", named=True), SourceKind.SITEMAP, "sitemap", 12)
    console = Console(file=io.StringIO(), force_terminal=True, width=columns, no_color=True)
    with console.capture() as shown:
        print_sources(console, [found], {})
    said = shown.get().splitlines()
    assert len(said) == lines
    assert url in said[-1]


def test_a_site_that_is_declared_is_not_fetched_again(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    archive.sites_path.write_text('["www.gazette.example"]\n')
    assert add(archive, "https://gazette.example/") == 2
    assert "already declared" in capsys.readouterr().err
    assert archive.count() == (0, 0)


def test_nothing_is_fetched_without_a_contact(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive.create(tmp_path / "B", name="B", allow_loopback=True) as made:
        assert add(made, "https://gazette.example/") == 3
    assert "contact" in capsys.readouterr().err


def test_no_delay_needs_loopback(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with Archive.create(tmp_path / "B", name="B", contact="tester@example.org") as made:
        assert add(made, "https://gazette.example/") == 3
    assert "allow_loopback" in capsys.readouterr().err


def test_a_directory_that_is_no_archive(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(app, ["add", "https://gazette.example/", "--archive", str(tmp_path)]) == 3
    assert "presskeep init" in capsys.readouterr().err


@pytest.mark.parametrize(
    ("given", "starts"),
    [
        ("example.org", ("https://example.org/", "http://example.org/")),
        ("http://example.org", ("http://example.org/",)),
        ("HTTPS://Example.org/news/#top", ("HTTPS://Example.org/news/",)),
        (" example.org:8080/x ", ("https://example.org:8080/x", "http://example.org:8080/x")),
    ],
)
def test_what_is_tried_for_what_a_person_wrote(given: str, starts: tuple[str, ...]) -> None:
    assert starts_of(given) == starts
