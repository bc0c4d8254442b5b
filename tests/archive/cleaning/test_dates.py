"""Dates: the page's own precision and offset, nothing from a clock, nothing later than the capture."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.cleaning import linked
from archive.cleaning.dates import iso, modified, not_after, published
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.stream import TextStream
from archive.clock import from_datetime

AT = from_datetime(datetime(2026, 11, 25, 8, 0, tzinfo=UTC))


@pytest.mark.parametrize(
    ("text", "written"),
    [
        ("2026-11-24", "2026-11-24"),
        ("2026-11-24T09:30+01:00", "2026-11-24T09:30+01:00"),
        ("2026-11-24T09:30:05.123Z", "2026-11-24T09:30:05Z"),
        ("2026-11-24 09:30:05 +0100", "2026-11-24T09:30:05+01:00"),
        ("2026-11-24T09:30-03", "2026-11-24T09:30-03:00"),
        ("20261124T0930", "2026-11-24T09:30"),
        ("20261124", "2026-11-24"),
        ("2026/11/4", "2026-11-04"),
        ("Tue, 24 Nov 2026 09:30:00 +0100", "2026-11-24T09:30:00+01:00"),
        ("2026-02-30", None),
        ("2026-11-24T25:00", None),
        ("1970-01-01T00:00:00Z", None),
        ("24 November", None),
        ("", None),
        ("12345678901234567890", None),
    ],
)
def test_what_is_written_is_read_as_it_stands(text: str, written: str | None) -> None:
    assert iso(text) == written


def test_the_capture_is_the_latest_date_wherever_the_writer_was() -> None:
    assert not_after("2026-11-25T09:00+01:00", AT)
    assert not not_after("2026-11-25T09:01+01:00", AT)
    assert not_after("2026-11-25", AT)
    assert not not_after("2026-11-26", AT)
    assert not_after("2026-11-25T21:59", AT)  # without an offset it may be Kiribati's


def page(head: str = "", body: str = "", url: str = "https://courier.example/story") -> Page:
    root = parse(f"<html><head>{head}</head><body>{body}</body></html>".encode()).root
    return Page(root, TextStream(root), url)


def found(given: Page) -> str | None:
    return published(given, linked.read(given.root), AT)[0]


def test_the_pages_own_statement_beats_the_header_and_related_articles() -> None:
    body = (
        "<time datetime='2026-11-25'>Today</time><h1>Story</h1><time datetime='2026-11-20T10:00'>20 Nov</time>"
        "<ul><li><time datetime='2026-01-01'>x</time></li></ul>"
    )
    assert found(page(body=body)) == "2026-11-20T10:00"
    assert found(page("<meta property='article:published_time' content='2026-11-19'>", body)) == "2026-11-19"


def test_a_future_statement_is_passed_over() -> None:
    head = "<meta name='date' content='2027-01-01'><meta name='dc.date' content='2026-11-01'>"
    assert found(page(head)) == "2026-11-01"


def test_the_address_comes_before_a_guess() -> None:
    body = "<p>Monday, 6 February 2023</p>"
    assert found(page(body=body, url="https://courier.example/2023/02/05/story")) == "2023-02-05"


def test_modified_is_only_what_the_page_states() -> None:
    given = page("<meta property='article:modified_time' content='2026-11-24T10:00:00Z'>")
    assert modified(given, linked.read(given.root), AT)[0] == "2026-11-24T10:00:00Z"
    bare = page(body="<p>updated 24.11.2026</p>")
    assert modified(bare, linked.read(bare.root), AT)[0] is None
