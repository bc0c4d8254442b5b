"""Custom spiders: a site's own is loaded, captured, paced, and told to keep to robots.txt; its errors are one line."""

from __future__ import annotations

import json
import runpy
import shutil
import sys
import time
from pathlib import Path
from threading import Thread

import pytest
from crawled import attempted, captured, crawl, make_archive, site
from looking import needs_chromium
from oddserver import Odd, OddServer

from archive.errors import ConfigurationError
from archive.exchange import NoAnswer, Role
from archive.store import Archive
from crawler.custom import load_spider, place_of, start_urls
from crawler.jobs import JobSummary, Stop
from crawler.sites import Render, SourceKind

HOST = "awkward.example"
EXAMPLE = Path(__file__).parent / "spiders" / "awkward.py"
LIST = (SourceKind.SECTION, "/list?page=1")


def page(*stories: int, following: str = "") -> bytes:
    rows = "".join(f'<li data-story="/story/{n}" data-date="2026-11-{n:02}">Story {n}</li>' for n in stories)
    return f"<html><ul>{rows}</ul>{f'<a class=next href={following}>more</a>' if following else ''}</html>".encode()


ANSWERS: dict[str, Odd | bytes] = {
    f"{HOST}/robots.txt": b"User-agent: *\nDisallow: /private/\n",
    f"{HOST}/list?page=1": page(1, 2, following="/list?page=2"),
    f"{HOST}/list?page=2": page(3),
    f"{HOST}/story/1": b"<p>one</p>",
    f"{HOST}/story/2": Odd(301, b"", {"Location": "/story/2/"}),
    f"{HOST}/story/2/": b"<p>two</p>",
    f"{HOST}/story/3": b"<p>three</p>",
}


def with_spider(path: Path, server: OddServer) -> Archive:
    archive = make_archive(path, server.resolve(HOST, "tracker.example"))
    archive.spiders_path.mkdir()
    shutil.copy(EXAMPLE, archive.spiders_path)
    return archive


@pytest.mark.slow
def test_it_marks_articles_and_everything_is_captured_as_always(tmp_path: Path) -> None:
    declared = site(HOST, LIST, spider="awkward:ByNumber", delay=0.01)
    with OddServer(ANSWERS) as server:
        archive = with_spider(tmp_path / "A", server)
        summary = crawl(archive, [declared])
        assert summary.outcome == "finished"
        found = captured(archive, HOST)
        assert {path: one.role for path, one in found.items()} == {
            "/robots.txt": Role.ROBOTS,
            "/.well-known/tdmrep.json": Role.ROBOTS,
            "/list?page=1": Role.SECTION,
            "/list?page=2": Role.SECTION,
            "/story/1": Role.ARTICLE,
            "/story/2": Role.ARTICLE,
            "/story/2/": Role.ARTICLE,
            "/story/3": Role.ARTICLE,
        }
        story = found["/story/1"]
        assert (story.via, story.source, story.hops) == (f"http://{HOST}/list?page=1", "spider", "L")
        assert story.announced == "2026-11-01"
        assert found["/story/3"].hops == "LL"
        assert found["/story/2/"].hops == "LR"
        refused = {one.attempt.url: one.attempt.reason for one in archive.attempts(site=HOST)}
        assert refused == {
            "https://tracker.example/pixel": NoAnswer.SCOPE,
            f"http://{HOST}/private/diary": NoAnswer.ROBOTS,
        }
        before = len(server.seen)
        crawl(archive, [declared])
        assert [one.path for one in server.seen[before:]] == ["/list?page=1", "/list?page=2"], (
            "articles are fetched once"
        )
        assert not archive.verify().findings


@needs_chromium
@pytest.mark.slow
def test_its_pages_are_drawn_where_the_site_says_so(tmp_path: Path) -> None:
    script = "<html><body><script>document.body.innerHTML = %s</script></body></html>"
    listed = (script % "'<ul><li data-story=\"/story/\u00e9\">One</li></ul>'").encode("latin-1")
    answers: dict[str, Odd | bytes] = {
        f"{HOST}/list?page=1": Odd(200, listed, {"Content-Type": "text/html; charset=latin-1"}),
        f"{HOST}/story/%C3%A9": (script % "'<p>one</p>'").encode(),
    }
    with OddServer(answers) as server:
        archive = with_spider(tmp_path / "A", server)
        crawl(archive, [site(HOST, LIST, spider="awkward:ByNumber", delay=0.01, render=Render.BROWSER)])
    drawn = [one for one in archive.captures(site=HOST) if one.kind == "conversion"]
    assert [(one.url, one.role) for one in drawn] == [
        (f"http://{HOST}/list?page=1", Role.SECTION),
        (f"http://{HOST}/story/%C3%A9", Role.ARTICLE),
    ]
    assert b"<body><p>one</p></body>" in drawn[1].payload()


