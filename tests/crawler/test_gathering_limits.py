"""Requisites of pages: what limits, full states, urgency and clocks leave out or put off."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from gatherings import CDN, NEWS, STORY, Desk, declared, html, on
from web import failed, rss

from archive.configuration import Requisites as Limits
from archive.errors import StorageFull
from archive.exchange import NoAnswer, Role, Truncation
from archive.url import normalise
from crawler.agenda import GAP
from crawler.requisites import memory
from crawler.requisites.gathering import BATCH
from crawler.requisites.known import LONGEST, PAGE_REMEMBERED
from crawler.requisites.memory import Requisites, known, of_page, waiting, when
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY, SECOND
from crawler.state import State
from crawler.walk import Want


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "state.sqlite") as made:
        yield made


@pytest.fixture
def desk(state: State) -> Desk:
    return Desk(state)


def test_the_number_for_a_page_is_bounded_and_leaves_room_for_what_sheets_need(state: State) -> None:
    desk = Desk(state, limits=Limits(per_page=8))
    desk.publish("/a.css", *(f"/{number}.png" for number in range(30)))
    desk.pages[f"https://{NEWS}/a.css"] = "".join(f"a {{ b: url(/deep-{n}.png) }}" for n in range(30)).encode()
    asked = desk.visit()
    assert asked == on(NEWS, "/a.css", *(f"/{n}.png" for n in range(5)), "/deep-0.png", "/deep-1.png")
    assert [(one.number, one.url, one.via) for one in desk.left] == [
        (25, f"https://{NEWS}/5.png", STORY),
        (28, f"https://{NEWS}/deep-2.png", f"https://{NEWS}/a.css"),
    ]
    assert desk.left[0].why == "25 requisites of the page are left out: [requisites] per_page allows 8"
    assert desk.visit() == []
    assert len(desk.left) == 2, "it is said once"


def test_the_bytes_for_a_page_are_bounded(state: State) -> None:
    desk = Desk(state, limits=Limits(page_bytes=60_000))
    desk.publish(*(f"/{number}.png" for number in range(BATCH + 30)))
    other = f"{STORY}-too"
    desk.visit()
    asked = desk.visit()
    assert asked == []
    desk.size = 2_000
    desk.publish(*(f"/large-{number}.png" for number in range(BATCH + 30)), url=other)
    assert len(desk.visit()) == BATCH
    assert [(one.number, one.why) for one in desk.left[-1:]] == [
        (30, "30 requisites of the page are left out: [requisites] page_bytes allows 60,000")
    ]
    assert when(state, NEWS, desk.now) is None


def test_the_bytes_of_a_day_are_bounded_and_the_rest_waits_for_the_next_one(state: State) -> None:
    desk = Desk(state, limits=Limits(day_bytes=40_000))
    desk.publish(*(f"/{number}.png" for number in range(BATCH + 30)))
    assert len(desk.visit()) == BATCH
    assert [one.why for one in desk.left] == [
        "30 requisites wait for the next day (UTC): [requisites] day_bytes allows 40,000"
    ]
    assert when(state, NEWS, desk.now) == (desk.now // DAY + 1) * DAY
    assert desk.visit() == []
    assert len(desk.left) == 1, "it is said once"
    desk.now += DAY
    assert len(desk.visit()) == 30


def test_something_more_urgent_ends_it_and_the_next_visit_takes_it_up(desk: Desk) -> None:
    desk.publish(*(f"/{number}.png" for number in range(20)))
    desk.urgent = True

    def answer(_: int) -> bytes:
        desk.now += 3 * SECOND
        return b"x"

    desk.pages |= {f"https://{NEWS}/{number}.png": answer for number in range(20)}
    first = desk.visit(due=True)
    assert 1 <= len(first) < 5
    site = declared()
    following = desk.agenda.when(site, desk.frontier, desk.now)
    assert following is not None
    assert following <= desk.now + GAP, "they make a visit of their own"
    without = desk.agenda.when(site, desk.frontier, desk.now, requisites=False)
    assert without is not None
    assert without > desk.now + GAP
    desk.urgent = False
    assert len(desk.visit(due=True)) == 20 - len(first)


def test_old_pages_wait_for_new_ones_and_are_read_as_there_is_room(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """As after a backfill: a million pages must not become thirty million requisites."""
    monkeypatch.setattr(memory, "ENOUGH", 30)
    desk.requisites.declare([NEWS], [], desk.now)
    desk.pages[f"https://{NEWS}/feed"] = rss()
    for number in range(20):
        desk.now += SECOND
        body = html(*(f"/{number}-{part}.png" for part in range(10)))
        page = desk.capture(Want(f"https://{NEWS}/2019/old-{number}", Role.ARTICLE), body)
        desk.requisites.note([replace(page, announced=f"2019-01-{number + 1:02}T12:00:00Z")])
        desk.pages |= {f"https://{NEWS}/{number}-{part}.png": b"x" for part in range(10)}
    web, visit = desk.begun()
    waits = visit.begin()
    for _ in range(6):
        ask = waits.pop(0)
        waits += visit.answered_by(ask.number, web.answer(ask.want))
    visit.stop()
    desk.note(web, NEWS)
    assert waiting(desk.state, NEWS) <= 2 * BATCH * 10
    desk.publish("/new.png")
    asked = desk.visit()
    assert asked[0] == f"https://{NEWS}/new.png", "although the others were captured before and are due"
    assert len(asked) == len(set(asked)) > 190
    assert asked[-1].startswith(f"https://{NEWS}/0-"), "the oldest last"
    assert when(desk.state, NEWS, desk.now) is None


def test_what_a_dead_host_has_of_old_pages_makes_no_visit_each_minute(
    desk: Desk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(memory, "ENOUGH", 5)
    desk.publish(*(f"https://{CDN}/{number}.png" for number in range(10)))
    desk.pages |= {
        f"https://{CDN}/{number}.png": failed(f"https://{CDN}/{number}.png", NoAnswer.DNS) for number in range(10)
    }
    desk.visit()
    page = desk.capture(Want(f"https://{NEWS}/2019/old", Role.ARTICLE), html("/1.png"))
    desk.requisites.note([replace(page, announced="2019-01-01")])
    following = when(desk.state, NEWS, desk.now)
    assert following is not None
    assert following > desk.now


def test_commits_that_wait_for_room_lose_nothing(desk: Desk) -> None:
    desk.publish("/1.png")
    web, visit = desk.begun()
    desk.held = True
    web.visit(visit)
    assert visit.finished
    desk.held = False
    desk.note(web, NEWS)
    assert desk.visit() == on(NEWS, "/1.png")


def test_a_full_state_is_told_before_anything_is_asked(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    desk.publish("/1.png")
    web, visit = desk.begun()
    asks = visit.begin()
    asks = visit.answered_by(asks[0].number, web.answer(asks[0].want))

    def full(*_: object) -> None:
        raise StorageFull("no room")

    with monkeypatch.context() as patched:
        patched.setattr(Requisites, "learn", full)
        with pytest.raises(StorageFull):
            visit.answered_by(asks[0].number, web.answer(asks[0].want))
    asks = visit.go_on()
    assert [ask.want.url for ask in asks] == on(NEWS, "/1.png")


def test_cut_answers_are_kept_at_the_limit_and_asked_again_where_they_broke_off(desk: Desk) -> None:
    desk.publish("/1.png", "/2.png")
    desk.visit()
    later = [Want(url, Role.REQUISITE, hops="LE") for url in on(NEWS, "/1.png", "/2.png")]
    for want, cut in zip(later, (Truncation.LENGTH, Truncation.DISCONNECT), strict=True):
        desk.now += SECOND
        desk.requisites.note([replace(desk.capture(want, b"x"), truncated=cut)])
    states = [known(desk.state, normalise(want.url))[0].state for want in later]
    assert states == [Phase.DONE, Phase.DUE]


def test_the_old_is_forgotten_and_what_never_came_is_given_up(desk: Desk) -> None:
    desk.publish("/1.png", "/2.png")
    desk.pages[f"https://{NEWS}/2.png"] = failed(f"https://{NEWS}/2.png", NoAnswer.BUDGET)
    site = declared(revisits=())
    desk.visit(site)
    desk.now += LONGEST
    desk.visit(site)
    assert of_page(desk.state, NEWS, normalise(STORY)) == {Phase.DONE: 1, Phase.FAILED: 1}
    desk.now += PAGE_REMEMBERED
    desk.visit(site)
    assert of_page(desk.state, NEWS, normalise(STORY)) == {}
    assert desk.state.read("SELECT count(*) FROM pages") == [(0,)]


def test_a_clock_that_was_set_back_costs_one_visit(desk: Desk) -> None:
    desk.publish("/1.png")
    url = f"https://{NEWS}/1.png"
    desk.pages[url] = failed(url, NoAnswer.TIMEOUT)
    desk.now += 30 * DAY
    desk.visit()
    desk.now -= 30 * DAY
    desk.pages[url] = b"x"
    with desk.state.write() as db:
        db.execute("UPDATE requisites SET next = 0")
    assert desk.visit() == [url], "and not for ever within one"
    assert known(desk.state, normalise(url))[0].state is Phase.DONE
