"""The CDX API in pywb's parameters; and pywb itself says the same."""

from __future__ import annotations

import json
import time
import urllib.parse
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import httpx
import pytest
from exchanges import START, exchange
from peers import PEERS
from sharing.replay import replaying

from archive.catalogue.blocking import Target
from archive.exchange import Exchange
from archive.removal.takedown import lift, take_down
from archive.replay import cdx, cdxlines
from archive.sharing.cdxj import write_index
from archive.sharing.selection import Selection
from archive.store import Archive

from .serving import Served, served

URL = "https://courier.example/crane"
LONG = "The harbour master said that the second crane would follow before the end of the winter. " * 9


def at(url: str, minute: int, **how: object) -> Exchange:
    return replace(exchange("any", minute, **how), url=url)  # type: ignore[arg-type]


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("cdx") / "NEWS"
    with Archive.create(made) as archive:
        with archive.writer("crawl") as writer:
            for minute in (0, 10, 20, 30):
                writer.add(at(URL, minute, sentence=f"State {minute}. "))
            writer.add(at(URL, 40, status=404))
            writer.add(at("https://courier.example/crane/more?b=2&a=1", 1))
            writer.add(at("https://courier.example:8443/port", 2))
            writer.add(at("https://www.courier.example/www", 3))
            writer.add(at("https://sports.courier.example/goal", 4))
            writer.add(at("https://notcourier.example/other", 5))
            writer.add(at(URL, 6, method="POST"))
            writer.add(at("https://courier.example/long", 7, sentence=LONG))
        with archive.writer("crawl") as writer:
            writer.add(at("https://courier.example/long", 8, sentence=LONG))
    return made


