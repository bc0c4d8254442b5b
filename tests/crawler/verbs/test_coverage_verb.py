"""``presskeep coverage``: what was announced, from the archive's own bytes, and what became of it."""

from __future__ import annotations

import datetime
import io
import json
from collections.abc import Iterator
from html.parser import HTMLParser
from pathlib import Path
from typing import Any

import pytest
from rich.cells import cell_len
from rich.console import Console

from archive import clock, terminal
from archive.capture import Capture
from archive.exchange import Attempt, Exchange, NoAnswer, Origin, Role
from archive.store import Archive
from crawler.cli import app
from crawler.coverage import _Reader, coverage
from crawler.discovery import Announcement
from crawler.heatmap import html, marks, shade, weeks
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS
from crawler.scheduling.durations import DAY, HOUR, MINUTE
from crawler.tally import Day, SiteCoverage, SourceCoverage, in_words, total
from crawler.verbs.coverage import page

SITE = "a.example"
FEED, FRONT = f"https://{SITE}/feed", f"https://{SITE}/"
START = clock.from_datetime(datetime.datetime(2026, 11, 2, 8, tzinfo=datetime.UTC))  # a Monday


def story(number: int) -> str:
    return f"https://{SITE}/news/2026/story-number-{number}-of-many"


def feed(*items: tuple[int, int]) -> bytes:
    """Numbers of stories with their times of publication."""
    dates = {number: f"{clock.to_datetime(at):%a, %d %b %Y %H:%M:%S} +0000" for number, at in items}
    listed = "".join(
        f"<item><link>{story(number)}</link><pubDate>{date}</pubDate></item>" for number, date in dates.items()
    )
    return f'<rss version="2.0"><channel><title>A</title>{listed}</channel></rss>'.encode()


class Wire:
    """What a crawl would have captured."""

    def __init__(self, archive: Archive) -> None:
        self.archive = archive

    def __enter__(self) -> Wire:
        self._writer = self.archive.writer("crawl", {SITE: b"{}"})
        return self

    def __exit__(self, *_: object) -> None:
        self._writer.close()

    def answer(
        self,
        url: str,
        at: int,
        role: Role,
        body: bytes = b"",
        *,
        status: int = 200,
        more: str = "",
        source: str = "feed",
    ) -> None:
        mime = "application/rss+xml" if role is Role.FEED else "text/html; charset=utf-8"
        head = f"HTTP/1.1 {status} X\r\nContent-Type: {mime}\r\nContent-Length: {len(body)}\r\n{more}\r\n".encode()
        origin = Origin(SITE, role=role, source=source, via=None if role is Role.FEED else FEED)
        self._writer.add(Exchange(url, at, b"GET / HTTP/1.1\r\nHost: a.example\r\n\r\n", head + body, origin=origin))

    def nothing(self, url: str, at: int, role: Role, reason: NoAnswer) -> None:
        self._writer.add_attempt(Attempt(url, at, reason, origin=Origin(SITE, role=role, source="feed", via=FEED)))


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", name="TEST", contact="tester@example.org") as made:
        made.sites_path.write_text(f'["{SITE}"]\n')
        yield made


def days(archive: Archive) -> dict[str, Day]:
    (site,) = coverage(archive, [SITE])
    return {str(date): day for date, day in site.days.items()}


def test_what_was_announced_and_never_fetched_is_read_from_the_listings(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START - HOUR), (2, START - DAY)))
        wire.answer(story(1), START + MINUTE, Role.ARTICLE, b"<p>one</p>")
    found = days(archive)
    assert (found["2026-11-02"].announced, found["2026-11-02"].captured, found["2026-11-02"].missed) == (1, 1, 0)
    assert (found["2026-11-01"].announced, found["2026-11-01"].captured, found["2026-11-01"].missed) == (1, 0, 1)
    assert found["2026-11-02"].reasons == {"not cleaned": 1}


