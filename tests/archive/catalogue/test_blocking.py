"""Blocking: which keys a target covers, and that what is blocked follows from acts and keys in whatever order."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from exchanges import attempt, exchange
from sqlalchemy import select

from archive.article import canonical_json
from archive.catalogue import blocking, holdings, tables
from archive.catalogue.blocking import Rules, Target
from archive.crew import clean_pending
from archive.errors import NotFound, TakenDown, UsageError
from archive.event import Act, Event
from archive.removal.takedown import lift, listed, take_down
from archive.store import Archive
from archive.url import normalise
from archive.warc.reader import read_events

ACT = Act("urn:uuid:1", "takedown", 0, None)


@pytest.mark.parametrize(
    ("target", "prefix", "covered", "other"),
    [
        (
            "https://a.example/x",
            False,
            ["http://A.example:80/x#part", "https://a.example/x?utm_source=feed"],
            ["https://a.example/x/", "https://www.a.example/x", "https://a.example/x?page=2"],
        ),
        (
            "https://a.example/2026/",
            True,
            ["https://a.example/2026/", "http://a.example/2026/11/x?y=1", "https://a.example/2026/?page=2"],
            ["https://a.example/2026", "https://a.example/20261", "https://b.example/2026/"],
        ),
        (
            "https://a.example/2026",
            True,
            ["https://a.example/2026", "https://a.example/2026/", "https://a.example/2026?a=b"],
            ["https://a.example/20261", "https://a.example/2026-11/x", "https://a.example/2026&a"],
        ),
        (
            "https://a.example/x?id=5",
            True,
            ["https://a.example/x?id=5", "https://a.example/x?id=5&page=2"],
            ["https://a.example/x?id=55", "https://a.example/x", "https://a.example/x?id=5/6"],
        ),
        (
            "a.example",
            True,
            ["https://a.example/", "http://a.example/x"],
            ["https://b.a.example/", "http://a.example:8000/"],
        ),
    ],
)
def test_what_a_target_covers(target: str, prefix: bool, covered: list[str], other: list[str]) -> None:
    found = Target.of(target, prefix=prefix)
    rules = Rules({found: ACT}, decided=True)
    for url in covered:
        assert found.covers(normalise(url)), url
        assert rules.covers(normalise(url)), url
    for url in other:
        assert not found.covers(normalise(url)), url
        assert not rules.covers(normalise(url)), url


@pytest.mark.parametrize(("given", "prefix"), [("a.example", False), ("", True), ("https://", False), ("a b", True)])
def test_what_is_no_target(given: str, prefix: bool) -> None:
    with pytest.raises(UsageError):
        Target.of(given, prefix=prefix)


@pytest.fixture
def held(archive: Archive) -> Archive:
    """An archive with two cleaned articles, one of them twice, and an attempt."""
    with archive.writer("crawl") as writer:
        writer.add(exchange("crane", 0))
        writer.add(exchange("ferry", 1))
        writer.add(exchange("crane", 2))
        writer.add_attempt(attempt("crane", 3))
    clean_pending(archive)
    archive.compact()
    return archive


CRANE = "https://courier.example/crane"


def _down(archive: Archive, given: str = CRANE, *, prefix: bool = False) -> None:
    take_down(archive, Target.of(given, prefix=prefix), given=given, reason="court order", by="desk")


def _up(archive: Archive, given: str = CRANE, *, prefix: bool = False) -> None:
    lift(archive, Target.of(given, prefix=prefix), given=given, reason="overturned")


def test_a_takedown_holds_at_once_and_can_be_lifted(held: Archive) -> None:
    before = {one.capture.id: one.identity for one in held.entries()}
    assert held.count() == (3, 1)
    _down(held)
    assert held.count() == (1, 0)
    assert held.count_texts() == 1
    assert held.count_waiting() == (0, 0)
    assert [one.capture.url for one in held.entries()] == ["https://courier.example/ferry"]
    with pytest.raises(TakenDown, match=r"was taken down on .*court order"):
        held.memento("http://COURIER.example/crane#top")
    (said,) = listed(held)
    assert (said.given, said.captures, said.attempts, said.lifted) == (CRANE, 2, 1, None)
    assert (said.act.first("reason"), said.act.first("by")) == ("court order", "desk")
    _up(held)
    assert held.count() == (3, 1)
    assert held.count_waiting() == (2, 0)
    clean_pending(held)
    assert {one.capture.id: one.identity for one in held.entries()} == before
    (said,) = listed(held)
    assert said.lifted is not None
    assert said.lifted.first("reason") == "overturned"


def test_to_take_down_again_writes_nothing_and_to_lift_needs_the_very_target(held: Archive) -> None:
    _down(held, "courier.example", prefix=True)
    files = held.files()
    _down(held, "courier.example", prefix=True)
    assert held.files() == files
    take_down(
        held, Target.of("courier.example", prefix=True), given="courier.example", reason="court order 2", by="desk"
    )
    assert [one.first("reason") for one in listed(held)[0].history] == ["court order", "court order 2"]
    with pytest.raises(NotFound, match=r"lies within the takedown of courier\.example"):
        _up(held)
    with pytest.raises(NotFound, match="is not taken down"):
        _up(held, "https://elsewhere.example/x")
    with pytest.raises(UsageError, match="say why"):
        take_down(held, Target.of(CRANE), given=CRANE, reason=" ")
    _down(held)
    _up(held, "courier.example", prefix=True)
    assert [one.url for one in held.captures()] == ["https://courier.example/ferry"]


def test_what_is_captured_or_cleaned_later_is_blocked_too(held: Archive) -> None:
    waiting = list(held.text_jobs())
    assert not waiting
    with held.writer("crawl") as writer:
        writer.add(exchange("late", 5))
    (job,) = held.text_jobs()
    (capture,) = held.waiting_in(job)
    _down(held, "https://courier.example/late")
    assert held.waiting_in(job) == []
    # A child that had the page in hand when the takedown came:
    other = next(held.entries())
    canonical = canonical_json(other.text).replace(other.capture.id.encode(), capture.id.encode())
    held.add_texts([(capture, canonical)])
    assert held.count_texts() == 3
    with held.writer("crawl") as writer:
        writer.add(exchange("late", 6))
        assert len(writer.commit()) == 1
    assert len(list(held.captures())) == 3


def _orders(events: list[Event]) -> Iterator[list[Event]]:
    """The events in forty orders, those in which they happened and its contrary among them."""
    shuffled = random.Random(8)
    yield list(events)
    yield list(reversed(events))
    for _ in range(38):
        yield shuffled.sample(events, len(events))


def test_what_is_blocked_is_the_same_in_whatever_order(held: Archive, tmp_path: Path) -> None:
    _down(held)
    _up(held)
    _down(held, "https://courier.example/f", prefix=True)
    _down(held)
    files = [state.file for state in held.files()]
    events = [event for file in files for event in read_events(held.warc_path, file)]
    found = set()
    for number, order in enumerate(_orders(events)):
        with Archive.create(tmp_path / str(number), contact="tests@example.org") as other:
            for event in order:
                with other.catalog.writing() as connection:
                    holdings.enter(connection, [event])
            with other.catalog.reading() as connection:
                found.add(tuple(sorted(connection.scalars(select(tables.blocked.c.id)))))
    (same,) = found
    assert len(same) == 3


def test_acts_of_other_archives_decide_nothing(held: Archive) -> None:
    _down(held)
    (act,) = [one for one in holdings.acts(held.catalog) if one.act == "takedown"]
    place = act.location
    assert place is not None
    foreign = replace(
        act, id="urn:uuid:2", act="lift", at=act.at + 1, location=replace(place, file="imported/x.warc.gz")
    )
    with held.catalog.writing() as connection:
        holdings.enter(connection, [foreign])
    assert held.count() == (1, 0)
    own = replace(foreign, id="urn:uuid:3", location=replace(place, file="2026/11/x.warc.gz"))
    with held.catalog.writing() as connection:
        holdings.enter(connection, [own])
    assert held.count() == (3, 1)


def test_a_crawl_s_question_hears_of_takedowns(held: Archive, monkeypatch: pytest.MonkeyPatch) -> None:
    is_taken_down: Callable[[str], bool] = held.taken_down()
    assert not is_taken_down(CRANE)
    _down(held)
    monkeypatch.setattr(blocking, "_AGAIN", 0.0)
    assert is_taken_down(f"{CRANE}?utm_medium=x")
    assert not is_taken_down("https://courier.example/ferry")


def test_rules_cover_what_any_of_their_targets_covers() -> None:
    made = random.Random(3)

    def url() -> str:
        return normalise("https://a.example/" + "".join(made.choice("ab/?&=") for _ in range(made.randrange(9))))

    for _ in range(4000):
        targets = [Target(url(), prefix=made.random() < 0.7) for _ in range(3)]
        rules = Rules(dict.fromkeys(targets, ACT), decided=True)
        key = url()
        assert rules.covers(key) == any(one.covers(key) for one in targets), (key, targets)
