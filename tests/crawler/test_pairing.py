"""Twins in the frontier: by what the archive committed alone, and the other page is looked at in their place."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from oddserver import Answers, Odd, OddServer

from archive import clock
from archive.article import Verdict
from archive.capture import Capture
from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role
from archive.store import Archive
from archive.url import normalise
from crawler import pairs
from crawler.frontier import Found, Frontier, Judged
from crawler.pairing import Pairing
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY, HOUR, MINUTE
from crawler.sites import SourceKind
from crawler.state import State
from crawler.status import status
from crawler.urls import Scope
from crawler.why import explain

SITE = "a.example"
STORY = f"https://{SITE}/news/bridge-reopens-after-storm"
TWIN = f"{STORY}/amp"
NOON = 1_796_126_400_000_000  # 2026-12-01
TITLE = "Bridge reopens after storm"


def page(canonical: str | None = None, title: str = TITLE, html: str = "<html>") -> bytes:
    link = f'<link rel="canonical" href="{canonical}">' if canonical else ""
    return f"<!doctype html>{html}<head>{link}</head><body><h1>{title}</h1></body></html>".encode()


class Desk:
    """An archive that is written as by a crawl, and noted as after a commit."""

    def __init__(self, path: Path) -> None:
        self.archive = Archive.create(path, name="TEST", contact="tester@example.org")
        self.archive.sites_path.write_text(f'["{SITE}"]\nhosts = ["*.{SITE}"]\n', encoding="utf-8")
        self.open(path / "state.sqlite")

    def open(self, state: Path) -> None:
        self.state = State(state)
        self.frontier = Frontier(self.state)
        self.pairing = Pairing(self.archive, self.state, self.frontier, {SITE: Scope.of((SITE, f"*.{SITE}"))})

    def captures(self) -> list[Capture]:
        return list(self.archive.captures(role=Role.ARTICLE))

    def note(self, captures: list[Capture]) -> None:
        self.frontier.note(captures)
        self.pairing.note(captures)

    def fetched(self, url: str, at: int, body: bytes = b"", status: int = 200, more: str = "") -> None:
        known = {one.id for one in self.captures()}
        head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode()
        writer = self.archive.writer("crawl", {SITE: b"{}"})
        writer.add(Exchange(url, at, b"GET / HTTP/1.1\r\n\r\n", head + body, origin=Origin(SITE, role=Role.ARTICLE)))
        writer.close()
        self.note([one for one in self.captures() if one.id not in known])

    def failed(self, url: str, at: int, reason: NoAnswer) -> None:
        writer = self.archive.writer("crawl", {SITE: b"{}"})
        writer.add_attempt(Attempt(url, at, reason, origin=Origin(SITE, role=Role.ARTICLE)))
        writer.close()
        attempts = list(self.archive.attempts(url=url))
        self.frontier.note([], attempts)
        self.pairing.note([], attempts)

    def due(self) -> list[str]:
        return [one.url for one in self.frontier.due(SITE, 9)]

    def next(self, url: str) -> int | None:
        return self.frontier.times(SITE, url)[1]

    def is_twin(self, url: str = TWIN) -> bool:
        return normalise(url) in pairs.standing(self.state.read, SITE, [normalise(url)])

    def why(self, url: str = TWIN) -> str:
        return explain(self.archive, url).twin.said

    def judge(self, url: str, at: int, verdict: Verdict) -> None:
        self.frontier.judge([Judged(SITE, normalise(url), at, verdict, False)])


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "A")
    yield made
    made.state.close()
    made.archive.close()


def test_the_canonical_address_is_due_and_looked_at_in_place_of_its_twin(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    assert desk.due() == [STORY]
    assert desk.next(TWIN) is None, "not looked at while the other page is about to come"
    assert "fetched first" in desk.why()
    [due] = desk.frontier.due(SITE, 1)
    assert (due.source, due.via) == ("canonical", TWIN)
    desk.fetched(STORY, NOON + MINUTE, page(STORY))
    assert desk.is_twin()
    assert desk.due() == []
    assert desk.next(TWIN) is None
    assert desk.next(STORY) is not None
    found = explain(desk.archive, TWIN)
    assert found.answer == f"It was captured, and is not looked at again: it is a twin (AMP) of {STORY}, which is."
    assert explain(desk.archive, STORY).twin.twins == (TWIN,)


def test_what_is_said_of_a_twin_is_said_of_the_article(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page(STORY))
    again = Found(normalise(TWIN), TWIN, NOON, None, NOON + HOUR, f"https://{SITE}/feed", "feed", "L")
    sifted = desk.frontier.sift(SITE, [again], NOON + HOUR)
    assert ([one.url for one in sifted.changed], sifted.new, sifted.unknown) == ([STORY], [], frozenset())
    assert (sifted.changed[0].source, sifted.changed[0].via) == ("canonical", TWIN)
    assert desk.frontier.sift(SITE, [Found(normalise(TWIN), TWIN, NOON)], NOON + HOUR).changed == []


def test_a_twin_and_its_article_are_one_article_of_the_day(desk: Desk) -> None:
    now = clock.now()
    desk.fetched(TWIN, now - MINUTE, page(STORY))
    assert status(desk.archive).sites[0].today == 1
    desk.fetched(STORY, now - MINUTE + 1, page(STORY))
    assert status(desk.archive).sites[0].today == 1


def test_a_known_article_is_compared_at_once(desk: Desk) -> None:
    desk.fetched(STORY, NOON, page())
    desk.fetched(f"https://m.{SITE}/news/bridge-reopens-after-storm", NOON + MINUTE, page(STORY))
    assert desk.is_twin(f"https://m.{SITE}/news/bridge-reopens-after-storm")
    assert desk.due() == []


def test_an_amp_page_without_a_mark_in_its_address_is_one_too(desk: Desk) -> None:
    desk.fetched(f"{STORY}-7654321", NOON, page(STORY, html="<html lang=en amp>"))
    assert desk.due() == [STORY]
    desk.fetched(f"https://{SITE}/news/mayor-resigns-over-bridge", NOON, page(STORY))
    assert pairs.of(desk.state.read, SITE, f"https://{SITE}/news/mayor-resigns-over-bridge") is None


@pytest.mark.parametrize(
    ("canonical", "why"),
    [
        (f"https://{SITE}/", "front page"),
        ("https://b.example/news/bridge-reopens-after-storm", "not one of the site's hosts"),
        (f"https://{SITE}/news/mayor-resigns-over-bridge", "neither an id nor a name"),
    ],
)
def test_a_lie_makes_nothing_due(desk: Desk, canonical: str, why: str) -> None:
    desk.fetched(TWIN, NOON, page(canonical))
    assert desk.due() == []
    assert desk.next(TWIN) is not None
    assert why in desk.why()


@pytest.mark.parametrize("status", [404, 410])
def test_where_the_other_page_is_missing_the_twin_is_the_article(desk: Desk, status: int) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, status=status)
    assert not desk.is_twin()
    assert desk.next(TWIN) is not None
    assert "this page is" in desk.why()


def test_an_article_that_goes_later_gives_its_place_to_the_twin(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page())
    desk.fetched(STORY, NOON + HOUR, status=410)
    assert not desk.is_twin()
    assert desk.next(TWIN) is not None


def test_where_the_other_page_leads_back_the_twin_is_the_article(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, status=302, more=f"Location: {TWIN}\r\n")
    assert not desk.is_twin()
    assert desk.next(TWIN) is not None
    assert "leads back" in desk.why()
    assert desk.due() == []


def test_two_pages_that_name_each_other_are_two_articles(desk: Desk) -> None:
    mobile = f"https://m.{SITE}/news/bridge-reopens-after-storm"
    desk.fetched(mobile, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page(mobile, html="<html amp>"))
    assert not desk.is_twin(mobile)
    assert not desk.is_twin(STORY)
    assert None not in {desk.next(mobile), desk.next(STORY)}


def test_another_story_behind_a_likely_address_is_not_merged(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page(title="Mayor resigns"))
    assert not desk.is_twin()
    assert "another headline" in desk.why()
    assert None not in {desk.next(TWIN), desk.next(STORY)}


def test_a_refusal_by_robots_txt_leaves_the_twin_as_it_was(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.failed(STORY, NOON + MINUTE, NoAnswer.ROBOTS)
    assert desk.frontier.count(SITE)[Phase.DISALLOWED] == 1
    assert not desk.is_twin()
    assert desk.next(TWIN) is not None


def test_a_page_that_the_cleaner_finds_no_article_in_does_not_stand_for_its_twin(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page())
    desk.judge(STORY, NOON + MINUTE, Verdict.EMPTY)
    assert not desk.is_twin()
    assert desk.next(TWIN) is not None
    assert desk.next(STORY) is None
    assert "done, empty" in desk.why()
    desk.fetched(STORY, NOON + DAY, page())
    desk.judge(STORY, NOON + DAY, Verdict.ARTICLE)
    assert desk.is_twin()


def test_a_twin_that_becomes_a_page_of_its_own_is_one(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page())
    desk.fetched(TWIN, NOON + HOUR, page(TWIN))
    assert not desk.is_twin()
    assert "no other address any more" in desk.why()


def test_who_follows_a_twin_for_good_gets_it(desk: Desk) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page())
    desk.frontier.watch(SITE, {TWIN: "1h"}, NOON + HOUR)
    assert desk.next(TWIN) is not None


def test_it_comes_out_the_same_after_a_kill_and_after_a_loss(desk: Desk, tmp_path: Path) -> None:
    desk.fetched(TWIN, NOON, page(STORY))
    desk.fetched(STORY, NOON + MINUTE, page())
    desk.fetched(f"https://m.{SITE}/news/mayor-resigns-over-bridge", NOON, page(f"https://{SITE}/"))
    rows = "SELECT * FROM twins ORDER BY key", "SELECT key, state, next FROM urls ORDER BY key"
    before = [desk.state.read(one) for one in rows]
    desk.note(desk.captures())
    assert [desk.state.read(one) for one in rows] == before
    desk.state.close()
    desk.open(tmp_path / "lost.sqlite")
    desk.frontier.seed(desk.captures(), lambda part: desk.pairing.note(part, whole=False))
    assert [desk.state.read(one) for one in rows] == before


def test_killed_between_the_frontier_and_the_pairs(desk: Desk) -> None:
    noted = desk.pairing.note
    desk.pairing.note = lambda *_, **__: None  # type: ignore[method-assign]
    desk.fetched(TWIN, NOON, page(STORY))
    desk.pairing.note = noted  # type: ignore[method-assign]
    desk.note(desk.captures())
    assert desk.due() == [STORY]
    desk.fetched(STORY, NOON + MINUTE, page())
    assert desk.is_twin()


@pytest.mark.slow
def test_a_crawl_fetches_the_article_for_its_twin(tmp_path: Path) -> None:
    host = "gazette.example"
    base = f"http://{host}/news/bridge-reopens-after-storm"
    updated = "<updated>2026-11-2{}T10:00:00Z</updated></entry></feed>"
    atom = f'<feed xmlns="http://www.w3.org/2005/Atom"><title>A</title><entry><link href="{base}/amp"/>'
    feeds = [(atom + updated.format(day)).encode() for day in (3, 3, 4)]
    answers: Answers = {
        f"{host}/feed": lambda before: Odd(200, feeds[before], {"Content-Type": "application/atom+xml"}),
        f"{host}/news/bridge-reopens-after-storm/amp": page(base, html="<html amp>"),
        f"{host}/news/bridge-reopens-after-storm": page(base),
    }
    with OddServer(answers) as server, make_archive(tmp_path / "A", server.resolve(host)) as archive:
        given = site(host, (SourceKind.FEED, "/feed"))
        asked = []
        for _ in feeds:
            before = len(server.seen)
            crawl(archive, [given])
            asked.append([one.path for one in server.seen[before:] if one.path.startswith("/news/")])
    path = "/news/bridge-reopens-after-storm"
    assert asked == [[f"{path}/amp"], [path], [path]], "the last time since the feed says that the twin has changed"
