"""Good files of every writer: no error, no warning, and exactly the notes of their dialects."""

from __future__ import annotations

import gzip
import io
from pathlib import Path

import pytest
from warc.samples import AT, CHUNKED, RESPONSE, RUN, URL, exchange, writer
from warcio.statusandheaders import StatusAndHeaders
from warcio.warcwriter import WARCWriter

from archive.event import RunStarted
from archive.exchange import Attempt, NoAnswer
from archive.lint.finding import Severity
from archive.lint.linter import lint

from .dialects import GOOD, Good, heritrix, heritrix_revisits
from .making import BODY, members, request, resource, response, revisit, uid, warcinfo


def ids(*paths: Path) -> set[str]:
    found = lint(paths)
    return {one.rule.id for file in found.files for one in file.findings}


@pytest.mark.parametrize("given", GOOD, ids=lambda given: given.name)
def test_dialects_are_notes(given: Good, tmp_path: Path) -> None:
    path = tmp_path / given.file
    path.write_bytes(given.make())
    found = lint([path])
    assert {one.rule.id for one in found.files[0].findings} == given.notes
    assert found.clean
    assert found.count(Severity.WARNING) == 0
    assert found.files[0].records > 1


def test_our_own_files_have_no_findings(tmp_path: Path) -> None:
    with writer(tmp_path) as made:
        made.add_run_started(RunStarted(RUN, AT, "crawl", ("courier",), "presskeep/test"))
        for url in (URL, "https://courier.example/a b", "https://courier.example/brücke"):
            made.add(exchange(url=url))
        for answer in (RESPONSE, CHUNKED):
            first = made.add(exchange(answer, url=f"{URL}?first"))
            made.add(exchange(answer), lambda *_, first=first: first)
        made.add_attempt(Attempt("https://gone.example/", AT, NoAnswer.DNS))
        made.add_site("courier", RUN, AT, b'{"name":"courier"}')
        made.add_act("takedown", RUN, AT, [("reason", "asked for")])
    [path] = tmp_path.rglob("*.warc.gz")
    assert b"revisit" in gzip.decompress(path.read_bytes())
    assert ids(path) == set()


@pytest.mark.parametrize("version", ["1.0", "1.1"])
def test_files_of_warcio(version: str, tmp_path: Path) -> None:
    path = tmp_path / "case.warc.gz"
    with path.open("wb") as stream:
        made = WARCWriter(stream, gzip=True, warc_version=version)
        made.write_record(made.create_warcinfo_record("case.warc.gz", {"software": "warcio"}))
        head = StatusAndHeaders("200 OK", [("Content-Length", str(len(BODY)))], protocol="HTTP/1.1")
        answer = made.create_warc_record(URL, "response", payload=io.BytesIO(BODY), http_headers=head)
        asked = StatusAndHeaders("GET / HTTP/1.1", [("Host", "courier.example")], is_http_request=True)
        question = made.create_warc_record(URL, "request", http_headers=asked)
        made.write_request_response_pair(question, answer)
        date, digest = (answer.rec_headers.get_header(one) for one in ("WARC-Date", "WARC-Payload-Digest"))
        made.write_record(made.create_revisit_record(URL, digest, URL, date, http_headers=head))
        content = io.BytesIO(b"a: b\r\n")
        made.write_record(
            made.create_warc_record("urn:x:y", "metadata", payload=content, warc_content_type="application/warc-fields")
        )
    assert ids(path) <= {"revisit-not-truncated", "payload-digest-no-payload", "concurrent-date", "profile-version"}


def test_references_hold_across_the_files_given(tmp_path: Path) -> None:
    first, second = tmp_path / "first.warc.gz", tmp_path / "second.warc.gz"
    first.write_bytes(members(warcinfo(), response(), request()))
    second.write_bytes(members(warcinfo(number=21), revisit({"WARC-Warcinfo-ID": uid(1)})))
    assert ids(first, second) == set()
    assert ids(second, first) == set()
    assert ids(second) == {"refers-to-elsewhere", "warcinfo-id-elsewhere"}


def test_an_id_of_another_file_is_told_with_its_place(tmp_path: Path) -> None:
    first, second = tmp_path / "first.warc.gz", tmp_path / "second.warc.gz"
    first.write_bytes(members(warcinfo(), response()))
    second.write_bytes(members(warcinfo(number=21), resource({"WARC-Record-ID": uid(2)})))
    [finding] = lint([first, second]).files[1].findings
    assert finding.rule.id == "record-id-duplicate"
    assert f"{first} at {len(members(warcinfo()))}" in finding.message
    assert finding.record == uid(2)


def test_an_id_of_many_records_is_told_once_for_each_file_with_their_number(tmp_path: Path) -> None:
    first, second = tmp_path / "first.warc.gz", tmp_path / "second.warc.gz"
    same = [resource({"WARC-Record-ID": uid(2)}) for _ in range(300)]
    first.write_bytes(members(warcinfo(), *same))
    second.write_bytes(members(warcinfo(number=21), *same, resource({"WARC-Record-ID": uid(1)}, number=5)))
    one, other = lint([first, second], {"record-id-duplicate"}).files
    [finding] = one.findings
    assert finding.offset == len(members(warcinfo(), same[0]))
    assert finding.message.endswith("; 298 more in this file have it")
    assert [found.message.partition("; ")[2] for found in other.findings] == ["299 more in this file have it", ""]
    assert not one.left_out
    assert not other.left_out


def test_only_the_chosen_rules_count(tmp_path: Path) -> None:
    path = tmp_path / "case.warc.gz"
    path.write_bytes(heritrix() + heritrix_revisits())
    assert {one.rule.id for one in lint([path], {"dns-response"}).files[0].findings} == {"dns-response"}


def test_many_findings_of_a_rule_are_counted_not_kept(tmp_path: Path) -> None:
    path = tmp_path / "case.warc.gz"
    path.write_bytes(members(warcinfo(), *(resource({"WARC-Date": "then"}, number=n) for n in range(10, 260))))
    file = lint([path]).files[0]
    assert len(file.findings) == 100
    assert file.left_out == {"date-format": 150}
    assert file.count(Severity.ERROR) == 250


def test_the_offset_is_that_of_the_record(tmp_path: Path) -> None:
    wrong = resource({"WARC-Date": "then"})
    for name, data, at in (
        ("case.warc", warcinfo() + response() + wrong, len(warcinfo() + response())),
        ("case.warc.gz", members(warcinfo(), response(), wrong), len(members(warcinfo(), response()))),
    ):
        (tmp_path / name).write_bytes(data)
        [finding] = lint([tmp_path / name]).files[0].findings
        assert (finding.offset, finding.uri) == (at, "urn:example:settings")
