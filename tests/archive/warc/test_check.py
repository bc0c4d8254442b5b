"""Findings: damage, what recovery repairs, conventions; and none where every byte is accounted for."""

from __future__ import annotations

import base64
import hashlib
from pathlib import Path
from typing import Any

import pytest

from archive.exchange import Attempt, NoAnswer
from archive.warc.finding import Finding, Severity
from archive.warc.member import compress
from archive.warc.reader import read_records

from .samples import AT, CHUNKED, REQUEST, RESPONSE, RUN, URL, exchange, findings_of, writer
from .test_reader import ONE, lay, raw_record, request, response

DAMAGED, REPAIRABLE, CONVENTION = Severity.DAMAGED, Severity.REPAIRABLE, Severity.CONVENTION


@pytest.fixture
def own(tmp_path: Path) -> Path:
    """A closed file of three groups."""
    with writer(tmp_path) as to:
        to.add_site("courier", RUN, AT, b"{}")
        to.add(exchange(CHUNKED))
        to.add_attempt(Attempt(URL, AT, NoAnswer.DNS, request=REQUEST))
    (closed,) = to.take_closed()
    return tmp_path / closed.file


def rules(path: Path) -> list[tuple[str, Severity]]:
    return [(one.rule, one.severity) for one in findings_of(path)]


def test_a_file_of_ours_is_without_findings_open_or_closed(own: Path) -> None:
    assert list(findings_of(own)) == []
    being_written = own.rename(own.with_name(f"{own.name}.open"))
    assert list(findings_of(being_written)) == []


def test_damage_within_is_told_with_its_extent_and_the_rest_is_checked_too(own: Path) -> None:
    records = list(read_records(own))
    raw = bytearray(own.read_bytes())
    raw[records[3].offset + 50] ^= 0xFF  # the response
    raw[records[-1].offset + 50] ^= 0xFF  # the last record
    own.write_bytes(raw)
    first, second = findings_of(own, f"2026/11/{own.name}")
    assert (first.file, first.offset, first.rule, first.severity) == (
        f"2026/11/{own.name}",
        records[3].offset,
        "readable",
        DAMAGED,
    )
    assert f"the next whole record is at {records[4].offset}" in first.message
    assert (second.offset, second.rule) == (records[-1].offset, "readable")
    assert f"nothing of the {records[-1].length} bytes" in second.message


@pytest.mark.parametrize("cut", [1, 100])
def test_a_torn_end_can_be_repaired_while_the_file_is_open_and_is_damage_afterwards(own: Path, cut: int) -> None:
    own.write_bytes(own.read_bytes()[:-cut])
    assert rules(own) == [("readable", DAMAGED)]
    being_written = own.rename(own.with_name(f"{own.name}.open"))
    assert rules(being_written) == [("tail", REPAIRABLE)]


def test_a_group_without_its_end_is_told(own: Path) -> None:
    records = list(read_records(own))
    own.write_bytes(own.read_bytes()[: records[5].offset])  # response and request, without metadata
    (finding,) = findings_of(own)
    assert (finding.offset, finding.rule, finding.severity) == (records[3].offset, "group", DAMAGED)
    being_written = own.rename(own.with_name(f"{own.name}.open"))
    assert rules(being_written) == [("tail", REPAIRABLE)]


def test_a_group_without_its_end_is_told_in_the_middle_too(tmp_path: Path) -> None:
    with writer(tmp_path) as to:
        to.add(exchange())
        to.add(exchange())
    (closed,) = to.take_closed()
    path = tmp_path / closed.file
    records, raw = list(read_records(path)), path.read_bytes()
    path.write_bytes(raw[: records[3].offset] + raw[records[4].offset :])
    (finding,) = findings_of(path)
    assert (finding.offset, finding.rule, finding.severity) == (records[1].offset, "group", DAMAGED)


def test_a_block_too_large_to_check_is_told(tmp_path: Path) -> None:
    info = raw_record("warcinfo", b"software: Spider\r\n", WARC_Record_ID="<urn:x:info>")
    file = lay(tmp_path, info, response(block=RESPONSE + bytes(200)), name="foreign.warc.gz")
    (finding,) = findings_of(tmp_path / file, limit=100)
    assert (finding.rule, finding.severity) == ("size", CONVENTION)


