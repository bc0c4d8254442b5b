"""Files in whole and in parts; and which of them are not handed out as they are."""

from __future__ import annotations

import re
from collections.abc import Iterator
from email.utils import formatdate
from io import BytesIO
from pathlib import Path

import pytest
from bringing_in import imported, laid
from exchanges import exchange
from foreign_files import warc_records
from starlette.datastructures import Headers
from warcio.archiveiterator import ArchiveIterator
from withholding import make_withholding

from archive.catalogue.blocking import Target
from archive.removal.takedown import lift, take_down
from archive.replay.ranges import Part, Version, is_unchanged, wanted
from archive.replay.settings import Settings
from archive.store import Archive

from .serving import Served, said, served

VERSION = Version('"a-tag"', "Wed, 25 Nov 2026 09:46:40 GMT")
VIEWER = "https://viewer.example"


@pytest.fixture
def path(tmp_path: Path) -> Path:
    with Archive.create(tmp_path / "NEWS") as archive:
        for minute, name in enumerate(("crane", "secret")):
            with archive.writer("crawl") as writer:
                writer.add(exchange(name, minute, sentence=f"Of {name} and nothing else. "))
    return tmp_path / "NEWS"


@pytest.fixture
def site(path: Path) -> Iterator[Served]:
    with served(path, Settings(viewers=(VIEWER,))) as it:
        yield it


def names(site: Served) -> list[str]:
    return [one["url"].removeprefix(site.url) for one in site.get("/files/").json()["files"]]


def test_files_are_listed_and_come_whole(site: Served, path: Path) -> None:
    told = site.get("/files/").json()
    assert len(told["files"]) == 2
    assert told["kept_back"] == []
    for one in told["files"]:
        stored = (path / "warc" / one["name"]).read_bytes()
        answer = site.client.get(one["url"])
        assert (answer.status_code, answer.content) == (200, stored)
        assert answer.headers["accept-ranges"] == "bytes"
        assert "content-encoding" not in answer.headers
        assert answer.headers["content-disposition"].startswith("attachment; ")
        assert next(ArchiveIterator(BytesIO(answer.content))).rec_type == "warcinfo"
        head = site.client.head(one["url"])
        assert (head.content, head.headers["content-length"]) == (b"", str(len(stored)))


@pytest.mark.parametrize(
    ("given", "status", "expected"),
    [
        ("bytes=0-9", 206, slice(0, 10)), ("bytes=10-", 206, slice(10, None)), ("bytes=-7", 206, slice(-7, None)),
        ("bytes=5-5", 206, slice(5, 6)), ("bytes=0-99999999", 206, slice(None)), ("bytes=-99999999", 206, slice(None)),
        ("bytes=99999999-", 416, None), ("bytes=-0", 416, None), ("bytes=9-3", 200, slice(None)),
        ("bytes=a-b", 200, slice(None)), ("lines=0-9", 200, slice(None)), ("bytes", 200, slice(None)),
        ("bytes=" + "9" * 30 + "-", 200, slice(None)), ("bytes=" + "0-0," * 400, 200, slice(None)),
        ("bytes=" + "1-2," * 20, 200, slice(None)), ("bytes=-", 200, slice(None)), ("bytes=,", 416, None),
        ("BYTES=0-3", 206, slice(0, 4)), ("bytes=0-1, ,", 206, slice(0, 2)), ("bytes=0--1", 200, slice(None)),
    ],
)  # fmt: skip
def test_parts_of_a_file(site: Served, path: Path, given: str, status: int, expected: slice | None) -> None:
    name = names(site)[0]
    stored = (path / "warc" / name.removeprefix("/files/warc/")).read_bytes()
    answer = site.get(name, range=given)
    assert answer.status_code == status
    if expected is None:
        assert answer.headers["content-range"] == f"bytes */{len(stored)}"
    else:
        assert answer.content == stored[expected]
        assert int(answer.headers["content-length"]) == len(stored[expected])
        if status == 206:
            start = (
                len(stored) - len(answer.content) if given.startswith("bytes=-") else int(given[6:].partition("-")[0])
            )
            assert answer.headers["content-range"] == f"bytes {start}-{start + len(answer.content) - 1}/{len(stored)}"


def test_several_parts(site: Served, path: Path) -> None:
    name = names(site)[0]
    stored = (path / "warc" / name.removeprefix("/files/warc/")).read_bytes()
    answer = site.get(name, range="bytes=0-3, 10-19,-5")
    assert answer.status_code == 206
    boundary = answer.headers["content-type"].partition("boundary=")[2]
    assert int(answer.headers["content-length"]) == len(answer.content)
    parts = answer.content.split(b"\r\n--" + boundary.encode())
    assert parts[-1] == b"--\r\n"
    bodies = [part.partition(b"\r\n\r\n") for part in parts[1:-1]]
    assert [body for _, _, body in bodies] == [stored[:4], stored[10:20], stored[-5:]]
    assert b"Content-Range: bytes 10-19/%d" % len(stored) in bodies[1][0]


