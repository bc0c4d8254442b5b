"""Any Scrapy project is archived by one entry in ADDONS; what it does of its own stays as it is."""

from __future__ import annotations

import http.server
import json
import shutil
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, ClassVar

import pytest

from archive.exchange import NoAnswer, Role
from archive.store import Archive

HERE = Path(__file__).parent

pytestmark = pytest.mark.slow  # Scrapy's own command line, in processes of their own


class Site(http.server.BaseHTTPRequestHandler):
    """A site with a link to a page, one that moved, and one that works the second time only."""

    protocol_version = "HTTP/1.1"
    seen: ClassVar[list[tuple[str, str | None]]]

    def do_GET(self) -> None:
        self.seen.append((self.path, self.headers["X-Gazette"]))
        status, body, fields = 200, f"<title>{self.path}</title>", {}
        match self.path:
            case "/":
                body = '<a href="/page">1</a> <a href="/moved">2</a> <a href="/flaky">3</a> <a href="/secret">4</a>'
            case "/robots.txt":
                body = "User-agent: *\nDisallow: /secret\n"
            case "/moved":
                status, fields = 302, {"Location": "/new"}
            case "/flaky" if [path for path, _ in self.seen].count("/flaky") == 1:
                status = 503
        self.send_response(status)
        for name, value in {**fields, "Content-Type": "text/html", "Content-Length": str(len(body))}.items():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(body.encode())

    def log_message(self, *rest: Any) -> None:
        """Say nothing."""


@dataclass
class Project:
    """A copy of the foreign project within an archive of its own, and the site that it reads."""

    directory: Path
    archive: Archive
    url: str
    seen: list[tuple[str, str | None]] = field(default_factory=list)

    def crawl(self, *settings: str) -> str:
        """Run ``scrapy crawl front``; what it logged."""
        arguments = [part for setting in settings for part in ("-s", setting)]
        done = subprocess.run(
            [sys.executable, "-m", "scrapy", "crawl", "front", "-a", f"start={self.url}/", *arguments],
            cwd=self.directory,
            capture_output=True,
            text=True,
            timeout=100,
            check=True,
        )
        assert "Traceback" not in done.stderr, done.stderr
        return done.stderr

    def items(self) -> list[dict[str, Any]]:
        """What the project's own pipeline wrote."""
        return [json.loads(line) for line in (self.directory / "items.jsonl").read_text("utf-8").splitlines()]


@pytest.fixture
def project(tmp_path: Path) -> Iterator[Project]:
    archive = Archive.create(tmp_path / "NEWS", contact="t@example.org", allow_loopback=True)
    directory = archive.path / "gazette"  # so it is found from the current directory upwards
    shutil.copytree(HERE / "project", directory)

    class Served(Site):
        seen: ClassVar[list[tuple[str, str | None]]] = []

    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), Served) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield Project(directory, archive, f"http://127.0.0.1:{server.server_port}", Served.seen)
        server.shutdown()


def test_everything_that_a_foreign_project_fetches_is_archived(project: Project) -> None:
    project.crawl()
    captures = list(project.archive.captures())
    by_path = {capture.url.removeprefix(project.url): capture for capture in captures}
    # Its robots.txt, its redirect and its retry are exchanges like others; what robots.txt forbids it does not fetch.
    assert set(by_path) == {"/robots.txt", "/", "/page", "/moved", "/new", "/flaky"}
    assert [capture.status for capture in captures if capture.url.endswith("/flaky")] == [503, 200]
    assert (by_path["/new"].via, by_path["/new"].hops) == (f"{project.url}/moved", "R")
    assert {(capture.role, capture.site) for capture in captures} == {(Role.OTHER, "127.0.0.1")}
    assert sorted(path for path, _ in project.seen) == sorted(
        capture.url.removeprefix(project.url) for capture in captures
    )
    assert b"<title>/page</title>" in by_path["/page"].block()
    assert [run.outcome for run in project.archive.runs()] == ["finished"]


def test_its_own_middlewares_and_pipelines_work_as_before(project: Project) -> None:
    project.crawl()
    ids = {capture.id: capture.url for capture in project.archive.captures()}
    items = project.items()
    assert {item["title"] for item in items} == {"/page", "/new", "/flaky"}
    assert all(ids[item["capture"]] == item["url"] for item in items)
    assert {stamp for _, stamp in project.seen} == {"1"}


def test_what_did_not_come_over_the_wire_is_recorded_as_not_captured(project: Project) -> None:
    project.crawl("HTTPCACHE_ENABLED=1", "RETRY_ENABLED=0")
    first = len(list(project.archive.captures()))
    assert not list(project.archive.attempts())
    project.crawl("HTTPCACHE_ENABLED=1", "RETRY_ENABLED=0")
    attempts = [stored.attempt for stored in project.archive.attempts()]
    assert {attempt.reason for attempt in attempts} == {NoAnswer.NOT_CAPTURED}
    assert {attempt.detail for attempt in attempts} == {"the response came from the HTTP cache"}
    assert f"{project.url}/page" in {attempt.url for attempt in attempts}
    assert len(list(project.archive.captures())) == first


def test_a_handler_of_its_own_is_left_alone_and_recorded_as_not_captured(project: Project) -> None:
    handler = '{"http": "scrapy.core.downloader.handlers.http11.HTTP11DownloadHandler"}'
    project.crawl(f"DOWNLOAD_HANDLERS={handler}")
    assert not list(project.archive.captures())
    attempts = [stored.attempt for stored in project.archive.attempts()]
    assert f"{project.url}/page" in {attempt.url for attempt in attempts}
    assert {attempt.reason for attempt in attempts} == {NoAnswer.NOT_CAPTURED}


def test_an_address_that_the_archive_does_not_allow_is_said_in_the_log(project: Project) -> None:
    settings = project.archive.path / "archive.toml"
    settings.write_text(settings.read_text("utf-8").replace("allow_loopback = true", "allow_loopback = false"), "utf-8")
    logged = project.crawl()
    why = "127.0.0.1 is this machine: [network] in archive.toml does not allow it"
    assert f"{project.url}/ is not fetched: {why}" in logged
    assert {stored.attempt.reason for stored in project.archive.attempts()} == {NoAnswer.ADDRESS}
    assert not project.seen


def test_without_an_archive_it_says_so_and_fetches_nothing(project: Project, tmp_path: Path) -> None:
    shutil.move(project.directory, tmp_path / "elsewhere")
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "crawl", "front", "-a", f"start={project.url}/"],
        cwd=tmp_path / "elsewhere",
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
    )
    assert done.returncode != 0
    assert "NotAnArchive" in done.stderr
    assert not project.seen


def test_scrapy_list_works_in_the_house_itself() -> None:
    root = HERE.parents[2]
    done = subprocess.run(
        [sys.executable, "-m", "scrapy", "list"], cwd=root, capture_output=True, text=True, timeout=100, check=True
    )
    assert "news" in done.stdout.split()
