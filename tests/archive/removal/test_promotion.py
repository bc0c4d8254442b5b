"""Payloads that are inherited when their capture is purged: in imported files, across files, in files without gzip."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from contents import place
from exchanges import OTHER, exchange, page
from foreign_files import gzipped, http, warc_record, warcinfo
from withdrawn import copied, held, purged, warcs

from archive.entering.importing import import_files
from archive.store import Archive
from archive.warc.finding import Rule
from archive.warc.places import is_foreign

PROFILE = "WARC-Profile: http://netpreserve.org/warc/1.0/revisit/identical-payload-digest\r\n"
QUAY = "http://herald.example/quay"


def urn(number: int) -> str:
    return f"urn:uuid:00000000-0000-4000-8000-{number:012d}"


def revisit(name: str, number: int, *, named: str, head: bytes | None = None) -> bytes:
    """A revisit of the quay page, which is the first record."""
    to = "WARC-Refers-To-Target-URI: http://herald.example/quay\r\nWARC-Refers-To-Date: 2019-03-02T10:00:00Z\r\n"
    extra = PROFILE + (f"WARC-Refers-To: <{urn(1)}>\r\n" if named == "id" else to)
    block = head or http("quay").partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    return warc_record(name, number, kind="revisit", block=block, extra=extra)


def bring(archive: Archive, tmp_path: Path, content: bytes, name: str = "a.warc.gz") -> None:
    path = tmp_path / name
    path.write_bytes(content)
    (brought,) = import_files(archive, [path])
    assert not brought.refused


@pytest.mark.parametrize("pack", [gzipped, b"".join], ids=["gzip", "plain"])
@pytest.mark.parametrize("named", ["id", "address"])
def test_a_revisit_in_an_imported_file_inherits(
    tmp_path: Path, archive: Archive, pack: Callable[[Any], bytes], named: str
) -> None:
    records = [warcinfo(), warc_record("quay", 1), revisit("pier", 2, named=named), revisit("dock", 3, named=named)]
    bring(archive, tmp_path, pack(records), "a.warc.gz" if pack is gzipped else "a.warc")
    before = {one.id: (one.url, one.payload()) for one in archive.captures() if one.url != QUAY}
    assert len(before) == 2
    done = purged(archive, QUAY)
    assert [one.revisit.url for one in done.plan.inheritance.promoted] == ["http://herald.example/pier"]
    assert done.plan.inheritance.orphans == ()
    assert {one.id: (one.url, one.payload()) for one in archive.captures()} == before
    pier, dock = archive.captures()
    assert (pier.kind, dock.kind, dock.refers_to) == ("response", "revisit", pier.id)
    assert not [one for one in archive.verify().findings if not one.severity.harmless]
    archive.rebuild()
    assert {one.id: (one.url, one.payload()) for one in archive.captures()} == before


def test_a_revisit_whose_framing_nobody_knows_keeps_its_payload(tmp_path: Path, archive: Archive) -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nTransfer-Encoding: chunked\r\n\r\n"
    records = [warcinfo(), warc_record("quay", 1), revisit("pier", 2, named="id", head=head)]
    bring(archive, tmp_path, gzipped(records))
    purged(archive, QUAY)
    (pier,) = archive.captures()
    assert pier.block().startswith(head)
    assert pier.payload() == http("quay").partition(b"\r\n\r\n")[2]
    assert not [one for one in archive.verify().findings if not one.severity.harmless]


def test_a_revisit_without_a_head_inherits_nothing_and_is_no_damage(tmp_path: Path, archive: Archive) -> None:
    bring(archive, tmp_path, gzipped([warcinfo(), warc_record("quay", 1), revisit("pier", 2, named="id", head=b" ")]))
    assert [one.url for one in purged(archive, QUAY).plan.inheritance.orphans] == ["http://herald.example/pier"]
    assert [one.rule for one in archive.verify().findings] == [Rule.FOREIGN_REFERENT]


def test_files_of_another_presskeep_may_refer_to_what_is_elsewhere(tmp_path: Path, archive: Archive) -> None:
    with Archive.create(tmp_path / "OTHER") as other:
        copied(other, "page", "copy")
        _, late = sorted(other.captures(), key=lambda one: one.at)
        bring(archive, tmp_path, (other.warc_path / place(late).file).read_bytes())
    (only,) = archive.captures()
    assert (only.kind, only.run is None, is_foreign(place(only).file)) == ("revisit", False, True)
    found = archive.verify()
    assert Rule.FOREIGN_REFERENT in {one.rule for one in found.findings}
    assert all(one.severity.harmless for one in found.findings)


def test_of_several_that_inherit_each_finds_its_payload_wherever_it_lies_by_then(archive: Archive) -> None:
    """The first file to be replaced holds both a revisit that inherits and a payload that another file inherits."""
    big = page("one", OTHER) + b" " * 2000
    with archive.writer("crawl") as writer:
        writer.add(exchange("gone/one", 0, body=big))
        writer.commit()
        writer.add(exchange("kept", 1, body=big))
        writer.add(exchange("gone/two", 2, body=big + b"more"))
    with archive.writer("crawl") as writer:
        writer.add(exchange("too", 3, body=big + b"more"))
    kinds = {one.url.rpartition("/")[2]: one.kind for one in archive.captures()}
    assert kinds == {"one": "response", "kept": "revisit", "two": "response", "too": "revisit"}
    before = {one: block for one, block in held(archive).items() if one in _ids(archive, "kept", "too")}
    done = purged(archive, "https://courier.example/gone/", prefix=True)
    assert len(done.plan.inheritance.promoted) == 2
    assert held(archive) == before
    assert not [one for one in archive.verify().findings if not one.severity.harmless]


def _ids(archive: Archive, *names: str) -> set[str]:
    return {one.id for one in archive.captures() if one.url.rpartition("/")[2] in names}


def test_a_file_without_gzip_stays_without(tmp_path: Path, archive: Archive) -> None:
    """Laid into ``warc/`` itself."""
    archive.warc_path.mkdir(exist_ok=True)
    records = [warcinfo(), warc_record("crane", 0), warc_record("quay", 1), revisit("pier", 2, named="id")]
    (archive.warc_path / "laid.warc").write_bytes(b"".join(records))
    archive.rebuild()
    assert len(list(archive.captures())) == 3
    purged(archive, QUAY)
    content = (archive.warc_path / "laid.warc").read_bytes()
    assert b"\x1f\x8b\x08" not in content
    assert b"presskeep-tombstone" in content
    assert len(list(archive.captures())) == 2
    assert not warcs(archive).keys() & {archive.warc_path / "laid.warc"}
    assert not archive.verify().damaged