def test_what_was_refused_or_failed_says_why(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed(*((number, START) for number in range(4))))
        wire.nothing(story(0), START + 1, Role.ARTICLE, NoAnswer.ROBOTS)
        wire.nothing(story(1), START + 2, Role.ARTICLE, NoAnswer.TIMEOUT)
        wire.answer(story(2), START + 3, Role.ARTICLE, status=503)
        wire.answer(story(3), START + 4, Role.ARTICLE, status=503)
        wire.answer(story(3), START + 5, Role.ARTICLE, b"<p>at last</p>")
    day = days(archive)["2026-11-02"]
    assert (day.announced, day.captured, day.refused, day.failed, day.missed) == (4, 1, 1, 2, 0)
    assert day.reasons == {"robots": 1, "timeout": 1, "status 503": 1, "not cleaned": 1}


def test_an_old_address_counts_as_what_it_leads_to(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START), (2, START)))
        wire.answer(story(1), START + 1, Role.ARTICLE, status=301, more=f"Location: {story(9)}\r\n")
        wire.answer(story(9), START + 2, Role.ARTICLE, b"<p>nine</p>", source="redirect")
        wire.answer(story(2), START + 3, Role.ARTICLE, status=301, more=f"Location: {story(2)}\r\n")  # a circle
    day = days(archive)["2026-11-02"]
    assert (day.announced, day.captured, day.failed) == (2, 1, 1)


def test_an_article_that_its_twin_led_to_is_no_item_of_its_own(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START)))
        wire.answer(story(1), START + 1, Role.ARTICLE, b"<p>one</p>")
        wire.answer(story(9), START + 2, Role.ARTICLE, b"<p>one</p>", source="canonical")
    [found] = coverage(archive)
    assert [one.url for one in found.sources] == [FEED]
    assert total(found.days).announced == 1


def test_polls_without_an_answer_are_an_outage_when_all_of_a_day_are(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START)))
        wire.nothing(FEED, START + HOUR, Role.FEED, NoAnswer.TIMEOUT)
        wire.nothing(FEED, START + DAY, Role.FEED, NoAnswer.TIMEOUT)
        wire.answer(FEED, START + DAY + HOUR, Role.FEED, b"oops", status=500)
        wire.answer(FEED, START + 2 * DAY, Role.FEED, b"no feed at all")
    found = days(archive)
    assert [(day.polls, day.silent, day.outage) for _, day in sorted(found.items())] == [
        (2, 1, False),
        (2, 2, True),
        (1, 1, True),
    ]


def test_a_poll_that_finds_everything_new_estimates_what_it_lost(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed(*((n, START - (9 - n) * HOUR) for n in range(10))))
        late = START + 2 * DAY
        wire.answer(FEED, late, Role.FEED, feed(*((100 + n, late - (9 - n) * HOUR) for n in range(10))))
    assert 30 <= days(archive)["2026-11-04"].lost <= 45


def test_the_delay_is_of_what_was_published_while_we_looked(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START - 5 * HOUR)))
        wire.answer(story(1), START + 1, Role.ARTICLE, b"<p>one</p>")
        wire.answer(FEED, START + HOUR, Role.FEED, feed((2, START + 40 * MINUTE), (1, START - 5 * HOUR)))
        wire.answer(story(2), START + HOUR + MINUTE, Role.ARTICLE, b"<p>two</p>")
    assert days(archive)["2026-11-02"].delay == 21 * MINUTE


