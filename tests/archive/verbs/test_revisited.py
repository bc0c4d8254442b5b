"""The verbs on a page that came again unchanged: `show`, `captures` and `prove` follow a revisit to its payload."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from archive.clock import parse_warc_date
from archive.crew import clean_pending
from archive.exchange import Exchange, Origin, Role
from archive.store import Archive

from .conftest import run

URL = "https://courier.example/2026/11/24/crane"
SENTENCE = "The crane moved sixty metres to the east on Sunday, and nobody in the old town heard it go. "
PAGE = f"<html><body><h1>A crane</h1><p>{SENTENCE * 6}</p><p>{SENTENCE * 8}</p></body></html>".encode()
FIRST, SECOND, THIRD = "2026-11-24T10:00:00Z", "2026-11-25T10:00:00Z", "2026-11-26T10:00:00Z"


@pytest.fixture(scope="module")
def revisited(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("revisited") / "NEWS"
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Length: %d\r\n\r\n" % len(PAGE)
    with Archive.create(path, contact="tests@example.org") as archive:
        with archive.writer("crawl") as writer:
            confirmed = None
            for at, answer in ((FIRST, head + PAGE), (SECOND, head + PAGE), (THIRD, b"HTTP/1.1 304 Same\r\n\r\n")):
                origin = Origin(site="courier.example", role=Role.ARTICLE)
                request = b"GET / HTTP/1.1\r\n\r\n"
                when = parse_warc_date(at)
                confirmed = writer.add(Exchange(URL, when, request, answer, confirms=confirmed, origin=origin)).id
                writer.commit()
        clean_pending(archive)
    return path


def test_show_says_as_of_when_it_is_and_where_its_payload_lies(revisited: Path) -> None:
    shown = run("show", URL, "--archive", revisited, COLUMNS="200")
    assert shown.returncode == 0
    assert "2026-11-26 10:00:00 UTC, the same as on 2026-11-24 10:00:00 UTC" in shown.stdout
    assert "its payload in" in shown.stdout
    assert run("show", URL, "--payload", "--archive", revisited).stdout.encode() == PAGE
    document = json.loads(run("show", URL, "--json", "--archive", revisited).stdout)
    assert [one["role"] for one in document["canonical"]["provenance"]["captures"]] == ["page", "payload"]


def test_captures_name_what_a_revisit_refers_to(revisited: Path) -> None:
    first, second, third = map(json.loads, run("captures", URL, "--json", "--archive", revisited).stdout.splitlines())
    assert (first["kind"], first["refers_to"]) == ("response", None)
    for one in (second, third):
        assert (one["kind"], one["refers_to"], one["refers_to_url"]) == ("revisit", first["id"], URL)
        assert one["refers_to_at"] == first["captured_at"]


def test_prove_points_into_the_record_that_has_the_bytes(revisited: Path) -> None:
    done = run("prove", URL, "--archive", revisited)
    assert done.returncode == 0, done.stderr
    document = json.loads(run("prove", URL, "--json", "--archive", revisited).stdout)
    assert document["holds"]
    page, payload = document["captures"]
    assert (page["ref"]["role"], payload["ref"]["role"]) == ("page", "payload")
    assert page["location"]["offset"] > payload["location"]["offset"]
    offsets = {line.split("\t")[3] for line in done.stdout.splitlines()} - {""}  # what a rule made has no place
    assert offsets == {str(payload["location"]["offset"])}


def test_each_observation_is_exported_and_all_are_one_edition(revisited: Path, tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    assert run("export", "jsonl", out, "--editions", "all", "--archive", revisited).returncode == 0
    rows = [json.loads(line) for line in out.read_text("utf-8").splitlines()]
    assert {(one["edition"], one["editions"], one["text_digest"]) for one in rows} == {(1, 1, rows[0]["text_digest"])}
    assert run("export", "jsonl", out, "--editions", "last", "--archive", revisited).returncode == 0
    assert len(out.read_text("utf-8").splitlines()) == 1
