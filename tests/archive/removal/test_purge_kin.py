"""Purges and the kin of what is removed: copies that are lost, revisits of revisits, revisits that are lost."""

from __future__ import annotations

import base64
import gzip
import hashlib
import os
import uuid
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import exchange

from archive.capture import Capture
from archive.catalogue.blocking import Target
from archive.crew import clean_pending
from archive.entering.importing import import_files
from archive.exchange import Exchange
from archive.removal.purge import purge
from archive.repairing.repair import repair
from archive.store import Archive

PAGE = exchange("same", sentence="The drowned lantern of the harbour was seen by nobody that night. " * 8).response
PROFILE = ("WARC-Profile", "http://netpreserve.org/warc/1.1/revisit/identical-payload-digest")


@pytest.fixture(name="archive")
def an_archive(tmp_path: Path) -> Archive:
    return Archive.create(tmp_path / "NEWS")


def same(name: str, minute: int) -> Exchange:
    return replace(exchange(name, minute), response=PAGE)


def of(archive: Archive, name: str) -> Capture:
    return next(one for one in archive.captures() if one.url.endswith(f"/{name}"))


def wreck(archive: Archive, capture: Capture) -> None:
    """Overwrite a record's bytes beyond repair."""
    assert capture.location is not None
    path = archive.warc_path / capture.location.file
    content = bytearray(path.read_bytes())
    start, end = capture.location.offset + 40, capture.location.offset + capture.location.length - 10
    content[start:end] = os.urandom(end - start)
    path.write_bytes(content)


def purge_page(archive: Archive, capture: Capture) -> None:
    purge(archive, Target.of(capture.url), given=capture.url, reason="asked for")


@pytest.mark.slow
@pytest.mark.parametrize("repaired", [True, False])
def test_a_copy_that_was_lost_takes_over_for_nothing(archive: Archive, *, repaired: bool) -> None:
    with archive.writer("crawl", worker="a") as first, archive.writer("crawl", worker="b") as second:
        first.add(same("one", 1))
        second.add(same("two", 2))
    with archive.writer("crawl") as writer:
        writer.add(same("three", 3))
    wreck(archive, of(archive, "two"))
    if repaired:
        assert repair(archive, effort=10_000).lost == (of(archive, "two").url,)
    purge_page(archive, of(archive, "one"))
    heir = of(archive, "three")
    assert heir.kind == "response"
    assert heir.message().raw == PAGE


@pytest.mark.slow
def test_a_revisit_that_was_lost_is_no_heir(archive: Archive) -> None:
    for minute, name in enumerate(("one", "three", "four")):
        with archive.writer("crawl") as writer:
            writer.add(same(name, minute))
    assert of(archive, "three").kind == "revisit"
    wreck(archive, of(archive, "three"))
    assert repair(archive, effort=10_000).lost == (of(archive, "three").url,)
    purge_page(archive, of(archive, "one"))
    assert of(archive, "four").message().raw == PAGE
    assert not archive.verify().damaged


def test_a_revisit_of_what_a_repair_lost_is_told(archive: Archive) -> None:
    for minute, name in enumerate(("one", "three")):
        with archive.writer("crawl") as writer:
            writer.add(same(name, minute))
    wreck(archive, of(archive, "one"))
    repair(archive, effort=10_000)
    found = archive.verify()
    assert (found.lost, found.damaged) == (1, False)
    said = [one.message for one in found.findings if one.rule == "lost-referent"]
    assert len(said) == 1
    assert "was lost to damage" in said[0]


def member(kind: str, name: str, day: int, record_id: str, block: bytes, extra: Sequence[tuple[str, str]]) -> bytes:
    head = [
        ("WARC-Type", kind),
        ("WARC-Record-ID", f"<{record_id}>"),
        ("WARC-Date", f"2026-01-{day:02d}T00:00:00Z"),
        ("WARC-Target-URI", f"https://imp.example/{name}"),
        ("Content-Type", "application/http;msgtype=response"),
        *extra,
        ("Content-Length", str(len(block))),
    ]
    lines = "".join(f"{field}: {value}\r\n" for field, value in head)
    return gzip.compress(f"WARC/1.1\r\n{lines}\r\n".encode() + block + b"\r\n\r\n")


@pytest.mark.parametrize("named", ["chain", "address", "digest"])
def test_texts_from_a_purged_payload_go_however_a_revisit_names_it(
    archive: Archive, tmp_path: Path, named: str
) -> None:
    head, _, body = PAGE.partition(b"\r\n\r\n")
    head += b"\r\n\r\n"
    digest = ("WARC-Payload-Digest", f"sha1:{base64.b32encode(hashlib.sha1(body).digest()).decode()}")
    page, first, second = (f"urn:uuid:{uuid.uuid4()}" for _ in range(3))
    content = member("response", "one", 1, page, PAGE, [digest])
    if named == "chain":
        content += member("revisit", "two", 2, first, head, [PROFILE, digest, ("WARC-Refers-To", f"<{page}>")])
        content += member("revisit", "three", 3, second, head, [PROFILE, digest, ("WARC-Refers-To", f"<{first}>")])
    elif named == "address":
        to = [("WARC-Refers-To-Target-URI", "http://imp.example/one"), ("WARC-Refers-To-Date", "2026-01-01T00:00:00Z")]
        content += member("revisit", "two", 2, first, head, [PROFILE, digest, *to])
    else:
        content += member("revisit", "one", 2, first, head, [PROFILE, digest])
    file = tmp_path / "foreign.warc.gz"
    file.write_bytes(content)
    list(import_files(archive, [file]))
    clean_pending(archive, workers=1)
    assert sum("lantern" in one.text for one in archive.articles()) >= 2
    purge_page(archive, of(archive, "one"))
    assert list(archive.articles()) == []
    assert b"lantern" not in archive.catalog.path.read_bytes()
