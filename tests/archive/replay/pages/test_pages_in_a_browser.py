"""The pages in the system's Chromium: what a person sees, and what a browser asks for while they look.

Screenshots are kept in the folder that PRESSKEEP_SCREENSHOTS names.
"""

from __future__ import annotations

import os
import re
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from looking import needs_chromium
from lxml import html
from playwright.sync_api import Browser, ConsoleMessage, Page, Request, sync_playwright

from crawler.drawing.chromium import find

from ..captured.shown import Shown, showing
from .reading_room import ARABIC, CHINESE, CRANE, DOWN, FERRY, GONE, HEBREW, JAPANESE, LIVE, NAUGHTY, PARTS

pytestmark = [needs_chromium, pytest.mark.slow]

VIEWS = {
    "glance": "/",
    "site": "/site?name=courier.example",
    "search": "/search?q=crane",
    "edits": "/edits?site=courier.example",
    "never": f"/article?url={quote('https://nowhere.example/', safe='')}",
    "down": f"/article?url={quote(DOWN, safe='')}",
    **{
        f"{view}-{name}": f"/{view}?url={quote(url, safe='')}"
        for view, name, url in (
            *((view, "crane", CRANE) for view in ("article", "captured", "changes", "removed", "proof", "captures")),
            *(("article", "ferry", FERRY), ("article", "gone", GONE), ("article", "arabic", ARABIC)),
            *(("changes", "arabic", ARABIC), ("removed", "hebrew", HEBREW), ("article", "japanese", JAPANESE)),
            *(("article", "chinese", CHINESE), ("article", "live", LIVE), ("article", "naughty", NAUGHTY)),
            *(("removed", "naughty", NAUGHTY), ("article", "parts", PARTS)),
        )
    },
}
_NO_PAGE = {"never": 404, "down": 451}
# A phone in daylight and a desk at night; what lies between follows from both.
_SCREENS = {"phone": (390, 844, "light"), "desk": (1440, 900, "dark")}


@pytest.fixture(scope="module")
def app(room: Path) -> Iterator[Shown]:
    """The archive as it is served, at both its origins."""
    with showing(room) as serving:
        yield serving


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """One browser for all tests; it knows no host but loopback."""
    only = "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE 127.0.0.1"
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(executable_path=str(find()), args=["--no-sandbox", only])
        yield started
        started.close()


@contextmanager
def looking(browser: Browser, app: Shown, **options: Any) -> Iterator[Page]:
    """A page of a fresh browser; whatever leaves the application, fails or complains is an error at its end."""
    context = browser.new_context(**options)
    page = context.new_page()
    asked: list[str] = []
    said: list[str] = []

    def hear(message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"} and "status of 4" not in message.text:
            said.append(message.text)

    def see(request: Request) -> None:
        asked.append(request.url)

    page.on("console", hear)
    page.on("request", see)
    page.on("pageerror", lambda error: said.append(str(error)))
    page.on("dialog", lambda dialog: said.append(f"dialog: {dialog.message}"))
    yield page
    context.close()
    own = (f"{app.app}/", f"{app.frames}/")
    assert not [one for one in asked if not one.startswith(own)], "nothing is asked of anybody else"
    assert not said


def _keep(page: Page, name: str, tmp_path: Path) -> None:
    folder = Path(os.environ.get("PRESSKEEP_SCREENSHOTS") or tmp_path)
    folder.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=str(folder / f"{name}.png"))


@pytest.mark.parametrize("screen", _SCREENS)
def test_each_view_is_drawn_without_scripts(browser: Browser, app: Shown, screen: str, tmp_path: Path) -> None:
    width, height, scheme = _SCREENS[screen]
    options = {"viewport": {"width": width, "height": height}, "color_scheme": scheme, "java_script_enabled": False}
    with looking(browser, app, **options) as page:
        for name, path in VIEWS.items():
            answer = page.goto(app.app + path)
            assert answer is not None
            assert answer.status == _NO_PAGE.get(name, 200), name
            _keep(page, f"{name}-{screen}", tmp_path)
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), f"{name} is wider than {screen}"
            assert page.evaluate("getComputedStyle(document.body).fontFamily").startswith("system-ui"), "no sheet"
            small = page.evaluate(_SMALL)
            assert not small, f"{name} on {screen}: {small}"


# What can be aimed at is 24 pixels high at least (WCAG 2.2, 2.5.8); links within a line of text may be as they are.
_SMALL = """[...document.querySelectorAll('button, select, input:not([type=hidden]), .tabs a, .button, .box')]
  .map(one => [one.outerHTML.slice(0, 80), one.matches('input[type=checkbox]') ? one.closest('label') : one])
  .filter(([, one]) => one.getBoundingClientRect().height < 24).map(([said]) => said)"""