def test_conditions(site: Served) -> None:
    name = names(site)[0]
    whole = site.get(name)
    tag, modified = whole.headers["etag"], whole.headers["last-modified"]
    assert site.get(name, if_none_match=tag).status_code == 304
    assert site.get(name, if_none_match=f'"x", W/{tag}').status_code == 304
    assert site.get(name, if_none_match='"x"').status_code == 200
    assert site.get(name, if_modified_since=modified).status_code == 304
    assert site.get(name, range="bytes=0-3", if_range=tag).status_code == 206
    assert site.get(name, range="bytes=0-3", if_range=modified).status_code == 206
    assert site.get(name, range="bytes=0-3", if_range='"other"').status_code == 200
    assert site.get(name, range="bytes=0-3", if_range=formatdate(0, usegmt=True)).status_code == 200


def test_a_viewer_that_was_named_may_read_them(site: Served) -> None:
    name = names(site)[0]
    cross = {"sec_fetch_site": "cross-site", "sec_fetch_mode": "cors", "sec_fetch_dest": "empty"}
    answer = site.get(name, origin=VIEWER, range="bytes=0-3", **cross)
    assert answer.status_code == 206
    assert answer.headers["access-control-allow-origin"] == VIEWER
    assert "content-range" in answer.headers["access-control-expose-headers"].lower()
    assert answer.headers["vary"].lower() == "origin"
    before = site.client.options(site.url + name, headers={"origin": VIEWER, "access-control-request-headers": "range"})
    assert (before.status_code, "range" in before.headers["access-control-allow-headers"].lower()) == (204, True)
    other = site.get(name, origin="https://evil.example", **cross)
    assert (other.status_code, "access-control-allow-origin" in other.headers) == (403, False)
    assert site.get("/health", origin=VIEWER, **cross).status_code == 403


@pytest.mark.parametrize(
    "name",
    [
        "../archive.toml", "..%2farchive.toml", "%2e%2e/archive.toml", "/etc/passwd", "%2Fetc%2Fpasswd", "", ".", "%00",
        "2026/../../archive.toml", "....//archive.toml", "..\\archive.toml", "2026", "\u0000".encode().hex(), "%ff%fe",
        "attached/x", "imported/..%2f..%2fcatalog.sqlite",
    ],
)  # fmt: skip
def test_no_path_leads_out(site: Served, name: str) -> None:
    raw = said(site.url, f"GET /files/warc/{name} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n".encode())
    assert re.match(rb"HTTP/1.1 40[04]", raw), raw[:100]


def test_what_holds_what_is_taken_down_is_kept_back(site: Served, path: Path) -> None:
    url = "https://courier.example/secret"
    before = names(site)
    with Archive.open(path) as archive:
        take_down(archive, Target.of(url), given=url, reason="court order")
    after = names(site)
    assert (len(before), len(after)) == (2, 1)
    (gone,) = set(before) - set(after)
    refused = site.get(gone, range="bytes=0-3")
    assert (refused.status_code, "taken down" in refused.json()["detail"]) == (403, True)
    kept = site.get("/files/").json()["kept_back"]
    assert len(kept) == 2, "the file that tells of the decision is kept back, too"
    for one in kept:
        assert site.get(f"/files/warc/{one['name']}").status_code == 403
    assert "court order" not in site.get("/files/").text
    with Archive.open(path) as archive:
        lift(archive, Target.of(url), given=url, reason="settled")
    assert set(names(site)) == set(before)


def test_what_holds_what_is_withheld_is_kept_back(tmp_path: Path) -> None:
    with served(make_withholding(tmp_path / "NEWS")) as site:
        told = site.get("/files/").json()
        for one in told["files"]:
            for record in ArchiveIterator(BytesIO(site.client.get(one["url"]).content)):
                assert (
                    record.rec_type not in {"response", "revisit"}
                    or "closed" not in record.rec_headers["WARC-Target-URI"]
                )
        assert any("reserves" in one["why"] for one in told["kept_back"])


def test_files_of_others_are_kept_back_once_something_is_taken_down(path: Path, tmp_path: Path) -> None:
    with Archive.open(path) as archive:
        imported(archive, laid(tmp_path, "other.warc", b"".join(warc_records())))
    with served(path) as site:
        assert any("imported" in one for one in names(site))
        url = "https://nowhere.example/x"
        with Archive.open(path) as archive:
            take_down(archive, Target.of(url), given=url, reason="court order")
        assert not any("imported" in one for one in names(site))


def test_a_file_that_is_being_written_is_not_there_yet(path: Path) -> None:
    with served(path) as site, Archive.open(path) as archive, archive.writer("crawl") as writer:
        writer.add(exchange("new", 9))
        writer.commit()
        assert len(names(site)) == 2


def test_parts_as_they_are_read() -> None:
    def asked(given: str, size: int = 100, **fields: str) -> list[Part] | None:
        return wanted(Headers({"range": given, **fields}), size, VERSION)

    assert asked("bytes=0-0") == [Part(0, 1)]
    assert asked("bytes=0-0", 0) == []
    assert asked("bytes=50-10,0-1") is None
    assert asked("bytes=90-200, 200-300") == [Part(90, 100)]
    assert asked("bytes=0-50,40-60,55-70,1-99") is None, "the same bytes again and again"
    assert wanted(Headers({}), 100, VERSION) is None
    assert is_unchanged(Headers({"if-none-match": "*"}), VERSION)
    assert not is_unchanged(Headers({"if-modified-since": "yesterday"}), VERSION)
    assert not is_unchanged(Headers({"if-modified-since": "Wed, 25 Nov 2026 09:46:39 GMT"}), VERSION)
