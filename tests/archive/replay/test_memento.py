"""Memento, RFC 7089: TimeGate, TimeMaps and mementos, as a client of it meets them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import START, exchange

from archive.clock import parse_warc_date, warc_date
from archive.exchange import Exchange
from archive.replay import addresses, timemap
from archive.store import Archive

from .serving import Served, served

URL = "https://courier.example/crane"
MINUTES = (0, 60, 180)
STAMPS = ("20261125094640", "20261125104640", "20261125124640")
DATES = ("Wed, 25 Nov 2026 09:46:40 GMT", "Wed, 25 Nov 2026 10:46:40 GMT", "Wed, 25 Nov 2026 12:46:40 GMT")


def at(given: Exchange, url: str, micros: int = 0) -> Exchange:
    return replace(given, url=url, at=given.at + micros)


ODD = (
    "https://courier.example/2026/a%20b?id=1&q=a%2Fb&page=2",
    "https://xn--bcher-kva.example/stra%C3%9Fe",
    "http://courier.example:8080/port",
    "https://courier.example/http://other.example/inner?x=http://y",
    "https://courier.example/;semi,comma(paren)'quote~",
)


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("memento") / "NEWS"
    with Archive.create(made) as archive, archive.writer("crawl") as writer:
        for number, minute in enumerate(MINUTES):
            writer.add(exchange("crane", minute, sentence=f"State {number}. "))
        writer.add(exchange("posted", method="POST"))
        stored = writer.add(exchange("confirmed", 0))
        writer.add(replace(exchange("confirmed", 9), response=b"HTTP/1.1 304 Not Modified\r\n\r\n", confirms=stored.id))
        for micros in (0, 400_000, 900_000, 1_000_000):
            writer.add(at(exchange("fast", 1), "https://courier.example/fast", micros))
        for url in ODD:
            writer.add(at(exchange("odd", 2), url))
        moved = b"HTTP/1.1 301 Moved\r\nLocation: /crane?a=1\r\nContent-Length: 0\r\n\r\n"
        writer.add(replace(exchange("moved", 5), response=moved))
        writer.add(exchange("missing", 5, status=404))
        secure = b"HTTP/1.1 301 Moved\r\nLocation: https://courier.example/secured\r\nContent-Length: 0\r\n\r\n"
        for micros in (0, 3_600_000_000):
            insecure = replace(exchange("secured", 5), response=secure)
            writer.add(at(insecure, "http://courier.example/secured", micros))
            writer.add(at(exchange("secured", 5), "https://courier.example/secured", micros + 300_000))
        writer.add(
            at(
                replace(exchange("round", 5), response=secure.replace(b"secured", b"round")),
                "http://courier.example/round",
            )
        )
    return made


@pytest.fixture(scope="module")
def site(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


def parsed(link: str) -> dict[str, list[tuple[str, str | None]]]:
    """Targets and dates by relation, as RFC 8288 has them."""
    found: dict[str, list[tuple[str, str | None]]] = {}
    for target, said in re.findall(r"<([^>]*)>((?:\s*;\s*[a-z]+=\"[^\"]*\")*)", link):
        attributes = dict(re.findall(r"([a-z]+)=\"([^\"]*)\"", said))
        for rel in attributes["rel"].split():
            found.setdefault(rel, []).append((target, attributes.get("datetime")))
    return found


def test_a_timegate_leads_to_the_nearest(site: Served) -> None:
    for asked, number in (
        ("Wed, 25 Nov 2026 00:00:00 GMT", 0),
        (DATES[1], 1),
        ("Wed, 25 Nov 2026 11:46:40 GMT", 1),  # of two as near the earlier
        ("Wed, 25 Nov 2026 11:46:41 GMT", 2),
        ("Sat, 01 Jan 2028 00:00:00 GMT", 2),
        (None, 2),
    ):
        answer = site.get(f"/timegate/{URL}", **({"accept_datetime": asked} if asked else {}))
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{site.url}/web/{STAMPS[number]}/{URL}"
        assert answer.headers["vary"].lower() == "accept-datetime"
        assert "memento-datetime" not in answer.headers
        rels = parsed(answer.headers["link"])
        assert rels["original"] == [(URL, None)]
        assert rels["timemap"][0][0] == f"{site.url}/timemap/link/{URL}"
        assert rels["first"] == [(f"{site.url}/web/{STAMPS[0]}/{URL}", DATES[0])]


@pytest.mark.parametrize(
    "date",
    [
        "yesterday", "", "2026-11-25T09:46:40Z", "Wed, 31 Feb 2026 09:46:40 GMT", "Wed, 25 Nov 2026 09:46:40 +0100",
        "Wed, 25 Nov 2026 25:46:40 GMT", "Wed, 25 Nov 2026 09:46 GMT", "Wed, 25 Nov 99999 09:46:40 GMT", "9" * 4000,
        "Wed, 25 Nov 0000 00:00:00 GMT", "Wednesday, 25-Nov-26 09:46:40 GMT", "Wed, 25 Nov 2026 09:46:60 GMT",
    ],
)  # fmt: skip
def test_a_malformed_date_is_refused(site: Served, date: str) -> None:
    answer = site.get(f"/timegate/{URL}", accept_datetime=date)
    assert (answer.status_code, answer.json()["status"]) == (400, 400)


@pytest.mark.parametrize(
    "door", ["/timegate/", "/timemap/link/", "/timemap/json/", "/web/20261125094640/", "/web/20261125094640id_/"]
)
def test_what_was_never_archived_is_not_found(site: Served, door: str) -> None:
    for url in ("https://courier.example/never", "https://nowhere.example/", "https://courier.example/posted"):
        assert site.get(door + url).status_code == 404
    for bad in ("", "ftp://courier.example/crane", "javascript:alert(1)", "http://", "mailto:a@b.example"):
        assert site.get(door + bad).status_code in {400, 404}


def test_mementos_know_each_other(site: Served) -> None:
    for number, stamp in enumerate(STAMPS):
        answer = site.get(f"/web/{stamp}/{URL}")
        assert answer.status_code == 200
        assert f"State {number}." in answer.text
        assert answer.headers["memento-datetime"] == DATES[number]
        rels = parsed(answer.headers["link"])
        assert rels["timegate"] == [(f"{site.url}/timegate/{URL}", None)]
        assert [one for one, _ in rels["first"]] == [f"{site.url}/web/{STAMPS[0]}/{URL}"]
        assert [one for one, _ in rels["last"]] == [f"{site.url}/web/{STAMPS[2]}/{URL}"]
        assert [date for _, date in rels.get("prev", [])] == list(DATES[number - 1 : number] if number else ())
        assert [date for _, date in rels.get("next", [])] == list(DATES[number + 1 : number + 2])
        assert (f"{site.url}/web/{stamp}/{URL}", DATES[number]) in rels["memento"]


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        ("20261125094639", 0),
        ("2026", 0),
        ("20261125", 0),
        ("202611251146", 1),
        ("20991231", 2),
        ("20261131", 2),
        ("19990101000000", 0),
    ],
)
def test_a_time_that_is_none_of_its_own_redirects(site: Served, asked: str, number: int) -> None:
    for modifier in ("", "id_"):
        answer = site.get(f"/web/{asked}{modifier}/{URL}")
        assert answer.status_code == 302
        assert answer.headers["location"] == f"{site.url}/web/{STAMPS[number]}{modifier}/{URL}"
        assert "memento-datetime" not in answer.headers


@pytest.mark.parametrize("asked", ["20261325000000", "20260000", "00000000000000", "202", "2026112509464012"])
def test_times_that_cannot_be(site: Served, asked: str) -> None:
    assert site.get(f"/web/{asked}/{URL}").status_code in {302, 400}


def test_without_a_time_it_is_the_latest(site: Served) -> None:
    answer = site.get(f"/web/{URL}")
    assert answer.headers["location"] == f"{site.url}/timegate/{URL}"


def test_captures_of_one_second_have_addresses_of_their_own(site: Served) -> None:
    url = "https://courier.example/fast"
    rels = parsed(site.get(f"/timemap/link/{url}").text)
    names = [target.split("/web/")[1].split("/")[0] for target, _ in rels["memento"]]
    assert names == ["20261125094740", "20261125094740400000", "20261125094740900000", "20261125094741"]
    for name in names:
        answer = site.get(f"/web/{name}/{url}")
        assert answer.status_code == 200
        assert name in answer.headers["link"]
    assert site.get(f"/web/20261125094740400001/{url}").headers["location"].endswith(f"/web/{names[1]}/{url}")


def test_a_confirmation_is_no_memento_of_its_own(site: Served) -> None:
    assert len(parsed(site.get("/timemap/link/https://courier.example/confirmed").text)["memento"]) == 1


def test_a_timemap_in_both_forms(site: Served) -> None:
    answer = site.get(f"/timemap/link/{URL}")
    assert answer.headers["content-type"] == "application/link-format"
    rels = parsed(answer.text)
    assert [date for _, date in rels["memento"]] == list(DATES)
    assert (rels["first"][0][1], rels["last"][0][1]) == (DATES[0], DATES[2])
    assert rels["self"][0][0] == f"{site.url}/timemap/link/{URL}"
    told = site.get(f"/timemap/json/{URL}").json()
    assert told["original_uri"] == URL
    assert [one["datetime"] for one in told["mementos"]["list"]] == [
        "2026-11-25T09:46:40Z", "2026-11-25T10:46:40Z", "2026-11-25T12:46:40Z",
    ]  # fmt: skip
    assert told["mementos"]["last"]["uri"] == f"{site.url}/web/{STAMPS[2]}/{URL}"
    assert site.get(f"/timemap/cdxj/{URL}").status_code == 404


@pytest.mark.parametrize("url", [URL, "https://courier.example/fast"])
@pytest.mark.parametrize("most", [1, 2, 3])
def test_a_long_timemap_comes_in_pages(site: Served, monkeypatch: pytest.MonkeyPatch, url: str, most: int) -> None:
    every = site.get(f"/timemap/json/{url}").json()["mementos"]["list"]
    monkeypatch.setattr(timemap, "PAGE", most)
    found, page = [], f"{site.url}/timemap/json/{url}"
    while page:
        told = json.loads(site.client.get(page).text)
        assert told["self"] == page
        found += told["mementos"]["list"]
        page = told.get("next")
    assert found == every
    links, targets = f"{site.url}/timemap/link/{url}", []
    while links:
        text = site.client.get(links).text
        rels = parsed(text)
        targets += [target for target, _ in rels["memento"]]
        further = re.search(r'<([^>]*)>; rel="timemap"; type="application/link-format"; from=', text)
        links = further[1] if further else ""
    assert targets == [one["uri"] for one in every]


@pytest.mark.parametrize("url", ODD)
def test_addresses_come_through_as_they_are(site: Served, url: str) -> None:
    answer = site.get(f"/web/20261125094840/{url}")
    assert answer.status_code == 200, answer.text
    assert parsed(answer.headers["link"])["original"] == [(url, None)]


@pytest.mark.parametrize(
    "spelt",
    [
        "http:/courier.example/crane", "https:/courier.example/crane", "courier.example/crane",
        "http%3A%2F%2Fcourier.example%2Fcrane", "HTTPS://COURIER.example:443/crane", "https://courier.example/%63rane",
        "http:///courier.example/crane", "https://courier.example/crane?utm_source=x", "https://courier.example./a/../crane",
        "https%3A%2F%2Fcourier.example%2Fcrane%3Futm_source%3Dx%23part",
    ],
)  # fmt: skip
def test_other_spellings_of_one_address(site: Served, spelt: str) -> None:
    assert site.get(f"/timegate/{spelt}").headers["location"] == f"{site.url}/web/{STAMPS[2]}/{URL}"


@pytest.mark.parametrize("spelt", ["https://bücher.example/straße", "https://b%C3%BCcher.example/stra%C3%9Fe"])
def test_names_in_other_scripts(site: Served, spelt: str) -> None:
    assert site.get(f"/timegate/{spelt}").status_code == 302


def test_redirects_lead_to_the_same_time(site: Served) -> None:
    for modifier in ("", "id_"):
        answer = site.get(f"/web/20261125095140{modifier}/https://courier.example/moved")
        assert answer.status_code == 301
        assert answer.headers["location"] == f"{site.url}/web/20261125095140{modifier}/{URL}?a=1"
        assert answer.headers["x-archive-orig-location"] == "/crane?a=1"
    missing = site.get("/web/20261125095140/https://courier.example/missing")
    assert (missing.status_code, "memento-datetime" in missing.headers) == (404, True)


def test_a_redirect_to_another_spelling_of_one_address_does_not_go_round(site: Served) -> None:
    for moment in ("20261125095140", "20261125105140"):
        for modifier in ("", "id_"):
            got = site.client.get(
                f"{site.url}/web/{moment}{modifier}/http://courier.example/secured", follow_redirects=True
            )
            assert (got.status_code, len(got.history)) == (200, 1)
            assert got.url.path.startswith(f"/web/{moment}300000{modifier}/https:")
    lost = site.get("/web/20261125095140/http://courier.example/round")
    assert (lost.status_code, "location" in lost.headers) == (301, False)


def test_a_page_and_the_redirect_to_it_may_be_of_one_time(tmp_path: Path) -> None:
    """As in files of other writers, whose times are whole seconds."""
    url = "://courier.example/crane"
    moved = f"HTTP/1.1 301 Moved\r\nLocation: https{url}\r\nContent-Length: 0\r\n\r\n".encode()
    with Archive.create(tmp_path / "NEWS") as archive, archive.writer("crawl") as writer:
        for minute in (0, 5):
            writer.add(at(replace(exchange("x", minute), response=moved), f"http{url}"))
            writer.add(at(exchange("x", minute, sentence=f"State {minute}. "), f"https{url}"))
            writer.add(at(replace(exchange("x", minute), response=moved), f"http{url}"))
    with served(tmp_path / "NEWS") as site:
        told = site.get(f"/timemap/json/http{url}").json()["mementos"]["list"]
        assert [one["uri"].split("/")[4] for one in told] == ["20261125094640", "20261125095140"]
        for one in told:
            answer = site.client.get(one["uri"])
            assert (answer.status_code, "State" in answer.text) == (200, True)
        rels = parsed(answer.headers["link"])
        assert rels["last"][0][0] == rels["memento"][-1][0] == told[-1]["uri"]
        assert "/web/20261125095140/" in site.get(f"/timegate/http{url}").headers["location"]


def test_a_person_is_led_to_the_page_about_it(site: Served) -> None:
    answer = site.get(
        f"/web/{STAMPS[0]}/{URL}", sec_fetch_mode="navigate", sec_fetch_dest="document", accept="text/html"
    )
    assert answer.status_code == 302
    page = site.client.get(site.url + answer.headers["location"])
    assert page.status_code == 200
    assert "sec-fetch-mode" in answer.headers["vary"].lower()


def test_start_is_what_the_dates_say() -> None:
    assert START == 1_795_600_000_000_000


def test_head_is_answered_without_a_body(site: Served) -> None:
    for path in (f"/timegate/{URL}", f"/web/{STAMPS[0]}/{URL}", f"/timemap/link/{URL}"):
        got, head = site.get(path), site.client.head(site.url + path)
        assert (head.status_code, head.content) == (got.status_code, b"")
        assert head.headers["content-length"] == got.headers["content-length"]


def test_years_of_fewer_than_four_digits_are_written_with_four() -> None:
    early = parse_warc_date("0007-02-03T04:05:06Z")  # as a file of another archive may say
    assert addresses.stamp(early) == "00070203040506"
    assert warc_date(early) == "0007-02-03T04:05:06.000000Z"
