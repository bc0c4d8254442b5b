"""How texts differ: each class by a small example, words by their signs, and nothing costs the square of its size."""

from __future__ import annotations

import random
import time
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.article import Article, Block, BlockKind, Provenance, Refusal, Verdict
from archive.difference import Change, blocks, changes, lines, words

MADE = Provenance((), "1", "none")
BODY = ("The crane moved sixty metres to the east.", "Nobody in the old town heard it go.", "A second one follows.")


def article(*body: str, kind: BlockKind = BlockKind.PARAGRAPH) -> Article:
    return Article(MADE, "Crane moved", tuple(Block(kind, text) for text in body or BODY))


REFUSED = Refusal(MADE, Verdict.SOFT_404, "it says that it is not found")
BEFORE = article()


@pytest.mark.parametrize(
    ("new", "found"),
    [
        (BEFORE, set()),
        (replace(BEFORE, provenance=Provenance((), "2", "other"), word_count=5), set()),
        (REFUSED, {Change.LOST}),
        (replace(BEFORE, verdict=Verdict.TEASER), {Change.VERDICT}),
        (replace(BEFORE, headline=None, standfirst="Sixty metres."), {Change.HEADLINE, Change.STANDFIRST}),
        (replace(BEFORE, byline=("Ida Mark",), published="2026-11-24"), {Change.BYLINE, Change.DATES}),
        (replace(BEFORE, tags=("harbour",)), {Change.METADATA}),
        (article(*BODY, "Sign up for more."), {Change.LONGER}),
        (article(*BODY[:2]), {Change.SHORTER}),
        (article(BODY[0], "Nobody in the new town heard it go.", BODY[2]), {Change.REWORDED}),
        (article(*BODY[::-1]), {Change.MOVED}),
        (article("Something else is told here, at some length, and of nothing that was there."), {Change.ANOTHER}),
        (article(*BODY, kind=BlockKind.QUOTE), {Change.KINDS}),
    ],
)
def test_classes(new: Article | Refusal, found: set[Change]) -> None:
    assert changes(BEFORE, new) == found


def test_refusals() -> None:
    assert changes(REFUSED, BEFORE) == {Change.GAINED}
    assert changes(REFUSED, replace(REFUSED, reason="other words")) == frozenset()
    assert changes(REFUSED, replace(REFUSED, verdict=Verdict.EMPTY)) == {Change.VERDICT}
    assert [(line.sign, line.text) for line in lines(REFUSED, article("A."))] == [
        ("-", "soft-404: it says that it is not found"),
        ("+", "A."),
    ]


def test_what_is_the_same_around_it_is_shown() -> None:
    new = replace(article(BODY[0], BODY[1], "A third one follows.", "More."), headline="Crane moved again")
    found = lines(article(*BODY, "More.", "And more."), new)
    assert [(line.what, line.sign) for line in found] == [
        ("headline", "~"),
        ("body", "="),
        ("body", "~"),
        ("body", "="),
        ("body", "-"),
    ]
    assert [(piece.sign, piece.text) for piece in found[2].pieces] == [
        ("=", "A "),
        ("-", "second"),
        ("+", "third"),
        ("=", " one follows."),
    ]
    assert [line.sign for line in lines(article(*BODY, "More."), new, "+", 0)] == ["~"]  # the headline's


def test_scripts_without_spaces_are_compared_by_character() -> None:
    assert [piece.sign for piece in words("港の橋が開通した。", "港の橋が再開通した。")] == ["=", "+", "="]


@given(st.text(max_size=60), st.text(max_size=60))
def test_words_put_together_are_both_texts(old: str, new: str) -> None:
    found = words(old, new)
    assert "".join(piece.text for piece in found if piece.sign != "+") == old
    assert "".join(piece.text for piece in found if piece.sign != "-") == new


@given(st.lists(st.sampled_from([*BODY, "A.", "B."]), max_size=8), st.lists(st.sampled_from([*BODY, "A.", "C."])))
def test_changes_are_seen_where_digests_differ_and_only_there(old: list[str], new: list[str]) -> None:
    one, other = article(*old), article(*new)
    assert bool(changes(one, other)) == (one.text_digest != other.text_digest)
    assert bool(lines(one, other)) == (one.text_digest != other.text_digest)


def test_what_is_too_long_to_be_compared_is_told_as_a_whole() -> None:
    many = " ".join(f"w{n}" for n in range(100_000))
    assert [piece.sign for piece in words(many, many[::-1])] == ["-", "+"]
    blocks = [f"Block {n}." for n in range(20_000)]
    assert changes(article(*blocks), article(*blocks[1:], "Z.")) == {Change.ANOTHER}


def test_long_blocks_are_paired_without_comparing_each_with_each() -> None:
    some = ["harbour", "crane", "quay", "bell", "ferry", "winter", "council"]
    before = [" ".join(random.Random(n).choices(some, k=2_000)) for n in range(40)]
    after = [" ".join(random.Random(n).choices(some, k=2_000)) for n in range(100, 140)]
    begun = time.process_time()
    assert [sign for sign, _, _ in blocks(before, after)] == ["~"] * 40
    assert time.process_time() - begun < 2


def test_what_was_put_in_is_a_whole_sentence() -> None:
    found = words("It ends. That is all.", "It ends. And more. That is all.")
    assert [(piece.sign, piece.text) for piece in found if piece.sign != "="] == [("+", " And more.")]
    found = words("It ends.", "It ends. And more.")
    assert [(piece.sign, piece.text) for piece in found] == [("=", "It ends."), ("+", " And more.")]


def test_a_number_and_a_contraction_are_one_word_and_marks_stay_on_their_letters() -> None:
    def changed(old: str, new: str) -> list[str]:
        return [piece.text for piece in words(old, new) if piece.sign != "="]

    assert changed("It cost 1,500 crowns.", "It cost 1,600 crowns.") == ["1,500", "1,600"]
    assert changed("They don't know.", "They do know.") == ["don't", "do"]
    assert changed("हिन्दी में", "हिंदी में") == ["हिन्दी", "हिंदी"]


def test_a_lone_word_between_changes_is_no_rest() -> None:
    found = words("the mayor came to the quay", "a judge drove to his office")
    assert [piece.sign for piece in found] == ["-", "+"]
