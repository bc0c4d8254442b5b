"""Whole pages in real crawls: each requisite of an article's page is in the archive, and its memento resolves."""

from __future__ import annotations

import gzip
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crawled import crawl, make_archive, new_run, site
from looking import needs_chromium
from oddserver import Answers, Odd, OddServer
from replayed import Replaying, drawn
from web import rss

from archive.exchange import NoAnswer, Role, Truncation
from archive.store import Archive
from archive.textjob import TextSummary
from archive.verbs.entries import failures
from crawler.crawling import CrawlResult
from crawler.discovery.embeds import Embed, embeds, sheet_embeds
from crawler.jobs import CrawlJob, JobSummary, Stop
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS
from crawler.report import SiteResult, report
from crawler.requisites.known import MAX_DEPTH
from crawler.requisites.memory import waiting
from crawler.scheduling.articles import Phase
from crawler.sites import Keep, Render, Site, SourceKind
from crawler.state import State
from crawler.why import explain

pytestmark = pytest.mark.slow

COURIER, TALBLATT = HOSTS
NEWS, CDN, DEAD = "news.example", "cdn.example", "dead.example"
NOON = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
STYLE = {"Content-Type": "text/css"}
PICTURE = {"Content-Type": "image/png"}


def wanted(archive: Archive, host: str) -> set[str]:
    """What a browser would fetch for the pages of a host's articles, as the archive has them."""
    found: dict[str, Embed] = {}
    for page in archive.captures(site=host, role=Role.ARTICLE):
        if page.status == 200:
            found |= {one.url: one for one in embeds(page.payload(), page.url).found}
    read: set[str] = set()
    while sheets := [url for url, one in found.items() if one.kind == "style" and url not in read]:
        for url in sheets:
            read.add(url)
            sheet = archive.memento(url)
            found |= {one.url: one for one in sheet_embeds(sheet.payload(), sheet.url).found}
    return set(found)


@dataclass(frozen=True)
class Kept:
    """The newsroom, and an archive that keeps the whole pages of one of its papers."""

    newsroom: Newsroom
    archive: Archive
    asked: list[str]


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Kept]:
    path = tmp_path_factory.mktemp("kept") / "A"
    with Newsroom(clock=lambda: NOON) as newsroom, make_archive(path, newsroom.resolve) as archive:
        summary = crawl(archive, [site(COURIER, keep=Keep.PAGE), site(TALBLATT)])
        assert summary.outcome == "finished", summary.error
        asked = [f"http://{one.host}{one.path}" for one in newsroom.log if one.path.startswith("/wp-content")]
        yield Kept(newsroom, archive, asked)


def test_every_requisite_of_a_page_is_there_once(kept: Kept) -> None:
    archive, parts = kept.archive, wanted(kept.archive, COURIER)
    theme = f"http://{COURIER}/wp-content/themes/quayside"
    assert {f"{theme}/{name}" for name in ("style.css?ver=4.2.1", "marks.css", "marks.woff2?v=1", "rope.svg")} < parts
    for url in parts:
        found = archive.memento(url)
        assert (found.status, found.role, found.truncated) == (200, Role.REQUISITE, None), url
        assert found.payload()
    assert sorted(kept.asked) == sorted(parts), "each once, and nothing of the site that keeps the text alone"
    assert archive.memento(f"{theme}/rope.svg").via == f"{theme}/marks.css"
    assert archive.memento(f"{theme}/rope.svg").hops.endswith("EEE")
    assert archive.verify().findings == ()


@needs_chromium
def test_a_replay_looks_like_the_page(kept: Kept, tmp_path: Path) -> None:
    """A browser draws the same picture, to the last pixel, from the publisher's server and from the archive alone."""
    captures = kept.archive.captures(site=COURIER, role=Role.ARTICLE)
    url = next(one.url for one in captures if one.status == 200 and "storm-barrier" in one.url)
    before = len(kept.newsroom.log)
    live = drawn(url, HOSTS, kept.newsroom.port, tmp_path / "live")
    asked = {f"http://{one.host}{one.path}" for one in kept.newsroom.log[before:] if one.host == COURIER}
    assert len(asked) > 8, "the browser fetched what the page refers to"
    with Replaying(kept.archive) as replaying:
        replayed = drawn(url, HOSTS, replaying.port, tmp_path / "replayed")
    assert replaying.missed == []
    assert replayed == live


def page(number: int) -> str:
    return f"{NEWS}/2026/11/27/story-number-{number}-of-a-few"


