"""Pages that say with status 200 that they are not there: found out by asking once, and no articles from then on."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from oddserver import Answers, Odd, OddServer
from web import rss

from archive import clock
from archive.article import Verdict, canonical_json
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role
from archive.store import Archive
from archive.url import normalise
from crawler.absence import HONEST, PAUSE, SOURCE, Absences, soft_404s
from crawler.coverage import coverage
from crawler.discovery.soft404 import impossible
from crawler.frontier import Frontier, Judged
from crawler.judging import Judging, judge
from crawler.scheduling.durations import MINUTE, SECOND
from crawler.sites import SourceKind
from crawler.state import State
from crawler.status import status
from crawler.tally import total
from crawler.why import explain

SITE = "a.example"
MENU = "".join(f"<a href=/{name}/>{name.title()}</a> " for name in ("city", "sport", "culture", "weather"))
# In no language that a list of words could know.
ABSENT = (
    "<h1>Lorem ipsum dolor</h1><article><p>Sit amet consectetur adipiscing elit sed do eiusmod tempor incididunt ut"
    " labore et dolore magna aliqua, ut enim ad minim veniam quis nostrud exercitation.</p><p>Ullamco laboris nisi ut"
    " aliquip ex ea commodo consequat, duis aute irure dolor in reprehenderit in voluptate velit.</p></article>"
)


def story(number: int) -> str:
    return f"https://{SITE}/news/story-number-{number}-of-many"


def html(main: str) -> bytes:
    title = main.partition("<h1>")[2].partition("</h1>")[0]
    return f"<html><head><title>{title}</title></head><body><nav>{MENU}</nav>{main}</body></html>".encode()


def article(number: int) -> bytes:
    said = "".join(
        f"<p>In part {part} of matter {number} the council of ward {number * part} heard {part + number} speakers for"
        f" {part} hours, before item {number + 40 * part} was put to the vote and adopted by a majority of {part}.</p>"
        for part in range(1, 9)
    )
    return html(f"<h1>Council votes on matter {number}</h1><article>{said}</article>")


class Desk:
    """An archive that is written as by a crawl, cleaned and judged as behind one."""

    def __init__(self, path: Path) -> None:
        self.archive = Archive.create(path, name="TEST", contact="tester@example.org")
        self.archive.sites_path.write_text(f'["{SITE}"]\n', encoding="utf-8")
        self.now = clock.now() - 5 * MINUTE

    def fetched(self, url: str, body: bytes, status: int = 200, role: Role = Role.ARTICLE) -> None:
        self.now += SECOND
        head = f"HTTP/1.1 {status} X\r\nContent-Type: text/html\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        origin = Origin(SITE, role=role, source=SOURCE if role is Role.PROBE else "feed", via=f"https://{SITE}/feed")
        with self.archive.writer("crawl", {SITE: b"{}"}) as writer:
            writer.add(Exchange(url, self.now, b"GET / HTTP/1.1\r\n\r\n", head + body, origin=origin))
        self.noted()

    def noted(self) -> None:
        with State(self.archive.state_path) as state:
            Frontier(state).note(self.archive.captures(role=Role.ARTICLE))
            Absences(state).note(self.archive.captures(), self.archive.attempts())

    def cleaned(self) -> None:
        waiting = [one for job in self.archive.text_jobs() for one in self.archive.waiting_in(job)]
        self.archive.add_texts([(one, canonical_json(clean([_followed(self.archive, one)]))) for one in waiting])

    def judged(self) -> None:
        self.cleaned()
        judge(self.archive, [])

    def verdicts(self) -> dict[str, str]:
        with State(self.archive.state_path) as state:
            return dict(state.read("SELECT url, verdict FROM urls"))

    def wanted(self) -> str | None:
        with State(self.archive.state_path) as state:
            found = Absences(state).wanted(SITE, self.now)
        return found.url if found is not None else None


def _followed(archive: Archive, capture: Capture) -> Capture:
    return archive.capture(capture.id)


@pytest.fixture
def desk(tmp_path: Path) -> Iterator[Desk]:
    made = Desk(tmp_path / "A")
    yield made
    made.archive.close()


def test_a_site_is_asked_only_for_a_reason_and_then_once(desk: Desk) -> None:
    desk.fetched(story(1), article(1))
    desk.fetched(story(2), html(ABSENT))
    desk.judged()
    assert desk.wanted() is None, "nothing is alike"
    desk.fetched(story(3), html(f"{ABSENT}<p>Nr. 3</p>"))
    desk.judged()
    assert desk.verdicts() == dict.fromkeys(map(story, (1, 2, 3)), "article")
    assert desk.wanted() == impossible(story(3))
    desk.fetched(impossible(story(3)), html(ABSENT), role=Role.PROBE)
    assert desk.wanted() is None
    desk.judged()
    assert desk.verdicts() == {story(1): "article", story(2): "soft-404", story(3): "soft-404"}


def asked(desk: Desk, answer: bytes = html(ABSENT), status: int = 200) -> None:
    for number in (1, 2):
        desk.fetched(story(number), html(ABSENT))
    desk.judged()
    desk.fetched(impossible(story(2)), answer, status, Role.PROBE)
    desk.judged()


def test_later_ones_are_known_without_asking_again_for_a_week(desk: Desk) -> None:
    asked(desk)
    desk.fetched(story(3), article(3))
    desk.fetched(story(4), html(ABSENT))
    desk.judged()
    assert desk.verdicts() == {story(1): "soft-404", story(2): "soft-404", story(3): "article", story(4): "soft-404"}
    assert desk.wanted() is None
    desk.now += PAUSE
    assert desk.wanted() == impossible(story(4))


def test_a_site_that_says_404_as_it_should_has_none(desk: Desk) -> None:
    asked(desk, status=404)
    assert set(desk.verdicts().values()) == {"article"}
    desk.fetched(story(3), html(ABSENT))
    desk.judged()
    desk.now += PAUSE
    assert desk.wanted() is None
    desk.now += HONEST
    assert desk.wanted() is not None
    assert soft_404s(desk.archive, SITE) == frozenset()


def test_a_refusal_by_robots_txt_counts_as_asked(desk: Desk) -> None:
    for number in (1, 2):
        desk.fetched(story(number), html(ABSENT))
    desk.judged()
    url = desk.wanted()
    assert url is not None
    origin = Origin(SITE, role=Role.PROBE, source=SOURCE)
    with desk.archive.writer("crawl", {SITE: b"{}"}) as writer:
        writer.add_attempt(Attempt(url, desk.now, NoAnswer.ROBOTS, origin=origin))
    desk.noted()
    desk.judged()
    assert desk.wanted() is None
    assert set(desk.verdicts().values()) == {"article"}


def test_articles_of_one_headline_stay_articles(desk: Desk) -> None:
    for number in (1, 2):
        desk.fetched(story(number), article(number).replace(f"matter {number}</h1>".encode(), b"the budget</h1>"))
    desk.judged()
    desk.fetched(impossible(story(2)), html(ABSENT), role=Role.PROBE)
    desk.judged()
    assert set(desk.verdicts().values()) == {"article"}


def test_they_are_not_looked_at_again_and_count_as_what_they_are(desk: Desk) -> None:
    asked(desk)
    desk.fetched(story(3), article(3))
    desk.judged()
    with State(desk.archive.state_path) as state:
        assert Frontier(state).times(SITE, story(1))[1] is None
        assert Frontier(state).times(SITE, story(3))[1] is not None
    assert status(desk.archive).sites[0].today == 1
    found = explain(desk.archive, story(1))
    assert "the page that the site shows for what it has not got" in found.answer
    [told] = coverage(desk.archive)
    day = total(told.days)
    assert (day.captured, day.cleaned, day.reasons) == (3, 1, {str(Verdict.SOFT_404): 2})


def test_it_comes_out_the_same_when_judged_again_and_after_a_loss(desk: Desk) -> None:
    asked(desk)
    desk.fetched(story(3), article(3))
    desk.judged()
    before = desk.verdicts()
    with State(desk.archive.state_path) as state, state.write() as db:
        db.execute("DELETE FROM meta WHERE name = 'judged'")
    desk.judged()
    assert desk.verdicts() == before
    desk.archive.state_path.unlink()
    desk.noted()
    desk.judged()
    assert desk.verdicts() == before


def test_one_process_tells_each_finding_once(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    told: list[str] = []
    judged = Frontier.judge

    def noted(self: Frontier, found: list[Judged]) -> None:
        told.extend(one.key for one in found)
        judged(self, found)

    monkeypatch.setattr(Frontier, "judge", noted)
    judging = Judging(desk.archive)
    for number in range(4):
        desk.fetched(story(number), article(number))
        desk.cleaned()
        for _ in range(2):
            judging.tell([])
    assert told == [normalise(story(number)) for number in range(4)]
    Judging(desk.archive).tell([])
    assert len(told) == 8, "another process knows nothing of that"


def test_what_a_killed_process_did_not_judge_is_judged_by_the_next(desk: Desk) -> None:
    desk.fetched(story(1), b"<html></html>")
    desk.judged()
    desk.fetched(story(2), b"<html></html>")
    desk.cleaned()
    assert desk.verdicts()[story(2)] is None
    desk.fetched(story(3), article(3))
    desk.judged()
    assert desk.verdicts()[story(2)] == "empty"


def test_a_page_that_comes_into_being_is_an_article(desk: Desk) -> None:
    asked(desk)
    desk.fetched(story(1), article(1))
    desk.judged()
    assert desk.verdicts() == {story(1): "article", story(2): "soft-404"}
    assert soft_404s(desk.archive, SITE) == {
        one.id for one in desk.archive.captures(role=Role.ARTICLE) if one.payload() == html(ABSENT)
    }


@pytest.mark.slow
def test_the_next_visit_asks_once(tmp_path: Path) -> None:
    host = "gazette.example"
    urls = [f"http://{host}/news/story-number-{number}-of-many" for number in (1, 2)]
    answers: Answers = {
        f"{host}/feed": rss(*urls),
        f"{host}/robots.txt": b"User-agent: *\nDisallow:\n",
        **{url.removeprefix("http://"): html(ABSENT) for url in urls},
        impossible(urls[0]).removeprefix("http://"): Odd(200, html(ABSENT)),
    }
    with OddServer(answers) as server, make_archive(tmp_path / "A", server.resolve(host)) as archive:
        given = site(host, (SourceKind.FEED, "/feed"))
        for _ in range(3):
            crawl(archive, [given])
            waiting = [one for job in archive.text_jobs() for one in archive.waiting_in(job)]
            archive.add_texts([(one, canonical_json(clean([_followed(archive, one)]))) for one in waiting])
            judge(archive, [given])
        assert server.paths(host).count(impossible(urls[0]).partition(host)[2]) == 1
        assert len(soft_404s(archive, host)) == 2
        [probe] = archive.captures(role=Role.PROBE)
        assert (probe.source, probe.status, normalise(probe.via or "")) == (SOURCE, 200, normalise(urls[0]))
