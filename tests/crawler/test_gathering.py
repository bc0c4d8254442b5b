"""Requisites of pages, without a network: what is read, asked, settled and left out, with a clock that a test turns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from web import Page, Web, failed, moved, rss

from archive.capture import Capture
from archive.configuration import Requisites as Limits
from archive.errors import StorageFull
from archive.event import StoredAttempt
from archive.exchange import Attempt, NoAnswer, Origin, Role, Truncation
from archive.url import normalise
from crawler.agenda import GAP, Agenda
from crawler.frontier import Frontier
from crawler.requisites import memory
from crawler.requisites.gathering import BATCH, MAX_FAILURES, WIDTH, Gathering, Stored
from crawler.requisites.known import FRESH, LONGEST, MAX_TRIES, PAGE_REMEMBERED, LeftOut
from crawler.requisites.memory import Requisites, known, lately, of_page, waiting, when
from crawler.scheduling.articles import Phase
from crawler.scheduling.durations import DAY, HOUR, MINUTE, SECOND
from crawler.sites import Keep, Site, Source, SourceKind
from crawler.state import State
from crawler.visit import Visit
from crawler.walk import Answer, Failure, Want

NEWS, OTHER, CDN = "a.example", "b.example", "cdn.example"
STORY = f"https://{NEWS}/2026/11/30/a-story-of-some-length"
NOON = 1_796_126_400_000_000  # 2026-12-01 12:00, UTC


def html(*names: str) -> bytes:
    """A page with these pictures and, where a name ends so, sheets."""
    return "".join(
        f"<link rel=stylesheet href='{name}'>" if name.endswith(".css") else f"<img src='{name}'>" for name in names
    ).encode()


def declared(host: str = NEWS, keep: Keep = Keep.PAGE, **given: object) -> Site:
    source = Source(kind=SourceKind.FEED, url=f"https://{host}/feed")
    return Site(host=host, sources=(source,), keep=keep, **given)  # type: ignore[arg-type]


@dataclass
class Desk:
    """A state with all that visits remember, a web, and an archive that is made of what was asked of it."""

    state: State
    pages: dict[str, Page] = field(default_factory=dict)
    limits: Limits = field(default_factory=Limits)
    now: int = NOON
    size: int = 1000  # bytes of each answer
    left: list[LeftOut] = field(default_factory=list)
    held: bool = False  # whether commits wait for room
    urgent: bool = False

    def __post_init__(self) -> None:
        self.frontier, self.agenda = Frontier(self.state), Agenda(self.state)
        self.requisites = Requisites(self.state, self.limits)
        self.noted = 0
        self._bodies: dict[str, Stored] = {}

    def visit(self, site: Site | None = None, *, due: bool = False) -> list[str]:
        """A visit to its end; gives the requisites that were asked for, in their order."""
        web, made = self.begun(site, due=due)
        web.visit(made)
        assert made.finished
        made.close()
        self.note(web, made.site.host)
        return [want.url for want in web.asked if want.role is Role.REQUISITE]

    def begun(self, site: Site | None = None, *, due: bool = False) -> tuple[Web, Visit]:
        """A web, and a visit that has not begun."""
        site = site or declared()
        self.now += MINUTE
        web, self.noted = Web(self.pages), 0
        self.frontier.steps[site.host] = site.steps
        keeps = [site.host] if site.keep is Keep.PAGE else []
        self.requisites.declare(keeps, [] if keeps else [site.host], self.now)
        gathering = Gathering(
            site.host,
            self.requisites,
            lambda: self.now,
            read=self._bodies.get,
            commit=lambda: self.note(web, site.host),
            leave=self.left.append,
            urgent=lambda: self.urgent,
            unpaced=site.delay == 0,
        )
        chosen = gathering if keeps else None
        now = lambda: self.now  # noqa: E731 - a clock
        return web, Visit(site, self.frontier, lambda _: None, now, agenda=self.agenda, due=due, gathering=chosen)

    def note(self, web: Web, site: str) -> None:
        """What the archive would commit."""
        if self.held:
            return
        captures, attempts = [], []
        for want in web.asked[self.noted :]:
            self.now += SECOND
            answer = web.pages.get(want.url, 404)
            if callable(answer):
                answer = answer(0)
            if isinstance(answer, Answer) and answer.failure is not None:
                attempts.append(self.attempt(want, answer.failure.reason, site))
                continue
            captures.append(self.capture(want, answer, site))
        self.noted = len(web.asked)
        self.frontier.note(captures, attempts)
        self.requisites.note(captures, attempts)

    def attempt(self, want: Want, reason: NoAnswer, site: str = NEWS) -> StoredAttempt:
        origin = Origin(site=site, role=want.role, hops=want.hops)
        attempt = Attempt(want.url, self.now, reason, "so it is", origin=origin)
        return StoredAttempt(f"attempt {self.now}", normalise(want.url), attempt)

    def capture(self, want: Want, answer: Answer | bytes | int, site: str = NEWS) -> Capture:
        status = answer.status if isinstance(answer, Answer) else answer if isinstance(answer, int) else 200
        body = answer if isinstance(answer, bytes) else b""
        made = Capture(
            f"capture {self.now}",
            want.url,
            normalise(want.url),
            self.now,
            status=status,
            mime="text/css" if want.url.endswith(".css") else "text/html" if want.role is Role.ARTICLE else "image/png",
            role=want.role,
            site=site,
            hops=want.hops,
            payload_digest=f"sha256:{hash(body)}",
            payload_length=self.size,
        )
        self._bodies[made.id] = Stored(want.url, body, "utf-8")
        if isinstance(answer, Answer) and answer.location:
            head = f"HTTP/1.1 {status} Moved\r\nLocation: {answer.location}\r\n\r\n".encode()
            return replace(made, block=lambda: head)
        return made

    def publish(self, *names: str, host: str = NEWS, url: str = STORY) -> None:
        """An article with these requisites, which a feed announces; those on other hosts come as they are."""
        self.pages[f"https://{host}/feed"] = rss(url)
        self.pages[url] = html(*names)
        for name in names:
            whole = name if name.startswith("https://") else f"https://{host}{name}"
            self.pages.setdefault(whole, b"a { b: url(deep.png) }" if name.endswith(".css") else b"x")


@pytest.fixture
def state(tmp_path: Path) -> Iterator[State]:
    with State(tmp_path / "state.sqlite") as made:
        yield made


@pytest.fixture
def desk(state: State) -> Desk:
    return Desk(state)


def on(host: str, *names: str) -> list[str]:
    return [f"https://{host}{name}" for name in names]


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
