"""The browser, run for real: what it draws, what it does without, and that nothing ends it but us."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import pytest
from chromed import URL, Easel, Files, html
from looking import needs_chromium

from archive.errors import ConfigurationError
from crawler.drawing import sheet
from crawler.drawing.browser import Browser
from crawler.drawing.keeper import MEMORY
from crawler.drawing.sheet import Halted, NotDrawn, Picture, Reply

pytestmark = [needs_chromium, pytest.mark.slow]

LATER = b"setTimeout(() => {%s}, 1500);"


@pytest.fixture(scope="module")
def easel() -> Iterator[Easel]:
    """One browser for most of the tests: to start one takes half a second."""
    made = Easel()
    yield made
    made.close()


@pytest.fixture
def own() -> Iterator[Easel]:
    """One that may come to harm."""
    made = Easel()
    yield made
    made.close()


def test_pages_are_drawn_side_by_side_and_know_nothing_of_each_other(easel: Easel) -> None:
    script = b"localStorage.n = +(localStorage.n || 0) + 1; document.title = localStorage.n;" + LATER % (
        b"fetch('/data.txt').then(r => r.text()).then(t => document.body.append(t))"
    )
    files = Files({"http://paper.example/app.js": script, "http://paper.example/data.txt": b"The crane moved."})
    page = html('<script src="/app.js"></script>')

    async def act(browser: Browser) -> list[Picture]:
        return list(await asyncio.gather(*(browser.draw(URL, page, files.fetch, files) for _ in range(3))))

    made = easel.run(act(easel.browser))
    assert len(made) == 3
    for one in made:
        assert b"The crane moved." in one.page
        assert b"<title>1</title>" in one.page
        assert one.page.startswith(b"<!DOCTYPE html>\n<html>")
        assert one.cut == ""
    assert sorted(set(files.urls)) == ["http://paper.example/app.js", "http://paper.example/data.txt"]


def test_what_a_page_may_not_ask_for_is_told(easel: Easel) -> None:
    files = Files({"http://paper.example/w.js": b"fetch('/of-worker').then(r => r.text()).then(t => postMessage(t))"})
    page = html(
        """<img src=/i.png><iframe src=http://frame.example/></iframe><video src=/film.mp4></video>
        <style>@font-face { font-family: F; src: url(/font.woff2) } body { font-family: F }</style>text
        <script>
        fetch('/form', {method: 'POST', body: 'x'}).catch(() => document.body.append('no post'));
        navigator.sendBeacon('/seen', 'x');
        new EventSource('/events');
        new WebSocket('ws://paper.example/socket').onerror = () => document.body.append('no socket');
        new Worker('/w.js').onmessage = one => document.body.append(one.data);
        alert('stay'); window.open('/elsewhere');
        setTimeout(() => { location = 'http://other.example/' }, 500);
        setTimeout(() => location.reload(), 1000);
        fetch('file:///etc/passwd').catch(() => document.body.append('no file'));
        </script>"""
    )
    made = easel.draw(page, files)
    for said in (b"no post", b"no socket", b"no file"):
        assert said in made.page
    assert made.page.startswith(b"<!DOCTYPE html>\n<html><head></head><body><img")
    told = dict(one.rsplit(" ", 1) for one in made.without)
    assert {"image", "font", "media", "post", "eventsource", "navigation", "unanswered"} <= set(told), told
    assert set(files.urls) == {"http://paper.example/w.js", "http://paper.example/of-worker"}


def test_redirects_and_failures_of_its_files_are_passed_on(easel: Easel) -> None:
    moved = Reply(302, (("Location", "http://other.example/there.txt"), ("Access-Control-Allow-Origin", "*")), b"")
    files = Files(
        {
            "http://paper.example/gone.txt": 404,
            "http://paper.example/moved.txt": moved,
            "http://other.example/there.txt": b"found there",
        }
    )
    page = html(
        """<script>fetch('/gone.txt').then(r => document.body.append('status ' + r.status));
        fetch('/moved.txt').then(r => r.text()).then(t => document.body.append(t))</script>"""
    )
    made = easel.draw(page, files).page
    assert b"status 404" in made
    assert b"found there" in made
    assert len(files.asked) == 3


def test_scripts_of_the_page_cannot_change_what_is_taken(easel: Easel) -> None:
    page = html(
        """<p>as it is</p><script>
        Object.defineProperty(Element.prototype, 'outerHTML', {get: () => 'forged'});
        XMLSerializer.prototype.serializeToString = () => 'forged';
        </script>"""
    )
    made = easel.draw(page).page
    assert b"<p>as it is</p>" in made
    assert made.startswith(b"<!DOCTYPE html>")


def test_lone_surrogates_are_replaced(easel: Easel) -> None:
    page = html(r"<script>document.body.append('a\ud800b')</script>")
    assert "a\ufffdb" in easel.draw(page).page.decode()


def test_a_page_without_an_end_is_ended(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    with monkeypatch.context() as impatient:
        impatient.setattr(sheet, "STUCK", 1.0)
        impatient.setattr(sheet, "_TAKING", 1.0)
        with pytest.raises(NotDrawn, match="scripts without an end"):
            easel.draw(html("<script>for (;;) {}</script>"))
    assert b"the next" in easel.draw(html("<p>the next</p>")).page


def test_the_empty_page_before_it_is_not_taken_for_a_page(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "STUCK", 0.0)
    monkeypatch.setattr(sheet, "_LOOK", 0.0)
    with pytest.raises(NotDrawn, match="scripts without an end"):
        easel.draw(html("<p>too late</p>"))


def test_a_page_that_leaves_without_a_request_is_not_taken_for_what_it_leaves_for(easel: Easel) -> None:
    for target in ("'about:blank'", "URL.createObjectURL(new Blob(['other'], {type: 'text/html'}))"):
        with pytest.raises(NotDrawn, match=r"it leaves for (about:blank|blob:http://paper\.example/)"):
            easel.draw(html(f"<p>text</p><script>setTimeout(() => {{ location = {target} }}, 100)</script>"))
    assert easel.draw(html("<script>document.documentElement.remove()</script>")).page == b""


def test_endless_requests_are_cut(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_REQUESTS", 5)
    files = Files({f"http://paper.example/{one}.txt": b"x" for one in range(100)})
    ask = "let n = 0; const more = () => fetch('/' + n++ + '.txt').finally(more); more()"
    made = easel.draw(html(f"<p>kept</p><script>{ask}</script>"), files)
    assert made.cut == "5 requests"
    assert len(files.asked) == 5
    assert b"kept" in made.page


def test_too_many_bytes_are_cut(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_BYTES", 1000)
    files = Files({f"http://paper.example/{one}.txt": b"x" * 400 for one in range(10)})
    asks = "".join(f"await fetch('/{one}.txt').catch(() => 0);" for one in range(10))
    made = easel.draw(html(f"<script>(async () => {{{asks}}})()</script>"), files)
    assert made.without == ("icon 1", "unanswered 8")


def test_a_page_that_grows_too_large_is_refused(easel: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sheet, "MAX_PAGE", 10_000)
    with pytest.raises(NotDrawn, match="more than 10000"):
        easel.draw(html("<script>document.body.append('x'.repeat(20000))</script>"))


def test_a_crawl_that_ends_does_not_wait(easel: Easel) -> None:
    files = Files({"http://paper.example/slow.js": asyncio.Event().wait})  # type: ignore[dict-item]

    async def act(browser: Browser) -> None:
        drawing = asyncio.ensure_future(browser.draw(URL, html("<script src=/slow.js></script>"), files.fetch, files))
        while not files.asked:
            await asyncio.sleep(0)
        files.is_halted = True
        with pytest.raises(Halted):
            await drawing

    easel.run(act(easel.browser))


def test_a_browser_that_dies_or_is_worn_is_started_again(own: Easel, monkeypatch: pytest.MonkeyPatch) -> None:
    died: list[int] = []
    anew: list[int] = []

    async def die() -> bytes:
        if not died:
            died.append(1)
            os.kill(children(keepers[0])[0], signal.SIGKILL)
            await asyncio.Event().wait()
        return b"document.body.append('drawn at last')"

    keepers: list[int] = []
    files = Files({"http://paper.example/app.js": die})

    async def act(browser: Browser) -> Picture:
        await browser.draw(URL, html("<p>first</p>"), files.fetch, files)
        assert browser.pid is not None
        keepers.append(browser.pid)
        page = html("<script src=/app.js></script>")
        return await browser.draw(URL, page, files.fetch, files, lambda: anew.append(len(files.asked)))

    assert b"drawn at last" in own.run(act(own.browser)).page
    assert anew == [1]
    assert len(files.asked) == 2
    before = own.browser.pid
    monkeypatch.setattr("crawler.drawing.browser.RECYCLE", 1)
    assert b"the next" in own.draw(html("the next")).page
    assert own.browser.pid != before


def children(pid: int) -> list[int]:
    """The processes that a process has started, and is not rid of."""
    return [int(one) for one in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def is_gone(pid: int) -> bool:
    """Whether a process has ended."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


