"""The exact payload, whatever the answer was like: codings, lengths that lie, and heads that mean harm."""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import brotli
import pytest
import zstandard
from bringing_in import imported, laid
from exchanges import START, exchange
from foreign_files import warc_record

from archive.exchange import Truncation
from archive.replay import payload
from archive.replay.payload import takes
from archive.store import Archive

from .serving import Served, said, served

BODY = b"<html><body><p>" + b"The crane moved sixty metres to the east on Sunday. " * 40 + b"</p></body></html>"
STAMP = "20261125094640"
HTML = b"Content-Type: text/html; charset=utf-8\r\n"


def answer(fields: bytes, body: bytes, status: bytes = b"HTTP/1.1 200 OK") -> bytes:
    return status + b"\r\n" + HTML + fields + b"\r\n" + body


def chunked(body: bytes, end: bytes = b"0\r\n\r\n") -> bytes:
    half = len(body) // 2
    parts = [b"%x\r\n%s\r\n" % (len(one), one) for one in (body[:half], body[half:])]
    return b"".join(parts) + end


PACKED = gzip.compress(BODY, mtime=0)
# Name -> the stored answer, and what is to be read of it once a client has undone what the answer's head says.
STORED: dict[str, tuple[bytes, bytes]] = {
    "plain": (answer(b"Content-Length: %d\r\n" % len(BODY), BODY), BODY),
    "long": (answer(b"Content-Length: 99999999\r\n", BODY), BODY),
    "short": (answer(b"Content-Length: 20\r\n", BODY), BODY[:20]),
    "absurd": (answer(b"Content-Length: -1\r\nContent-Length: 7, 8\r\n", BODY), BODY),
    "unsaid": (answer(b"", BODY), BODY),
    "chunked": (answer(b"Transfer-Encoding: chunked\r\n", chunked(BODY)), BODY),
    "torn": (answer(b"Transfer-Encoding: chunked\r\n", chunked(BODY, b"ffff\r\nrest")), BODY + b"rest"),
    "unchunked": (answer(b"Transfer-Encoding: chunked\r\n", BODY), BODY),
    "gzip": (answer(b"Content-Encoding: gzip\r\n", PACKED), BODY),
    "both": (answer(b"Content-Encoding: gzip\r\nTransfer-Encoding: chunked\r\n", chunked(PACKED)), BODY),
    "br": (answer(b"Content-Encoding: br\r\n", brotli.compress(BODY)), BODY),
    "zstd": (answer(b"Content-Encoding: zstd\r\n", zstandard.compress(BODY)), BODY),
    "deflate": (answer(b"Content-Encoding: deflate\r\n", zlib.compress(BODY)), BODY),
    "twice": (answer(b"Content-Encoding: gzip, br\r\n", brotli.compress(PACKED)), BODY),
    "lies": (answer(b"Content-Encoding: gzip\r\n", BODY), BODY),  # as archives have it that store decoded bodies
    "lies-br": (answer(b"Content-Encoding: br\r\n", BODY), BODY),
    "unknown": (answer(b"Content-Encoding: rot13\r\n", BODY), BODY),
    "empty": (answer(b"Content-Encoding: gzip\r\nContent-Length: 0\r\n", b""), b""),
    "nothing": (b"HTTP/1.1 204 No Content\r\n\r\n", b""),
    "http2": (answer(b"", BODY, b"HTTP/2 200"), BODY),
    "strange": (answer(b"", BODY, b"HTTP/1.1 999 Request denied"), BODY),
}

DANGEROUS = {
    "Set-Cookie": "id=1; Path=/", "Content-Security-Policy": "default-src *", "Clear-Site-Data": '"*"',
    "Refresh": "0; url=https://live.example/", "Service-Worker-Allowed": "/", "Strict-Transport-Security": "max-age=9",
    "Alt-Svc": 'h3=":443"', "Report-To": "{}", "NEL": "{}", "Link": "</x.js>; rel=preload", "X-Frame-Options": "ALLOW",
    "Access-Control-Allow-Origin": "*", "Connection": "X-Gone", "X-Gone": "1", "Keep-Alive": "timeout=5",
    "Proxy-Authenticate": "Basic", "WWW-Authenticate": "Basic", "Upgrade": "h2c", "Trailer": "X-T", "Age": "99",
    "Public-Key-Pins": "x", "SourceMap": "/x.map", "Origin-Agent-Cluster": "?1", "Memento-Datetime": "never",
    "Cache-Control": "public, max-age=999", "Server": "theirs", "Date": "Wed, 25 Nov 2026 09:46:40 GMT",
}  # fmt: skip


