"""Listings that have not changed: asked for by their validators, and confirmed in the archive."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from crawled import crawl, make_archive, site
from sqlalchemy import delete, update

from archive.capture import Capture
from archive.catalogue import tables
from archive.exchange import Role
from archive.store import Archive
from archive.warc.paths import resolve
from archive.warc.reader import read_records
from crawler.newsroom import Newsroom
from crawler.newsroom.site import HOSTS
from crawler.state import State

COURIER = HOSTS[0]
NOON = datetime(2026, 12, 3, 12, 0, tzinfo=UTC)


@pytest.fixture
def newsroom() -> Iterator[Newsroom]:
    with Newsroom(clock=lambda: NOON) as served:
        yield served


@pytest.fixture
def archive(tmp_path: Path, newsroom: Newsroom) -> Iterator[Archive]:
    with make_archive(tmp_path / "NEWS", dict.fromkeys(HOSTS, f"127.0.0.1:{newsroom.port}")) as made:
        yield made


def listings(archive: Archive) -> list[Capture]:
    return [one for one in archive.captures() if one.role in {Role.FRONT, Role.FEED, Role.SITEMAP}]


def sent(archive: Archive, capture: Capture) -> bytes:
    """The stored request of a capture."""
    assert capture.location
    for record in read_records(resolve(archive.warc_path, capture.location.file), capture.location.offset):
        if record.kind == "request":
            return record.block
    raise AssertionError


@pytest.mark.slow
def test_a_listing_that_has_not_changed_is_confirmed_and_read_as_before(archive: Archive, newsroom: Newsroom) -> None:
    first = crawl(archive, [site(COURIER)])
    before = listings(archive)
    assert {(one.kind, one.status) for one in before} == {("response", 200)}
    assert b"If-None-Match" not in sent(archive, before[0])
    second = crawl(archive, [site(COURIER)])
    after = listings(archive)[len(before) :]
    assert [one.url for one in after] == [one.url for one in before]
    assert {(one.kind, one.status) for one in after} == {("revisit", 304)}
    assert {one.refers_to for one in after} == {one.id for one in before}
    assert b'If-None-Match: W/"' in sent(archive, after[0])
    assert [one.payload() for one in after] == [one.payload() for one in before]
    # An unmodified feed is a feed that was read.
    assert [report.sources for report in second.reports] == [report.sources for report in first.reports]
    assert archive.verify().findings == ()
    archive.rebuild()
    assert listings(archive) == before + after

    newsroom.visit = 2  # the paper goes on, and its listings change
    third = crawl(archive, [site(COURIER)])
    assert third.outcome == "finished"
    assert Counter((one.kind, one.status) for one in listings(archive)[2 * len(before) :])["response", 200] > 0


@pytest.mark.slow
def test_where_the_confirmed_capture_is_gone_the_listing_is_asked_for_whole(archive: Archive) -> None:
    crawl(archive, [site(COURIER)])
    number = len(listings(archive))
    with archive.catalog.writing() as connection:
        connection.execute(delete(tables.captures).where(tables.captures.c.role == "feed"))
        # And one of which the bytes cannot be read.
        connection.execute(update(tables.captures).where(tables.captures.c.role == "front").values(file="gone.warc.gz"))
    done = crawl(archive, [site(COURIER)])
    assert done.outcome == "finished"
    assert {kind for report in done.reports for _, _, kind in report.sources} == {"front", "feed"}
    answers = Counter((one.kind, one.status, str(one.role)) for one in listings(archive))
    assert answers["response", 304, "feed"] == 1, "it confirms nothing that is here: an ordinary answer"
    assert answers["response", 200, "feed"] == 1
    assert answers["revisit", 200, "front"] + answers["response", 200, "front"] == 2
    assert number == 2


@pytest.mark.slow
def test_a_lost_state_costs_whole_answers_which_are_revisits_all_the_same(archive: Archive) -> None:
    crawl(archive, [site(COURIER)])
    before = listings(archive)
    with State(archive.state_path) as state, state.write() as db:
        db.execute("DELETE FROM validators")
    crawl(archive, [site(COURIER)])
    after = listings(archive)[len(before) :]
    assert {(one.kind, one.status) for one in after} == {("revisit", 200)}
    assert [one.payload() for one in after] == [one.payload() for one in before]