@pytest.fixture(scope="module")
def site(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


def asked(site: Served, **given: object) -> httpx.Response:
    pairs = [
        (name.rstrip("_"), one) for name, ones in given.items() for one in (ones if isinstance(ones, list) else [ones])
    ]
    return site.client.get(f"{site.url}/cdx", params=[(name, str(one)) for name, one in pairs])


def lines(site: Served, **given: object) -> list[dict[str, str]]:
    answer = asked(site, output="json", **given)
    assert answer.status_code == 200, answer.text
    return [json.loads(line) for line in answer.text.splitlines()]


def times(found: list[dict[str, str]]) -> list[str]:
    return [one["timestamp"][8:12] for one in found]


def test_the_captures_of_an_address(site: Served) -> None:
    found = lines(site, url=URL)
    assert times(found) == ["0946", "0956", "1006", "1016", "1026"]
    assert {one["urlkey"] for one in found} == {"example,courier)/crane"}
    assert "example,courier)/crane?__wb_method=post" in {one["urlkey"] for one in lines(site, url=f"{URL}*")}
    first = found[0]
    assert first["url"] == URL
    assert (first["mime"], first["status"]) == ("text/html", "200")
    assert first["digest"].startswith("sha256:")
    assert first["filename"].endswith(".warc.gz")
    assert first["offset"].isdigit()
    assert first["length"].isdigit()


@pytest.mark.parametrize(
    ("given", "expected"),
    [
        ({"limit": 2}, ["0946", "0956"]),
        ({"sort": "reverse", "limit": 2}, ["1026", "1016"]),
        ({"from": "20261125100000"}, ["1006", "1016", "1026"]),
        ({"from": "2026112510", "to": "202611251016"}, ["1006", "1016"]),
        ({"to": "2025"}, []),
        ({"to": "9999", "limit": 1}, ["0946"]),
        ({"to": "99991231", "limit": 1}, ["0946"]),
        ({"from": "2026", "to": "2026", "limit": 1}, ["0946"]),
        ({"closest": "20261125101500", "limit": 3}, ["1016", "1006", "1026"]),
        ({"filter": "=status:404"}, ["1026"]),
        ({"filter": ["!=status:404", "~timestamp:.*10.640$"]}, ["1006", "1016"]),
        ({"filter": "!~statuscode:[23].."}, ["1026"]),
        ({"filter": "mime:html", "limit": 1}, ["0946"]),
        ({"filter": "!digest:sha1", "limit": 2}, ["0946", "0956"]),
        ({"collapseTime": 10, "filter": "=status:200"}, ["0946", "1006"]),
    ],
)
def test_some_of_them(site: Served, given: dict[str, object], expected: list[str]) -> None:
    if not expected:
        assert asked(site, url=URL, **given).status_code == 404
    else:
        assert times(lines(site, url=URL, **given)) == expected


def test_many_addresses(site: Served) -> None:
    def urls(**given: object) -> set[str]:
        return {one["url"].removeprefix("https://") for one in lines(site, **given)}

    www = "www.courier.example/www"  # does not count
    own = {"courier.example/crane", "courier.example/crane/more?b=2&a=1", "courier.example/long"}
    assert urls(url=URL, matchType="prefix") == urls(url=f"{URL}*") == own - {"courier.example/long"}
    assert urls(url=f"{URL}/*") == {"courier.example/crane/more?b=2&a=1"}
    assert urls(url="courier.example", matchType="host") == own | {"courier.example:8443/port", www}
    assert lines(site, url="courier.example/www")[0]["urlkey"] == "example,courier)/www"
    every = own | {"courier.example:8443/port", www, "sports.courier.example/goal"}
    assert urls(url="courier.example", matchType="domain") == urls(url="*.courier.example") == every
    assert urls(url="sports.courier.example", matchType="domain") == {"sports.courier.example/goal"}


@pytest.mark.parametrize("piece", [1, 2, 3, 500])
def test_pieces_and_pages_join(site: Served, monkeypatch: pytest.MonkeyPatch, piece: int) -> None:
    every = lines(site, url="*.courier.example")
    backwards = lines(site, url="*.courier.example", sort="reverse")
    nearest = lines(site, url=URL, closest="20261125101500")
    assert sorted(map(str, every)) == sorted(map(str, backwards))
    monkeypatch.setattr(cdxlines, "PIECE", piece)
    assert lines(site, url="*.courier.example") == every
    assert lines(site, url="*.courier.example", sort="reverse") == backwards
    assert lines(site, url=URL, closest="20261125101500") == nearest
    monkeypatch.setattr(cdx, "BLOCK", 2)
    told = asked(site, url="*.courier.example", showNumPages="true", pageSize=1).json()
    assert told == {"pages": -(-len(every) // 2), "pageSize": 1, "blocks": -(-len(every) // 2)}
    pages = [lines(site, url="*.courier.example", page=page, pageSize=1) for page in range(told["pages"])]
    assert [one for page in pages for one in page] == every
    assert asked(site, url="*.courier.example", page=told["pages"], pageSize=1).status_code == 404


def test_forms(site: Served) -> None:
    answer = asked(site, url=URL, limit=1)
    assert answer.headers["content-type"].startswith("text/x-cdxj")
    key, moment, rest = answer.text.rstrip("\n").split(" ", 2)
    assert (key, moment, json.loads(rest)["url"]) == ("example,courier)/crane", "20261125094640", URL)
    classic = asked(site, url=URL, limit=1, output="text").text.split()
    assert len(classic) == 11
    assert classic[:5] == ["example,courier)/crane", "20261125094640", URL, "text/html", "200"]
    assert classic[6:8] == ["-", "-"]
    assert (
        asked(site, url=URL, limit=1, output="text", fl="timestamp,original,nothing").text
        == f"20261125094640 {URL} -\n"
    )
    assert lines(site, url=URL, limit=1, fields="status,u") == [{"status": "200", "url": URL}]


def test_revisits_are_resolved_where_that_is_asked(site: Served) -> None:
    first, revisit = lines(site, url="https://courier.example/long", resolveRevisits="true")
    assert revisit["mime"] == "warc/revisit"
    assert (revisit["orig.filename"], revisit["orig.offset"]) == (first["filename"], first["offset"])
    assert "orig.offset" not in lines(site, url="https://courier.example/long")[1]


@pytest.mark.parametrize(
    "given",
    [
        {}, {"url": ""}, {"url": "ftp://x"}, {"url": URL, "matchType": "all"}, {"url": URL, "output": "xml"},
        {"url": URL, "limit": "-1"}, {"url": URL, "limit": "x"}, {"url": URL, "limit": "9" * 30},
        {"url": URL, "from": "x"},
        {"url": URL, "from": "20261399"}, {"url": URL, "closest": "99"}, {"url": URL, "sort": "up"},
        {"url": URL, "sort": "closest"}, {"url": URL, "filter": "~url:("}, {"url": URL, "filter": "~url:" + "a" * 501},
        {"url": URL, "fl": "a b"}, {"url": URL, "page": "-1"}, {"url": URL, "pageSize": "0"},
        {"url": "*.courier.example", "closest": "2026"}, {"url": URL, "filter": ["x"] * 21},
    ],
)  # fmt: skip
def test_what_is_not_understood(site: Served, given: dict[str, object]) -> None:
    answer = asked(site, **given)
    assert answer.status_code == 400, answer.text
    assert answer.json()["detail"]


def test_a_pattern_that_never_ends_is_ended(site: Served) -> None:
    begun = time.monotonic()
    answer = asked(site, url="*.courier.example", filter=r"~url:(.*.*.*.*.*.*.*)*(a|a)*\d\d\d\dx")
    assert answer.status_code in {400, 404}
    assert time.monotonic() - begun < 10
    assert site.get("/health").status_code == 200


def test_what_is_taken_down_has_no_line(path: Path, site: Served) -> None:
    with Archive.open(path) as archive:
        take_down(archive, Target.of(URL), given=URL, reason="court order")
    try:
        assert asked(site, url=URL).status_code == 451
        assert URL not in {one["url"] for one in lines(site, url="*.courier.example")}
    finally:
        with Archive.open(path) as archive:
            lift(archive, Target.of(URL), given=URL, reason="settled")


@pytest.mark.slow
@pytest.mark.peers
@pytest.mark.skipif(not (PEERS / ".installed").is_file(), reason="no peers here: run `make peers`")
def test_pywb_says_the_same(path: Path, site: Served, tmp_path: Path) -> None:
    collection = tmp_path / "collections" / "news"
    (collection / "archive").mkdir(parents=True)
    (collection / "indexes").mkdir()
    with Archive.open(path) as archive:
        write_index(archive, str(collection / "indexes" / "index.cdxj"), Selection())
    queries = [
        {"url": URL}, {"url": URL, "limit": "2"}, {"url": URL, "from": "20261125100000"},
        {"url": URL, "closest": "20261125101500", "limit": "3"}, {"url": f"{URL}*", "filter": "=status:200"},
        {"url": "https://courier.example/", "matchType": "prefix", "filter": "!~status:4.."},
        {"url": URL, "fl": "timestamp,status", "output": "text"},
    ]  # fmt: skip
    with replaying(tmp_path) as pywb:
        for given in queries:
            query = urllib.parse.urlencode({"output": "json", **given})
            theirs = httpx.get(f"http://127.0.0.1:{pywb.port}/news/cdx?{query}", timeout=30).text
            ours = site.get(f"/cdx?{query}").text
            assert _plain(ours) == _plain(theirs), given


def _plain(said: str) -> list[str]:
    """Lines in pywb's order, without what only its own index source adds."""
    if not said.startswith("{"):
        return sorted(said.splitlines())
    own = [json.loads(line) for line in said.splitlines()]
    kept = ("urlkey", "timestamp", "url", "status", "digest", "offset", "length", "filename")
    return sorted(str({name: one.get(name) for name in kept}) for one in own)


def test_start_is_what_the_stamps_say() -> None:
    assert START == 1_795_600_000_000_000
