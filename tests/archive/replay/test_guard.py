"""Who may ask the application, and what every answer carries."""

from __future__ import annotations

import time
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest
from exchanges import exchange

from archive.replay.settings import Settings
from archive.store import Archive

from .serving import Served, open_to, said, served, taken

TOKEN = "a-token-that-nobody-guesses"


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("guarded") / "NEWS"
    with Archive.create(made) as archive, archive.writer("crawl") as writer:
        writer.add(exchange())
        writer.add(exchange("long", 1, body=b"x" * 24_000_000))
    return made


@pytest.fixture(scope="module")
def open_to_all(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


@pytest.fixture(scope="module")
def guarded(path: Path) -> Iterator[Served]:
    with served(path, Settings(token=TOKEN, names=("archive.example",))) as it:
        yield it


def test_it_is_well_and_says_so(open_to_all: Served) -> None:
    answer = open_to_all.get("/health")
    assert answer.status_code == 200
    assert answer.json()["captures"] == 2
    assert "server" not in answer.headers


def test_every_answer_is_sealed(open_to_all: Served) -> None:
    for path in ("/health", "/nothing", "/" + "x" * 10_000):
        headers = open_to_all.get(path).headers
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["cache-control"] == "no-store"
        assert "script-src " + open_to_all.url + "/static/;" in headers["content-security-policy"]
        assert "unsafe" not in headers["content-security-policy"]


def test_what_is_wrong_is_told_as_it_was_asked_for(open_to_all: Served) -> None:
    plain = open_to_all.get("/nothing")
    assert (plain.status_code, plain.headers["content-type"]) == (404, "application/problem+json")
    assert plain.json()["status"] == 404
    page = open_to_all.get("/nothing", accept="text/html,*/*;q=0.8")
    assert (page.status_code, page.headers["content-type"]) == (404, "text/html; charset=utf-8")


@pytest.mark.parametrize("method", ["POST", "PUT", "DELETE", "PATCH", "TRACE", "PROPFIND"])
def test_nothing_can_be_changed(open_to_all: Served, method: str) -> None:
    answer = open_to_all.client.request(method, open_to_all.url + "/health", content=b"x" * 100)
    assert (answer.status_code, answer.headers["allow"]) == (405, "GET, HEAD, OPTIONS")


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:8321",
        "127.0.0.1.evil.example",
        "",
        "127.0.0.1, evil.example",
        "127.0.0.1@e",
        "[::2]",
    ],
)
def test_other_names_lead_nowhere(open_to_all: Served, host: str) -> None:
    answer = open_to_all.get("/health", host=host)
    assert answer.status_code == 421
    assert host not in answer.text or not host


@pytest.mark.parametrize("host", ["localhost", "127.0.0.1:1", "[::1]:8321", "LOCALHOST:8321"])
def test_names_of_loopback_do(open_to_all: Served, host: str) -> None:
    assert open_to_all.get("/health", host=host).status_code == 200


@pytest.mark.parametrize("fields", [b"", b"Host: localhost\r\nHost: evil.example\r\n"])
def test_no_name_and_two_names_are_none(open_to_all: Served, fields: bytes) -> None:
    answer = said(open_to_all.url, b"GET /health HTTP/1.1\r\nConnection: close\r\n" + fields + b"\r\n")
    assert answer.startswith((b"HTTP/1.1 421", b"HTTP/1.1 400"))
    assert b"evil" not in answer


def test_a_token_is_asked_for(guarded: Served) -> None:
    for headers in ({}, {"authorization": "Bearer wrong"}, {"authorization": f"Basic {TOKEN}"}, {"cookie": "x=1"}):
        answer = guarded.get("/health", **headers)
        assert (answer.status_code, "bearer" in answer.headers["www-authenticate"].lower()) == (401, True)
        assert TOKEN not in answer.text
    assert guarded.get("/health", authorization=f"Bearer {TOKEN}").status_code == 200
    assert guarded.get(f"/health?token={TOKEN}").status_code == 200
    assert guarded.get("/health?token=%ed%a0%80").status_code == 401
    assert guarded.get("/health", host="archive.example", authorization=f"Bearer {TOKEN}").status_code == 200


