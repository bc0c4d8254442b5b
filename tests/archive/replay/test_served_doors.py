"""What is taken down or withheld is handed out by no door of the application."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import exchange, page
from withholding import LONG, RESERVED, make_withholding

from archive.catalogue.blocking import Target
from archive.exchange import Exchange
from archive.removal.takedown import lift, take_down
from archive.store import Archive

from .serving import Served, served

SECRET = "Nobody but the harbour master had seen the drowned lantern of Brackhaven before that night. "
URL = "https://courier.example/secret"
KIN = "https://courier.example/kin"  # the same payload, stored as a revisit of the first
STAMP = "20261125094640"
DOORS = (
    "/cdx?url={}",
    "/timegate/{}",
    "/timemap/link/{}",
    "/timemap/json/{}",
    f"/web/{STAMP}/{{}}",
    f"/web/{STAMP}id_/{{}}",
)


def secret(name: str, minute: int) -> Exchange:
    return exchange(name, minute, body=page("one", SECRET) + b" " * 2000)


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Archive.create(tmp_path / "NEWS") as archive:
        for number, name in enumerate(("secret", "kin")):
            with archive.writer("crawl") as writer:
                writer.add(secret(name, number))
        with archive.writer("crawl") as writer:
            writer.add(exchange("open", 5))
    return tmp_path / "NEWS"


@pytest.fixture
def site(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


def _statuses(site: Served, url: str) -> list[int]:
    answers = [site.client.get(site.url + door.format(url), follow_redirects=True) for door in DOORS]
    for one in answers:
        assert one.status_code == 200 or ("lantern" not in one.text and "court" not in one.text)
    return [one.status_code for one in answers]


def test_what_is_taken_down_is_gone_at_once_and_comes_back(site: Served, path: Path) -> None:
    assert _statuses(site, URL) == _statuses(site, KIN) == [200] * 6
    with Archive.open(path) as archive:
        take_down(archive, Target.of(URL), given=URL, reason="court order")
    assert _statuses(site, URL) == [451] * 6
    # Its payload is that of the page that went: nothing is left to be shown of it.
    assert set(_statuses(site, KIN)) <= {404, 451}
    assert _statuses(site, "https://courier.example/open") == [200] * 6
    with Archive.open(path) as archive:
        lift(archive, Target.of(URL), given=URL, reason="settled")
    assert _statuses(site, URL) == _statuses(site, KIN) == [200] * 6


def test_what_is_withheld_is_not_shown(tmp_path: Path) -> None:
    path = make_withholding(tmp_path / "NEWS")
    with served(path) as site:
        for door in DOORS:
            answer = site.client.get(site.url + door.format("https://courier.example/closed"), follow_redirects=True)
            assert answer.status_code == 403
            assert LONG[:40] not in answer.text
        told = site.get("/timemap/json/https://courier.example/open").json()
        assert len(told["mementos"]["list"]) == 1, "the later capture of it reserves mining"
        assert site.get(f"/web/{told['mementos']['list'][0]['uri'].split('/web/')[1]}").status_code == 200


def test_what_is_captured_while_it_is_served_is_withheld_too(tmp_path: Path) -> None:
    path = make_withholding(tmp_path / "NEWS")
    with served(path) as site:
        assert site.get("/timegate/https://courier.example/open").status_code == 302
        with Archive.open(path) as archive, archive.writer("crawl") as writer:
            news = ("x-robots-tag: noai", *RESERVED)
            writer.add(replace(exchange("late", 9, sentence=LONG + "Late. "), reservations=news))
        assert site.get("/timegate/https://courier.example/late").status_code == 403


def test_a_setting_that_changes_holds_soon(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.replay.mementos._AGAIN", -1.0)
    with Archive.open(path) as archive, archive.writer("crawl") as writer:
        writer.add(replace(exchange("reserving", 9), reservations=RESERVED))
    with served(path) as site:
        url = "/timegate/https://courier.example/reserving"
        assert site.get(url).status_code == 302
        with (path / "archive.toml").open("a", encoding="utf-8") as file:
            file.write('[reservations]\ntdm = "withhold"\n')
        assert site.get(url).status_code == 403