def test_what_a_crawl_passes_over_is_not_counted(archive: Archive) -> None:
    links = (story(1), "https://elsewhere.example/news/2026/a-story-of-another-site", f"https://{SITE}/logo.png")
    listed = "".join(f"<item><link>{url}</link></item>" for url in links)
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, f'<rss version="2.0"><channel>{listed}</channel></rss>'.encode())
    assert days(archive)["2026-11-02"].announced == 1


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The listings that coverage reads."""
    found: list[str] = []
    announced = _Reader._announced

    def noted(self: _Reader, capture: Capture) -> list[Announcement] | None:
        found.append(capture.url)
        return announced(self, capture)

    monkeypatch.setattr(_Reader, "_announced", noted)
    return found


def test_only_the_polls_that_count_are_read_and_tell_the_same(archive: Archive, read: list[str]) -> None:
    with Wire(archive) as wire:
        for day in range(80):
            at = START + day * DAY
            wire.answer(
                FEED, at, Role.FEED, feed(*((number, START + number * DAY) for number in range(day, day - 9, -1)))
            )
            wire.answer(FRONT, at, Role.FRONT, _front(story(day), story(day + 1000)))
            for number in (day, day + 1000):
                wire.answer(story(number), at + MINUTE, Role.ARTICLE, f"<p>{number}</p>".encode())
    since = datetime.date(2026, 11, 2) + datetime.timedelta(days=60)
    [whole] = coverage(archive)
    assert len(read) == 160
    read.clear()
    [found] = coverage(archive, since=since)
    assert len(read) == 2 * (20 + 31)
    assert found.days == {day: counted for day, counted in whole.days.items() if day >= since}
    assert [one.url for one in found.sources] == [one.url for one in whole.sources]
    for one, other in zip(found.sources, whole.sources, strict=True):
        assert one.days == {day: counted for day, counted in other.days.items() if day >= since}


def _front(*urls: str) -> bytes:
    return "".join(f'<article><h3><a href="{url}">A headline of some words</a></h3></article>' for url in urls).encode()


def test_a_listing_of_two_servers_that_take_turns_is_read_once_for_each(archive: Archive, read: list[str]) -> None:
    with Wire(archive) as wire:
        for poll in range(6):
            wire.answer(FEED, START + poll * HOUR, Role.FEED, feed((1, START), (2 + poll % 2, START)))
    day = days(archive)["2026-11-02"]
    assert (day.announced, day.polls, day.lost, len(read)) == (3, 6, 0, 2)


def test_a_rebuild_tells_the_same(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START), (2, START)))
        wire.answer(FEED, START + HOUR, Role.FEED, feed((1, START), (2, START)))
        wire.nothing(story(2), START + HOUR, Role.ARTICLE, NoAnswer.ROBOTS)
        wire.answer(story(1), START + HOUR, Role.ARTICLE, b"<p>one</p>")
    archive.rebuild()  # it makes the texts, too
    before = coverage(archive)
    archive.close()
    archive.catalog.path.unlink()
    archive.state_path.unlink(missing_ok=True)
    archive.rebuild()
    assert coverage(archive) == before


def run(archive: Archive, capsys: pytest.CaptureFixture[str], *words: str) -> str:
    assert terminal.run(app, ["coverage", *words, "--archive", str(archive.path)]) == 0
    return capsys.readouterr().out


def test_an_empty_archive_says_so(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert terminal.run(app, ["coverage", "--json", "--archive", str(archive.path)]) == 0
    said = capsys.readouterr()
    assert json.loads(said.out) == {"sites": []}
    assert "presskeep crawl" in said.err


def test_a_page_that_cannot_be_written_is_told(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    target = archive.path / "no" / "such" / "folder.html"
    assert terminal.run(app, ["coverage", "--html", str(target), "--archive", str(archive.path)]) not in {0, 70}
    assert capsys.readouterr().err.splitlines()[-1].startswith("presskeep: ")


def test_lines_json_and_a_range_of_days(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed((1, START), (2, START - DAY), (3, START - 9 * DAY)))
    cells = [line.split("\t") for line in run(archive, capsys).splitlines()]
    assert [one[:6] for one in cells] == [
        [SITE, "feed", FEED, day, "1", "0"] for day in ("2026-10-24", "2026-11-01", "2026-11-02")
    ]
    said: dict[str, Any] = json.loads(run(archive, capsys, "--json", "--since", "2026-11-01", "--until", "2026-11-01"))
    (site,) = said["sites"]
    assert [(one["day"], one["announced"], one["missed"]) for one in site["days"]] == [("2026-11-01", 1, 1)]
    assert [one["url"] for one in site["sources"]] == [FEED]


def test_a_terminal_shows_weeks_as_columns(archive: Archive) -> None:
    with Wire(archive) as wire:
        wire.answer(FEED, START, Role.FEED, feed(*((number, START - number * DAY) for number in range(60))))
        wire.nothing(FEED, START + DAY, Role.FEED, NoAnswer.TIMEOUT)
    (site,) = coverage(archive)
    console = Console(width=60, file=io.StringIO(), record=True)
    console.print(page(site, 60))
    lines = console.export_text().splitlines()
    assert all(cell_len(line) <= 60 for line in lines)
    (tuesday,) = (line for line in lines if "×" in line and "no answer" not in line)
    assert tuesday.rstrip().endswith("×")


@pytest.mark.parametrize(
    ("words", "code"),
    [(["--since", "soon"], 2), (["--since", "2026-11-02", "--until", "2026-11-01"], 2), (["nobody.example"], 4)],
)
def test_wrong_calls_say_what_to_write(
    archive: Archive, words: list[str], code: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert terminal.run(app, ["coverage", *words, "--archive", str(archive.path)]) == code
    assert capsys.readouterr().err.startswith("presskeep: ")


class Read(HTMLParser):
    """Collects what a page loads, its ids, and where its links lead."""

    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.labels: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in {"href", "src"}:
                self.links.append(value or "")
            if tag == "a" and name == "aria-label":
                self.labels.append(value or "")


def test_the_page_stands_alone_and_each_day_leads_to_its_numbers() -> None:
    first = datetime.date(2025, 12, 29)
    made = {
        first + datetime.timedelta(days=number): Day(announced=number, captured=number, polls=1) for number in range(9)
    }
    site = SiteCoverage("<b>a.example", made, (SourceCoverage("feed", 'https://a.example/"><script>', made),))
    read = Read()
    read.feed(html([site, site], "<script>A", "now"))
    assert not {"script", "img", "link", "b"} & set(read.tags)
    assert all(one.startswith("#") for one in read.links)
    assert {one[1:] for one in read.links} <= set(read.ids)
    assert len(read.ids) - len(set(read.ids)) == 0
    assert len(read.labels) == 18
    assert read.labels[0].startswith("Mon 5 Jan 2026: 7 announced, 7 captured")


def test_days_are_shaded_and_marked() -> None:
    assert [shade(Day(announced=number), 40) for number in (0, 1, 10, 11, 40, 400)] == [0, 1, 1, 2, 4, 4]
    assert shade(Day(announced=1), 1) == 1
    assert marks(Day(announced=10, captured=10)) == []
    assert marks(Day(announced=10, captured=9, lost=2)) == ["gap", "lost"]
    assert marks(Day(polls=3, silent=3)) == ["outage"]
    assert weeks({datetime.date(2026, 11, 8): Day(), datetime.date(2026, 11, 9): Day()}) == [
        datetime.date(2026, 11, 2),
        datetime.date(2026, 11, 9),
    ]
    assert [in_words(one) for one in (None, 40 * 10**6, 12 * MINUTE, 5 * HOUR, 3 * DAY)] == [
        *("–", "40 s", "12 min", "5 h", "3 d"),
    ]


@pytest.mark.slow
def test_a_crawled_newsroom_is_drawn(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with (
        Newsroom(awkward=True) as newsroom,
        Archive.create(
            tmp_path / "A", name="TEST", contact="tester@example.org", allow_loopback=True, resolve=newsroom.resolve
        ) as archive,
    ):
        tables = (f'["{host}"]\nstart = "http://{host}/"\ndelay = 0.0\n' for host in HOSTS)
        archive.sites_path.write_text("".join(tables))
        assert terminal.run(app, ["crawl", "--archive", str(archive.path)]) == 0
        capsys.readouterr()
        found = {one.site: total(one.days) for one in coverage(archive)}
        assert all(day.announced == 12 and day.captured == 11 and day.failed == 1 for day in found.values())
        assert all(day.cleaned >= 10 for day in found.values())
        target = tmp_path / "coverage.html"
        assert run(archive, capsys, "--html", str(target)) == ""
        assert all(host in target.read_text(encoding="utf-8") for host in HOSTS)
