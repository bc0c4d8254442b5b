"""Several archives served as one: merged by time, each with pages of its own, and what one took down from none."""

from __future__ import annotations

import io
import json
import zipfile
from collections.abc import Iterator
from pathlib import Path

import pytest
from editing.stories import BODY, article
from editing.written import written
from exchanges import START, exchange

from archive.catalogue.blocking import Target
from archive.entering.importing import import_files
from archive.removal.takedown import take_down
from archive.replay import elsewhere, mementos
from archive.replay.addresses import stamp
from archive.replay.captured.targets import Use, address
from archive.store import Archive

from .captured.shown import showing
from .serving import Served, served

URL = "https://courier.example/crane"
STORY = "https://gazette.example/crane"
MINUTE = 60_000_000


def _made(path: Path, *minutes: int) -> Path:
    with Archive.create(path) as archive, archive.writer("crawl") as writer:
        for minute in minutes:
            writer.add(exchange("crane", minute, sentence=f"State {minute}. "))
        writer.add(exchange(f"only-{path.name}", 5))
    return path


@pytest.fixture(scope="module")
def first(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return _made(tmp_path_factory.mktemp("first") / "NEWS", 0, 60, 120)


@pytest.fixture(scope="module")
def second(tmp_path_factory: pytest.TempPathFactory, first: Path) -> Path:
    """It has the captures of the first one, too, and some between them."""
    path = _made(tmp_path_factory.mktemp("second") / "MORE", 30, 90)
    with Archive.open(path) as archive:
        list(import_files(archive, sorted((first / "warc").rglob("*.warc.gz"))))
    return path


@pytest.fixture(scope="module")
def site(first: Path, second: Path) -> Iterator[Served]:
    with served(first, beside=[second]) as it:
        yield it


def _moment(minute: int) -> str:
    return stamp(START + minute * MINUTE)


def _at(minute: int) -> str:
    return f"{_moment(minute)}/{URL}"


def test_a_time_map_has_the_mementos_of_all_once(site: Served) -> None:
    told = site.get(f"/timemap/json/{URL}").json()
    assert [one["uri"] for one in told["mementos"]["list"]] == [
        f"{site.url}/web/{_at(minute)}" for minute in (0, 30, 60, 90, 120)
    ]
    assert site.get(f"/in/MORE/timemap/json/{URL}").json()["original_uri"] == URL
    alone = site.get(f"/in/NEWS/timemap/json/{URL}").json()["mementos"]["list"]
    assert [one["uri"] for one in alone] == [f"{site.url}/in/NEWS/web/{_at(minute)}" for minute in (0, 60, 120)]


def test_a_memento_stands_among_those_of_all(site: Served) -> None:
    nearest = site.get(f"/timegate/{URL}", accept_datetime="Wed, 25 Nov 2026 11:15:00 GMT")
    assert nearest.headers["location"] == f"{site.url}/web/{_at(90)}"
    assert site.get(f"/timegate/{URL}").headers["location"] == f"{site.url}/web/{_at(120)}"
    for minute, around in ((30, (0, 60)), (60, (30, 90))):
        answer = site.get(f"/web/{_at(minute)}")
        assert f"State {minute}." in answer.text
        for rel, other in zip(("prev", "next"), around, strict=True):
            assert any(
                f"{site.url}/web/{_at(other)}>" in link and rel in link
                for link in answer.headers["link"].replace(", <", "\n<").splitlines()
            ), (rel, answer.headers["link"])
    assert "State 90." in site.get(f"/web/{_moment(90)}id_/{URL}").text
    assert site.get(f"/web/{_moment(85)}id_/{URL}").headers["location"] == f"{site.url}/web/{_moment(90)}id_/{URL}"
    assert site.get("/timegate/https://courier.example/none").status_code == 404
    only = site.get("/timegate/https://courier.example/only-MORE")
    assert only.headers["location"].endswith("/web/20261125095140/https://courier.example/only-MORE")


def _lines(site: Served, query: str) -> list[tuple[str, str, str]]:
    answer = site.get(f"/cdx?output=json&{query}")
    assert answer.status_code == 200, answer.text
    found = [json.loads(line) for line in answer.text.splitlines()]
    return [(one["url"].rpartition("/")[2], one["timestamp"], one["source"]) for one in found]


def test_lines_of_the_index_are_merged(site: Served) -> None:
    whole = [("crane", _moment(minute), "MORE" if minute % 60 else "NEWS") for minute in (0, 30, 60, 90, 120)]
    assert _lines(site, f"url={URL}") == whole
    assert _lines(site, f"url={URL}&sort=reverse&limit=2") == [whole[4], whole[3]]
    assert _lines(site, f"url={URL}&closest={_moment(80)}&limit=3") == [whole[3], whole[2], whole[4]]
    assert _lines(site, f"url={URL}&collapseTime=10") == [whole[0], whole[1], whole[3]]
    below = [*whole, ("only-MORE", _moment(5), "MORE"), ("only-NEWS", _moment(5), "NEWS")]
    for every in ("url=https://courier.example/*", "url=*.courier.example", "url=courier.example&matchType=host"):
        assert _lines(site, every) == below
        assert _lines(site, f"{every}&sort=reverse") == below[::-1]
    assert _lines(site, "url=https://courier.example/*&filter==source:MORE&limit=3") == [below[1], below[3], below[5]]
    assert site.get("/cdx?url=https://courier.example/none").status_code == 404


def test_pages_are_those_of_the_archive_that_has_it(site: Served) -> None:
    front = site.get("/", accept="text/html")
    assert 'href="/in/NEWS/"' in front.text
    assert 'href="/in/MORE/"' in front.text
    only = "https://courier.example/only-MORE"
    led = site.get(f"/article?url={only}", accept="text/html")
    assert (led.status_code, led.headers["location"]) == (303, f"/in/MORE/article?url={only}")
    shown = site.get(led.headers["location"], accept="text/html")
    assert shown.status_code == 200
    assert "/in/MORE/captures?" in shown.text
    assert site.get(f"/search?q={only}").headers["location"].startswith("/article?url=")
    assert 'href="/in/MORE/search?q=crane"' in site.get("/search?q=crane").text
    assert site.get("/edits").headers["location"] == "/"
    assert site.get("/in/MORE").headers["location"] == "/in/MORE/"
    assert site.get("/in/none").status_code == 404
    browsing = {"accept": "text/html", "sec_fetch_mode": "navigate"}
    assert site.get(f"/web/{_at(30)}", **browsing).headers["location"].startswith("/captured?url=")
    assert site.get("/article?url=https://courier.example/none", accept="text/html").status_code == 404
    assert site.get("/article?url=x&capture=none", accept="text/html").status_code == 404


def test_what_is_there_is_told(site: Served) -> None:
    health = site.get("/health").json()
    assert (health["archive"], health["captures"]) == ("NEWS, MORE", 11)
    files = site.get("/files/").json()["archives"]
    for one in files:
        (named, *_) = site.client.get(one["url"]).json()["files"]
        assert site.client.get(named["url"]).status_code == 200
    assert "/files/" not in site.get("/openapi.json").json()["paths"]
    told = site.get("/in/NEWS/openapi.json").json()
    assert "/files/" in told["paths"]
    assert told["servers"] == [{"url": f"{site.url}/in/NEWS"}]


def test_captured_pages_come_from_all(first: Path, second: Path) -> None:
    with showing(first, beside=[second]) as shown:
        for minute in (30, 60):
            answer = shown.client.get(shown.frames + address(URL, START + minute * MINUTE, Use.PAGE))
            assert f"State {minute}." in answer.text
        page = shown.client.get(f"{shown.app}/in/MORE/captured?url={URL}").text
        assert f"{shown.frames}/captured/" in page
        policy = shown.client.get(f"{shown.app}/in/MORE/").headers["content-security-policy"]
        assert f"frame-src {shown.frames}" in policy
        assert f"style-src {shown.app}/in/MORE/static/" in policy


@pytest.fixture
def at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (elsewhere, mementos):
        monkeypatch.setattr(module, "_AGAIN", 0.0)


@pytest.mark.usefixtures("at_once")
def test_what_one_took_down_is_handed_out_from_none(tmp_path: Path) -> None:
    story = {STORY: (article(), article(*BODY[:2], headline="Another crane"))}
    with written(tmp_path / "first" / "NEWS", story), written(tmp_path / "second" / "TWIN", story):
        pass
    paths = tmp_path / "first" / "NEWS", tmp_path / "second" / "TWIN"
    with Archive.open(paths[1]) as archive:
        first, _ = archive.timeline(STORY)
    asked = (
        f"/timegate/{STORY}",
        f"/timemap/link/{STORY}",
        f"/web/{stamp(first.at)}id_/{STORY}",
        f"/cdx?url={STORY}",
        f"/article?url={STORY}",
        f"/in/NEWS-2/timegate/{STORY}",
        f"/in/NEWS-2/web/{stamp(first.at)}id_/{STORY}",
        f"/in/NEWS-2/article?url={STORY}",
        f"/in/NEWS-2/changes?url={STORY}&old=1&new=2",
    )
    with served(paths[0], beside=[paths[1]]) as site:
        assert {path: site.get(path).status_code for path in asked if site.get(path).status_code >= 400} == {}
        files = site.get("/in/NEWS-2/files/").json()["files"]
        assert "gazette.example" in site.get("/in/NEWS-2/edits.jsonl?since=2020-01-01").text
        with Archive.open(paths[0]) as archive:
            take_down(archive, Target.of(STORY), given=STORY, reason="asked for")
        assert {path: site.get(path).status_code for path in asked} == dict.fromkeys(asked, 451)
        for lists in ("", "search?q=crane", "edits", "edits.jsonl?since=2020-01-01"):
            answer = site.get(f"/in/NEWS-2/{lists}")
            assert (answer.status_code, "/crane" in answer.text) == (200, False), lists
        kept = {one["name"] for one in site.get("/in/NEWS-2/files/").json()["kept_back"]}
        assert kept == {one["name"] for one in files}
        assert site.get("/in/NEWS-2/files/pack.wacz").status_code == 404


@pytest.mark.usefixtures("at_once")
def test_a_package_leaves_out_what_is_taken_down_beside_it(tmp_path: Path) -> None:
    paths = [_made(tmp_path / name, 0, 30) for name in ("NEWS", "MORE")]
    with Archive.open(paths[0]) as archive:
        below = "https://courier.example/cr"
        take_down(archive, Target.of(below, prefix=True), given=below, reason="asked for")
        take_down(archive, Target.of(URL, prefix=True), given=URL, reason="asked for")
    with served(paths[0], beside=[paths[1]]) as site:
        answer = site.get("/in/MORE/files/pack.wacz")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as package:
        pages = package.read("pages/pages.jsonl").decode()
        (warc,) = (package.read(name) for name in package.namelist() if name.startswith("archive/"))
    assert "only-MORE" in pages
    assert "/crane" not in pages
    import gzip

    assert b"State" not in gzip.decompress(warc)


def test_two_of_one_name_are_told_apart(tmp_path: Path) -> None:
    paths = [_made(tmp_path / name / "NEWS", 0) for name in ("a", "b")]
    with served(paths[0], beside=paths[1:]) as site:
        assert site.get("/health").json()["archive"] == "NEWS, NEWS"
        assert site.get("/in/NEWS-2/health").json()["captures"] == 2
