"""The edits of a whole archive: the same as those of its stories, newest first, and nothing that is kept back."""

from __future__ import annotations

import tracemalloc
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from archive.article import Provenance, Verdict
from archive.catalogue.blocking import Target
from archive.editing.archived import Asked, edits, history
from archive.editing.edit import Edit, Kind
from archive.editing.story import excerpt, story
from archive.removal.takedown import take_down
from archive.reservation import Reserved
from archive.store import Archive

from .stories import BEGIN, BODY, DOWN, GONE, HOUR, article
from .written import Text, written

A = article()
B = article(headline="You will not believe which crane moved")
EDITED = article(*BODY[:2], "A second crane follows in May.")
CUT = replace(article(BODY[0]), verdict=Verdict.TEASER)
SIGNED = replace(A, byline=("Ida Mark",))
OTHER = replace(article(BODY[0], BODY[2]), provenance=Provenance((), "1.0", "another"))
NOTHING: Text = None
CRANE, FERRY, BRIDGE, WALL = (f"https://gazette.example/{name}" for name in ("crane", "ferry", "bridge", "wall"))
SNOW = "https://talblatt.example/schnee"


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Archive]:
    stories = {
        CRANE: (A, A, EDITED, DOWN, EDITED),
        FERRY: (A, B, A, B),
        BRIDGE: (A, NOTHING, GONE, GONE, A, SIGNED),
        WALL: (A, CUT, EDITED, OTHER),
        SNOW: (A, A, A, A, A, EDITED),
    }
    with written(tmp_path_factory.mktemp("edits") / "NEWS", stories) as made:
        yield made


def told(found: Edit) -> tuple[str, int, str]:
    return found.url.rpartition("/")[2], (found.new.at - BEGIN) // HOUR, "+".join(map(str, found.kinds))


def test_newest_first(archive: Archive) -> None:
    assert [told(one) for one in edits(archive)] == [
        ("schnee", 5, "reworded"),
        ("bridge", 4, "returned"),
        ("wall", 3, "not-comparable"),
        ("ferry", 3, "headline"),
        ("wall", 2, "reworded+access"),
        ("bridge", 2, "deleted"),
        ("ferry", 2, "headline"),
        ("crane", 2, "reworded"),
        ("wall", 1, "access"),
        ("ferry", 1, "headline"),
    ]


def _by_stories(archive: Archive, *, beside: bool) -> list[Edit]:
    found = [
        excerpt(edit)
        for url in {capture.url for capture in archive.captures()}
        for edit in story(archive.entries(url=url), beside=beside)
    ]
    return sorted(found, key=lambda edit: (edit.new.at, edit.new.capture_id), reverse=True)


@pytest.mark.parametrize("beside", [False, True])
def test_they_are_the_edits_of_all_stories(archive: Archive, beside: bool) -> None:
    found = list(edits(archive, Asked(beside=beside)))
    assert found == _by_stories(archive, beside=beside)
    assert any(edit.kinds == (Kind.BYLINE,) for edit in found) is beside


def test_one_history_has_all_passages(archive: Archive) -> None:
    assert list(history(archive, CRANE)) == list(story(archive.entries(url=CRANE)))
    assert list(history(archive, "https://gazette.example/never")) == []


@pytest.mark.parametrize(
    ("asked", "number"),
    [
        (Asked(since=BEGIN + 3 * HOUR), 4),
        (Asked(until=BEGIN + 2 * HOUR), 2),
        (Asked(since=BEGIN + 2 * HOUR, until=BEGIN + 3 * HOUR), 4),
        (Asked(sites=("talblatt.example",)), 1),
        (Asked(sites=("gazette.example",), since=BEGIN + 4 * HOUR), 1),
        (Asked(cleaner="0.0+none"), 0),
        (Asked(since=BEGIN + 6 * HOUR), 0),
    ],
)
def test_spans_and_sites(archive: Archive, asked: Asked, number: int) -> None:
    found = list(edits(archive, asked))
    assert len(found) == number
    assert found == [one for one in edits(archive) if one in found]


STATES = st.sampled_from([A, B, EDITED, CUT, SIGNED, OTHER, GONE, DOWN, NOTHING])


@settings(max_examples=15, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(STATES, max_size=7), min_size=1, max_size=3), st.booleans(), st.integers(0, 6))
def test_whatever_happens_to_stories(
    tmp_path_factory: pytest.TempPathFactory, some: list[list[Text]], beside: bool, hours: int
) -> None:
    """Both ways to find edits agree, also where only a part is asked for."""
    stories = {f"https://s{n}.example/story": texts for n, texts in enumerate(some)}
    with written(tmp_path_factory.mktemp("any") / "NEWS", stories) as made:
        every = _by_stories(made, beside=beside)
        assert list(edits(made, Asked(beside=beside))) == every
        since = BEGIN + hours * HOUR
        assert list(edits(made, Asked(since=since, beside=beside))) == [one for one in every if one.new.at >= since]


def test_what_is_taken_down_is_in_none(tmp_path: Path) -> None:
    with written(tmp_path / "NEWS", {CRANE: (A, EDITED), SNOW: (A, EDITED, GONE)}) as made:
        assert len(list(edits(made))) == 3
        take_down(made, Target.of(SNOW), given=SNOW, reason="court order")
        assert {one.url for one in edits(made)} == {CRANE}
        assert list(history(made, SNOW)) == []


def test_what_is_taken_down_while_the_list_is_read_is_not_in_the_rest_of_it(tmp_path: Path) -> None:
    with written(tmp_path / "NEWS", {CRANE: (A, EDITED), SNOW: (A, A, EDITED)}) as made:
        reading = edits(made)
        assert next(reading).url == SNOW
        take_down(made, Target.of(CRANE), given=CRANE, reason="court order")
        assert list(reading) == []


def test_what_is_withheld_can_be_left_out(tmp_path: Path) -> None:
    with written(tmp_path / "NEWS", {CRANE: (A, EDITED)}, reserved=("tdm-reservation: 1",)) as made:
        assert len(list(edits(made))) == 1
        left: list[int] = []
        asked = Asked(withheld=frozenset({Reserved.TDM}))
        assert list(edits(made, asked, withheld=lambda: left.append(1))) == []
        assert left == [1]


def test_a_live_blog_is_read_without_being_held(tmp_path: Path) -> None:
    """Each of its edits is an added paragraph, and little of it is in memory at a time."""
    lines = [f"At minute {n} somebody said something about {n * 7}. {'More of it followed. ' * 9}" for n in range(80)]
    texts = [replace(article(*reversed(lines[: n + 1])), verdict=Verdict.LIVE_BLOG) for n in range(80)]
    with written(tmp_path / "NEWS", {CRANE: texts}) as made:
        texts.clear()
        list(edits(made, Asked(since=BEGIN + 78 * HOUR)))
        tracemalloc.start()
        kinds = [one.kinds for one in edits(made)]
        _, peak = tracemalloc.get_traced_memory()
        tracemalloc.stop()
    assert kinds == [(Kind.ADDED,)] * 79
    assert peak < 4_000_000
