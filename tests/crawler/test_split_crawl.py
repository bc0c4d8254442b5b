"""Split stories in a crawl: their further pages are fetched after the commit of the page that links to them."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from oddserver import Answers, Odd, OddServer
from split_story import FOOT, HEADLINE, PARAGRAPHS, PATH, on_one_page, page
from web import rss

from archive.article import Article
from archive.crew import clean_pending
from archive.exchange import Role
from archive.prove import prove
from archive.store import Archive
from crawler.jobs import Stop
from crawler.sites import Site, SourceKind
from crawler.state import State

COURIER = "courier.example"
STORY = f"http://{COURIER}{PATH}"
LIST = f"http://{COURIER}/2026/11/24/harbour-in-brief-today"
ALL = [one for some in PARAGRAPHS for one in some]
RSS = {"Content-Type": "application/rss+xml"}


def served(*, linked: bool = True, whole: str = "", links: tuple[str, ...] = (STORY,)) -> dict[str, Odd | bytes]:
    return {
        f"{COURIER}/feed": Odd(200, rss(*links), RSS),
        f"{COURIER}{PATH}": page(1, linked=linked, whole=whole),
        f"{COURIER}{PATH}?page=2": page(2, linked=linked, whole=whole),
        f"{COURIER}{PATH}?page=3": page(3, linked=linked, whole=whole),
    }


def courier(**given: object) -> Site:
    return site(COURIER, (SourceKind.FEED, "/feed"), **given)


class Published:
    """The site on loopback with an archive beside it."""

    def __init__(self, folder: Path, answers: Answers) -> None:
        self.server = OddServer(answers)
        self._folder = folder

    def __enter__(self) -> Published:
        self.server.__enter__()
        self.archive = make_archive(self._folder / "NEWS", self.server.resolve(COURIER))
        return self

    def __exit__(self, *error: object) -> None:
        self.archive.close()
        self.server.__exit__(None, None, None)

    def asked(self) -> list[str]:
        return [one.path for one in self.server.seen if one.path.startswith(PATH)]


def known(archive: Archive) -> list[tuple[str, str, bool]]:
    """What the frontier knows: state, source, and whether it is never looked at again."""
    with State(archive.state_path) as state:
        rows = state.read("SELECT state, source, captured IS NULL AND next IS NULL FROM urls ORDER BY url")
    return [(row[0], row[1], bool(row[2])) for row in rows]


def text(archive: Archive) -> Article:
    clean_pending(archive, workers=1)
    found = archive.text(STORY).text
    assert isinstance(found, Article)
    assert prove(found, [archive.capture(one.id) for one in found.provenance.captures]).holds
    return found


def test_the_pages_of_a_story_come_with_it_one_after_the_other(tmp_path: Path) -> None:
    with Published(tmp_path, served(linked=False)) as published:
        summary = crawl(published.archive, [courier()])
        assert (summary.outcome, summary.error) == ("finished", None)
        assert sorted(published.asked()) == [PATH, f"{PATH}?page=2", f"{PATH}?page=3"]
        pages = list(published.archive.captures(role=Role.FURTHER))
        assert [(one.via, one.source, one.hops, one.site) for one in pages] == [(STORY, "page", "LL", COURIER)] * 2
        assert summary.reports[0].answered == 1, "a further page is no article"
        made = text(published.archive)
        assert [one.text for one in made.body] == [*ALL, FOOT]
        assert made.missing == ()
        assert known(published.archive) == [("done", "feed", False), *[("done", "further", True)] * 2]


def test_the_page_with_all_of_it_is_fetched_alone(tmp_path: Path) -> None:
    whole = f"{PATH}?view=all"
    answers = {**served(whole=whole), f"{COURIER}{whole}": on_one_page()}
    with Published(tmp_path, answers) as published:
        crawl(published.archive, [courier()])
        assert published.asked() == [PATH, whole]
        made = text(published.archive)
        assert [one.text for one in made.body] == [*ALL, FOOT]
        assert [one.role for one in made.provenance.captures] == ["page", "single-page"]


@pytest.mark.parametrize("instead", ["disallowed", "another page"])
def test_where_it_cannot_be_had_the_pages_are(tmp_path: Path, instead: str) -> None:
    whole = f"{PATH}?view=all"
    answers = served(whole=whole)
    if instead == "disallowed":
        answers[f"{COURIER}/robots.txt"] = b"User-agent: *\nDisallow: /*view=all\n"
    elif instead == "another page":
        answers[f"{COURIER}{whole}"] = on_one_page(0).replace(HEADLINE.encode(), b"Please sign in")
    with Published(tmp_path, answers) as published:
        crawl(published.archive, [courier()])
        pages = sorted(one for one in published.asked() if one != whole)
        assert pages == [PATH, f"{PATH}?page=2", f"{PATH}?page=3"]
        assert known(published.archive)[:3] == [("done", "feed", False), *[("done", "further", True)] * 2]
        made = text(published.archive)
        assert [one.text for one in made.body] == [*ALL, FOOT]
        assert made.missing == ()


def test_lists_are_left_alone_and_a_page_that_is_not_there_is_named(tmp_path: Path) -> None:
    items = "".join(
        f'<article><h2><a href="/2026/11/2{n}/story-{n}">Story {n}</a></h2><p>{PARAGRAPHS[0][n % 3]}</p></article>'
        for n in range(9)
    )
    listed = f"<html><body>{items}<a href='?page=2'>2</a><link rel=next href='?page=2'></body></html>".encode()
    answers = {**served(links=(LIST, STORY)), LIST.partition("//")[2]: listed}
    answers[f"{COURIER}{PATH}?page=2"] = Odd(404, b"gone")
    with Published(tmp_path, answers) as published:
        crawl(published.archive, [courier()])
        turned = sorted(one.path for one in published.server.seen if "page=" in one.path)
        assert turned == [f"{PATH}?page=2", f"{PATH}?page=3"]
        assert LIST.partition(COURIER)[2] in [one.path for one in published.server.seen]
        made = text(published.archive)
        assert [one.text for one in made.body] == [*PARAGRAPHS[0], *PARAGRAPHS[2], FOOT]
        assert [one.number for one in made.missing] == [2]
        # A second crawl has nothing to do: they are known.
        before = len(turned)
        crawl(published.archive, [courier()])
        assert sum("page=" in one.path for one in published.server.seen) == before


@pytest.mark.slow
@pytest.mark.parametrize("lost", [False, True], ids=["with its state", "without it"])
def test_a_kill_between_two_pages_loses_nothing(tmp_path: Path, *, lost: bool) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slow(before: int) -> Odd:
        reached.set()
        if not before:
            go_on.wait(30)
        return Odd(200, page(2))

    answers = {**served(), f"{COURIER}{PATH}?page=2": slow}
    with Published(tmp_path, answers) as published:
        stop = Stop()

        def kill() -> None:
            reached.wait(60)
            stop.urgent.set()

        killer = threading.Thread(target=kill)
        killer.start()
        summary = crawl(published.archive, [courier()], stop=stop)
        killer.join()
        go_on.set()
        assert summary.outcome == "failed"
        published.archive.adopt()
        assert [one.number for one in text(published.archive).missing][:1] == [2]
        if lost:
            published.archive.state_path.unlink()
        assert crawl(published.archive, [courier()]).outcome == "finished"
        assert published.asked().count(PATH) == 1
        made = text(published.archive)
        assert [one.text for one in made.body] == [*ALL, FOOT]
        before = {one.capture.id: one.identity for one in published.archive.entries()}
        published.archive.rebuild()
        assert {one.capture.id: one.identity for one in published.archive.entries()} == before
