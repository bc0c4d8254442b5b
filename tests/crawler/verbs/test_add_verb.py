"""``presskeep add``: what it finds, writes and says, and its errors."""

from __future__ import annotations

import io
import json
import re
from collections.abc import Iterator
from pathlib import Path

import pytest
from rich.console import Console

from archive import terminal
from archive.article import Article
from archive.exchange import NoAnswer, Role
from archive.store import Archive
from crawler.cli import app
from crawler.discovery import Candidate, FoundSource
from crawler.discovery.rates import Rate
from crawler.newcomer import starts_of
from crawler.newsroom import Newsroom
from crawler.sites import SourceKind, read_sites
from crawler.trying import Expectation
from crawler.verbs.expected import print_table, remarks
from crawler.verbs.finds import print_sources


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
    assert "not taken: 8 guesses (it answers 404)" in said.err
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


def test_a_site_or_a_list_but_not_both(archive: Archive, tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    for arguments in (["add"], ["add", "a.example", "--file", str(tmp_path / "x")]):
        assert terminal.run(app, [*arguments, "--archive", str(archive.path)]) == 2
        assert "--file with a list" in capsys.readouterr().err


def add_listed(archive: Archive, text: str, *options: str) -> int:
    path = archive.path.parent / "list.txt"
    path.write_text(text)
    given = ["add", "--file", str(path), "--delay", "0", "--archive", str(archive.path)]
    return terminal.run(app, [*given, *options])


@pytest.mark.slow
def test_a_list_goes_on_behind_what_fails(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    text = (
        "# papers\nhttp://talblatt.example/ # the first\nclosed.example\nnot a host\nhttp://harbour-courier.example/\n"
    )
    assert add_listed(archive, text) == 1
    said = capsys.readouterr()
    rows = [line.split("\t") for line in said.out.splitlines()]
    assert [(row[0], row[1]) for row in rows] == [
        *(("talblatt.example", "added"), ("closed.example", "failed")),
        *(("not a host", "failed"), ("harbour-courier.example", "added")),
    ]
    assert "the connection was refused" in rows[1][5]
    assert "no address of a site" in rows[2][5]
    assert "2 added, 2 failed" in said.err
    assert {site.host for site in read_sites(archive.sites_path)} == {"talblatt.example", "harbour-courier.example"}
    before = archive.sites_path.read_bytes()
    assert add_listed(archive, "talblatt.example\nhttp://harbour-courier.example/\n", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["outcome"] for one in document["sites"]] == ["declared", "declared"]
    assert document["counts"]["declared"] == 2
    assert archive.sites_path.read_bytes() == before


@pytest.mark.slow
def test_feeds_of_an_opml_file_become_sources(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    outlines = (
        '<outline text="Papers"><outline text="The Courier" xmlUrl="http://harbour-courier.example/feed/"'
        ' htmlUrl="http://harbour-courier.example/news"/><outline text="Gone" xmlUrl="http://talblatt.example/no.xml"'
        ' htmlUrl="http://harbour-courier.example/"/></outline>'
    )
    assert add_listed(archive, f'<opml version="1.0"><body>{outlines}</body></opml>', "--json") == 0
    (site,) = json.loads(capsys.readouterr().out)["sites"]
    assert (site["site"], site["outcome"], site["written"]) == ("harbour-courier.example", "added", True)
    feed = next(one for one in site["sources"] if one["kind"] == "feed")
    assert (feed["url"], feed["why"]) == ("http://harbour-courier.example/feed/", 'listed as "The Courier"')
    assert {"url": "http://talblatt.example/no.xml", "reason": "it answers 404"} in site["left_out"]
    assert '; listed as "The Courier"' in archive.sites_path.read_text()
    assert "# not taken: http://talblatt.example/no.xml (it answers 404)" in archive.sites_path.read_text()
    (capture,) = archive.captures(url="http://harbour-courier.example/feed/")
    assert (capture.source, capture.role) == ("list", Role.FEED)


def test_what_is_no_list_is_a_wrong_call(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert add_listed(archive, "<html></html>") == 2
    assert "not <opml>" in capsys.readouterr().err
    assert add_listed(archive, "# nothing\n") == 2
    assert "names no site" in capsys.readouterr().err
    assert terminal.run(app, ["add", "--file", "/no/such", "--archive", str(archive.path)]) != 0
    assert "/no/such" in capsys.readouterr().err


@pytest.mark.slow
def test_a_declared_site_is_looked_at_anew_without_writing(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    old = 'sources = [{ kind = "feed", url = "http://harbour-courier.example/old.xml" }]'
    archive.sites_path.write_text(f'["harbour-courier.example"]\ndelay = 0\n{old}\n')
    before = archive.sites_path.read_bytes()
    assert add(archive, "http://harbour-courier.example/") == 2
    assert "--dry-run' looks at it anew" in capsys.readouterr().err
    assert add(archive, "http://harbour-courier.example/", "--dry-run") == 0
    said = capsys.readouterr()
    assert "harbour-courier.example is declared already, with 1 source" in said.err
    assert "found, and not declared: http://harbour-courier.example/feed/" in said.err
    assert "declared, and not found: http://harbour-courier.example/old.xml" in said.err
    assert archive.sites_path.read_bytes() == before


@pytest.mark.slow
def test_a_trial_says_what_to_expect(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert add(archive, "http://harbour-courier.example/", "--try", "5", "--dry-run", "--json") == 0
    document = json.loads(capsys.readouterr().out)
    found = document["expected"]
    assert document["written"] is False
    answers = [one for one in archive.captures(role=Role.ARTICLE) if one.status not in {301, 302}]
    assert found["tried"] == len(answers) == 4, "one of the five redirects to another"
    assert sum(found["verdicts"].values()) == 4
    texts = [one for one in archive.entries() if one.capture.role is Role.ARTICLE]
    assert len(texts) == 4, "they are captures and texts like any other"
    assert found["with_text"] == len([one for one in texts if isinstance(one.text, Article)]) > 0
    assert found["words"] > 50
    assert (found["walls"], found["statuses"], found["robots"]) == ({"teaser": 1}, {"404": 1}, 0)
    assert found["articles_a_day"] > 0
    assert found["bytes_a_month"] == pytest.approx(found["articles_a_day"] * 30 * found["bytes_an_article"], rel=0.05)


def test_expectations_on_a_terminal_and_in_words() -> None:
    one = Expectation("a.example", Rate(41.6, 2.5, "https://a.example/feed"), tried=5, words=[100, 300, 500])
    one.verdicts.update({"article": 3, "consent-wall": 1, "gallery": 1, "empty": 2})
    one.signs["tdm-reservation: 1"] = 5
    one.unanswered[NoAnswer.ROBOTS] = 2
    one.sizes += [20_000, 40_000]
    console = Console(file=io.StringIO(), width=160, color_system=None)
    with console.capture() as shown:
        print_table(console, [one, Expectation("b.example")])
    said = shown.get().split("\n")
    cells = ["a.example", "42", "5", "3", "300", "1 consent-wall", "forbids 2", "5 tdm-reservation: 1", "37.4 MB"]
    assert re.split(r" {2,}", said[2].strip()) == cells
    assert re.split(r" {2,}", said[3].strip()) == ["b.example", "–", "0", "0", "–", "none", "allows", "none", "–"]
    assert remarks(one) == [
        "articles a day by 2.5 days of https://a.example/feed",
        "no plain articles: 2 empty, 1 gallery",
        'what is empty may need its scripts: render = "browser" in sites.toml has it drawn',
        "failed: 2 robots",
    ]
    assert remarks(Expectation("b.example")) == ["no article was fetched: none that is new was announced"]
