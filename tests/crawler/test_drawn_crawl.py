"""Whole crawls of a site that only scripts can draw: what is sent, what is archived, and what text comes of it."""

from __future__ import annotations

import gzip
import json
import re
import threading
from collections.abc import Callable
from pathlib import Path

import pytest
from crawled import attempted, captured, crawl, make_archive, site
from looking import needs_chromium
from oddserver import Odd, OddServer
from web import rss

from archive.article import Article
from archive.crew import clean_pending
from archive.errors import ConfigurationError
from archive.exchange import NoAnswer, Role
from archive.prove import prove
from archive.store import Archive
from crawler.frontier import Frontier
from crawler.jobs import Stop
from crawler.running import require_fit
from crawler.scheduling.articles import Phase
from crawler.sites import Render, SourceKind
from crawler.state import State

pytestmark = pytest.mark.slow

HOSTS = ("paper.example", "cdn.example", "api.example")
STORIES = ("/story-of-the-crane", "/story-of-the-ferry", "/story-of-the-lock")  # to the last one leads a redirect
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
SHELL = b"""<!doctype html><html><head><meta name=robots content=noarchive><link rel=stylesheet href=/s.css></head>
<body><div id=app></div><img src=/picture.png><script src=http://cdn.example/app.js></script></body></html>"""
FRONT = b"""<!doctype html><html><body><div id=app></div><script>
document.getElementById("app").innerHTML = `<nav><a href="/about">About us</a></nav><main>
  <article><h2><a href="/story-of-the-ferry">The ferry was late again, and nobody minded</a></h2></article></main>`;
</script></body></html>"""
# It asks for its text after a while, by a field of its own, and tells somebody that it was read.
APP = b"""setTimeout(async () => {
  const asked = {headers: {"X-Key": "k"}};
  const story = await (await fetch("http://api.example/stories" + location.pathname + ".json", asked)).json();
  document.title = story.title;
  const body = story.body.map(one => `<p>${one}</p>`).join("");
  document.getElementById("app").innerHTML = `<h1>${story.title}</h1>${body}`;
  fetch("/private/more.json").catch(() => 0);
  fetch("http://api.example/read", {method: "POST", body: location.pathname});
}, 1000);"""


