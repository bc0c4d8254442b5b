"""Reading: damage is never read over, and other writers' files give captures too."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from warcio.warcwriter import WARCWriter

from archive import digest
from archive.capture import Capture, Location
from archive.errors import DamagedRecord, NotAnArchive
from archive.exchange import Attempt, NoAnswer, Role, Truncation
from archive.warc.member import Tear, compress
from archive.warc.reader import read_block, read_events, read_records

from .samples import AT, CHUNKED, REQUEST, RESPONSE, URL, exchange, writer

ONE, TWO, THREE = (f"urn:uuid:00000000-0000-4000-8000-00000000000{n}" for n in "123")
DATE = "2023-02-06T10:00:00Z"
DATE_AT = 1_675_677_600_000_000


def raw_record(kind: str, block: bytes = b"", version: str = "1.0", **fields: str) -> bytes:
    """A record as some other writer may have written it."""
    head = {"WARC-Type": kind, "WARC-Date": DATE, "Content-Length": str(len(block))}
    lines = [f"WARC/{version}"]
    for name, value in {**head, **{name.replace("_", "-"): value for name, value in fields.items()}}.items():
        lines.append(f"{name}: {value}")
    return "\r\n".join(lines).encode() + b"\r\n\r\n" + block + b"\r\n\r\n"


def lay(directory: Path, *records: bytes, name: str = "foreign.warc.gz") -> str:
    parts = records if name.endswith(".warc") else [b"".join(compress(one)) for one in records]
    (directory / name).write_bytes(b"".join(parts))
    return name


def captures(directory: Path, *records: bytes, name: str = "foreign.warc.gz") -> list[Capture]:
    found = list(read_events(directory, lay(directory, *records, name=name)))
    assert all(isinstance(one, Capture) for one in found)
    return [one for one in found if isinstance(one, Capture)]


def response(record_id: str = ONE, url: str = URL, block: bytes = RESPONSE, **fields: str) -> bytes:
    kind = "application/http; msgtype=response"
    return raw_record(
        "response", block, WARC_Record_ID=f"<{record_id}>", WARC_Target_URI=url, Content_Type=kind, **fields
    )


def request(record_id: str = TWO, url: str = URL, method: bytes = b"GET", **fields: str) -> bytes:
    block = REQUEST.replace(b"GET", method)
    return raw_record("request", block, WARC_Record_ID=f"<{record_id}>", WARC_Target_URI=url, **fields)


def test_reading_from_a_later_group_gives_the_later_events(tmp_path: Path) -> None:
    to = writer(tmp_path)
    to.add(exchange())
    start = to.size
    stored = to.add_attempt(Attempt(URL, AT, NoAnswer.REFUSED, request=REQUEST))
    later = to.add(exchange())
    assert list(read_events(tmp_path, to.file or "", start)) == [stored, later]
    assert list(read_events(tmp_path, to.file or "", to.size)) == []
    with pytest.raises(DamagedRecord, match="shorter"):
        list(read_events(tmp_path, to.file or "", to.size + 1))
    to.close()


def test_damage_ends_the_reading_with_file_and_offset(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        first, second = to.add(exchange()), to.add(exchange())
        to.add(exchange())
    assert first.location
    assert second.location
    path = tmp_path / second.location.file
    raw = bytearray(path.read_bytes())
    raw[second.location.offset + 40] ^= 0xFF
    path.write_bytes(raw)
    with pytest.raises(Tear) as caught:
        list(read_events(tmp_path, second.location.file))
    assert list(iter_until_damage(tmp_path, second.location.file)) == [first]
    assert caught.value.offset == second.location.offset
    assert caught.value.file == second.location.file
    assert str(second.location.offset) in str(caught.value)
    with pytest.raises(DamagedRecord):
        second.block()


def iter_until_damage(directory: Path, file: str) -> Iterable[object]:
    try:
        yield from read_events(directory, file)
    except DamagedRecord:
        return


def test_a_group_cut_by_damage_is_not_given(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        capture = to.add(exchange())
    assert capture.location
    path = tmp_path / capture.location.file
    path.write_bytes(path.read_bytes()[:-3])  # the metadata record is torn, the response whole
    assert list(iter_until_damage(tmp_path, capture.location.file)) == []


def test_a_location_that_has_moved_is_noticed(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        first, second = to.add(exchange()), to.add(exchange(RESPONSE + b"x"))
    assert first.location
    assert second.location
    here = second.location
    assert read_block(tmp_path, here) == RESPONSE + b"x"
    for moved in (
        Location(here.file, here.offset + 1, here.length),
        Location(here.file, here.offset, here.length - 1),
        Location(here.file, 10**9, here.length),
        Location("2026/none.warc.gz", here.offset, here.length),
    ):
        with pytest.raises(DamagedRecord):
            read_block(tmp_path, moved)
    with pytest.raises(DamagedRecord, match="another record"):
        read_block(tmp_path, here, "urn:uuid:11111111-0000-4000-8000-000000000000")
    assert read_block(tmp_path, here, first.id) == RESPONSE, "it is read where it lies"


def test_a_newer_schema_is_refused(tmp_path: Path) -> None:
    metadata = raw_record(
        "metadata", b"presskeep-schema: 2\r\n", WARC_Concurrent_To=f"<{ONE}>", Content_Type="application/warc-fields"
    )
    with pytest.raises(NotAnArchive, match="newer Presskeep"):
        list(read_events(tmp_path, lay(tmp_path, response(), metadata)))


@pytest.mark.parametrize("line", [b"presskeep-attempt: aliens", b"presskeep-attempt: dns\r\npresskeep-role: king"])
def test_fields_that_cannot_be_read_are_damage(tmp_path: Path, line: bytes) -> None:
    block = b"presskeep-schema: 1\r\n" + line + b"\r\n"
    metadata = raw_record("metadata", block, WARC_Record_ID=f"<{ONE}>", Content_Type="application/warc-fields")
    with pytest.raises(DamagedRecord, match="cannot be read"):
        list(read_events(tmp_path, lay(tmp_path, metadata)))


@pytest.mark.parametrize("name", ["foreign.warc.gz", "foreign.warc"])
@pytest.mark.parametrize("linked_by", ["request", "response", "nothing", "both name a third"])
@pytest.mark.parametrize("order", [(0, 1), (1, 0)], ids=["response first", "request first"])
def test_requests_find_their_responses(tmp_path: Path, name: str, linked_by: str, order: tuple[int, int]) -> None:
    links: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
        "request": ({}, {"WARC_Concurrent_To": f"<{ONE}>"}),
        "response": ({"WARC_Concurrent_To": f"<{TWO}>"}, {}),
        "nothing": ({}, {}),
        "both name a third": ({"WARC_Concurrent_To": THREE}, {"WARC_Concurrent_To": f"<{THREE}>"}),
    }
    mine, its = links[linked_by]
    records = (response(**mine), request(method=b"POST", **its))
    info = raw_record("warcinfo", b"software: Spider\r\n")
    (found,) = captures(tmp_path, info, *(records[one] for one in order), name=name)
    assert (found.id, found.method, found.role, found.status) == (ONE, "POST", Role.OTHER, 200)
    assert (found.at, found.url, found.mime) == (DATE_AT, URL, "text/html")
    assert (found.payload_digest, found.payload_length) == (digest.sha256(b"quay\n"), 5)
    assert found.block() == RESPONSE
    assert (found.site, found.run, found.duration, found.masked) == (None, None, None, ())


def test_neighbours_of_other_urls_are_not_mixed_up(tmp_path: Path) -> None:
    other = "https://talblatt.example/"
    found = captures(
        tmp_path, response(), response(TWO, other), request(THREE, other, b"HEAD"), response("urn:uuid:4", other)
    )
    assert [(one.id, one.method) for one in found] == [(ONE, "GET"), (TWO, "HEAD"), ("urn:uuid:4", "GET")]


def test_heritrix_metadata_is_understood(tmp_path: Path) -> None:
    block = b"via: https://courier.example/\r\nhopsFromSeed: LL\r\nfetchTimeMs: 52\r\n"
    metadata = raw_record(
        "metadata", block, WARC_Concurrent_To=f"<{ONE}>", WARC_Target_URI=URL, Content_Type="application/warc-fields"
    )
    (found,) = captures(tmp_path, response(WARC_IP_Address="192.0.2.9", WARC_Truncated="Size"), request(), metadata)
    assert (found.via, found.hops, found.duration) == ("https://courier.example/", "LL", 52_000)
    assert (found.ip, found.truncated) == ("192.0.2.9", Truncation.UNSPECIFIED)


def test_wgets_angle_brackets_and_coarse_dates(tmp_path: Path) -> None:
    (found,) = captures(tmp_path, response(url=f"<{URL}>"))
    assert found.url == URL


def test_a_revisit_is_a_capture_that_refers_to_another(tmp_path: Path) -> None:
    head = RESPONSE[:-5]
    revisit = raw_record(
        "revisit",
        head,
        WARC_Record_ID=f"<{TWO}>",
        WARC_Target_URI=URL,
        WARC_Refers_To=f"<{ONE}>",
        WARC_Payload_Digest="sha1:AAAA",
    )
    one, two = captures(tmp_path, response(), revisit)
    assert (one.kind, one.refers_to) == ("response", None)
    assert (two.kind, two.refers_to, two.status, two.payload_digest) == ("revisit", ONE, 200, "sha1:AAAA")
    assert two.payload_length is None
    assert two.block() == head


PROFILES = "http://netpreserve.org/warc/{}/revisit/{}"
HEAD = RESPONSE[:-5]
DIALECTS = {
    "warcio": {"WARC_Profile": PROFILES.format("1.0", "identical-payload-digest"), "WARC_Refers_To_Date": DATE},
    "Heritrix": {
        "WARC_Profile": PROFILES.format("1.0", "identical-payload-digest"),
        "WARC_Truncated": "length",
        "WARC_Refers_To": f"<{ONE}>",
    },
    "older Heritrix": {
        "WARC_Profile": PROFILES.format("1.0", "uri-agnostic-identical-payload-digest"),
        "WARC_Refers_To_Date": "2023-02-06",
    },
    "a bad date": {"WARC_Refers_To": f"<{ONE}>", "WARC_Refers_To_Date": "yesterday"},
    "no profile": {"WARC_Refers_To": ONE},
}


@pytest.mark.parametrize("dialect", DIALECTS)
@pytest.mark.parametrize("block", [HEAD, b"", RESPONSE, b"HTTP/1.1 304 Not Modified\r\n\r\n", b"\x00 no HTTP"])
def test_revisits_of_every_writer_are_captures(tmp_path: Path, dialect: str, block: bytes) -> None:
    given = {"WARC_Record_ID": f"<{TWO}>", "WARC_Target_URI": URL, "WARC_Refers_To_Target_URI": f"<{URL}>"}
    (found,) = captures(tmp_path, raw_record("revisit", block, **given, **DIALECTS[dialect]))
    assert (found.kind, found.truncated, found.framing, found.refers_to_uri) == ("revisit", None, None, URL)
    assert found.refers_to == (ONE if "WARC_Refers_To" in DIALECTS[dialect] else None)
    assert found.refers_to_at in {None, DATE_AT, DATE_AT // 86_400_000_000 * 86_400_000_000}
    assert found.block() == block
    (original,) = captures(tmp_path, response(), name="original.warc.gz")
    bound = replace(found, referent=original)
    if block.startswith(b"\x00") or block == b"" or b" 304 " in block:
        assert bound.representation().raw == RESPONSE
    else:
        assert bound.message().raw == RESPONSE
    assert bound.payload() == b"quay\n"


def test_a_revisit_of_a_chunked_answer_has_the_payload_of_another_framing(tmp_path: Path) -> None:
    head = CHUNKED.partition(b"\r\n\r\n")[0] + b"\r\n\r\n"
    given = {"WARC_Record_ID": f"<{TWO}>", "WARC_Target_URI": URL, "WARC_Refers_To": f"<{ONE}>"}
    original, revisit = captures(tmp_path, response(), raw_record("revisit", head, **given))
    message = replace(revisit, referent=original).message()
    assert (message.raw, message.framed) == (head + b"quay\n", False)
    assert message.entity() == b"quay\n"
    with pytest.raises(DamagedRecord, match=ONE):
        revisit.payload()


def test_a_digest_over_the_framing_is_replaced_by_that_of_the_entity(tmp_path: Path) -> None:
    framed = digest.sha256(CHUNKED.partition(b"\r\n\r\n")[2])
    (found,) = captures(tmp_path, response(block=CHUNKED, WARC_Payload_Digest=framed))
    assert found.payload_digest == digest.sha256(b"quay\n")


def test_missing_and_double_ids_are_made_from_file_and_offset(tmp_path: Path) -> None:
    bare = raw_record("response", RESPONSE, WARC_Target_URI=URL)
    records = (response(), response(), bare)
    found = captures(tmp_path, *records)
    assert found[0].id == ONE
    assert len({one.id for one in found}) == 3
    assert all(one.id.startswith("urn:uuid:") for one in found)
    assert [one.block() for one in found] == [RESPONSE] * 3
    assert [one.id for one in captures(tmp_path, *records, name="again.warc.gz")] == [one.id for one in found]


def test_what_is_no_exchange_gives_no_event(tmp_path: Path) -> None:
    records = (
        raw_record("warcinfo", b""),
        raw_record("response", b"20230206\ncourier.example 192.0.2.1", WARC_Target_URI="dns:courier.example"),
        raw_record("resource", b"<p>", WARC_Target_URI=URL, Content_Type="text/html"),
        raw_record("conversion", b"text", WARC_Target_URI=URL),
        raw_record("metadata", b"\xff\xfe", WARC_Target_URI=URL, Content_Type="application/json"),
        request(),
    )
    assert captures(tmp_path, *records) == []


def test_warcios_own_files_are_read(tmp_path: Path) -> None:
    out = io.BytesIO()
    to = WARCWriter(out, gzip=True, warc_version="WARC/1.1")
    info = to.create_warcinfo_record("x.warc.gz", {"software": "warcio"})
    answer = to.create_warc_record(URL, "response", payload=io.BytesIO(RESPONSE))
    asked = to.create_warc_record(URL, "request", payload=io.BytesIO(REQUEST))
    to.write_record(info)
    to.write_request_response_pair(asked, answer)
    (tmp_path / "x.warc.gz").write_bytes(out.getvalue())
    (found,) = read_events(tmp_path, "x.warc.gz")
    assert isinstance(found, Capture)
    assert found.message().status == 200
    assert found.payload() == b"quay\n"


@pytest.mark.parametrize(
    ("raw", "reason"),
    [
        (b"\0" * 100, "zeros"),
        (b"<html>", "no WARC record"),
        (b"WARC/1.0\r\nWARC-Type: response", "head has no end"),
        (b"WARC/1.0\r\nWARC-Type: response\r\n\r\n", "Content-Length"),
        (b"WARC/1.0\r\nContent-Length: -5\r\n\r\n", "Content-Length"),
        (b"WARC/1.0\r\nContent-Length: 9\r\n\r\nshort", "shorter"),
        (b"WARC/9.0\r\nContent-Length: 0\r\n\r\n\r\n\r\n", "no WARC record"),
        (b"WAR", "head has no end"),
        (b"".join(compress(b"WARC/1.0\r\nContent-Length: 9\r\n\r\nshort")), "shorter"),
        (b"".join(compress(b"")), "head has no end"),
        (b"".join(compress(b"not a record\r\n\r\n")), "no WARC record"),
        (gzip.compress(response() + response(TWO)), "several records"),
    ],
)
def test_what_is_no_record_is_said_to_be_none(tmp_path: Path, raw: bytes, reason: str) -> None:
    (tmp_path / "x.warc.gz").write_bytes(raw)
    with pytest.raises(Tear, match=reason) as caught:
        list(read_events(tmp_path, "x.warc.gz"))
    assert caught.value.offset == 0


def test_a_record_without_a_date_is_damage(tmp_path: Path) -> None:
    with pytest.raises(DamagedRecord, match="date"):
        captures(tmp_path, response(WARC_Date="yesterday"))


def test_a_block_beyond_the_limit_is_walked_over(tmp_path: Path) -> None:
    file = lay(tmp_path, response(block=RESPONSE + bytes(5000)), response(TWO))
    first, second = read_records(tmp_path / file, limit=100)
    assert (len(first.block), first.whole, first.declared) == (100, False, len(RESPONSE) + 5000)
    assert second.block == RESPONSE


def test_an_empty_file_has_no_events(tmp_path: Path) -> None:
    (tmp_path / "x.warc.gz").touch()
    assert list(read_events(tmp_path, "x.warc.gz")) == []
