"""Pages that a browser drew: stored as conversions, cleaned and proved like captures, and gone with their address."""

from __future__ import annotations

import gzip
import shutil
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from bringing_in import imported
from contents import created, files_with, place
from exchanges import OTHER, exchange, page
from withdrawn import is_sound, purged

from archive.article import Article
from archive.capture import Capture
from archive.catalogue.exchanged import traffic
from archive.crew import clean_pending
from archive.dataset.rows import PRESSKEEP
from archive.exchange import Drawn, Exchange, Role
from archive.lint.linter import lint
from archive.prove import prove
from archive.removal.drawn import drawn_from
from archive.repairing.repair import repair
from archive.sharing.cdxj import is_listed
from archive.store import Archive
from archive.traffic import Traffic
from archive.verbs.removing import takedown
from archive.warc.reader import read_events

SHELL = b"<html><body><div id=app></div><script src=/app.js></script></body></html>"
URL = "https://courier.example/crane"


def shell(minute: int = 0) -> Exchange:
    """A page that is nothing without its scripts."""
    return exchange("crane", minute, body=SHELL, role=Role.REQUISITE)


def drawn(*made_from: Capture, sentence: str = OTHER, site: str | None = "courier") -> Drawn:
    """The same page with its text in it."""
    of_page = made_from[0]
    return Drawn(
        of_page.url,
        of_page.at + 4_000_000,
        b"<!DOCTYPE html>" + page("The crane moves", sentence),
        "HeadlessChrome/150.0.1.2",
        tuple(one.id for one in made_from),
        without=("image 3",),
        cut="100 requests",
        duration=4_000_000,
        reservations=("meta robots: noarchive",),
        origin=replace(exchange().origin, site=site),
    )


@pytest.fixture
def archive(tmp_path: Path) -> Iterator[Archive]:
    with created(tmp_path / "NEWS") as made:
        with made.writer("crawl", {"courier": b"{}"}) as writer:
            of_page = writer.add(shell())
            asked = exchange("app.js", body=b"draw()", role=Role.REQUISITE)
            script = writer.add(replace(asked, origin=replace(asked.origin, via=URL)))
            writer.add(exchange("other.css", body=b"p", role=Role.REQUISITE))  # for another page
            writer.add_drawn(drawn(of_page, script))
        clean_pending(made)
        yield made


def the_drawn(archive: Archive) -> Capture:
    (found,) = archive.captures(role=Role.ARTICLE)
    return found


def test_what_was_written_is_read_back(archive: Archive) -> None:
    with archive.writer("crawl") as writer:
        first = writer.add(shell(5))
        given = writer.add_drawn(drawn(first))
    assert [one for one in read_events(archive.warc_path, place(given).file) if isinstance(one, Capture)][-1] == given
    assert archive.capture(given.id) == given
    assert given.kind == "conversion"
    assert given.refers_to == first.id
    assert given.payload() == b"<!DOCTYPE html>" + page("The crane moves", OTHER)


def test_the_records_name_the_browser_and_the_answers(archive: Archive) -> None:
    (file,) = archive.warc_path.rglob("*.warc.gz")
    content = b"".join(content for _, content in files_content(archive))
    captures = {one.url: one.id for one in archive.captures(role=Role.REQUISITE)}
    assert b"WARC-Type: conversion\r\n" in content
    assert f"WARC-Refers-To: <{captures[URL]}>\r\n".encode() in content
    assert b"presskeep-drawn-by: HeadlessChrome/150.0.1.2\r\n" in content
    for one in (captures[URL], captures["https://courier.example/app.js"]):
        assert f"presskeep-drawn-from: {one}\r\n".encode() in content
    assert b"presskeep-drawn-without: image 3\r\n" in content
    assert b"presskeep-drawn-cut: 100 requests\r\n" in content
    assert b"presskeep-reservation: meta robots: noarchive\r\n" in content
    assert not [one for found in lint([file]).files for one in found.findings]


