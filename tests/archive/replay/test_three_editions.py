"""Three editions of one URL each show their own text, in a browser: here, in pywb, and in ReplayWeb.page.

The two others read the package that `pack` made. The first edition came back at the end: that capture is a revisit, so
whoever shows it has to find its payload in another record.
"""

from __future__ import annotations

import contextlib
import json
import threading
import time
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from looking import needs_chromium
from peers import ask, needs_peers
from playwright.sync_api import Browser, Frame, Page, sync_playwright
from sharing.replay import replaying
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse
from starlette.routing import Route

from archive.replay import viewer
from archive.replay.addresses import stamp
from archive.replay.captured.targets import Use, address
from archive.replay.listening import bound, server
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.store import Archive
from crawler.drawing.chromium import find

from .captured.hostile import HOST, answered, archived
from .captured.shown import showing

pytestmark = [needs_chromium, pytest.mark.slow]

PATH = "/budget"
URL = f"{HOST}{PATH}"
EDITIONS = ("Council passes budget", "Council passes budget after all-night row", "Budget is void, says court")
SHOWN = (*EDITIONS, EDITIONS[0])  # by each capture
_HOUR = 3_600
_PAGE = """<!doctype html><html><head><meta charset="utf-8"><title>{0}</title></head><body><h1>{0}</h1>
<p>{1}</p></body></html>"""
_LONG = "All of it was read aloud. " * 50  # what is short is stored again, and not as a revisit
_VIEWER = """<!doctype html><html><head><meta charset="utf-8"><script src="./ui.js"></script></head>
<body><replay-app-main></replay-app-main></body></html>"""


@pytest.fixture(scope="module")
def news(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The archive."""
    path = tmp_path_factory.mktemp("editions") / "NEWS"
    *first, last = (
        answered(PATH, _PAGE.format(title, _LONG).encode(), after=number * _HOUR) for number, title in enumerate(SHOWN)
    )
    archived(path, *first)
    with Archive.open(path) as archive, archive.writer("later") as writer:
        writer.add(last)
    return path


@pytest.fixture(scope="module")
def times(news: Path) -> list[int]:
    with Archive.open(news) as archive:
        captures = list(archive.timeline(URL))
    assert [one.kind for one in captures] == ["response"] * 3 + ["revisit"]
    return [one.at for one in captures]


@pytest.fixture(scope="module")
def package(news: Path) -> Path:
    """What `presskeep pack` makes of it."""
    made = news.parent / "NEWS.wacz"
    with Archive.open(news) as archive:
        pack(archive, str(made), Selection())
    return made


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """It knows no host but loopback."""
    arguments = ["--no-sandbox", "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(find()), args=arguments)
        yield started
        started.close()


def _headline(page: Page | Frame) -> str:
    return page.locator("h1").first.inner_text(timeout=30_000)


def test_here(browser: Browser, news: Path, times: list[int]) -> None:
    page = browser.new_page()
    with showing(news) as shown:
        for at, text in zip(times, SHOWN, strict=True):
            page.goto(shown.frames + address(URL, at, Use.PAGE))
            assert _headline(page) == text
            page.goto(f"{shown.app}/web/{stamp(at)}id_/{URL}")
            assert f"<h1>{text}</h1>" in page.locator("body").inner_text(), "the exact payload, as its source"
    page.close()


@needs_peers[0]
@needs_peers[1]
def test_in_pywb(browser: Browser, package: Path, times: list[int], tmp_path: Path) -> None:
    assert ask("wb-manager", "init", "news", cwd=tmp_path).returncode == 0
    added = ask("wb-manager", "add", "--unpack-wacz", "news", package, cwd=tmp_path)
    assert added.returncode == 0, added.stderr
    (tmp_path / "config.yaml").write_text(json.dumps({"framed_replay": False}))
    page = browser.new_page()
    with replaying(tmp_path) as pywb:
        for at, text in zip(times, SHOWN, strict=True):
            page.goto(f"http://127.0.0.1:{pywb.port}/news/{stamp(at)}/{URL}")
            assert _headline(page) == text
    page.close()


@contextlib.contextmanager
def _viewed(folder: Path, package: Path) -> Iterator[str]:
    """The origin of a viewer's files and a package, as anybody would put them on a server."""

    async def page(_: Request) -> HTMLResponse:
        return HTMLResponse(_VIEWER)

    async def file(request: Request) -> FileResponse:
        name = request.path_params["name"]
        return FileResponse(package if name == package.name else folder / name)

    socket = bound("127.0.0.1", 0)
    running = server(Starlette(routes=[Route("/", page), Route("/{name}", file)]))
    thread = threading.Thread(target=running.run, args=([socket],), name="viewer")
    thread.start()
    try:
        while not running.started:
            assert thread.is_alive(), "the server did not start"
            time.sleep(0.005)
        yield f"http://127.0.0.1:{socket.getsockname()[1]}"
    finally:
        running.should_exit = True
        thread.join(20)


@pytest.mark.skipif(viewer.installed() is None, reason="ReplayWeb.page is not here: run `presskeep viewer install`")
def test_in_replayweb_page(browser: Browser, package: Path, times: list[int]) -> None:
    folder = viewer.installed()
    assert folder is not None
    page = browser.new_page()
    with _viewed(folder, package) as origin:
        for at, text in zip(times, SHOWN, strict=True):
            source = quote(f"{origin}/{package.name}", safe="")
            page.goto("about:blank")  # else only the fragment would change, and nothing be loaded
            page.goto(f"{origin}/?source={source}#view=pages&url={quote(URL, safe='')}&ts={stamp(at)}")
            shown = page.frame_locator("iframe").get_by_role("heading", name=text, exact=True)
            shown.wait_for(timeout=30_000)
    page.close()
