"""Two articles beside each other: each kind of change by a small example, its passages, its facts, its size."""

from __future__ import annotations

from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import Article, Block, BlockKind, Image, Verdict
from archive.editing.comparing import compare, same_date
from archive.editing.edit import Kind, Sign
from archive.editing.typography import plain_type

from .stories import BODY, article

OLD = article()
K = Kind


@pytest.mark.parametrize(
    ("new", "kinds"),
    [
        (OLD, set()),
        (replace(OLD, headline="Crane moves sixty metres, unheard"), {K.HEADLINE}),
        (replace(OLD, headline=None), {K.HEADLINE}),
        (replace(OLD, standfirst="It took a night and a morning."), {K.STANDFIRST}),
        (article(*BODY, "The harbour guild pays for all of it."), {K.ADDED}),
        (article(*BODY[:2]), {K.REMOVED}),
        (article(BODY[0], BODY[1].replace("old", "new"), BODY[2]), {K.REWORDED}),
        (article(BODY[2], *BODY[:2]), {K.MOVED}),
        (article(BODY[1], BODY[0], BODY[2], "More of it."), {K.MOVED, K.ADDED}),
        (article("Something else is told here, at length, and none of it was there before."), {K.REWRITTEN}),
        (
            article(*BODY, *(f"Paragraph {n} came in the evening, and tells what {n} men saw." for n in range(20))),
            {K.ADDED},
        ),
        (replace(OLD, body=tuple(Block(BlockKind.QUOTE, text) for text in BODY)), {K.FORM}),
        (article(BODY[0].replace("it in", "it\u00a0in"), *BODY[1:]), {K.TYPOGRAPHY}),
        (article(f"{BODY[0]} {BODY[1]}", BODY[2]), {K.TYPOGRAPHY}),
        (article(f"{BODY[0]} {BODY[1]}", BODY[2].replace("March", "May")), {K.REWORDED}),
        (article(f"{BODY[0]} {BODY[1]}", BODY[2], "The harbour guild pays for all of it."), {K.ADDED}),
        (replace(OLD, byline=("Ida Mark",)), {K.BYLINE}),
        (replace(OLD, modified="2026-11-24T10:00+01:00"), {K.MODIFIED}),
        (replace(OLD, published="2026-11-25"), {K.PUBLISHED}),
        (replace(OLD, corrections=("Correction: it was fifty metres.",)), {K.CORRECTION}),
        (replace(OLD, images=(Image("https://g.example/a.jpg", caption="The crane"),)), {K.IMAGES}),
        (replace(article(BODY[0]), verdict=Verdict.TEASER), {K.ACCESS}),
    ],
)
def test_kinds(new: Article, kinds: set[Kind]) -> None:
    assert set(compare(OLD, new).kinds) == kinds


def test_kinds_come_in_one_order() -> None:
    new = replace(article(*BODY[:2], "A second crane follows in May."), headline="Crane moved", modified="2026-11-25")
    assert compare(OLD, new).kinds == (K.HEADLINE, K.REWORDED, K.MODIFIED)


def test_a_note_that_went_is_no_note_that_came() -> None:
    noted = replace(OLD, corrections=("Correction: it was fifty metres.",))
    assert compare(noted, OLD).kinds == (K.NOTE_REMOVED,)
    assert compare(noted, article(*BODY[:2])).silent


def test_passages_are_both_texts_in_order() -> None:
    found = compare(OLD, article(BODY[2], BODY[0], "Wholly new words are printed here.")).passages
    assert [(one.part, str(one.sign), one.old, one.new) for one in found] == [
        ("headline", "=", None, None),
        ("standfirst", "=", None, None),
        ("body", ">", None, 0),
        ("body", "=", 0, 1),
        ("body", "-", 1, None),
        ("body", "<", 2, None),
        ("body", "+", None, 2),
    ]


def test_reworded_passages_tell_the_words() -> None:
    (found,) = (
        one
        for one in compare(OLD, article(BODY[0], BODY[1].replace("old", "new"), BODY[2])).passages
        if one.sign is Sign.REWORDED
    )
    assert [(piece.sign, piece.text) for piece in found.pieces] == [
        ("=", "Nobody in the "),
        ("-", "old"),
        ("+", "new"),
        ("=", " town heard it go, for the wind came from the sea that night."),
    ]
    assert (found.before, found.after) == (BODY[1], BODY[1].replace("old", "new"))