def test_a_record_replaced_by_another_shows_in_its_digest(own: Path) -> None:
    records = list(read_records(own))
    raw = own.read_bytes()
    old = records[3]
    head = b"".join(f"{name}: {value}\r\n".encode() for name, value in old.fields.pairs)
    forged = b"".join(compress(b"WARC/1.1\r\n" + head + b"\r\n" + old.block.replace(b"y\n", b"Y\n") + b"\r\n\r\n"))
    own.write_bytes(raw[: old.offset] + forged + raw[old.offset + old.length :])
    assert rules(own) == [("block-digest", DAMAGED), ("payload-digest", DAMAGED)]


def sha1(content: bytes) -> str:
    return f"sha1:{base64.b32encode(hashlib.sha1(content).digest()).decode()}"


def foreign(tmp_path: Path, *records: bytes, name: str = "foreign.warc.gz") -> list[Finding]:
    info = raw_record("warcinfo", b"software: Spider\r\n", WARC_Record_ID="<urn:x:info>")
    return list(findings_of(tmp_path / lay(tmp_path, info, *records, name=name)))


@pytest.mark.parametrize("name", ["foreign.warc.gz", "foreign.warc"])
def test_another_writers_good_file_is_without_findings(tmp_path: Path, name: str) -> None:
    stated: dict[str, Any] = {"WARC_Block_Digest": sha1(RESPONSE), "WARC_Payload_Digest": sha1(b"quay\n")}
    asked: dict[str, Any] = {"WARC_Block_Digest": sha1(REQUEST), "WARC_Payload_Digest": sha1(b"")}
    assert foreign(tmp_path, response(**stated), request(**asked), name=name) == []


def test_digests_over_the_chunk_framing_are_a_convention(tmp_path: Path) -> None:
    framed = sha1(CHUNKED.partition(b"\r\n\r\n")[2])
    (finding,) = foreign(tmp_path, response(block=CHUNKED, WARC_Payload_Digest=framed))
    assert (finding.rule, finding.severity) == ("framed-digest", CONVENTION)
    assert foreign(tmp_path, response(block=CHUNKED, WARC_Payload_Digest=sha1(b"quay\n"))) == []


@pytest.mark.parametrize(
    ("record", "expected"),
    [
        (response(WARC_Payload_Digest=sha1(b"other")), ("payload-digest", DAMAGED)),
        (response(WARC_Block_Digest=sha1(b"other")), ("block-digest", DAMAGED)),
        (response(WARC_Block_Digest="crc32:00000000"), ("unknown-digest", CONVENTION)),
        (response(WARC_Payload_Digest="unknown"), ("unknown-digest", CONVENTION)),
        (response(WARC_Date="soon"), ("date", DAMAGED)),
        (response().removesuffix(b"\r\n"), ("trailer", CONVENTION)),
        (raw_record("response", RESPONSE, WARC_Target_URI=URL), ("record-id", CONVENTION)),
        (response("urn:x:info"), ("record-id", CONVENTION)),
        (b"not a record", ("readable", DAMAGED)),
    ],
)
def test_each_rule_has_its_finding(tmp_path: Path, record: bytes, expected: tuple[str, Severity]) -> None:
    assert [(one.rule, one.severity) for one in foreign(tmp_path, record)] == [expected]


def test_a_file_without_warcinfo_or_under_another_name_is_a_convention(tmp_path: Path) -> None:
    file = lay(tmp_path, response())
    assert rules(tmp_path / file) == [("warcinfo", CONVENTION)]
    renamed = lay(tmp_path, raw_record("warcinfo", b"", WARC_Record_ID=f"<{ONE}>", WARC_Filename="old.warc.gz"))
    assert rules(tmp_path / renamed) == [("warcinfo", CONVENTION)]


def test_garbage_alone_and_nothing_at_all(tmp_path: Path) -> None:
    (tmp_path / "x.warc.gz").write_bytes(b"\x1f\x8b\x08" * 1000)
    assert rules(tmp_path / "x.warc.gz") == [("readable", DAMAGED)]
    (tmp_path / "x.warc.gz").write_bytes(b"")
    assert rules(tmp_path / "x.warc.gz") == []
