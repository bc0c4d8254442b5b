"""A spider over an archive gets what it got over the wire, in one order, without a socket; the rest is NotArchived."""

from __future__ import annotations

import gzip
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from crawled import make_archive
from oddserver import Odd, OddServer
from reader import OFFLINE, Read, read

from archive.clock import parse_warc_date
from archive.exchange import Exchange, Origin, Truncation
from archive.store import Archive

HOST = "courier.example"
HOME = f"http://{HOST}/"
PACKED = gzip.compress(b"<p>packed</p>", mtime=0)
LINKS = ("packed", "moved", "gone", "twice", "late?utm_source=feed", "bytes", "secret")
ANSWERS: dict[str, Odd | bytes] = {
    f"{HOST}/robots.txt": b"User-agent: *\nDisallow: /secret\n",
    f"{HOST}/": "".join(f"<a href=/{one}>{one}</a>" for one in LINKS).encode(),
    f"{HOST}/packed": Odd(200, PACKED, {"Content-Encoding": "gzip"}),
    f"{HOST}/moved": Odd(302, b"there", {"Location": "/there"}),
    f"{HOST}/there": Odd(200, b"<a href=/deeper>deeper</a>", {"X-Said": "there"}),
    f"{HOST}/deeper": b"<p>deeper</p>",
    f"{HOST}/twice": Odd(200, b"two", {"Set-Cookie": "a=1", "set-cookie": "b=2"}),
    f"{HOST}/late?utm_source=feed": Odd(301, b"", {"Location": "/late"}),
    f"{HOST}/late": b"<p>late</p>",
    f"{HOST}/bytes": Odd(200, bytes(range(256)), {"Content-Type": "application/octet-stream"}),
}
LIVE = {"ADDONS": {"crawler.capturing.CaptureAddon": 500}, "ROBOTSTXT_OBEY": True}


@pytest.fixture(scope="module")
def crawled(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Archive, Read]]:
    """An archive, and what the spider got over the wire as it was made."""
    with OddServer(ANSWERS) as server:
        archive = make_archive(tmp_path_factory.mktemp("replay") / "A", server.resolve(HOST))
        live = read([HOME], {**LIVE, "PRESSKEEP_ARCHIVE": str(archive.path)})
    with archive:
        yield archive, live


def offline(archive: Archive, **settings: Any) -> dict[str, Any]:
    return {**OFFLINE, "PRESSKEEP_ARCHIVE": str(archive.path), **settings}


@pytest.mark.slow
def test_what_came_over_the_wire_comes_again_without_a_socket(crawled: tuple[Archive, Read]) -> None:
    archive, live = crawled
    before = {path: path.stat().st_mtime_ns for path in archive.path.rglob("*") if path.is_file()}
    first = read([HOME], offline(archive, ROBOTSTXT_OBEY=True), sealed=True)
    again = read([HOME], offline(archive, ROBOTSTXT_OBEY=True, CONCURRENT_REQUESTS=64), sealed=True)
    assert first.network == []
    assert first.items == again.items, "the same items in the same order"

    def by_url(told: Read) -> dict[str, dict[str, Any]]:
        return {item["url"]: item for item in told.items}

    assert by_url(first) == by_url(live), "status, fields, bodies, redirects, captures; and what robots.txt forbids"
    assert by_url(first)[f"{HOME}packed"]["body"] == "<p>packed</p>"
    assert by_url(first)[f"{HOME}twice"]["headers"]["Set-Cookie"] == ["a=1", "b=2"]
    assert by_url(first)[f"{HOME}there"]["hops"] == [f"{HOME}moved"]
    assert by_url(first)[f"{HOME}secret"] == {"url": f"{HOME}secret", "failed": "IgnoreRequest"}
    assert first.stats["presskeep/replayed"] == len(live.items) - 1 + 2 + 1, "pages, two redirects, robots.txt"
    after = {path: path.stat().st_mtime_ns for path in archive.path.rglob("*") if path.is_file()}
    assert {name: at for name, at in after.items() if "catalog" not in name.name} == {
        name: at for name, at in before.items() if "catalog" not in name.name
    }