def test_what_moved_and_was_reworded_is_told_as_both() -> None:
    new = article(BODY[1], BODY[2], BODY[0].replace("sixty", "seventy"))
    found = compare(OLD, new)
    assert found.kinds == (K.REWORDED, K.MOVED)
    assert dict(found.paragraphs) == {K.REWORDED: 1, K.MOVED: 1}
    assert (found.words_added, found.words_removed) == (1, 1)
    (one,) = (one for one in found.passages if one.sign is Sign.MOVED_TO)
    assert (one.before, one.after, one.is_reworded) == (BODY[0], new.body[2].text, True)
    assert [piece.text for piece in one.pieces if piece.sign != "="] == ["sixty", "seventy"]
    quoted = article(BODY[1], BODY[2], BODY[0].replace("it in", "it\u00a0in"))
    assert compare(OLD, quoted).kinds == (K.MOVED,)


def test_size_counts_words_and_nothing_that_moved() -> None:
    found = compare(OLD, article(BODY[1], BODY[0], BODY[2].replace("March", "late April"), "Five new words, not six."))
    assert (found.words_added, found.words_removed) == (7, 1)


def test_what_is_typography_in_one_passage_is_light_beside_an_edit_in_another() -> None:
    new = article(BODY[0].replace(",", "\u00a0,"), BODY[1].replace("sea", "land"), BODY[2])
    found = compare(OLD, new)
    assert found.kinds == (K.REWORDED,)
    assert [one.light for one in found.passages if one.sign is Sign.REWORDED] == [True, False]


@pytest.mark.parametrize(
    ("new", "silent"),
    [
        (article(*BODY[:2]), True),
        (article(*BODY[:2], modified="2026-11-25"), False),
        (article(*BODY[:2], published="2026-11-25"), False),
        (article(*BODY[:2], corrections=("Correction: …",)), False),
        (article(*BODY[:2], byline=("Ida Mark",)), True),
        (article(BODY[0].replace("it in", "it\u00a0in"), *BODY[1:]), False),
        (replace(OLD, byline=("Ida Mark",)), False),
    ],
)
def test_silent(new: Article, silent: bool) -> None:
    assert compare(OLD, new).silent is silent


@pytest.mark.parametrize(
    ("one", "other", "same"),
    [
        ("2026-11-24T09:30+01:00", "2026-11-24T08:30Z", True),
        ("2026-11-24T09:30+01:00", "2026-11-24T09:30Z", False),
        ("2026-11-24", "2026-11-24T09:30Z", True),
        ("2026-11-24", "2026-11-25T09:30Z", False),
        (None, "2026-11-24", False),
        ("2026-11-24T99:30", "2026-11-24T98:30", False),
    ],
)
def test_dates_of_a_page(one: str | None, other: str | None, same: bool) -> None:
    assert same_date(one, other) is same


def test_the_type_of_a_typewriter() -> None:
    assert plain_type("„So“ –\u00a0sagt er…") == plain_type('"So" - sagt er...')
    assert plain_type("So sagt er") != plain_type("So sagt sie")
    assert plain_type("cafe\u0301") == plain_type("café")


@given(
    st.lists(st.sampled_from([*BODY, "A.", "B."]), max_size=7),
    st.lists(st.sampled_from([*BODY, "A.", "C."]), max_size=7),
)
def test_passages_put_together_are_both_bodies(old: list[str], new: list[str]) -> None:
    one, other = (replace(OLD, body=tuple(Block(BlockKind.PARAGRAPH, text) for text in body)) for body in (old, new))
    found = compare(one, other)
    body = [passage for passage in found.passages if passage.part == "body"]
    assert [passage.before for passage in body if passage.old is not None] == old
    assert [passage.after for passage in body if passage.new is not None] == new
    assert [passage.old for passage in body if passage.old is not None] == list(range(len(old)))
    assert [passage.new for passage in body if passage.new is not None] == list(range(len(new)))
    assert found.text_changed == (one.text_digest != other.text_digest)
