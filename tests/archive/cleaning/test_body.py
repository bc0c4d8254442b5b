"""The body as the classifier takes it, and the second opinion."""

from __future__ import annotations

from archive.article import BlockKind
from archive.cleaning import linked
from archive.cleaning.body import extract
from archive.cleaning.document import parse
from archive.cleaning.evidence import Page
from archive.cleaning.placed import Placed
from archive.cleaning.stream import TextStream

STORY = [
    "The harbour has waited for this morning since the flood of 2017, when the water stood two metres high in Quay "
    "Street and the council promised that it would be the last time.",
    "Nobody who was there will forget the sound, said Ruth Olsen, who led the works and has not slept for two days.",
    "The barrier cost 212 million crowns, a third more than the council was told, and the auditors called that modest.",
    "From next week the gates will be closed twice a year, whether or not a storm is announced along the coast.",
]
PARAGRAPHS = "".join(f"<p>{text}</p>" for text in STORY)


def body(inner: str) -> tuple[Placed, ...]:
    page = f"<html><head><title>Storm barrier opens</title></head><body>{inner}</body></html>"
    root = parse(page.encode()).root
    return extract(Page(root, TextStream(root), "https://courier.example/a"), linked.read(root)).placed


def test_the_story_is_kept_and_what_is_around_it_is_not() -> None:
    found = body(
        "<nav><a href=/>Home</a> <a href=/x>Sport</a></nav><main><h1>Storm barrier opens</h1><div class=entry-content>"
        f"{PARAGRAPHS}</div></main><div class=comments><p>I have lived here for forty years, and nobody ever asked me "
        "what I think of it.</p></div><footer><p>© Courier. All rights reserved.</p></footer>"
    )
    assert [one.block.text for one in found if one.block.text != "Storm barrier opens"] == STORY


def test_kinds_are_those_of_the_elements() -> None:
    found = body(
        f"<main><h1>Storm barrier opens</h1><div>{PARAGRAPHS}<h2>What was built in nine years</h2><ul><li>{STORY[1]} "
        f"So it was.</li><li>{STORY[2]} So it was.</li></ul><blockquote><p>{STORY[3]} So it was.</p></blockquote>"
        f"{PARAGRAPHS.replace('</p>', ' Again.</p>')}</div></main>"
    )
    kinds = {one.block.text: one.block.kind for one in found}
    assert kinds[f"{STORY[1]} So it was."] is BlockKind.LIST_ITEM
    assert kinds[f"{STORY[3]} So it was."] is BlockKind.QUOTE
    assert kinds[STORY[0]] is BlockKind.PARAGRAPH
    assert kinds["What was built in nine years"] is BlockKind.SUBHEADING


def test_the_cells_of_a_row_are_one_block() -> None:
    rows = "".join(
        f"<tr><td>Gate {name} was closed by hand at {hour} on Tuesday.</td>"
        f"<td>It took {hour} minutes and two crews, who were not told before.</td></tr>"
        for hour, name in enumerate(("one", "two", "three", "four"), 14)
    )
    again = PARAGRAPHS.replace("</p>", " Again.</p>")
    found = body(f"<main><h1>Storm barrier opens</h1><div>{PARAGRAPHS}<table>{rows}</table>{again}</div></main>")
    tables = [one.block for one in found if one.block.kind is BlockKind.TABLE]
    assert [len(one.sources) for one in tables] == [2, 2, 2, 2]


def test_a_text_that_stands_twice_is_told_once() -> None:
    found = body(f"<main><h1>Storm barrier opens</h1><div>{PARAGRAPHS}</div><div>{PARAGRAPHS}</div></main>")
    texts = [one.block.text for one in found]
    assert sorted(set(texts)) == sorted(texts)
    assert set(STORY) <= set(texts)


def test_places_are_in_the_order_of_the_page() -> None:
    found = body(f"<main><h1>Storm barrier opens</h1><div>{PARAGRAPHS}</div></main>")
    places = [(one.start, one.end) for one in found]
    assert places == sorted(places)
    assert all(start < end for start, end in places)


def test_a_list_is_told_as_a_whole() -> None:
    items = "".join(f"<li>{text}</li>" for text in (*STORY, "8 percent.")).replace("the ", "its ")
    found = body(f"<main><h1>Storm barrier opens</h1><div>{PARAGRAPHS}<ul>{items}</ul>{PARAGRAPHS}</div></main>")
    assert "8 percent." in [one.block.text for one in found]


def test_a_caption_between_a_picture_and_its_credit_is_none_of_the_story() -> None:
    again = PARAGRAPHS.replace("</p>", " Again.</p>")
    found = body(
        f"<main><h1>Storm barrier opens</h1><div><p>{STORY[0]}</p><p><img src=x.jpg></p>"
        f"<p>Crews looked at the hinges every half hour.</p><p>Photo: Courier / Ilse Toman</p>{again}</div></main>"
    )
    texts = [one.block.text for one in found]
    assert STORY[0] in texts
    assert not any("Toman" in text or "hinges" in text for text in texts)


def test_a_page_of_very_many_bare_paragraphs_is_told() -> None:
    """So many that trafilatura would take minutes, and unlike any page that was learned from."""
    told = body(
        "".join(
            f"<p>The {number}th ferry of the day left the harbour in thick fog, as always.</p>"
            for number in range(9000)
        )
    )
    assert len(told) == 9000


def test_a_list_that_a_paragraph_of_the_story_announces_is_kept() -> None:
    items = "<li>3,400 cellars on both banks</li><li>the old pumping station</li><li>nine kilometres of railway</li>"
    lead = "<p>According to the rivers authority, which counted twice before it said so, the closure protected:</p>"
    found = body(f"<main><h1>Storm barrier opens</h1><div>{PARAGRAPHS}{lead}<ul>{items}</ul>{PARAGRAPHS}</div></main>")
    told = [one.block.text for one in found if one.block.kind is BlockKind.LIST_ITEM]
    assert told == ["3,400 cellars on both banks", "the old pumping station", "nine kilometres of railway"]


def test_a_caption_goes_with_the_credit_below_it_be_that_kept_or_not() -> None:
    picture = (
        "<p><img src=a.jpg></p><p>Crews checked the intake every half hour of the night.</p><p>Photo: R. Olsen</p>"
    )
    middle = f"<p>{STORY[0]}</p><p>{STORY[1]}</p>{picture}<p>{STORY[2]}</p><p>{STORY[3]}</p>"
    found = body(f"<main><h1>Storm barrier opens</h1><div>{middle}</div></main>")
    assert [one.block.text for one in found if one.block.text != "Storm barrier opens"] == STORY
