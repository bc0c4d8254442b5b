"""``/edits.atom`` and ``/edits.jsonl``: the edits of an archive that is served, and nothing that is kept back."""

from __future__ import annotations

import json
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from xml.etree import ElementTree as ET

import pytest
from editing.stories import BODY, GONE, article
from editing.written import Text, written

from archive.catalogue.blocking import Target
from archive.removal.takedown import take_down
from archive.store import Archive

from .serving import Served, served

CRANE, FERRY, SNOW = (f"https://gazette.example/{name}" for name in ("crane", "ferry", "snow"))
A = article()
STORIES: dict[str, Sequence[Text]] = {
    CRANE: (A, article(*BODY[:2], modified="2025-11-02")),
    FERRY: (A, replace(A, headline="You will not <b>believe</b> which crane moved"), A, GONE),
    SNOW: (A, article(BODY[0], headline="\x1b[31mCrane & <script>alert(1)</script>")),
}
ATOM = "{http://www.w3.org/2005/Atom}"
EVER = "since=2025-01-01"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    with written(tmp_path_factory.mktemp("feeds") / "NEWS", STORIES) as archive:
        return archive.path


@pytest.fixture(scope="module")
def site(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


def _urls(site: Served, query: str) -> list[str]:
    answer = site.get(f"/edits.jsonl?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/jsonl")
    return [json.loads(line)["url"] for line in answer.text.splitlines()]


@pytest.mark.parametrize(
    ("query", "urls"),
    [
        (EVER, [FERRY, SNOW, CRANE]),
        (f"{EVER}&limit=1", [FERRY]),
        (f"{EVER}&silent=1", [SNOW]),
        (f"{EVER}&tests=1", [FERRY, FERRY]),
        (f"{EVER}&kind=headline&kind=modified", [SNOW, CRANE]),
        (f"{EVER}&site=talblatt.example", []),
        (f"{EVER}&until=2025-01-02", []),
        ("since=30d", []),
    ],
)
def test_lines(site: Served, query: str, urls: list[str]) -> None:
    assert _urls(site, query) == urls


@pytest.mark.parametrize(
    "query", ["kind=headlines", "since=soon", "limit=0", "limit=99999", "limit=x", "since=9999999w"]
)
@pytest.mark.parametrize("form", ["atom", "jsonl"])
def test_what_cannot_be_meant(site: Served, form: str, query: str) -> None:
    answer = site.get(f"/edits.{form}?{query}")
    assert (answer.status_code, answer.headers["content-type"]) == (400, "application/problem+json")


def test_the_feed(site: Served) -> None:
    answer = site.get(f"/edits.atom?{EVER}")
    assert answer.headers["content-type"].startswith("application/atom+xml")
    assert "<script" not in answer.text
    feed = ET.fromstring(answer.content)
    links = {link.get("rel"): link.get("href") for link in feed.findall(f"{ATOM}link")}
    assert links == {"self": f"{site.url}/edits.atom?{EVER}"}
    entries = feed.findall(f"{ATOM}entry")
    assert len(entries) == 3
    for entry in entries:
        (link,) = entry.findall(f"{ATOM}link")
        assert link.get("href", "").startswith(f"{site.url}/")
        assert site.client.get(link.get("href", ""), headers={"Accept": "text/html"}).status_code == 200
    assert answer.text == site.get(f"/edits.atom?{EVER}").text


def test_a_token_stands_in_no_feed(site: Served) -> None:
    assert "secret" not in site.get(f"/edits.atom?{EVER}&token=secret").text


def test_what_is_taken_down_or_withheld_is_in_neither(tmp_path: Path) -> None:
    with written(tmp_path / "NEWS", STORIES, reserved=("tdm-reservation: 1",)) as archive:
        path = archive.path
    with served(path) as site:
        assert SNOW in _urls(site, EVER)
        with Archive.open(path) as archive:
            take_down(archive, Target.of(SNOW), given=SNOW, reason="court order")
        assert SNOW not in site.get(f"/edits.atom?{EVER}").text
        assert _urls(site, EVER) == [FERRY, CRANE]
        with (path / "archive.toml").open("a", encoding="utf-8") as file:
            file.write('[reservations]\ntdm = "withhold"\n')
        assert _urls(site, EVER) == []