def test_the_keyboard_reaches_all_that_a_mouse_does(browser: Browser, app: Shown) -> None:
    with looking(browser, app, viewport={"width": 1000, "height": 800}) as page:
        page.goto(f"{app.app}{VIEWS['removed-crane']}")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "To the content"
        assert page.locator(".skip").bounding_box() is not None
        page.keyboard.press("Enter")
        assert page.evaluate("document.activeElement.id") == "main"
        order = []
        for _ in range(60):
            page.keyboard.press("Tab")
            order.append(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
            ring = page.evaluate("getComputedStyle(document.activeElement).outlineWidth")
            assert ring == "3px", "where the focus is can be seen"
            if order[-1] == "show-all":
                break
        assert order[-1] == "show-all"
        assert page.locator(".overlay .left").first.is_visible()
        page.keyboard.press("Space")
        assert not page.locator(".overlay .left").first.is_visible()
        page.keyboard.press("Space")
        page.keyboard.press("Tab")
        page.keyboard.press("Enter")
        assert page.locator(".overlay details[open] .why").first.is_visible()


def test_a_class_of_what_was_left_out_can_be_hidden(browser: Browser, app: Shown) -> None:
    with looking(browser, app, java_script_enabled=False) as page:
        page.goto(f"{app.app}{VIEWS['removed-crane']}")
        navigation, other = page.locator(".overlay .c-navigation").first, page.locator(".overlay .c-legal").first
        assert navigation.is_visible()
        page.locator("#show-navigation").uncheck()
        assert not navigation.is_visible()
        assert other.is_visible()


def test_two_editions_are_chosen_by_a_form(browser: Browser, app: Shown) -> None:
    with looking(browser, app, java_script_enabled=False) as page:
        page.goto(f"{app.app}{VIEWS['changes-crane']}")
        page.locator("#old").select_option("1")
        page.locator("#new").select_option("2")
        page.get_by_role("button", name="Compare").click()
        assert page.locator("ins").first.inner_text().endswith("Harbour crane moves sixty metres")
        assert "fifty" not in page.locator(".difference").inner_text().replace("what fifty buses", "")


def test_a_search_leads_to_an_article(browser: Browser, app: Shown) -> None:
    with looking(browser, app, java_script_enabled=False) as page:
        page.goto(f"{app.app}/")
        page.get_by_role("searchbox").fill("ferry WINTER")
        page.get_by_role("searchbox").press("Enter")
        page.get_by_role("link", name=re.compile("Ferry fares")).click()
        assert page.locator("article h1").inner_text() == "Ferry fares frozen for a second winter"


def _is_drawn(page: Page) -> bool:
    """Whether the article's picture comes: with scripts, browsers load it when they see it, and not before `load`."""
    picture = page.locator("article img")
    for _ in range(50):
        if picture.evaluate("one => one.complete && one.naturalWidth > 0"):
            return True
        page.wait_for_timeout(100)
    return False


def test_pictures_and_the_page_as_captured_come_from_the_other_origin(browser: Browser, app: Shown) -> None:
    with looking(browser, app, java_script_enabled=False) as page:
        page.goto(f"{app.app}{VIEWS['article-crane']}")
        assert _is_drawn(page)
        page.get_by_role("link", name="Page as captured").click()
        frame = page.frame_locator("iframe.captured")
        assert frame.locator("h1").inner_text() == "Harbour crane moves sixty metres, and squeaks"
        assert "More from the harbour" in frame.locator("aside").inner_text(), "all of it, not the text alone"


def test_whoever_knows_the_token_sees_both_origins(browser: Browser, room: Path) -> None:
    token = "nobody-guesses-this-one"
    with showing(room, token=token) as app, looking(browser, app) as page:
        answer = page.goto(f"{app.app}{VIEWS['article-crane']}")
        assert answer is not None
        assert answer.status == 401
        assert "A token is needed" in page.locator("h1").inner_text()
        page.goto(f"{app.app}{VIEWS['article-crane']}&token={token}")
        assert "token" not in page.url
        assert _is_drawn(page)
        page.get_by_role("link", name="Page as captured").click()
        assert page.frame_locator("iframe.captured").locator("h1").inner_text().startswith("Harbour crane")


def test_on_paper_the_article_stands_alone(browser: Browser, app: Shown, tmp_path: Path) -> None:
    with looking(browser, app, viewport={"width": 800, "height": 1100}) as page:
        page.emulate_media(media="print")
        page.goto(f"{app.app}{VIEWS['article-crane']}")
        assert page.locator("article h1").is_visible()
        assert not page.locator(".bar").is_visible()
        assert not page.locator(".tabs").is_visible()
        _keep(page, "article-crane-paper", tmp_path)


def test_an_address_behind_the_path_leads_to_its_page(app: Shown) -> None:
    for given in (FERRY, FERRY.replace("://", ":/"), quote(FERRY, safe="")):
        answer = app.client.get(f"{app.app}/article/{given}", follow_redirects=True)
        assert answer.status_code == 200, given
        assert "Ferry fares frozen" in answer.text
    assert app.client.get(f"{app.app}/article/", headers={"Accept": "text/html"}).status_code == 400
    said = app.client.get(f"{app.app}/article?url=https://nowhere.example/", headers={"Accept": "application/json"})
    assert said.json()["status"] == 404, "a program is told in its own words"


def test_every_link_within_leads_somewhere(app: Shown) -> None:
    """From the first page on, each link that the pages have; those to the live web are not followed."""
    waiting, seen = ["/"], {"/"}
    while waiting:
        path = waiting.pop()
        answer = app.client.get(app.app + path, headers={"Accept": "text/html"}, follow_redirects=True)
        if path.startswith("/web/"):
            assert "memento-datetime" in answer.headers, path
            continue
        assert answer.status_code == 200, path
        if "html" not in answer.headers["content-type"]:
            continue
        for link in html.document_fromstring(answer.text).xpath("//a/@href | //link/@href | //img/@src"):
            if link.startswith("/") and _kind(link) not in seen:
                seen.add(_kind(link))
                waiting.append(link)
    assert len(seen) > 40


def _kind(link: str) -> str:
    """Links that differ only in the capture or edition that they choose are one."""
    return re.sub(r"(capture|edition|old|new|before)=[^&]*", r"\1=", link)