@pytest.fixture(scope="module")
def path(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("payload")
    with Archive.create(directory / "NEWS") as archive:
        with archive.writer("crawl") as writer:
            for name, (response, _) in STORED.items():
                writer.add(replace(exchange(name), response=response))
            head = "".join(f"{name}: {value}\r\n" for name, value in DANGEROUS.items()).encode()
            writer.add(replace(exchange("evil"), response=answer(head, BODY)))
            odd = b"X-Odd: a\x00b\x7f\xe9\r\nBad Name: x\r\n: y\r\n" + b"X-Long: " + b"z" * 60_000 + b"\r\n"
            writer.add(replace(exchange("odd"), response=answer(odd, BODY)))
            folded = b"X-Folded: one\r\n Set-Cookie: two\r\n"
            writer.add(replace(exchange("folded"), response=answer(folded, BODY)))
            cut = answer(b"Content-Encoding: gzip\r\n", PACKED[:-20])
            writer.add(replace(exchange("cut"), response=cut, truncated=Truncation.TIME))
            image = b"HTTP/1.1 200 OK\r\nContent-Type: image/png\r\n\r\n\x89PNG"
            writer.add(replace(exchange("image"), response=image))
            two = b"HTTP/1.1 200 OK\r\nContent-Type: image/png, text/html\r\n\r\n" + BODY
            writer.add(replace(exchange("two-types"), response=two))
            moved = "HTTP/1.1 302 Found\r\nLocation: /größe\r\n\r\n".encode()
            writer.add(replace(exchange("moved"), response=moved))
            for minute in (1, 2):
                writer.add(exchange("again", minute, body=BODY))
        with archive.writer("crawl") as writer:
            writer.add(exchange("again", 3, body=BODY))
    return directory / "NEWS"


@pytest.fixture(scope="module")
def site(path: Path) -> Iterator[Served]:
    with served(path) as it:
        yield it


@pytest.mark.parametrize("name", STORED)
@pytest.mark.parametrize("takes", ["gzip, deflate, br, zstd", "gzip;q=0, br;q=0.0", "identity", ""])
def test_the_payload_is_exact(site: Served, name: str, takes: str) -> None:
    for modifier in ("id_", ""):
        got = site.get(f"/web/{STAMP}{modifier}/https://courier.example/{name}", accept_encoding=takes)
        assert got.content == STORED[name][1]
        coded = got.headers.get("content-encoding")
        assert coded is None or coded in takes
        assert got.status_code == {"nothing": 204, "strange": 502}.get(name, 200)
    if name in {"gzip", "br", "zstd", "deflate", "both"} and takes.startswith("gzip, "):
        assert coded is not None, "what is stored in a coding goes out in it"


@pytest.mark.parametrize("takes", ["gzip, deflate, br, zstd", ""])
def test_a_large_payload_is_the_same_in_pieces(site: Served, monkeypatch: pytest.MonkeyPatch, takes: str) -> None:
    monkeypatch.setattr(payload, "LARGE", -1)
    for name, (_, body) in STORED.items():
        url = f"/web/{STAMP}id_/https://courier.example/{name}"
        got = site.get(url, accept_encoding=takes)
        assert got.content == body, name
        assert ("content-length" in got.headers) is (name == "nothing")
        assert got.headers.get("content-encoding") == (name if takes and name in {"gzip", "zstd"} else None) or (
            name == "both" and takes
        ), name
        assert got.headers["content-security-policy"].startswith("sandbox")
        assert site.client.head(site.url + url).status_code == got.status_code
    assert site.get("/web/20261125094940id_/https://courier.example/again").content == BODY, "a revisit"
    cut = site.get(f"/web/{STAMP}id_/https://courier.example/cut")
    assert BODY.startswith(cut.content)


def test_bytes_stay_as_they_are_stored_where_a_client_takes_them(site: Served) -> None:
    raw = said(
        site.url,
        f"GET /web/{STAMP}id_/https://courier.example/both HTTP/1.1\r\nHost: localhost\r\n"
        "Accept-Encoding: gzip\r\nConnection: close\r\n\r\n".encode(),
    )
    head, _, body = raw.partition(b"\r\n\r\n")
    assert body == PACKED
    assert b"content-length: %d" % len(PACKED) in head.lower()
    assert b"transfer-encoding: chunked" not in head.lower().replace(b"x-archive-orig-transfer-encoding", b"")


def test_dangerous_fields_are_told_but_not_sent(site: Served) -> None:
    for modifier in ("id_", ""):
        got = site.get(f"/web/{STAMP}{modifier}/https://courier.example/evil")
        for name, value in DANGEROUS.items():
            assert got.headers[f"x-archive-orig-{name}"] == value
            assert value not in got.headers.get_list(name)
        assert got.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
        assert got.headers["x-content-type-options"] == "nosniff"
        assert "set-cookie" not in got.headers
        assert got.headers["cache-control"] == "no-store"
        assert got.headers["content-type"] == "text/html; charset=utf-8"


def test_heads_that_mean_harm(site: Served) -> None:
    odd = site.get(f"/web/{STAMP}id_/https://courier.example/odd")
    assert (odd.status_code, odd.content) == (200, BODY)
    assert odd.headers["x-archive-orig-x-odd"] == "abé"
    assert "x-archive-orig-x-long" not in odd.headers
    folded = site.get(f"/web/{STAMP}id_/https://courier.example/folded")
    assert folded.headers["x-archive-orig-x-folded"] == "one Set-Cookie: two"
    moved = site.get(f"/web/{STAMP}id_/https://courier.example/moved")
    assert moved.headers["location"].endswith("/https://courier.example/gr%C3%B6%C3%9Fe")  # its bytes are UTF-8


def test_a_cut_body_gives_what_is_there(site: Served) -> None:
    got = site.get(f"/web/{STAMP}id_/https://courier.example/cut", accept_encoding="gzip")
    assert BODY.startswith(got.content)
    assert len(got.content) > 100


def test_revisits_have_the_payload_of_what_they_revisit(site: Served) -> None:
    for minute in ("47", "48", "49"):
        got = site.get(f"/web/202611250{9}{minute}40id_/https://courier.example/again")
        assert (got.status_code, got.content) == (200, BODY)


def test_a_browser_never_draws_it_in_this_origin(site: Served) -> None:
    url = f"/web/{STAMP}id_/https://courier.example/plain"
    got = site.get(url, sec_fetch_mode="navigate", sec_fetch_dest="document", sec_fetch_site="none")
    assert got.headers["content-type"] == "text/plain; charset=utf-8"
    assert got.content == BODY
    image = site.get(f"/web/{STAMP}id_/https://courier.example/image", sec_fetch_mode="navigate")
    assert image.headers["content-type"] == "image/png"
    two = site.get(f"/web/{STAMP}id_/https://courier.example/two-types", sec_fetch_mode="navigate")
    assert two.headers["content-type"] == "text/plain; charset=utf-8"  # browsers take the last that they know
    for part in ("script", "style", "worker", "sharedworker", "serviceworker", "iframe", "object", "embed", "manifest"):
        assert site.get(url, sec_fetch_dest=part, sec_fetch_site="same-origin").status_code == 403
    assert site.get(url, service_worker="script").status_code == 403


def test_files_of_other_archives(tmp_path: Path) -> None:
    """Bodies without the framing that their heads declare, HTTP/2 status lines, and no HTTP at all."""
    blocks = {
        "h2": answer(b"transfer-encoding: chunked\r\ncontent-encoding: gzip\r\n", BODY, b"HTTP/2 200 "),
        "h3": answer(b"content-length: 5\r\n", BODY, b"HTTP/3.0 200"),
        "none": BODY,
    }
    records = [warc_record(name, number, block=block) for number, (name, block) in enumerate(blocks.items())]
    given = laid(tmp_path, "other.warc", b"".join(records))
    with Archive.create(tmp_path / "NEWS") as archive:
        imported(archive, given)
        found = {capture.url for capture in archive.captures()}
    assert len(found) == 3
    with served(tmp_path / "NEWS") as site:
        for one in found:
            got = site.client.get(f"{site.url}/web/2019id_/{one}", follow_redirects=True)
            assert (got.status_code, got.content) == (200, BODY[:5] if one.endswith("h3") else BODY), one


@pytest.mark.parametrize(
    ("given", "taken"),
    [("gzip", True), ("br, *", True), ("*;q=0", False), ("gzip; q=0.000", False), ("GZIP;q=0.5", True), ("", False)],
)
def test_what_a_client_takes(given: str, taken: bool) -> None:
    assert takes(given, "gzip") is taken


def test_start_is_what_the_stamp_says() -> None:
    assert START == 1_795_600_000_000_000