def article(*pieces: str) -> Odd:
    text = "<p>" + "The harbour board met on Tuesday and agreed on nothing at all. " * 20 + "</p>"
    return Odd(200, f"<html><head><title>A</title></head><body>{''.join(pieces)}{text}</body></html>".encode())


class Published:
    """A site of given articles on a server of its own, and an archive that keeps its whole pages."""

    def __init__(self, path: Path, answers: Answers, *articles: Odd, limits: str = "") -> None:
        pages = {page(number): one for number, one in enumerate(articles)}
        feed = rss(*(f"http://{url}" for url in pages))
        self.server = OddServer({f"{NEWS}/feed": Odd(200, feed, {"Content-Type": "text/xml"}), **pages, **answers})
        self.site = site(NEWS, (SourceKind.FEED, "/feed"), keep=Keep.PAGE)
        self._path, self._limits = path, limits

    def __enter__(self) -> Published:
        self.server.__enter__()
        resolve = {**self.server.resolve(NEWS, CDN), DEAD: "127.0.0.1:1"}
        make_archive(self._path, resolve, timeout=20).close()
        if self._limits:
            configured = self._path / "archive.toml"
            configured.write_text(f"{configured.read_text()}\n[requisites]\n{self._limits}\n", encoding="utf-8")
        self.archive = Archive.open(self._path)
        return self

    def __exit__(self, *_: object) -> None:
        self.archive.close()
        self.server.__exit__(None, None, None)

    def crawl(self, stop: Stop | None = None, declared: Site | None = None) -> tuple[JobSummary, SiteResult]:
        """A crawl, and what is told of it."""
        run = new_run()
        summary = crawl(self.archive, [declared or self.site], run=run, stop=stop)
        jobs = (CrawlJob(self.archive.path, run, (self.site,)),)
        return summary, report(self.archive, CrawlResult(run, 0, 0, jobs, (summary,), TextSummary()))[0]

    def asked(self, host: str = NEWS) -> list[str]:
        """The paths that were asked for, without robots.txt and what every visit reads."""
        passed = ("/robots.txt", "/feed", "/2026/", "/.well-known")
        return [one.path for one in self.server.seen if one.host == host and not one.path.startswith(passed)]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    return tmp_path / "A"


@needs_chromium
def test_a_page_that_scripts_draw_is_kept_as_it_was_drawn(folder: Path) -> None:
    """Its stylesheet comes by the browser, which asks for no pictures; what both refer to is fetched, too."""
    script = "document.body.insertAdjacentHTML('beforeend', '<img src=/drawn.png>')"
    answers: Answers = {
        f"{NEWS}/a.css": Odd(200, b"body { background: url(deep.png) }", STYLE),
        f"{NEWS}/deep.png": Odd(200, PNG, PICTURE),
        f"{NEWS}/drawn.png": Odd(200, PNG, PICTURE),
    }
    page_ = article("<link rel=stylesheet href='/a.css'>", f"<script>{script}</script>")
    with Published(folder, answers, page_) as published:
        declared = published.site.model_copy(update={"render": Render.BROWSER})
        summary, told = published.crawl(declared=declared)
        assert (summary.outcome, told.waiting) == ("finished", 0), summary.error
        assert sorted(published.asked()) == ["/a.css", "/deep.png", "/drawn.png"]


