"""Validators: remembered with the capture that they belong to, sent back, and believed for a week."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest

from archive.capture import Capture
from archive.exchange import Role, Truncation
from crawler.state import State
from crawler.validators import MAX_AGE, ValidatorMemory, Validators, validators_of

URL, SITE, NOW = "https://a.example/feed", "a.example", 1_796_083_200_000_000
TAG = 'W/"1f"'
DATE = "Tue, 24 Nov 2026 10:00:00 GMT"


@pytest.fixture
def memory(tmp_path: Path) -> Iterator[ValidatorMemory]:
    with State(tmp_path / "state.sqlite") as state:
        yield ValidatorMemory(state)


def capture(name: str = "one", at: int = NOW, status: int = 200) -> Capture:
    return Capture(name, URL, URL, at, status=status, role=Role.FEED, site=SITE)


def test_they_hold_once_their_capture_is_committed(memory: ValidatorMemory) -> None:
    memory.learn(SITE, URL, Validators("one", TAG, DATE))
    assert memory.of(SITE, URL, NOW + 1) is None
    memory.note([capture("other")])
    assert memory.of(SITE, URL, NOW + 1) is None
    memory.note([capture()])
    found = memory.of(SITE, URL, NOW + 1)
    assert found == Validators("one", TAG, DATE)
    assert found.fields == {"If-None-Match": TAG, "If-Modified-Since": DATE}
    assert memory.of("b.example", URL, NOW + 1) is None


def test_later_ones_take_their_place(memory: ValidatorMemory) -> None:
    for number in (1, 2):
        memory.learn(SITE, URL, Validators(f"capture {number}", f'"{number}"'))
        memory.note([capture(f"capture {number}", NOW + number)])
    assert memory.of(SITE, URL, NOW + 5) == Validators("capture 2", '"2"')
    memory.forget(SITE, URL)
    assert memory.of(SITE, URL, NOW + 5) is None


def test_they_are_believed_for_a_week_and_never_from_the_future(memory: ValidatorMemory) -> None:
    memory.learn(SITE, URL, Validators("one", TAG))
    memory.note([capture()])
    assert memory.of(SITE, URL, NOW + MAX_AGE - 1) is not None
    assert memory.of(SITE, URL, NOW + MAX_AGE) is None
    assert memory.of(SITE, URL, NOW - 1) is None, "the clock was put back"


@pytest.mark.parametrize("odd", [{"status": 404}, {"truncated": Truncation.LENGTH}])
def test_what_did_not_come_whole_has_none(memory: ValidatorMemory, odd: dict[str, object]) -> None:
    memory.learn(SITE, URL, Validators("one", TAG))
    memory.note([replace(capture(), **odd)])  # type: ignore[arg-type]
    assert memory.of(SITE, URL, NOW + 1) is None


@pytest.mark.parametrize(
    ("etag", "modified", "fields"),
    [
        ('"a"', None, {"If-None-Match": '"a"'}),
        (None, DATE, {"If-Modified-Since": DATE}),
        ('W/"a"', DATE, {"If-None-Match": 'W/"a"', "If-Modified-Since": DATE}),
        ("a", None, None),
        ('"a', None, None),
        ('"a"b"', None, None),
        ('"' + "a" * 600 + '"', None, None),
        ('"a\r\nX: 1"', "x" * 200, None),
        (None, None, None),
    ],
)
def test_what_cannot_be_sent_back_is_left_out(
    etag: str | None, modified: str | None, fields: dict[str, str] | None
) -> None:
    found = validators_of("one", etag, modified)
    assert (found.fields if found is not None else None) == fields