def files_content(archive: Archive) -> Iterator[tuple[str, bytes]]:
    """The WARC files, unpacked."""
    for path in archive.warc_path.rglob("*.warc.gz"):
        yield path.name, gzip.decompress(path.read_bytes())


def test_the_text_is_that_of_the_drawn_page_alone_and_says_so(archive: Archive) -> None:
    (entry,) = archive.entries()
    assert isinstance(entry.text, Article)
    assert OTHER.strip() in entry.text.text
    (made_from,) = entry.text.provenance.captures
    assert (made_from.role, made_from.id) == ("drawn", the_drawn(archive).id)
    proof = prove(entry.text, [the_drawn(archive)])
    assert proof.holds
    assert proof.claims
    assert PRESSKEEP.row(entry)["drawn_from"] == the_drawn(archive).refers_to


def test_a_rebuild_makes_the_same_and_verify_finds_nothing(archive: Archive) -> None:
    is_sound(archive)


def test_a_drawn_page_is_no_answer(archive: Archive) -> None:
    (run,) = archive.runs()
    counted = traffic(archive.catalog, run.id)
    assert counted.answers == {"2xx": 3}
    assert counted.articles == 1
    assert counted == Traffic.of(archive.captures(run=run.id))
    assert [is_listed(one) for one in archive.captures()] == [True, True, True, False]


def test_a_takedown_names_what_it_was_drawn_from(archive: Archive, capsys: pytest.CaptureFixture[str]) -> None:
    assert drawn_from(archive, URL) == ("https://courier.example/app.js",)
    assert drawn_from(archive, "https://courier.example/app.js") == ()
    takedown(URL, reason="court order", archive=archive.path)
    assert "have addresses of their own, and stay: https://courier.example/app.js\n" in capsys.readouterr().err
    assert drawn_from(archive, URL) == ()


def test_a_purge_takes_it_with_its_page(archive: Archive) -> None:
    assert files_with(archive, b"nobody", b"harbour master")
    purged(archive, URL)
    assert not files_with(archive, b"harbour master", b"id=app")
    left = sorted(one.url for one in archive.captures())
    assert left == ["https://courier.example/app.js", "https://courier.example/other.css"]
    is_sound(archive)


def test_an_import_brings_it_along(archive: Archive, tmp_path: Path) -> None:
    (file,) = archive.warc_path.rglob("*.warc.gz")
    given = shutil.copy(file, tmp_path / "given.warc.gz")
    with created(tmp_path / "OTHER") as other:
        imported(other, given)
        clean_pending(other)
        (entry,) = other.entries()
        assert isinstance(entry.text, Article)
        assert OTHER.strip() in entry.text.text
        assert entry.capture.kind == "conversion"


def test_conversions_of_others_are_no_captures(archive: Archive, tmp_path: Path) -> None:
    text = b"Only the text of it."
    head = (
        "WARC/1.0\r\nWARC-Type: conversion\r\nWARC-Target-URI: https://other.example/\r\n"
        "WARC-Date: 2026-11-25T10:00:00Z\r\nWARC-Record-ID: <urn:uuid:5f2b1c10-5d0e-4c11-9f57-3a0a64f0a001>\r\n"
        f"Content-Type: text/plain\r\nContent-Length: {len(text)}\r\n\r\n"
    )
    given = tmp_path / "given.warc.gz"
    given.write_bytes(gzip.compress(head.encode() + text + b"\r\n\r\n"))
    imported(archive, given)
    assert archive.count() == (4, 0)


def test_its_damaged_metadata_is_made_again(archive: Archive) -> None:
    (file,) = archive.warc_path.rglob("*.warc.gz")
    capture = the_drawn(archive)
    end = place(capture).offset + place(capture).length
    content = bytearray(file.read_bytes())
    content[end + 30 : end + 90] = bytes(60)
    file.write_bytes(bytes(content))
    assert archive.verify().damaged
    repair(archive)
    assert the_drawn(archive) == capture
    is_sound(archive)