def test_what_fails_is_told_apart_and_troubles_no_article(folder: Path) -> None:
    """Dead pictures would have ended a visit; a host that is gone is left alone; a CDN's robots.txt is honoured."""
    dead = "".join(f"<img src='/dead-{number}.png'>" for number in range(15))
    gone = "".join(f"<img src='http://{DEAD}/{number}.png'>" for number in range(30))
    answers: Answers = {
        f"{CDN}/robots.txt": Odd(200, b"User-agent: *\nDisallow: /private/\n"),
        f"{CDN}/a.png": Odd(200, PNG, {**PICTURE, "Set-Cookie": "a=b"}),
        f"{CDN}/b.png": Odd(200, PNG + b"b", PICTURE),
        f"{NEWS}/broken.png": Odd(500, b"no"),
        f"{NEWS}/moved.png": Odd(302, b"", {"Location": f"http://{CDN}/moved-here.png"}),
        f"{CDN}/moved-here.png": Odd(200, PNG + b"m", PICTURE),
        f"{NEWS}/circle.png": Odd(302, b"", {"Location": "/circle.png"}),
    }
    rest = (
        f"<img src='http://{CDN}/a.png'><img src='http://{CDN}/b.png'><img src='http://{CDN}/private/c.png'>"
        "<img src='/broken.png'><img src='/moved.png'><img src='/circle.png'><img src='data:image/png;base64,AA=='>"
        "<img src='http://10.0.0.7/inside.png'>"
    )
    with Published(folder, answers, article(dead, gone, rest), article("<img src='/dead-0.png'>")) as published:
        declared = published.site.model_copy(update={"cookies": True})
        summary, told = published.crawl(declared=declared)
        assert summary.outcome == "finished", summary.error
        visit = summary.reports[0]
        assert (visit.problem, visit.answered, visit.left) == (None, 2, 0)
        assert (told.articles, told.requisites, told.failed, told.errors) == (2, 3, {}, {})
        assert told.lacking["status 404"] == 15
        assert told.lacking["status 500"] == 1
        assert told.lacking["robots"] >= 1 + 3, "one that is disallowed, and of the dead host those that were tried"
        assert told.lacking["address"] == 1, "of its robots.txt, before which nothing is asked"
        assert told.waiting >= 20, "what the dead host has is left for another hour"
        assert not list(failures(published.archive)), "and no page is missing"
        assert len([one for one in published.asked(CDN) if one == "/a.png"]) == 1
        assert "/private/c.png" not in published.asked(CDN)
        assert published.asked().count("/broken.png") == 1, "the next visit tries again"
        assert published.asked().count("/circle.png") <= 12
        sent = [one.fields for one in published.server.seen if one.host == CDN]
        assert not [fields for fields in sent if "Cookie" in fields or "Referer" in fields]
        assert {fields["Accept"] for fields in sent if fields["Accept"] != sent[0]["Accept"]} == {"*/*"}
        moved = published.archive.memento(f"http://{CDN}/moved-here.png")
        assert (moved.via, moved.source, moved.site) == (f"http://{NEWS}/moved.png", "redirect", NEWS)
        said = explain(published.archive, f"http://{CDN}/private/c.png").answer
        assert said.startswith(f"It is a part of pages of {NEWS} (image), but it could not be had: robots: ")
        assert explain(published.archive, f"http://{CDN}/a.png").answer.startswith(
            "It is a part of pages of news.example"
        )
        parts = dict(explain(published.archive, f"http://{page(0)}").parts)
        assert parts[Phase.DONE] >= 4
        assert parts[Phase.GONE] == 15


@pytest.mark.parametrize("lost", [False, True], ids=["with its state", "without it"])
def test_a_kill_in_between_loses_nothing(folder: Path, *, lost: bool) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slow(before: int) -> Odd:
        reached.set()
        if not before:
            go_on.wait(30)
        return Odd(200, PNG, PICTURE)

    names = [f"/{number}.png" for number in range(40)]
    answers: Answers = {
        f"{NEWS}/a.css": Odd(200, b"@import 'b.css';", STYLE),
        f"{NEWS}/b.css": Odd(200, b"a { b: url(deep.png) }", STYLE),
        f"{NEWS}/deep.png": Odd(200, PNG + b"deep", PICTURE),
        **{f"{NEWS}{name}": Odd(200, PNG + name.encode(), PICTURE) for name in names},
        f"{NEWS}/20.png": slow,
    }
    pictures = "".join(f"<img src='{name}'>" for name in names)
    with Published(folder, answers, article("<link rel=stylesheet href='/a.css'>", pictures)) as published:
        stop = Stop()

        def kill() -> None:
            reached.wait(60)
            stop.urgent.set()

        killer = threading.Thread(target=kill)
        killer.start()
        summary, _ = published.crawl(stop)
        killer.join()
        go_on.set()
        assert summary.outcome == "failed"
        assert "signal 9" in (summary.error or "") or "killed" in (summary.error or "")
        assert "/b.css" not in published.asked(), "the sheet had come, and was not read yet"
        published.archive.adopt()
        if lost:
            published.archive.state_path.unlink()
        kept = {one.url for one in published.archive.captures(role=Role.REQUISITE)}
        before = len(published.server.seen)
        summary, told = published.crawl()
        assert (summary.outcome, told.waiting) == ("finished", 0)
        for url in wanted(published.archive, NEWS):
            assert published.archive.memento(url).status == 200
        again = {f"http://{NEWS}{one.path}" for one in published.server.seen[before:]}
        assert not again & kept, "nothing that was durable is asked for twice"


