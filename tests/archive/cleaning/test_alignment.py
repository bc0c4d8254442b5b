"""The way back from extracted texts to the page."""

from __future__ import annotations

import random

import pytest

from archive.cleaning import alignment
from archive.cleaning.alignment import Overwork, align

MENU = "HomePoliticsTideSport"
ONE = "Thebarrierhasstoodopensincethemorningandnobodyknowswhyitwas"
TWO = "Asecondparagraphfollowsitinwhichthecouncilexplainsitselfatlength"


def read(stream: str, spans: list[list[tuple[int, int]]]) -> list[str]:
    return ["".join(stream[start:end] for start, end in found) for found in spans]


def test_texts_are_found_where_they_follow_each_other() -> None:
    stream = MENU + ONE + "Politics" + TWO + MENU
    found = align([ONE, "Politics", TWO], stream)
    assert read(stream, found) == [ONE, "Politics", TWO]
    assert found[1] == [(len(MENU + ONE), len(MENU + ONE) + 8)]


def test_a_leading_text_is_taken_next_to_the_body_and_not_in_the_menu() -> None:
    stream = MENU + "Politics" + ONE
    assert align(["Politics", ONE], stream)[0] == [(len(MENU), len(MENU) + 8)]


def test_a_removed_link_leaves_two_pieces() -> None:
    stream = ONE + "Readmorehere" + TWO
    (pieces,) = align([ONE + TWO], stream)
    assert read(stream, [pieces]) == [ONE + TWO]
    assert len(pieces) == 2


def test_what_the_extractor_invented_is_left_out() -> None:
    stream = MENU + ONE + TWO
    found = align(["-" + ONE + "|" + TWO, "inventedfromnothingatall"], stream)
    assert read(stream, found) == [ONE + TWO, ""]


def test_no_place_is_given_twice() -> None:
    stream = ONE + TWO
    assert read(stream, align([ONE, TWO, ONE], stream)) == [ONE, TWO, ""]
    repeated = ONE + TWO + ONE
    assert read(repeated, align([ONE, TWO, ONE], repeated)) == [ONE, TWO, ONE]


def test_order_may_be_broken() -> None:
    stream = ONE + MENU + TWO
    assert read(stream, align([TWO, ONE], stream)) == [TWO, ONE]


def test_random_deletions_lose_next_to_nothing() -> None:
    rng = random.Random(11)
    stream = "".join(rng.choice("abcdefghij") for _ in range(20_000))
    texts = []
    for at in range(0, 20_000, 500):
        piece = stream[at + 10 : at + 480]
        cut = rng.randrange(60, 400)
        texts.append(piece[:cut] + piece[cut + rng.randrange(1, 30) :])
    found = read(stream, align(texts, stream))
    assert sum(map(len, found)) >= 0.995 * sum(map(len, texts))
    for text, given in zip(texts, found, strict=True):
        assert len(given) <= len(text)


def test_work_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(alignment, "BUDGET", 1_000_000)
    with pytest.raises(Overwork):
        align([f"nowhere{number}tobefoundinthispage" for number in range(1000)], "x" * 100_000)