def page(url: str, day: str, body: bytes, status: int = 200, **given: Any) -> Exchange:
    fields: dict[str, str] = {"Content-Type": "text/html", **given.pop("fields", {})}
    head = "".join(f"{name}: {value}\r\n" for name, value in fields.items())
    method = given.get("method", "GET")
    return Exchange(
        url,
        parse_warc_date(day),
        f"{method} / HTTP/1.1\r\nHost: {HOST}\r\n\r\n".encode(),
        f"HTTP/1.1 {status} Such\r\n{head}\r\n".encode() + body,
        origin=Origin(site=HOST),
        **given,
    )


def stored(path: Path, *exchanges: Exchange) -> Archive:
    archive = Archive.create(path, contact="tester@example.org")
    with archive.writer("test") as writer:
        for one in exchanges:
            writer.add(one)
    return archive


@pytest.mark.slow
def test_the_nearest_memento_answers_by_method_and_the_rest_is_not_archived(tmp_path: Path) -> None:
    whole = page(HOME, "2026-11-05", b"cut here")
    archive = stored(
        tmp_path / "A",
        page(HOME, "2026-10-01", b"october"),
        page(HOME, "2026-11-02", b"november"),
        page(HOME, "2026-11-20", b"posted", method="POST"),
        page(f"{HOME}moved", "2026-11-02", b"", 301, fields={"Location": f"https://{HOST}/moved"}),
        page(f"https://{HOST}/moved", "2026-11-02T00:00:01", b"over TLS"),
        page(f"{HOME}down", "2026-11-02", b"busy", 503),
        page(f"{HOME}plain", "2026-11-02", b"decoded by whoever stored it", fields={"Content-Encoding": "gzip"}),
        replace(whole, url=f"{HOME}cut", truncated=Truncation.DISCONNECT),
    )
    other = stored(tmp_path / "B", page(f"{HOME}else", "2026-11-03", b"of another archive"))
    start: list[Any] = [
        HOME,
        *({"url": HOME, "method": method} for method in ("POST", "HEAD")),
        *(f"{HOME}{name}" for name in ("moved", "down", "plain", "cut", "else", "never", "nor")),
        f"https://{HOST}/else?utm_source=x",
    ]
    settings = offline(archive, PRESSKEEP_AT="2026-10-31", RETRY_ENABLED=False, DOWNLOAD_DELAY=60)
    settings["PRESSKEEP_ARCHIVE"] = [str(archive.path), str(other.path)]
    told = read(start, settings, sealed=True)
    got: dict[str, list[Any]] = {}
    for item in told.items:
        first = (item.get("hops") or [item["url"]])[0]
        got.setdefault(first, []).append(item.get("failed") or (item["status"], item["body"]))
    assert got == {
        HOME: [(200, "november"), (200, "posted"), "NotArchived"],
        f"{HOME}moved": [(200, "over TLS")],
        f"{HOME}down": [(503, "busy")],
        f"{HOME}plain": [(200, "decoded by whoever stored it")],
        f"{HOME}cut": ["ResponseDataLossError"],
        f"{HOME}else": [(200, "of another archive")],
        f"{HOME}never": ["NotArchived"],
        f"{HOME}nor": ["NotArchived"],
        f"https://{HOST}/else?utm_source=x": [(200, "of another archive")],
    }
    assert told.stats["presskeep/not_archived"] == 3
    assert told.stats["downloader/exception_type_count/crawler.replaying.NotArchived"] == 3
    assert told.log.count("not archived: ") == 1
    assert "] ERROR" not in told.log


@pytest.mark.slow
def test_without_an_archive_it_says_so_and_asks_for_nothing(tmp_path: Path) -> None:
    told = read([HOME], {**OFFLINE, "PRESSKEEP_ARCHIVE": str(tmp_path)}, sealed=True)
    assert not told.items
    assert told.network == []
    assert f"nothing can be replayed: {tmp_path} is not a Presskeep archive" in told.log
    assert told.stats["finish_reason"] == "archive_unusable"
    wrong = read([HOME], {**OFFLINE, "PRESSKEEP_AT": "yesterday"}, sealed=True)
    assert "PRESSKEEP_AT is a day or a time such as 2026-11-01" in wrong.log
