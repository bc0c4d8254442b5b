"""Hostile pages in small: each gives a text or a refusal with its reason, twice the same, and can be told in full."""

from __future__ import annotations

import re
import time
from collections.abc import Callable
from functools import partial

import pytest
from split_story import address, page

from archive.article import Article, Verdict, canonical_json, from_json
from archive.capture import Capture
from archive.cleaning import linked
from archive.cleaning.clean import clean
from archive.cleaning.document import MAX_TEXT
from archive.cleaning.ledger import ledger
from archive.prove import prove
from archive.url import normalise
from benchmarks.hostile_catalogue import PAGES, SENTENCE, STORY

MakeCapture = Callable[..., Capture]


def seconds(done: Callable[[], object]) -> float:
    began = time.process_time()
    done()
    return time.process_time() - began


@pytest.mark.parametrize("name", PAGES)
def test_a_text_or_a_refusal(capture: MakeCapture, name: str) -> None:
    given = capture(PAGES[name].make(PAGES[name].small), url=PAGES[name].url, mime="text/html")
    text = clean([given])
    assert from_json(canonical_json(text)) == text
    assert canonical_json(clean([given])) == canonical_json(text)
    told = ledger([given])
    assert told.text == text
    if isinstance(text, Article):
        assert prove(text, [given]).holds is not None
        assert not prove(text, [given]).fails
    else:
        assert text.reason


def test_more_text_than_anybody_writes_is_refused(capture: MakeCapture) -> None:
    text = clean([capture(f"<html><body>{STORY}<p>" + "word " * (MAX_TEXT // 4 + 1))])
    assert (text.verdict, "characters of text" in getattr(text, "reason", "")) == (Verdict.OVER_BUDGET, True)
    assert ledger([capture(f"<html><body>{STORY}<p>" + "word " * (MAX_TEXT // 4 + 1))]).entries == ()


def test_many_objects_of_a_script_are_each_asked_once(capture: MakeCapture) -> None:
    """Each of the texts was held against all others: ten times as many took a hundred times as long."""
    took = []
    for number in (300, 3_000):
        inner = ",".join(f'"a{n}":"{SENTENCE * 4}{n}"' for n in range(number))
        page = capture(f"<html><head><title>Crane</title></head><body><script>x={{{inner}}}</script>")
        took.append(min(seconds(lambda: clean([page])) for _ in range(3)))  # noqa: B023 - called at once
    assert took[1] < 50 * took[0]


def test_spaces_in_linked_data_are_read_once() -> None:
    text = '{"name":' + " " * 200_000 + "5}"
    pattern = rf'"name"\s*+:\s*+(?:\[\s*+)?+({linked._LITERAL})'
    assert not re.findall(pattern, text)
    assert seconds(lambda: re.findall(pattern, text)) < 1


def test_the_pages_of_a_story_share_one_budget() -> None:
    """Each within the limit, together beyond it: the second page is named as missing, with the reason."""
    padding = f"<!-- {'x' * (9 * 2**20)} -->".encode()
    pages = [
        Capture(
            id=f"urn:x:{number}",
            url=address(number),
            key=normalise(address(number)),
            at=1_795_600_000_000_000,
            status=200,
            block=partial(bytes, b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n" + page(number) + padding),
        )
        for number in (1, 2)
    ]
    text = clean(pages)
    assert isinstance(text, Article)
    assert ["over-budget" in one.reason for one in text.missing if one.number == 2] == [True]
