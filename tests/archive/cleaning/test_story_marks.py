"""What the body tells of a story: dateline, agency, corrections; each with its place on the page."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from archive.article import Article
from archive.capture import Capture
from archive.cleaning.clean import clean
from archive.cleaning.document import parse
from archive.cleaning.source import text_at

MakeCapture = Callable[..., Capture]
FIRST = "<p>The harbour has waited for this morning"


def told(capture: MakeCapture, story: str, old: str, new: str) -> tuple[Article, str]:
    assert old in story
    page = story.replace(old, new)
    article = clean([capture(page)])
    assert isinstance(article, Article)
    return article, page


@pytest.mark.parametrize(
    ("before", "line", "wire"),
    [
        ("HARBOUR TOWN (AP) — ", "HARBOUR TOWN", "AP"),
        ("HARBOUR TOWN, Nov 24 (Reuters) - ", "HARBOUR TOWN, Nov 24", "Reuters"),
        ("Hafenstadt (ima/dpa) – ", "Hafenstadt", "dpa"),
        ("LONDON — ", "LONDON", None),
        ("ST. JOHN’S, Newfoundland — ", "ST. JOHN’S, Newfoundland", None),
        ("МОСКВА (ТАСС) — ", "МОСКВА", "TASS"),
        ("<span class='place'>Hafenstadt.</span> ", "Hafenstadt", None),
        ("<strong>Neu Hafen</strong> – ", "Neu Hafen", None),
        ("", None, None),
        ("US — ", None, None),
        ("<strong>What was said.</strong> ", None, None),
        ("The gates (Reuters) are ", None, None),
    ],
)
def test_datelines(capture: MakeCapture, story: str, before: str, line: str | None, wire: str | None) -> None:
    article, page = told(capture, story, FIRST, FIRST.replace("<p>", f"<p>{before}"))
    assert (article.dateline, article.agency) == (line, wire)
    if line is not None:
        assert line in article.text  # the body keeps its words
        found = next(one for one in article.evidence if one.field == "dateline")
        assert found.chosen
        assert found.source is not None
        assert text_at(parse(page.encode()).root, found.source) == line


def test_the_agency_in_brackets_that_end_the_story(capture: MakeCapture, story: str) -> None:
    article, page = told(
        capture, story, "the second Sunday of Advent.</p>", "the second Sunday of Advent. (ima/AFP)</p>"
    )
    assert article.agency == "AFP"
    found = next(one for one in article.evidence if one.field == "agency")
    assert (found.value, found.rule) == ("AFP", "brackets at the end of the story")
    assert found.source is not None
    assert text_at(parse(page.encode()).root, found.source) == "AFP"


NOTES = [
    "Correction: An earlier report gave the wrong number of gates.",
    "Correction (24 November 2026): There are nine gates.",
    "An earlier version of this article misstated the cost of the barrier.",
    "This article was amended on 25 November 2026 to correct the name of the architect.",
    "Editor’s note: The number of gates was wrongly given as eight.",
    "In einer früheren Version dieses Artikels hieß es, das Sperrwerk habe acht Tore.",
    "Anm. der Redaktion: Die Zahl der Tore wurde korrigiert.",
    "Une première version de cet article donnait un autre nombre de portes.",
    "Fe de errores: las compuertas son nueve.",
    "訂正:門の数は九つです。",
]


@pytest.mark.parametrize("note", NOTES)
def test_corrections_are_found_around_the_body(capture: MakeCapture, story: str, note: str) -> None:
    article, page = told(
        capture, story, "</article>", f"<footer class='notes'><p><em>{note}</em></p></footer></article>"
    )
    assert article.corrections == (note,)
    found = next(one for one in article.evidence if one.field == "corrections")
    assert found.source is not None
    assert text_at(parse(page.encode()).root, found.source) == note


@pytest.mark.parametrize("old", ["</article>", FIRST])
def test_a_correction_is_no_part_of_the_body(capture: MakeCapture, story: str, old: str) -> None:
    note = "Correction: an earlier version of this article said that the gates are fifty metres long. They are forty."
    plain = told(capture, story, "</article>", "</article>")[0]
    for paragraph in (f"<p>{note}</p>", f"<p><strong>{note[:11]}</strong>{note[11:]}</p>"):
        article, _ = told(capture, story, old, f"{paragraph}{old}")
        assert article.corrections == (note,)
        assert [one.text for one in article.body] == [one.text for one in plain.body]
        assert article.text_digest == plain.text_digest


def test_a_page_that_is_nothing_but_a_correction_has_its_text(capture: MakeCapture) -> None:
    note = "Correction: an earlier version of our story on the barrier said that the gates are fifty metres long. "
    text = (
        note + "They are forty, as the board has measured twice since. We regret the error, and thank those who wrote."
    )
    page = (
        f"<html><head><title>Barrier</title></head><body><article><h1>Barrier</h1><p>{text}</p></article></body></html>"
    )
    article = clean([capture(page)])
    assert isinstance(article, Article)
    assert ([one.text for one in article.body], article.corrections) == ([text], (text,))


def test_a_label_in_an_element_of_its_own_belongs_to_the_note(capture: MakeCapture, story: str) -> None:
    article, _ = told(
        capture, story, "</article>", "<p><strong>Correction</strong>: There are nine gates, not eight.</p></article>"
    )
    assert article.corrections == ("Correction: There are nine gates, not eight.",)


@pytest.mark.parametrize(
    "text",
    [
        "Corrections officers were called to the gate.",
        "This article was updated on Tuesday.",
        "Editor’s note: We shall report from the second closure as well.",
    ],
)
def test_what_corrects_nothing_is_no_correction(capture: MakeCapture, story: str, text: str) -> None:
    assert told(capture, story, "</article>", f"<p>{text}</p></article>")[0].corrections == ()


def test_readers_corrections_are_theirs(capture: MakeCapture, story: str) -> None:
    comment = "<section id='comments'><p>Correction: I was there, and there were ten.</p></section></main>"
    assert told(capture, story, "</main>", comment)[0].corrections == ()


def test_what_the_page_states_for_machines_is_a_note_too(capture: MakeCapture, story: str) -> None:
    stated = (
        '"isAccessibleForFree": true, "correction": {"@type": "CorrectionComment", "text": "There are nine gates."}}'
    )
    article, _ = told(capture, story, '"isAccessibleForFree": true}', stated)
    assert article.corrections == ("There are nine gates.",)
