"""Hostile records and odd surroundings: what cannot be entered is told, and never stands in the way of the rest."""

from __future__ import annotations

import os
import resource
import signal
import time
import zlib
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest
from exchanges import attempt, exchange

from archive.catalogue import database
from archive.clock import from_datetime
from archive.crew import clean_pending
from archive.errors import ArchiveBusy, ConfigurationError, StorageFull
from archive.exchange import Role
from archive.store import Archive
from archive.warc.member import compress


def member(kind: str, block: bytes, *lines: str, date: str = "2026-11-25T00:00:00Z") -> bytes:
    head = [f"WARC-Type: {kind}", f"WARC-Date: {date}", "WARC-Target-URI: https://a.example/", *lines]
    head.append(f"Content-Length: {len(block)}")
    return b"".join(compress("\r\n".join(["WARC/1.1", *head, "", ""]).encode() + block + b"\r\n\r\n"))


def answer(name: str, **more: str) -> bytes:
    return member("response", b"HTTP/1.1 404 No\r\n\r\n", f"WARC-Record-ID: <urn:x:{name}>", **more)


def test_texts_that_no_utf_8_holds_do_not_stop_a_crawl(archive: Archive) -> None:
    odd = "https://courier.example/\ud800"
    one = exchange(role=Role.FEED)
    with archive.writer("crawl", {"\udfff": b"{}"}) as writer:
        first = writer.add(replace(one, url=odd, origin=replace(one.origin, announced="\udfff", via=odd)))
        failed = writer.add_attempt(replace(attempt(), url=odd, detail="\ud800"))
    assert list(archive.captures()) == [first]
    assert list(archive.attempts()) == [failed]
    assert first.url == "https://courier.example/\ufffd"
    assert archive.verify().findings == ()


@pytest.mark.parametrize(
    "fields",
    [
        "presskeep-attempt: dns\r\npresskeep-duration: 99999999999999999999999",
        "presskeep-attempt: dns\r\npresskeep-retry: -1",
        "presskeep-attempt: aliens",
        'presskeep-attempt: dns\r\nvia: "\\ud800"\r\npresskeep-role: king',
    ],
)
def test_fields_that_no_catalogue_holds_do_not_hide_the_rest(archive: Archive, fields: str) -> None:
    block = f"presskeep-schema: 1\r\n{fields}\r\n".encode()
    wrong = member("metadata", block, "WARC-Record-ID: <urn:x:1>", "Content-Type: application/warc-fields")
    (archive.warc_path / "odd.warc.gz").write_bytes(wrong + answer("2"))
    assert [gap.length for gap in archive.adopt().damaged] == [len(wrong)]
    assert [one.id for one in archive.captures()] == ["urn:x:2"]
    assert archive.verify().damaged


@pytest.mark.parametrize("date", ["0001-01-01T00:00:00Z", "0999-12-31T23:59:59Z", "9999-12-31T23:59:59Z"])
def test_dates_at_which_nothing_was_fetched_are_passed_over(archive: Archive, date: str) -> None:
    (archive.warc_path / "odd.warc.gz").write_bytes(answer("1", date=date) + answer("2"))
    archive.rebuild()
    assert [one.id for one in archive.captures()] == ["urn:x:2"]
    assert archive.verify().damaged


@pytest.mark.parametrize("year", [1000, 1969, 2300])
def test_what_was_fetched_by_a_clock_set_wrong_is_kept(archive: Archive, year: int) -> None:
    at = from_datetime(datetime(year, 3, 7, tzinfo=UTC))
    with archive.writer("crawl") as writer:
        writer.add(replace(exchange("a", 0), at=at))
    clean_pending(archive)
    archive.compact()
    assert not archive.verify(deep=True).findings
    archive.catalog.close()
    database.remove(archive.catalog.path)
    assert archive.rebuild().texts.cleaned == 1
    assert [one.at for one in archive.captures()] == [at]
    assert [entry.capture.at for entry in archive.entries()] == [at]
    assert not archive.verify(deep=True).findings