def until(what: str, happened: object) -> None:
    """Wait for something that another process does."""
    end = time.monotonic() + 20
    while not happened():  # type: ignore[operator]
        assert time.monotonic() < end, what
        threading.Event().wait(0.02)


PARENT = """
import asyncio, sys
sys.path[:0] = sys.argv[1:]
from chromed import Files, html, configuration, URL
from crawler.drawing.browser import Browser
async def run():
    browser, files = Browser(configuration()), Files({})
    await browser.draw(URL, html("<p>drawn</p>"), files.fetch, files)
    print(browser.pid, flush=True)
    await asyncio.Event().wait()
asyncio.run(run())
"""


@pytest.fixture
def short() -> Iterator[Path]:
    """A folder whose path leaves room for that of a socket."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        yield Path(folder)


def test_nothing_is_left_of_it_when_the_crawler_is_killed(short: Path) -> None:
    program = [sys.executable, "-c", PARENT, str(Path(__file__).parent)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(short)}) as parent:
        assert parent.stdout is not None
        keeper = int(parent.stdout.readline())
        (browser,) = children(keeper)
        assert list(short.glob("presskeep-browser-*"))
        (bound,) = (one for one in Path(f"/proc/{browser}/limits").read_text().splitlines() if "data size" in one)
        assert bound.split()[3:5] == [str(MEMORY)] * 2
        parent.kill()
    until("the browser ends", lambda: is_gone(browser) and is_gone(keeper))
    assert not list(short.iterdir())


def test_nothing_is_left_of_it_when_its_keeper_is_killed_too(short: Path) -> None:
    program = [sys.executable, "-c", PARENT, str(Path(__file__).parent)]
    with subprocess.Popen(program, stdout=subprocess.PIPE, env={**os.environ, "TMPDIR": str(short)}) as parent:
        assert parent.stdout is not None
        keeper = int(parent.stdout.readline())
        (browser,) = children(keeper)
        os.kill(keeper, signal.SIGKILL)
        parent.kill()
    until("the browser ends by its pipe", lambda: is_gone(browser))


def test_it_reaches_nothing_by_itself(easel: Easel) -> None:
    """Sockets on loopback, which no guard of its own would keep it from: none hears anything."""
    with contextlib.ExitStack() as stack:
        streams = [stack.enter_context(socket.create_server(("127.0.0.1", 0))) for _ in range(4)]
        packets = stack.enter_context(socket.socket(socket.AF_INET, socket.SOCK_DGRAM))
        packets.bind(("127.0.0.1", 0))
        for one in [*streams, packets]:
            one.setblocking(False)
        socketed, connected, refreshed, stunned = (one.getsockname()[1] for one in streams)
        page = html(
            f"""<script>
            new WebSocket('ws://127.0.0.1:{socketed}/').onerror = () => document.body.append('no socket');
            const peer = new RTCPeerConnection({{iceServers: [{{urls: 'stun:127.0.0.1:{packets.getsockname()[1]}'}},
              {{urls: 'turn:127.0.0.1:{stunned}?transport=tcp', username: 'a', credential: 'b'}}]}});
            peer.createDataChannel('x'); peer.createOffer().then(one => peer.setLocalDescription(one));
            peer.onicegatheringstatechange = () => document.body.append(peer.iceGatheringState);
            if (window.WebTransport) new WebTransport('https://127.0.0.1:{refreshed}/').ready.catch(() => 0);
            </script>""",
            f"""<link rel=preconnect href="http://127.0.0.1:{connected}"><link rel=dns-prefetch href="//localhost">
            <script type=speculationrules>{{"prefetch": [{{"source": "list", "urls": ["http://127.0.0.1:{connected}/"]}}],
            "prerender": [{{"source": "list", "urls": ["/other"]}}]}}</script>""",
        )
        made = easel.draw(page)
        assert b"no socket" in made.page
        for one in streams:
            with pytest.raises(BlockingIOError):
                one.accept()
        with pytest.raises(BlockingIOError):
            packets.recv(2000)


def test_one_that_does_not_start_says_why(tmp_path: Path) -> None:
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho 'error while loading shared libraries: libnss3.so' >&2\nexit 127\n")
    program.chmod(0o755)
    made = Easel(path=str(program))
    with pytest.raises(ConfigurationError, match=r"does not start: .*libnss3\.so; try '"):
        made.draw(html(""))
    assert not [one for one in Path(tempfile.gettempdir()).glob("presskeep-browser-*") if is_mine(one)]


def is_mine(folder: Path) -> bool:
    """Whether a profile was made within the last moments, by nobody else: it is empty."""
    with contextlib.suppress(OSError):
        return not any(folder.iterdir())
    return False
