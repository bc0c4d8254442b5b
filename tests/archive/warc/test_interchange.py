"""Other readers read our files: warcio, with its digests checked, over every kind of group."""

from __future__ import annotations

import gzip
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from warcio.archiveiterator import ArchiveIterator
from warcio.exceptions import ArchiveLoadFailed

from archive.event import RunEnded, RunStarted
from archive.exchange import Attempt, NoAnswer, Truncation
from archive.warc.record import new_id

from .samples import AT, CHUNKED, REQUEST, RESPONSE, RUN, URL, exchange, writer

ANSWERS = [
    RESPONSE,
    b"HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\n\r\n" + gzip.compress(b"quay", mtime=0),
    b"HTTP/1.1 304 Not Modified\r\n\r\n",
    b"HTTP/1.0 200\nX: lines\n\nuntil the connection closed",
    b"HTTP/1.1 200 OK\r\nX-Odd: \xff\xfe\r\nFolded: a\r\n b\r\nX: \r\n\r\n\0\1\2",
    b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\ncut",
]


def written(directory: Path, *answers: bytes) -> Path:
    with writer(directory) as to:
        to.add_run_started(RunStarted(RUN, AT, "crawl", ("courier",), "presskeep/test"))
        to.add_site("courier", RUN, AT, b'{"name":"courier"}')
        for answer in answers:
            to.add(exchange(answer, url="https://courier.example/ä b<>\r\nX: y"))
        to.add_attempt(Attempt(URL, AT, NoAnswer.TIMEOUT, "30 s", request=REQUEST))
        to.add_run_ended(RunEnded(RUN, AT, "finished"))
    (closed,) = to.take_closed()
    return directory / closed.file


def read_by_warcio(path: Path) -> list[tuple[Any, bytes]]:
    with path.open("rb") as stream:
        return [(one, one.raw_stream.read()) for one in ArchiveIterator(stream, check_digests="raise")]


def test_warcio_reads_every_record_and_confirms_every_digest(tmp_path: Path) -> None:
    path = written(tmp_path, *ANSWERS)
    found = read_by_warcio(path)
    kinds = [record.rec_type for record, _ in found]
    assert kinds == [
        *("warcinfo", "metadata", "resource", "metadata"),
        *("response", "request", "metadata") * len(ANSWERS),
        *("request", "metadata", "metadata"),
    ]
    assert all(record.digest_checker.passed for record, _ in found)
    answers = [(record, body) for record, body in found if record.rec_type == "response"]
    for (record, body), answer in zip(answers, ANSWERS, strict=True):
        assert answer.endswith(body)
        assert record.http_headers.get_statuscode() == answer[9:12].decode().strip()
        assert (
            record.rec_headers.get_header("WARC-Target-URI") == "https://courier.example/%C3%A4%20b%3C%3E%0D%0AX:%20y"
        )
        assert record.rec_headers.get_header("WARC-Date") == "2026-11-25T09:46:40.123456Z"
        assert record.rec_headers.get_header("Content-Type") == "application/http;msgtype=response"


def test_warcio_takes_the_block_of_a_chunked_answer_but_wants_its_payload_digest_over_the_framing(
    tmp_path: Path,
) -> None:
    """The one known disagreement (docs/warc-profile.md): we follow the standard, which means the entity body."""
    path = written(tmp_path, CHUNKED)
    with pytest.raises(ArchiveLoadFailed, match="payload digest failed"):
        read_by_warcio(path)
    with path.open("rb") as stream:
        problems = []
        for record in ArchiveIterator(stream, check_digests=True):
            record.raw_stream.read()
            problems += record.digest_checker.problems
    assert len(problems) == 1
    assert problems[0].startswith("payload digest failed")


def test_warcios_command_line_indexes_the_same_offsets(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        captures = [to.add(exchange(answer)) for answer in ANSWERS]
    (closed,) = to.take_closed()
    program = [sys.executable, "-m", "warcio.cli", "index", "-f", "offset,warc-record-id", str(tmp_path / closed.file)]
    lines = subprocess.run(program, check=True, capture_output=True, text=True).stdout
    for capture in captures:
        assert capture.location
        assert f'{{"offset": "{capture.location.offset}", "warc-record-id": "<{capture.id}>"}}' in lines


def test_the_standards_fields_are_where_the_standard_wants_them(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        to.add(
            replace(
                exchange(),
                truncated=Truncation.LENGTH,
                protocols=("http/1.1", "tls/1.3"),
                cipher="TLS_AES_128_GCM_SHA256",
            )
        )
    (closed,) = to.take_closed()
    response, request, metadata = [one.rec_headers for one, _ in read_by_warcio(tmp_path / closed.file)][1:]
    assert response["WARC-Truncated"] == "length"
    assert response["WARC-IP-Address"] == "192.0.2.7"
    assert [value for name, value in response.headers if name == "WARC-Protocol"] == ["http/1.1", "tls/1.3"]
    assert response["WARC-Cipher-Suite"] == "TLS_AES_128_GCM_SHA256"
    assert request["WARC-Concurrent-To"] == metadata["WARC-Concurrent-To"] == response["WARC-Record-ID"]
    assert response["WARC-Date"] == request["WARC-Date"] == metadata["WARC-Date"]
    assert metadata["Content-Type"] == "application/warc-fields"


def test_ids_are_urns_of_random_uuids() -> None:
    assert new_id().startswith("urn:uuid:")
    assert new_id() != new_id()
