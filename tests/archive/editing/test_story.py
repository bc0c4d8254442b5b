"""Stories over many captures: edits, tests of headlines, walls, pages that go and come again, other profiles."""

from __future__ import annotations

from dataclasses import replace

import pytest

from archive.article import Provenance, Verdict
from archive.editing.edit import Edit
from archive.editing.story import PASSAGES, between, excerpt, story

from .stories import BEGIN, BODY, DOWN, GONE, HOUR, article, entries

A = article()
B = article(headline="You will not believe which crane moved")
C = article(headline="Crane moved by night")
EDITED = article(*BODY[:2], "A second crane follows in May.")


def told(edit: Edit) -> tuple[str, ...]:
    return tuple(str(kind) for kind in edit.kinds)


def test_nothing_happened() -> None:
    assert story(entries(A, A, DOWN, A)) == ()


def test_an_edit_lies_between_the_last_capture_of_one_edition_and_the_first_of_the_next() -> None:
    (found,) = story(entries(A, A, DOWN, EDITED, EDITED))
    assert (found.old.at, found.new.at, found.since) == (BEGIN + HOUR, BEGIN + 3 * HOUR, BEGIN + HOUR)
    assert (found.old.edition, found.new.edition) == (1, 2)
    assert told(found) == ("reworded",)
    assert found.silent
    assert found.counts
    assert found.id.startswith("urn:uuid:")
    assert found.id == story(entries(A, A, DOWN, EDITED))[0].id


@pytest.mark.parametrize(
    ("texts", "tests"),
    [
        ((A, B), [False]),
        ((A, B, A), [True, True]),
        ((A, B, C), [False, False]),
        ((A, B, C, A), [True, True, True]),
        ((A, B, A, C), [True, True, False]),
        ((A, B, A, article(*BODY[:2], headline=B.headline)), [True, True, True]),
        ((A, article(*BODY[:2], headline=B.headline), A), [False, False]),
        ((A, EDITED, A), [False, False]),
        ((A, *[B] * 72, A), [True, True]),  # one an hour
        ((A, *[B] * 73, A), [False, False]),  # it stood for three days, and was taken back
        ((A, *[B] * 73, A, B, A), [True, True, True, True]),
        ((A, GONE, B, DOWN, A), [False, True, True]),
    ],
)
def test_headlines_that_a_page_shows_in_turn_are_tests(texts: tuple[object, ...], tests: list[bool]) -> None:
    assert [edit.test for edit in story(entries(*texts))] == tests  # type: ignore[arg-type]


def test_a_test_is_no_silent_edit_but_what_changes_beside_it_is() -> None:
    (first, second, third) = story(entries(A, B, A, article(*BODY[:2], headline=B.headline)))
    assert not first.silent
    assert not first.counts
    assert not second.counts
    assert third.silent
    assert third.counts
    assert told(third) == ("headline", "removed")


def test_gone_and_back() -> None:
    went, came = story(entries(A, GONE, GONE, A))
    assert (told(went), went.reason, went.new.edition) == (("deleted",), "it says that it is not found", None)
    assert (told(came), came.since, came.new.at) == (("returned",), BEGIN + 2 * HOUR, BEGIN + 3 * HOUR)
    assert (came.old.edition, came.new.edition) == (1, 1)
    _, changed = story(entries(A, GONE, EDITED))
    assert told(changed) == ("reworded", "returned")
    assert story(entries(GONE, A)) == ()


@pytest.mark.parametrize(("status", "number"), [(404, 1), (410, 1), (451, 1), (503, 0), (403, 0)])
def test_of_errors_only_some_say_that_a_page_is_gone(status: int, number: int) -> None:
    assert len(story(entries(A, DOWN, status=status))) == number


def test_a_wall_is_no_edit_and_hides_none() -> None:
    cut = replace(article(BODY[0]), verdict=Verdict.TEASER)
    assert [told(edit) for edit in story(entries(A, cut, A))] == [("access",), ("access",)]
    closed, opened = story(entries(A, cut, EDITED))
    assert told(closed) == ("access",)
    assert told(opened) == ("reworded", "access")
    assert (opened.old.edition, opened.new.edition) == (1, 3)
    assert (opened.silent, opened.since) == (True, BEGIN + HOUR)
    assert not closed.counts


def test_an_edit_that_is_told_later_is_not_silent() -> None:
    corrected = replace(EDITED, corrections=("Correction: it follows in May.",))
    (edit,) = story(entries(A, EDITED, EDITED, corrected, replace(corrected, modified="2026-11-26")))
    assert (edit.silent, edit.told_at) == (False, BEGIN + 3 * HOUR)
    (edit,) = story(entries(A, EDITED, replace(EDITED, byline=("Ida Mark",))))
    assert (edit.silent, edit.told_at) == (True, None)
    first, second = story(entries(A, EDITED, A, replace(A, modified="2026-11-26")))
    assert (first.silent, second.silent, second.told_at) == (True, False, BEGIN + 3 * HOUR)


def test_another_profile_is_never_an_edit() -> None:
    other = replace(EDITED, provenance=Provenance((), "1.0", "another"))
    (found,) = story(entries(A, other))
    assert told(found) == ("not-comparable",)
    assert "presskeep clean" in (found.reason or "")
    assert not found.silent
    assert not found.counts
    assert story(entries(A, replace(A, provenance=other.provenance))) == ()
    whole = between(*entries(A, other))
    assert told(whole) == ("not-comparable",)
    assert whole.comparison.passages


def test_what_changes_beside_the_text_is_told_where_it_is_asked_for() -> None:
    signed = replace(A, byline=("Ida Mark",), modified="2026-11-25")
    assert story(entries(A, signed)) == ()
    (found,) = story(entries(A, A, signed, signed), beside=True)
    assert told(found) == ("byline", "modified")
    assert [(fact.name, fact.old, fact.new) for fact in found.comparison.facts] == [
        ("byline", None, "Ida Mark"),
        ("modified", None, "2026-11-25"),
    ]


def test_any_two_captures_can_be_held_against_each_other() -> None:
    some = entries(A, EDITED, GONE, A)
    assert told(between(some[0], some[3])) == ()
    assert told(between(some[1], some[3])) == ("reworded",)
    assert told(between(some[1], some[2])) == ("deleted",)
    assert told(between(some[2], some[3])) == ("returned",)


def test_an_excerpt_tells_of_what_moved_where_it_is_now() -> None:
    (found,) = story(entries(A, article(*BODY[1:], BODY[0].replace("sixty", "seventy"))))
    assert [str(one.sign) for one in excerpt(found).comparison.passages] == [">"]


def test_an_excerpt_is_small_whatever_was_changed() -> None:
    long = article(*(f"Paragraph {n} " + "endless " * 9_000 for n in range(50)), byline=("x" * 100_000,))
    (found,) = story(entries(A, long))
    kept = excerpt(found)
    assert (kept.kinds, kept.id, kept.excerpt) == (found.kinds, found.id, True)
    assert len(kept.comparison.passages) <= PASSAGES
    assert sum(len(piece.text) for one in kept.comparison.passages for piece in one.pieces) < 5_000
    assert all(len(fact.new or "") < 5_000 for fact in kept.comparison.facts)
