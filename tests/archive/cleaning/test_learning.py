"""What a profile learns from pages, and what it must not; whether a layout has drifted."""

from __future__ import annotations

import random
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from archive.cleaning.learning import MOST_TEXTS, Observation, Seen, drift, learn
from archive.cleaning.profile import Profile

HOME = "article > div.story > p"
SIDE = "article > div.story > div.more > p"


def block(text: str, place: str = HOME, linked: int = 0, *, kept: bool = True) -> Seen:
    return Seen(text, place, len(text.split()), linked, kept)


def told(number: int, part: int = 0) -> Seen:
    return block(f"Only article number {number} tells this in its part {part}, and no other article does.")


def page(number: int, *more: Seen, amid: tuple[Seen, ...] = ()) -> Observation:
    """An article with a story of its own, blocks amid it and behind it."""
    story = (told(number), *amid, told(number, 1))
    return Observation(f"https://a.example/{number}", f"What happened in case {number}", (*story, *more))


def pages(number: int, *more: Seen, amid: tuple[Seen, ...] = ()) -> list[Observation]:
    return [page(one, *more, amid=amid) for one in range(number)]


LETTER = block("Get our letter every morning, with the best of all that we have found out.")
REPLY = block("Leave a reply", "article > div.story > h3")
BACKGROUND = block("The bridge was closed nine years ago, after the flood had taken two of its piers.")


def test_what_stands_on_all_pages_is_chrome() -> None:
    found = learn("a", pages(20, REPLY, amid=(LETTER,)))
    assert set(found.chrome) | set(found.places) == {LETTER.text, REPLY.place}
    assert found.homes == (HOME,)
    assert (found.site, found.pages, found.seen) == ("a", 20, 20)


def test_what_some_articles_share_is_theirs() -> None:
    shared = [page(n, amid=(BACKGROUND,)) for n in range(8)]
    at_the_end = [page(n, BACKGROUND) for n in range(8, 13)]
    votes = [block(f"{name}: 12 votes", "article > div.story > ul > li") for name in ("Yes", "No")]
    listed = [page(n, *votes) for n in range(13, 18)]
    usual = [page(n, amid=(block("What happens next", "article > div.story > h2"),)) for n in range(20, 50)]
    short = [page(n, amid=(block("Nobody was hurt."),)) for n in range(50, 60)]
    found = learn("a", [*shared, *at_the_end, *listed, *usual, *short])
    assert (found.chrome, found.places, found.leads) == ((), (), ())


def test_a_place_where_other_pages_are_named_is_chrome() -> None:
    some = [
        page(n, *(block(f"What happened in case {(n + step) % 20}", SIDE, 1000) for step in (1, 2, 3)))
        for n in range(20)
    ]
    assert learn("a", some).places == (SIDE,)


def test_words_that_lead_to_other_pages_are_learned_and_others_are_not() -> None:
    def of(number: int, lead: str, linked: int) -> Observation:
        return page(number, amid=(block(f"{lead}: the story number {number} of the flood", linked=linked),))

    found = learn("a", [*(of(n, "Read also", 800) for n in range(10)), *(of(n, "Olsen", 0) for n in range(10, 30))])
    assert found.leads == ("Read also",)
    assert found.knows("Read also: something new", HOME, 800)
    assert not found.knows("Read also: something new", HOME, 0)
    assert not found.knows("Olsen: we are glad", HOME, 900)


@pytest.mark.parametrize("number", [0, 1, 2])
def test_of_too_few_pages_nothing_is_learned(number: int) -> None:
    assert learn("a", pages(number, REPLY)) == Profile("a", pages=number)


def test_of_few_pages_only_what_nearly_all_have() -> None:
    found = learn("a", pages(4, REPLY, amid=(BACKGROUND,)))
    assert BACKGROUND.text not in found.chrome
    assert found.knows(REPLY.text, REPLY.place, 0)


def test_several_captures_of_an_article_count_once() -> None:
    again = [replace(page(1, REPLY), key="https://a.example/1") for _ in range(50)]
    assert learn("a", [*again, page(2), page(3)]).chrome == ()


def test_a_layout_that_changed_is_told() -> None:
    profile = learn("a", pages(20, REPLY, amid=(LETTER,)))
    assert not drift(profile, pages(30, REPLY, amid=(LETTER,))[20:]).has_drifted
    moved = [
        replace(one, blocks=tuple(replace(seen, place="main > section > p") for seen in one.blocks))
        for one in pages(30)[20:]
    ]
    assert drift(profile, moved).has_drifted
    gone = drift(profile, pages(30)[20:])
    assert (gone.at_home, gone.with_chrome, gone.was_with_chrome, gone.has_drifted) == (1000, 0, 1000, True)
    assert not drift(profile, moved[:2]).has_drifted  # too few to tell


def test_it_is_bounded() -> None:
    many = [block(f"Line {n} of the endless footer", SIDE) for n in range(3 * MOST_TEXTS)]
    unique = [block(f"This stands here alone on page {n}, and it is a long sentence indeed.", SIDE) for n in range(10)]
    found = learn("a", [page(n, unique[n], *many) for n in range(10)])
    assert len(found.chrome) <= MOST_TEXTS


SEEN = st.builds(
    Seen,
    st.sampled_from(
        ["A line", "Read also: this", "It rains. It rains on all of us, and will for long.", "", ":", "x" * 700]
    ),
    st.sampled_from([HOME, SIDE, "", "article > div.story > h2"]),
    st.integers(0, 20),
    st.integers(0, 1000),
    kept=st.booleans(),
)
OBSERVED = st.builds(
    Observation,
    st.integers(0, 30).map(str),
    st.sampled_from([None, "", "A line"]),
    st.lists(SEEN, max_size=6).map(tuple),
)


@given(st.lists(OBSERVED, max_size=25, unique_by=lambda one: one.key), st.randoms(use_true_random=False))
def test_the_order_of_pages_changes_nothing(observations: list[Observation], luck: random.Random) -> None:
    found = learn("a", observations)
    mixed = list(observations)
    luck.shuffle(mixed)
    assert learn("a", mixed).canonical() == found.canonical()
    drift(found, observations)