@pytest.mark.slow
def test_its_error_is_one_clear_line(tmp_path: Path) -> None:
    with OddServer(ANSWERS) as server:
        archive = with_spider(tmp_path / "A", server)
        summary = crawl(archive, [site(HOST, LIST, spider="awkward:Failing")])
    [report] = summary.reports
    assert report.problem is not None
    assert "ValueError: no list on http://awkward.example/list?page=1" in report.problem
    assert "its own spider failed once: " in report.problem
    assert "awkward.py, line" in report.problem
    assert captured(archive, HOST)["/list?page=1"].status == 200


@pytest.mark.slow
def test_one_that_ends_the_program_ends_its_own_process_alone(tmp_path: Path) -> None:
    with OddServer(ANSWERS) as server:
        archive = with_spider(tmp_path / "A", server)
        summary = crawl(archive, [site(HOST, LIST, spider="awkward:Leaving")])
        assert summary.outcome == "failed"
        assert summary.error == "the crawling process ended with exit code 1: SystemExit: 3"
        archive.adopt()
    assert captured(archive, HOST)["/list?page=1"].status == 200, "what it fetched is kept"


@pytest.mark.slow
def test_one_that_never_comes_back_ends_when_it_is_asked_to(tmp_path: Path) -> None:
    with OddServer(ANSWERS) as server:
        archive = with_spider(tmp_path / "A", server)
        stop = Stop()

        declared = site(HOST, LIST, spider="awkward:Looping", delay=0.01)
        done: list[JobSummary] = []
        crawling = Thread(target=lambda: done.append(crawl(archive, [declared], stop=stop)))
        crawling.start()
        deadline = time.monotonic() + 30
        while "/list?page=1" not in server.paths(HOST) and time.monotonic() < deadline:
            time.sleep(0.02)
        stop.asked.set()
        crawling.join()
    assert done[0].error == "the crawling process ended with exit code 1: it did not stop when it was asked to"


@pytest.mark.slow
def test_its_settings_cannot_take_capture_and_manners_away(tmp_path: Path) -> None:
    with OddServer(ANSWERS) as server:
        archive = with_spider(tmp_path / "A", server)
        crawl(archive, [site(HOST, LIST, spider="awkward:Rude")])
        assert "/story/1" in captured(archive, HOST)
        assert attempted(archive, HOST)["/private/diary"].attempt.reason is NoAnswer.ROBOTS
        assert {one.fields["User-Agent"].partition("/")[0] for one in server.seen} == {"Presskeep"}


@pytest.mark.slow
def test_a_spider_that_is_not_there_fails_its_site_alone(tmp_path: Path) -> None:
    with OddServer(ANSWERS) as server:
        archive = with_spider(tmp_path / "A", server)
        summary = crawl(archive, [site(HOST, LIST, spider="absent:Spider")])
    assert (summary.outcome, summary.exit_code) == ("failed", 3)
    assert "absent.py" in (summary.error or "")


@pytest.mark.parametrize(
    ("spider", "source", "said"),
    [
        ("absent:Spider", "", r"there is no .*absent\.py"),
        ("own:Nothing", "", "has no class Nothing"),
        ("own1:SEVEN", "SEVEN = 7", "not a subclass of scrapy.Spider"),
        ("own2:X", "import no_such_module_at_all", r"own2\.py, line 1 cannot be loaded: ModuleNotFoundError"),
        ("own3:X", "def broken(:", r"own3\.py, line 1 cannot be loaded: SyntaxError"),
        ("json:JSONDecoder", "", "json is the name of another module"),
        ("own4:X", "1 / 0", r"own4\.py, line 1 cannot be loaded: ZeroDivisionError"),
    ],
)
def test_what_cannot_be_loaded_is_said_in_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, spider: str, source: str, said: str
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    monkeypatch.setattr(sys, "modules", {**sys.modules})
    if not spider.startswith("absent"):
        (tmp_path / f"{spider.partition(':')[0]}.py").write_text(source)
    with pytest.raises(ConfigurationError, match=said) as caught:
        load_spider(tmp_path, site(HOST, spider=spider))
    assert "\n" not in str(caught.value)


def test_the_place_of_an_error_is_the_users_own_line_not_that_of_a_library(tmp_path: Path) -> None:
    (tmp_path / "own5.py").write_text("import json\n\njson.loads('{')\n")
    with pytest.raises(json.JSONDecodeError) as caught:
        runpy.run_path(str(tmp_path / "own5.py"))
    assert place_of(caught.value, tmp_path) == f" ({tmp_path / 'own5.py'}, line 3)"
    assert "decoder.py, line" in place_of(caught.value, tmp_path / "spiders")


def test_it_starts_with_the_declared_sources_or_the_front_page() -> None:
    assert start_urls(site(HOST, LIST)) == [f"http://{HOST}/list?page=1"]
    assert start_urls(site(HOST)) == [f"http://{HOST}/"]
