"""What a package does not hold: what was taken down, filtered out, damaged or lost."""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import pytest
from exchanges import exchange
from foreign_files import warc_record, warcinfo

from archive.catalogue.blocking import Target
from archive.catalogue.terms import Filter
from archive.entering.attaching import Asked, attach
from archive.errors import DamagedRecord, NotFound
from archive.removal.takedown import take_down
from archive.repairing.repair import repair
from archive.sharing.cdxj import write_index
from archive.sharing.packing import pack
from archive.sharing.selection import Selection
from archive.store import Archive

from .conftest import fill
from .packages import listed, packed, pages


def test_what_is_taken_down_is_not_in_it(archive: Archive, tmp_path: Path) -> None:
    fill(archive)
    take_down(archive, Target.of("https://courier.example/ferry"), given="the ferry", reason="a test")
    done, package = packed(archive, tmp_path / "news.wacz")
    assert done.captures == len(list(archive.captures()))
    assert not [one for one in listed(package) if one["url"].endswith("/ferry")]
    assert not [one for one in pages(package) if one["url"].endswith("/ferry")]
    for name in package.namelist():
        assert b"ferry" not in (gzip.decompress(package.read(name)) if name.endswith(".gz") else package.read(name))


@pytest.mark.parametrize("by", ["filter", "index", "takedown"])
def test_what_a_foreign_file_holds_beside_its_captures_is_left_out(archive: Archive, tmp_path: Path, by: str) -> None:
    told = "The words of the quay, on their own."
    records = [warcinfo(), warc_record("tower", 1), warc_record("quay", 2, host="b.example")]
    if by == "takedown":  # a conversion gives no capture that could be blocked
        records[2] = warc_record("quay", 2, kind="conversion", block=told.encode(), host="b.example")
    path, index = tmp_path / "a.warc.gz", None
    path.write_bytes(b"".join(gzip.compress(one) for one in records))
    if by == "index":
        index = tmp_path / "a.cdxj"
        offset = len(gzip.compress(records[0]))
        line = {"url": "http://herald.example/tower", "filename": "a.warc.gz", "offset": offset}
        index.write_text(f"example,herald)/tower 20190302100000 {json.dumps(line)}\n")
    url = "http://b.example/quay"
    take_down(archive, Target.of(url), given=url, reason="court order")
    wanted = Filter(hosts=("herald.example",)) if by == "filter" else Filter()
    (brought,) = attach(archive, Asked((str(path),), index=index, filter=wanted))
    assert (brought.refused, [one.url for one in archive.captures()]) == ("", ["http://herald.example/tower"])
    _, package = packed(archive, tmp_path / "p.wacz")
    assert [one["url"] for one in listed(package)] == ["http://herald.example/tower"]
    content = b"".join(gzip.decompress(package.read(one)) for one in package.namelist() if one.endswith(".warc.gz"))
    assert b"herald.example/tower" in content
    assert b"Target-URI: http://b.example/quay" not in content
    assert told.encode() not in content


@pytest.mark.parametrize("part", [False, True])
def test_damage_is_not_handed_on(archive: Archive, tmp_path: Path, part: bool) -> None:
    fill(archive)
    crane = archive.memento("https://courier.example/crane")
    assert crane.location is not None
    path = archive.warc_path / crane.location.file
    data = bytearray(path.read_bytes())
    data[crane.location.offset + crane.location.length // 2] ^= 1
    path.write_bytes(data)
    with pytest.raises(DamagedRecord, match="presskeep verify"):
        pack(archive, str(tmp_path / "news.wacz"), Selection(sites=("courier",)) if part else Selection())
    assert not list(tmp_path.glob("*.wacz*"))


@pytest.mark.parametrize("what", ["pack", "index"])
def test_where_all_was_lost_it_is_said_so(archive: Archive, tmp_path: Path, what: str) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange("crane"))
    (capture,) = archive.captures()
    assert capture.location is not None
    path = archive.warc_path / capture.location.file
    data = bytearray(path.read_bytes())
    begin = capture.location.offset + 20
    data[begin : begin + capture.location.length - 40] = bytes(capture.location.length - 40)
    path.write_bytes(data)
    repair(archive)
    write, name = (pack, "news.wacz") if what == "pack" else (write_index, "news.cdxj")
    with pytest.raises(NotFound, match="was lost to damage"):
        write(archive, str(tmp_path / name), Selection())
    with pytest.raises(NotFound, match="nothing matched"):
        pack(archive, str(tmp_path / "news.wacz"), Selection(sites=("nowhere",)))


def test_what_was_lost_is_counted_and_the_rest_handed_on(archive: Archive, tmp_path: Path) -> None:
    fill(archive)
    (front, *_) = archive.timeline("https://courier.example/")
    assert front.location is not None
    path = archive.warc_path / front.location.file
    data = bytearray(path.read_bytes())
    begin = front.location.offset + 20
    data[begin : begin + front.location.length - 40] = bytes(front.location.length - 40)
    path.write_bytes(data)
    repair(archive)
    done, package = packed(archive, tmp_path / "news.wacz")
    assert done.lost == 1
    found = listed(package)
    assert len(found) == done.captures - 1  # the 304
    # Its revisits are there, of which only the heads are left.
    assert [one["mime"] for one in found if one["url"].endswith(("courier.example/", "index.html"))] == [
        "warc/revisit",
        "warc/revisit",
    ]
    indexed = write_index(archive, str(tmp_path / "index.cdxj"), Selection())
    assert (indexed.captures, indexed.confirmations, indexed.lost) == (len(found), 1, 1)
    assert "quarantine" not in (tmp_path / "index.cdxj").read_text()
