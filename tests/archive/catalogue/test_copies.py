"""The same payload in an archive by digests of two algorithms, and in the forms that other writers state."""

from __future__ import annotations

import base64
import hashlib
import tomllib
from pathlib import Path

import pytest
from exchanges import exchange, page
from foreign_files import http, warc_record, warcinfo
from withdrawn import SECRET, URL, found, held, is_sound, purged, secret

from archive.entering.importing import import_files
from archive.store import Archive

BODY = page("one", SECRET) + b" " * 2000


def with_sha1(archive: Archive) -> Archive:
    """The same archive, whose digests are made by SHA-1 from now on."""
    archive.close()
    path = archive.path / "archive.toml"
    said = path.read_text().replace("# [warc]", "[warc]").replace('# digest = "sha256"', 'digest = "sha1"')
    assert tomllib.loads(said)["warc"]["digest"] == "sha1"
    path.write_text(said)
    return Archive.open(archive.path)


@pytest.fixture
def changed(archive: Archive) -> Archive:
    """A page that is to go, and another address with it, captured after the algorithm was changed."""
    with archive.writer("crawl") as writer:
        writer.add(secret(body=BODY))
        writer.add(exchange("other", 1))
    later = with_sha1(archive)
    with later.writer("crawl") as writer:
        writer.add(secret("copy", 2, body=BODY))
        writer.add(secret("again", 3, body=BODY))
        writer.add(exchange("ferry", 4))
    return later


@pytest.mark.parametrize("url", [URL, "https://courier.example/copy", "https://courier.example/again"])
def test_copies_with_digests_of_another_algorithm_go_with_the_page(changed: Archive, url: str) -> None:
    kinds = {(one.payload_digest or "").partition(":")[0] for one in changed.captures()}
    assert kinds == {"sha256", "sha1"}
    purged(changed, url, payload=True)
    assert found(changed) == set()
    assert {one.url.rpartition("/")[2] for one in changed.captures()} == {"other", "ferry"}
    is_sound(changed)


@pytest.mark.parametrize("form", ["base32", "hex"])
def test_revisits_of_other_writers_are_known_by_the_digest_that_they_state(
    tmp_path: Path, archive: Archive, form: str
) -> None:
    raw = hashlib.sha1(BODY, usedforsecurity=False).digest()
    value = raw.hex() if form == "hex" else base64.b32encode(raw).decode()
    head = http("copy").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    profile = "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n"
    record = warc_record("copy", 1, kind="revisit", block=head, extra=f"{profile}WARC-Payload-Digest: sha1:{value}\r\n")
    path = tmp_path / "a.warc"
    path.write_bytes(warcinfo() + record)
    with archive.writer("crawl") as writer:
        writer.add(secret(body=BODY))
        writer.add(exchange("other", 1))
    (brought,) = import_files(archive, [path])
    assert not brought.refused
    purged(archive, payload=True)
    assert [one.url.rpartition("/")[2] for one in archive.captures()] == ["other"]
    assert len(held(archive)) == 1


def test_revisits_refer_to_a_copy_whose_digest_is_by_another_algorithm(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        writer.add(secret(body=BODY))
    with archive.writer("crawl") as writer:
        writer.add(secret("again", 1, body=BODY))
    later = with_sha1(archive)
    with later.writer("crawl") as writer:
        writer.add(secret("copy", 2, body=BODY))
    kinds = {one.url.rpartition("/")[2]: one.kind for one in later.captures()}
    assert kinds == {"secret": "response", "again": "revisit", "copy": "response"}
    before = {id: raw for id, raw in held(later).items() if id not in {one.id for one in later.captures(url=URL)}}
    done = purged(later)
    assert done.plan.inheritance.promoted == ()
    again, copy = later.captures()
    assert (again.refers_to, copy.kind) == (copy.id, "response")
    assert held(later) == before
    is_sound(later)
