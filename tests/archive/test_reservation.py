"""Reservations: recorded with the capture, read back from own and foreign files, a column, and withheld where asked."""

from __future__ import annotations

import gzip
import io
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import exchange
from rich.console import Console

from archive.configuration import read_configuration
from archive.crew import clean_pending
from archive.dataset.rows import reservations
from archive.entering.importing import import_files
from archive.entering.sources import sources
from archive.errors import ConfigurationError
from archive.exchange import Role
from archive.reservation import Reserved, reservations_of, reserved
from archive.store import Archive
from archive.verbs.typeset import provenance
from crawler.reserving import noticed


@pytest.mark.parametrize(
    ("said", "what"),
    [
        ("X-Robots-Tag: noarchive", {Reserved.NOARCHIVE}),
        ("meta robots: nocache", {Reserved.NOARCHIVE}),
        ("meta robots: none", set()),
        ("X-Robots-Tag: otherbot: noarchive", set()),
        ("tdmrep.json /news/: 1", {Reserved.TDM}),
        ("tdmrep.json /news/: 0", set()),
        ("meta robots: noindex", set()),
        ("meta robots: noai", {Reserved.TDM}),
        ("tdm-reservation: 1", {Reserved.TDM}),
        ("tdm-reservation: 0", set()),
        ("meta tdm-reservation: 1", {Reserved.TDM}),
        ("tdm-policy: https://a.example/policy.json", set()),
        ("content-usage: train-ai=n", {Reserved.TDM}),
        ("content-usage: search=y, train-ai = n", {Reserved.TDM}),
        ("content-usage: train-ai=y", set()),
    ],
)
def test_what_is_reserved(said: str, what: set[Reserved]) -> None:
    assert reserved([said]) == what


def test_what_is_said_to_one_crawler_names_it() -> None:
    fields = [("X-Robots-Tag", "OtherBot: noarchive, noindex"), ("x-robots-tag", "unavailable_after: 2030-01-01, noai")]
    assert reservations_of(fields, "") == (
        *("X-Robots-Tag: otherbot: noarchive", "X-Robots-Tag: otherbot: noindex"),
        "X-Robots-Tag: noai",
    )


def test_a_permission_is_told_too_and_by_whom() -> None:
    page = '<meta name="tdm-reservation" content="0"><meta name=tdm-policy content=/p.json>'
    page += "<meta name=tdm-reservation content=2>"
    fields = [("TDM-Reservation", " 1 "), ("tdm-reservation", "yes"), ("Content-Signal", "ai-train=no")]
    assert reservations_of(fields, page) == (
        *("tdm-reservation: 1", "content-signal: ai-train=no"),
        *("meta tdm-reservation: 0", "meta tdm-policy: /p.json"),
    )


SAID = ("X-Robots-Tag: noarchive", "tdm-reservation: 1")


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with Archive.create(tmp_path / "NEWS", name="NEWS") as made:
        yield made


def test_they_come_back_from_the_catalogue_and_from_the_files(archive: Archive) -> None:
    with archive.writer("test") as writer:
        writer.add(replace(exchange("crane"), reservations=SAID))
        writer.add(exchange("plain", 1))
    before = {one.url.rpartition("/")[2]: one.reservations for one in archive.captures()}
    assert before == {"crane": SAID, "plain": ()}
    archive.rebuild()
    assert {one.url.rpartition("/")[2]: one.reservations for one in archive.captures()} == before


def test_another_writers_head_tells_too(archive: Archive, tmp_path: Path) -> None:
    head = b"HTTP/1.1 200 OK\r\nX-Robots-Tag: noarchive\r\nTDM-Reservation: 1\r\n\r\npage"
    record = (
        b"WARC/1.1\r\nWARC-Type: response\r\nWARC-Record-ID: <urn:uuid:9d3b7c5f-2c52-4a35-8d3b-6f0f1f7a3c1e>\r\n"
        b"WARC-Date: 2026-11-24T10:00:00Z\r\nWARC-Target-URI: https://courier.example/old\r\n"
        b"Content-Type: application/http; msgtype=response\r\nContent-Length: %d\r\n\r\n" % len(head)
    )
    given = tmp_path / "old.warc"
    given.write_bytes(record + head + b"\r\n\r\n")
    list(import_files(archive, sources([str(given)], archive.path)))
    assert [one.reservations for one in archive.captures()] == [SAID]


def test_a_304_reserves_what_the_page_said_that_it_confirms(archive: Archive) -> None:
    with archive.writer("test") as writer:
        page = writer.add(replace(exchange("crane"), reservations=("meta robots: noarchive",)))
    confirmed = replace(page, status=304, kind="revisit", referent=page, reservations=("tdm-reservation: 1",))
    assert reservations(confirmed) == ("tdm-reservation: 1", "meta robots: noarchive")


def test_metas_are_read_whatever_the_coding_and_never_from_a_feed() -> None:
    body = gzip.compress(b"<meta name=robots content=noarchive>" + b"x" * 9_000)
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\ntdm-reservation: 1\r\n\r\n"
    fetched = replace(exchange("crane"), response=head + body)
    assert noticed(fetched).exchange.reservations == ("tdm-reservation: 1", "meta robots: noarchive")
    feed = replace(fetched, origin=replace(fetched.origin, role=Role.FEED))
    assert noticed(feed).exchange.reservations == ("tdm-reservation: 1",)


def test_bombs_garbage_and_bodies_without_a_head_tell_what_they_can() -> None:
    head = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\nContent-Encoding: gzip\r\ntdm-reservation: 1\r\n\r\n"
    for body in (gzip.compress(bytes(2**25)), b"\x1f\x8bno gzip", b""):
        told = noticed(replace(exchange("crane"), response=head + body)).exchange
        assert told.reservations == ("tdm-reservation: 1",)
    garbage = replace(exchange("crane"), response=b"\x00\xff")
    assert noticed(garbage).exchange is garbage


def test_what_is_withheld_is_set_in_archive_toml(tmp_path: Path) -> None:
    Archive.create(tmp_path / "NEWS", name="NEWS").close()
    path = tmp_path / "NEWS" / "archive.toml"
    assert read_configuration(path).reservations.withheld == frozenset()
    plain = path.read_text("utf-8")
    path.write_text(f'{plain}[reservations]\ntdm = "withhold"\n', "utf-8")
    assert read_configuration(path).reservations.withheld == {Reserved.TDM}
    path.write_text(f'{plain}[reservations]\ntdm = "drop"\n', "utf-8")
    with pytest.raises(ConfigurationError, match=rf"line {plain.count(chr(10)) + 2}: .*withhold"):
        read_configuration(path)


@pytest.mark.slow
def test_show_tells_them(archive: Archive) -> None:
    with archive.writer("test") as writer:
        writer.add(replace(exchange("crane"), reservations=SAID))
    clean_pending(archive, workers=1)
    [entry] = archive.entries()
    console = Console(width=100, record=True, file=io.StringIO())
    console.print(provenance(entry, [], [], 100))
    assert "reserved  X-Robots-Tag: noarchive; tdm-reservation: 1" in console.export_text()
