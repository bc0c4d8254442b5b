"""Serving goes on while a crawl writes, somebody takes pages down, and a purge rewrites files."""

from __future__ import annotations

import threading
from pathlib import Path

import httpx
import pytest
from exchanges import exchange

from archive.catalogue.blocking import Target
from archive.removal.purge import purge
from archive.removal.takedown import lift, take_down
from archive.store import Archive

from .serving import Served, served

URL = "https://courier.example/"
DOORS = (
    *(f"/timemap/json/{URL}crane", f"/timegate/{URL}crane", f"/web/20261125094640id_/{URL}crane"),
    *(f"/web/2026/{URL}secret", "/cdx?url=courier.example&matchType=host&output=json"),
    *("/files/", "/health", "/files/pack.wacz"),
)


@pytest.mark.slow
def test_no_answer_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "NEWS"
    with Archive.create(path) as archive:
        for name in ("crane", "secret"):
            with archive.writer("crawl") as writer:
                writer.add(exchange(name, sentence=f"Of {name}. "))
    with served(path) as site:
        ended, found = threading.Event(), list[tuple[str, int, str]]()
        threads = [threading.Thread(target=_ask, args=(site, ended, found, number)) for number in range(4)]
        for one in threads:
            one.start()
        try:
            _change(path)
        finally:
            ended.set()
            for one in threads:
                one.join()
        assert len(found) >= len(DOORS)
        assert {status for _, status, _ in found} <= {200, 302, 403, 404, 451, 503}
        shown = site.client.get(f"{site.url}/web/2026id_/{URL}secret", follow_redirects=True)
        assert shown.status_code in {404, 451}
        for one in site.get("/files/").json()["files"]:
            assert b"Of secret." not in site.client.get(one["url"]).content


def _ask(site: Served, ended: threading.Event, found: list[tuple[str, int, str]], number: int) -> None:
    with httpx.Client(timeout=30, follow_redirects=False) as client:
        while not ended.is_set():
            for door in DOORS[number:] + DOORS[:number]:
                answer = client.get(site.url + door)
                found.append((door, answer.status_code, answer.text[:200]))


def _change(path: Path) -> None:
    secret = Target.of(f"{URL}secret")
    with Archive.open(path) as archive:
        for minute in range(1, 4):
            with archive.writer("crawl") as writer:
                writer.add(exchange("crane", minute, sentence=f"State {minute}. "))
            take_down(archive, secret, given=URL, reason="court order")
            lift(archive, secret, given=URL, reason="settled")
        take_down(archive, secret, given=URL, reason="court order")
        purge(archive, secret, given=URL, reason="court order", by="desk")