def answers() -> dict[str, Odd | bytes]:
    open_to_all = {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"}
    stories = {
        f"api.example/stories{path}.json": Odd(
            200,
            json.dumps({"title": f"A {path[1:].replace('-', ' ')}", "body": [SENTENCE * 3, SENTENCE * 4]}).encode(),
            open_to_all,
        )
        for path in STORIES
    }
    return {
        "paper.example/feed": rss(*(f"http://paper.example{path}" for path in (STORIES[0], "/story-that-moved"))),
        "paper.example/": FRONT,
        "paper.example/robots.txt": b"User-agent: *\nDisallow: /private/\n",
        "paper.example/story-that-moved": Odd(302, b"", {"Location": STORIES[2]}),
        "paper.example/s.css": Odd(200, b"p { color: black }", {"Content-Type": "text/css"}),
        "cdn.example/app.js": Odd(200, APP, {"Content-Type": "text/javascript"}),
        **{f"paper.example{path}": SHELL for path in STORIES},
        **stories,
    }


@needs_chromium
def test_a_site_that_only_scripts_can_draw(tmp_path: Path) -> None:
    sources = ((SourceKind.FEED, "/feed"), (SourceKind.FRONT, "/"))
    declared = site("paper.example", *sources, render=Render.BROWSER)
    with OddServer(answers()) as server:
        archive = make_archive(tmp_path / "A", server.resolve(*HOSTS))
        assert crawl(archive, [declared]).outcome == "finished"
        asked = [f"{one.host}{one.path}" for one in server.seen]
        assert crawl(archive, [declared]).outcome == "finished"
        again = [f"{one.host}{one.path}" for one in server.seen][len(asked) :]
    assert again == ["paper.example/feed", "paper.example/"]
    assert asked.count("cdn.example/app.js") == 1
    assert not [one for one in asked if "picture" in one or "read" in one or "private" in one]
    # Every exchange is in the archive, and nothing else but the pages that were drawn.
    wire = [one for one in archive.captures() if one.kind != "conversion"]
    assert sorted(one.url.removeprefix("http://") for one in wire) == sorted([*asked, *again])
    pages = {one.url: one for one in archive.captures(role=Role.ARTICLE) if one.kind == "conversion"}
    assert set(pages) == {f"http://paper.example{path}" for path in STORIES}
    of_role = {one.url.removeprefix("http://"): one for one in wire}
    for name in ("cdn.example/app.js", "paper.example/s.css", *(f"api.example/stories{one}.json" for one in STORIES)):
        assert of_role[name].role is Role.REQUISITE
        assert of_role[name].via in pages
        assert of_role[name].hops.endswith("E")
    assert of_role["paper.example/story-that-moved"].role is Role.ARTICLE
    refused = attempted(archive, "paper.example")["/private/more.json"].attempt
    assert (refused.reason, refused.origin.role) == (NoAnswer.ROBOTS, Role.REQUISITE)
    _are_derived(archive, [one.id for one in wire])
    _has_text(archive)
    with State(archive.state_path) as state:
        assert Frontier(state).count("paper.example")[Phase.DONE] == 4


def _are_derived(archive: Archive, ids: list[str]) -> None:
    """Each drawn page names the exchanges that it was made from, the page's own first."""
    written = b"".join(gzip.decompress(one.read_bytes()) for one in archive.warc_path.rglob("*.warc.gz"))
    for page in (one for one in archive.captures(role=Role.ARTICLE) if one.kind == "conversion"):
        (block,) = re.findall(
            rb"WARC-Concurrent-To: <%s>.*?\r\n\r\n(.*?)\r\n\r\n" % page.id.encode(), written, re.DOTALL
        )
        made_from = re.findall(rb"presskeep-drawn-from: (\S+)", block)
        assert made_from[0].decode() == page.refers_to
        assert len(made_from) == 4  # the page, its styles, its script, its story
        assert {one.decode() for one in made_from} <= set(ids)
        assert re.search(rb"presskeep-drawn-by: \w+/\d+\.", block)
        assert b"presskeep-drawn-without: post 1" in block
        assert page.reservations == ("meta robots: noarchive",)


def _has_text(archive: Archive) -> None:
    clean_pending(archive)
    entries = list(archive.entries())
    assert len(entries) == 3
    texts = {one.capture.url: one.text for one in entries if isinstance(one.text, Article)}
    assert {one.headline for one in texts.values()} == {f"A story of the {one}" for one in ("crane", "ferry", "lock")}
    for text in texts.values():
        assert text.text.count(SENTENCE.strip()) == 7
        assert prove(text, [archive.capture(text.provenance.captures[0].id)]).holds
    assert not archive.verify(deep=True).damaged


def with_program(archive: Archive, program: Path) -> Archive:
    """The archive, whose browser is another program."""
    told = archive.path / "archive.toml"
    archive.close()
    told.write_text(f"{told.read_text()}\n[browser]\npath = {json.dumps(str(program))}\n")
    return Archive.open(archive.path)


def test_without_a_browser_nothing_is_sent(tmp_path: Path) -> None:
    declared = site("paper.example", (SourceKind.FEED, "/feed"), render=Render.BROWSER)
    with OddServer(answers()) as server:
        archive = with_program(make_archive(tmp_path / "A", server.resolve(*HOSTS)), tmp_path / "chromium")
        with pytest.raises(ConfigurationError) as missing:
            require_fit(archive.configuration, [declared])
        require_fit(archive.configuration, [site("other.example")])
        done = crawl(archive, [declared])
    said = f'["paper.example"] has render = "browser", but [browser] path = "{tmp_path}/chromium": there is no'
    assert str(missing.value).startswith(said)
    assert (done.outcome, done.exit_code) == ("failed", 3)
    assert (done.error or "").startswith(said)
    assert not server.seen


def test_with_one_that_does_not_start_the_exchanges_are_kept_and_the_pages_stay_due(tmp_path: Path) -> None:
    declared = site("paper.example", (SourceKind.FEED, "/feed"), render=Render.BROWSER)
    program = tmp_path / "chromium"
    program.write_text("#!/bin/sh\necho 'libnss3.so: cannot open shared object file' >&2\nexit 127\n")
    program.chmod(0o755)
    with OddServer(answers()) as server:
        archive = with_program(make_archive(tmp_path / "A", server.resolve(*HOSTS)), program)
        assert crawl(archive, [declared]).outcome == "finished"
    found = captured(archive, "paper.example")[STORIES[0]]
    assert (found.kind, found.role) == ("response", Role.REQUISITE)
    failed = attempted(archive, "paper.example")[STORIES[0]].attempt
    assert failed.reason is NoAnswer.NOT_DRAWN
    assert failed.detail.startswith(f"{program} does not start: libnss3.so: cannot open shared object file")
    with State(archive.state_path) as state:
        assert Frontier(state).count("paper.example")[Phase.DUE] == 2


@needs_chromium
def test_what_is_stopped_while_it_is_drawn_is_drawn_by_the_next_crawl(tmp_path: Path) -> None:
    declared = site("paper.example", (SourceKind.FEED, "/feed"), render=Render.BROWSER)
    stop, over = Stop(), threading.Event()

    def late(before: int) -> Odd:
        if before == 0:
            stop.asked.set()
            over.wait(60)  # the crawl does not
        return Odd(200, b"[]", {"Content-Type": "application/json", "Access-Control-Allow-Origin": "*"})

    given: dict[str, Odd | bytes | Callable[[int], Odd]] = {
        **answers(),
        "paper.example/feed": rss(f"http://paper.example{STORIES[0]}"),
        f"api.example/stories{STORIES[0]}.json": late,
    }
    with OddServer(given) as server:
        archive = make_archive(tmp_path / "A", server.resolve(*HOSTS))
        first = crawl(archive, [declared], stop=stop)
        over.set()
        assert (first.outcome, first.error) == ("stopped", None)
        found = [one.kind for one in archive.captures(url=f"http://paper.example{STORIES[0]}")]
        assert found == ["response"]
        assert crawl(archive, [declared]).outcome == "finished"
    found = [one.kind for one in archive.captures(url=f"http://paper.example{STORIES[0]}")]
    assert found == ["response", "response", "conversion"]
