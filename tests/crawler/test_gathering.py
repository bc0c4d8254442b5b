"""Requisites of pages, without a network: what is read, asked, settled and left out, with a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from gatherings import CDN, NEWS, NOON, OTHER, STORY, Desk, declared, html, on
from hypothesis import given, settings
from hypothesis import strategies as st
from web import failed, moved

from archive.exchange import NoAnswer, Role
from archive.url import normalise
from crawler.requisites.gathering import MAX_FAILURES, WIDTH, Stored
from crawler.requisites.known import FRESH, MAX_TRIES
from crawler.requisites.memory import known, lately, of_page, waiting, when
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY, HOUR, MINUTE
from crawler.sites import Keep
from crawler.state import State
from crawler.walk import Answer, Failure, Want


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "state.sqlite") as made:
        yield made


@pytest.fixture
def desk(state: State) -> Desk:
    return Desk(state)


def test_articles_come_first_then_sheets_then_the_rest(desk: Desk) -> None:
    desk.publish("/1.png", "/a.css", "/2.png")
    desk.pages[f"https://{NEWS}/deep.png"] = b"x"
    web, visit = desk.begun()
    web.visit(visit)
    assert [want.url for want in web.asked] == [
        f"https://{NEWS}/feed",
        STORY,
        *on(NEWS, "/a.css", "/1.png", "/2.png", "/deep.png"),
    ]
    assert [(want.via, want.source, want.hops) for want in web.asked[2:]] == [
        *[(STORY, "page", "LE")] * 3,
        (f"https://{NEWS}/a.css", "stylesheet", "LEE"),
    ]
    report = visit.report()
    assert (report.planned, report.answered, report.problem) == (1, 1, None)
    assert of_page(desk.state, NEWS, normalise(STORY)) == {Phase.DONE: 4}
    assert lately(desk.state, NEWS, desk.now) == (4, 4000)


def test_a_site_that_keeps_the_text_asks_for_nothing_and_later_not_for_pages_of_before(desk: Desk) -> None:
    desk.publish("/1.png")
    assert desk.visit(declared(keep=Keep.TEXT)) == []
    assert desk.visit() == []
    desk.publish("/2.png", url=f"{STORY}-too")
    assert desk.visit() == on(NEWS, "/2.png")


def test_what_waits_is_dropped_when_the_text_is_enough_again(desk: Desk) -> None:
    desk.publish("/1.png", "/2.png")
    desk.pages[f"https://{NEWS}/2.png"] = failed(f"https://{NEWS}/2.png", NoAnswer.TIMEOUT)
    desk.visit()
    assert waiting(desk.state, NEWS) == 1
    desk.visit(declared(keep=Keep.TEXT))
    assert waiting(desk.state, NEWS) == 0
    assert when(desk.state, NEWS, desk.now) is None


def test_a_requisite_is_fetched_once_for_all_pages_of_all_sites_and_a_week_later_again(desk: Desk) -> None:
    shared = f"https://{CDN}/logo.png"
    desk.publish(shared, "/1.png")
    assert desk.visit() == [shared, *on(NEWS, "/1.png")]
    desk.publish(shared, "/1.png", "/2.png", url=f"{STORY}-too")
    assert desk.visit() == on(NEWS, "/2.png")
    desk.publish(shared, "/3.png", host=OTHER, url=f"https://{OTHER}/2026/11/30/another-story-of-length")
    assert desk.visit(declared(OTHER)) == on(OTHER, "/3.png")
    desk.now += FRESH
    desk.publish(shared, "/4.png", url=f"{STORY}-three")
    assert desk.visit() == [shared, *on(NEWS, "/4.png")]


def test_what_another_site_fetches_meanwhile_is_dropped(desk: Desk) -> None:
    shared = f"https://{CDN}/logo.png"
    desk.publish(shared)
    desk.pages[shared] = failed(shared, NoAnswer.TIMEOUT)
    desk.visit()
    assert waiting(desk.state, NEWS) == 1
    desk.pages[shared] = b"x"
    desk.publish(shared, host=OTHER, url=f"https://{OTHER}/2026/11/30/another-story-of-length")
    assert desk.visit(declared(OTHER)) == [shared]
    desk.now += HOUR
    assert desk.visit() == []
    assert when(desk.state, NEWS, desk.now) is None, "no visit is made for it"


def test_a_page_that_has_not_changed_is_not_read_again(desk: Desk) -> None:
    desk.publish("/1.png")
    desk.visit()
    page = Want(STORY, Role.ARTICLE)
    desk.now += 2 * FRESH
    desk.requisites.note([desk.capture(page, html("/1.png"))])
    assert when(desk.state, NEWS, desk.now) is None
    desk.requisites.note([replace(desk.capture(page, html("/2.png")), status=304)])
    assert when(desk.state, NEWS, desk.now) is None
    desk.now += 1
    desk.requisites.note([desk.capture(page, html("/2.png"))])
    assert when(desk.state, NEWS, desk.now) == 0


def test_what_was_committed_twice_counts_once(desk: Desk) -> None:
    desk.publish("/1.png", "/a.css")
    web, visit = desk.begun()
    web.visit(visit)
    asked = [want for want in web.asked if want.role is Role.REQUISITE]
    before = lately(desk.state, NEWS, desk.now)
    page = desk.state.read("SELECT * FROM pages")
    captures = [replace(desk.capture(want, b"x"), at=NOON) for want in [Want(STORY, Role.ARTICLE), *asked]]
    desk.requisites.note(captures)
    assert lately(desk.state, NEWS, desk.now) == before
    assert desk.state.read("SELECT * FROM pages") == page
    assert when(desk.state, NEWS, desk.now) is None


def test_redirects_are_requisites_of_their_own(desk: Desk) -> None:
    here, there = f"https://{NEWS}/a.css", f"https://{CDN}/b.css"
    desk.publish("/a.css", "/round.png")
    desk.pages |= {here: moved(here, there), there: b"@import 'c.css'", f"https://{CDN}/c.css": b""}
    round_ = f"https://{NEWS}/round.png"
    desk.pages[round_] = moved(round_, round_, 302)
    asked = desk.visit()
    assert asked[:2] == [here, round_]
    assert set(asked[2:]) == {there, f"https://{CDN}/c.css"}, "what leads to itself is not asked twice by one visit"
    assert known(desk.state, normalise(f"https://{CDN}/c.css"))[0].via == there


def test_failures_are_tried_by_later_visits_and_given_up(desk: Desk) -> None:
    names = ("/out.png", "/busy.png", "/gone.png", "/no.png", "/robots.png", "/in.png")
    desk.publish(*names)
    whole = dict(zip(names, on(NEWS, *names), strict=True))
    desk.pages |= {
        whole["/out.png"]: failed(whole["/out.png"], NoAnswer.TIMEOUT),
        whole["/busy.png"]: 500,
        whole["/gone.png"]: 410,
        whole["/no.png"]: 403,
        whole["/robots.png"]: failed(whole["/robots.png"], NoAnswer.ROBOTS),
        whole["/in.png"]: failed(whole["/in.png"], NoAnswer.ADDRESS),
    }
    assert desk.visit() == [*whole.values()]
    assert desk.visit() == [], "they wait"
    for _ in range(1, MAX_TRIES):
        desk.now += HOUR
        assert set(desk.visit()) == {whole["/out.png"], whole["/busy.png"]}
    desk.now += DAY
    assert desk.visit() == []
    states = {name: known(desk.state, normalise(url))[0].state for name, url in whole.items()}
    assert states == {
        **{"/out.png": Phase.FAILED, "/busy.png": Phase.FAILED, "/gone.png": Phase.GONE, "/no.png": Phase.FAILED},
        **{"/robots.png": Phase.DISALLOWED, "/in.png": Phase.REFUSED},
    }
    assert when(desk.state, NEWS, desk.now) is None


def test_a_host_that_does_not_answer_is_left_alone(desk: Desk) -> None:
    lost = [f"https://{CDN}/{number}.png" for number in range(20)]
    desk.publish(*lost, "/1.png")
    desk.pages |= {url: failed(url, NoAnswer.ROBOTS, cause=NoAnswer.DNS) for url in lost}
    assert desk.visit() == [lost[0], f"https://{NEWS}/1.png", *lost[1:MAX_FAILURES]]
    assert waiting(desk.state, NEWS) == len(lost) - MAX_FAILURES
    following = when(desk.state, NEWS, desk.now)
    assert following is not None
    assert following > desk.now + HOUR - MINUTE


def test_a_host_that_rests_is_asked_once(desk: Desk) -> None:
    resting = [f"https://{CDN}/{number}.png" for number in range(20)]
    desk.publish(*resting)
    desk.pages |= {url: failed(url, NoAnswer.BUDGET) for url in resting}
    assert desk.visit() == resting[:1]
    assert waiting(desk.state, NEWS) == len(resting)
    assert desk.visit() == []


def test_without_a_network_nothing_more_is_asked(desk: Desk) -> None:
    names = [f"/{number}.png" for number in range(20)]
    desk.publish(*names)
    away = Failure(NoAnswer.DNS, away=True)
    desk.pages |= {url: Answer(url, failure=away) for url in on(NEWS, *names)}
    assert desk.visit() == on(NEWS, names[0])
    assert waiting(desk.state, NEWS) == len(names)


def test_hosts_are_asked_side_by_side_each_by_one_request_at_a_time(desk: Desk) -> None:
    urls = [f"https://{CDN.replace('cdn', f'c{host}')}/{number}.png" for number in range(3) for host in range(12)]
    desk.publish(*urls)
    web, visit = desk.begun()
    waits = visit.begin()
    most = 0
    while waits:
        parts = [ask.want.url.split("/")[2] for ask in waits if ask.want.role is Role.REQUISITE]
        assert len(parts) == len(set(parts)) <= WIDTH
        most = max(most, len(parts))
        ask = waits.pop(0)
        waits += visit.answered_by(ask.number, web.answer(ask.want))
    assert most == WIDTH
    assert visit.finished
    assert len(web.asked) == 2 + len(urls)


def test_without_a_delay_one_host_is_asked_for_several_at_once(desk: Desk) -> None:
    desk.publish(*(f"/{number}.png" for number in range(20)))
    web, visit = desk.begun(declared(delay=0.0))
    waits = visit.begin()
    for _ in range(2):
        ask = waits.pop(0)
        waits += visit.answered_by(ask.number, web.answer(ask.want))
    assert len(waits) == WIDTH


def test_a_sheet_that_came_for_another_reason_is_read_once_a_page_refers_to_it(desk: Desk) -> None:
    """As when a browser draws a page, or after a loss of the state."""
    desk.requisites.declare([NEWS], [], desk.now)
    sheet = Want(f"https://{NEWS}/a.css", Role.REQUISITE, hops="LE")
    desk.now += MINUTE
    desk.requisites.note([desk.capture(sheet, b"a { b: url(deep.png) }")])
    assert when(desk.state, NEWS, desk.now) is None
    desk.publish("/a.css")
    desk.pages[f"https://{NEWS}/deep.png"] = b"x"
    assert desk.visit() == on(NEWS, "/deep.png")
    assert when(desk.state, NEWS, desk.now) is None
    desk.publish("/a.css", "/1.png", url=f"{STORY}-too")
    assert desk.visit() == on(NEWS, "/1.png")


def test_captures_that_cannot_be_read_are_passed_over(desk: Desk) -> None:
    desk.publish("/1.png")
    web, visit = desk.begun()
    desk._bodies = _Nothing()
    web.visit(visit)
    assert [want.role for want in web.asked] == [Role.FEED, Role.ARTICLE]
    assert when(desk.state, NEWS, desk.now) is None


class _Nothing(dict[str, Stored]):
    def get(self, *_: object) -> None:  # type: ignore[override]
        return None


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_visits_that_are_killed_fetch_everything_and_nothing_twice(data: st.DataObject) -> None:
    """A kill leaves what was committed; what was answered behind that is asked again, and nothing else."""
    with TemporaryDirectory() as folder, State(Path(folder) / "state.sqlite") as state:
        desk = Desk(state)
        sheets = {f"/{n}.css": f"@import '{n + 1}.css'; a {{ b: url(of-{n}.png) }}".encode() for n in range(4)}
        desk.publish("/0.css", *(f"/{n}.png" for n in range(6)), f"https://{CDN}/x.png")
        desk.pages |= {f"https://{NEWS}{name}": body for name, body in sheets.items()}
        desk.pages |= {f"https://{NEWS}/of-{n}.png": b"x" for n in range(4)}
        committed: list[str] = []
        for _ in range(data.draw(st.integers(0, 4), label="kills")):
            web, visit = desk.begun()
            asks = visit.begin()
            for _ in range(data.draw(st.integers(0, 12), label="answers")):
                if asks:
                    ask = asks.pop(data.draw(st.integers(0, len(asks) - 1), label="which"))
                    asks += visit.answered_by(ask.number, web.answer(ask.want))
            if data.draw(st.booleans(), label="committed"):
                desk.note(web, NEWS)
            committed += [want.url for want in web.asked[: desk.noted] if want.role is Role.REQUISITE]
        committed += desk.visit()
        own = on(NEWS, *sheets, "/4.css", *(f"/{n}.png" for n in range(6)), *(f"/of-{n}.png" for n in range(4)))
        assert sorted(committed) == sorted([*own, f"https://{CDN}/x.png"])
        assert when(state, NEWS, desk.now) is None
