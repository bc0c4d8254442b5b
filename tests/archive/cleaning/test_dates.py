"""Dates: the page's own precision and offset, nothing from a clock, nothing later than the capture."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from archive.cleaning import linked
from archive.cleaning.dates import iso, modified, not_after, published
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.nearby import near_headline
from archive.cleaning.source import text_at
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
    near = near_headline(given, AT, None)
    return published(given, linked.read(given.root), AT, near.published)[0]


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


def test_what_people_read_below_the_headline_is_read_too() -> None:
    header = "<header><p>Wednesday, November 25, 2026</p></header>"
    related = "<p>" + "Text. " * 400 + "</p><div><time datetime='2026-11-25T07:00'>today</time> Ferry fares</div>"
    given = page(body=f"{header}<h1>Story</h1><div><span>By Ida</span><span>November 13, 2026</span></div>{related}")
    assert found(given) == "2026-11-13"
    candidate = near_headline(given, AT, "Story").published[0]
    assert candidate.source is not None
    assert text_at(given.root, candidate.source) == "November 13, 2026"


def test_the_headers_day_is_no_candidate_even_where_no_other_is() -> None:
    assert found(page(body="<p>25.11.2026</p><h1>Story</h1><p>Text without a date.</p>")) is None
    assert found(page(body="<p>Harbour, 24.11.2026</p><h1>Story</h1><p>Text.</p>")) == "2026-11-24"


def test_a_day_within_a_sentence_is_not_the_stories() -> None:
    told = "<p>" + "The gates were closed on 3 March 2021, said the harbour master, and nobody knew for how long. " * 2
    assert found(page(body=f"<h1>Story</h1>{told}</p>")) is None


def test_a_labelled_change_is_the_change_and_no_publication() -> None:
    given = page(body="<h1>Story</h1><p>Published: 20.11.2026, 9:30 Uhr</p><p>Updated: <span>24.11.2026</span></p>")
    near = near_headline(given, AT, "Story")
    assert published(given, linked.read(given.root), AT, near.published)[0] == "2026-11-20T09:30"
    assert modified(given, linked.read(given.root), AT, near.changed)[0] == "2026-11-24"


def test_comments_and_lists_beside_the_story_date_nothing() -> None:
    body = "<h1>Story</h1><ul class=related-list><li>12.10.2026 Ferry fares</li></ul><aside>13.10.2026</aside>"
    assert found(page(body=body)) is None


def test_a_bare_first_of_january_comes_last() -> None:
    head = "<meta name=date content='2026-01-01'><meta name='dc.date' content='2026-03-04'>"
    assert found(page(head)) == "2026-03-04"
    assert found(page("<meta name=date content='2026-01-01'>")) == "2026-01-01"


def test_the_same_moment_is_told_in_the_publishers_time() -> None:
    head = (
        '<script type="application/ld+json">{"@type": "NewsArticle", "datePublished": "2026-11-19T23:04:00Z"}</script>'
        "<meta name=date content='Fri, 20 Nov 2026 00:04:00 +0100'>"
    )
    assert found(page(head)) == "2026-11-20T00:04:00+01:00"


def test_the_address_decides_between_days_and_the_byline_tells_the_time() -> None:
    url = "https://courier.example/2026/11/20/story"
    assert found(page(body="<h1>Story</h1><p>20.11.2026, 09.30 Uhr</p>", url=url)) == "2026-11-20T09:30"
    assert found(page(body="<h1>Story</h1><p>11 April 2009</p>", url=url)) == "2026-11-20"


@pytest.mark.parametrize(
    ("beside", "written"),
    [
        ("1. November 2025", "2025-11-01"),  # what readers see tells day from month
        ("11. Januar 2025", "2025-01-11"),
        ("7. Mai 2025", "2025-01-11"),  # another day tells nothing
        ("", "2025-01-11"),
    ],
)
def test_what_stands_beside_tells_day_from_month(beside: str, written: str) -> None:
    given = page("<meta name=date content='11/01/2025'>", f"<h1>Barrier opens</h1><p>{beside}</p>")
    assert found(given) == written