def test_sites_that_share_a_host_stand_in_line_for_it(folder: Path) -> None:
    """With places for two requests, eight sites refer to one host: none is left out, and nothing is asked twice."""
    names = [f"paper-{number}.example" for number in range(8)]
    answers: dict[str, Odd | bytes | Callable[[int], Odd]] = {}
    for number, name in enumerate(names):
        story = f"{name}/2026/11/27/the-story-of-number-{number}"
        answers[f"{name}/feed"] = Odd(200, rss(f"http://{story}"), {"Content-Type": "text/xml"})
        answers[story] = article(f"<img src=http://{CDN}/all.png><img src=http://{CDN}/{number}.png>")
        answers[f"{CDN}/{number}.png"] = Odd(200, PNG + bytes([number]), PICTURE)
    answers[f"{CDN}/all.png"] = Odd(200, PNG, PICTURE)
    with OddServer(answers) as server:
        made = make_archive(folder, server.resolve(CDN, *names))
        made.close()
        configured = folder / "archive.toml"
        configured.write_text(f"{configured.read_text()}\n[crawl]\nconcurrency = 2\n", encoding="utf-8")
        with Archive.open(folder) as archive:
            sites = [site(name, (SourceKind.FEED, "/feed"), keep=Keep.PAGE, delay=0.02) for name in names]
            summary = crawl(archive, sites)
            assert summary.outcome == "finished", summary.error
            asked = [one for one in server.paths(CDN) if one != "/robots.txt"]
            assert sorted(asked) == [*(f"/{number}.png" for number in range(8)), "/all.png"]
            with State(archive.state_path) as state:
                assert not any(waiting(state, name) for name in names), "what another site has is dropped"


def test_a_hostile_page_stays_within_its_bounds(folder: Path) -> None:
    """A hundred thousand pictures, a compression bomb, imports in a circle and without an end."""
    pictures = "".join(f"<img src=/{number}.png>" for number in range(100_000))
    sheets = "".join(f"<link rel=stylesheet href='/{name}.css'>" for name in ("bomb", "one", "chain-0", "page"))
    bomb = gzip.compress(b"/*" + bytes(60_000_000), 1)
    answers: Answers = {
        f"{NEWS}/bomb.css": Odd(200, bomb, {**STYLE, "Content-Encoding": "gzip"}),
        f"{NEWS}/one.css": Odd(200, b"@import 'two.css'; @import 'one.css'; a { b: url(x.png) }", STYLE),
        f"{NEWS}/two.css": Odd(200, b"@import 'one.css'; @import url(/two.css#again)", STYLE),
        **{f"{NEWS}/chain-{n}.css": Odd(200, f"@import 'chain-{n + 1}.css'".encode(), STYLE) for n in range(20)},
        f"{NEWS}/page.css": Odd(200, b"<p>no sheet: url(no.png)</p>", {"Content-Type": "text/html"}),
    }
    with Published(folder, answers, article(sheets, pictures), limits="per_page = 40") as published:
        summary, told = published.crawl()
        assert (summary.outcome, summary.reports[0].problem, told.waiting) == ("finished", None, 0)
        asked = published.asked()
        assert len(asked) == len(set(asked)) <= 40
        assert {"/bomb.css", "/one.css", "/two.css", "/x.png", f"/chain-{MAX_DEPTH - 1}.css"} <= set(asked)
        assert f"/chain-{MAX_DEPTH}.css" not in asked
        assert "/no.png" not in asked
        assert sum(one.endswith(".png") and one != "/x.png" for one in asked) == 30 - 4
        left = [one.attempt for one in published.archive.attempts() if one.attempt.reason is NoAnswer.BUDGET]
        assert [(one.origin.role, one.detail) for one in left] == [
            (Role.REQUISITE, "99,974 requisites of the page are left out: [requisites] per_page allows 40")
        ]
        assert summary.memory < 500_000_000


def test_bytes_are_bounded_too(folder: Path) -> None:
    large = {f"{NEWS}/{number}.png": Odd(200, PNG + bytes(20_000) + bytes([number]), PICTURE) for number in range(120)}
    pictures = "".join(f"<img src='/{number}.png'>" for number in range(120))
    answers: Answers = {**large, f"{NEWS}/huge.png": Odd(200, PNG + bytes(60_000), PICTURE)}
    limits = "max_body = 50000\npage_bytes = 400000\nday_bytes = 3000000"
    with Published(folder, answers, article("<img src='/huge.png'>", pictures), limits=limits) as published:
        summary, told = published.crawl()
        assert (summary.outcome, told.waiting) == ("finished", 0)
        huge = published.archive.memento(f"http://{NEWS}/huge.png")
        assert huge.truncated is Truncation.LENGTH
        assert told.lacking == {"cut: length": 1, "budget": 1}
        assert len(published.asked()) < 120
        detail = next(one.attempt.detail for one in published.archive.attempts())
        assert detail.endswith("requisites of the page are left out: [requisites] page_bytes allows 400,000")