def test_what_a_rebuild_could_not_clean_is_counted_once_for_each_page(archive: Archive) -> None:
    lines = ("WARC-Record-ID: <urn:x:1>", "WARC-Refers-To: <urn:x:9>")
    astray = member("revisit", b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n", *lines)
    (archive.warc_path / "odd.warc.gz").write_bytes(astray + answer("2"))
    assert archive.rebuild().texts.failed == 1, "however often it was tried"


def test_a_length_that_is_a_lie_costs_the_record_alone(archive: Archive) -> None:
    lie = b"".join(compress(b"WARC/1.1\r\nWARC-Type: response\r\nContent-Length: 999999999999999\r\n\r\nHTTP"))
    (archive.warc_path / "odd.warc.gz").write_bytes(answer("1") + lie + answer("2"))
    assert [one.reason for one in archive.adopt().damaged] == ["a record shorter than its Content-Length"]
    assert [one.id for one in archive.captures()] == ["urn:x:1", "urn:x:2"]


def test_a_bomb_is_walked_over(archive: Archive) -> None:
    size = 300_000_000
    head = f"WARC/1.1\r\nWARC-Type: response\r\nWARC-Date: 2026-11-25T00:00:00Z\r\nContent-Length: {size}\r\n\r\n"
    bomb = zlib.compressobj(1, zlib.DEFLATED, 31)
    with (archive.warc_path / "odd.warc.gz").open("wb") as out:
        out.write(bomb.compress(head.encode()))
        for _ in range(size // 1_000_000):
            out.write(bomb.compress(bytes(1_000_000)))
        out.write(bomb.compress(b"\r\n\r\n") + bomb.flush() + answer("2"))
    assert archive.adopt().damaged == ()
    assert [one.id for one in archive.captures()] == ["urn:x:2"]
    assert [one.rule for one in archive.verify().findings if one.offset == 0] == ["warcinfo", "record-id", "size"]


def test_a_directory_in_the_catalogue_s_place_is_named(archive: Archive) -> None:
    archive.close()
    archive.catalog.path.unlink()
    archive.catalog.path.mkdir()
    for act in (archive.count, archive.verify, archive.rebuild, lambda: archive.writer("crawl")):
        with pytest.raises(ConfigurationError, match="move this directory away"):
            act()


def test_a_path_with_characters_that_mean_something_elsewhere(tmp_path: Path) -> None:
    with Archive.create(tmp_path / "Ä b%20?c#d'\"") as archive:
        with archive.writer("crawl") as writer:
            writer.add(exchange(role=Role.FEED))
        archive.rebuild()
        assert archive.count() == (1, 0)
        assert archive.verify().findings == ()


def test_a_clock_that_jumps_backwards_overwrites_nothing(archive: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    real = time.time_ns
    for jump in (0, 86_400 * 40, 86_400 * 40, 0):
        monkeypatch.setattr(time, "time_ns", lambda jump=jump: real() - jump * 10**9)
        with archive.writer("crawl") as writer:
            writer.add(exchange(role=Role.FEED))
    assert archive.count() == (4, 0)
    assert len(archive.runs()) == 4
    assert archive.verify().findings == ()


def test_a_rebuild_on_a_full_disk_leaves_the_old_catalogue(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        captures = [writer.add(exchange(f"page-{number}", number, role=Role.FEED)) for number in range(100)]
    archive.close()
    child = os.fork()
    if child == 0:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (100_000, 100_000))
        with Archive.open(archive.path) as opened:
            try:
                opened.rebuild()
            except StorageFull:
                os._exit(5)
        os._exit(0)
    assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 5
    assert list(archive.captures()) == captures
    assert archive.verify().findings == ()


def test_of_several_rebuilds_at_once_one_goes_on(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        writer.add(exchange(role=Role.FEED))
    held: list[type[Exception]] = []

    def another(done: int, total: int, what: str) -> None:
        with Archive.open(archive.path) as other:
            for act in (other.rebuild, lambda: other.writer("crawl")):
                try:
                    act()
                except ArchiveBusy as error:
                    held.append(type(error))

    archive.rebuild(another)
    assert set(held) == {ArchiveBusy}
    assert len(held) >= 2
    assert archive.verify().findings == ()
