"""The status of a crawl: what is told of sites, sources, service and disk, and what needs a person."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive import clock, terminal
from archive.capture import Capture
from archive.errors import NotFound
from archive.exchange import Role
from archive.profiles import Layout
from archive.store import Archive
from archive.url import normalise
from crawler.agenda import Agenda, Poll, Root
from crawler.cli import app
from crawler.discovery.embeds import Embed, Embeds
from crawler.discovery.stylesheets import Kind
from crawler.frontier import Frontier
from crawler.heartbeat import NAME, beat
from crawler.requisites.memory import Requisites
from crawler.scheduling.durations import DAY, HOUR
from crawler.scheduling.polling import Outcome
from crawler.sites import read_sites
from crawler.state import State
from crawler.status import Status, status


def said(found: Status) -> list[str]:
    return [need.said for need in found.needs()]


FEED = "https://a.example/feed"


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "A", name="TEST", contact="tester@example.org") as made:
        made.sites_path.write_text(
            f'["a.example"]\nsources = [{{ kind = "feed", url = "{FEED}" }}]\n\n["b.example"]\n\n'
            '["c.example"]\nenabled = false\n'
        )
        yield made


def poll(archive: Archive, outcome: Outcome, at: int, problem: str = "") -> None:
    with State(archive.state_path) as state:
        site = read_sites(archive.sites_path).get("a.example")
        Agenda(state).note(site, Poll(Root("feed", FEED, "declared"), at, outcome, (), problem))


def capture(archive: Archive, number: int, at: int) -> None:
    url = f"https://a.example/story-{number}"
    with State(archive.state_path) as state:
        Frontier(state).note(
            [Capture(f"id {number}", url, normalise(url), at, status=200, role=Role.ARTICLE, site="a.example", run="r")]
        )


def test_a_new_archive_has_sites_and_nothing_to_complain_of(archive: Archive) -> None:
    found = status(archive)
    assert [(one.site, str(one.health.state), one.last, one.usual) for one in found.sites] == [
        ("a.example", "new", None, None),
        ("b.example", "new", None, None),
    ]
    assert found.needs() == []
    assert [one.site for one in status(archive, ["c.example"]).sites] == ["c.example"]
    with pytest.raises(NotFound, match=r"d\.example"):
        status(archive, ["d.example"])


def test_articles_of_a_day_stand_beside_the_usual(archive: Archive) -> None:
    now = clock.now()
    for number, ago in enumerate((1, 2, 3, 26, 27, 28, 29, 50, 51, 75, 76)):  # hours
        capture(archive, number, now - ago * HOUR)
    site = status(archive).sites[0]
    assert site.today == 3
    assert site.usual == pytest.approx((4 + 2 + 2) / 3)


def test_a_source_that_is_dead_needs_a_person(archive: Archive) -> None:
    now = clock.now()
    for ago in range(9, -1, -1):
        poll(archive, Outcome.FAILED, now - ago * DAY, "it answers 404")
    found = status(archive)
    (source,) = found.sites[0].sources
    assert (str(source.health.state), source.last) == ("dead", now)
    assert said(found) == [f"a.example: feed {FEED} is dead: it answers 404 (10 times in a row)"]


def test_a_site_where_every_visit_comes_to_nothing_needs_a_person(archive: Archive) -> None:
    with State(archive.state_path) as state:
        for number in range(8):
            assert not status(archive).needs()
            Agenda(state).visited("b.example", clock.now() + number, "nothing answers")
    assert said(status(archive)) == ["b.example: 8 visits in a row came to nothing: nothing answers"]


def test_a_service_without_a_sign_of_life_needs_a_person(archive: Archive) -> None:
    beat(archive.path, {"stopped": False, "visits": 3, "paused": None})
    found = status(archive)
    assert found.alive
    assert not found.needs()
    path = archive.path / NAME
    path.write_text(path.read_text().replace('"at": "20', '"at": "19'))
    found = status(archive)
    assert not found.alive
    assert said(found)[0].startswith("the service gave its last sign of life at 19")
    beat(archive.path, {"stopped": True})
    assert not status(archive).needs()
    beat(archive.path, {"stopped": False, "paused": "the reserve is touched"})
    assert said(status(archive)) == ["the service pauses: the reserve is touched"]
    path.write_text("{")
    assert status(archive).service is None


def test_the_disk_is_foretold_from_what_the_files_grew_by(archive: Archive) -> None:
    folder = archive.warc_path / "2026" / "11"
    folder.mkdir(parents=True)
    now = clock.now() / 1_000_000
    for days, size in ((1, 5_000), (10, 5_000), (200, 90_000)):
        file = folder / f"TEST-{days}.warc.gz"
        file.write_bytes(bytes(size))
        os.utime(file, (now, now - days * 86_400))
    disk = status(archive).disk
    assert disk.warc == 100_000
    assert disk.daily == pytest.approx(10_000 / 28, rel=0.01)
    assert disk.days is not None
    assert disk.free > 0


def test_an_error_in_sites_toml_is_what_is_told(archive: Archive) -> None:
    archive.sites_path.write_text("[[[")
    assert "line 1" in said(status(archive))[0]


def test_a_layout_that_has_changed_needs_a_person(archive: Archive) -> None:
    found = status(archive)
    assert {one.layout for one in found.sites} == {None}, "no site has a profile"
    sites = tuple(replace(one, layout=Layout(30, elsewhere=16)) for one in found.sites[:1])
    (need,) = said(replace(found, sites=sites))
    assert "the bodies of 16 of its latest 30 articles stand elsewhere" in need
    assert "presskeep profile a.example --activate" in need
    assert not Layout(30, elsewhere=15).has_drifted
    assert not Layout(5, elsewhere=5).has_drifted


def test_the_verb_tells_people_and_machines(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    poll(archive, Outcome.WHOLE, clock.now())
    where = ["--archive", str(archive.path)]
    assert terminal.run(app, ["status", *where]) == 0
    first, second = (line.split("\t") for line in capsys.readouterr().out.splitlines())
    assert (first[0], first[6], second[6]) == ("a.example", "ok", "new")
    assert terminal.run(app, ["status", "a.example", "--json", *where]) == 0
    document = json.loads(capsys.readouterr().out)
    assert [one["url"] for one in document["sites"][0]["sources"]] == [FEED]
    assert document["needs"] == []
    archive.sites_path.write_text("[[[")
    assert terminal.run(app, ["status", *where]) == 1
    assert "line 1" in capsys.readouterr().err
    assert terminal.run(app, ["status", "--watch", *where]) == 2


def test_parts_of_pages_are_told_where_whole_pages_are_kept(
    archive: Archive, capsys: pytest.CaptureFixture[str]
) -> None:
    archive.sites_path.write_text('["a.example"]\nkeep = "page"\n\n["b.example"]\n')
    now = clock.now()
    with State(archive.state_path) as state:
        requisites = Requisites(state, archive.configuration.requisites)
        requisites.declare(["a.example"], [], now - HOUR)
        page = Capture("id", "https://a.example/p", "https://a.example/p", now - HOUR, status=200, role=Role.ARTICLE)
        requisites.note([replace(page, site="a.example")])
        (unread,) = requisites.unread("a.example", 5)
        found = Embeds(tuple(Embed(f"https://cdn.example/{name}.png", Kind.IMAGE) for name in "ab"))
        assert requisites.learn("a.example", unread, page.url, found, now) is None
        came = replace(page, url=found.found[0].url, key=found.found[0].url, at=now - 1, role=Role.REQUISITE)
        requisites.note([replace(came, site="a.example", payload_length=700)])
    sites = status(archive).sites
    assert [one.requisites for one in sites] == [(1, 1, 700), None]
    assert terminal.run(app, ["status", "--json", "--archive", str(archive.path)]) == 0
    told = json.loads(capsys.readouterr().out)["sites"]
    assert told[0]["requisites"] == {"due": 1, "lately": 1, "bytes_lately": 700}
    assert told[1]["requisites"] is None