def test_a_person_gets_it_as_a_cookie(guarded: Served) -> None:
    answer = guarded.get(f"/health?a=1&token={TOKEN}", sec_fetch_mode="navigate")
    assert (answer.status_code, answer.headers["location"]) == (303, f"{guarded.url}/health?a=1")
    cookie = answer.headers["set-cookie"]
    assert all(word in cookie.lower() for word in ("httponly", "samesite=strict", "path=/"))
    pair = cookie.partition(";")[0]
    with httpx.Client() as client:
        url = f"{guarded.url}/health"
        assert client.get(url, headers={"cookie": pair, "sec-fetch-site": "same-origin"}).status_code == 200
        assert client.get(url, headers={"cookie": pair}).status_code == 200
        for site in ("same-site", "cross-site"):  # another port of this host is the same site
            assert client.get(url, headers={"cookie": pair, "sec-fetch-site": site}).status_code == 403


@pytest.mark.parametrize("site", ["same-site", "cross-site"])
def test_pages_of_other_origins_may_only_link(open_to_all: Served, site: str) -> None:
    def asked(path: str = "/health", **headers: str) -> int:
        return open_to_all.get(path, sec_fetch_site=site, **headers).status_code

    assert asked(sec_fetch_mode="no-cors", sec_fetch_dest="script") == 403
    assert asked(sec_fetch_mode="cors", sec_fetch_dest="empty", origin="https://replayweb.page") == 403
    assert asked(sec_fetch_mode="navigate", sec_fetch_dest="iframe") == 403
    assert asked(sec_fetch_mode="navigate", sec_fetch_dest="document") == 200


def test_a_token_in_the_query_is_no_part_of_an_archived_address(guarded: Served) -> None:
    answer = guarded.get(f"/timegate/https://courier.example/crane?token={TOKEN}")
    assert answer.status_code == 302
    assert TOKEN not in answer.headers["location"]
    other = guarded.get("/timegate/https://courier.example/crane?token=another", authorization=f"Bearer {TOKEN}")
    assert other.status_code == 404


def test_whoever_asks_before_asking_is_told(guarded: Served) -> None:
    answer = guarded.client.options(guarded.url + "/health", headers={"origin": "https://evil.example"})
    assert answer.status_code == 204
    assert "access-control-allow-origin" not in answer.headers


@pytest.mark.parametrize(
    "message",
    [
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nX: a\rb\r\n\r\n",
        b"GET /h\xc3\xa4lth HTTP/1.1\r\nHost: localhost\r\n\r\n",
        b"GET  HTTP/1.1\r\n\r\n",
        b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n",
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: " + b"y" * 200_000,
        b"GET /" + b"y" * 200_000,
        b"GET /health HTTP/1.1\r\nHost: localhost\r\n" + b"X: y\r\n" * 20_000,
    ],
)  # fmt: skip
def test_bytes_that_no_client_sends(open_to_all: Served, message: bytes) -> None:
    answer = said(open_to_all.url, message)
    assert answer[:10] in {b"HTTP/1.1 4", b""}
    assert open_to_all.get("/health").status_code == 200


def test_a_slow_head_is_not_waited_for(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.replay.listening.HEAD_WITHIN", 0.2)
    with served(path) as it:
        assert said(it.url, b"GET /health HT") == b""
        assert it.get("/health").status_code == 200


def test_a_client_that_takes_nothing_is_let_go(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("archive.replay.listening.TAKEN_WITHIN", 0.3)
    with served(path) as it, open_to(it.url) as connection:
        url = "https://courier.example/long"
        connection.sendall(f"GET /web/20261125094740id_/{url} HTTP/1.1\r\nHost: localhost\r\n\r\n".encode())
        time.sleep(1)  # takes nothing, and is the whole point
        assert it.get("/health").status_code == 200
        assert len(taken(connection)) < 24_000_000


def test_more_fields_than_are_read(open_to_all: Served) -> None:
    fields = {f"x-{number}": "y" for number in range(150)}
    assert open_to_all.client.get(open_to_all.url + "/health", headers=fields).status_code == 431
    assert open_to_all.get("/health", x="y" * 40_000).status_code == 431
