"""Hostile pages in the system's Chromium: nothing runs, nobody is called, and nobody is led away."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from urllib.parse import quote

import pytest
from looking import needs_chromium
from playwright.sync_api import Browser, sync_playwright

from archive.replay.captured.targets import Use
from crawler.drawing.chromium import find

from .hostile import AT, HEAD, HOST, WAYS, aimed, answered, archived, png
from .shown import Shown, Sink, showing, sink

pytestmark = [needs_chromium, pytest.mark.slow]

FONT = b"wOF2" + bytes(60)
GOOD = """<!doctype html><html><head><title>Good</title><link rel="stylesheet" href="/s.css"></head>
<body><h1>Gr\u00fc\u00dfe</h1><img id="p" src="/p.png" srcset="/p2.png 2x"><div id="d"></div>
<iframe id="f" src="/inner"></iframe><a id="a" href="/next?utm_source=x#there">next</a>
<a id="n" href="https://never.example/">never</a></body></html>""".encode("latin-1", "xmlcharrefreplace")


@pytest.fixture(scope="module")
def evil() -> Iterator[Sink]:
    with sink() as counting:
        yield counting


@pytest.fixture(scope="module")
def browser(evil: Sink) -> Iterator[Browser]:
    """One browser for all tests. It knows no host but loopback, and one, which leads to who counts."""
    known = f"MAP evil.example 127.0.0.1:{evil.port}, MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    arguments = ["--no-sandbox", f"--host-resolver-rules={known}"]
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(find()), args=arguments)
        yield started
        started.close()


@pytest.fixture(scope="module")
def room(tmp_path_factory: pytest.TempPathFactory, evil: Sink) -> Iterator[Shown]:
    """The hostile pages, each at ``/N``, for two spellings of an origin: by name, and by the address of loopback."""
    path = tmp_path_factory.mktemp("captured") / "A"
    pages = []
    for number, way in enumerate(WAYS.values()):
        for name, origin in (("named", "http://evil.example"), ("loopback", f"http://127.0.0.1:{evil.port}")):
            body, head = aimed(way, origin), aimed(HEAD, origin)
            text = f"<!doctype html><title>t</title><p id=here>here</p>{body}"
            pages.append(answered(f"/{name}/{number}", text.encode(), head=head, after=number))
    style = b"body{margin:0} #d{width:40px;height:30px;background:url(p.png)} h1{color:rgb(1,2,3)} @import 'no.css';"
    pages += [
        answered("/good", GOOD, "text/html; charset=iso-8859-1"),
        answered("/s.css", style, "text/css"),
        answered("/p.png", png(7, 5), "image/png"),
        answered("/inner", b"<!doctype html><p id=i>inner</p>"),
        answered("/next", b"<!doctype html><title>Next</title><p id=there>next</p>", after=5),
    ]
    with showing(archived(path, *pages)) as shown:
        yield shown


@pytest.mark.parametrize(("name", "where"), [("named", "framed"), ("loopback", "alone")])
def test_nothing_leaves_and_nothing_runs(browser: Browser, room: Shown, evil: Sink, name: str, where: str) -> None:
    context = browser.new_context()
    context.add_cookies([{"name": "secret", "value": "1", "url": room.app}])
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.on("dialog", lambda dialog: said.append(dialog.message))
    page.on("popup", lambda popup: said.append(popup.url))
    before = len(evil.seen)
    for number, way in enumerate(WAYS):
        path = f"/{name}/{number}"
        if where == "alone":
            page.goto(room.address(path), wait_until="load")
            frame = page.main_frame
        else:
            address = f"{room.app}/captured?url={quote(HOST + path, safe='')}"
            page.goto(address, wait_until="load")
            assert page.url == address, way
            frame = page.frames[1]
            frame.wait_for_load_state("load")
        assert frame.url == room.address(path, at=AT + number * 1_000_000) or where == "alone", way
        # What people would do.
        for selector in ("#a", "#f button"):
            if frame.locator(selector).count():
                frame.locator(selector).first.click(force=True, no_wait_after=True, timeout=2000)
        if frame.locator("area").count():  # that has no box of its own that a pointer could be set on
            frame.locator("area").first.dispatch_event("click")
        page.wait_for_timeout(60)
        assert page.url.startswith((room.app, room.frames)), way
        assert len(evil.seen) == before, (way, evil.seen)
    page.wait_for_timeout(300)
    elsewhere = [
        one for one in asked if not one.startswith((f"{room.app}/", f"{room.frames}/", "data:image", "about:"))
    ]
    assert not elsewhere
    assert len(evil.seen) == before, evil.seen
    assert not said
    cookies = {str(one.get("name")) for one in context.cookies()}
    assert cookies == {"secret"}
    context.close()


def test_a_page_that_means_well_looks_as_it_did(browser: Browser, room: Shown, tmp_path: Path) -> None:
    context = browser.new_context(viewport={"width": 900, "height": 900})
    page = context.new_page()
    page.goto(f"{room.app}/captured?url={quote(HOST + '/good', safe='')}")
    frame = page.frames[1]
    frame.wait_for_load_state("load")
    assert frame.locator("h1").inner_text() == "Gr\u00fc\u00dfe"
    assert frame.locator("h1").evaluate("one => getComputedStyle(one).color") == "rgb(1, 2, 3)"
    assert frame.locator("#p").evaluate("one => [one.naturalWidth, one.naturalHeight]") == [7, 5]
    inner = frame.child_frames[0]
    assert inner.locator("#i").inner_text() == "inner"
    frame.locator("#a").click()
    frame.wait_for_selector("p#there")
    assert frame.url.startswith(room.frames)
    assert frame.url.endswith("#there")
    page.reload()
    frame = page.frames[1]
    frame.wait_for_selector("#n")
    frame.locator("#n").click()
    frame.wait_for_selector("text=was not archived")
    page.screenshot(path=str(tmp_path / "captured.png"))
    context.close()


def test_the_application_may_show_a_picture_and_nobody_may_read_one(browser: Browser, room: Shown) -> None:
    page = browser.new_page()
    page.goto(f"{room.app}/")
    address = room.address("/p.png", Use.PICTURE)
    width = """url => new Promise(told => {
        const one = new Image(); one.onload = () => told(one.naturalWidth); one.onerror = () => told(0); one.src = url;
    })"""
    assert page.evaluate(width, address) == 7
    assert page.evaluate(width, room.address("/p.png")) == 0, "a page is no picture"
    assert page.evaluate("url => fetch(url).then(() => 'read', () => 'refused')", address) == "refused"
    page.close()


def test_whoever_counts_would_have_counted(browser: Browser, evil: Sink) -> None:
    before = len(evil.seen)
    page = browser.new_page()
    page.set_content('<img src="http://evil.example/x.png">')
    page.wait_for_timeout(300)
    page.close()
    assert len(evil.seen) > before
